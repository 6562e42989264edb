package report

import (
	"fmt"

	"cohortx/interchange"
)

// Validation is the result of checking files against their schema.
type Validation struct {
	Version    int             `json:"version"`
	ExitStatus int             `json:"exit_status"`
	Files      []ValidatedFile `json:"files"`
	Seconds    float64         `json:"seconds"`
}

// ValidatedFile is one checked file.
type ValidatedFile struct {
	Name       string                     `json:"name"`
	Content    string                     `json:"content,omitempty"`
	Release    string                     `json:"release,omitempty"`
	Encoding   string                     `json:"encoding,omitempty"`
	Valid      bool                       `json:"valid"`
	Entities   int64                      `json:"entities"`
	Proven     int64                      `json:"proven"`
	Judged     int64                      `json:"judged"`
	Violations int64                      `json:"violations"` // all, also those that are not listed
	Codes      map[interchange.Code]int64 `json:"codes,omitempty"`
	Listed     []Fault                    `json:"listed,omitempty"`
	Checked    string                     `json:"checked,omitempty"` // how far, where it was not the whole schema
	Note       string                     `json:"note,omitempty"`    // what else there is to know, such as that the tables proved nothing
}

// Message is a fault as one line of text: file:line:column: code: message.
func (f *Fault) Message() string {
	text := fmt.Sprintf("%s:%d:%d: %s: ", f.File, f.Line, f.Column, f.Code)
	if f.Path != "" {
		text += f.Path + ": "
	}
	if f.Found != "" {
		text += "found " + f.Found
	}
	if f.Expected != "" {
		if f.Found != "" {
			text += "; "
		}
		text += "expected " + f.Expected
	}
	if f.Detail != "" {
		text += " (" + f.Detail + ")"
	}
	return Plain(text)
}
