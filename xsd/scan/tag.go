package scan

import (
	"bytes"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

// Names repeat. A name that has been checked is kept, with its namespace under the bindings that it was last looked up in.

const (
	cacheBits = 9
	cacheSize = 1 << cacheBits
	cacheName = 64 // longer names are not kept
)

type cached struct {
	name  string
	head  uint64 // its first eight bytes, 0 beyond its end
	tail  uint64 // its last eight bytes; 0 when it is shorter
	space uint64 // number of the bindings; 0 is none
	local uint16 // offset of the local part
	found Space
	next  uint16 // place of the name that came after this one
}

// startTag reads the start tag whose name begins at p.
func (s *Scanner) startTag(p int) (Kind, error) {
	d := s.data
	if s.part == epilog {
		return 0, s.refuse(p-1, NotWellFormed, "a second root element", "nothing but white space, comments and processing instructions after the root element")
	}
	// Names mostly come in the order in which they came before.
	next := s.cache[s.last%cacheSize].next % cacheSize
	e := &s.cache[next]
	q := p + len(e.name)
	var local int
	if q > p && q < len(d) && class[d[q]]&behind != 0 && string(d[p:q]) == e.name {
		s.last = next
		local = p + int(e.local)
	} else {
		var err error
		if e, q, local, err = s.startName(p); err != nil {
			return 0, err
		}
	}
	if len(s.attrs) > 0 || len(s.decls) > 0 {
		s.attrs, s.decls = s.attrs[:0], s.decls[:0]
	}
	n := s.depth
	if n == len(s.frames) {
		s.frames = append(s.frames, s.frames...)
	}
	f := &s.frames[n]
	f.from, f.to, f.local, f.bound = p, q, local, false
	s.depth, s.named = n+1, n
	if d[q] == '>' {
		s.pos = q + 1
	} else if err := s.attributes(f, q); err != nil {
		return 0, err
	}
	if depth := n + 1; depth >= s.limits.depth && (depth > s.limits.depth || s.scope != nil) {
		return 0, s.refuse(p-1, TooDeep, "an element more than "+strconv.Itoa(s.limits.depth)+" deep", "at most that many open elements")
	}
	if e != nil && e.space == s.space {
		f.name = e.found
	} else {
		space, ok := s.lookup(d[p:max(p, local-1)])
		if !ok {
			return 0, s.unbound(p, local)
		}
		f.name = space
		if e != nil {
			e.space, e.found = s.space, space
		}
	}
	return StartElement, nil
}

// startName reads the name of a start tag at p: where it ends, where its local part begins, and its place in the cache, nil if it has none.
func (s *Scanner) startName(p int) (e *cached, end, local int, err error) {
	d, q := s.data, p
	var head, tail, slot uint64
	// The end of the name, as far as that is simple.
	for q+8 <= len(d) {
		x := load(d, q)
		gt := x ^ '>'*lows
		mask := ((x-'0'*lows)&^x | (gt-lows)&^gt | x) & highs
		if mask == 0 {
			q += 8
			continue
		}
		q += first(mask)
		if n := q - p; n > 0 && n <= cacheName {
			head = load(d, p) // q+8 may be beyond the end, p+8 is not
			if n < 8 {
				head &= 1<<(8*n) - 1
			} else {
				tail = load(d, q-8)
			}
			// Two names may well share a place, so there are two places.
			slot = (head ^ bits.RotateLeft64(tail, 29) + uint64(n)) * 0x9e3779b97f4a7c15 >> (64 - cacheBits)
			if e = &s.cache[slot]; e.name != "" && (e.head != head || e.tail != tail) {
				slot ^= 1
				e = &s.cache[slot]
			}
		}
		break
	}
	if n := q - p; e == nil || e.head != head || e.tail != tail || len(e.name) != n ||
		n > 16 && e.name[8:n-8] != string(d[p+8:q-8]) || class[d[q]]&behind == 0 {
		end, colon, err := s.qname(p, "a name, / ! or ? after <; write &lt; for the character < itself")
		if err != nil {
			return nil, 0, 0, err
		}
		if local = p; colon >= 0 {
			local = colon + 1
		}
		if e == nil || end != q {
			return nil, end, local, nil
		}
		*e = cached{name: string(d[p:q]), head: head, tail: tail, local: uint16(local - p)}
	}
	s.cache[s.last%cacheSize].next = uint16(slot)
	s.last = uint16(slot)
	return e, q, p + int(e.local), nil
}

// qname reads the name at p. colon is where its prefix ends, -1 if it has none.
func (s *Scanner) qname(p int, expected string) (end, colon int, err error) {
	d, colon, begin := s.data, -1, true
	for q := p; q < len(d); {
		c := d[q]
		n := 1
		switch {
		case class[c]&nameStart != 0, class[c]&nameChar != 0 && !begin:
			begin = false
		case c == ':' && !begin && colon < 0:
			colon, begin = q, true
		default:
			if c >= utf8.RuneSelf {
				var r rune
				if r, n = utf8.DecodeRune(d[q:]); n > 1 && (isNameStart(r) || !begin && isNameChar(r)) {
					begin = false
					break
				}
				if n == 1 && s.partial(q) {
					return 0, 0, s.cutOff(expected)
				}
			}
			if begin {
				if colon >= 0 {
					expected = "the local part of a name after the colon"
				}
				return 0, 0, s.fail(q, expected)
			}
			return q, colon, nil
		}
		if q += n; q-p > s.limits.name {
			return 0, 0, s.refuse(p, NameTooLong, "a name of more than "+strconv.Itoa(s.limits.name)+" bytes", "a shorter one")
		}
	}
	return 0, 0, s.cutOff("the rest of a tag")
}

// skip returns where the white space at p ends.
func (s *Scanner) skip(p int) int {
	for p < len(s.data) && isWhite(s.data[p]) {
		p++
	}
	return p
}

// attributes reads the rest of the start tag f, whose name ends at p.
func (s *Scanner) attributes(f *frame, p int) error {
	d := s.data
	s.values = s.values[:0]
	for {
		from := p
		p = s.skip(p)
		if p >= len(d) {
			return s.cutOff("the rest of a tag")
		}
		if d[p] == '>' {
			s.pos = p + 1
			break
		}
		if d[p] == '/' {
			if p+1 >= len(d) || d[p+1] != '>' {
				return s.fail(p+1, "> after /")
			}
			s.pos, s.ends = p+2, true
			break
		}
		if p == from {
			return s.fail(p, "white space, / or > after a name or value in a tag")
		}
		name := p
		end, colon, err := s.qname(p, "the name of an attribute, / or >")
		if err != nil {
			return err
		}
		p = s.skip(end)
		if p >= len(d) || d[p] != '=' {
			return s.fail(p, "= after the attribute's name "+quotable(d[name:end]))
		}
		p = s.skip(p + 1)
		if p >= len(d) || d[p] != '"' && d[p] != '\'' {
			return s.fail(p, "the value of "+quotable(d[name:end])+" in quotes")
		}
		value, after, err := s.value(p, name)
		if err != nil {
			return err
		}
		p = after
		a := Attr{Name: Name{Local: d[name:end]}, Value: value, Offset: name}
		if colon >= 0 {
			a.Name.Prefix, a.Name.Local = d[name:colon], d[colon+1:end]
		}
		if string(a.Name.Prefix) == "xmlns" {
			err = s.declare(f, name, Decl{a.Name.Local, value})
		} else if colon < 0 && string(a.Name.Local) == "xmlns" {
			err = s.declare(f, name, Decl{nil, value})
		} else {
			s.attrs = append(s.attrs, a)
		}
		if err != nil {
			return err
		}
	}
	if f.bound {
		s.spaces++
		s.space = s.spaces
	}
	for i := range s.attrs {
		a := &s.attrs[i]
		if len(a.Name.Prefix) > 0 {
			space, ok := s.lookup(a.Name.Prefix)
			if !ok {
				return s.unbound(a.Offset, a.Offset+len(a.Name.Prefix)+1)
			}
			a.Name.Space = space
		}
	}
	return s.unique()
}

// value reads the attribute value whose opening quote is at p.
func (s *Scanner) value(p, name int) (value []byte, after int, err error) {
	d, quote := s.data, s.data[p]
	p++
	from, plain := p, true
	for {
		for p+8 <= len(d) {
			x := load(d, p)
			if mask := equal(x, quote) | equal(x, '&') | equal(x, '<') | less(x, 0x20) | x&highs; mask != 0 {
				p += first(mask)
				break
			}
			p += 8
		}
		if p-from > s.limits.value {
			return nil, 0, s.refuse(name, AttributeTooLong, "an attribute's value of more than "+strconv.Itoa(s.limits.value)+" bytes", "a shorter one")
		}
		if p >= len(d) {
			return nil, 0, s.cutOff("the quote that ends an attribute's value")
		}
		switch c := d[p]; {
		case c == quote:
			if plain {
				return d[from:p:p], p + 1, nil
			}
			return s.normalised(d[from:p]), p + 1, nil
		case c == '&':
			_, n, err := s.reference(p)
			if err != nil {
				return nil, 0, err
			}
			plain = false
			p += n
		case c == '<':
			return nil, 0, s.fail(p, "&lt; in an attribute's value, or the quote that ends it")
		case c == '\n', c == '\r', c == '\t':
			plain = false
			p++
		case c >= utf8.RuneSelf:
			n := charLen(d[p:])
			if n == 0 {
				return nil, 0, s.fail(p, "text")
			}
			p += n
		case class[c]&control != 0:
			return nil, 0, s.fail(p, "text")
		default:
			p++
		}
	}
}

// normalised is a checked attribute value by the rules of XML 1.0 section 3.3.3.
func (s *Scanner) normalised(raw []byte) []byte {
	from := len(s.values)
	for p := 0; p < len(raw); p++ {
		switch c := raw[p]; c {
		case '\r':
			if p+1 < len(raw) && raw[p+1] == '\n' {
				continue
			}
			s.values = append(s.values, ' ')
		case '\n', '\t':
			s.values = append(s.values, ' ')
		case '&':
			r, n := resolve(raw[p:])
			s.values = utf8.AppendRune(s.values, r)
			p += n - 1
		default:
			s.values = append(s.values, c)
		}
	}
	return s.values[from:len(s.values):len(s.values)]
}

// declare takes the namespace declaration at p. The rules are those of Namespaces in XML 1.0, sections 3 and 5.
func (s *Scanner) declare(f *frame, p int, x Decl) error {
	for _, other := range s.decls {
		if bytes.Equal(other.Prefix, x.Prefix) {
			return s.twice(p, Name{Prefix: []byte("xmlns"), Local: x.Prefix})
		}
	}
	switch prefix, uri := string(x.Prefix), string(x.URI); {
	case prefix == "xmlns":
		return s.refuse(p, NotWellFormed, "a declaration of the prefix xmlns", "none: it has its meaning without")
	case prefix == "xml" && uri != xmlURI:
		return s.refuse(p, NotWellFormed, "another namespace for the prefix xml", xmlURI)
	case prefix != "xml" && uri == xmlURI:
		return s.refuse(p, NotWellFormed, "a declaration for the namespace of the prefix xml", "the prefix xml, which needs none")
	case uri == xmlnsURI:
		return s.refuse(p, NotWellFormed, "a declaration for the namespace of the prefix xmlns", "none: it cannot be declared")
	case prefix != "" && uri == "":
		return s.refuse(p, NotWellFormed, "an empty namespace for the prefix "+quotable(x.Prefix), "the name of a namespace; only the default namespace can be taken back")
	}
	if len(s.bind) >= maxNamespaces {
		return s.refuse(p, TooManyNamespaces, "more than "+strconv.Itoa(maxNamespaces)+" namespace declarations that hold together", "fewer")
	}
	if s.depth == 1 && !f.bound {
		s.extras = 0 // a new child of the root: those of the one before are gone
	}
	space, ok := s.intern(x.URI)
	if !ok {
		return s.refuse(p, TooManyNamespaces, "more than "+strconv.Itoa(mostExtras)+" namespaces in one child of the root", "fewer")
	}
	if !f.bound {
		f.bound, f.bind, f.space = true, len(s.bind), s.space
	}
	s.decls = append(s.decls, x)
	s.bind = append(s.bind, binding{x.Prefix, space})
	return nil
}

// mostExtras is how many namespaces a child of the root can bring.
const mostExtras = 4 * maxNamespaces

// intern returns the number of a namespace, and gives it one if need be.
func (s *Scanner) intern(uri []byte) (Space, bool) {
	known := fixed[:]
	if s.scope != nil {
		known = s.scope.uris
	}
	for i, u := range known {
		if u == string(uri) {
			return Space(i), true
		}
	}
	for i, u := range s.extra[:s.extras] {
		if u == string(uri) {
			return Space(len(known) + i), true
		}
	}
	if s.extras == mostExtras {
		return 0, false
	}
	switch {
	case s.extras == len(s.extra):
		s.extra = append(s.extra, string(uri))
	case s.extra[s.extras] != string(uri): // the same one as in the entity before costs nothing
		s.extra[s.extras] = string(uri)
	}
	s.extras++
	return Space(len(known) + s.extras - 1), true
}

// lookup returns the namespace that a prefix stands for; of an empty one, the default namespace.
func (s *Scanner) lookup(prefix []byte) (Space, bool) {
	if string(prefix) == "xml" {
		return XMLSpace, true
	}
	for i := len(s.bind) - 1; i >= 0; i-- {
		if bytes.Equal(s.bind[i].prefix, prefix) {
			return s.bind[i].space, true
		}
	}
	return NoSpace, len(prefix) == 0
}

// unbound is the error of the name at p, whose prefix is not declared.
func (s *Scanner) unbound(p, local int) error {
	prefix := quotable(s.data[p : local-1])
	if prefix == "xmlns" {
		return s.refuse(p, NotWellFormed, "an element with the prefix xmlns", "another prefix: this one is for declarations")
	}
	return s.refuse(p, NotWellFormed, "the prefix "+prefix+", which is not declared", "xmlns:"+prefix+"=\"...\" in this tag or around it")
}

func (s *Scanner) twice(p int, n Name) error {
	name := quotable(n.Local)
	if len(n.Prefix) > 0 {
		name = quotable(n.Prefix)
		if len(n.Local) > 0 {
			name += ":" + quotable(n.Local)
		}
	}
	return s.refuse(p, NotWellFormed, "the attribute "+name+" a second time", "each attribute once in a tag")
}

// fewAttrs can be compared one with another. More of them are looked up.
const fewAttrs = 12

// unique checks that no attribute is there twice: same namespace, same local name.
func (s *Scanner) unique() error {
	if len(s.attrs) <= fewAttrs {
		for i := 1; i < len(s.attrs); i++ {
			a := &s.attrs[i].Name
			for j := range i {
				if b := &s.attrs[j].Name; a.Space == b.Space && bytes.Equal(a.Local, b.Local) {
					return s.twice(s.attrs[i].Offset, *a)
				}
			}
		}
		return nil
	}
	type key struct {
		space Space
		local string
	}
	seen := make(map[key]struct{}, len(s.attrs))
	for i := range s.attrs {
		a := &s.attrs[i].Name
		k := key{a.Space, string(a.Local)}
		if _, ok := seen[k]; ok {
			return s.twice(s.attrs[i].Offset, *a)
		}
		seen[k] = struct{}{}
	}
	return nil
}

// endTag reads the end tag at p, which is not simply the one that is expected.
func (s *Scanner) endTag(p int) (Kind, error) {
	d := s.data
	if s.depth == 0 {
		end, _, err := s.qname(p+2, "the name of an element")
		if err != nil {
			return 0, err
		}
		return 0, s.refuse(p, NotWellFormed, "</"+quotable(d[p+2:end])+">", "no end tag: the element is not open")
	}
	open := &s.frames[s.depth-1]
	end, _, err := s.qname(p+2, "the name of an element")
	if err != nil {
		return 0, err
	}
	if !bytes.Equal(d[p+2:end], d[open.from:open.to]) {
		return 0, s.refuse(p, NotWellFormed, "</"+quotable(d[p+2:end])+">",
			"</"+quotable(d[open.from:open.to])+"> for the element that starts in line "+strconv.Itoa(s.block.PosAt(open.from).Line))
	}
	if end = s.skip(end); end >= len(d) || d[end] != '>' {
		return 0, s.fail(end, "> after the name of an end tag")
	}
	s.pos = end + 1
	s.pop()
	return EndElement, nil
}
