package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"cohortx/interchange"
)

// RejectWriter writes a reject file: an interchange document in UTF-8 that holds rejected entities in the characters of the input, each
// with its reason in a comment above it. Mended, it is valid and imports; unmended, it gives the same rejects again.
type RejectWriter struct {
	w    io.Writer
	root []byte
	err  error
}

// NewRejectWriter begins a reject file. root is the start tag of the input's root, as it stands there: its namespaces are those of the
// entities.
func NewRejectWriter(w io.Writer, root []byte, file string, run int64) *RejectWriter {
	r := &RejectWriter{w: w, root: root}
	r.write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	r.comment(fmt.Sprintf(" Rejected entities of %s, run %d. Mend what the comments name and import this file. ", Plain(file), run))
	r.write("\n")
	r.write(string(bytes.TrimRight(root, " ")))
	r.write("\n")
	return r
}

func (r *RejectWriter) write(s string) {
	if r.err == nil {
		_, r.err = io.WriteString(r.w, s)
	}
}

// comment writes a comment. "--" may not stand in one, nor may what is no character of XML.
func (r *RejectWriter) comment(text string) {
	text = strings.Map(func(c rune) rune {
		if c < ' ' && c != '\n' || c == 0xFFFE || c == 0xFFFF {
			return '?'
		}
		return c
	}, strings.ToValidUTF8(text, "?"))
	for strings.Contains(text, "--") {
		text = strings.ReplaceAll(text, "--", "- -")
	}
	if strings.HasSuffix(text, "-") {
		text += " "
	}
	r.write("<!--" + text + "-->")
}

// Context writes an element that is in the file only because a rejected one refers to it.
func (r *RejectWriter) Context(raw []byte, line int) error {
	r.write("  ")
	r.comment(fmt.Sprintf(" context, line %d: not rejected, the next one refers to it ", line))
	r.write("\n  ")
	r.write(string(raw))
	r.write("\n")
	return r.err
}

// Reject writes a rejected entity; also holds its further faults.
func (r *RejectWriter) Reject(f *Fault, also []Fault, raw []byte) error {
	e, _ := interchange.Explain(f.Code)
	text := fmt.Sprintf(" line %d, column %d: %s: %s", f.Line, f.Column, f.Code, e.Meaning)
	text += f.details()
	for i := range also {
		text += fmt.Sprintf("\n       line %d, column %d: %s:%s", also[i].Line, also[i].Column, also[i].Code, also[i].details())
	}
	if e.Remedy != "" {
		text += "\n       To do: " + e.Remedy
	}
	r.write("  ")
	r.comment(text + " ")
	r.write("\n  ")
	r.write(string(raw))
	r.write("\n")
	return r.err
}

// details says what was found and what was expected.
func (f *Fault) details() string {
	text := ""
	if f.Path != "" {
		text += " " + f.Path + ":"
	}
	if f.Found != "" {
		text += " found " + f.Found + ";"
	}
	if f.Expected != "" {
		text += " expected " + f.Expected + ";"
	}
	if f.Detail != "" {
		text += " " + f.Detail
	}
	return Plain(strings.TrimRight(text, ";:"))
}

// Close ends the document.
func (r *RejectWriter) Close() error {
	name, _, _ := bytes.Cut(bytes.TrimLeft(r.root, "<"), []byte(">"))
	if i := bytes.IndexAny(name, " \t\r\n/"); i >= 0 {
		name = name[:i]
	}
	r.write("</" + string(name) + ">\n")
	return r.err
}
