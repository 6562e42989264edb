package main

import (
	"io"
	"os"

	"golang.org/x/term"

	"cohortx/interchange/report"
)

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// coloured lets a report have colours where somebody sees them and has not said otherwise (https://no-color.org).
func coloured(w io.Writer) io.Writer {
	if !isTerminal(w) || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return w
	}
	return report.Terminal{Writer: w}
}
