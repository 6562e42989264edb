package source

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"cohortx/xsd/scan"
)

// The codes of errors about encodings.
const (
	EncodingUnknown  scan.Code = "encoding_unknown"
	EncodingMismatch scan.Code = "encoding_mismatch"
)

// The encodings, by the names that Encoding returns.
const (
	utf8Name    = "UTF-8"
	utf16BE     = "UTF-16BE"
	utf16LE     = "UTF-16LE"
	latin1      = "ISO-8859-1"
	windows1252 = "Windows-1252"
	ascii       = "US-ASCII"
)

// declared maps the names that an XML declaration may give, in lower case, to encodings.
var declared = map[string]string{
	"utf-8": utf8Name, "utf8": utf8Name,
	"utf-16": "UTF-16", "utf-16le": utf16LE, "utf-16be": utf16BE,
	"iso-8859-1": latin1, "iso8859-1": latin1, "latin1": latin1,
	"windows-1252": windows1252, "cp1252": windows1252, "cp-1252": windows1252,
	"us-ascii": ascii, "ascii": ascii,
}

// declaration matches an XML declaration with an encoding, as far as that is needed to read it. XML 1.0 section 2.8 has the whole grammar,
// which the tokenizer checks.
var declaration = regexp.MustCompile(`^<\?xml\s[^>]*?encoding\s*=\s*["']([^"'<>]*)["']`)

func refused(code scan.Code, found, expected string) error {
	return &scan.Error{At: scan.Pos{Line: 1, Column: 1}, Code: code, Found: found, Expected: expected}
}

// toUTF8 finds the encoding of in from its byte-order mark and its XML declaration (XML 1.0 appendix F) and returns its text in UTF-8.
func toUTF8(in io.Reader) (io.Reader, string, error) {
	b, ok := in.(*bufio.Reader)
	if !ok {
		b = bufio.NewReaderSize(in, readAhead)
	}
	head, err := b.Peek(1024)
	if err != nil && err != io.EOF && len(head) == 0 {
		return nil, "", err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe, 0, 0}), bytes.HasPrefix(head, []byte{0, 0, 0xfe, 0xff}):
		return nil, "", refused(EncodingUnknown, "a UTF-32 byte-order mark", "UTF-8, UTF-16, ISO-8859-1, Windows-1252 or US-ASCII")
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return wide(b, head, binary.BigEndian, utf16BE)
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return wide(b, head, binary.LittleEndian, utf16LE)
	case len(head) >= 4 && (head[0] == 0 && head[1] != 0 || head[0] == '<' && head[1] == 0):
		return nil, "", refused(EncodingUnknown, "UTF-16 or UTF-32 without a byte-order mark", "a byte-order mark (XML 1.0 section 4.3.3), or UTF-8")
	}
	marked := bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf})
	if marked {
		if _, err := b.Discard(3); err != nil {
			return nil, "", err
		}
		head = head[3:]
	}
	name, err := declaredIn(head)
	if err != nil {
		return nil, "", err
	}
	switch {
	case strings.HasPrefix(name, "UTF-16"):
		return nil, "", refused(EncodingMismatch, "an XML declaration that says UTF-16 in a file of single bytes", "encoding=\"UTF-8\"")
	case marked && name != "" && name != utf8Name:
		return nil, "", refused(EncodingMismatch, "a byte-order mark of UTF-8 and an XML declaration that says "+name, "encoding=\"UTF-8\"")
	}
	switch name {
	case latin1:
		return newSingle(b, name, func(c byte) rune { return charmap.ISO8859_1.DecodeByte(c) }), name, nil
	case windows1252:
		return newSingle(b, name, func(c byte) rune { return charmap.Windows1252.DecodeByte(c) }), name, nil
	case ascii:
		return newSingle(b, name, func(c byte) rune {
			if c >= utf8.RuneSelf {
				return utf8.RuneError
			}
			return rune(c)
		}), name, nil
	}
	return b, utf8Name, nil
}

// declaredIn returns the encoding that the XML declaration names, "" if it names none.
func declaredIn(head []byte) (string, error) {
	m := declaration.FindSubmatch(head)
	if m == nil {
		return "", nil
	}
	name, ok := declared[strings.ToLower(string(m[1]))]
	if !ok {
		return "", refused(EncodingUnknown, fmt.Sprintf("encoding %q", m[1]), "UTF-8, UTF-16, ISO-8859-1, Windows-1252 or US-ASCII")
	}
	return name, nil
}

func wide(b *bufio.Reader, head []byte, order binary.ByteOrder, name string) (io.Reader, string, error) {
	var text []byte
	for i := 2; i+1 < len(head); i += 2 {
		text = append(text, byte(order.Uint16(head[i:]))) // a declaration is ASCII
	}
	said, err := declaredIn(text)
	if err != nil {
		return nil, "", err
	}
	if said != "" && said != "UTF-16" && said != name {
		return nil, "", refused(EncodingMismatch, "a byte-order mark of "+name+" and an XML declaration that says "+said, "encoding=\"UTF-16\"")
	}
	if _, err := b.Discard(2); err != nil {
		return nil, "", err
	}
	t := &transcoder{in: b, at: scan.Pos{Line: 1, Column: 1}}
	t.next = func() (rune, string, error) { return readWide(b, order) }
	return t, name, nil
}

// readWide reads one character of UTF-16. found is not empty when there is none.
func readWide(b *bufio.Reader, order binary.ByteOrder) (r rune, found string, err error) {
	unit, n, err := readUnit(b, order)
	if err != nil {
		if n == 1 {
			return 0, "half a UTF-16 unit at the end", nil
		}
		return 0, "", err
	}
	if !utf16.IsSurrogate(rune(unit)) {
		return rune(unit), "", nil
	}
	low, _, err := readUnit(b, order)
	if r := utf16.DecodeRune(rune(unit), rune(low)); err == nil && r != utf8.RuneError {
		return r, "", nil
	}
	return 0, fmt.Sprintf("the unpaired surrogate %04X", unit), nil
}

func readUnit(b *bufio.Reader, order binary.ByteOrder) (unit uint16, n int, err error) {
	two, err := b.Peek(2)
	if len(two) < 2 {
		n = len(two)
		_, _ = b.Discard(n)
		return 0, n, err
	}
	unit = order.Uint16(two)
	_, _ = b.Discard(2) // cannot fail: these bytes were peeked
	return unit, 2, nil
}

// newSingle returns the text of an encoding of single bytes. decode returns utf8.RuneError for a byte that the encoding does not have.
func newSingle(b *bufio.Reader, name string, decode func(byte) rune) io.Reader {
	t := &transcoder{in: b, at: scan.Pos{Line: 1, Column: 1}}
	t.next = func() (rune, string, error) {
		c, err := b.ReadByte()
		if err != nil {
			return 0, "", err
		}
		r := decode(c)
		if r == utf8.RuneError {
			return 0, fmt.Sprintf("byte %02X, which %s does not have", c, name), nil
		}
		return r, "", nil
	}
	return t
}

// transcoder turns characters into UTF-8 and knows their place, for the one that is none.
type transcoder struct {
	in   io.Reader
	next func() (r rune, found string, err error)
	at   scan.Pos
	err  error
}

func (t *transcoder) Read(p []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	n := 0
	for n+utf8.UTFMax <= len(p) {
		r, found, err := t.next()
		if found != "" {
			err = &scan.Error{At: t.at, Code: scan.InvalidEncoding, Found: found, Expected: "text in the encoding that the file is in"}
		}
		if err != nil {
			t.err = err
			break
		}
		k := utf8.EncodeRune(p[n:], r)
		n += k
		t.at.Offset += int64(k)
		t.at.Column++
		if r == '\n' {
			t.at.Line, t.at.Column = t.at.Line+1, 1
		}
	}
	if n > 0 {
		return n, nil
	}
	if t.err == nil {
		return 0, io.ErrShortBuffer
	}
	return 0, t.err
}
