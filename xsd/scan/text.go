package scan

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// readText reads the text that starts at p.
func (s *Scanner) readText(p int) (Kind, error) {
	d, from := s.data, p
	plain := true
	// Most text is the indentation before a tag, and most of that is spaces.
	if d[p] <= ' ' {
		if d[p] == '\r' && p+1 < len(d) && d[p+1] == '\n' {
			plain = false
			p++
		}
		if d[p] == '\n' {
			p++
		}
	indent:
		for {
			for p+8 <= len(d) {
				x := load(d, p) ^ spaces
				if x != 0 {
					p += first(x)
					break
				}
				p += 8
			}
			if p == len(d) {
				break
			}
			switch d[p] {
			case '<':
				s.white = true
				return s.textDone(from, p, plain)
			case '\r':
				plain = false
			case '\n', '\t', ' ':
			default:
				break indent
			}
			p++
		}
	}
	if s.part != content {
		if p == len(d) && s.part == epilog && !s.block.Truncated {
			s.white = true
			return s.textDone(from, p, plain)
		}
		if s.part == prolog {
			return 0, s.fail(p, "the root element")
		}
		return 0, s.fail(p, "nothing but white space, comments and processing instructions after the root element")
	}
	s.white = false
	if p == len(d) && plain {
		s.white = true
	}
	for {
		for p+8 <= len(d) {
			x := load(d, p)
			lt, amp, end := x^'<'*lows, x^'&'*lows, x^']'*lows
			if mask := ((lt-lows)&^lt | (amp-lows)&^amp | (end-lows)&^end | (x-0x20*lows)&^x | x) & highs; mask != 0 {
				p += first(mask)
				break
			}
			p += 8
		}
		if p == len(d) {
			if s.block.Truncated {
				return 0, s.block.err
			}
			return s.textDone(from, p, plain)
		}
		switch c := d[p]; {
		case c == '<':
			return s.textDone(from, p, plain)
		case c == '&':
			_, n, err := s.reference(p)
			if err != nil {
				return 0, err
			}
			plain = false
			p += n
		case c == ']':
			if bytes.HasPrefix(d[p:], sectionEnd) {
				return 0, s.refuse(p, NotWellFormed, "]]>", "]]&gt;")
			}
			p++
		case c == '\r':
			plain = false
			p++
		case c >= utf8.RuneSelf:
			n := charLen(d[p:])
			if n == 0 {
				return 0, s.fail(p, "text")
			}
			p += n
		case class[c]&control != 0:
			return 0, s.fail(p, "text")
		default:
			p++
		}
	}
}

// PlainText returns where the text at p ends that stands for itself: at the first byte that is <, &, ], not in ASCII, or a control character,
// line ends among them; or at the end of d.
func PlainText(d []byte, p int) int {
	for p+8 <= len(d) {
		x := load(d, p)
		lt, amp, end := x^'<'*lows, x^'&'*lows, x^']'*lows
		if mask := ((lt-lows)&^lt | (amp-lows)&^amp | (end-lows)&^end | (x-0x20*lows)&^x | x) & highs; mask != 0 {
			return p + first(mask)
		}
		p += 8
	}
	for p < len(d) && d[p] != '<' && d[p] != '&' && d[p] != ']' && d[p] >= 0x20 && d[p] < utf8.RuneSelf {
		p++
	}
	return p
}

func (s *Scanner) textDone(from, to int, plain bool) (Kind, error) {
	s.from, s.to, s.pos = from, to, to
	s.plain, s.decoded, s.kind = plain, false, Text
	return Text, nil
}

// decode resolves references and normalises line ends of a token that has been checked.
func (s *Scanner) decode() {
	text := s.data[s.from:s.to]
	s.buf, s.decoded = s.buf[:0], true
	for p := 0; p < len(text); p++ {
		switch c := text[p]; {
		case c == '\r':
			if p+1 < len(text) && text[p+1] == '\n' {
				continue
			}
			s.buf = append(s.buf, '\n')
		case c == '&' && s.kind == Text:
			r, n := resolve(text[p:])
			s.buf = utf8.AppendRune(s.buf, r)
			p += n - 1
		default:
			s.buf = append(s.buf, c)
		}
	}
}

// The five entities that need no declaration, XML 1.0 section 4.6.
var predefined = [...]struct {
	text string
	r    rune
}{{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}

// resolve returns the character that the reference at the beginning of text stands for, and the reference's length; length 0 when there
// is no reference. The character is -1 when it is beyond Unicode.
func resolve(text []byte) (rune, int) {
	for _, e := range predefined {
		if len(text) >= len(e.text) && string(text[:len(e.text)]) == e.text {
			return e.r, len(e.text)
		}
	}
	if len(text) < 3 || text[1] != '#' {
		return 0, 0
	}
	p, base := 2, rune(10)
	if text[2] == 'x' {
		p, base = 3, 16
	}
	r, from := rune(0), p
	for ; p < len(text); p++ {
		var digit rune
		switch c := text[p]; {
		case c >= '0' && c <= '9':
			digit = rune(c - '0')
		case base == 16 && (c|0x20) >= 'a' && (c|0x20) <= 'f':
			digit = rune(c|0x20-'a') + 10
		case c == ';' && p > from:
			return r, p + 1
		default:
			return 0, 0
		}
		if r >= 0 {
			if r = r*base + digit; r > utf8.MaxRune {
				r = -1
			}
		}
	}
	return 0, 0
}

// reference checks the reference at p.
func (s *Scanner) reference(p int) (rune, int, error) {
	r, n := resolve(s.data[p:])
	switch {
	case n == 0:
		return 0, 0, s.badReference(p)
	case !isChar(r):
		return 0, 0, s.refuse(p, InvalidCharacter, "the character reference "+quotable(s.data[p:p+n]), "characters that XML 1.0 allows")
	}
	return r, n, nil
}

// badReference is the error of something that begins with & and is no reference.
func (s *Scanner) badReference(p int) error {
	const references = "&amp; &lt; &gt; &quot; &apos; or a character reference; write &amp; for the character & itself"
	d := s.data
	if p+1 < len(d) && d[p+1] == '#' {
		hex := p+2 < len(d) && d[p+2] == 'x'
		q, digits := p+2, "0123456789"
		if hex {
			q, digits = p+3, "0123456789abcdefABCDEF"
		}
		for q < len(d) && bytes.IndexByte([]byte(digits), d[q]) >= 0 {
			q++
		}
		if q == len(d) && !s.block.Truncated {
			return s.refuse(p, NotWellFormed, quotable(d[p:]), references)
		}
		return s.fail(q, "digits and ; as in &#233; or &#xE9;")
	}
	if p+1 < len(d) && class[d[p+1]]&nameStart == 0 && d[p+1] < utf8.RuneSelf {
		return s.refuse(p, NotWellFormed, "'&'", references)
	}
	end, colon, err := s.qname(p+1, references)
	var e *Error
	if errors.As(err, &e) && e.Code == NotWellFormed && !s.block.Truncated {
		return s.refuse(p, NotWellFormed, "'&'", references) // it ends with the root's content, or has a colon
	}
	if err != nil {
		return err
	}
	if d[end] != ';' || colon >= 0 {
		return s.refuse(p, NotWellFormed, "'&'", references)
	}
	return s.refuse(p, NotWellFormed, "the undeclared entity "+quotable(d[p:end+1]), references)
}
