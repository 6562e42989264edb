package xsd

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator writes documents from a schema's tables, valid ones and, after mutation, mostly invalid ones.
type generator struct {
	*rand.Rand
	schema *Schema
	style  style
	ids    int
}

// style is how a document is written; none of it matters to validity.
type style struct {
	prefix  string // of the target namespace, "" for the default namespace
	newline string
	odd     bool // comments, CDATA, references, padding, processing instructions
}

// item is an element, or text within an element.
type item struct {
	name  string // "" for text
	slot  Slot
	attrs [][2]string
	kids  []*item
	text  string
}

// all returns the elements of a tree.
func (it *item) all(dst []*item) []*item {
	if it.name == "" {
		return dst
	}
	dst = append(dst, it)
	for _, k := range it.kids {
		dst = k.all(dst)
	}
	return dst
}

func (it *item) clone() *item {
	c := *it
	c.kids = nil
	for _, k := range it.kids {
		c.kids = append(c.kids, k.clone())
	}
	return &c
}

// element makes a valid element of a slot. Optional children are the rarer the deeper they stand.
func (g *generator) element(slot Slot, depth int) *item {
	nd := &g.schema.nodes[slot]
	it := &item{name: nd.name, slot: slot}
	for _, a := range nd.attrs {
		if g.IntN(8) == 0 {
			g.ids++
			it.attrs = append(it.attrs, [2]string{a.name, fmt.Sprintf("X_%d", g.ids)})
		}
	}
	if nd.simple != nil {
		it.kids = []*item{{text: g.value(nd.simple)}}
		return it
	}
	for i := Slot(0); i < Slot(nd.children); i++ {
		k := &g.schema.nodes[nd.first+i]
		n := k.min
		if n == 0 && g.IntN(depth+2) < 2 {
			n = 1
		}
		if n > 0 && k.max == unbounded && g.IntN(3) == 0 {
			n += uint32(g.IntN(3))
		}
		for ; n > 0; n-- {
			it.kids = append(it.kids, g.element(nd.first+i, depth+1))
		}
	}
	return it
}

// value makes a valid value.
func (g *generator) value(t *simpleType) string {
	if t.enum != nil {
		return t.enum[g.IntN(len(t.enum))]
	}
	switch t.prim {
	case date:
		v := fmt.Sprintf("%04d-%02d-%02d", 1+g.IntN(9999), 1+g.IntN(12), 1+g.IntN(28))
		if g.IntN(6) == 0 {
			v = fmt.Sprintf("%04d-02-29", 4*(1+g.IntN(6))+2000)
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
		if t.maxLen >= 0 {
			n = min(n, t.maxLen)
			if g.IntN(5) == 0 {
				n = t.maxLen
			}
		}
		return g.chars(n)
	}
	return "X"
}

// chars makes n characters, not all of them ASCII.
func (g *generator) chars(n int) string {
	alphabet := []rune("abcXYZ019 -#:/.<>&'\"é字𝄞]")
	if g.IntN(2) == 0 {
		alphabet = []rune("abcXYZ019")
	}
	var b strings.Builder
	for ; n > 0; n-- {
		b.WriteRune(alphabet[g.IntN(len(alphabet))])
	}
	return b.String()
}

// oddValues are values that are wrong somewhere, and right elsewhere.
var oddValues = []string{
	"", " ", "x", "0", "-0", "+0", "1", "9", "-1", "2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807",
	"9223372036854775808", "-9223372036854775808", "000000000000000000000001", "0000000000000000000000001", "1.0", "1e3", "+", "-", "--1", "١", "999999999999999999",
	"0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "-0001-01-01", "2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29", "2025-04-31", "2025-13-01", "2025-00-10",
	"2025-01-00", "2025-1-1", "2025-09-14Z", "2025-09-14z", "2025-09-14+14:00", "2025-09-14+14:01", "2025-09-14-14:00", "2025-09-14+13:59", "2025-09-14+13:60", "2025-09-14-00:00",
	"2025-09-14+0600", "2025-09-14T00:00:00", "2025-09-14 ", " 2025-09-14", "\t2025-09-14\n", "2025- 09-14", "20250914", "2025/09/14", "２０２５-09-14",
	"true", "TRUE", " true ", "false", "yes", "District", " District", "District  ", "In-school  Suspension", "in-school suspension", "Study Hall", "Study\nHall", "2025-2026", "2025-2027",
	"ab", "a@b.co", strings.Repeat("y", 20), strings.Repeat("y", 21), strings.Repeat("字", 20), strings.Repeat("𝄞", 21), strings.Repeat(" ", 40), strings.Repeat("z", 300), strings.Repeat("w", 9000),
	"uri://ed-fi.org/CohortTypeDescriptor#Study Hall", "a\r\nb", "]]>", "<", "&amp;",
}

var oddNames = []string{"A", "_a", "1a", "", " A ", "a b", "a:b", "é", "ａ", "a.b-c", "-a", ".a", "字", "aḀ", "a\u0300", "\u0300a", "a·", "X_1", "𐀀", "ǅ", "a\u06dd"}

// mutate changes one thing in a tree.
func (g *generator) mutate(root *item) {
	all := root.all(nil)
	it := all[g.IntN(len(all))]
	names := []string{"Cohort", "BeginDate", "EndDate", "CohortIdentifier", "StudentReference", "Foo", "ref", "EducationOrganizationReference", "begindate"}
	switch g.IntN(13) {
	case 0: // drop a child
		if n := len(it.kids); n > 0 {
			i := g.IntN(n)
			it.kids = append(it.kids[:i:i], it.kids[i+1:]...)
		}
	case 1: // double a child
		if n := len(it.kids); n > 0 {
			i := g.IntN(n)
			it.kids = append(it.kids[:i+1:i+1], it.kids[i:]...)
		}
	case 2: // swap two
		if n := len(it.kids); n > 1 {
			i, j := g.IntN(n), g.IntN(n)
			it.kids[i], it.kids[j] = it.kids[j], it.kids[i]
		}
	case 3: // another name
		it.name = names[g.IntN(len(names))]
	case 4: // a stranger
		i := g.IntN(len(it.kids) + 1)
		k := &item{name: names[g.IntN(len(names))], kids: []*item{{text: "2025-09-14"}}}
		it.kids = append(it.kids[:i:i], append([]*item{k}, it.kids[i:]...)...)
	case 5: // text
		i := g.IntN(len(it.kids) + 1)
		k := &item{text: []string{" ", "\n", "x", " 1 ", "\u00a0"}[g.IntN(5)]}
		it.kids = append(it.kids[:i:i], append([]*item{k}, it.kids[i:]...)...)
	case 6: // an attribute
		names := []string{"id", "ref", "xsi:nil", "xsi:type", "xsi:schemaLocation", "xsi:foo", "xml:lang", "xml:id", "x", "key", "o:id"}
		name := names[g.IntN(len(names))]
		for _, a := range it.attrs {
			if a[0] == name {
				return
			}
		}
		values := append([]string{"true", "false", "xs:short", "xs:int", "Cohort", "StudentReferenceType"}, oddNames...)
		it.attrs = append(it.attrs, [2]string{name, values[g.IntN(len(values))]})
	case 7: // move a subtree elsewhere
		other := all[g.IntN(len(all))]
		i := g.IntN(len(it.kids) + 1)
		it.kids = append(it.kids[:i:i], append([]*item{other.clone()}, it.kids[i:]...)...)
	default: // another value
		var leaves []*item
		for _, x := range all {
			if g.schema.Info(x.slot).Leaf {
				leaves = append(leaves, x)
			}
		}
		if len(leaves) > 0 {
			leaves[g.IntN(len(leaves))].kids = []*item{{text: oddValues[g.IntN(len(oddValues))]}}
		}
	}
}

// document writes children as a document.
func (g *generator) document(children []*item) []byte {
	var b bytes.Buffer
	p := ""
	if g.style.prefix != "" {
		p = ":" + g.style.prefix
	}
	fmt.Fprintf(&b, `<%s xmlns%s="%s" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:o="urn:other">`,
		g.tag(g.schema.root), p, g.schema.namespace)
	for _, c := range children {
		g.write(&b, c, 1)
	}
	fmt.Fprintf(&b, "%s</%s>", g.style.newline, g.tag(g.schema.root))
	return b.Bytes()
}

func (g *generator) tag(name string) string {
	if g.style.prefix == "" {
		return name
	}
	return g.style.prefix + ":" + name
}

func (g *generator) write(b *bytes.Buffer, it *item, depth int) {
	if it.name == "" {
		g.writeText(b, it.text)
		return
	}
	leaf := len(it.kids) == 1 && it.kids[0].name == ""
	b.WriteString(g.style.newline)
	fmt.Fprintf(b, "<%s", g.tag(it.name))
	for _, a := range it.attrs {
		fmt.Fprintf(b, ` %s="%s"`, a[0], appendAttr(nil, []byte(a[1])))
	}
	if len(it.kids) == 0 && g.IntN(2) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteString(">")
	for _, k := range it.kids {
		if g.style.odd && !leaf {
			b.WriteString([]string{"", "", "<!-- c -->", "<?p i?>", "<![CDATA[ \n]]>", "\r\n\t"}[g.IntN(6)])
		}
		g.write(b, k, depth+1)
	}
	if !leaf && len(it.kids) > 0 {
		b.WriteString(g.style.newline)
	}
	fmt.Fprintf(b, "</%s>", g.tag(it.name))
}

// writeText writes a value in one of the many ways that XML has for it.
func (g *generator) writeText(b *bytes.Buffer, v string) {
	if !g.style.odd {
		b.Write(appendText(nil, []byte(v)))
		return
	}
	for i, r := range v {
		switch g.IntN(30) {
		case 0:
			fmt.Fprintf(b, "&#x%X;", r)
			continue
		case 1:
			if r != ']' && r != '>' && r != '\r' {
				fmt.Fprintf(b, "<![CDATA[%c]]>", r)
				continue
			}
		case 2:
			if i > 0 {
				b.WriteString("<!-- within -->")
			}
		}
		b.Write(appendText(nil, []byte(string(r))))
	}
}
