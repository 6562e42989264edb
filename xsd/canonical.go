package xsd

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"cohortx/xsd/scan"
)

// canonical writes children of the root anew, as one small document for libxml2: the same elements, attributes and
// namespace declarations; no comments, processing instructions or CDATA sections; white space of collapsed types
// collapsed; no text but what matters. Attributes of type xs:ID are made unique by a suffix that leaves them as valid or
// invalid as they were, because uniqueness is not a matter of one batch.
type canonical struct {
	schema  *Schema
	scope   *scan.Scope
	checker *Checker
	scanner scan.Scanner

	doc   []byte
	elems []elem // in document order; elems[0] is the root
	open  []int  // indexes into elems
	text  []byte // of the open leaf
	buf   []byte
}

// elem is an element of the canonical document.
type elem struct {
	fragment   int32
	offset     int32 // of the start tag in the fragment
	parent     int32 // index; -1 for the root
	slot       Slot
	tag        int32  // where the start tag stands in doc
	name       int32  // length of the name as written, prefix included
	start, end int32  // of the content in doc
	foreign    string // the namespace, where it is not the schema's
}

func newCanonical(s *Schema, scope *scan.Scope) *canonical {
	c := &canonical{schema: s, scope: scope, checker: s.NewChecker(scope)}
	c.reset()
	return c
}

// reset begins a new document with the root's start tag.
func (c *canonical) reset() {
	c.doc = c.doc[:0]
	c.elems = append(c.elems[:0], elem{fragment: -1, parent: -1})
	c.open = append(c.open[:0], 0)
	c.tag(c.scope.Name, c.scope.Decls)
	c.doc = append(c.doc, '>')
	c.elems[0].start = int32(len(c.doc))
	c.elems[0].name = int32(nameLen(c.scope.Name))
}

// finish ends the document.
func (c *canonical) finish() []byte {
	c.elems[0].end = int32(len(c.doc))
	c.doc = append(c.doc, "</"...)
	c.doc = append(c.doc, c.doc[1:1+c.elems[0].name]...)
	c.doc = append(c.doc, '>')
	return c.doc
}

func nameLen(n scan.Name) int {
	if len(n.Prefix) > 0 {
		return len(n.Prefix) + 1 + len(n.Local)
	}
	return len(n.Local)
}

func (c *canonical) name(n scan.Name) {
	if len(n.Prefix) > 0 {
		c.doc = append(c.doc, n.Prefix...)
		c.doc = append(c.doc, ':')
	}
	c.doc = append(c.doc, n.Local...)
}

// tag writes a start tag without its attributes and its end.
func (c *canonical) tag(n scan.Name, decls []scan.Decl) {
	c.doc = append(c.doc, '<')
	c.name(n)
	for _, d := range decls {
		c.doc = append(c.doc, " xmlns"...)
		if len(d.Prefix) > 0 {
			c.doc = append(c.doc, ':')
			c.doc = append(c.doc, d.Prefix...)
		}
		c.doc = append(c.doc, `="`...)
		c.doc = appendAttr(c.doc, d.URI)
		c.doc = append(c.doc, '"')
	}
}

func (c *canonical) attr(n scan.Name, value []byte) {
	if n.Space == scan.XMLSpace && string(n.Local) == "id" {
		// libxml2's parser would print the value, if it is no name or a duplicate, to the standard error output. What it is
		// does not matter, as no schema that we take declares the attribute.
		value = strconv.AppendInt([]byte("i"), int64(len(c.doc)), 10)
	}
	c.doc = append(c.doc, ' ')
	c.name(n)
	c.doc = append(c.doc, `="`...)
	c.doc = appendAttr(c.doc, value)
	c.doc = append(c.doc, '"')
}

// add writes a fragment.
func (c *canonical) add(index int, f Fragment) error {
	if len(f.Raw) > 1<<30 {
		return fmt.Errorf("fragment %d: found %d bytes, expected at most %d", index, len(f.Raw), 1<<30)
	}
	c.checker.Reset()
	c.scanner.Reset(&scan.Block{Bytes: f.Raw, At: f.At, Scope: c.scope})
	for {
		kind, err := c.scanner.Next()
		if err != nil {
			return fmt.Errorf("fragment %d: %w", index, err)
		}
		switch kind {
		case scan.EndOfBlock:
			if len(c.open) != 1 {
				return fmt.Errorf("fragment %d: found its end within an element, expected a whole element", index)
			}
			return nil
		case scan.StartElement:
			c.start(index)
		case scan.EndElement:
			c.end()
		case scan.Text, scan.CData:
			if len(c.open) == 1 {
				continue // beside the element: not the fragment's
			}
			nd := c.node(c.elems[c.open[len(c.open)-1]].slot)
			switch {
			case nd != nil && nd.content && c.scanner.IsSpace():
			case nd != nil && nd.simple != nil:
				c.text = append(c.text, c.scanner.Text()...)
			default:
				c.doc = appendText(c.doc, c.scanner.Text())
			}
		}
	}
}

// node returns the table entry of a slot, nil for an unknown element.
func (c *canonical) node(slot Slot) *node {
	if slot == 0 {
		return nil
	}
	return &c.schema.nodes[slot]
}

func (c *canonical) start(fragment int) {
	c.doc = appendText(c.doc, c.text) // of a leaf that wrongly has a child
	c.text = c.text[:0]
	n, attrs := c.scanner.Name(), c.scanner.Attrs()
	decls := c.scanner.Decls()
	slot := c.checker.Start(n, attrs, len(decls) > 0)
	e := elem{
		fragment: int32(fragment),
		offset:   int32(c.scanner.Offset()),
		parent:   int32(c.open[len(c.open)-1]),
		slot:     slot,
		tag:      int32(len(c.doc)),
		name:     int32(nameLen(n)),
	}
	if n.Space != c.checker.space {
		e.foreign = c.scanner.URI(n.Space)
		if e.foreign == "" {
			e.foreign = "none"
		}
	}
	c.tag(n, decls)
	nd := c.node(slot)
	for i := range attrs {
		a := &attrs[i]
		value := a.Value
		if nd != nil {
			if d := nd.attribute(a.Name); d != nil {
				value = d.typ.value(value, &c.buf)
				if d.typ.prim == id {
					c.buf = append(append(c.buf[:0:0], value...), '.')
					c.buf = strconv.AppendInt(c.buf, int64(len(c.elems)), 10)
					value = c.buf
				}
			}
		}
		c.attr(a.Name, value)
	}
	c.doc = append(c.doc, '>')
	e.start = int32(len(c.doc))
	c.open = append(c.open, len(c.elems))
	c.elems = append(c.elems, e)
}

func (c *canonical) end() {
	e := &c.elems[c.open[len(c.open)-1]]
	if nd := c.node(e.slot); nd != nil && nd.simple != nil {
		v := c.text
		if int(e.start) == len(c.doc) { // no child has been written
			v = nd.simple.value(v, &c.buf)
		}
		c.doc = appendText(c.doc, v)
		c.text = c.text[:0]
	}
	c.checker.End(nil)
	e.end = int32(len(c.doc))
	c.doc = append(c.doc, "</"...)
	c.doc = append(c.doc, c.doc[e.tag+1:e.tag+1+e.name]...)
	c.doc = append(c.doc, '>')
	c.open = c.open[:len(c.open)-1]
}

// localName returns the local name of an element of the document.
func (c *canonical) localName(e *elem) string {
	name := c.doc[e.tag+1 : e.tag+1+e.name]
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	return string(name)
}

// value returns the text of an element without children.
func (c *canonical) value(e *elem) []byte { return unescape(c.doc[e.start:e.end]) }

// attrs calls f for each attribute of an element, with its name as written and its value, until f returns false. The
// namespace declarations are left out.
func (c *canonical) attrs(e *elem, f func(name string, value []byte) bool) {
	tag := c.doc[e.tag+1+e.name : e.start]
	for {
		name, rest, ok := bytes.Cut(tag, []byte(`="`))
		if !ok {
			return
		}
		value, after, _ := bytes.Cut(rest, []byte{'"'})
		tag = after
		n := string(bytes.TrimSpace(name))
		if n != "xmlns" && !strings.HasPrefix(n, "xmlns:") && !f(n, unescape(value)) {
			return
		}
	}
}

// attrValue returns the value of an attribute as it was, but for white space, and whether the element has it.
func (c *canonical) attrValue(e *elem, index int, local string) (value []byte, ok bool) {
	c.attrs(e, func(name string, v []byte) bool {
		if name[strings.IndexByte(name, ':')+1:] != local {
			return true
		}
		if nd := c.node(e.slot); nd != nil && name == local {
			if d := nd.attribute(scan.Name{Local: []byte(name)}); d != nil && d.typ.prim == id {
				v = bytes.TrimSuffix(v, []byte("."+strconv.Itoa(index)))
			}
		}
		value, ok = v, true
		return false
	})
	return value, ok
}

// undeclared returns the name, as written, of an attribute that the element must not have.
func (c *canonical) undeclared(e *elem, local string) string {
	found := local
	c.attrs(e, func(name string, _ []byte) bool {
		if name[strings.IndexByte(name, ':')+1:] != local {
			return true
		}
		if nd := c.node(e.slot); nd != nil && name == local && nd.attribute(scan.Name{Local: []byte(name)}) != nil {
			return true
		}
		found = name
		return false
	})
	return found
}

// appendText appends character data.
func appendText(dst, s []byte) []byte {
	last := 0
	for i := 0; i < len(s); i++ {
		var ref string
		switch s[i] {
		case '<':
			ref = "&lt;"
		case '>':
			ref = "&gt;"
		case '&':
			ref = "&amp;"
		case '\r':
			ref = "&#13;"
		default:
			continue
		}
		dst = append(append(dst, s[last:i]...), ref...)
		last = i + 1
	}
	return append(dst, s[last:]...)
}

// appendAttr appends an attribute's value, to stand between double quotes.
func appendAttr(dst, s []byte) []byte {
	last := 0
	for i := 0; i < len(s); i++ {
		var ref string
		switch s[i] {
		case '<':
			ref = "&lt;"
		case '&':
			ref = "&amp;"
		case '"':
			ref = "&#34;"
		case '\t':
			ref = "&#9;"
		case '\n':
			ref = "&#10;"
		case '\r':
			ref = "&#13;"
		default:
			continue
		}
		dst = append(append(dst, s[last:i]...), ref...)
		last = i + 1
	}
	return append(dst, s[last:]...)
}

var references = [...]struct{ ref, char string }{
	{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}, {"&#34;", `"`}, {"&#9;", "\t"}, {"&#10;", "\n"}, {"&#13;", "\r"},
}

// unescape reverses appendText and appendAttr.
func unescape(s []byte) []byte {
	if bytes.IndexByte(s, '&') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
next:
	for len(s) > 0 {
		if s[0] == '&' {
			for _, r := range references {
				if bytes.HasPrefix(s, []byte(r.ref)) {
					out = append(out, r.char...)
					s = s[len(r.ref):]
					continue next
				}
			}
		}
		out = append(out, s[0])
		s = s[1:]
	}
	return out
}
