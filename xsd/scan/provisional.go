// Package scan tokenizes XML and cuts a stream of it into blocks that start and end between the children of the root.
package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

type Pos struct {
	Offset       int64
	Line, Column int
}
type Code string

const (
	NotWellFormed    Code = "not_well_formed"
	DoctypeRefused   Code = "doctype_refused"
	NULByte          Code = "nul_byte"
	XMLVersion       Code = "xml_version"
	InvalidCharacter Code = "invalid_character"
	InvalidEncoding  Code = "invalid_encoding"
	TooDeep          Code = "too_deep"
	EntityTooLarge   Code = "entity_too_large"
	NameTooLong      Code = "name_too_long"
)

type Error struct {
	At              Pos
	Code            Code
	Found, Expected string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%d:%d: %s: found %s, expected %s", e.At.Line, e.At.Column, e.Code, e.Found, e.Expected)
}

type Space uint16

const (
	NoSpace Space = iota
	XMLSpace
	XMLNSSpace
	XSISpace
)

type Name struct {
	Space         Space
	Prefix, Local []byte
}
type Attr struct {
	Name   Name
	Value  []byte
	Offset int
}
type Decl struct{ Prefix, URI []byte }
type Scope struct {
	Name  Name
	Attrs []Attr
	Decls []Decl
	Tag   []byte
	At    Pos
	uris  []string
}

func (s *Scope) URI(x Space) string { return s.uris[x] }
func (s *Scope) Lookup(uri string) (Space, bool) {
	for i, u := range s.uris {
		if u == uri {
			return Space(i), true
		}
	}
	return 0, false
}

type Block struct {
	Bytes     []byte
	At        Pos
	Seq       int
	Scope     *Scope
	Truncated bool
}

func (b *Block) Release() {}
func (b *Block) PosAt(off int) Pos {
	p := b.At
	p.Offset += int64(off)
	h := b.Bytes[:off]
	n := bytes.Count(h, []byte("\n"))
	if n > 0 {
		p.Line += n
		p.Column = 1 + utf8.RuneCount(h[bytes.LastIndexByte(h, '\n')+1:])
	} else {
		p.Column += utf8.RuneCount(h)
	}
	return p
}

type Options struct {
	BlockSize, MaxEntity, MaxDepth, MaxName int
	Cut                                     func(int) int
}
type Kind uint8

const (
	EndOfBlock Kind = iota
	StartElement
	EndElement
	Text
	CData
	Comment
	ProcInst
)

type binding struct {
	prefix string
	space  Space
	depth  int
}
type Scanner struct {
	b             *Block
	pos, start    int
	scope         *Scope
	uris          []string
	bind          []binding
	stack         []Name
	raws          [][]byte
	name          Name
	attrs         []Attr
	decls         []Decl
	self, pendEnd bool
	text          []byte
	plain         bool
	popped        bool
}

func (s *Scanner) Reset(b *Block) {
	*s = Scanner{b: b, scope: b.Scope}
	if b.Scope != nil {
		s.uris = append(s.uris, b.Scope.uris...)
		for _, d := range b.Scope.Decls {
			sp, _ := s.intern(string(d.URI))
			s.bind = append(s.bind, binding{string(d.Prefix), sp, 0})
		}
	} else {
		s.uris = []string{"", "http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/", "http://www.w3.org/2001/XMLSchema-instance"}
	}
}
func (s *Scanner) intern(u string) (Space, bool) {
	for i, x := range s.uris {
		if x == u {
			return Space(i), true
		}
	}
	s.uris = append(s.uris, u)
	return Space(len(s.uris) - 1), false
}
func (s *Scanner) resolve(p []byte, attr bool) (Space, bool) {
	if string(p) == "xml" {
		return XMLSpace, true
	}
	if attr && len(p) == 0 {
		return NoSpace, true
	}
	for i := len(s.bind) - 1; i >= 0; i-- {
		if s.bind[i].prefix == string(p) {
			return s.bind[i].space, true
		}
	}
	return NoSpace, len(p) == 0
}
func (s *Scanner) URI(x Space) string { return s.uris[x] }
func (s *Scanner) fail(at int, found, exp string) error {
	return &Error{s.b.PosAt(at), NotWellFormed, found, exp}
}
func (s *Scanner) Name() Name        { return s.name }
func (s *Scanner) Attrs() []Attr     { return s.attrs }
func (s *Scanner) Decls() []Decl     { return s.decls }
func (s *Scanner) SelfClosing() bool { return s.self }
func (s *Scanner) Offset() int       { return s.start }
func (s *Scanner) EndOffset() int    { return s.pos }
func (s *Scanner) Depth() int        { return len(s.stack) }
func (s *Scanner) Text() []byte      { return s.text }
func (s *Scanner) Plain() bool       { return s.plain }
func (s *Scanner) IsSpace() bool     { return len(bytes.Trim(s.text, " \t\r\n")) == 0 }

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c == ':' || c >= 0x80
}
func (s *Scanner) qname() []byte {
	i := s.pos
	d := s.b.Bytes
	for s.pos < len(d) && isNameByte(d[s.pos]) {
		s.pos++
	}
	return d[i:s.pos]
}
func split(q []byte) (p, l []byte) {
	if i := bytes.IndexByte(q, ':'); i >= 0 {
		return q[:i], q[i+1:]
	}
	return nil, q
}
func (s *Scanner) pop() {
	d := len(s.stack)
	s.stack = s.stack[:d-1]
	s.raws = s.raws[:d-1]
	for len(s.bind) > 0 && s.bind[len(s.bind)-1].depth == d {
		s.bind = s.bind[:len(s.bind)-1]
	}
}

func (s *Scanner) Next() (Kind, error) {
	d := s.b.Bytes
	if s.popped {
		s.popped = false
		s.pop()
	}
	if s.pendEnd {
		s.pendEnd = false
		s.name = s.stack[len(s.stack)-1]
		s.pop()
		return EndElement, nil
	}
	s.start = s.pos
	if s.pos >= len(d) {
		if len(s.stack) > 0 {
			return 0, s.fail(s.pos, "the end", "an end tag")
		}
		return EndOfBlock, nil
	}
	if d[s.pos] != '<' {
		n := bytes.IndexByte(d[s.pos:], '<')
		if n < 0 {
			n = len(d) - s.pos
		}
		raw := d[s.pos : s.pos+n]
		s.pos += n
		if !utf8.Valid(raw) {
			return 0, s.fail(s.start, "invalid UTF-8", "UTF-8")
		}
		if bytes.IndexByte(raw, '&') < 0 && bytes.IndexByte(raw, '\r') < 0 {
			s.text, s.plain = raw, true
			return Text, nil
		}
		out, err := decodeText(raw, false)
		if err != nil {
			return 0, s.fail(s.start, err.Error(), "a reference")
		}
		s.text, s.plain = out, false
		return Text, nil
	}
	rest := d[s.pos:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		n := bytes.Index(rest[4:], []byte("--"))
		if n < 0 || len(rest) < n+7 || rest[n+6] != '>' {
			return 0, s.fail(s.pos, "a comment", "-->")
		}
		s.text = rest[4 : n+4]
		s.pos += n + 7
		return Comment, nil
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		n := bytes.Index(rest, []byte("]]>"))
		if n < 0 {
			return 0, s.fail(s.pos, "CDATA", "]]>")
		}
		s.text, s.plain = bytes.ReplaceAll(rest[9:n], []byte("\r\n"), []byte("\n")), false
		s.pos += n + 3
		return CData, nil
	case bytes.HasPrefix(rest, []byte("<?")):
		n := bytes.Index(rest, []byte("?>"))
		if n < 0 {
			return 0, s.fail(s.pos, "PI", "?>")
		}
		s.text = rest[2:n]
		s.pos += n + 2
		return ProcInst, nil
	case bytes.HasPrefix(rest, []byte("</")):
		s.pos += 2
		q := s.qname()
		for s.pos < len(d) && (d[s.pos] == ' ' || d[s.pos] == '\n' || d[s.pos] == '\t' || d[s.pos] == '\r') {
			s.pos++
		}
		if s.pos >= len(d) || d[s.pos] != '>' || len(s.stack) == 0 || !bytes.Equal(s.raws[len(s.raws)-1], q) {
			return 0, s.fail(s.start, "</"+string(q), "the matching end tag")
		}
		s.pos++
		s.name = s.stack[len(s.stack)-1]
		s.pop()
		return EndElement, nil
	}
	s.pos++
	return s.startTag()
}

func (s *Scanner) startTag() (Kind, error) {
	d := s.b.Bytes
	q := s.qname()
	if len(q) == 0 {
		return 0, s.fail(s.start, "<", "a name")
	}
	depth := len(s.stack) + 1
	s.attrs, s.decls = nil, nil
	type ra struct {
		q, v []byte
		off  int
	}
	var raws []ra
	for {
		sp := s.pos
		for s.pos < len(d) && (d[s.pos] == ' ' || d[s.pos] == '\n' || d[s.pos] == '\t' || d[s.pos] == '\r') {
			s.pos++
		}
		if s.pos >= len(d) {
			return 0, s.fail(s.pos, "the end", ">")
		}
		if d[s.pos] == '>' {
			s.pos++
			s.self = false
			break
		}
		if d[s.pos] == '/' && s.pos+1 < len(d) && d[s.pos+1] == '>' {
			s.pos += 2
			s.self = true
			break
		}
		if sp == s.pos {
			return 0, s.fail(s.pos, "text", "white space")
		}
		off := s.pos
		an := s.qname()
		if len(an) == 0 || s.pos+1 >= len(d) || d[s.pos] != '=' || d[s.pos+1] != '"' && d[s.pos+1] != '\'' {
			return 0, s.fail(s.pos, "text", "an attribute")
		}
		quote := d[s.pos+1]
		s.pos += 2
		n := bytes.IndexByte(d[s.pos:], quote)
		if n < 0 || bytes.IndexByte(d[s.pos:s.pos+n], '<') >= 0 {
			return 0, s.fail(s.pos, "text", "an attribute value")
		}
		v, err := decodeText(d[s.pos:s.pos+n], true)
		if err != nil {
			return 0, s.fail(s.pos, err.Error(), "a reference")
		}
		s.pos += n + 1
		if string(an) == "xmlns" {
			s.decls = append(s.decls, Decl{nil, v})
		} else if bytes.HasPrefix(an, []byte("xmlns:")) {
			s.decls = append(s.decls, Decl{an[6:], v})
		} else {
			raws = append(raws, ra{an, v, off})
		}
	}
	for _, x := range s.decls {
		sp, _ := s.intern(string(x.URI))
		s.bind = append(s.bind, binding{string(x.Prefix), sp, depth})
	}
	for _, r := range raws {
		p, l := split(r.q)
		sp, ok := s.resolve(p, true)
		if !ok {
			return 0, s.fail(r.off, "prefix "+string(p), "a bound prefix")
		}
		for _, o := range s.attrs {
			if o.Name.Space == sp && bytes.Equal(o.Name.Local, l) {
				return 0, s.fail(r.off, "a second attribute", "each once")
			}
		}
		s.attrs = append(s.attrs, Attr{Name{sp, p, l}, r.v, r.off})
	}
	p, l := split(q)
	sp, ok := s.resolve(p, false)
	if !ok {
		return 0, s.fail(s.start, "prefix "+string(p), "a bound prefix")
	}
	s.name = Name{sp, p, l}
	s.stack = append(s.stack, s.name)
	s.raws = append(s.raws, q)
	s.pendEnd = s.self
	return StartElement, nil
}

func decodeText(raw []byte, attr bool) ([]byte, error) {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\r':
			if i+1 < len(raw) && raw[i+1] == '\n' {
				continue
			}
			out = append(out, '\n')
		case c == '&':
			n := bytes.IndexByte(raw[i:], ';')
			if n < 0 {
				return nil, errors.New("&")
			}
			ref := string(raw[i+1 : i+n])
			i += n
			switch ref {
			case "amp":
				out = append(out, '&')
			case "lt":
				out = append(out, '<')
			case "gt":
				out = append(out, '>')
			case "quot":
				out = append(out, '"')
			case "apos":
				out = append(out, '\'')
			default:
				var n uint64
				var err error
				if len(ref) > 2 && ref[:2] == "#x" {
					n, err = strconv.ParseUint(ref[2:], 16, 32)
				} else if len(ref) > 1 && ref[0] == '#' {
					n, err = strconv.ParseUint(ref[1:], 10, 32)
				} else {
					err = errors.New("entity")
				}
				if err != nil || n == 0 {
					return nil, errors.New("&" + ref + ";")
				}
				out = utf8.AppendRune(out, rune(n))
			}
		case attr && (c == '\n' || c == '\t'):
			out = append(out, ' ')
		default:
			out = append(out, c)
		}
	}
	if attr {
		out = bytes.ReplaceAll(out, []byte("\n"), []byte(" "))
	}
	return out, nil
}

type Splitter struct {
	scope  *Scope
	data   []byte
	at     Pos
	cuts   []int
	seq    int
	err    error
	end    Pos
	opt    Options
	offset int
}

// Split reads the prolog and the root start tag.
func Split(ctx context.Context, r io.Reader, opt Options) (*Splitter, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	i := 0
	whole := &Block{Bytes: data, At: Pos{0, 1, 1}}
	for {
		for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\r' || data[i] == '\t') {
			i++
		}
		if bytes.HasPrefix(data[i:], []byte("<?")) {
			i += bytes.Index(data[i:], []byte("?>")) + 2
		} else if bytes.HasPrefix(data[i:], []byte("<!--")) {
			i += bytes.Index(data[i:], []byte("-->")) + 3
		} else if bytes.HasPrefix(data[i:], []byte("<!")) {
			return nil, &Error{whole.PosAt(i), "doctype_refused", "a DOCTYPE", "none"}
		} else {
			break
		}
	}
	if i >= len(data) || data[i] != '<' {
		return nil, &Error{whole.PosAt(min(i, len(data))), NotWellFormed, "no root", "a root element"}
	}
	var s Scanner
	s.Reset(&Block{Bytes: data[i:], At: whole.PosAt(i)})
	k, err := s.Next()
	if err != nil || k != StartElement {
		return nil, err
	}
	sc := &Scope{Name: s.name, Attrs: s.attrs, Decls: s.decls, Tag: data[i : i+s.pos], At: whole.PosAt(i), uris: s.uris}
	start := i + s.pos
	sp := &Splitter{scope: sc, data: data, offset: start, opt: opt}
	if s.self {
		return sp, nil
	}
	depth := 1
	last := start
	for depth > 0 {
		k, err := s.Next()
		if err != nil {
			sp.err = err
			break
		}
		switch k {
		case StartElement:
			depth++
		case EndElement:
			depth--
			if depth == 1 {
				size := 1 << 19
				if opt.BlockSize > 0 {
					size = opt.BlockSize
				}
				if opt.Cut != nil {
					size = opt.Cut(size)
				}
				if i+s.pos-last >= size {
					sp.cuts = append(sp.cuts, i+s.pos)
					last = i + s.pos
				}
			} else if depth == 0 {
				sp.cuts = append(sp.cuts, i+s.start)
				sp.end = whole.PosAt(i + s.start)
			}
		}
	}
	if sp.err != nil {
		sp.cuts = append(sp.cuts, len(data))
	}
	return sp, nil
}
func (s *Splitter) Scope() *Scope { return s.scope }
func (s *Splitter) End() Pos      { return s.end }
func (s *Splitter) Next() (*Block, error) {
	if len(s.cuts) == 0 {
		if s.err != nil {
			return nil, s.err
		}
		return nil, io.EOF
	}
	whole := &Block{Bytes: s.data, At: Pos{0, 1, 1}}
	b := &Block{Bytes: s.data[s.offset:s.cuts[0]], At: whole.PosAt(s.offset), Seq: s.seq, Scope: s.scope, Truncated: s.err != nil && len(s.cuts) == 1}
	s.seq++
	s.offset = s.cuts[0]
	s.cuts = s.cuts[1:]
	return b, nil
}
