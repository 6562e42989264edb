package interchange

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"cohortx/xsd"
	"cohortx/xsd/scan"
)

// Decoder turns the blocks of one document into entities, in one pass over the bytes: it tokenizes, drives the schema's tables, and
// captures the values it needs as slices of the block. It allocates nothing per entity. A Decoder is for one goroutine; blocks may come
// in any order.
type Decoder struct {
	scanner scan.Scanner
	checker *xsd.Checker
	fields  []Field // by slot
	leaf    []bool  // by slot
	kinds   []Kind  // by slot of a root's child; 0 in other interchanges
	names   string  // of the root's children, for messages

	nodes []Node
	marks []marks
	base  int // where the entity's own nodes begin
	forms forms
	scope *scan.Scope // that the forms hold for
	open  []int32     // per open element: index of its node, -1 when it has none
	slots []xsd.Slot
	arena []byte // values that are not a slice of the block
	root  []Violation

	skim    bool
	skimmed int
	lean    bool
	leans   []lean // of the block's entities without nodes

	// the text of the open leaf
	text  []byte
	parts int // text tokens so far
	owned bool
	begin int // where its start tag ends
	from  int // where its first text token is
}

// NewDecoder returns a decoder for the blocks of a document whose root has that start tag.
func NewDecoder(schema *xsd.Schema, scope *scan.Scope) *Decoder {
	d := &Decoder{
		checker: schema.NewChecker(scope),
		fields:  make([]Field, schema.NumSlots()),
		leaf:    make([]bool, schema.NumSlots()),
		kinds:   make([]Kind, schema.NumSlots()),
	}
	lookups := make([]xsd.Slot, schema.NumSlots()) // the outermost lookup that a slot is in; 0: none
	for slot := xsd.Slot(1); int(slot) < schema.NumSlots(); slot++ {
		info := schema.Info(slot)
		above := schema.Info(info.Parent)
		if lookups[slot] = lookups[info.Parent]; lookups[slot] == 0 && strings.HasSuffix(above.Name, "Lookup") {
			lookups[slot] = info.Parent
		}
		d.leaf[slot] = info.Leaf
		switch {
		case info.Parent == 0:
			d.fields[slot] = FieldEntity
			d.names += "; " + info.Name
			for _, k := range Kinds {
				if info.Name == k.String() {
					d.kinds[slot] = k
				}
			}
		case strings.HasSuffix(info.Name, "Lookup"):
			d.fields[slot] = FieldLookup
		case lookups[slot] == info.Parent:
			d.fields[slot] = lookupField(info, above.Name)
		case lookups[slot] != 0:
			d.fields[slot] = lookupField(info, "")
		default:
			d.fields[slot] = fieldOf(info)
		}
	}
	return d
}

// Skim makes Decode leave out most entities that are proven and have neither an id nor a ref: nothing is to be said of them when a document is
// only checked. Skimmed counts those that the last Decode left out.
func (d *Decoder) Skim() { d.skim = true }

// Skimmed is how many entities the last Decode left out, see [Decoder.Skim].
func (d *Decoder) Skimmed() int { return d.skimmed }

// Root returns what the last Decode found between entities that may not stand there: text, unknown elements.
func (d *Decoder) Root() []Violation { return d.root }

// Decode appends the entities of a block to dst. They and their slices are valid until the next Decode, and no longer than the block.
// The error, a *scan.Error, says where the block is not well-formed; what came before it is returned with it.
func (d *Decoder) Decode(b *scan.Block, dst []Entity) ([]Entity, error) {
	d.scanner.Reset(b)
	d.nodes, d.marks, d.arena, d.root = d.nodes[:0], d.marks[:0], d.arena[:0], d.root[:0]
	d.skimmed, d.leans = 0, d.leans[:0]
	first := len(dst)
	at := scan.Walk(b.At, b.Bytes)
	if b.Scope != d.scope {
		d.scope, d.forms = b.Scope, forms{}
	}
	for {
		if known, raw, ok := d.recognise(); ok {
			if d.skim {
				d.skimmed++
				continue
			}
			e := d.known(known, raw)
			e.At = at.To(d.scanner.EndOffset() - len(raw))
			dst = append(dst, e)
			continue
		}
		kind, err := d.scanner.Next()
		if err != nil || kind == scan.EndOfBlock {
			d.share(dst[first:])
			return dst, err
		}
		switch kind {
		case scan.StartElement:
			from := d.scanner.Offset()
			d.checker.Reset()
			slot := d.checker.Start(d.scanner.Name(), d.scanner.Attrs(), len(d.scanner.Decls()) > 0)
			if slot == 0 {
				if err := d.unknown(b); err != nil {
					d.share(dst[first:])
					return dst, err
				}
				continue
			}
			e := Entity{Kind: d.kinds[slot], At: at.To(from)}
			d.base = len(d.nodes)
			d.forms.unlearned()
			if err := d.entity(slot, from); err != nil {
				d.share(dst[first:])
				return dst, err
			}
			e.Proven = d.checker.Proven()
			e.Raw = b.Bytes[from:d.scanner.EndOffset()]
			e.first, e.last = int32(d.base), int32(len(d.nodes))
			dst = append(dst, e)
			if e.Proven {
				d.forms.learn(b.Bytes, from, d.scanner.EndOffset(), e.Kind, d.nodes[d.base:])
			}
		case scan.Text, scan.CData:
			if !d.scanner.IsSpace() {
				d.root = append(d.root, Violation{
					At: b.PosAt(d.scanner.Offset()), Code: Code(xsd.TextNotAllowed),
					Found: fmt.Sprintf("%d characters of text between the entities", utf8.RuneCount(bytes.TrimSpace(d.scanner.Text()))), Expected: "an entity or white space",
				})
			}
		}
	}
}

// known makes an entity of what was recognised: without nodes when that will do.
func (d *Decoder) known(known *form, raw []byte) Entity {
	if d.lean && known.lean != nil {
		if l, ok := known.lean.read(d.forms.values); ok {
			d.leans = append(d.leans, l)
			return Entity{Kind: known.kind, Proven: true, Raw: raw, first: -int32(len(d.leans))}
		}
	}
	return d.formed(known, raw)
}

// share gives the entities their nodes, which lay in one growing slice so far.
func (d *Decoder) share(entities []Entity) {
	for i := range entities {
		e := &entities[i]
		if e.first < 0 {
			e.lean = &d.leans[-1-e.first]
			continue
		}
		e.Nodes, e.marks = d.nodes[e.first:e.last:e.last], d.marks
	}
}

// unknown passes over a child of the root that the schema does not know.
func (d *Decoder) unknown(b *scan.Block) error {
	name := string(d.scanner.Name().Local)
	if uri := d.scanner.URI(d.scanner.Name().Space); uri != b.Scope.URI(b.Scope.Name.Space) {
		name += " in namespace \"" + shorten(uri) + "\""
	}
	d.root = append(d.root, Violation{
		At: b.PosAt(d.scanner.Offset()), Code: Code(xsd.ElementUnknown), Path: shorten(string(d.scanner.Name().Local)), Found: "element " + shorten(name),
		Expected: "one of: " + strings.TrimPrefix(d.names, "; "),
	})
	for depth := 1; depth > 0; {
		kind, err := d.scanner.Next()
		switch {
		case err != nil:
			return err
		case kind == scan.StartElement:
			depth++
		case kind == scan.EndElement:
			depth--
		}
	}
	return nil
}

// entity reads on to the end of the root's child that has just been started.
func (d *Decoder) entity(slot xsd.Slot, from int) error {
	d.open, d.slots = d.open[:0], d.slots[:0]
	d.start(slot, from, from)
	for {
		kind, err := d.scanner.Next()
		if err != nil {
			return err
		}
		switch kind {
		case scan.StartElement:
			slot := d.checker.Start(d.scanner.Name(), d.scanner.Attrs(), len(d.scanner.Decls()) > 0)
			d.start(slot, from, d.scanner.Offset())
		case scan.EndElement:
			d.end()
			if len(d.open) == 0 {
				return nil
			}
		case scan.Text, scan.CData:
			d.forms.odd = d.forms.odd || kind == scan.CData
			d.characters()
		case scan.Comment, scan.ProcInst:
			d.forms.odd = true
		case scan.EndOfBlock:
			return nil // cannot be: the scanner refuses a block that ends inside an element
		}
	}
}

func (d *Decoder) start(slot xsd.Slot, entity, from int) {
	node := int32(-1)
	marked := int32(0)
	if len(d.scanner.Attrs()) > 0 {
		marked = d.mark()
		d.forms.odd = true
	}
	d.forms.odd = d.forms.odd || len(d.scanner.Decls()) > 0
	if f := d.fields[slot]; f != NoField || marked != 0 {
		node = int32(len(d.nodes))
		d.nodes = append(d.nodes, Node{Slot: slot, Field: f, Offset: int32(from - entity), marks: marked})
	}
	d.open = append(d.open, node)
	d.slots = append(d.slots, slot)
	d.text, d.parts, d.owned = nil, 0, false
	d.begin = d.scanner.EndOffset()
}

// mark keeps the id and the ref of the element that has just been started. It returns 0 if there is neither.
func (d *Decoder) mark() int32 {
	id, hasID := d.checker.ID()
	ref, hasRef := d.checker.Ref()
	if !hasID && !hasRef {
		return 0
	}
	var m marks
	if hasID {
		m.id = d.keep(id)
	}
	if hasRef {
		m.ref = d.keep(ref)
	}
	d.marks = append(d.marks, m)
	return int32(len(d.marks))
}

func (d *Decoder) end() {
	last := len(d.open) - 1
	node, slot := d.open[last], d.slots[last]
	value := d.checker.End(d.text)
	if d.leaf[slot] {
		d.learnLeaf(slot, node)
	}
	if node >= 0 {
		n := &d.nodes[node]
		n.Next = int32(len(d.nodes) - d.base)
		if d.leaf[slot] {
			n.Value = d.leafValue(d.text, value)
		}
	}
	d.open, d.slots = d.open[:last], d.slots[:last]
	d.text, d.parts, d.owned = nil, 0, false
}

// learnLeaf notes where the text of a leaf stands that now ends: between its tags, or nowhere when it is one empty-element tag.
func (d *Decoder) learnLeaf(slot xsd.Slot, node int32) {
	if node >= 0 {
		node -= int32(d.base)
	}
	switch end := d.scanner.Offset(); {
	case d.parts == 0 && end == d.begin:
		d.forms.leaf(slot, node, end, end)
	case d.parts == 1 && !d.owned && d.from == d.begin && d.from+len(d.text) == end:
		d.forms.leaf(slot, node, d.from, end)
	case end >= d.begin:
		d.forms.odd = true // several pieces, or a reference in it
	}
}

// characters takes in a piece of text. The text of a leaf is a slice of the block when it is one plain piece, and is put together in the
// arena when comments, CDATA sections or references stand in it.
func (d *Decoder) characters() {
	slot := d.slots[len(d.slots)-1]
	if !d.leaf[slot] {
		if !d.scanner.IsSpace() {
			d.checker.Text(true)
		}
		return
	}
	piece := d.scanner.Text()
	d.parts++
	switch {
	case d.parts == 1 && d.scanner.Plain():
		d.text, d.from = piece, d.scanner.Offset()
	case d.owned:
		// The text so far is at the end of the arena.
		from := len(d.arena) - len(d.text)
		d.arena = append(d.arena, piece...)
		d.text = d.arena[from:]
	default:
		from := len(d.arena)
		d.arena = append(append(d.arena, d.text...), piece...)
		d.text, d.owned = d.arena[from:], true
	}
}

// keep copies bytes into the arena.
func (d *Decoder) keep(b []byte) []byte {
	from := len(d.arena)
	d.arena = append(d.arena, b...)
	return d.arena[from:len(d.arena):len(d.arena)]
}

// shorten keeps a name or a value that goes into a message from filling the screen.
func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}
