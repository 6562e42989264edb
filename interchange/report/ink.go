package report

import "io"

// Terminal is a writer whose reader sees colours. What is written to any other one has none.
type Terminal struct{ io.Writer }

// Colours of the terminal's own palette, by number: they are readable on light and on dark.
const (
	bold   = "1"
	green  = "1;32"
	yellow = "1;33"
	red    = "1;31"
)

// ink gives text a colour when w is a terminal.
func ink(w io.Writer, colour, text string) string {
	if _, ok := w.(Terminal); !ok {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// statusColour is green when all is applied, yellow when something is left to mend, else red.
func statusColour(exit int) string {
	switch exit {
	case 0:
		return green
	case 2, 5:
		return yellow
	}
	return red
}
