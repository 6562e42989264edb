package roster

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"cohortx/interchange"
	"cohortx/xsd"
	"cohortx/xsd/scan"
)

// Options are the choices of [Sniff]; the zero value is good.
type Options struct {
	AsRelease *interchange.Release // for Ed-Fi namespaces that no release of the table has
	Schemas   string               // folder of official XSDs whose types are used instead of the embedded ones
	Scan      scan.Options
}

// File is an input of which it is known what it holds.
type File struct {
	Content Content
	Release *interchange.Release // nil for CSV and JSON lines
	// Splitter stands behind the root's start tag; nil for CSV and JSON lines. [File.Rows] consumes it.
	Splitter *scan.Splitter
	// Stream is the whole input of JSON lines, nil otherwise.
	Stream io.Reader

	opt Options
	csv *csvFile
}

// Sniff finds out what a stream of UTF-8 without a byte-order mark holds: XML by its root element, CSV by its header. It
// reads a part of r, and the File the rest. An input that tells nothing known gives an error that lists what is; errors
// about the content are *scan.Error.
func Sniff(ctx context.Context, r io.Reader, opt Options) (*File, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	first, err := firstByte(b)
	switch {
	case err == io.EOF:
		return nil, &scan.Error{At: scan.Pos{Line: 1, Column: 1}, Code: HeaderUnknown, Found: "nothing but white space", Expected: "an interchange document or CSV with a header"}
	case err != nil:
		return nil, err
	}
	f := &File{opt: opt}
	switch first {
	case '<':
		if f.Splitter, err = scan.Split(ctx, b, opt.Scan); err != nil {
			return nil, err
		}
		f.Content, f.Release, err = Detect(f.Splitter.Scope(), opt.AsRelease)
	case '{':
		f.Content, f.Stream = JSONLines, b
	case '[':
		return nil, &scan.Error{At: scan.Pos{Line: 1, Column: 1}, Code: scan.NotWellFormed, Found: "a JSON array", Expected: "one JSON object a line, without brackets around them"}
	default:
		if f.csv, err = openCSV(ctx, b); err == nil {
			f.Content = f.csv.content
		}
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// firstByte looks at the first byte that is no white space, and leaves it all in b.
func firstByte(b *bufio.Reader) (byte, error) {
	for n := 1; ; n++ {
		head, err := b.Peek(n)
		if len(head) < n {
			if err == bufio.ErrBufferFull {
				return ' ', nil
			}
			return 0, err
		}
		if c := head[n-1]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c, nil
		}
	}
}

// Reader reads the rows of a file of prerequisites. It is for one goroutine.
type Reader struct {
	next func() (*Row, error)
}

// Rows gives the reader of a file of prerequisites.
func (f *File) Rows() (*Reader, error) {
	if f.csv != nil {
		return &Reader{next: f.csv.next}, nil
	}
	if !f.Content.Prerequisite() {
		return nil, fmt.Errorf("a file of %s is not a prerequisite", f.Content)
	}
	schema, err := interchange.LoadSchema(f.Release, f.opt.Schemas)
	if err != nil {
		return nil, err
	}
	all, err := plans(f.Content, f.Release, schema)
	if err != nil {
		return nil, err
	}
	x := &xmlRows{release: f.Release, splitter: f.Splitter, plans: all, space: f.Splitter.Scope().Name.Space, targets: map[string]*target{}}
	return &Reader{next: x.next}, nil
}

// Next gives the next row; it is valid until the call after. At the end the error is io.EOF. When the document breaks,
// the rows before the place come first and then a *scan.Error.
func (r *Reader) Next() (*Row, error) { return r.next() }

// leaf is a kept value, or the start of a group.
type leaf struct {
	node       *node
	start, end int // of the value in xmlRows.values
	offset     int // of the start tag in the block; -1 in a row that waited
}

// use is a reference by ref. def is an element that can be referred to.
type use struct {
	node   *node
	id     string
	offset int
}

type def struct {
	node      *node // nil for the entity
	id        string
	leaf, use int // the first of its own
}

// xmlRows reads the entities of an XML document.
type xmlRows struct {
	release  *interchange.Release
	splitter *scan.Splitter
	space    scan.Space
	plans    []*plan
	block    *scan.Block
	scanner  scan.Scanner
	ended    bool
	mark     int // where the last entity of the block began, and
	markAt   scan.Pos

	// the entity being read
	leaves  []leaf
	values  []byte
	uses    []use
	defs    []def
	stack   []*node
	scratch []byte
	faults  []Fault

	row     Row
	builder builder

	targets map[string]*target
	waiting []*waiting
}

func (x *xmlRows) next() (*Row, error) {
	for !x.ended {
		if x.block == nil {
			b, err := x.splitter.Next()
			if err == io.EOF {
				x.ended = true
				break
			}
			if err != nil {
				return nil, err
			}
			x.block = b
			x.scanner.Reset(b)
			x.mark, x.markAt = 0, b.At
		}
		row, err := x.entity()
		if err != nil {
			return nil, err
		}
		if row != nil {
			return row, nil
		}
		x.block.Release()
		x.block = nil
	}
	return x.waited()
}

// entity reads to the end of the next row of the block, nil if there is none.
func (x *xmlRows) entity() (*Row, error) {
	s := &x.scanner
	var (
		p     *plan
		at    int
		start int // of the current leaf's value
		skip  int // open elements that are not kept
	)
	for {
		kind, err := s.Next()
		if err != nil {
			return nil, err
		}
		switch kind {
		case scan.EndOfBlock:
			return nil, nil
		case scan.StartElement:
			name := s.Name()
			if skip > 0 {
				skip++
				continue
			}
			if p == nil {
				if p = x.plan(name); p == nil {
					skip = 1
					continue
				}
				at = s.Offset()
				x.reset(p)
				x.attributes(nil, s)
				x.stack = append(x.stack, p.tree)
				continue
			}
			parent := x.stack[len(x.stack)-1]
			var n *node
			if name.Space == x.space {
				n = parent.child(name.Local)
			}
			if n == nil {
				if parent.leaf {
					x.fault(s.Offset(), xsd.ElementUnknown, parent.path, "element "+shortened(string(name.Local)), "a value")
				}
				skip = 1
				continue
			}
			x.stack = append(x.stack, n)
			if n.ref {
				x.attributes(n, s)
			}
			start = len(x.values)
			if n.leaf || n.field != noField {
				x.leaves = append(x.leaves, leaf{n, start, start, s.Offset()})
			}
		case scan.Text, scan.CData:
			if skip == 0 && len(x.stack) > 0 && x.stack[len(x.stack)-1].leaf {
				x.values = append(x.values, s.Text()...)
			}
		case scan.EndElement:
			if skip > 0 {
				skip--
				continue
			}
			if p == nil {
				continue
			}
			n := x.stack[len(x.stack)-1]
			x.stack = x.stack[:len(x.stack)-1]
			if n.leaf {
				x.value(p, &x.leaves[len(x.leaves)-1], x.values[start:])
			}
			if n.ref {
				x.endReference(n)
			}
			if len(x.stack) == 0 {
				if row := x.finish(p, at, s.EndOffset()); row != nil {
					return row, nil
				}
				p = nil
			}
		}
	}
}

func (x *xmlRows) plan(n scan.Name) *plan {
	if n.Space == x.space {
		for _, p := range x.plans {
			if p.element == string(n.Local) {
				return p
			}
		}
	}
	return nil
}

func (x *xmlRows) reset(p *plan) {
	x.leaves, x.values, x.uses, x.defs, x.stack, x.faults = x.leaves[:0], x.values[:0], x.uses[:0], x.defs[:0], x.stack[:0], x.faults[:0]
	x.row = Row{Kind: p.kind, Element: p.element}
}

// attributes notes the id and the ref of the element whose start tag was read; n is nil for the entity.
func (x *xmlRows) attributes(n *node, s *scan.Scanner) {
	for _, a := range s.Attrs() {
		if a.Name.Space != scan.NoSpace {
			continue
		}
		switch string(a.Name.Local) {
		case "id":
			x.defs = append(x.defs, def{n, string(bytes.TrimSpace(a.Value)), len(x.leaves), len(x.uses)})
		case "ref":
			if n != nil {
				x.uses = append(x.uses, use{n, string(bytes.TrimSpace(a.Value)), s.Offset()})
			}
		}
	}
}

// endReference makes a reference element with an id known, now that its content has been read.
func (x *xmlRows) endReference(n *node) {
	for i := len(x.defs) - 1; i >= 0 && x.defs[i].node != nil; i-- {
		if x.defs[i].node == n {
			x.define(n.name, x.defs[i], n.path+"/")
			x.defs = slices.Delete(x.defs, i, i+1)
			return
		}
	}
}

// value checks the value of the leaf just ended and puts it in place.
func (x *xmlRows) value(p *plan, l *leaf, text []byte) {
	v, fault := l.node.schema.Value(l.node.slot, text, &x.scratch)
	if fault != nil {
		x.fault(l.offset, fault.Code, l.node.path, found(p.kind, l.node.field, v), fault.Expected)
	}
	x.values = append(x.values[:l.start], v...)
	l.end = len(x.values)
}

// place is the place of an offset in the block. It counts lines from the last entity on: from the block's start, the time
// would grow with the square of the block's size.
func (x *xmlRows) place(offset int) scan.Pos {
	if offset < x.mark {
		return x.block.PosAt(offset)
	}
	rest := scan.Block{Bytes: x.block.Bytes[x.mark:], At: x.markAt}
	return rest.PosAt(offset - x.mark)
}

// found words a value for a message. Of people only the key may be shown.
func found(k Kind, f field, v []byte) string {
	if (k == StudentKind || k == StaffKind) && f != uniqueID {
		return fmt.Sprintf("a value of %d characters", utf8.RuneCount(v))
	}
	return fmt.Sprintf("%q", shortened(string(v)))
}

func (x *xmlRows) fault(offset int, code xsd.Code, path, found, expected string) {
	x.faults = append(x.faults, Fault{At: x.place(offset), Code: string(code), Path: x.row.Element + "/" + path, Found: found, Expected: expected})
}

// finish makes the row of the entity that has ended, or nil when it must wait for a ref.
func (x *xmlRows) finish(p *plan, from, to int) *Row {
	x.row.At = x.place(from)
	x.mark, x.markAt = from, x.row.At
	x.row.End = x.block.At.Offset + int64(to)
	x.row.Raw = x.block.Bytes[from:to]
	if p.kind != StudentKind && p.kind != StaffKind {
		for _, d := range x.defs {
			x.define(p.element, d, "")
		}
	}
	if !x.resolve(p) {
		x.wait(p)
		return nil
	}
	return x.build(p)
}

// build makes the typed row of the leaves and the faults gathered.
func (x *xmlRows) build(p *plan) *Row {
	b := &x.builder
	b.reset(p.kind)
	for _, l := range x.leaves {
		if fault := b.set(l.node, x.values[l.start:l.end]); fault != nil {
			fault.Path = p.element + "/" + fault.Path
			fault.At = x.row.At
			if l.offset >= 0 {
				fault.At = x.place(l.offset)
			}
			x.faults = append(x.faults, *fault)
		}
	}
	b.finish(&x.row, x.faults)
	return &x.row
}
