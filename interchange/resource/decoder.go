package resource

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"cohortx/interchange"
	"cohortx/xsd"
	"cohortx/xsd/scan"
)

// Decoder turns blocks of lines into entities, whose nodes are those that interchange.Decoder makes of XML. It is for one goroutine.
type Decoder struct {
	types   []memberTypes
	json    *jsontext.Decoder
	in      bytes.Buffer
	nodes   []interchange.Node
	arena   []byte // values that are not as they stand in the block
	scratch []byte

	// the line being read
	block      *scan.Block
	from       int // of the object in the block
	base       int // of its nodes
	subject    int // index of the node of academicSubjectDescriptor, 0: there is none
	violations []interchange.Violation
}

// NewDecoder returns a decoder.
func (t *Types) NewDecoder() *Decoder {
	return &Decoder{types: t.bySlot, json: jsontext.NewDecoder(strings.NewReader(""))}
}

// Path is where the value of a node stands in the object, such as "sections[].beginDate"; "" for the object itself.
func Path(n *interchange.Node) string { return all[n.Slot].path }

// ReleaseOf returns a release that writes the values of a Cohort in the form in which they stand in it.
func ReleaseOf(e *interchange.Entity) *interchange.Release {
	name := "5.2"
	if e.Nodes[0].Slot == oldCohort {
		name = "2.0"
	}
	r, _ := interchange.ReleaseNamed(name)
	return r
}

// Decode appends the entities of a block to dst. They alias the block and the decoder, until the next call. Violations of an entity stand in
// it, in the order of the line. What is no JSON gives a *scan.Error; the entities before it are returned with it.
func (d *Decoder) Decode(b *scan.Block, dst []interchange.Entity) ([]interchange.Entity, error) {
	d.block, d.nodes, d.arena = b, d.nodes[:0], d.arena[:0]
	first := len(dst)
	at := b.At
	var ends []int
	for from := 0; from < len(b.Bytes); {
		end := len(b.Bytes)
		next := end
		if i := bytes.IndexByte(b.Bytes[from:], '\n'); i >= 0 {
			end, next = from+i, from+i+1
		}
		line := b.Bytes[from:end]
		if start := from + len(line) - len(bytes.TrimLeft(line, " \t\r")); start < end {
			e := interchange.Entity{Proven: true, SectionsDated: true, At: scan.Pos{Offset: b.At.Offset + int64(start), Line: at.Line, Column: 1 + start - from}}
			if err := d.line(&e, start, end); err != nil {
				return d.share(dst, first, ends), err
			}
			dst, ends = append(dst, e), append(ends, len(d.nodes))
		}
		at.Line++
		from = next
	}
	return d.share(dst, first, ends), nil
}

// share gives the entities their nodes, now that those stay where they are.
func (d *Decoder) share(dst []interchange.Entity, first int, ends []int) []interchange.Entity {
	from := 0
	for i, end := range ends {
		dst[first+i].Nodes = d.nodes[from:end:end]
		from = end
	}
	return dst
}

// line reads the object that starts at start.
func (d *Decoder) line(e *interchange.Entity, start, end int) error {
	d.in = *bytes.NewBuffer(d.block.Bytes[start:end])
	d.json.Reset(&d.in, duplicates)
	d.from, d.base, d.subject, d.violations = start, len(d.nodes), 0, nil
	if k := d.json.PeekKind(); k != '{' && k != jsontext.KindInvalid {
		return &scan.Error{At: e.At, Code: scan.NotWellFormed, Found: kindName(k), Expected: "one JSON object a line"}
	}
	d.nodes = append(d.nodes, interchange.Node{Field: interchange.FieldEntity})
	given, err := d.object(root)
	if err == nil {
		e.Raw = d.block.Bytes[start : start+int(d.json.InputOffset())]
		if _, more := d.json.ReadToken(); more == nil {
			err = &scan.Error{At: d.place(int(d.json.InputOffset()) - 1), Code: scan.NotWellFormed, Found: "more behind the object", Expected: "one JSON object a line"}
		} else if more != io.EOF {
			err = more
		}
	}
	if err != nil {
		return d.broken(err, end-start)
	}
	d.nodes[d.base].Next = int32(len(d.nodes) - d.base)
	e.Kind = d.kind(given)
	if e.Kind == interchange.CohortKind {
		d.form()
	}
	slices.SortStableFunc(d.violations, func(a, b interchange.Violation) int { return int(a.At.Offset - b.At.Offset) })
	e.Violations = d.violations
	return nil
}

// duplicates are ours to report, with a place.
var duplicates = jsontext.AllowDuplicateNames(true)

func kindName(k jsontext.Kind) string {
	switch k {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case '0':
		return "a number"
	}
	return k.String() // null, true, false
}

// place is where a byte of the line's object stands.
func (d *Decoder) place(offset int) scan.Pos { return d.block.PosAt(d.from + offset) }

// next is the offset of the next token.
func (d *Decoder) next() int {
	d.json.PeekKind()
	rest := d.json.UnreadBuffer()
	at := int(d.json.InputOffset())
	return at + len(rest) - len(bytes.TrimLeft(rest, ",: \t\r"))
}

// broken says where and why a line is no JSON.
func (d *Decoder) broken(err error, size int) error {
	var own *scan.Error
	if errors.As(err, &own) {
		return err
	}
	text := d.block.Bytes[d.from : d.from+size]
	out := &scan.Error{Code: scan.NotWellFormed, Expected: "one JSON object a line"}
	offset := len(text)
	var x *jsontext.SyntacticError
	if errors.As(err, &x) {
		offset = min(int(x.ByteOffset), len(text))
		if x.Err != nil {
			out.Found, _, _ = strings.Cut(x.Err.Error(), " `") // what would follow is a part of a value
		}
	}
	if offset == len(text) || errors.Is(err, io.ErrUnexpectedEOF) {
		offset = len(text)
		out.Found, out.Expected = "the end of the line within the object", "the rest of it in the same line"
	} else if c := text[offset]; c == 0 {
		out.Code, out.Found, out.Expected = scan.NULByte, "a NUL byte", "text"
	} else if c < ' ' {
		out.Code, out.Found, out.Expected = scan.InvalidCharacter, fmt.Sprintf("the control character U+%04X", c), "an escape such as \\n"
	}
	if !utf8.Valid(text) {
		for offset = 0; offset < len(text); {
			r, n := utf8.DecodeRune(text[offset:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			offset += n
		}
		out.Code, out.Found, out.Expected = scan.InvalidEncoding, fmt.Sprintf("the byte %02X", text[offset]), "UTF-8"
	}
	out.At = d.place(offset)
	return out
}

// kind tells from an object's members what it is; of several kinds, of the one that it has the reference of.
func (d *Decoder) kind(given uint64) interchange.Kind {
	is := func(name string) bool {
		i, _ := root.member([]byte(name))
		return given&(1<<i) != 0
	}
	kind, own := interchange.StudentCohortAssociationKind, ofStudent
	switch {
	case is("studentReference"):
	case is("staffReference"), !is("sections") && is("studentRecordAccess"):
		kind, own = interchange.StaffCohortAssociationKind, ofStaff
	case is("cohortReference"):
	case is("cohortIdentifier"), is("educationOrganizationReference"), is("cohortTypeDescriptor"):
		kind, own = interchange.CohortKind, ofCohort
	}
	for i := range d.violations {
		if v := &d.violations[i]; v.Path == "" {
			v.Path, v.Expected = kind.String(), "one of: "+root.names(own) // about the object itself
		}
	}
	for i, m := range root.members {
		switch has := given&(1<<i) != 0; {
		case has && m.kinds != 0 && m.kinds&own == 0:
			d.violation(d.memberAt(m.name), xsd.ElementUnknown, kind.String(), fmt.Sprintf("member %q", m.name), "one of: "+root.names(own))
		case !has && m.required && m.kinds&own != 0:
			d.violation(0, xsd.ElementMissing, kind.String(), "the end of the object", m.name)
		}
	}
	return kind
}

// memberAt is the offset of a member of the line's object. It reads the line again: for errors.
func (d *Decoder) memberAt(name string) int {
	again := jsontext.NewDecoder(bytes.NewReader(d.block.Bytes[d.from:]), duplicates)
	again.ReadToken()
	for again.PeekKind() == '"' {
		raw, err := again.ReadValue()
		if err != nil {
			break
		}
		at := int(again.InputOffset()) - len(raw)
		if text, err := jsontext.AppendUnquote(nil, raw); err == nil && string(text) == name {
			return at
		}
		if again.SkipValue() != nil {
			break
		}
	}
	return 0
}

func (d *Decoder) violation(offset int, code xsd.Code, path, found, expected string) {
	d.violations = append(d.violations, interchange.Violation{At: d.place(offset), Code: interchange.Code(code), Path: path, Found: found, Expected: expected})
}

// object reads the members of an object. given has a bit for each that it has and that is not null.
func (d *Decoder) object(o *member) (given uint64, err error) {
	if _, err := d.json.ReadToken(); err != nil {
		return 0, err
	}
	start := int(d.json.InputOffset()) - 1
	var seen uint64
	for d.json.PeekKind() != '}' {
		raw, err := d.json.ReadValue()
		if err != nil {
			return 0, err
		}
		at := int(d.json.InputOffset()) - len(raw)
		name, err := d.unquote(raw, at)
		if err != nil {
			return 0, err
		}
		i, m := o.member(name)
		switch {
		case m == nil:
			d.violation(at, xsd.ElementUnknown, o.path, "member "+quoted(name), "one of: "+o.names(0))
			err = d.skip()
		case m.shape == ignored:
			err = d.skip()
		case seen&(1<<i) != 0:
			d.violation(at, xsd.ElementUnexpected, m.path, "member "+quoted(name)+" a second time", "each member once")
			err = d.skip()
		case d.json.PeekKind() == 'n':
			seen |= 1 << i
			err = d.skip()
		default:
			seen |= 1 << i
			given |= 1 << i
			err = d.value(m)
		}
		if err != nil {
			return 0, err
		}
	}
	if _, err := d.json.ReadToken(); err != nil {
		return 0, err
	}
	if o != root {
		d.complete(o, start, given)
	}
	return given, nil
}

// complete reports what an object lacks. The key of a section has members of one form or of the other.
func (d *Decoder) complete(o *member, start int, given uint64) {
	is := byIdentifier
	for i, m := range o.members {
		if given&(1<<i) != 0 && m.form != anyForm {
			is = m.form
			break
		}
	}
	for i, m := range o.members {
		has := given&(1<<i) != 0
		switch {
		case has && m.form != anyForm && m.form != is:
			d.violation(start, xsd.ElementUnexpected, m.path, fmt.Sprintf("member %q beside those of another key", m.name),
				"the key of releases 2.x or that of 3.1 and later, not both")
		case !has && m.required && (m.form == anyForm || m.form == is):
			d.violation(start, xsd.ElementMissing, o.path, "the end of the object", m.name)
		}
	}
}

// names lists the members of an object; of the root's those of a kind.
func (o *member) names(of kinds) string {
	var list []string
	for _, m := range o.members {
		if m.shape != ignored && m.kinds&of == of {
			list = append(list, m.name)
		}
	}
	return strings.Join(list, "; ")
}

func quoted(name []byte) string {
	const most = 60
	if r := []rune(string(name)); len(r) > most {
		return strconv.Quote(string(r[:most])) + "..."
	}
	return strconv.Quote(string(name))
}

// skip passes over a value.
func (d *Decoder) skip() error {
	if k := d.json.PeekKind(); k != '{' && k != '[' {
		return d.json.SkipValue()
	}
	const mostDepth = 64 // as in XML
	for depth := d.json.StackDepth(); ; {
		if _, err := d.json.ReadToken(); err != nil {
			return err
		}
		switch now := d.json.StackDepth(); {
		case now == depth:
			return nil
		case now > mostDepth:
			return &scan.Error{At: d.place(int(d.json.InputOffset()) - 1), Code: scan.TooDeep, Found: "objects and arrays nested more than 64 deep", Expected: "at most 64"}
		}
	}
}

// open begins a node, with the one that XML has around it.
func (d *Decoder) open(m *member, offset int) (node int) {
	if m.around != interchange.NoField {
		d.nodes = append(d.nodes, interchange.Node{Slot: m.slot, Field: m.around, Offset: int32(offset), Next: int32(len(d.nodes) - d.base + 2)})
	}
	d.nodes = append(d.nodes, interchange.Node{Slot: m.slot, Field: m.field, Offset: int32(offset)})
	return len(d.nodes) - 1
}

func (d *Decoder) close(node int) { d.nodes[node].Next = int32(len(d.nodes) - d.base) }

// value reads the value of a member.
func (d *Decoder) value(m *member) error {
	kind := d.json.PeekKind()
	switch {
	case m.shape == object && kind == '{':
		return d.node(m)
	case m.shape == array && kind == '[':
		return d.array(m)
	case m.shape == object, m.shape == array, kind == '{', kind == '[':
		at := d.next()
		if err := d.skip(); err != nil {
			return err
		}
		d.violation(at, xsd.ValueType, m.path, kindName(kind), wanted[m.shape])
		return nil
	}
	return d.leaf(m, kind)
}

// node reads an object as a node, or its members only.
func (d *Decoder) node(m *member) error {
	if m.field == interchange.NoField {
		_, err := d.object(m)
		return err
	}
	n := d.open(m, d.next())
	_, err := d.object(m)
	d.close(n)
	return err
}

func (d *Decoder) array(m *member) error {
	if _, err := d.json.ReadToken(); err != nil {
		return err
	}
	for d.json.PeekKind() != ']' {
		kind := d.json.PeekKind()
		if kind == '{' {
			if err := d.node(m); err != nil {
				return err
			}
			continue
		}
		at := d.next()
		if err := d.skip(); err != nil {
			return err
		}
		d.violation(at, xsd.ValueType, m.path, kindName(kind), wanted[object])
	}
	_, err := d.json.ReadToken()
	return err
}
