package interchange

import "strings"

// Descriptor is a kind of descriptor of this interchange.
type Descriptor string

// The descriptors that were enumerations, or structured references, in releases 2.x.
const (
	CohortTypeDescriptor      Descriptor = "CohortTypeDescriptor"
	CohortScopeDescriptor     Descriptor = "CohortScopeDescriptor"
	AcademicSubjectDescriptor Descriptor = "AcademicSubjectDescriptor"
	ProgramTypeDescriptor     Descriptor = "ProgramTypeDescriptor"
	TermDescriptor            Descriptor = "TermDescriptor"
)

// What descriptors begin with; Ed-Fi's own.
const (
	uriScheme = "uri://"
	edfiURI   = uriScheme + "ed-fi.org/"
)

// URI returns the descriptor of a code value in Ed-Fi's own namespace: "uri://ed-fi.org/CohortTypeDescriptor#Study Hall".
func (d Descriptor) URI(codeValue string) string {
	return edfiURI + string(d) + "#" + codeValue
}

// CodeValue returns the code value of a descriptor in Ed-Fi's own namespace, and any other value as it is. So
// "uri://ed-fi.org/CohortTypeDescriptor#Study Hall" and "Study Hall" are the same type.
func CodeValue(d Descriptor, value string) string {
	if rest, ok := strings.CutPrefix(value, d.URI("")); ok {
		return rest
	}
	return value
}

// IsURI reports whether a value is written as a descriptor, with a namespace.
func IsURI(value string) bool { return strings.Contains(value, "://") }

// as returns the value in the form of a release; written says that it is in the form of 3.1 and later. The answer is false if it has none
// there: a descriptor of another namespace, or of another kind, has no enumeration value.
func (d Descriptor) as(r *Release, value string, written bool) (string, bool) {
	switch {
	case value == "" || r.Descriptors == written:
		return value, true
	case r.Descriptors:
		return d.URI(value), true
	}
	code := CodeValue(d, value)
	return code, !IsURI(code)
}

// AcademicSubjectNamespace is the namespace of academic subjects in documents of releases 2.x that stands for Ed-Fi's own.
const AcademicSubjectNamespace = subjectNamespace

// In returns a value in the form of a release; written says that it is written as a descriptor. The answer is false if it has none there: a
// descriptor of another namespace has no enumeration value.
func (d Descriptor) In(r *Release, value string, written bool) (string, bool) {
	return d.as(r, value, written)
}
