package scan

import (
	"bytes"
	"unicode/utf8"
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
	p.Column += utf8.RuneCount(text)
	return p
}
