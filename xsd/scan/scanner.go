package scan

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Kind is the kind of a token.
type Kind uint8

// The kinds of tokens.
const (
	EndOfBlock Kind = iota
	StartElement
	EndElement // also after a StartElement that closes itself
	Text
	CData
	Comment
	ProcInst
)

// Scanner turns a block into tokens and checks that it is well-formed. The zero value can be Reset. It is for one goroutine; using it for
// many blocks saves memory.
type Scanner struct {
	data   []byte
	start  int     // of the token
	pos    int     // its end
	frames []frame // the open elements are the first of them
	depth  int     // how many those are
	named  int     // the frame of the element that started or ended last

	kind  Kind // of the last token with text
	ends  bool // the StartElement closes itself: its EndElement comes next
	attrs []Attr
	decls []Decl

	from, to int    // content as it stands in the block
	plain    bool   // it needs no decoding
	white    bool   // it is white space; of what is not plain, only true counts
	decoded  bool   // buf is the content decoded
	buf      []byte // memory for that
	values   []byte // memory for attributes that needed decoding

	block  *Block
	scope  *Scope
	limits limits
	part   part

	bind   []binding
	space  uint64   // number of the present bindings
	spaces uint64   // the last number given
	base   uint64   // number of the scope's bindings
	extra  []string // namespaces that the root does not declare; more may be left from earlier ones
	extras int
	cache  [cacheSize]cached
	last   uint16 // place in cache of the last start tag's name
}

// frame is an open element.
type frame struct {
	from, to int    // of the name in the block
	local    int    // where its local part begins
	name     Space  // its namespace
	bound    bool   // it declares namespaces; then:
	bind     int    // how many bindings there were before it
	space    uint64 // and their number
}

// part is the part of a document that is scanned.
type part uint8

const (
	content part = iota
	prolog
	epilog
)

// Reset begins with a new block.
func (s *Scanner) Reset(b *Block) {
	s.data, s.block, s.part = b.Bytes, b, content
	s.start, s.pos, s.depth, s.named = 0, 0, 0, 0
	s.kind, s.ends, s.attrs, s.decls = EndOfBlock, false, s.attrs[:0], s.decls[:0]
	s.from, s.to, s.plain, s.white, s.decoded = 0, 0, true, true, false
	s.extras = 0
	if s.frames == nil {
		s.frames = make([]frame, 16)
	}
	s.frames[0] = frame{}
	if s.base != 0 && s.scope == b.Scope {
		s.bind = s.bind[:s.scoped()]
		s.space = s.base
		return
	}
	s.scope = b.Scope
	s.limits = defaultLimits
	s.bind = s.bind[:0]
	if s.scope != nil {
		if s.scope.limits.name < cacheName {
			s.cache = [cacheSize]cached{} // of names that may be too long here
		}
		s.limits = s.scope.limits
		s.bind = append(s.bind, s.scope.bind...)
	}
	s.spaces++
	s.space, s.base = s.spaces, s.spaces
}

// scoped returns the number of the scope's bindings.
func (s *Scanner) scoped() int {
	if s.scope == nil {
		return 0
	}
	return len(s.scope.bind)
}

// Name returns the name of the element of a StartElement or EndElement.
func (s *Scanner) Name() Name {
	f := &s.frames[s.named]
	n := Name{Space: f.name, Local: s.data[f.local:f.to:f.to]}
	if f.local > f.from {
		n.Prefix = s.data[f.from : f.local-1]
	}
	return n
}

// Attrs returns the attributes of a StartElement, without namespace declarations.
func (s *Scanner) Attrs() []Attr { return s.attrs }

// Decls returns the namespace declarations of a StartElement.
func (s *Scanner) Decls() []Decl { return s.decls }

// SelfClosing reports whether a StartElement is an empty-element tag. Its EndElement follows all the same.
func (s *Scanner) SelfClosing() bool { return s.ends }

// Offset returns where the token starts in the block. The EndElement of an empty-element tag is where the tag is.
func (s *Scanner) Offset() int { return s.start }

// EndOffset returns where the token ends in the block.
func (s *Scanner) EndOffset() int { return s.pos }

// Rest returns the block and where in it the next token starts. It is for readers that can tell without tokens what stands there, between
// two children of the root; Skip takes them past it.
func (s *Scanner) Rest() (block []byte, from int) { return s.data, s.pos }

// Skip goes on at an offset that is, like the present one, between two children of the root.
func (s *Scanner) Skip(to int) { s.start, s.pos = to, to }

// Depth returns how many elements of the block are open: after a StartElement that one included, after an EndElement without it.
func (s *Scanner) Depth() int { return s.depth }

// URI returns the name of a namespace.
func (s *Scanner) URI(x Space) string {
	known := fixed[:]
	if s.scope != nil {
		known = s.scope.uris
	}
	switch {
	case int(x) < len(known):
		return known[x]
	case int(x)-len(known) < s.extras:
		return s.extra[int(x)-len(known)]
	}
	return ""
}

// Text returns the content of a Text or CData with references resolved and line ends normalised; of a Comment or ProcInst as it is. It is
// valid until the next token.
func (s *Scanner) Text() []byte {
	if s.plain {
		return s.data[s.from:s.to:s.to]
	}
	if !s.decoded {
		s.decode()
	}
	return s.buf
}

// Plain reports whether Text is a slice of the block.
func (s *Scanner) Plain() bool { return s.plain }

// IsSpace reports whether Text is nothing but white space.
func (s *Scanner) IsSpace() bool { return s.white || !s.plain && allWhite(s.Text()) }

// Next returns the kind of the next token. An error, an *Error or what broke the stream under a truncated block, is final.
func (s *Scanner) Next() (Kind, error) {
	d, p := s.data, s.pos
	if s.ends {
		s.ends = false
		s.pop()
		return EndElement, nil
	}
	s.start = p
	if p+1 < len(d) && d[p] == '<' {
		switch d[p+1] {
		case '/':
			if n := s.depth - 1; n >= 0 {
				open := &s.frames[n]
				from := p + 2
				to := from + open.to - open.from
				if to < len(d) && d[to] == '>' && string(d[from:to]) == string(d[open.from:open.to]) {
					s.pos = to + 1
					s.pop()
					return EndElement, nil
				}
			}
			return s.endTag(p)
		case '!':
			return s.declaration(p)
		case '?':
			return s.instruction(p)
		}
		return s.startTag(p + 1)
	}
	if p >= len(d) {
		return s.end()
	}
	if d[p] == '<' {
		return 0, s.cutOff("the rest of a tag")
	}
	return s.readText(p)
}

// pop leaves the innermost element.
func (s *Scanner) pop() {
	s.depth--
	s.named = s.depth
	if f := &s.frames[s.depth]; f.bound {
		s.bind, s.space = s.bind[:f.bind], f.space
	}
}

// end is the end of the block.
func (s *Scanner) end() (Kind, error) {
	if s.depth > 0 || s.block.Truncated || s.part == prolog {
		return 0, s.cutOff("the root element")
	}
	return EndOfBlock, nil
}

// cutOff is the error of a token, or of an element, that the end of the block cuts off.
func (s *Scanner) cutOff(expected string) error {
	if s.block.Truncated {
		return s.block.err
	}
	if s.depth > 0 {
		open := &s.frames[s.depth-1]
		end := "</" + quotable(s.data[open.from:open.to]) + "> for the element that starts in line " + strconv.Itoa(s.block.PosAt(open.from).Line)
		if s.start == len(s.data) {
			expected = end
		} else {
			expected += ", and " + end
		}
	}
	return &Error{At: s.block.PosAt(len(s.data)), Code: NotWellFormed, Found: "the end of the file", Expected: expected}
}

// partial reports whether what starts at p is a character that the end of a truncated block cuts off.
func (s *Scanner) partial(p int) bool { return s.block.Truncated && !utf8.FullRune(s.data[p:]) }

// fail is the error about the character at p, which must be in the block.
func (s *Scanner) fail(p int, expected string) error {
	if p >= len(s.data) || s.partial(p) {
		return s.cutOff(expected)
	}
	e := &Error{At: s.block.PosAt(p), Code: NotWellFormed, Expected: expected}
	r, n := utf8.DecodeRune(s.data[p:])
	switch {
	case r == 0:
		e.Code, e.Found, e.Expected = NULByte, "a NUL byte", "text"
	case r == utf8.RuneError && n <= 1:
		e.Code, e.Found, e.Expected = InvalidEncoding, fmt.Sprintf("byte %02X", s.data[p]), "UTF-8"
	case !isChar(r):
		e.Code, e.Found, e.Expected = InvalidCharacter, fmt.Sprintf("character U+%04X", r), "characters that XML 1.0 allows"
	case r == '\n' || r == '\r':
		e.Found = "the end of the line"
	case isWhite(byte(r)) && r < utf8.RuneSelf:
		e.Found = "white space"
	default:
		e.Found = strconv.QuoteRune(r)
	}
	return e
}

// refuse is an error with its own words.
func (s *Scanner) refuse(p int, code Code, found, expected string) error {
	return &Error{At: s.block.PosAt(p), Code: code, Found: found, Expected: expected}
}

// quotable is a name as it may stand in a message.
func quotable(name []byte) string {
	const most = 100
	if len(name) <= most {
		return string(name)
	}
	n := most
	for !utf8.RuneStart(name[n]) {
		n--
	}
	return string(name[:n]) + "..."
}
