// Package reference finds out what the references of an entity name, whichever of the standard's ways they use: an Identity, a Lookup, or
// a ref to the xml id of another reference element of the same document, which may itself use any of these.
//
// Entities that only use identities, which nearly all do, never come here: see interchange's ReadPlain and ReadCohort.
package reference

import (
	"encoding/binary"
	"errors"

	"cohortx/interchange"
	"cohortx/xsd"
)

// Element is one element of a reference, as far as it matters: references, lookups and values.
type Element struct {
	Name     string
	Path     string // from the root's child down
	Node     int    // index in the entity's nodes; 0 when the element comes from elsewhere in the document
	Value    []byte // of a leaf
	Leaf     bool
	Ref      []byte // xml id that it refers to; nil if it does not
	Children []Element
}

// Read gives the element at a node of an entity with all that is below it.
func Read(e *interchange.Entity, node int, s *xsd.Schema) Element {
	n := &e.Nodes[node]
	x := element(s, n.Slot)
	x.Node, x.Value, x.Ref = node, n.Value, e.Ref(node)
	for i := node + 1; i < int(n.Next); i = int(e.Nodes[i].Next) {
		x.Children = append(x.Children, Read(e, i, s))
	}
	return x
}

func element(s *xsd.Schema, slot xsd.Slot) Element {
	info := s.Info(slot)
	return Element{Name: info.Name, Path: s.Path(slot), Leaf: info.Leaf}
}

// Append appends the element at a node of an entity, so that Parse can read it back when the entity is gone.
func Append(dst []byte, e *interchange.Entity, node int) []byte {
	n := &e.Nodes[node]
	dst = binary.AppendUvarint(dst, uint64(n.Slot))
	dst = appendBytes(dst, n.Value)
	dst = appendBytes(dst, e.Ref(node))
	children := 0
	for i := node + 1; i < int(n.Next); i = int(e.Nodes[i].Next) {
		children++
	}
	dst = binary.AppendUvarint(dst, uint64(children))
	for i := node + 1; i < int(n.Next); i = int(e.Nodes[i].Next) {
		dst = Append(dst, e, i)
	}
	return dst
}

// appendBytes tells nil from empty.
func appendBytes(dst, b []byte) []byte {
	if b == nil {
		return append(dst, 0)
	}
	return append(binary.AppendUvarint(dst, uint64(len(b))+1), b...)
}

var errElement = errors.New("a stored reference element is damaged")

// Parse reads what Append has written, with the same schema. The element's slices are those of b.
func Parse(b []byte, s *xsd.Schema) (Element, error) {
	x, rest, err := parse(b, s)
	if err == nil && len(rest) > 0 {
		err = errElement
	}
	return x, err
}

func parse(b []byte, s *xsd.Schema) (x Element, rest []byte, err error) {
	bad := false
	number := func() uint64 {
		n, w := binary.Uvarint(b)
		if w <= 0 {
			bad = true
			return 0
		}
		b = b[w:]
		return n
	}
	bytes := func() []byte {
		n := number()
		if n == 0 || n-1 > uint64(len(b)) {
			bad = bad || n != 0
			return nil
		}
		out := b[: n-1 : n-1]
		b = b[n-1:]
		return out
	}
	slot := number()
	if bad || slot >= uint64(s.NumSlots()) {
		return x, nil, errElement
	}
	x = element(s, xsd.Slot(slot))
	x.Value, x.Ref = bytes(), bytes()
	children := number()
	if bad || children > uint64(len(b)) {
		return x, nil, errElement
	}
	for range children {
		child, rest, err := parse(b, s)
		if err != nil {
			return x, nil, err
		}
		x.Children, b = append(x.Children, child), rest
	}
	return x, b, nil
}
