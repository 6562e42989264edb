package interchange

import "strings"

// subjectNamespace is the namespace of Ed-Fi's own academic subjects in documents of releases 2.x. From 3.1 on it is the part of a
// descriptor before the "#": "uri://ed-fi.org/AcademicSubjectDescriptor".
const subjectNamespace = "http://ed-fi.org/Descriptor/AcademicSubjectDescriptor.xml"

// Subject returns the academic subject in the form of a release: a code value with its namespace in 2.x, a descriptor (and no namespace)
// from 3.1 on. A subject that is of that form already is returned as it was written. ok is false if it has no such form: releases 2.x let
// it have any namespace, and only Ed-Fi's own, and those that are URIs of scheme uri as descriptors are, have one from 3.1 on; descriptors
// need not be "namespace#code value".
func (c *Cohort) Subject(r *Release) (value, namespace string, ok bool) {
	switch {
	case c.AcademicSubject == "" || c.Descriptors == r.Descriptors:
		return c.AcademicSubject, c.AcademicSubjectNamespace, true
	case r.Descriptors:
		value, ok = subjectDescriptor(c.AcademicSubject, c.AcademicSubjectNamespace)
		return value, "", ok
	}
	return subjectCode(c.AcademicSubject)
}

// subjectScheme is a namespace of 2.x, "" for Ed-Fi's own, which that also means when none is written.
func subjectScheme(namespace string) string {
	if namespace == subjectNamespace || namespace+"#" == AcademicSubjectDescriptor.URI("") {
		return ""
	}
	return namespace
}

// subjectDescriptor makes a descriptor of a code value and its namespace.
func subjectDescriptor(code, namespace string) (string, bool) {
	switch {
	case subjectScheme(namespace) == "":
		return AcademicSubjectDescriptor.URI(code), true
	case strings.HasPrefix(namespace, uriScheme) && !strings.Contains(namespace, "#"):
		return namespace + "#" + code, true
	}
	return "", false
}

// subjectCode takes a descriptor apart. One without a namespace is a code value, to which none is given.
func subjectCode(descriptor string) (code, namespace string, ok bool) {
	if code, ok := strings.CutPrefix(descriptor, AcademicSubjectDescriptor.URI("")); ok {
		return code, subjectNamespace, true
	}
	if !IsURI(descriptor) {
		return descriptor, "", true
	}
	namespace, code, ok = strings.Cut(descriptor, "#")
	return code, namespace, ok && strings.HasPrefix(namespace, uriScheme)
}

// Equal reports whether two cohorts have the same values. Of the two forms that types, scopes and subjects have, an enumeration value of
// 2.x and the descriptor of 3.1 and later that it became are the same value; within one form what was written counts, but for the namespace
// of Ed-Fi's own subjects, which releases 2.x may leave out. The order of programs does not matter.
func (c *Cohort) Equal(o *Cohort) bool {
	if c.CohortKey != o.CohortKey || (c.CohortDescription == nil) != (o.CohortDescription == nil) ||
		c.CohortDescription != nil && *c.CohortDescription != *o.CohortDescription {
		return false
	}
	return c.sameCodes(o) && samePrograms(c.Programs, o.Programs)
}

func (c *Cohort) sameCodes(o *Cohort) bool {
	if c.Descriptors == o.Descriptors {
		return c.CohortType == o.CohortType && c.CohortScope == o.CohortScope && c.AcademicSubject == o.AcademicSubject &&
			subjectScheme(c.AcademicSubjectNamespace) == subjectScheme(o.AcademicSubjectNamespace)
	}
	if o.Descriptors {
		c, o = o, c
	}
	return c.CohortType != "" && CodeValue(CohortTypeDescriptor, c.CohortType) == o.CohortType &&
		CodeValue(CohortScopeDescriptor, c.CohortScope) == o.CohortScope && sameSubject(c.AcademicSubject, o)
}

// sameSubject compares a subject of 3.1 or later with that of a cohort of 2.x.
func sameSubject(descriptor string, old *Cohort) bool {
	if descriptor == "" || old.AcademicSubject == "" {
		return descriptor == old.AcademicSubject
	}
	if !IsURI(descriptor) {
		descriptor = AcademicSubjectDescriptor.URI(descriptor)
	}
	as, ok := subjectDescriptor(old.AcademicSubject, old.AcademicSubjectNamespace)
	return ok && as == descriptor
}

// samePrograms reports whether two lists have the same programs, whatever their order and the form of their types.
func samePrograms(a, b []ProgramKey) bool {
	keys := func(list []ProgramKey) map[string]struct{} {
		set := make(map[string]struct{}, len(list))
		for _, k := range list {
			set[string(k.AppendKey(nil))] = struct{}{}
		}
		return set
	}
	in, other := keys(a), keys(b)
	for k := range in {
		if _, ok := other[k]; !ok {
			return false
		}
	}
	return len(in) == len(other)
}
