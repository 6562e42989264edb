package scan

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Eight bytes are looked at together: a word of them, and bit tricks that set the highest bit of bytes with a property. The lowest bit that
// such a mask has set is always right; higher ones may be false, which does no harm as only the first is ever used.

const (
	lows   = 0x0101010101010101
	highs  = 0x8080808080808080
	spaces = ' ' * lows
)

func load(d []byte, p int) uint64 { return binary.LittleEndian.Uint64(d[p:]) }

// equal marks the bytes that are c.
func equal(x uint64, c byte) uint64 {
	x ^= uint64(c) * lows
	return (x - lows) &^ x & highs
}

// less marks the bytes below c, which is at most 0x80.
func less(x uint64, c byte) uint64 { return (x - uint64(c)*lows) &^ x & highs }

// first returns the index of the first marked byte.
func first(mask uint64) int { return bits.TrailingZeros64(mask) >> 3 }

// What a byte may be in a name, and in text.
const (
	nameStart = 1 << iota // begins a name
	nameChar              // goes on in a name
	white                 // white space
	control               // not allowed anywhere
	behind                // can come behind the name in a start tag
)

var class = func() (t [256]uint8) {
	for c := range 0x20 {
		t[c] = control
	}
	for _, c := range " \t\r\n" {
		t[c] = white | behind
	}
	t['/'], t['>'] = behind, behind
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = nameStart|nameChar, nameStart|nameChar
	}
	t['_'] = nameStart | nameChar
	for _, c := range "0123456789-." {
		t[c] = nameChar
	}
	return t
}()

func isWhite(c byte) bool { return class[c]&white != 0 }

// allWhite reports whether text is nothing but white space.
func allWhite(text []byte) bool {
	for _, c := range text {
		if !isWhite(c) {
			return false
		}
	}
	return true
}

// isChar is the production Char of XML 1.0.
func isChar(r rune) bool {
	return r >= 0x20 && r <= 0xd7ff || r == '\n' || r == '\t' || r == '\r' || r >= 0xe000 && r <= 0xfffd || r >= 0x10000 && r <= 0x10ffff
}

// isNameStart is the production NameStartChar of XML 1.0, fifth edition, from 0x80 on.
func isNameStart(r rune) bool {
	switch {
	case r < 0xc0:
		return false
	case r <= 0x2ff:
		return r != 0xd7 && r != 0xf7
	case r <= 0x1fff:
		return r >= 0x370 && r != 0x37e
	}
	return r == 0x200c || r == 0x200d || r >= 0x2070 && r <= 0x218f || r >= 0x2c00 && r <= 0x2fef || r >= 0x3001 && r <= 0xd7ff ||
		r >= 0xf900 && r <= 0xfdcf || r >= 0xfdf0 && r <= 0xfffd || r >= 0x10000 && r <= 0xeffff
}

// isNameChar is the production NameChar of XML 1.0, fifth edition, from 0x80 on.
func isNameChar(r rune) bool {
	return isNameStart(r) || r == 0xb7 || r >= 0x300 && r <= 0x36f || r == 0x203f || r == 0x2040
}

// badChar returns the index of the first byte of text that begins no character that XML allows, -1 if there is none. A character that is
// cut off by the end of text is bad.
func badChar(text []byte) int {
	for p := 0; p < len(text); {
		for p+8 <= len(text) {
			x := load(text, p)
			if mask := less(x, 0x20) | x&highs; mask != 0 {
				p += first(mask)
				break
			}
			p += 8
		}
		if p == len(text) {
			break
		}
		switch c := text[p]; {
		case c >= utf8.RuneSelf:
			n := charLen(text[p:])
			if n == 0 {
				return p
			}
			p += n
		case class[c]&control != 0:
			return p
		default:
			p++
		}
	}
	return -1
}

// charLen returns the length of the character that text, which does not begin in ASCII, begins with; 0 if XML does not allow it or it is
// not UTF-8.
func charLen(text []byte) int {
	r, n := utf8.DecodeRune(text)
	if r == utf8.RuneError && n <= 1 || r == 0xfffe || r == 0xffff {
		return 0
	}
	return n // DecodeRune lets no surrogate pass
}
