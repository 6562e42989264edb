package report

import (
	"strings"
	"unicode/utf8"
)

// Excerpt is a rejected entity as it stands in the input, the fault apart. Values of people are not in it, only their length.
type Excerpt struct {
	Line   int    `json:"line"` // of the entity's first character
	Before string `json:"before"`
	Fault  string `json:"fault"` // the element that is at fault; "": the entity as a whole is
	After  string `json:"after"`
}

// How much of an excerpt is kept, in characters.
const (
	mostBefore = 1200
	mostFault  = 1000
	mostAfter  = 600
)

// cutOff stands where an excerpt is shortened.
const cutOff = "[...]"

// Shorten keeps what stands nearest to the fault.
func (e *Excerpt) Shorten() {
	if e.Fault == "" { // then what comes first says most
		e.Before, e.After = "", e.Before+e.After
		e.After = head(e.After, mostBefore+mostAfter)
		return
	}
	if runes := utf8.RuneCountInString(e.Before); runes > mostBefore {
		tail := string([]rune(e.Before)[runes-mostBefore:])
		// Not from the midst of a value: it would be shown without the tag that tells what it is.
		e.Before = cutOff + tail[max(strings.IndexAny(tail, "\n<,"), 0):]
	}
	e.Fault, e.After = head(e.Fault, mostFault), head(e.After, mostAfter)
}

func head(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + cutOff
}
