package scan

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"sync"
)

// Splitter cuts a document into blocks. It is for one goroutine; the blocks are for any.
type Splitter struct {
	ctx    context.Context
	in     io.Reader
	opt    Options
	limits limits

	buf   *buffer // what has been read and not been given out
	room  int     // how many bytes buf is filled up to; it may be larger
	at    Pos     // of buf
	seq   int
	stage stage
	end   Pos
	ended error // in is at its end: io.EOF, or what broke it
	err   error // what Next returns from now on
	scope *Scope
	side  *Scanner // for what is outside of the root; nil until it is needed

	guess  bool   // it is allowed
	unsure bool   // blocks were given that are not confirmed
	likely []byte // end tag of a child of the root, as far as known

	// How far the structure of buf is known.
	pos   int // what comes before has been looked at
	depth int // open elements at pos; 1 is between two children of the root
	item  int // start of the present child of the root, or of the comment or text beside it
	cut   int // end of the last child of the root; 0 is none
}

type stage uint8

const (
	inRoot    stage = iota
	afterRoot       // the root's end tag is next in buf
	inEpilog
)

// slack is what a buffer holds beyond the size of a block, so that a child of the root mostly ends in it.
const slack = 8 << 10

// firstRead is how much is read at first: of a small document all, into a small buffer. A large one is new memory, which has its price.
const firstRead = 64 << 10

// Split reads up to the end of the root's start tag: the XML declaration, comments, processing instructions, and the tag itself. Its errors
// and those of Next are *Error, or what r or ctx returned.
func Split(ctx context.Context, r io.Reader, opt Options) (*Splitter, error) {
	if opt.BlockSize <= 0 {
		opt.BlockSize = DefaultBlockSize
	}
	s := &Splitter{ctx: ctx, in: r, opt: opt, limits: opt.limits(), at: Pos{Line: 1, Column: 1}, depth: 1}
	s.buf = new(buffer)
	s.widen(min(opt.BlockSize, firstRead) + slack)
	if err := s.prolog(); err != nil {
		return nil, err
	}
	return s, nil
}

// Scope returns the root's start tag.
func (s *Splitter) Scope() *Scope { return s.scope }

// End returns the place of the root's end tag, or of the whole root when it is an empty-element tag, after Next has returned io.EOF.
func (s *Splitter) End() Pos { return s.end }

// fill reads until buf is full, as far as room says, or the input ends.
func (s *Splitter) fill() error {
	b := s.buf.b
	for idle := 0; len(b) < s.room && s.ended == nil; {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		n, err := s.in.Read(b[len(b):s.room])
		b = b[:len(b)+n]
		switch {
		case err != nil:
			s.ended = err
		case n > 0:
			idle = 0
		default:
			if idle++; idle == 100 {
				s.ended = io.ErrNoProgress
			}
		}
	}
	s.buf.b = b
	if s.ended != nil && s.ended == s.ctx.Err() {
		return s.ended
	}
	return nil
}

// grow gives buf more room than it has.
func (s *Splitter) grow() { s.widen(2 * max(s.room, len(s.buf.b))) }

// widen gives buf room for n bytes.
func (s *Splitter) widen(n int) {
	s.room = n
	if cap(s.buf.b) < n {
		next := newBuffer(n)
		next.b = append(next.b, s.buf.b...)
		s.buf = next // the smaller one is not worth keeping
	}
}

// errMore stands for the error of a token that is not wholly in the buffer.
type errMore struct{}

func (errMore) Error() string { return "more bytes are needed" }

// sides are scanners that no splitter has need of: they are large, and each is used for a few tokens.
var sides = sync.Pool{New: func() any { return new(Scanner) }}

// outside gives a scanner for what stands in buf before or after the root. There is one at a time.
func (s *Splitter) outside(where part) *Scanner {
	if s.side == nil {
		s.side = sides.Get().(*Scanner)
		s.side.base = 0 // what it knows of names is of another document
	}
	sc := s.side
	b := &Block{Bytes: s.buf.b, At: s.at}
	if s.ended != io.EOF {
		b.Truncated, b.err = true, s.ended
		if s.ended == nil {
			b.err = errMore{}
		}
	}
	sc.Reset(b)
	sc.limits, sc.part = s.limits, where
	return sc
}

// leave lets others have the scanner of outside, without the memory that the scope or the document may still use.
func (s *Splitter) leave() {
	if sc := s.side; sc != nil {
		sc.data, sc.block, sc.attrs, sc.decls, sc.bind, sc.values, sc.buf = nil, nil, nil, nil, nil, nil, nil
		sides.Put(sc)
		s.side = nil
	}
}

// prolog reads everything up to the end of the root's start tag.
func (s *Splitter) prolog() error {
	started := false
	for {
		if err := s.fill(); err != nil {
			return err
		}
		if !started {
			started = true
			if bytes.HasPrefix(s.buf.b, []byte("\xef\xbb\xbf")) {
				s.buf.b = s.buf.b[:copy(s.buf.b, s.buf.b[3:])]
				continue
			}
		}
		sc := s.outside(prolog)
		for {
			kind, err := sc.Next()
			if (errMore{}) == err {
				if len(s.buf.b) > s.limits.entity {
					return s.tooLarge(sc.start)
				}
				s.grow()
				break
			}
			if err != nil {
				return err
			}
			if kind == StartElement {
				return s.root(sc)
			}
		}
	}
}

// root takes the root's start tag, which sc stands behind.
func (s *Splitter) root(sc *Scanner) error {
	at := sc.block.PosAt(sc.start)
	tag := bytes.Clone(s.buf.b[sc.start:sc.pos])
	own := sc // the scope's slices are slices of tag
	after := sc.pos
	own.Reset(&Block{Bytes: tag, At: at})
	own.limits = s.limits
	if _, err := own.Next(); err != nil {
		return err
	}
	s.scope = &Scope{Name: own.Name(), Attrs: own.attrs, Decls: own.decls, Tag: tag, At: at, bind: own.bind[:len(own.bind):len(own.bind)], limits: s.limits}
	s.scope.uris = append(append([]string(nil), fixed[:]...), own.extra[:own.extras]...)
	if own.ends {
		s.end = at
		s.stage = inEpilog
	}
	s.leave()
	s.drop(after)
	return nil
}

// drop forgets the first n bytes of buf.
func (s *Splitter) drop(n int) {
	s.at = s.at.after(s.buf.b[:n])
	s.buf.b = s.buf.b[:copy(s.buf.b, s.buf.b[n:])]
	s.pos, s.item, s.cut = max(s.pos-n, 0), max(s.item-n, 0), 0
}

func (s *Splitter) tooLarge(item int) error {
	return &Error{
		At: s.at.after(s.buf.b[:item]), Code: EntityTooLarge,
		Found:    "something larger than " + strconv.Itoa(s.limits.entity) + " bytes that starts here",
		Expected: "elements inside the root, texts and comments of at most that size",
	}
}

// Next returns the next block, io.EOF after the root's end tag and the rest of the document. When the document breaks, the blocks
// up to there come first, the last of them with Truncated set, and then the error; the error in a block, if a Scanner finds one, is the
// earlier one. That includes an error of the reader. An error of the context comes at once.
func (s *Splitter) Next() (*Block, error) {
	if s.err != nil {
		return nil, s.err
	}
	if err := s.ctx.Err(); err != nil {
		return nil, s.fails(err)
	}
	if s.stage == inRoot {
		b, err := s.next()
		if err == ErrUnsure {
			return nil, err
		}
		if err != nil {
			return nil, s.fails(err)
		}
		if b != nil {
			return b, nil
		}
		if s.err != nil {
			return nil, s.err
		}
	}
	if s.stage == afterRoot {
		if err := s.endTag(); err != nil {
			return nil, s.fails(err)
		}
		s.stage = inEpilog
	}
	if err := s.epilog(); err != nil {
		return nil, s.fails(err)
	}
	return nil, s.fails(io.EOF)
}

// fails makes err what Next returns from now on.
func (s *Splitter) fails(err error) error {
	s.err = err
	s.leave()
	if s.buf != nil && cap(s.buf.b) <= largestKept {
		buffers.Put(s.buf)
	}
	s.buf = nil
	return err
}

// next returns the next block inside the root; nil when nothing is left of it. An error is the context's, or ErrUnsure.
func (s *Splitter) next() (*Block, error) {
	target := s.opt.BlockSize
	if s.opt.Cut != nil {
		target = max(s.opt.Cut(target), 1)
	}
	if s.ended == nil {
		s.widen(target + slack)
	}
	for {
		if err := s.fill(); err != nil {
			return nil, err
		}
		if n := s.guessed(target); n > 0 {
			s.unsure = true
			b := s.block(n)
			b.Guessed = true
			s.restart()
			return b, nil
		}
		if s.unsure {
			return nil, ErrUnsure
		}
		switch s.structure(target) {
		case blockEnds:
			b := s.block(s.cut)
			s.learn(b.Bytes)
			return b, nil
		case rootEnds:
			s.stage = afterRoot
			if s.pos == 0 {
				return nil, nil
			}
			return s.block(s.pos), nil
		case broken:
			if s.pos-s.item > s.limits.entity {
				return s.tooLargeIn(), nil
			}
			return s.truncated(nil), nil
		case itemTooLarge:
			return s.tooLargeIn(), nil
		}
		// More bytes are needed.
		switch {
		case s.ended != nil:
			if s.cut > 0 {
				return s.block(s.cut), nil
			}
			if s.ended != io.EOF {
				return s.truncated(s.ended), nil
			}
			return s.truncated(nil), nil
		case s.cut > 0:
			return s.block(s.cut), nil
		case len(s.buf.b)-s.item > s.limits.entity:
			return s.tooLargeIn(), nil
		}
		s.grow()
	}
}

// block takes the first n bytes of buf as a block.
func (s *Splitter) block(n int) *Block {
	b := &Block{Bytes: s.buf.b[:n:n], At: s.at, Seq: s.seq, Scope: s.scope, buf: s.buf}
	s.seq++
	rest := s.buf.b[n:]
	room := len(rest) // all that is left
	if s.ended == nil {
		room = max(s.opt.BlockSize, room) + slack
	}
	next := newBuffer(room)
	next.b = append(next.b, rest...)
	s.at = s.at.after(b.Bytes)
	s.buf = next
	s.pos, s.item, s.cut = s.pos-n, max(s.item-n, 0), 0
	return b
}

// truncated takes all of buf as the last block before err, or before the error that a scanner finds in it.
func (s *Splitter) truncated(err error) *Block {
	b := &Block{Bytes: s.buf.b, At: s.at, Seq: s.seq, Scope: s.scope, buf: s.buf}
	s.seq++
	if err == nil {
		err = s.explain(b)
	}
	b.Truncated, b.err = true, err
	s.err, s.buf = err, nil
	return b
}

// tooLargeIn is the last block when its last item is too large. It ends where the limit is reached: a scanner looks at no more of it,
// however much happens to have been read.
func (s *Splitter) tooLargeIn() *Block {
	s.buf.b = s.buf.b[:min(s.item+s.limits.entity, len(s.buf.b))]
	return s.truncated(s.tooLarge(s.item))
}

// explain finds the error that makes the structure of b, the rest of the document or the part of it that has been read, impossible.
func (s *Splitter) explain(b *Block) error {
	var sc Scanner
	sc.Reset(b)
	for {
		kind, err := sc.Next()
		if err != nil {
			return err
		}
		if kind == EndOfBlock {
			return &Error{At: b.PosAt(len(b.Bytes)), Code: NotWellFormed, Found: "the end of the file", Expected: "</" + quotable(s.rootName()) + ">"}
		}
	}
}

// rootName is the root's name with its prefix, as the tag has it.
func (s *Splitter) rootName() []byte {
	n := len(s.scope.Name.Local)
	if p := len(s.scope.Name.Prefix); p > 0 {
		n += p + 1
	}
	return s.scope.Tag[1 : 1+n]
}

type found uint8

const (
	needMore     found = iota
	blockEnds          // at cut: a child of the root ends at or after the block's size
	rootEnds           // at pos: the root's end tag
	broken             // at pos: something that cannot be in an element
	itemTooLarge       // at item
)

// structure looks at buf from pos on: at tags, only as far as is needed to count them, and at what can hide a tag. Whatever is wrong
// inside of that is for the scanners to find; where a document is not well-formed, the rest of the block may be misread, but what a
// scanner finds first has been read rightly and is in the same block.
func (s *Splitter) structure(target int) found {
	d, p, depth := s.buf.b, s.pos, s.depth
	defer func() { s.pos, s.depth = p, depth }()
	for {
		if p = nextLess(d, p); p < 0 {
			p = len(d)
			return needMore
		}
		if p+1 >= len(d) {
			return needMore
		}
		if depth == 1 && p > s.item {
			if p-s.item > s.limits.entity {
				return itemTooLarge // a text
			}
			s.item = p
		}
		after := 0
		switch d[p+1] {
		case '/':
			if depth > 2 {
				depth--
				p += 2
				continue
			}
			if depth == 1 {
				return rootEnds
			}
			n := bytes.IndexByte(d[p:], '>')
			if n < 0 {
				return needMore
			}
			depth = 1
			after = p + n + 1
		case '!':
			rest := d[p:]
			end, from := commentEnd, len(commentStart)
			switch {
			case bytes.HasPrefix(rest, commentStart):
			case bytes.HasPrefix(rest, sectionStart):
				end, from = sectionEnd, len(sectionStart)
			case len(rest) < len(sectionStart):
				return needMore
			default:
				return broken
			}
			n := bytes.Index(rest[from:], end)
			if n < 0 {
				return needMore
			}
			p += from + n + len(end)
			if depth > 1 {
				continue
			}
			if p-s.item > s.limits.entity {
				return itemTooLarge
			}
			s.item = p
			continue
		case '?':
			n := bytes.Index(d[p+2:], instrEnd)
			if n < 0 {
				return needMore
			}
			p += 2 + n + len(instrEnd)
			if depth > 1 {
				continue
			}
			if p-s.item > s.limits.entity {
				return itemTooLarge
			}
			s.item = p
			continue
		default:
			if depth >= s.limits.depth {
				return broken
			}
			if after = tagEnd(d, p+1); after < 0 {
				return needMore
			}
			if d[after-2] != '/' {
				depth++
				p = after
				continue
			}
			if depth > 1 {
				p = after
				continue
			}
		}
		// A child of the root ends.
		if after-s.item > s.limits.entity {
			return itemTooLarge
		}
		p = after
		s.item, s.cut = after, after
		if after >= target {
			return blockEnds
		}
	}
}

// nextLess returns where the next < is, -1 if there is none. It is mostly near.
func nextLess(d []byte, p int) int {
	for near := p + 48; p < near; p += 8 {
		if p+8 > len(d) {
			break
		}
		if mask := equal(load(d, p), '<'); mask != 0 {
			return p + first(mask)
		}
	}
	n := bytes.IndexByte(d[p:], '<')
	if n < 0 {
		return -1
	}
	return p + n
}

// tagEnd returns where the tag ends that p is inside of, -1 if that is not in d.
func tagEnd(d []byte, p int) int {
	for {
		for p+8 <= len(d) {
			x := load(d, p)
			// '"' and '\'' differ in two bits; '#' and '&' are taken for them and passed over below.
			gt, quote := x^'>'*lows, x&^(0x05*lows)^'"'*lows
			if mask := ((gt-lows)&^gt | (quote-lows)&^quote) & highs; mask != 0 {
				p += first(mask)
				break
			}
			p += 8
		}
		if p >= len(d) {
			return -1
		}
		switch c := d[p]; c {
		case '>':
			return p + 1
		case '"', '\'':
			n := bytes.IndexByte(d[p+1:], c)
			if n < 0 {
				return -1
			}
			p += n + 2
		default:
			p++
		}
	}
}

// endTag reads the root's end tag, which buf begins with.
func (s *Splitter) endTag() error {
	s.end = s.at
	name := s.rootName()
	for {
		if err := s.fill(); err != nil {
			return err
		}
		sc := s.outside(content)
		end, _, err := sc.qname(2, "the name of an element")
		if err == nil {
			if !bytes.Equal(sc.data[2:end], name) {
				return sc.refuse(0, NotWellFormed, "</"+quotable(sc.data[2:end])+">", "</"+quotable(name)+"> for the root element, which starts in line "+strconv.Itoa(s.scope.At.Line))
			}
			if end = sc.skip(end); end < len(sc.data) && sc.data[end] == '>' {
				s.drop(end + 1)
				return nil
			}
			err = sc.fail(end, "> after the name of an end tag")
		}
		if (errMore{}) != err {
			return err
		}
		if len(s.buf.b) > s.limits.entity {
			return s.tooLarge(0)
		}
		s.grow()
	}
}

// epilog reads what comes after the root.
func (s *Splitter) epilog() error {
	for {
		if err := s.fill(); err != nil {
			return err
		}
		sc := s.outside(epilog)
		for done := 0; ; done = sc.pos {
			kind, err := sc.Next()
			if (errMore{}) == err {
				s.drop(done)
				if len(s.buf.b) > s.limits.entity {
					return s.tooLarge(0)
				}
				if done == 0 {
					s.grow()
				}
				break
			}
			if err != nil {
				return err
			}
			if kind == EndOfBlock {
				return nil
			}
		}
	}
}
