package interchange

import (
	"bytes"

	"cohortx/xsd"
	"cohortx/xsd/scan"
)

// A file's entities are nearly all written alike: byte for byte the same tags and indentation, with other values between. A form is what
// one proven entity was written as: its markup, cut where the values of leaves stand. An entity whose markup is the same bytes, and whose
// values are plain text that their types prove, has the same tokens as that one but for the values. So it is well-formed, valid, and has
// the same nodes, and need not be tokenized.
//
// What follows from the markup alone must not depend on anything else: forms are of one document (the namespace bindings of its root
// hold), of whole children of the root, and without attributes, namespace declarations, comments, CDATA sections, processing
// instructions, or references; entities with these go the long way. The forms are the paths of a tree, piece by piece.
type forms struct {
	pieces []piece // pieces[0] is the beginning of all, without markup
	bytes  int     // of all markup

	// the entity that is being learned or recognised
	values []leafValue
	odd    bool // it is not to be learned
}

// Bounds of what is learned, so that a document in which no two entities are alike costs little.
const (
	mostAlternatives = 12
	mostPieces       = 1024
	mostMarkup       = 256 << 10
	mostValues       = 64
)

// piece is the markup from the start of the entity or the end of a value up to the next value or the end of the entity.
type piece struct {
	markup  []byte
	slot    xsd.Slot // of the leaf whose value comes next; 0: the entity ends here
	child   int32    // the first of the pieces that come after that value; 0: none
	sibling int32    // the next piece that may stand in place of this one; 0: none
	form    *form    // of the entity that ends here
}

// form is what all entities of a form have in common.
type form struct {
	kind  Kind
	nodes []formNode
	lean  *leanForm // nil: it must be read by its nodes
}

type formNode struct {
	Node         // Offset without the values before it; no Value
	before uint8 // how many values stand before its start tag
	value  uint8 // 1 + index of its value; 0: it has none
}

// leafValue is the place of a leaf's text in the block.
type leafValue struct {
	from, to int
	slot     xsd.Slot
	node     int32  // when learning: of the leaf, -1 when it has none
	value    []byte // when recognising: what its node keeps
}

// recognise takes the scanner past an entity whose form is known and whose values are proven. Their places are in values then. ok is false when
// the entity has to be tokenized.
func (d *Decoder) recognise() (known *form, raw []byte, ok bool) {
	text, from := d.scanner.Rest()
	known, to, ok := d.match(text, from)
	if ok {
		d.scanner.Skip(to)
	}
	return known, text[from:to], ok
}

// match recognises an entity that begins at from and says where it ends.
func (d *Decoder) match(text []byte, from int) (known *form, to int, ok bool) {
	f := &d.forms
	if len(f.pieces) == 0 || len(text) == from || text[from] != '<' {
		return nil, from, false
	}
	f.values = f.values[:0]
	p := from
	at := &f.pieces[0]
	for {
		next := at.child
		for next != 0 && !bytes.HasPrefix(text[p:], f.pieces[next].markup) {
			next = f.pieces[next].sibling
		}
		if next == 0 {
			return nil, from, false
		}
		at = &f.pieces[next]
		p += len(at.markup)
		if at.slot == 0 {
			return at.form, p, true
		}
		end := scan.PlainText(text, p)
		if end == len(text) || text[end] != '<' {
			return nil, from, false
		}
		value, proven := d.checker.Leaf(at.slot, text[p:end])
		if !proven {
			return nil, from, false
		}
		if !d.skim {
			f.values = append(f.values, leafValue{from: p, to: end, value: d.leafValue(text[p:end:end], value)})
		}
		p = end
	}
}

// formed makes an entity of what was recognised, and appends its nodes.
func (d *Decoder) formed(known *form, raw []byte) Entity {
	f := &d.forms
	e := Entity{Kind: known.kind, Proven: true, Raw: raw}
	d.base = len(d.nodes)
	e.first = int32(d.base)
	length, passed := int32(0), uint8(0) // of the values before the node
	for i := range known.nodes {
		n := &known.nodes[i]
		for passed < n.before {
			length += int32(f.values[passed].to - f.values[passed].from)
			passed++
		}
		d.nodes = append(d.nodes, n.Node)
		node := &d.nodes[len(d.nodes)-1]
		node.Offset += length
		if n.value > 0 {
			node.Value = f.values[n.value-1].value
		}
	}
	e.last = int32(len(d.nodes))
	return e
}

// leafValue returns what a node keeps of a leaf: its text, or a copy of value when white-space processing has changed it.
func (d *Decoder) leafValue(text, value []byte) []byte {
	switch {
	case len(text) == 0:
		return nil
	case len(value) == len(text) && &value[0] == &text[0]:
		return text
	}
	return d.keep(value) // in the checker's scratch, or a part of text
}

// unlearned makes ready for an entity that is tokenized.
func (f *forms) unlearned() { f.values, f.odd = f.values[:0], false }

// leaf notes the text of a leaf, for learning.
func (f *forms) leaf(slot xsd.Slot, node int32, from, to int) {
	if len(f.values) == mostValues {
		f.odd = true
		return
	}
	f.values = append(f.values, leafValue{from: from, to: to, slot: slot, node: node})
}

// learn takes up the form of a proven entity that has just been tokenized. nodes are its own.
func (f *forms) learn(block []byte, from, to int, kind Kind, nodes []Node) {
	if f.odd || len(f.pieces) >= mostPieces || f.bytes >= mostMarkup {
		return
	}
	if len(f.pieces) == 0 {
		f.pieces = append(f.pieces, piece{})
	}
	at, p := int32(0), from
	for i := range f.values {
		v := &f.values[i]
		if at = f.piece(at, block[p:v.from], v.slot); at == 0 {
			return
		}
		p = v.to
	}
	if at = f.piece(at, block[p:to], 0); at != 0 && f.pieces[at].form == nil {
		f.pieces[at].form = f.form(from, kind, nodes)
	}
}

// piece returns the place of a piece that comes after the one at up, and adds it if need be; 0 when there is no room.
func (f *forms) piece(up int32, markup []byte, slot xsd.Slot) int32 {
	n, last := 0, int32(0)
	for k := f.pieces[up].child; k != 0; k = f.pieces[k].sibling {
		if f.pieces[k].slot == slot && bytes.Equal(f.pieces[k].markup, markup) {
			return k
		}
		n, last = n+1, k
	}
	if n == mostAlternatives || len(f.pieces) >= mostPieces || f.bytes+len(markup) > mostMarkup {
		return 0
	}
	added := int32(len(f.pieces))
	f.pieces = append(f.pieces, piece{markup: bytes.Clone(markup), slot: slot})
	f.bytes += len(markup)
	if last == 0 {
		f.pieces[up].child = added
	} else {
		f.pieces[last].sibling = added
	}
	return added
}

func (f *forms) form(from int, kind Kind, nodes []Node) *form {
	out := &form{kind: kind, nodes: make([]formNode, len(nodes))}
	length, passed := 0, 0
	for i := range nodes {
		n := formNode{Node: nodes[i]}
		n.Value = nil
		for passed < len(f.values) && f.values[passed].to <= from+int(nodes[i].Offset) {
			length += f.values[passed].to - f.values[passed].from
			passed++
		}
		n.before = uint8(passed)
		n.Offset -= int32(length)
		out.nodes[i] = n
	}
	for i := range f.values {
		if node := f.values[i].node; node >= 0 {
			out.nodes[node].value = uint8(i + 1)
		}
	}
	out.lean = leanOf(kind, out.nodes)
	return out
}
