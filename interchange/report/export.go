package report

// Export is the result of an export.
type Export struct {
	Version    int              `json:"version"`
	Store      string           `json:"store"`
	File       string           `json:"file,omitempty"`
	Release    string           `json:"release"`
	Bytes      int64            `json:"bytes"`
	Counts     map[string]int64 `json:"counts"`      // entities by kind
	LeftOut    int64            `json:"left_out"`    // entities that the release cannot carry
	NotCarried []NotCarried     `json:"not_carried"` // the first of them
	Checked    bool             `json:"checked"`     // the file was held against its schema before it got its name
}

// NotCarried is one entity that the release cannot carry.
type NotCarried struct {
	Kind   string `json:"kind"`
	Key    string `json:"key"`
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// Entities is how many entities were written.
func (e *Export) Entities() (n int64) {
	for _, k := range e.Counts {
		n += k
	}
	return n
}
