package report

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain writes characters that a terminal obeys or hides instead of showing (line ends, escape sequences, changes of direction, spaces that
// look like others) as Go would quote them. File names and keys come from elsewhere: a line of a report must stay a line, and mean what it
// shows.
func Plain(s string) string {
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if hidden(r) || r == utf8.RuneError && n == 1 {
			quoted := strconv.Quote(s[i : i+n])
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// hidden also holds for U+FFFD, so that bytes that are no UTF-8 are found; Plain keeps it where it really stands.
func hidden(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
