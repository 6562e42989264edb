package scan

import (
	"bytes"
	"strconv"
	"strings"
)

var (
	commentStart = []byte("<!--")
	commentEnd   = []byte("-->")
	hyphens      = []byte("--")
	sectionStart = []byte("<![CDATA[")
	sectionEnd   = []byte("]]>")
	instrEnd     = []byte("?>")
	doctype      = []byte("<!DOCTYPE")
)

// cutPrefix reports whether the end of the block cuts off what could have become prefix at p.
func (s *Scanner) cutPrefix(p int, prefix []byte) bool {
	rest := s.data[p:]
	return len(rest) < len(prefix) && bytes.HasPrefix(prefix, rest)
}

// declaration reads what begins with <! at p: a comment or a CDATA section. Everything else is refused.
func (s *Scanner) declaration(p int) (Kind, error) {
	rest := s.data[p:]
	switch {
	case bytes.HasPrefix(rest, commentStart):
		return s.comment(p)
	case bytes.HasPrefix(rest, sectionStart):
		if s.part != content {
			return 0, s.refuse(p, NotWellFormed, "a CDATA section outside the root element", "white space, comments and processing instructions only")
		}
		return s.section(p)
	case bytes.HasPrefix(rest, doctype):
		return 0, s.refuse(p, DoctypeRefused, "a DOCTYPE", "none: document type definitions are never read")
	case s.cutPrefix(p, commentStart), s.cutPrefix(p, sectionStart), s.cutPrefix(p, doctype):
		return 0, s.cutOff("the rest of a tag")
	}
	return 0, s.refuse(p, NotWellFormed, "<!", "<!-- or <![CDATA[; write &lt; for the character < itself")
}

// checked looks at the characters of data[from:to], which markup that starts at s.start encloses.
func (s *Scanner) checked(from, to int) error {
	bad := badChar(s.data[from:to])
	if bad < 0 {
		return nil
	}
	return s.fail(from+bad, "text")
}

// unfinished is the error of markup that starts at p and whose content begins at from, when its end is not in the block.
func (s *Scanner) unfinished(p, from int, end, what string) error {
	if err := s.checked(min(from, len(s.data)), len(s.data)); err != nil {
		return err
	}
	return s.cutOff(end + " for the " + what + " that starts in line " + strconv.Itoa(s.block.PosAt(p).Line))
}

func (s *Scanner) token(kind Kind, from, to, after int) (Kind, error) {
	s.from, s.to, s.pos, s.plain, s.decoded, s.kind = from, to, after, true, false, kind
	s.white = allWhite(s.data[from:to])
	return kind, nil
}

func (s *Scanner) comment(p int) (Kind, error) {
	from := p + len(commentStart)
	n := bytes.Index(s.data[from:], hyphens)
	if n < 0 {
		return 0, s.unfinished(p, from, "-->", "comment")
	}
	to := from + n
	if err := s.checked(from, to); err != nil {
		return 0, err
	}
	after := to + len(hyphens)
	if after >= len(s.data) {
		return 0, s.cutOff("-->")
	}
	if s.data[after] != '>' {
		return 0, s.refuse(to, NotWellFormed, "-- inside a comment", "--> or a single hyphen")
	}
	return s.token(Comment, from, to, after+1)
}

func (s *Scanner) section(p int) (Kind, error) {
	from := p + len(sectionStart)
	n := bytes.Index(s.data[from:], sectionEnd)
	if n < 0 {
		return 0, s.unfinished(p, from, "]]>", "CDATA section")
	}
	to := from + n
	if err := s.checked(from, to); err != nil {
		return 0, err
	}
	kind, _ := s.token(CData, from, to, to+len(sectionEnd))
	s.plain = bytes.IndexByte(s.data[from:to], '\r') < 0
	return kind, nil
}

// instruction reads the processing instruction, or the XML declaration, at p.
func (s *Scanner) instruction(p int) (Kind, error) {
	d := s.data
	target := p + 2
	end, colon, err := s.qname(target, "the target of a processing instruction after <?")
	if err != nil {
		return 0, err
	}
	if strings.EqualFold(string(d[target:end]), "xml") {
		if s.part == prolog && p == 0 && string(d[target:end]) == "xml" {
			return s.xmlDeclaration(end)
		}
		return 0, s.refuse(p, NotWellFormed, "<?"+string(d[target:end]), "an XML declaration, if any, as the very first thing in the file, and no other processing instruction of that name")
	}
	if colon >= 0 {
		return 0, s.refuse(target, NotWellFormed, "the target "+quotable(d[target:end])+" of a processing instruction", "a name without a colon")
	}
	from := s.skip(end)
	n := bytes.Index(d[from:], instrEnd)
	if from == end && n != 0 {
		if s.cutPrefix(end, instrEnd) {
			return 0, s.cutOff("?>")
		}
		return 0, s.fail(end, "white space or ?> after the target of a processing instruction")
	}
	if n < 0 {
		return 0, s.unfinished(p, from, "?>", "processing instruction")
	}
	if err := s.checked(from, from+n); err != nil {
		return 0, err
	}
	return s.token(ProcInst, target, from+n, from+n+len(instrEnd))
}

// xmlDeclaration reads the declaration from the end of <?xml on: production XMLDecl of XML 1.0. It is given as a ProcInst.
func (s *Scanner) xmlDeclaration(p int) (Kind, error) {
	d := s.data
	next := 0 // version, encoding, standalone: in this order
	names := [...]string{"version", "encoding", "standalone"}
	for {
		from := p
		p = s.skip(p)
		if p < len(d) && d[p] == '?' && next > 0 {
			if p+1 >= len(d) || d[p+1] != '>' {
				return 0, s.fail(p+1, "> after ? at the end of the XML declaration")
			}
			return s.token(ProcInst, 2, p, p+2)
		}
		if p == from {
			return 0, s.fail(p, "white space or ?> in the XML declaration")
		}
		expected := strings.Join(names[min(next, 2):], ", ") + " or ?> in the XML declaration"
		if next == 0 {
			expected = "version=\"1.0\" in the XML declaration"
		}
		if p >= len(d) || class[d[p]]&nameStart == 0 {
			return 0, s.fail(p, expected)
		}
		name := p
		end, _, err := s.qname(p, expected)
		if err != nil {
			return 0, err
		}
		i := next
		for i < len(names) && names[i] != string(d[name:end]) {
			i++
		}
		if i == len(names) || next == 0 && i > 0 {
			return 0, s.refuse(name, NotWellFormed, quotable(d[name:end]), expected)
		}
		if p = s.skip(end); p >= len(d) || d[p] != '=' {
			return 0, s.fail(p, "= after "+names[i])
		}
		if p = s.skip(p + 1); p >= len(d) || d[p] != '"' && d[p] != '\'' {
			return 0, s.fail(p, "the value of "+names[i]+" in quotes")
		}
		n := bytes.IndexByte(d[p+1:], d[p])
		if n < 0 {
			return 0, s.unfinished(0, p+1, "the quote that ends a value", "XML declaration")
		}
		at, value := p+1, d[p+1:p+1+n]
		if err := s.checked(at, at+n); err != nil {
			return 0, err
		}
		switch i {
		case 0:
			if string(value) != "1.0" {
				return 0, s.refuse(at, XMLVersion, "XML version "+strconv.Quote(quotable(value)), "1.0")
			}
		case 1:
			if !isEncodingName(value) {
				return 0, s.refuse(at, NotWellFormed, "encoding "+strconv.Quote(quotable(value)), "the name of an encoding, such as UTF-8")
			}
		case 2:
			if string(value) != "yes" && string(value) != "no" {
				return 0, s.refuse(at, NotWellFormed, "standalone "+strconv.Quote(quotable(value)), "yes or no")
			}
		}
		p = at + n + 1
		next = i + 1
	}
}

// isEncodingName is the production EncName of XML 1.0.
func isEncodingName(name []byte) bool {
	for i, c := range name {
		letter := (c|0x20) >= 'a' && (c|0x20) <= 'z'
		if !letter && (i == 0 || class[c]&nameChar == 0) {
			return false
		}
	}
	return len(name) > 0
}
