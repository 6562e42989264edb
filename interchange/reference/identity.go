package reference

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"cohortx/interchange"
)

// identity reads the Identity of a reference.
func (r *Resolver) identity(ctx context.Context, x *Element, parts []*Element, seen []string) (t Target, err error) {
	t.Section.Form = r.Release.SectionForm
	for _, p := range parts {
		switch {
		case isDescriptor(p):
			if err := r.descriptor(p, seen); err != nil {
				return t, err
			}
			for i := range p.Children {
				if err := t.take(&p.Children[i]); err != nil {
					return t, err
				}
			}
		case !p.Leaf:
			inner, err := r.resolve(ctx, p, seen)
			if err != nil {
				return t, err
			}
			if err := t.join(x.Name, p, &inner); err != nil {
				return t, err
			}
		default:
			if err := t.take(p); err != nil {
				return t, err
			}
		}
	}
	switch x.Name {
	case "CohortReference":
		t.Cohort.EducationOrganizationID = t.Organization
	case "ProgramReference":
		t.Program.EducationOrganizationID = t.Organization
	}
	return t, nil
}

// keys are the elements whose value must not be blank: nothing can be found by it.
var keys = map[string]bool{
	"StudentUniqueId": true, "StaffUniqueId": true, "CohortIdentifier": true, "ProgramName": true,
	"LocalCourseCode": true, "SessionName": true, "SectionIdentifier": true, "UniqueSectionCode": true,
}

// take puts the value of a leaf into place.
func (t *Target) take(x *Element) error {
	v := string(x.Value)
	if keys[x.Name] && len(bytes.TrimSpace(x.Value)) == 0 {
		return &Fault{Code: interchange.CodeKeyEmpty, Node: x.Node, Found: "an empty or blank key", Expected: "at least one character that is not white space"}
	}
	s := &t.Section
	switch x.Name {
	case "StudentUniqueId", "StaffUniqueId":
		t.UniqueID = v
	case "EducationOrganizationId":
		t.Organization, _ = interchange.ParseOrganizationID(x.Value) // the schema has accepted it
	case "SchoolId":
		t.Organization, _ = interchange.ParseOrganizationID(x.Value)
	case "CohortIdentifier":
		t.Cohort.CohortIdentifier = v
	case "ProgramName":
		t.Program.ProgramName = v
	case "ProgramType":
		t.Program.ProgramType = v
	case "LocalCourseCode":
		s.LocalCourseCode = v
	case "SchoolYear":
		s.SchoolYear, _ = interchange.ParseSchoolYear(x.Value)
	case "SessionName":
		s.SessionName = v
	case "SectionIdentifier":
		s.SectionIdentifier = v
	case "UniqueSectionCode":
		s.UniqueSectionCode = v
	case "SequenceOfCourse":
		s.SequenceOfCourse, _ = strconv.Atoi(v)
	case "ClassPeriodName":
		s.ClassPeriodName = v
	case "ClassroomIdentificationCode":
		s.ClassroomIdentificationCode = v
	case "CodeValue":
		s.TermDescriptor = v
	case "Namespace":
		s.TermNamespace = v
	}
	return nil
}

// join takes in what a reference inside of the Identity names.
func (t *Target) join(of string, x *Element, inner *Target) error {
	s, i := &t.Section, &inner.Section
	switch x.Name {
	case "EducationOrganizationReference":
		t.Organization = inner.Organization
		return nil
	case "SchoolReference":
		return t.at(of, x, inner.Organization)
	case "LocationReference":
		s.ClassroomIdentificationCode = i.ClassroomIdentificationCode
	case "ClassPeriodReference":
		s.ClassPeriodName = i.ClassPeriodName
	case "SessionReference":
		s.SchoolYear, s.SessionName, s.TermDescriptor, s.TermNamespace = i.SchoolYear, i.SessionName, i.TermDescriptor, i.TermNamespace
	case "CourseOfferingReference":
		s.LocalCourseCode = i.LocalCourseCode
		s.SchoolYear, s.SessionName, s.TermDescriptor, s.TermNamespace = i.SchoolYear, i.SessionName, i.TermDescriptor, i.TermNamespace
	}
	if inner.school {
		return t.at(of, x, i.SchoolID)
	}
	return nil
}

// at sets the school of a section's part. A section has one; the standard has it written in several places.
func (t *Target) at(of string, x *Element, school int64) error {
	if t.school && t.Section.SchoolID != school {
		return &Fault{Code: interchange.CodeReferenceConflict, Node: x.Node, Found: "school " + strconv.FormatInt(school, 10),
			Expected: "the other school of this " + naming(of) + ", " + strconv.FormatInt(t.Section.SchoolID, 10)}
	}
	t.Section.SchoolID, t.school = school, true
	return nil
}

// criteria are the values by which a lookup uses what a reference inside of it names.
func (t *Target) criteria(kind string) (out []interchange.Criterion) {
	add := func(field, value string) {
		if value != "" {
			out = append(out, interchange.Criterion{Field: field, Value: value})
		}
	}
	s := &t.Section
	switch kind {
	case "EducationOrganizationReference":
		return []interchange.Criterion{{Field: "EducationOrganizationId", Value: strconv.FormatInt(t.Organization, 10)}}
	case "SchoolReference":
		return []interchange.Criterion{{Field: "SchoolId", Value: strconv.FormatInt(t.Organization, 10)}}
	}
	if t.school {
		add("SchoolId", strconv.FormatInt(s.SchoolID, 10))
	}
	add("ClassroomIdentificationCode", s.ClassroomIdentificationCode)
	add("ClassPeriodName", s.ClassPeriodName)
	add("LocalCourseCode", s.LocalCourseCode)
	add("SchoolYear", s.SchoolYear.String())
	add("SessionName", s.SessionName)
	add("Term", s.TermDescriptor)
	add("TermNamespace", s.TermNamespace)
	return out
}

// isDescriptor says whether an element is a descriptor reference of releases 2.x: a CodeValue that may come with a ref.
func isDescriptor(x *Element) bool {
	return !x.Leaf && !strings.HasSuffix(x.Name, "Reference") && !strings.HasSuffix(x.Name, "Lookup")
}

// descriptor follows the ref of a descriptor. Its CodeValue must be there all the same, so the two can only agree or not.
func (r *Resolver) descriptor(x *Element, seen []string) error {
	at := *x
	for at.Ref != nil {
		id := string(at.Ref)
		fault := &Fault{Node: x.Node, Found: "ref " + quoted(id), Expected: "the id of one " + x.Name + " of this file"}
		for _, s := range seen {
			if s == id {
				fault.Code, fault.Detail = interchange.CodeReferenceCycle, "the references refer to each other in a circle"
				return fault
			}
		}
		seen = append(seen, id)
		d, err := r.Document.Definition(at.Ref)
		switch {
		case err != nil:
			return err
		case d.Missing:
			fault.Code = interchange.CodeRefDangling
		case d.Ambiguous:
			fault.Code = interchange.CodeRefAmbiguous
		case d.Rejected:
			fault.Code, fault.Consequence = interchange.CodeRefTargetRejected, true
		case d.Element == nil || d.Element.Name != x.Name:
			fault.Code = interchange.CodeReferenceWrongKind
		case value(d.Element, "CodeValue") != value(x, "CodeValue"):
			fault.Code, fault.Found = interchange.CodeReferenceConflict, "CodeValue "+quoted(value(x, "CodeValue"))
			fault.Expected = quoted(value(d.Element, "CodeValue")) + ", as the element that the ref names has it"
		default:
			at = *d.Element
			continue
		}
		return fault
	}
	return nil
}

func value(x *Element, name string) string {
	for i := range x.Children {
		if x.Children[i].Name == name {
			return string(x.Children[i].Value)
		}
	}
	return ""
}
