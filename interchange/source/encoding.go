package source

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
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
var declaration = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^<\?xml\s[^>]*?encoding\s*=\s*["']([^"'<>]*)["']`)
})

func refused(code scan.Code, found, expected string) error {
	return refusedAt(0, code, found, expected)
}

// refusedAt is an error in the first line: where the XML declaration names the encoding.
func refusedAt(offset int, code scan.Code, found, expected string) error {
	return &scan.Error{At: scan.Pos{Offset: int64(offset), Line: 1, Column: 1 + offset}, Code: code, Found: found, Expected: expected}
}

// place returns where the XML declaration names the encoding, 0 if it does not, or does so in another line than the first.
func place(head []byte) int {
	m := declaration().FindSubmatchIndex(head)
	if m == nil || bytes.IndexByte(head[:m[2]], '\n') >= 0 {
		return 0
	}
	return m[2]
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
	case bytes.IndexByte(head[:min(4, len(head))], 0) >= 0:
		return nil, "", refused(EncodingUnknown, "a NUL among the first four bytes, as in UTF-16 or UTF-32 without a byte-order mark", "UTF-8, or UTF-16 with a byte-order mark (XML 1.0 section 4.3.3)")
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
		return nil, "", refusedAt(place(head), EncodingMismatch, "an XML declaration that says UTF-16 in a file of single bytes", "encoding=\"UTF-8\"")
	case marked && name != "" && name != utf8Name:
		return nil, "", refusedAt(place(head), EncodingMismatch, "a byte-order mark of UTF-8 and an XML declaration that says "+name, "encoding=\"UTF-8\"")
	}
	switch name {
	case latin1:
		return newTranscoder(b, singleConverter(name, charmap.ISO8859_1.DecodeByte)), name, nil
	case windows1252:
		return newTranscoder(b, singleConverter(name, charmap.Windows1252.DecodeByte)), name, nil
	case ascii:
		return newTranscoder(b, singleConverter(name, func(byte) rune { return utf8.RuneError })), name, nil
	}
	return b, utf8Name, nil
}

// declaredIn returns the encoding that the XML declaration names, "" if it names none.
func declaredIn(head []byte) (string, error) {
	if bytes.HasPrefix(head, []byte(`<?xml version="1.0" encoding="UTF-8"`)) {
		return utf8Name, nil // as nearly all files begin
	}
	m := declaration().FindSubmatch(head)
	if m == nil {
		return "", nil
	}
	name, ok := declared[strings.ToLower(string(m[1]))]
	if !ok {
		return "", refusedAt(place(head), EncodingUnknown, fmt.Sprintf("encoding %q", m[1]), "UTF-8, UTF-16, ISO-8859-1, Windows-1252 or US-ASCII")
	}
	return name, nil
}

func wide(b *bufio.Reader, head []byte, order binary.ByteOrder, name string) (io.Reader, string, error) {
	var text []byte
	for i := 2; i+1 < len(head); i += 2 {
		text = append(text, byte(min(order.Uint16(head[i:]), 0xff))) // a declaration is ASCII
	}
	said, err := declaredIn(text)
	if err != nil {
		return nil, "", err
	}
	if said != "" && said != "UTF-16" && said != name {
		return nil, "", refusedAt(place(text), EncodingMismatch, "a byte-order mark of "+name+" and an XML declaration that says "+said, "encoding=\"UTF-16\"")
	}
	if _, err := b.Discard(2); err != nil {
		return nil, "", err
	}
	return newTranscoder(b, wideConverter(order)), name, nil
}
