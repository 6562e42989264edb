package report

import (
	"fmt"
	"io"
	"strings"
)

// Conflict is what a later run has to do with rows that a revert would put back.
type Conflict struct {
	Run   int64    `json:"run,omitempty"` // 0: no run, or one before there was a history
	Why   string   `json:"why"`           // changed, confirmed, depends, missing
	Kind  string   `json:"kind"`
	Count int64    `json:"count"`
	First []string `json:"first"` // keys
}

// Text says what a conflict is about, without its keys.
func (c *Conflict) Text() string {
	rows := fmt.Sprintf("%s of %s", Number(c.Count, "row", "rows"), c.Kind)
	who := fmt.Sprintf("run %d", c.Run)
	if c.Run == 0 {
		who = "something older than the history"
	}
	switch c.Why {
	case "changed":
		return fmt.Sprintf("%s has changed %s since", who, rows)
	case "confirmed":
		return fmt.Sprintf("%s has found %s unchanged since", who, rows)
	case "depends":
		return fmt.Sprintf("%s has %s that need what would go", who, rows)
	}
	return fmt.Sprintf("%s cannot come back: what they refer to is gone, or their key has been given again", rows)
}

// conflicts lists what keeps a run from being reverted.
func (r *Run) conflicts(w io.Writer) {
	if len(r.Conflicts) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", ink(w, bold, "Conflicts"))
	for i := range r.Conflicts {
		c := &r.Conflicts[i]
		more := ""
		if c.Count > int64(len(c.First)) {
			more = ", ..."
		}
		fmt.Fprintf(w, "  %s\n     %s%s\n", c.Text(), Plain(strings.Join(c.First, ", ")), more)
	}
	if r.Remedy != "" {
		fmt.Fprintf(w, "To do: %s\n", r.Remedy)
	}
}
