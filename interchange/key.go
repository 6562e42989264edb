package interchange

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// CohortKey is the natural key of a cohort.
type CohortKey struct {
	EducationOrganizationID int64
	CohortIdentifier        string
}

// CohortName is a key as messages have it: organization/cohort. It is no method, as what embeds a CohortKey would have it too.
func CohortName(k CohortKey) string {
	return strconv.FormatInt(k.EducationOrganizationID, 10) + "/" + k.CohortIdentifier
}

// ProgramKey is the natural key of a program. ProgramType is as it was written: an enumeration value (2.x) or a descriptor.
type ProgramKey struct {
	EducationOrganizationID int64
	ProgramName             string
	ProgramType             string
}

// SectionForm says which elements make the natural key of a section.
type SectionForm uint8

const (
	// SectionByPeriod is the key of releases 2.x: class period, classroom, local course code, school, school year, term, unique
	// section code, sequence of course.
	SectionByPeriod SectionForm = iota + 1
	// SectionByIdentifier is the key of releases from 3.1 on: section identifier, local course code, school, school year,
	// session name.
	SectionByIdentifier
)

// SectionKey is the natural key of a section in one of its two forms; the fields of the other form are zero.
type SectionKey struct {
	Form            SectionForm
	SchoolID        int64
	LocalCourseCode string
	SchoolYear      SchoolYear

	// SectionByPeriod
	ClassPeriodName             string
	ClassroomIdentificationCode string
	UniqueSectionCode           string
	SequenceOfCourse            int
	TermDescriptor              string // code value
	TermNamespace               string // "" if the document names none

	// SectionByIdentifier
	SectionIdentifier string
	SessionName       string
}

// SchoolYear is a school year by the calendar year in which it ends: 2026 is the one from July 2025 to June 2026, which
// interchange documents write "2025-2026". Zero means none.
type SchoolYear int16

// String returns the form of the interchange, such as "2025-2026".
func (y SchoolYear) String() string {
	if y == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%04d", int(y)-1, int(y))
}

// ParseSchoolYear reads "2025-2026", or the year alone in which it ends, "2026", as Ed-Fi's API has it.
func ParseSchoolYear(s []byte) (SchoolYear, error) {
	if len(s) == 9 && s[4] == '-' {
		from, err1 := strconv.Atoi(string(s[:4]))
		to, err2 := strconv.Atoi(string(s[5:]))
		if err1 == nil && err2 == nil && to == from+1 && from >= 1900 && to < 2200 {
			return SchoolYear(to), nil
		}
	} else if len(s) == 4 {
		if to, err := strconv.Atoi(string(s)); err == nil && to > 1900 && to < 2200 {
			return SchoolYear(to), nil
		}
	}
	return 0, fmt.Errorf("school year: found %d characters that are none; expected two consecutive years such as 2025-2026", len(s))
}

// AppendKey appends the key as bytes that are equal if and only if the keys are: the education organization id in 8 bytes,
// big-endian, then the cohort identifier.
func (k CohortKey) AppendKey(dst []byte) []byte {
	return AppendCohortKey(dst, k.EducationOrganizationID, []byte(k.CohortIdentifier))
}

// AppendCohortKey is [CohortKey.AppendKey] of the parts.
func AppendCohortKey(dst []byte, educationOrganizationID int64, cohortIdentifier []byte) []byte {
	return append(AppendEducationOrganizationKey(dst, educationOrganizationID), cohortIdentifier...)
}

// OrganizationOfCohortKey is the education organization id of a key that [AppendCohortKey] made.
func OrganizationOfCohortKey(key []byte) int64 { return int64(binary.BigEndian.Uint64(key)) }

// AppendEducationOrganizationKey appends the 8 bytes of an education organization's (or school's) id.
func AppendEducationOrganizationKey(dst []byte, id int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(id))
}

// AppendKey appends the key as bytes that are equal if and only if the keys are. A program type that is a descriptor in
// Ed-Fi's own namespace equals the enumeration value of releases 2.x.
func (k ProgramKey) AppendKey(dst []byte) []byte {
	dst = AppendEducationOrganizationKey(dst, k.EducationOrganizationID)
	dst = appendText(dst, k.ProgramName)
	return appendText(dst, CodeValue(ProgramTypeDescriptor, k.ProgramType))
}

// AppendKey appends the key as bytes that are equal if and only if the keys are.
func (k SectionKey) AppendKey(dst []byte) []byte {
	dst = append(dst, byte(k.Form))
	dst = AppendEducationOrganizationKey(dst, k.SchoolID)
	dst = binary.BigEndian.AppendUint16(dst, uint16(k.SchoolYear))
	dst = appendText(dst, k.LocalCourseCode)
	if k.Form == SectionByPeriod {
		dst = appendText(dst, k.ClassPeriodName)
		dst = appendText(dst, k.ClassroomIdentificationCode)
		dst = appendText(dst, k.UniqueSectionCode)
		dst = binary.AppendVarint(dst, int64(k.SequenceOfCourse))
		dst = appendText(dst, k.TermDescriptor)
		if k.TermNamespace == termNamespace {
			return appendText(dst, usualNamespace)
		}
		return appendText(dst, k.TermNamespace)
	}
	dst = appendText(dst, k.SectionIdentifier)
	return appendText(dst, k.SessionName)
}

// termNamespace is the namespace that nearly all terms of releases 2.x have. In keys, of which memory holds many, a NUL stands for it, which
// no XML text can hold.
const (
	termNamespace  = "http://ed-fi.org/Descriptor/TermDescriptor.xml"
	usualNamespace = "\x00"
)

func appendText[T string | []byte](dst []byte, s T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// errKey is returned for bytes that no AppendKey has made.
var errKey = fmt.Errorf("not the bytes of a key")

// ParseCohortKey reads what [CohortKey.AppendKey] has written.
func ParseCohortKey(key []byte) (CohortKey, error) {
	if len(key) < 8 {
		return CohortKey{}, errKey
	}
	return CohortKey{int64(binary.BigEndian.Uint64(key)), string(key[8:])}, nil
}

// ParseEducationOrganizationKey reads what [AppendEducationOrganizationKey] has written.
func ParseEducationOrganizationKey(key []byte) (int64, error) {
	if len(key) != 8 {
		return 0, errKey
	}
	return int64(binary.BigEndian.Uint64(key)), nil
}

// ParseProgramKey reads what [ProgramKey.AppendKey] has written.
func ParseProgramKey(key []byte) (ProgramKey, error) {
	r := keyReader{rest: string(key)}
	k := ProgramKey{EducationOrganizationID: r.id(), ProgramName: r.text(), ProgramType: r.text()}
	return k, r.end()
}

// ParseSectionKey reads what [SectionKey.AppendKey] has written. The strings are parts of the key, or of one copy of it.
func ParseSectionKey[K string | []byte](key K) (SectionKey, error) {
	r := keyReader{rest: string(key)}
	k := SectionKey{Form: SectionForm(r.byte()), SchoolID: r.id(), SchoolYear: SchoolYear(r.year()), LocalCourseCode: r.text()}
	switch k.Form {
	case SectionByPeriod:
		k.ClassPeriodName, k.ClassroomIdentificationCode, k.UniqueSectionCode = r.text(), r.text(), r.text()
		k.SequenceOfCourse = int(r.varint())
		k.TermDescriptor, k.TermNamespace = r.text(), r.text()
		if k.TermNamespace == usualNamespace {
			k.TermNamespace = termNamespace
		}
	case SectionByIdentifier:
		k.SectionIdentifier, k.SessionName = r.text(), r.text()
	default:
		return k, errKey
	}
	return k, r.end()
}

// keyReader takes apart the bytes of a key. After a fault it gives zeros.
type keyReader struct {
	rest string
	bad  bool
}

// take returns the next n bytes, as many zeros after a fault.
func (r *keyReader) take(n uint64) string {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return zeros[:min(n, uint64(len(zeros)))]
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

const zeros = "\x00\x00\x00\x00\x00\x00\x00\x00"

func (r *keyReader) byte() byte { return r.take(1)[0] }

// number reads n bytes, big-endian.
func (r *keyReader) number(n uint64) (v uint64) {
	for _, b := range []byte(r.take(n)) {
		v = v<<8 | uint64(b)
	}
	return v
}

func (r *keyReader) id() int64 { return int64(r.number(8)) }

func (r *keyReader) year() int16 { return int16(r.number(2)) }

// uvarint reads what [binary.AppendUvarint] has written.
func (r *keyReader) uvarint() (v uint64) {
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.bad = true
	return 0
}

// varint reads what [binary.AppendVarint] has written.
func (r *keyReader) varint() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (r *keyReader) text() string {
	out := r.take(r.uvarint())
	if r.bad {
		return ""
	}
	return out
}

func (r *keyReader) end() error {
	if r.bad || len(r.rest) > 0 {
		return errKey
	}
	return nil
}
