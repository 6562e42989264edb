package interchange

import (
	"bytes"
	"fmt"
	"io"
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

// Encoder writes an interchange document, entity by entity, in a fixed form: UTF-8, two spaces a level, "\n" at line ends. Equal entities
// give equal bytes. An entity that the release cannot carry leaves no trace in the output and gives a *CarryError; any other error is the
// writer's, and final.
type Encoder struct {
	w       io.Writer
	r       *Release
	schema  *xsd.Schema
	buf     []byte
	depth   int
	opened  bool
	n       int64
	fault   *CarryError
	scratch []byte
	slots   map[string]xsd.Slot

	// Neighbours mostly share their cohort and their sections.
	cohort     CohortKey // of the reference
	identifier string    // path of its cohort identifier, which the kind of the association decides
	reference  []byte    // the CohortReference to it; empty: none yet
	sections   map[SectionKey][]byte
}

// flushAt is when the buffer goes to the writer.
const flushAt = 256 << 10

// mostSections is how many sections are kept as they are written.
const mostSections = 1024

// NewEncoder returns an encoder for documents of release r, which schema describes. Nothing is written before the first entity.
func NewEncoder(w io.Writer, r *Release, schema *xsd.Schema) *Encoder {
	return &Encoder{w: w, r: r, schema: schema, slots: map[string]xsd.Slot{}, sections: map[SectionKey][]byte{}}
}

// Len is the number of entities written.
func (e *Encoder) Len() int64 { return e.n }

func (e *Encoder) begin() (mark int) {
	if !e.opened {
		e.opened = true
		e.buf = append(e.buf, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InterchangeStudentCohort xmlns=\""...)
		e.buf = append(e.buf, e.r.Namespace...)
		e.buf = append(e.buf, "\">\n"...)
	}
	e.depth, e.fault = 1, nil
	return len(e.buf)
}

func (e *Encoder) end(mark int) error {
	if e.fault != nil {
		e.buf = e.buf[:mark]
		return e.fault
	}
	e.n++
	if len(e.buf) < flushAt {
		return nil
	}
	return e.flush()
}

func (e *Encoder) flush() error {
	_, err := e.w.Write(e.buf)
	e.buf = e.buf[:0]
	return err
}

// Close ends the document. One without an entity is not valid, and is written all the same. The end tag goes to the writer by itself, as
// whole entities do before.
func (e *Encoder) Close() error {
	e.begin()
	if err := e.flush(); err != nil {
		return err
	}
	e.buf = append(e.buf, "</InterchangeStudentCohort>\n"...)
	return e.flush()
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
	if c, bad := NotXML(value); bad {
		e.cannot(name, fmt.Sprintf("it holds %s, which no XML document can hold", c))
	}
	e.indent()
	e.buf = append(append(append(e.buf, '<'), name...), '>')
	e.buf = AppendEscaped(e.buf, value)
	e.buf = append(append(append(e.buf, '<', '/'), name...), '>', '\n')
}

func (e *Encoder) integer(name string, n int64) {
	e.indent()
	e.buf = append(append(append(e.buf, '<'), name...), '>')
	e.buf = strconv.AppendInt(e.buf, n, 10)
	e.buf = append(append(append(e.buf, '<', '/'), name...), '>', '\n')
}

func (e *Encoder) date(name string, d Date) {
	if d == NoDate {
		return
	}
	e.indent()
	e.buf = append(append(append(e.buf, '<'), name...), '>')
	e.buf = d.Append(e.buf)
	e.buf = append(append(append(e.buf, '<', '/'), name...), '>', '\n')
}

// checked writes a leaf whose value the schema may refuse: path is the element's, from the entity down.
func (e *Encoder) checked(path, name, value string) {
	switch read, fault := e.schema.Value(e.slot(path), []byte(value), &e.scratch); {
	case fault != nil:
		e.cannot(name, notOf(value, fault))
	case string(read) != value:
		e.cannot(name, "white space at its ends, or more than one space in it, would not be read back: "+strconv.Quote(shorten(value)))
	}
	e.leaf(name, value)
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

// Cohort writes a Cohort.
func (e *Encoder) Cohort(c *Cohort) error {
	mark := e.begin()
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
	return e.end(mark)
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

// Association writes a StudentCohortAssociation or a StaffCohortAssociation. Begin dates of sections have no place in it: the caller says so.
func (e *Encoder) Association(a *Association) error {
	mark := e.begin()
	name, identifier := "StudentCohortAssociation", "StudentCohortAssociation/CohortReference/CohortIdentity/CohortIdentifier"
	if a.Kind == StaffCohortAssociationKind {
		name, identifier = "StaffCohortAssociation", "StaffCohortAssociation/CohortReference/CohortIdentity/CohortIdentifier"
	}
	e.open(name)
	e.person(a.Kind, a.PersonUniqueID)
	e.cohortReference(a.CohortKey, identifier)
	e.date("BeginDate", a.BeginDate)
	e.date("EndDate", a.EndDate)
	if a.StudentRecordAccess != nil {
		e.leaf("StudentRecordAccess", strconv.FormatBool(*a.StudentRecordAccess))
	}
	for i := range a.Sections {
		e.knownSection(&a.Sections[i])
	}
	e.close(name)
	return e.end(mark)
}

// cohortReference writes the CohortReference of an association. identifier is the path of the cohort identifier.
func (e *Encoder) cohortReference(k CohortKey, identifier string) {
	if len(e.reference) > 0 && k == e.cohort && identifier == e.identifier {
		e.buf = append(e.buf, e.reference...)
		return
	}
	from := len(e.buf)
	e.open("CohortReference")
	e.open("CohortIdentity")
	e.length("CohortIdentifier", k.CohortIdentifier, identifier)
	e.organization(k.EducationOrganizationID)
	e.close("CohortIdentity")
	e.close("CohortReference")
	e.reference = e.reference[:0]
	if e.fault == nil {
		e.cohort, e.identifier, e.reference = k, identifier, append(e.reference, e.buf[from:]...)
	}
}

// knownSection writes a SectionReference, one that was written before as it was then.
func (e *Encoder) knownSection(k *SectionKey) {
	if known, ok := e.sections[*k]; ok {
		e.buf = append(e.buf, known...)
		return
	}
	from := len(e.buf)
	e.section(k)
	if e.fault != nil {
		return
	}
	if len(e.sections) == mostSections {
		clear(e.sections)
	}
	e.sections[*k] = bytes.Clone(e.buf[from:])
}

// person writes the reference to the student or the staff member.
func (e *Encoder) person(kind Kind, id string) {
	if kind == StaffCohortAssociationKind {
		e.open("StaffReference")
		e.open("StaffIdentity")
		e.length("StaffUniqueId", id, "StaffCohortAssociation/StaffReference/StaffIdentity/StaffUniqueId")
		e.close("StaffIdentity")
		e.close("StaffReference")
		return
	}
	e.open("StudentReference")
	e.open("StudentIdentity")
	e.length("StudentUniqueId", id, "StudentCohortAssociation/StudentReference/StudentIdentity/StudentUniqueId")
	e.close("StudentIdentity")
	e.close("StudentReference")
}

// length writes a key that only its length can keep out of a release: short ones, the rule, are not looked up.
func (e *Encoder) length(name, value, path string) {
	const always = 20 // allowed by every release
	if len(value) <= always || utf8.RuneCountInString(value) <= always {
		e.leaf(name, value)
		return
	}
	e.checked(path, name, value)
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
		e.located(path+"LocationReference/LocationIdentity/", "Location", "ClassroomIdentificationCode", k.ClassroomIdentificationCode, k.SchoolID)
		e.located(path+"ClassPeriodReference/ClassPeriodIdentity/", "ClassPeriod", "ClassPeriodName", k.ClassPeriodName, k.SchoolID)
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

// located writes a LocationReference or a ClassPeriodReference.
func (e *Encoder) located(path, kind, name, value string, school int64) {
	e.open(kind + "Reference")
	e.open(kind + "Identity")
	e.checked(path+name, name, value)
	e.school(school)
	e.close(kind + "Identity")
	e.close(kind + "Reference")
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
