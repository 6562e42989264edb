package interchange

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"cohortx/xsd"
)

// CarryError says that a release cannot carry a value: its schema has no place for it, or does not accept it.
type CarryError struct {
	Release string
	Field   string // element
	Reason  string
}

func (e *CarryError) Error() string {
	return fmt.Sprintf("release %s cannot carry %s: %s", e.Release, e.Field, e.Reason)
}

// Encoder encodes the entities of an interchange document in a fixed form: UTF-8, two spaces a level, "\n" at line ends. Equal entities give
// equal bytes, whichever encoder of the release does it. Its methods append to a slice and return it; what the release cannot carry gives a
// *CarryError and leaves the slice as it was. It is for one goroutine, and allocates nothing for an association like the one before.
type Encoder struct {
	r       *Release
	schema  *xsd.Schema
	buf     []byte // the caller's, during a call
	depth   int
	fault   *CarryError
	scratch []byte
	slots   map[string]xsd.Slot

	// Neighbours mostly share their cohort and their sections.
	cohort    CohortKey // of the reference
	kind      Kind      // of the associations that it stands in
	reference []byte    // the CohortReference to it; empty: none yet
	sections  map[SectionKey]span
	kept      []byte // the SectionReferences
}

// span is a piece of Encoder.kept.
type span struct{ from, to int }

// mostKept is how many bytes of sections are kept as they are written.
const mostKept = 1 << 20

// NewEncoder returns an encoder for documents of release r, which schema describes.
func NewEncoder(r *Release, schema *xsd.Schema) *Encoder {
	return &Encoder{r: r, schema: schema, slots: map[string]xsd.Slot{}, sections: map[SectionKey]span{}}
}

// AppendStart appends what comes before the first entity.
func (e *Encoder) AppendStart(dst []byte) []byte {
	dst = append(dst, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InterchangeStudentCohort xmlns=\""...)
	return append(append(dst, e.r.Namespace...), "\">\n"...)
}

// AppendEnd appends what comes after the last entity. A document without an entity is not valid.
func (e *Encoder) AppendEnd(dst []byte) []byte {
	return append(dst, "</InterchangeStudentCohort>\n"...)
}

func (e *Encoder) begin(dst []byte) { e.buf, e.depth, e.fault = dst, 1, nil }

// end gives the slice back that begin was given, with the entity or as it was.
func (e *Encoder) end(dst []byte) ([]byte, error) {
	out := e.buf
	e.buf = nil
	if e.fault != nil {
		return out[:len(dst)], e.fault
	}
	return out, nil
}

func (e *Encoder) indent() {
	const deepest = "                                " // a section's school is 12 levels deep
	e.buf = append(e.buf, deepest[:2*e.depth]...)
}

func (e *Encoder) open(name string) {
	e.indent()
	e.buf = append(append(append(e.buf, '<'), name...), '>', '\n')
	e.depth++
}

func (e *Encoder) close(name string) {
	e.depth--
	e.indent()
	e.buf = append(append(append(e.buf, '<', '/'), name...), '>', '\n')
}

func (e *Encoder) leaf(name, value string) {
	e.indent()
	e.buf = append(append(append(e.buf, '<'), name...), '>')
	e.text(name, value)
	e.buf = append(append(append(e.buf, '<', '/'), name...), '>', '\n')
}

// text writes the value of the element name.
func (e *Encoder) text(name, value string) {
	if plain(value) {
		e.buf = append(e.buf, value...)
		return
	}
	if c, bad := NotXML(value); bad {
		e.cannot(name, fmt.Sprintf("it holds %s, which no XML document can hold", c))
	}
	e.buf = AppendEscaped(e.buf, value)
}

func (e *Encoder) integer(name string, n int64) {
	e.indent()
	e.buf = append(append(append(e.buf, '<'), name...), '>')
	e.buf = strconv.AppendInt(e.buf, n, 10)
	e.buf = append(append(append(e.buf, '<', '/'), name...), '>', '\n')
}

// checked writes a leaf whose value the schema may refuse: path is the element's, from the entity down.
func (e *Encoder) checked(path, name, value string) {
	e.check(path, name, value)
	e.leaf(name, value)
}

func (e *Encoder) check(path, name, value string) {
	switch read, fault := e.schema.Value(e.slot(path), []byte(value), &e.scratch); {
	case fault != nil:
		e.cannot(name, notOf(value, fault))
	case string(read) != value:
		e.cannot(name, "white space at its ends, or more than one space in it, would not be read back: "+strconv.Quote(shorten(value)))
	}
}

func (e *Encoder) slot(path string) xsd.Slot {
	slot, ok := e.slots[path]
	if !ok {
		slot, _ = e.schema.Slot(path)
		e.slots[path] = slot
	}
	return slot
}

func (e *Encoder) accepts(path, value string) bool {
	_, fault := e.schema.Value(e.slot(path), []byte(value), &e.scratch)
	return fault == nil
}

// notOf says why a value is not of the type that the release has for it.
func notOf(value string, fault *xsd.ValueFault) string {
	switch fault.Code {
	case xsd.ValueTooLong, xsd.ValueTooShort:
		return fmt.Sprintf("found %d characters; expected %s", utf8.RuneCountInString(value), fault.Expected)
	}
	return "found " + strconv.Quote(shorten(value)) + "; expected " + fault.Expected
}

func (e *Encoder) cannot(field, reason string) {
	if e.fault == nil {
		e.fault = &CarryError{e.r.Name, field, reason}
	}
}

// organization writes an EducationOrganizationReference.
func (e *Encoder) organization(id int64) {
	if !e.r.LongIDs && (id > 1<<31-1 || id < -1<<31) {
		e.cannot("EducationOrganizationId", "at most 2147483647; "+strconv.FormatInt(id, 10)+" needs release 5.0 or later")
	}
	e.open("EducationOrganizationReference")
	e.open("EducationOrganizationIdentity")
	e.integer("EducationOrganizationId", id)
	e.close("EducationOrganizationIdentity")
	e.close("EducationOrganizationReference")
}

func (e *Encoder) school(id int64) {
	if !e.r.LongIDs && (id > 1<<31-1 || id < -1<<31) {
		e.cannot("SchoolId", "at most 2147483647; "+strconv.FormatInt(id, 10)+" needs release 5.0 or later")
	}
	e.open("SchoolReference")
	e.open("SchoolIdentity")
	e.integer("SchoolId", id)
	e.close("SchoolIdentity")
	e.close("SchoolReference")
}

// AppendCohort appends a Cohort.
func (e *Encoder) AppendCohort(dst []byte, c *Cohort) ([]byte, error) {
	e.begin(dst)
	e.open("Cohort")
	e.checked("Cohort/CohortIdentifier", "CohortIdentifier", c.CohortIdentifier)
	if c.CohortDescription != nil {
		e.checked("Cohort/CohortDescription", "CohortDescription", *c.CohortDescription)
	}
	e.coded("Cohort/CohortType", "CohortType", CohortTypeDescriptor, c.CohortType, c.Descriptors)
	if c.CohortScope != "" {
		e.coded("Cohort/CohortScope", "CohortScope", CohortScopeDescriptor, c.CohortScope, c.Descriptors)
	}
	if c.AcademicSubject != "" {
		e.subject(c)
	}
	e.organization(c.EducationOrganizationID)
	for i := range c.Programs {
		e.program(&c.Programs[i])
	}
	e.close("Cohort")
	return e.end(dst)
}

// coded writes an enumeration value or a descriptor, as the release has it.
func (e *Encoder) coded(path, name string, d Descriptor, value string, descriptors bool) {
	v, ok := d.as(e.r, value, descriptors)
	if !ok {
		e.cannot(name, "it has enumeration values, and "+strconv.Quote(shorten(value))+" is no "+string(d)+" of Ed-Fi's own namespace")
	}
	e.checked(path, name, v)
}

func (e *Encoder) subject(c *Cohort) {
	value, namespace, ok := c.Subject(e.r)
	switch {
	case !ok && e.r.Descriptors:
		e.cannot("AcademicSubject", "its namespace "+strconv.Quote(shorten(c.AcademicSubjectNamespace))+" is none that a descriptor can have")
	case !ok:
		e.cannot("AcademicSubject", strconv.Quote(shorten(c.AcademicSubject))+" has no namespace and code value")
	}
	if e.r.Descriptors {
		e.checked("Cohort/AcademicSubject", "AcademicSubject", value)
		return
	}
	e.open("AcademicSubject")
	e.checked("Cohort/AcademicSubject/CodeValue", "CodeValue", value)
	if namespace != "" {
		e.checked("Cohort/AcademicSubject/Namespace", "Namespace", namespace)
	}
	e.close("AcademicSubject")
}

// program writes a ProgramReference. Its type may be in another form than the cohort's: programs keep the one in which they were first
// stored.
func (e *Encoder) program(k *ProgramKey) {
	const path = "Cohort/ProgramReference/ProgramIdentity/"
	value := k.ProgramType
	if e.r.Descriptors && !IsURI(value) {
		if as := ProgramTypeDescriptor.URI(value); e.accepts(path+"ProgramType", as) {
			value = as // else it was written without a namespace in such a release, where it may be as long as a descriptor
		}
	}
	e.open("ProgramReference")
	e.open("ProgramIdentity")
	if e.r.Descriptors {
		e.organization(k.EducationOrganizationID)
		e.checked(path+"ProgramName", "ProgramName", k.ProgramName)
		e.checked(path+"ProgramType", "ProgramType", value)
	} else {
		e.coded(path+"ProgramType", "ProgramType", ProgramTypeDescriptor, value, IsURI(value))
		e.checked(path+"ProgramName", "ProgramName", k.ProgramName)
		e.organization(k.EducationOrganizationID)
	}
	e.close("ProgramIdentity")
	e.close("ProgramReference")
}

// associationTags are the tags of an association around what differs from one to the next.
type associationTags struct {
	start, afterPerson, end string
	person, identifier      string // paths of the values in them
	personName              string
}

var (
	studentTags = &associationTags{
		start:       "  <StudentCohortAssociation>\n    <StudentReference>\n      <StudentIdentity>\n        <StudentUniqueId>",
		afterPerson: "</StudentUniqueId>\n      </StudentIdentity>\n    </StudentReference>\n",
		end:         "  </StudentCohortAssociation>\n",
		person:      "StudentCohortAssociation/StudentReference/StudentIdentity/StudentUniqueId",
		identifier:  "StudentCohortAssociation/CohortReference/CohortIdentity/CohortIdentifier",
		personName:  "StudentUniqueId",
	}
	staffTags = &associationTags{
		start:       "  <StaffCohortAssociation>\n    <StaffReference>\n      <StaffIdentity>\n        <StaffUniqueId>",
		afterPerson: "</StaffUniqueId>\n      </StaffIdentity>\n    </StaffReference>\n",
		end:         "  </StaffCohortAssociation>\n",
		person:      "StaffCohortAssociation/StaffReference/StaffIdentity/StaffUniqueId",
		identifier:  "StaffCohortAssociation/CohortReference/CohortIdentity/CohortIdentifier",
		personName:  "StaffUniqueId",
	}
)

// AppendAssociation appends a StudentCohortAssociation or a StaffCohortAssociation. Begin dates of sections have no place in it: the caller
// says so.
func (e *Encoder) AppendAssociation(dst []byte, a *Association) ([]byte, error) {
	e.begin(dst)
	tags := studentTags
	if a.Kind == StaffCohortAssociationKind {
		tags = staffTags
	}
	e.buf = append(e.buf, tags.start...)
	e.key(tags.personName, a.PersonUniqueID, tags.person)
	e.buf = append(e.buf, tags.afterPerson...)
	e.depth = 2
	e.cohortReference(a, tags)
	e.buf = append(e.buf, "    <BeginDate>"...)
	e.buf = a.BeginDate.Append(e.buf)
	e.buf = append(e.buf, "</BeginDate>\n"...)
	if a.EndDate != NoDate {
		e.buf = append(e.buf, "    <EndDate>"...)
		e.buf = a.EndDate.Append(e.buf)
		e.buf = append(e.buf, "</EndDate>\n"...)
	}
	if a.StudentRecordAccess != nil {
		e.leaf("StudentRecordAccess", strconv.FormatBool(*a.StudentRecordAccess))
	}
	for i := range a.Sections {
		e.knownSection(&a.Sections[i])
	}
	e.buf = append(e.buf, tags.end...)
	return e.end(dst)
}

// cohortReference writes the CohortReference of an association.
func (e *Encoder) cohortReference(a *Association, tags *associationTags) {
	if len(e.reference) > 0 && a.CohortKey == e.cohort && a.Kind == e.kind {
		e.buf = append(e.buf, e.reference...)
		return
	}
	from := len(e.buf)
	e.open("CohortReference")
	e.open("CohortIdentity")
	e.indent()
	e.buf = append(e.buf, "<CohortIdentifier>"...)
	e.key("CohortIdentifier", a.CohortIdentifier, tags.identifier)
	e.buf = append(e.buf, "</CohortIdentifier>\n"...)
	e.organization(a.EducationOrganizationID)
	e.close("CohortIdentity")
	e.close("CohortReference")
	e.reference = e.reference[:0]
	if e.fault == nil {
		e.cohort, e.kind, e.reference = a.CohortKey, a.Kind, append(e.reference, e.buf[from:]...)
	}
}

// knownSection writes a SectionReference, one that was written before as it was then.
func (e *Encoder) knownSection(k *SectionKey) {
	if known, ok := e.sections[*k]; ok {
		e.buf = append(e.buf, e.kept[known.from:known.to]...)
		return
	}
	from := len(e.buf)
	e.section(k)
	if e.fault != nil {
		return
	}
	if len(e.kept) >= mostKept {
		clear(e.sections)
		e.kept = e.kept[:0]
	}
	e.kept = append(e.kept, e.buf[from:]...)
	e.sections[*k] = span{len(e.kept) - (len(e.buf) - from), len(e.kept)}
}

// key writes the value of a key that only its length can keep out of a release, apart from characters that no document can hold: short ones,
// the rule, are not looked up.
func (e *Encoder) key(name, value, path string) {
	const always = 20 // allowed by every release
	if len(value) > always && utf8.RuneCountInString(value) > always {
		e.check(path, name, value)
	}
	e.text(name, value)
}

// plain reports whether a value is ASCII that can stand in a document as it is.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '&' || c == '<' || c == '>' {
			return false
		}
	}
	return true
}

func (e *Encoder) section(k *SectionKey) {
	if k.Form != e.r.SectionForm {
		e.cannot("SectionReference", map[SectionForm]string{
			SectionByPeriod:     "its key is by class period and classroom (releases 2.x)",
			SectionByIdentifier: "its key is by section identifier and session name (3.1 and later)",
		}[k.Form])
		return
	}
	const path = "StudentCohortAssociation/SectionReference/SectionIdentity/"
	e.open("SectionReference")
	e.open("SectionIdentity")
	if k.Form == SectionByPeriod {
		e.open("LocationReference")
		e.open("LocationIdentity")
		e.checked(path+"LocationReference/LocationIdentity/ClassroomIdentificationCode", "ClassroomIdentificationCode", k.ClassroomIdentificationCode)
		e.school(k.SchoolID)
		e.close("LocationIdentity")
		e.close("LocationReference")
		e.open("ClassPeriodReference")
		e.open("ClassPeriodIdentity")
		e.checked(path+"ClassPeriodReference/ClassPeriodIdentity/ClassPeriodName", "ClassPeriodName", k.ClassPeriodName)
		e.school(k.SchoolID)
		e.close("ClassPeriodIdentity")
		e.close("ClassPeriodReference")
	} else {
		e.checked(path+"SectionIdentifier", "SectionIdentifier", k.SectionIdentifier)
	}
	e.open("CourseOfferingReference")
	e.open("CourseOfferingIdentity")
	const offering = path + "CourseOfferingReference/CourseOfferingIdentity/"
	e.checked(offering+"LocalCourseCode", "LocalCourseCode", k.LocalCourseCode)
	const session = offering + "SessionReference/SessionIdentity/"
	if k.Form == SectionByPeriod {
		e.open("SessionReference")
		e.open("SessionIdentity")
		e.school(k.SchoolID)
		e.checked(session+"SchoolYear", "SchoolYear", k.SchoolYear.String())
		e.open("Term")
		e.checked(session+"Term/CodeValue", "CodeValue", k.TermDescriptor)
		if k.TermNamespace != "" {
			e.checked(session+"Term/Namespace", "Namespace", k.TermNamespace)
		}
		e.close("Term")
		e.close("SessionIdentity")
		e.close("SessionReference")
		e.school(k.SchoolID)
	} else {
		e.school(k.SchoolID)
		e.open("SessionReference")
		e.open("SessionIdentity")
		e.checked(session+"SessionName", "SessionName", k.SessionName)
		e.checked(session+"SchoolYear", "SchoolYear", k.SchoolYear.String())
		e.school(k.SchoolID)
		e.close("SessionIdentity")
		e.close("SessionReference")
	}
	e.close("CourseOfferingIdentity")
	e.close("CourseOfferingReference")
	if k.Form == SectionByPeriod {
		e.checked(path+"UniqueSectionCode", "UniqueSectionCode", k.UniqueSectionCode)
		e.checked(path+"SequenceOfCourse", "SequenceOfCourse", strconv.Itoa(k.SequenceOfCourse))
	}
	e.close("SectionIdentity")
	e.close("SectionReference")
}

// AppendEscaped appends character data so that it is read back the same: a carriage return must be a reference, as a parser would turn it
// into a line feed.
func AppendEscaped(dst []byte, s string) []byte {
	done := 0
	for i := range len(s) {
		var as string
		switch s[i] {
		case '&':
			as = "&amp;"
		case '<':
			as = "&lt;"
		case '>':
			as = "&gt;"
		case '\r':
			as = "&#13;"
		default:
			continue
		}
		dst = append(append(dst, s[done:i]...), as...)
		done = i + 1
	}
	return append(dst, s[done:]...)
}

// NotXML finds what cannot stand in an XML document, not even as a reference (XML 1.0, production 2, Char). Values that came in by CSV may
// hold it.
func NotXML(s string) (what string, bad bool) {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
				return fmt.Sprintf("the control character U+%04X", c), true
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			return fmt.Sprintf("the byte %02X, which is no UTF-8", c), true
		case r == 0xfffe || r == 0xffff:
			return fmt.Sprintf("the noncharacter U+%04X", r), true
		}
		i += n
	}
	return "", false
}
