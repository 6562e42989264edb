package source

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"cohortx/xsd/scan"
)

// converter writes the characters of src to dst in UTF-8. It stops when dst has no room for another character, at a character that src
// holds only a part of, and at one that is none: then found says what is there. last says that nothing follows src.
type converter func(dst, src []byte, last bool) (written, read int, found string)

// transcoder turns text into UTF-8 and knows the place of what is no text.
type transcoder struct {
	in      *bufio.Reader
	convert converter
	at      scan.Pos
	err     error
	small   [utf8.UTFMax]byte // a character that the reader had no room for
	rest    []byte            // what is left of it
}

func newTranscoder(in *bufio.Reader, c converter) *transcoder {
	return &transcoder{in: in, convert: c, at: scan.Pos{Line: 1, Column: 1}}
}

// Read returns as much text as is there without waiting.
func (t *transcoder) Read(p []byte) (int, error) {
	if len(t.rest) == 0 && len(p) < utf8.UTFMax {
		n, err := t.text(t.small[:])
		if t.rest = t.small[:n]; n == 0 {
			return 0, err
		}
	}
	if len(t.rest) > 0 {
		n := copy(p, t.rest)
		t.rest = t.rest[n:]
		return n, nil
	}
	return t.text(p)
}

// text needs room for one character.
func (t *transcoder) text(p []byte) (int, error) {
	n := 0
	for n+utf8.UTFMax <= len(p) && t.err == nil {
		if n > 0 && t.in.Buffered() < utf8.UTFMax {
			break // what there is goes out before more is waited for
		}
		_, err := t.in.Peek(utf8.UTFMax)
		src, _ := t.in.Peek(t.in.Buffered())
		written, read, found := t.convert(p[n:], src, err != nil)
		_, _ = t.in.Discard(read) // cannot fail: these bytes were peeked
		t.advance(p[n : n+written])
		n += written
		switch {
		case found != "":
			t.err = &scan.Error{At: t.at, Code: scan.InvalidEncoding, Found: found, Expected: "text in the encoding that the file is in"}
		case err != nil && t.in.Buffered() == 0:
			t.err = err
		}
	}
	if n > 0 {
		return n, nil
	}
	return 0, t.err
}

// advance moves the place behind text.
func (t *transcoder) advance(text []byte) {
	t.at.Offset += int64(len(text))
	if n := bytes.Count(text, []byte{'\n'}); n > 0 {
		t.at.Line, t.at.Column = t.at.Line+n, 1
		text = text[bytes.LastIndexByte(text, '\n')+1:]
	}
	t.at.Column += utf8.RuneCount(text)
}

// singleConverter is for an encoding of single bytes that has ASCII in it. decode, for the others, returns utf8.RuneError for a byte that
// the encoding does not have.
func singleConverter(name string, decode func(byte) rune) converter {
	var table [256]rune
	for c := range table {
		table[c] = rune(c)
		if c >= utf8.RuneSelf {
			table[c] = decode(byte(c))
		}
	}
	return func(dst, src []byte, _ bool) (n, read int, found string) {
		for _, c := range src {
			if n+utf8.UTFMax > len(dst) {
				break
			}
			if c < utf8.RuneSelf {
				dst[n] = c
				n++
			} else if r := table[c]; r != utf8.RuneError {
				n += utf8.EncodeRune(dst[n:], r)
			} else {
				return n, read, fmt.Sprintf("byte %02X, which %s does not have", c, name)
			}
			read++
		}
		return n, read, ""
	}
}

// wideConverter is for UTF-16.
func wideConverter(order binary.ByteOrder) converter {
	big := order == binary.ByteOrder(binary.BigEndian)
	unit := func(src []byte) rune {
		if big {
			return rune(src[0])<<8 | rune(src[1])
		}
		return rune(src[1])<<8 | rune(src[0])
	}
	return func(dst, src []byte, last bool) (n, read int, found string) {
		for n+utf8.UTFMax <= len(dst) && read+2 <= len(src) {
			r := unit(src[read:])
			switch {
			case r < utf8.RuneSelf:
				dst[n] = byte(r)
				n++
				read += 2
				continue
			case utf16.IsSurrogate(r):
				if read+4 > len(src) && !last {
					return n, read, ""
				}
				low := rune(0)
				if read+4 <= len(src) {
					low = unit(src[read+2:])
				}
				pair := utf16.DecodeRune(r, low)
				if pair == utf8.RuneError {
					return n, read, fmt.Sprintf("the unpaired surrogate %04X", r)
				}
				r = pair
				read += 2
			}
			n += utf8.EncodeRune(dst[n:], r)
			read += 2
		}
		if last && len(src)-read == 1 {
			return n, read, "half a UTF-16 unit at the end"
		}
		return n, read, ""
	}
}
