package xsd

import (
	"slices"
	"strings"

	"cohortx/xsd/scan"
)

// Slot is the number of one element path below the root, such as "Book/Title". Slots are dense, from 1 to
// [Schema.NumSlots]-1; a parent's is less than its children's. They are valid for one compiled schema only. The zero Slot
// stands for an element that the schema does not know at its place.
type Slot uint16

// SlotInfo describes the element of a slot.
type SlotInfo struct {
	Name       string // local name; always in the schema's target namespace, unless the schema says "unqualified"
	Type       string // name of its type, built-in ones with "xs:"; "" for an anonymous type
	ParentType string // name of the type of the element that contains it; "" for a child of the root
	Parent     Slot   // 0 for a child of the root
	Leaf       bool   // has a value rather than child elements
	Collapse   bool   // white space in the value is collapsed (xs:token, xs:date, numbers ...)
	HasID      bool   // may carry an attribute of type xs:ID
	HasRef     bool   // may carry an attribute of type xs:IDREF
	Repeats    bool   // may occur more than once in a row
}

// Schema is a compiled schema. It is immutable and may be shared by goroutines.
type Schema struct {
	source    func() []byte // one self-contained document
	root      string
	namespace string
	nodes     []node // by slot; nodes[0] is the root; one more than there are slots
	untabled  string // why the tables cannot prove; "" if they can
}

// Source returns the schema as one self-contained document without annotations: what libxml2 is given. The caller must
// not change it.
func (s *Schema) Source() []byte { return s.source() }

// Root returns the local name of the root element.
func (s *Schema) Root() string { return s.root }

// TargetNamespace returns the namespace of the root element, "" for none.
func (s *Schema) TargetNamespace() string { return s.namespace }

// Slot returns the slot of a path such as "Book/Title", and whether the schema has it.
func (s *Schema) Slot(path string) (Slot, bool) {
	slot := Slot(0)
	for name := range strings.SplitSeq(path, "/") {
		up := &s.nodes[slot]
		children := s.nodes[up.first : up.first+Slot(up.children)]
		i := slices.IndexFunc(children, func(nd node) bool { return nd.name == name })
		if i < 0 {
			return 0, false
		}
		slot = up.first + Slot(i)
	}
	return slot, true
}

// Path returns the path of a slot, the names from the root's child downwards, such as "Book/Title"; "" for slot 0 and for numbers that are no
// slot. It is made each time: it is for messages.
func (s *Schema) Path(slot Slot) string {
	var names []string
	for slot = s.known(slot); slot != 0; slot = s.nodes[slot].parent {
		names = append(names, s.nodes[slot].name)
	}
	slices.Reverse(names)
	return strings.Join(names, "/")
}

// known is 0 for numbers that are no slot.
func (s *Schema) known(slot Slot) Slot {
	if int(slot) >= s.NumSlots() {
		return 0
	}
	return slot
}

// Info describes a slot. It returns the zero SlotInfo for slot 0 and for numbers that are no slot.
func (s *Schema) Info(slot Slot) SlotInfo {
	slot = s.known(slot)
	if slot == 0 {
		return SlotInfo{}
	}
	nd := &s.nodes[slot]
	info := SlotInfo{Name: nd.name, Type: nd.typeName, ParentType: s.nodes[nd.parent].typeName, Parent: nd.parent, Leaf: nd.simple != nil, Repeats: nd.max > 1}
	info.Collapse = nd.simple != nil && nd.simple.white == collapse
	for _, a := range nd.attrs {
		info.HasID = info.HasID || a.typ.prim == id
		info.HasRef = info.HasRef || a.typ.prim == idref
	}
	return info
}

// NumSlots returns one more than the highest slot, fit for the length of a table indexed by slots.
func (s *Schema) NumSlots() int { return len(s.nodes) - 1 }

// Tabled reports whether the tables can prove validity. If not, it says why; slots exist all the same, as far as the
// elements' names can be told, but no child of the root will ever be proven and the judge decides alone.
func (s *Schema) Tabled() (bool, string) { return s.untabled == "", s.untabled }

// NewChecker returns a checker for the children of a root with that start tag. A checker is for one goroutine.
func (s *Schema) NewChecker(scope *scan.Scope) *Checker {
	c := &Checker{schema: s, nodes: s.nodes}
	c.space, c.known = scan.NoSpace, true
	if s.namespace != "" {
		c.space, c.known = scope.Lookup(s.namespace)
	}
	c.Reset()
	return c
}
