package scan

import (
	"bytes"
	"math/bits"
)

// Pos is a place in a document. A byte-order mark does not count.
type Pos struct {
	Offset int64 // bytes of UTF-8 before the place
	Line   int   // from 1; lines end with '\n'
	Column int   // from 1, in characters
}

var newline = []byte{'\n'}

// after returns the place behind text that starts at p.
func (p Pos) after(text []byte) Pos {
	p.Offset += int64(len(text))
	if n := bytes.Count(text, newline); n > 0 {
		p.Line += n
		p.Column = 1
		text = text[bytes.LastIndexByte(text, '\n')+1:]
	}
	p.Column += characters(text)
	return p
}

// Walker turns growing offsets in a text into places, and looks at each byte once.
type Walker struct {
	text []byte
	done int
	at   Pos
}

// Walk returns a walker through a text that starts at a place.
func Walk(at Pos, text []byte) Walker { return Walker{text: text, at: at} }

// To returns the place of an offset that is not before the last one.
func (w *Walker) To(offset int) Pos {
	w.at, w.done = w.at.after(w.text[w.done:offset]), offset
	return w.at
}

// characters counts the characters of text in UTF-8: the bytes that do not continue one. Where lines are long, utf8.RuneCount would cost
// as much as everything else together.
func characters(text []byte) int {
	n := len(text)
	for ; len(text) >= 8; text = text[8:] {
		x := load(text, 0)
		n -= bits.OnesCount64(x >> 7 &^ (x >> 6) & lows)
	}
	for _, c := range text {
		if c&0xc0 == 0x80 {
			n--
		}
	}
	return n
}
