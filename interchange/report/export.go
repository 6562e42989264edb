package report

import "cohortx/interchange"

// Export is the result of an export.
type Export struct {
	Version    int              `json:"version"`
	Store      string           `json:"store"`
	File       string           `json:"file,omitempty"`
	Format     string           `json:"format"` // FormatXML, FormatJSONL
	Release    string           `json:"release"`
	Bytes      int64            `json:"bytes"`
	Counts     map[string]int64 `json:"counts"`      // entities by kind
	LeftOut    int64            `json:"left_out"`    // entities that the release cannot carry
	Partly     int64            `json:"partly"`      // entities that were written without a value that the format has no place for
	NotCarried []NotCarried     `json:"not_carried"` // the first of each code
	Checked    bool             `json:"checked"`     // the file was held against its schema before it got its name

	Consequences int64                      `json:"consequences"` // of those left out, only because another one is
	Codes        map[interchange.Code]int64 `json:"codes"`        // those left out, by code
	LeftOutFile  string                     `json:"left_out_file,omitempty"`
	Refusal      *Fault                     `json:"refusal,omitempty"` // why nothing was written
}

// The formats of an export.
const (
	FormatXML   = "xml"
	FormatJSONL = "jsonl"
)

// NotCarried is one entity that the release cannot carry, or a field of one.
type NotCarried struct {
	Kind   string `json:"kind"`
	Key    string `json:"key"`
	Field  string `json:"field"`
	Reason string `json:"reason"`
	Partly bool   `json:"partly"` // the entity was written, without the field

	Code        interchange.Code `json:"code"`
	Consequence bool             `json:"consequence"` // left out only because another entity is
}

// Entities is how many entities were written.
func (e *Export) Entities() (n int64) {
	for _, k := range e.Counts {
		n += k
	}
	return n
}
