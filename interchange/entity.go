package interchange

import (
	"cohortx/xsd"
	"cohortx/xsd/scan"
)

// Kind is the kind of an entity.
type Kind uint8

// The kinds of entities, in the order in which they are applied.
const (
	CohortKind Kind = iota + 1
	StudentCohortAssociationKind
	StaffCohortAssociationKind
)

// Kinds lists all kinds.
var Kinds = []Kind{CohortKind, StudentCohortAssociationKind, StaffCohortAssociationKind}

// AssociationKinds lists the kinds of associations, in the order in which they are applied.
var AssociationKinds = Kinds[1:]

// String returns the element name; "" for no kind.
func (k Kind) String() string {
	switch k {
	case CohortKind:
		return "Cohort"
	case StudentCohortAssociationKind:
		return "StudentCohortAssociation"
	case StaffCohortAssociationKind:
		return "StaffCohortAssociation"
	}
	return ""
}

// MarshalText implements [encoding.TextMarshaler] as String does.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]; a text that is no kind gives the zero Kind.
func (k *Kind) UnmarshalText(text []byte) error {
	*k = 0
	for _, known := range Kinds {
		if known.String() == string(text) {
			*k = known
		}
	}
	return nil
}

// Node is one element of an entity: those that mean something here, or have an id or a ref.
type Node struct {
	Slot   xsd.Slot // 0: the schema does not know the element there
	Field  Field    // what the element is to us; NoField for most
	Offset int32    // of the start tag in Entity.Raw
	Next   int32    // index of the first node after its subtree
	marks  int32    // 1 + index in Entity.marks; 0: it has neither id nor ref, as most
	Value  []byte   // of a leaf, after white-space processing by its type
}

// marks are the id and the ref of an element.
type marks struct{ id, ref []byte }

// Entity is one child element of the interchange root, as a [Decoder] read it. Its slices are valid until the decoder's next Decode and
// as long as the block has not been released.
type Entity struct {
	Kind   Kind
	Proven bool     // the checker has proved it valid; else the judge must decide
	At     scan.Pos // of the start tag
	Raw    []byte   // from the start tag's "<" to the end tag's ">", in the characters of the decoded input
	Nodes  []Node   // in document order; Nodes[0] is the entity itself. See [Decoder.Lean]
	// SectionsDated: the sections say their begin date, or that they have none. Only the JSON form can.
	SectionsDated bool
	// Violations is for the caller to fill in with what the judge says.
	Violations []Violation

	first, last int32 // its nodes in the decoder's, until they are shared out; first < 0: -1-first is the index of its lean
	marks       []marks
	lean        *lean // instead of nodes
}

// Marked reports whether any element near the entity has an id or a ref; mostly there is none, and nothing to look for.
func (e *Entity) Marked() bool { return len(e.marks) > 0 }

// ID returns the xml id of a node's element, nil if it has none.
func (e *Entity) ID(node int) []byte {
	if m := e.Nodes[node].marks; m > 0 {
		return e.marks[m-1].id
	}
	return nil
}

// Ref returns the idref of a node's element, nil if it has none.
func (e *Entity) Ref(node int) []byte {
	if m := e.Nodes[node].marks; m > 0 {
		return e.marks[m-1].ref
	}
	return nil
}

// End returns the offset of the first byte after the entity in the decoded stream.
func (e *Entity) End() int64 { return e.At.Offset + int64(len(e.Raw)) }

// Violation is one broken rule of the schema or of the document, with its place in the file. Values of people (names, birth dates,
// telephone, mail, identification codes) are given as their length.
type Violation struct {
	At       scan.Pos
	Code     Code
	Path     string // of the element, from the root's child downwards, joined by "/"
	Found    string
	Expected string
}

// Cohort is a cohort with all its values.
type Cohort struct {
	CohortKey
	CohortDescription        *string // nil: absent; from release 5.1 on it may be empty
	CohortType               string
	CohortScope              string // "": absent
	AcademicSubject          string // code value in 2.x, descriptor from 3.1 on; "": absent
	AcademicSubjectNamespace string // 2.x only
	// Descriptors says that CohortType, CohortScope and AcademicSubject were written as descriptors (3.1 and later), so that an
	// export to such a release gives them back as they were even if they do not look like descriptors.
	Descriptors bool
	Programs    []ProgramKey
}

// Association is an association of a student or a staff member with a cohort.
type Association struct {
	Kind Kind // StudentCohortAssociationKind or StaffCohortAssociationKind
	CohortKey
	PersonUniqueID      string
	BeginDate           Date
	EndDate             Date  // NoDate: open
	StudentRecordAccess *bool // staff only; nil: absent
	Sections            []SectionKey
	// SectionBegins holds the begin date of each section, or is nil. Only the JSON form has them; no XML release can carry them.
	SectionBegins []Date
}

// The values of [Record].Access and [Plain].Access.
const (
	AccessAbsent uint8 = iota
	AccessFalse
	AccessTrue
)
