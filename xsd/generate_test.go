package xsd

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator makes documents of a grammar, valid ones that mutations then break. The same seed gives the same documents.
type generator struct {
	*rand.Rand
	*grammar
	made    int            // documents so far
	turn    map[string]int // per enumeration: which value is next
	ids     int
	visited map[*decl]bool // paths that have stood in a valid document
}

func newGenerator(g *grammar, seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 1)), grammar: g, turn: map[string]int{}, visited: map[*decl]bool{}}
}

// tree is a document before it is written.
type tree struct {
	name, space string // of the root
	prefix      string // of the root's namespace; "" for the default namespace
	newline     string // between elements
	attrs       [][2]string
	kids        []*item
}

// itemKind tells the items of a tree apart.
type itemKind uint8

const (
	elementItem itemKind = iota
	textItem
	markupItem     // a comment or a processing instruction
	spaceCDataItem // a CDATA section that holds nothing but white space, in an element with element content
)

// item is an element, or something within one.
type item struct {
	kind  itemKind
	name  string
	space string // "": the document's namespace; "none": no namespace; "other", "shadow": urn:other, by its own prefix or by the document's
	again bool   // declares the document's namespace once more, for itself alone
	attrs [][2]string
	kids  []*item
	text  string // the value of a text, the whole of a markup
	form  string // how the text is written; "": plainly
}

func newText(v string) *item { return &item{kind: textItem, text: v} }

func (it *item) clone() *item {
	c := *it
	c.attrs = append([][2]string(nil), it.attrs...)
	c.kids = nil
	for _, k := range it.kids {
		c.kids = append(c.kids, k.clone())
	}
	return &c
}

// elements returns the elements among the kids.
func (it *item) elements() (list []int) {
	for i, k := range it.kids {
		if k.kind == elementItem {
			list = append(list, i)
		}
	}
	return list
}

// place is an element of a tree, with its declaration if it stands where it may.
type place struct {
	*item
	decl   *decl
	parent *item // nil for a child of the root
}

// places lists the elements of the tree in document order, the root not among them.
func (g *generator) places(t *tree) (list []place) {
	var walk func(it, parent *item, d *decl)
	walk = func(it, parent *item, d *decl) {
		if it.kind != elementItem {
			return
		}
		list = append(list, place{it, d, parent})
		for _, k := range it.kids {
			var kd *decl
			if d != nil && k.space == "" {
				kd = d.child(k.name)
			}
			walk(k, it, kd)
		}
	}
	for _, it := range t.kids {
		walk(it, nil, g.top(it))
	}
	return list
}

// top returns the declaration of a child of the root.
func (g *generator) top(it *item) *decl {
	for _, d := range g.children {
		if it.space == "" && d.name == it.name {
			return d
		}
	}
	return nil
}

// valid makes a valid document: one or a few entities, now and then as many as libxml2 is not given at once. The first
// documents hold one element path after the other, so that every optional one has its turn.
func (g *generator) valid() *tree {
	t := &tree{name: g.root, space: g.namespace, prefix: []string{"", "", "ef"}[g.IntN(3)], newline: []string{"", "\n  ", "\r\n", "\n\t"}[g.IntN(4)]}
	if g.IntN(4) == 0 {
		t.attrs = append(t.attrs, [2]string{"xsi:schemaLocation", g.namespace + " Interchange-StudentCohort.xsd"})
	}
	want := g.paths[g.made%len(g.paths)]
	g.made++
	n := 1 + g.IntN(3)
	if g.IntN(200) == 0 {
		n = 250
	}
	at := g.IntN(n)
	for i := range n {
		if i == at {
			top := want
			for top.parent != nil {
				top = top.parent
			}
			t.kids = append(t.kids, g.element(top, want, 0))
			continue
		}
		t.kids = append(t.kids, g.element(g.children[g.IntN(len(g.children))], nil, 0))
	}
	g.refer(t)
	return t
}

// element makes a valid element. Optional children are the rarer the deeper they stand, but for those on the way to want.
func (g *generator) element(d, want *decl, depth int) *item {
	g.visited[d] = true
	it := &item{name: d.name}
	if d.id && g.IntN(8) == 0 {
		g.ids++
		it.attrs = append(it.attrs, [2]string{"id", fmt.Sprintf("X_%d", g.ids)})
	}
	if d.ref && g.IntN(8) == 0 {
		it.attrs = append(it.attrs, [2]string{"ref", ""}) // refer gives it a target
	}
	if d.value != nil {
		it.kids = []*item{newText(g.value(d.value))}
		return it
	}
	for _, k := range d.children {
		n := k.min
		if n == 0 && (want != nil && want.within(k) || g.IntN(depth+2) < 1) {
			n = 1
		}
		if n > 0 && k.max < 0 && g.IntN(3) == 0 {
			n += g.IntN(3)
		}
		for i := range n {
			if i > 0 {
				want = nil
			}
			it.kids = append(it.kids, g.element(k, want, depth+1))
		}
	}
	return it
}

// refer gives every ref an id of the document.
func (g *generator) refer(t *tree) {
	var ids []string
	places := g.places(t)
	for _, p := range places {
		for _, a := range p.attrs {
			if a[0] == "id" {
				ids = append(ids, a[1])
			}
		}
	}
	for _, p := range places {
		for i, a := range p.attrs {
			if a[0] != "ref" {
				continue
			}
			if len(ids) == 0 {
				p.attrs = append(p.attrs[:i:i], p.attrs[i+1:]...)
				break
			}
			p.attrs[i][1] = ids[g.IntN(len(ids))]
		}
	}
}

// value makes a valid value. The values of an enumeration have their turns.
func (g *generator) value(t *simpleType) string {
	if t.enum != nil {
		key := t.name + t.enum[0]
		g.turn[key]++
		return t.enum[(g.turn[key]-1)%len(t.enum)]
	}
	switch t.prim {
	case date:
		v := fmt.Sprintf("%04d-%02d-%02d", 1+g.IntN(9999), 1+g.IntN(12), 1+g.IntN(28))
		switch g.IntN(40) {
		case 0, 1, 2, 3:
			v = fmt.Sprintf("%04d-02-29", 4*(1+g.IntN(6))+2000)
		case 4:
			v = []string{"12025-09-14", "-0044-03-15", "2025-12-31", "0001-01-01"}[g.IntN(4)]
		}
		return v + []string{"", "", "", "Z", "+14:00", "-06:00", "+05:30"}[g.IntN(7)]
	case integer:
		n := max(t.lo, -5000) + int64(g.IntN(8))
		if g.IntN(4) == 0 {
			n = []int64{t.lo, t.hi, min(t.hi, 255901107)}[g.IntN(3)]
		}
		v := fmt.Sprint(n)
		if n >= 0 && g.IntN(10) == 0 {
			v = []string{"+", "00", "+0"}[g.IntN(3)] + v
		}
		return v
	case boolean:
		return []string{"true", "false", "1", "0"}[g.IntN(4)]
	case text:
		n := t.minLen + g.IntN(6)
		if g.IntN(5) == 0 {
			n = t.minLen
		}
		if t.maxLen >= 0 {
			n = min(n, t.maxLen)
			if g.IntN(5) == 0 {
				n = t.maxLen
			}
		}
		return g.chars(n)
	}
	panic("no values of type " + t.name)
}

// chars makes n characters, not all of them ASCII.
func (g *generator) chars(n int) string {
	alphabet := []rune("abcXYZ019 -#:/.<>&'\"é字𝄞]\n\t")
	if g.IntN(2) == 0 {
		alphabet = []rune("abcXYZ019")
	}
	var b strings.Builder
	for ; n > 0; n-- {
		b.WriteRune(alphabet[g.IntN(len(alphabet))])
	}
	return b.String()
}

// decorate writes the same content in some of the many ways that XML has for it: comments, processing instructions, CDATA
// sections, character references; and white space where it does not count.
func (g *generator) decorate(t *tree) {
	// What libxml2 cannot follow is in some documents only, so that it says something about the others.
	cdata, padding := g.IntN(8) == 0, g.IntN(8) == 0
	again := g.IntN(12) == 0 // what the tables do not prove, either
	between := func(kids []*item) []*item {
		var out []*item
		for i := 0; i <= len(kids); i++ {
			switch g.IntN(24) {
			case 0:
				out = append(out, &item{kind: markupItem, text: "<!-- <c/> & -->"})
			case 1:
				out = append(out, &item{kind: markupItem, text: "<?p i > ?>"})
			case 2:
				if !cdata {
					break
				}
				out = append(out, &item{kind: spaceCDataItem, text: []string{"<![CDATA[ \n]]>", "<![CDATA[]]>", "<![CDATA[\t]]><!-- -->"}[g.IntN(3)]})
			case 3:
				out = append(out, newText("\r\n\t"))
			}
			if i < len(kids) {
				out = append(out, kids[i])
			}
		}
		return out
	}
	for _, p := range g.places(t) {
		p.again = again && p.decl != nil && g.IntN(10) == 0
		switch {
		case p.decl == nil:
		case p.decl.value == nil:
			p.kids = between(p.kids)
		case len(p.kids) == 1 && p.kids[0].kind == textItem:
			v := p.kids[0]
			if padding && p.decl.value.white == collapse && g.IntN(4) == 0 {
				v.text = []string{" ", "\n\t", ""}[g.IntN(3)] + v.text + []string{" ", "\n", "\r\n"}[g.IntN(3)]
			}
			if g.IntN(3) == 0 {
				v.form = g.form(v.text)
			}
		}
	}
	t.kids = between(t.kids)
}

// form writes a value in pieces.
func (g *generator) form(v string) string {
	var b []byte
	for i, r := range v {
		switch g.IntN(30) {
		case 0:
			b = fmt.Appendf(b, "&#x%X;", r)
			continue
		case 1:
			if r != ']' && r != '>' && r != '\r' {
				b = fmt.Appendf(b, "<![CDATA[%c]]>", r)
				continue
			}
		case 2:
			if i > 0 {
				b = append(b, "<!-- within -->"...)
			}
		case 3:
			b = append(b, "<?within?><![CDATA[]]>"...)
		}
		b = appendText(b, []byte(string(r)))
	}
	return string(b)
}

// repair is what of a tree is written so that libxml2 2.9 can follow, without a change of what the recommendation says of it.
type repair struct {
	padding bool // no white space around values of types that collapse it
	cdata   bool // no white-space CDATA between elements
}

// write writes a document.
func (g *generator) write(t *tree, fix repair) []byte {
	w := writer{t: t, fix: fix}
	p := ""
	if t.prefix != "" {
		p = ":" + t.prefix
	}
	space := fmt.Sprintf(` xmlns%s="%s"`, p, t.space)
	if t.space == "" {
		space = ""
	}
	fmt.Fprintf(&w.b, `<%s%s xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:o="urn:other"`, w.tag(t.name, ""), space)
	w.attrs(t.attrs)
	w.b.WriteString(">")
	for _, k := range t.kids {
		w.item(k, g.top(k))
	}
	fmt.Fprintf(&w.b, "%s</%s>", t.newline, w.tag(t.name, ""))
	return w.b.Bytes()
}

type writer struct {
	b   bytes.Buffer
	t   *tree
	fix repair
}

func (w *writer) tag(name, space string) string {
	switch {
	case space == "other":
		return "o:" + name
	case space == "none" || w.t.prefix == "":
		return name
	}
	return w.t.prefix + ":" + name
}

func (w *writer) attrs(list [][2]string) {
	for _, a := range list {
		fmt.Fprintf(&w.b, ` %s="%s"`, a[0], appendAttr(nil, []byte(a[1])))
	}
}

func (w *writer) item(it *item, d *decl) {
	switch it.kind {
	case textItem:
		if it.form != "" {
			w.b.WriteString(it.form)
		} else {
			w.b.Write(appendText(nil, []byte(it.text)))
		}
		return
	case spaceCDataItem:
		if !w.fix.cdata {
			w.b.WriteString(it.text)
		}
		return
	case markupItem:
		w.b.WriteString(it.text)
		return
	}
	w.b.WriteString(w.t.newline)
	name := w.tag(it.name, it.space)
	if it.again {
		name = "again:" + it.name
	}
	w.b.WriteString("<" + name)
	switch {
	case it.again:
		fmt.Fprintf(&w.b, ` xmlns:again="%s"`, w.t.space)
	case it.space == "none" && w.t.prefix == "":
		w.b.WriteString(` xmlns=""`)
	case it.space == "shadow" && w.t.prefix == "":
		w.b.WriteString(` xmlns="urn:other"`)
	case it.space == "shadow":
		fmt.Fprintf(&w.b, ` xmlns:%s="urn:other"`, w.t.prefix)
	}
	w.attrs(it.attrs)
	if len(it.kids) == 0 && len(it.name)%2 == 0 {
		w.b.WriteString("/>")
		return
	}
	w.b.WriteString(">")
	if v, ok := padded(it, d); ok && w.fix.padding {
		w.b.Write(appendText(nil, []byte(v)))
	} else {
		for _, k := range it.kids {
			var kd *decl
			if d != nil && k.space == "" {
				kd = d.child(k.name)
			}
			w.item(k, kd)
		}
	}
	if len(it.elements()) > 0 {
		w.b.WriteString(w.t.newline)
	}
	fmt.Fprintf(&w.b, "</%s>", name)
}

// padded returns the value of an element of a type that collapses white space, without the white space around it, and
// whether there is some.
func padded(it *item, d *decl) (string, bool) {
	if d == nil || d.value == nil || d.value.white != collapse {
		return "", false
	}
	v := ""
	for _, k := range it.kids {
		if k.kind == elementItem {
			return "", false
		}
		if k.kind == textItem {
			v += k.text
		}
	}
	trimmed := strings.Trim(v, " \t\r\n")
	return trimmed, trimmed != v
}
