package roster

import (
	"bufio"
	"bytes"
	"fmt"
	"unicode/utf8"

	"cohortx/xsd/scan"
)

// csvText lets the text of a CSV file pass that an XML document could hold, too: UTF-8 without control characters. A CSV file declares no
// encoding, so one in Windows-1252 would otherwise be taken for UTF-8 with broken names. The first fault ends the text, with a *scan.Error.
type csvText struct {
	in   *bufio.Reader
	good int      // bytes at the head of in that have been looked at
	at   scan.Pos // behind them
	err  error

	record int // bytes since the last record
	line   int // in which that began
}

// maxRecord is how large a record may be: a quotation mark that is missing would otherwise take the rest of the file into memory.
const maxRecord = 16 << 20

func newCSVText(in *bufio.Reader) *csvText { return &csvText{in: in, at: scan.Pos{Line: 1, Column: 1}} }

func (t *csvText) Read(p []byte) (int, error) {
	if t.good == 0 {
		if t.err != nil {
			return 0, t.err
		}
		t.look()
	}
	if t.record > maxRecord {
		return 0, &scan.Error{At: t.at, Code: scan.EntityTooLarge, Found: "a record of more than 16 MiB",
			Expected: fmt.Sprintf("a closing quotation mark before this place, in line %d or after", max(1, t.line))}
	}
	src, _ := t.in.Peek(t.good)
	n, _ := t.in.Discard(copy(p, src))
	t.good -= n
	t.record += n
	if t.good == 0 && n == 0 {
		return 0, t.err
	}
	return n, nil
}

// look checks what there is without waiting for more than a character.
func (t *csvText) look() {
	_, err := t.in.Peek(utf8.UTFMax)
	src, _ := t.in.Peek(t.in.Buffered())
	found, code := "", scan.InvalidCharacter
	for t.good < len(src) {
		c := src[t.good]
		if c < utf8.RuneSelf {
			switch {
			case c == 0:
				found, code = "a NUL byte", scan.NULByte
			case c < ' ' && c != '\t' && c != '\n' && c != '\r':
				found = fmt.Sprintf("the control character U+%04X", c)
			}
			if found != "" {
				break
			}
			t.good++
			continue
		}
		if err == nil && !utf8.FullRune(src[t.good:]) {
			break
		}
		r, n := utf8.DecodeRune(src[t.good:])
		if r == utf8.RuneError && n == 1 {
			found, code = fmt.Sprintf("byte %02X, which does not belong there in UTF-8", c), scan.InvalidEncoding
			break
		}
		if r == 0xfffe || r == 0xffff {
			found = fmt.Sprintf("the noncharacter U+%04X", r)
			break
		}
		t.good += n
	}
	t.advance(src[:t.good])
	switch {
	case found != "":
		t.err = &scan.Error{At: t.at, Code: code, Found: found, Expected: "text in UTF-8 without control characters; a CSV file declares no encoding"}
	case err != nil:
		t.err = err
	}
}

// advance moves the place behind text.
func (t *csvText) advance(text []byte) {
	t.at.Offset += int64(len(text))
	if n := bytes.Count(text, []byte{'\n'}); n > 0 {
		t.at.Line, t.at.Column = t.at.Line+n, 1
		text = text[bytes.LastIndexByte(text, '\n')+1:]
	}
	t.at.Column += utf8.RuneCount(text)
}
