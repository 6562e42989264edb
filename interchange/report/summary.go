package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"cohortx/interchange"
)

// kinds is the order of kinds in tables.
var kinds = []string{"EducationOrganization", "Program", "Session", "Section", "Staff", "Student", "Cohort", "StudentCohortAssociation", "StaffCohortAssociation"}

// Summary writes what came out of a run for people; see [Terminal] for colours. quiet leaves out everything when there is nothing to mend.
func Summary(w io.Writer, r *Run, quiet bool) {
	if quiet && r.ExitStatus == 0 && len(r.Warnings) == 0 {
		return
	}
	fmt.Fprintln(w, ink(w, statusColour(r.ExitStatus), r.Verdict))
	r.refusals(w)
	if !quiet {
		r.completeness(w)
		r.table(w)
	}
	groups(w, "Rejected", r.Rejects)
	groups(w, "Worth a look", r.Warnings)
	r.heldBack(w)
	r.conflicts(w)
	for _, name := range r.RejectFiles {
		fmt.Fprintf(w, "\nThe rejected entities, to be mended and imported: %s\n", Plain(name))
	}
	if quiet {
		r.page(w)
		return
	}
	for i := range r.Files {
		if f := &r.Files[i]; f.Note != "" {
			fmt.Fprintf(w, "\n%s: note: %s\n", Plain(f.Name), Plain(f.Note))
		}
	}
	fmt.Fprintln(w)
	if r.StoreCreated {
		fmt.Fprintf(w, "Created the store %s.\n", Plain(r.Store))
	}
	run := ""
	if r.Run > 0 {
		run = fmt.Sprintf("Run %d, ", r.Run)
	}
	fmt.Fprintf(w, "%s%s in %.1f s.\n", run, Number(r.Entities, "entity", "entities"), r.Seconds)
	r.page(w)
}

// page says where the report lies.
func (r *Run) page(w io.Writer) {
	if r.Page != "" {
		fmt.Fprintf(w, "Report: %s\n", Plain(r.Page))
	}
}

func (r *Run) refusals(w io.Writer) {
	for i := range r.Files {
		f := &r.Files[i]
		if f.Refusal == nil {
			continue
		}
		fmt.Fprintf(w, "\n%s: %s\n", ink(w, red, "Refused"), Plain(f.Name))
		fmt.Fprintf(w, "  %s\n", f.Refusal.Message())
		for j := range f.Faults {
			if j > 0 || len(f.Faults) > 1 {
				fmt.Fprintf(w, "    %s\n", f.Faults[j].Message())
			}
		}
		if e, ok := interchange.Explain(f.Refusal.Code); ok {
			fmt.Fprintf(w, "  To do: %s\n", e.Remedy)
		}
	}
}

// table shows the counts: a row per kind, a column per outcome that occurred.
func (r *Run) table(w io.Writer) {
	if len(r.Counts) == 0 {
		return
	}
	var columns []interchange.Outcome
	for _, o := range interchange.Outcomes {
		if slices.ContainsFunc(kinds, func(k string) bool { return r.Counts[k][o.String()] > 0 }) {
			columns = append(columns, o)
		}
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "\t")
	for _, o := range columns {
		fmt.Fprintf(t, "%s\t", o)
	}
	fmt.Fprintln(t)
	for _, kind := range kinds {
		if len(r.Counts[kind]) == 0 {
			continue
		}
		fmt.Fprintf(t, "%s\t", kind)
		for _, o := range columns {
			if n := r.Counts[kind][o.String()]; n > 0 {
				fmt.Fprintf(t, "%s\t", Thousands(n))
			} else {
				fmt.Fprint(t, "-\t")
			}
		}
		fmt.Fprintln(t)
	}
	t.Flush()
}

// Number writes a number with the noun that fits it: "1 entity", "1,234 entities".
func Number(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(n) + " " + many
}

// Thousands writes 1234567 as 1,234,567.
func Thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func groups(w io.Writer, title string, list []Group) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", ink(w, bold, title))
	for i := range list {
		g := &list[i]
		note := ""
		if g.Consequence {
			note = " (a consequence of other rejects)"
		}
		fmt.Fprintf(w, "  %s  %s%s\n", Thousands(g.Count), ink(w, bold, string(g.Code)), note)
		fmt.Fprintf(w, "     %s\n", g.Meaning)
		for j := range g.First {
			fmt.Fprintf(w, "     %s\n", g.First[j].short())
		}
		if rest := g.Count - int64(len(g.First)); rest > 0 {
			fmt.Fprintf(w, "     ... and %s more\n", Thousands(rest))
		}
		if g.Remedy != "" {
			fmt.Fprintf(w, "     To do: %s\n", g.Remedy)
		}
	}
}

// short is a fault as one line, without its code.
func (f *Fault) short() string {
	text := fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
	if f.Key != "" {
		text += "  " + f.Key
	}
	return strings.TrimRight(Plain(text)+" "+f.details(), " ")
}

// Verdicts writes a line per checked file.
func Verdicts(w io.Writer, v *Validation) {
	for i := range v.Files {
		f := &v.Files[i]
		verdict := ink(w, green, "valid")
		if !f.Valid {
			verdict = ink(w, red, "NOT valid") + ", " + Number(f.Violations, "violation", "violations")
		}
		what := f.Content
		if f.Release != "" {
			what += ", release " + f.Release
		}
		if what != "" {
			what = " (" + what + ")"
		}
		fmt.Fprintf(w, "%s: %s; %s%s\n", Plain(f.Name), verdict, Number(f.Entities, "entity", "entities"), what)
		if f.Checked != "" {
			fmt.Fprintf(w, "   checked: %s\n", f.Checked)
		}
		if f.Note != "" {
			fmt.Fprintf(w, "   note: %s\n", Plain(f.Note))
		}
	}
}

// Exported writes what came out of an export.
func Exported(w io.Writer, e *Export) {
	where := e.File
	if where == "" {
		where = "standard output"
	}
	if e.Refusal != nil {
		fmt.Fprintf(w, "%s: nothing was written to %s: %s:%s\n", ink(w, red, "Refused"), Plain(where), e.Refusal.Code, e.Refusal.details())
		e.leftOut(w)
		remedy(w, e.Refusal.Code, "")
		return
	}
	check := ""
	switch {
	case e.Checked && e.Format == FormatJSONL:
		check = ", checked by reading it"
	case e.Checked:
		check = ", checked against its schema"
	}
	if e.Format == FormatJSONL {
		fmt.Fprintf(w, "Exported to %s as JSON, a resource a line%s: %s.\n", Plain(where), check, Number(e.Entities(), "resource", "resources"))
	} else {
		fmt.Fprintf(w, "Exported to %s, release %s%s: %s, %s, %s.\n", Plain(where), e.Release, check,
			Number(e.Counts["Cohort"], "cohort", "cohorts"), Number(e.Counts["StudentCohortAssociation"], "student association", "student associations"),
			Number(e.Counts["StaffCohortAssociation"], "staff association", "staff associations"))
	}
	if e.Entities() == 0 {
		fmt.Fprintln(w, "An interchange without entities is not valid.")
	}
	e.leftOut(w)
}

// leftOut lists what the release cannot carry, by code.
func (e *Export) leftOut(w io.Writer) {
	if e.LeftOut+e.Partly == 0 {
		return
	}
	them := "them"
	if e.LeftOut == 1 {
		them = "it"
	}
	if e.LeftOut > 0 {
		fmt.Fprintf(w, "%s left out, because release %s cannot carry %s:\n", Number(e.LeftOut, "entity was", "entities were"), e.Release, them)
		e.notCarried(w, interchange.CodeNotConvertible, interchange.CodeCohortLeftOut)
	}
	if e.Partly > 0 {
		fmt.Fprintf(w, "%s written without a value that XML cannot carry:\n", Number(e.Partly, "entity was", "entities were"))
		e.notCarried(w, interchange.CodeValueLeftOut)
	}
	if e.LeftOutFile != "" && e.LeftOut+e.Partly > 0 {
		fmt.Fprintf(w, "All of them are listed in %s\n", Plain(e.LeftOutFile))
	}
}

// notCarried lists what was left out, entities or fields of entities, by code.
func (e *Export) notCarried(w io.Writer, codes ...interchange.Code) {
	for _, code := range codes {
		count, entry := e.Codes[code], explained(code)
		if count == 0 {
			continue
		}
		note := ""
		if code == interchange.CodeCohortLeftOut {
			note = " (a consequence of the others)"
		}
		fmt.Fprintf(w, "  %s  %s%s\n     %s\n", Thousands(count), ink(w, bold, string(code)), note, entry.Meaning)
		for _, n := range e.NotCarried {
			if n.Code == code {
				fmt.Fprintf(w, "     %s %s: %s: %s\n", n.Kind, Plain(n.Key), n.Field, Plain(n.Reason))
				count--
			}
		}
		if count > 0 {
			fmt.Fprintf(w, "     ... and %s more\n", Thousands(count))
		}
		remedy(w, code, "     ")
	}
}

func explained(code interchange.Code) interchange.Entry {
	entry, _ := interchange.Explain(code)
	return entry
}

func remedy(w io.Writer, code interchange.Code, indent string) {
	if entry := explained(code); entry.Remedy != "" {
		fmt.Fprintf(w, "%sTo do: %s\n", indent, entry.Remedy)
	}
}
