package interchange_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"cohortx/interchange"
)

// Keys are equal as bytes if and only if they are equal, and come back from their bytes as they were, whatever the texts in them.
func TestKeys_Random(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	texts := []string{"", "a", "b", "ab", "ba", "\x00", "\x01a", " ", "é", "A", "http://ed-fi.org/Descriptor/TermDescriptor.xml", string(bytes.Repeat([]byte("x"), 127)), string(bytes.Repeat([]byte("x"), 128)), string(bytes.Repeat([]byte("x"), 300))}
	text := func() string { return texts[r.IntN(len(texts))] }
	xml := func() string { // a namespace comes from XML, which cannot hold a NUL: that stands for the usual one
		for {
			if s := text(); s != "\x00" {
				return s
			}
		}
	}
	ids := []int64{0, 1, -1, 255901107, 1 << 40, -1 << 63, 1<<63 - 1}
	id := func() int64 { return ids[r.IntN(len(ids))] }
	section := func() interchange.SectionKey {
		k := interchange.SectionKey{SchoolID: id(), LocalCourseCode: text(), SchoolYear: interchange.SchoolYear(2025 + r.IntN(2))}
		if r.IntN(2) == 0 {
			k.Form, k.SectionIdentifier, k.SessionName = interchange.SectionByIdentifier, text(), text()
			return k
		}
		k.Form, k.ClassPeriodName, k.ClassroomIdentificationCode, k.UniqueSectionCode = interchange.SectionByPeriod, text(), text(), text()
		k.SequenceOfCourse, k.TermDescriptor, k.TermNamespace = r.IntN(3)-1, text(), xml()
		return k
	}
	sections, cohorts, programs := map[string]interchange.SectionKey{}, map[string]interchange.CohortKey{}, map[string]interchange.ProgramKey{}
	for range 50_000 {
		s := section()
		key := s.AppendKey([]byte("before"))[len("before"):]
		if back, err := interchange.ParseSectionKey(key); err != nil || back != s {
			t.Fatalf("%+v came back as %+v, %v", s, back, err)
		}
		if other, ok := sections[string(key)]; ok && other != s {
			t.Fatalf("%+v and %+v have one key", s, other)
		}
		sections[string(key)] = s

		c := interchange.CohortKey{EducationOrganizationID: id(), CohortIdentifier: text()}
		key = c.AppendKey(nil)
		if back, err := interchange.ParseCohortKey(key); err != nil || back != c {
			t.Fatalf("%+v came back as %+v, %v", c, back, err)
		}
		if other, ok := cohorts[string(key)]; ok && other != c {
			t.Fatalf("%+v and %+v have one key", c, other)
		}
		cohorts[string(key)] = c

		p := interchange.ProgramKey{EducationOrganizationID: id(), ProgramName: text(), ProgramType: text()}
		key = p.AppendKey(nil)
		if back, err := interchange.ParseProgramKey(key); err != nil || back != p {
			t.Fatalf("%+v came back as %+v, %v", p, back, err)
		}
		if other, ok := programs[string(key)]; ok && other != p {
			t.Fatalf("%+v and %+v have one key", p, other)
		}
		programs[string(key)] = p

		n := id()
		if back, err := interchange.ParseEducationOrganizationKey(interchange.AppendEducationOrganizationKey(nil, n)); err != nil || back != n {
			t.Fatalf("%d came back as %d, %v", n, back, err)
		}
	}
}

// Bytes that are no key are an error, and no panic.
func TestKeys_NoKey(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 100_000 {
		b := make([]byte, r.IntN(40))
		for i := range b {
			b[i] = byte(r.IntN(4)) * byte(r.IntN(64)) // many small lengths
		}
		if k, err := interchange.ParseSectionKey(b); err == nil && len(k.AppendKey(nil)) > len(b) {
			t.Fatalf("%x was read as %+v", b, k)
		}
		if k, err := interchange.ParseProgramKey(b); err == nil && len(k.AppendKey(nil)) > len(b) {
			t.Fatalf("%x was read as %+v", b, k)
		}
	}
	for name, err := range map[string]error{
		"cohort":       second(interchange.ParseCohortKey([]byte("1234567"))),
		"organization": second(interchange.ParseEducationOrganizationKey([]byte("123456789"))),
		"program":      second(interchange.ParseProgramKey(nil)),
		"section":      second(interchange.ParseSectionKey([]byte{9})),
		"rest":         second(interchange.ParseProgramKey(append(interchange.ProgramKey{}.AppendKey(nil), 0))),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }
