package xsd

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// mutation changes one thing in a document, mostly so that it becomes invalid. It reports whether it found what to change.
type mutation struct {
	name  string
	apply func(g *generator, t *tree, p place) bool
}

var strangers = []string{"Cohort", "BeginDate", "EndDate", "CohortIdentifier", "StudentReference", "Foo", "ref", "EducationOrganizationReference", "begindate"}

// mutations are the kinds of faults. Each is given a random element of the document.
var mutations = []mutation{
	{"reordered", func(g *generator, t *tree, p place) bool {
		e := p.elements()
		if len(e) < 2 {
			return false
		}
		i, j := e[g.IntN(len(e))], e[g.IntN(len(e))]
		p.kids[i], p.kids[j] = p.kids[j], p.kids[i]
		return i != j
	}},
	{"missing", func(g *generator, t *tree, p place) bool {
		e := p.elements()
		if len(e) == 0 {
			return false
		}
		i := e[g.IntN(len(e))]
		p.kids = append(p.kids[:i:i], p.kids[i+1:]...)
		return true
	}},
	{"repeated", func(g *generator, t *tree, p place) bool {
		e := p.elements()
		if len(e) == 0 {
			return false
		}
		i := e[g.IntN(len(e))]
		p.kids = slices.Insert(p.kids, i, p.kids[i].clone())
		return true
	}},
	{"unknown", func(g *generator, t *tree, p place) bool {
		p.kids = slices.Insert(p.kids, g.IntN(len(p.kids)+1), &item{name: strangers[g.IntN(len(strangers))], kids: []*item{newText("2025-09-14")}})
		return true
	}},
	{"renamed", func(g *generator, t *tree, p place) bool {
		p.name = []string{strings.ToLower(p.name), strings.ToUpper(p.name), p.name + "x", strangers[g.IntN(len(strangers))]}[g.IntN(4)]
		return true
	}},
	{"moved", func(g *generator, t *tree, p place) bool {
		all := g.places(t)
		other := all[g.IntN(len(all))].clone()
		p.kids = slices.Insert(p.kids, g.IntN(len(p.kids)+1), other)
		return true
	}},
	{"unwrapped", func(g *generator, t *tree, p place) bool {
		if p.parent == nil || len(p.kids) == 0 {
			return false
		}
		i := slices.Index(p.parent.kids, p.item)
		p.parent.kids = slices.Replace(p.parent.kids, i, i+1, p.kids...)
		return true
	}},
	{"emptied", func(g *generator, t *tree, p place) bool {
		p.kids = nil
		return true
	}},
	{"wrong namespace", func(g *generator, t *tree, p place) bool {
		p.space = []string{"none", "other", "shadow"}[g.IntN(3)]
		return true
	}},
	{"text", func(g *generator, t *tree, p place) bool {
		if p.decl == nil || p.decl.value != nil {
			return false
		}
		v := newText([]string{"x", " 1 ", "\u00a0", ".", "\u200b"}[g.IntN(5)])
		if g.IntN(3) == 0 {
			v.form = "<![CDATA[" + v.text + "]]>"
		}
		p.kids = slices.Insert(p.kids, g.IntN(len(p.kids)+1), v)
		return true
	}},
	{"white space in an empty element", func(g *generator, t *tree, p place) bool {
		p.kids = []*item{newText([]string{" ", "\n", "\t "}[g.IntN(3)])}
		return true
	}},
	{"element in a value", func(g *generator, t *tree, p place) bool {
		if p.decl == nil || p.decl.value == nil {
			return false
		}
		p.kids = slices.Insert(p.kids, g.IntN(len(p.kids)+1), &item{name: strangers[g.IntN(len(strangers))]})
		return true
	}},
	{"too long", func(g *generator, t *tree, p place) bool {
		return setValue(p, func(v *simpleType) (string, bool) {
			if v.maxLen < 0 || v.enum != nil {
				return "", false
			}
			letter := []string{"y", "é", "字", "𝄞", " ", "\n"}[g.IntN(6)]
			return strings.Repeat(letter, v.maxLen+g.IntN(3)), true // of those, maxLen itself is right
		})
	}},
	{"too short", func(g *generator, t *tree, p place) bool {
		return setValue(p, func(v *simpleType) (string, bool) {
			if v.minLen == 0 || v.enum != nil {
				return "", false
			}
			return strings.Repeat([]string{"y", "é", "𝄞"}[g.IntN(3)], v.minLen-1), true
		})
	}},
	{"out of range", func(g *generator, t *tree, p place) bool {
		return setValue(p, func(v *simpleType) (string, bool) {
			if v.prim != integer {
				return "", false
			}
			far := []string{"99999999999999999999", "-99999999999999999999", "4294967296", "-2147483649", "2147483648"}
			return append(far, fmt.Sprint(v.lo-1), fmt.Sprint(v.hi+1))[g.IntN(7)], true // at the end of 64 bits the last two turn around
		})
	}},
	{"no member of the enumeration", func(g *generator, t *tree, p place) bool {
		return setValue(p, func(v *simpleType) (string, bool) {
			if v.enum == nil {
				return "", false
			}
			one := v.enum[g.IntN(len(v.enum))]
			return []string{strings.ToLower(one), one + "x", " " + one + "\n", strings.ReplaceAll(one, " ", "  "), strings.ReplaceAll(one, " ", ""), "", one[:len(one)-1], one + "\u00a0"}[g.IntN(8)], true
		})
	}},
	{"odd value", func(g *generator, t *tree, p place) bool {
		return setValue(p, func(v *simpleType) (string, bool) { return oddValues[g.IntN(len(oddValues))], true })
	}},
	{"odd value of a date, number or truth", func(g *generator, t *tree, p place) bool {
		return setValue(p, func(v *simpleType) (string, bool) { return oddValues[g.IntN(len(oddValues))], v.prim != text })
	}},
	{"attribute", func(g *generator, t *tree, p place) bool {
		names := []string{"x", "key", "o:id", "ID", "Ref", "xml:lang", "xml:space", "xsi:foo", "xsi:nil", "xsi:type", "xsi:schemaLocation", "xsi:noNamespaceSchemaLocation", "xml:base"}
		values := []string{"true", "false", "1", "", "xs:short", "xs:int", "Cohort", "StudentReferenceType", "default", "en", "en us", "urn:a b.xsd", "preserve"}
		return setAttr(p, names[g.IntN(len(names))], values[g.IntN(len(values))])
	}},
	{"id or ref", func(g *generator, t *tree, p place) bool {
		return setAttr(p, []string{"id", "ref"}[g.IntN(2)], oddNames[g.IntN(len(oddNames))])
	}},
	{"id twice", func(g *generator, t *tree, p place) bool {
		if p.decl == nil || !p.decl.id {
			return false
		}
		ids := 0
		for _, q := range g.places(t) {
			if q.decl != nil && q.decl.id && (q.item == p.item || ids < 1) {
				setAttr(q, "id", "Same")
				ids++
			}
		}
		return true
	}},
	{"xsi:nil", func(g *generator, t *tree, p place) bool {
		if g.IntN(2) == 0 {
			p.kids = nil
		}
		return setAttr(p, "xsi:nil", []string{"true", "false", "1", "maybe"}[g.IntN(4)])
	}},
	{"root attribute", func(g *generator, t *tree, p place) bool {
		a := [][2]string{{"id", "R"}, {"version", "1"}, {"xsi:nil", "false"}, {"xsi:nil", "true"}, {"xsi:type", "Cohort"}, {"xml:lang", "en"}, {"xsi:schemaLocation", "odd"}, {"xsi:noNamespaceSchemaLocation", "a b"}}[g.IntN(8)]
		for _, b := range t.attrs {
			if a[0] == b[0] {
				return false
			}
		}
		t.attrs = append(t.attrs, a)
		return true
	}},
	{"root text", func(g *generator, t *tree, p place) bool {
		t.kids = slices.Insert(t.kids, g.IntN(len(t.kids)+1), newText([]string{"x", "\u00a0"}[g.IntN(2)]))
		return true
	}},
	{"root empty", func(g *generator, t *tree, p place) bool {
		t.kids = []*item{{kind: markupItem, text: "<!-- nothing -->"}}
		return true
	}},
	{"root unknown child", func(g *generator, t *tree, p place) bool {
		t.kids = slices.Insert(t.kids, g.IntN(len(t.kids)+1), &item{name: strangers[1+g.IntN(len(strangers)-1)], kids: []*item{newText("2025-09-14")}})
		return true
	}},
	{"other root", func(g *generator, t *tree, p place) bool {
		if g.IntN(2) == 0 {
			t.name = []string{"InterchangeStudentCohorts", "interchangeStudentCohort", "Cohort"}[g.IntN(3)]
			return true
		}
		space := []string{"", t.space + "/", strings.Replace(t.space, "http:", "https:", 1), "http://ed-fi.org/0100", "urn:other"}[g.IntN(5)]
		if space == "" {
			t.prefix = ""
		}
		t.space = space
		return true
	}},
}

// setValue gives a leaf another value.
func setValue(p place, value func(*simpleType) (string, bool)) bool {
	if p.decl == nil || p.decl.value == nil {
		return false
	}
	v, ok := value(p.decl.value)
	if ok {
		p.kids = []*item{newText(v)}
	}
	return ok
}

// setAttr gives an element an attribute, in the place of another of that name.
func setAttr(p place, name, value string) bool {
	for i := range p.attrs {
		if p.attrs[i][0] == name {
			p.attrs[i][1] = value
			return true
		}
	}
	p.attrs = append(p.attrs, [2]string{name, value})
	return true
}

// mutate breaks a tree in one way and returns its name.
func (g *generator) mutate(t *tree) string {
	all := g.places(t)
	if len(all) == 0 {
		return ""
	}
	for {
		m := mutations[g.IntN(len(mutations))]
		for _, i := range g.Perm(len(all)) {
			if m.apply(g, t, all[i]) {
				return m.name
			}
		}
	}
}

// damage makes a document ill-formed; few of them are well-formed still, such as those with it in a comment.
func (g *generator) damage(doc []byte) []byte {
	at := g.IntN(len(doc))
	cut := func(from, to int, in string) []byte {
		return append(append(append([]byte(nil), doc[:from]...), in...), doc[to:]...)
	}
	tag := bytes.IndexByte(doc[at:], '<')
	if tag < 0 {
		tag = 0
	} else {
		tag += at
	}
	switch g.IntN(8) {
	case 0: // cut off
		return doc[:at]
	case 1:
		return cut(tag, tag+1, "")
	case 2:
		return cut(tag, tag, "&nbsp;")
	case 3:
		return cut(tag, tag+1, "<<")
	case 4:
		return cut(tag, tag, string(rune(1+g.IntN(8))))
	case 5:
		return cut(tag, tag+1, "<undeclared:")
	case 6:
		return append(doc[:len(doc):len(doc)], "<more/>"...)
	}
	return cut(tag, tag, "\xc3\x28")
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
	"uri://ed-fi.org/CohortTypeDescriptor#Study Hall", "a\r\nb", "]]>", "<", "&amp;", "\u00a0" + "5", "5\u2003", "0x10", "1 000", "255,901", "2025-02-30", "2025-06-31", "99999-01-01", "02025-01-01", "25-09-14",
}

var oddNames = []string{"A", "_a", "1a", "", " A ", "a b", "a:b", "é", "ａ", "a.b-c", "-a", ".a", "字", "aḀ", "a\u0300", "\u0300a", "a·", "X_1", "𐀀", "ǅ", "a\u06dd", "Same", "\tSame\n"}
