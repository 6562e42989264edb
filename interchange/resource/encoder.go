package resource

import (
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"cohortx/interchange"
)

// Encoder encodes resources, one a line, members in a fixed order and without white space: equal entities give equal bytes, whichever
// encoder of the release does it. Its methods append to a slice and return it; what the form cannot carry gives a *interchange.CarryError
// and leaves the slice as it was. It is for one goroutine.
type Encoder struct {
	r     *interchange.Release
	buf   []byte // the caller's, during a call
	fault *interchange.CarryError
}

// NewEncoder returns an encoder of the form that the API of a release has. From 3.1 on descriptors are URIs and sections have the key of
// these releases. Of 2.0 and 2.2 enumeration values stand for descriptors, and sections have the key of those.
func NewEncoder(r *interchange.Release) *Encoder { return &Encoder{r: r} }

// AppendStart appends nothing: lines need nothing before them.
func (e *Encoder) AppendStart(dst []byte) []byte { return dst }

// AppendEnd appends nothing.
func (e *Encoder) AppendEnd(dst []byte) []byte { return dst }

func (e *Encoder) begin(dst []byte) { e.buf, e.fault = dst, nil }

// end gives the slice back that begin was given, with the resource or as it was.
func (e *Encoder) end(dst []byte) ([]byte, error) {
	out := e.buf
	e.buf = nil
	if e.fault != nil {
		return out[:len(dst)], e.fault
	}
	return out, nil
}

func (e *Encoder) cannot(field, reason string) {
	if e.fault == nil {
		e.fault = &interchange.CarryError{Release: e.r.Name, Field: field, Reason: reason}
	}
}

// raw appends punctuation and names, which need no escape.
func (e *Encoder) raw(s string) { e.buf = append(e.buf, s...) }

func (e *Encoder) text(field, s string) {
	out, err := jsontext.AppendQuote(e.buf, s)
	if err != nil {
		e.cannot(field, "it is no UTF-8")
		return
	}
	e.buf = out
}

func (e *Encoder) integer(n int64) { e.buf = strconv.AppendInt(e.buf, n, 10) }

func (e *Encoder) organization(field string, id int64) {
	if !e.r.LongIDs && (id > 1<<31-1 || id < -1<<31) {
		e.cannot(field, "at most 2147483647; "+strconv.FormatInt(id, 10)+" needs release 5.0 or later")
	}
	e.raw(`"` + field + `":`)
	e.integer(id)
}

func (e *Encoder) day(d interchange.Date) {
	e.raw(`"`)
	e.buf = d.Append(e.buf)
	e.raw(`"`)
}

// AppendCohort appends a cohort.
func (e *Encoder) AppendCohort(dst []byte, c *interchange.Cohort) ([]byte, error) {
	e.begin(dst)
	e.raw(`{"cohortIdentifier":`)
	e.text("cohortIdentifier", c.CohortIdentifier)
	e.raw(`,"educationOrganizationReference":{`)
	e.organization("educationOrganizationId", c.EducationOrganizationID)
	e.raw(`}`)
	if c.AcademicSubject != "" {
		e.raw(`,"academicSubjectDescriptor":`)
		e.subject(c)
	}
	if c.CohortDescription != nil {
		e.raw(`,"cohortDescription":`)
		e.text("cohortDescription", *c.CohortDescription)
	}
	if c.CohortScope != "" {
		e.raw(`,"cohortScopeDescriptor":`)
		e.coded("cohortScopeDescriptor", interchange.CohortScopeDescriptor, c.CohortScope, c.Descriptors)
	}
	e.raw(`,"cohortTypeDescriptor":`)
	e.coded("cohortTypeDescriptor", interchange.CohortTypeDescriptor, c.CohortType, c.Descriptors)
	for i := range c.Programs {
		if i == 0 {
			e.raw(`,"programs":[`)
		} else {
			e.raw(`,`)
		}
		e.program(&c.Programs[i])
	}
	if len(c.Programs) > 0 {
		e.raw(`]`)
	}
	e.raw("}\n")
	return e.end(dst)
}

func (e *Encoder) program(k *interchange.ProgramKey) {
	e.raw(`{"programReference":{`)
	e.organization("educationOrganizationId", k.EducationOrganizationID)
	e.raw(`,"programName":`)
	e.text("programs.programName", k.ProgramName)
	e.raw(`,"programTypeDescriptor":`)
	e.coded("programs.programTypeDescriptor", interchange.ProgramTypeDescriptor, k.ProgramType, interchange.IsURI(k.ProgramType))
	e.raw(`}}`)
}

// coded writes a descriptor, or the enumeration value that it was in 2.x.
func (e *Encoder) coded(field string, d interchange.Descriptor, value string, written bool) {
	v, ok := d.In(e.r, value, written)
	if !ok {
		e.cannot(field, fmt.Sprintf("release %s has enumeration values, and %q is a descriptor of another namespace", e.r.Name, value))
	}
	e.text(field, v)
}

func (e *Encoder) subject(c *interchange.Cohort) {
	const field = "academicSubjectDescriptor"
	value, namespace, ok := c.Subject(e.r)
	if !ok {
		e.cannot(field, map[bool]string{
			true:  fmt.Sprintf("its namespace %q has no descriptor", c.AcademicSubjectNamespace),
			false: fmt.Sprintf("%q has no namespace and code value", c.AcademicSubject),
		}[e.r.Descriptors])
	}
	if e.r.Descriptors {
		e.text(field, value)
		return
	}
	e.qualified(field, namespace, value)
}

// qualified writes a descriptor of 2.x: its code value behind its namespace, if it has one.
func (e *Encoder) qualified(field, namespace, code string) {
	value := code
	if namespace != "" {
		value = namespace + "/" + code
	}
	if n, c := qualified(value); n != namespace || c != code {
		e.cannot(field, fmt.Sprintf("its namespace %q and its code value %q could not be told apart again", namespace, code))
	}
	e.text(field, value)
}

// AppendAssociation appends an association of a student or a staff member.
func (e *Encoder) AppendAssociation(dst []byte, a *interchange.Association) ([]byte, error) {
	e.begin(dst)
	e.raw(`{"cohortReference":{"cohortIdentifier":`)
	e.text("cohortReference.cohortIdentifier", a.CohortIdentifier)
	e.raw(`,`)
	e.organization("educationOrganizationId", a.EducationOrganizationID)
	if a.Kind == interchange.StaffCohortAssociationKind {
		e.raw(`},"staffReference":{"staffUniqueId":`)
		e.text("staffReference.staffUniqueId", a.PersonUniqueID)
	} else {
		e.raw(`},"studentReference":{"studentUniqueId":`)
		e.text("studentReference.studentUniqueId", a.PersonUniqueID)
	}
	e.raw(`},"beginDate":`)
	e.day(a.BeginDate)
	if a.EndDate != interchange.NoDate {
		e.raw(`,"endDate":`)
		e.day(a.EndDate)
	}
	if a.StudentRecordAccess != nil {
		e.raw(`,"studentRecordAccess":`)
		e.buf = strconv.AppendBool(e.buf, *a.StudentRecordAccess)
	}
	for i := range a.Sections {
		if i == 0 {
			e.raw(`,"sections":[`)
		} else {
			e.raw(`,`)
		}
		begin := interchange.NoDate
		if i < len(a.SectionBegins) {
			begin = a.SectionBegins[i]
		}
		e.section(&a.Sections[i], begin)
	}
	if len(a.Sections) > 0 {
		e.raw(`]`)
	}
	e.raw("}\n")
	return e.end(dst)
}

func (e *Encoder) section(k *interchange.SectionKey, begin interchange.Date) {
	const field = "sections.sectionReference"
	if k.Form != e.r.SectionForm {
		e.cannot(field, map[interchange.SectionForm]string{
			interchange.SectionByPeriod:     "its key is that of releases 2.x, by class period and classroom, which the API has no longer; --release 2.0 writes it",
			interchange.SectionByIdentifier: "its key is that of releases from 3.1 on, by section identifier and session name",
		}[k.Form])
		return
	}
	e.raw(`{"sectionReference":{"localCourseCode":`)
	e.text(field, k.LocalCourseCode)
	e.raw(`,`)
	e.organization("schoolId", k.SchoolID)
	e.raw(`,"schoolYear":`)
	e.integer(int64(k.SchoolYear))
	if k.Form == interchange.SectionByPeriod {
		e.raw(`,"classPeriodName":`)
		e.text(field, k.ClassPeriodName)
		e.raw(`,"classroomIdentificationCode":`)
		e.text(field, k.ClassroomIdentificationCode)
		e.raw(`,"uniqueSectionCode":`)
		e.text(field, k.UniqueSectionCode)
		e.raw(`,"sequenceOfCourse":`)
		e.integer(int64(k.SequenceOfCourse))
		e.raw(`,"termDescriptor":`)
		e.qualified(field, k.TermNamespace, k.TermDescriptor)
	} else {
		e.raw(`,"sectionIdentifier":`)
		e.text(field, k.SectionIdentifier)
		e.raw(`,"sessionName":`)
		e.text(field, k.SessionName)
	}
	e.raw(`}`)
	if begin != interchange.NoDate {
		e.raw(`,"beginDate":"`)
		e.buf = begin.Append(e.buf)
		e.raw(`T00:00:00Z"`) // the API has a date-time here
	}
	e.raw(`}`)
}
