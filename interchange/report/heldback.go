package report

import (
	"fmt"
	"io"

	"cohortx/interchange"
)

// Complete says for what a set was complete (--mode full).
type Complete struct {
	AsOf                   interchange.Date `json:"as_of"`
	Zone                   string           `json:"zone,omitempty"` // of the calendar that AsOf was read from, such as "CET, UTC+01:00"; "": AsOf was given
	EducationOrganizations []int64          `json:"education_organizations"`
}

// HeldBack is the removals of one kind in one education organization that a guard held back.
type HeldBack struct {
	Code                    interchange.Code `json:"code"`
	Kind                    string           `json:"kind,omitempty"`
	EducationOrganizationID int64            `json:"education_organization_id,omitempty"` // with Kind missing when the set names nothing at all
	Count                   int64            `json:"count"`
	Of                      int64            `json:"of"`    // associations that were active
	First                   []string         `json:"first"` // keys of the first ones
}

// HeldBackCount is how many removals were held back.
func (r *Run) HeldBackCount() (n int64) {
	for i := range r.HeldBack {
		n += r.HeldBack[i].Count
	}
	return n
}

// completeness says for what the set was complete, and on which calendar's day.
func (r *Run) completeness(w io.Writer) {
	c := r.Complete
	if c == nil || len(c.EducationOrganizations) == 0 {
		return
	}
	text := "Complete set of " + Number(int64(len(c.EducationOrganizations)), "education organization", "education organizations") + " as of " + c.AsOf.String()
	if c.Zone != "" {
		text += " (today in " + c.Zone + ")"
	}
	fmt.Fprintf(w, "\n%s.\n", text)
}

// heldListed is how many education organizations of each code the summary lists; --json lists all.
const heldListed = 20

// heldBack lists what was held back: the codes with their meaning, below each the education organizations.
func (r *Run) heldBack(w io.Writer) {
	if len(r.HeldBack) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", ink(w, bold, "Held back"))
	done := map[interchange.Code]bool{}
	for i := range r.HeldBack {
		code := r.HeldBack[i].Code
		if done[code] {
			continue
		}
		done[code] = true
		e, _ := interchange.Explain(code)
		fmt.Fprintf(w, "  %s\n     %s\n", ink(w, bold, string(code)), e.Meaning)
		listed := 0
		for j := range r.HeldBack[i:] {
			if h := &r.HeldBack[i+j]; h.Code == code && h.Kind != "" {
				if listed++; listed <= heldListed {
					h.print(w)
				}
			}
		}
		if listed > heldListed {
			fmt.Fprintf(w, "     ... and in %s more; --json lists all\n", Number(int64(listed-heldListed), "education organization", "education organizations"))
		}
		fmt.Fprintf(w, "     To do: %s\n", e.Remedy)
	}
	if r.Run > 0 && r.HeldBackCount() > 0 {
		fmt.Fprintf(w, "  `cohortx runs show %d` lists them; `cohortx runs approve %d` ends what no later run has named.\n", r.Run, r.Run)
	}
}

func (h *HeldBack) print(w io.Writer) {
	fmt.Fprintf(w, "     %d: %s of %s active\n", h.EducationOrganizationID, Number(h.Count, h.Kind, h.Kind+"s"), Thousands(h.Of))
	for _, key := range h.First {
		fmt.Fprintf(w, "       %s\n", Plain(key))
	}
	if rest := h.Count - int64(len(h.First)); rest > 0 {
		fmt.Fprintf(w, "       ... and %s more\n", Thousands(rest))
	}
}
