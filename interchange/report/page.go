package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"cohortx/interchange"
)

//go:embed page.html
var pageText string

// pageTemplate is parsed when the first page is written: most commands write none.
var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"number": Thousands, "plain": Plain, "bytes": size, "seconds": duration, "words": words, "plural": Number, "remedy": remedyOf, "meaning": meaningOf,
		"len64": length,
		"add":   func(a, b float64) float64 { return a + b },
	}).Parse(pageText))
})

// Page writes the report as a page that people read: one file of HTML that needs no other, without scripts, for screens light and dark, wide and
// narrow, and for paper.
func Page(w io.Writer, r *Run) error { return pageTemplate().Execute(w, newPage(r)) }

// page is what the template shows: the report, and where its bars end.
type page struct {
	*Run
	Tone       string // of the verdict: good, warn, bad
	Heading    string
	Kinds      []kindRows
	Charts     []chart
	Timing     []stepRow
	Throughput string
	Members    []memberTable
	Held       []heldGroup
}

func newPage(r *Run) *page {
	return &page{
		Run: r, Tone: tone(r.ExitStatus), Heading: r.heading(), Kinds: r.kindRows(), Charts: r.charts(), Timing: r.stepRows(), Throughput: r.throughput(),
		Members: r.memberTables(), Held: r.heldGroups(),
	}
}

// tone is good when all is applied, warn when something is left to mend, else bad.
func tone(exit int) string {
	switch exit {
	case 0:
		return "good"
	case 2, 5:
		return "warn"
	}
	return "bad"
}

func (r *Run) heading() string {
	what := r.Command
	if what == "" {
		what = "run"
	}
	if r.Run > 0 {
		what = fmt.Sprintf("Run %d · %s", r.Run, what)
	}
	return what
}

// StartedLocal is when the run started, by the local calendar.
func (p *page) StartedLocal() string {
	return p.Started.Local().Format("Monday, 2 January 2006, 15:04:05 MST")
}

// Changes is how many entities changed the store.
func (p *page) Changes() int64 { return p.Counts.Changed() }

// kindRows are the counts of one kind.
type kindRows struct {
	Kind  string
	Total int64
	Rows  []outcomeRow
}

type outcomeRow struct {
	Outcome string
	Count   int64
	Share   float64 // of the kind, in percent
}

func (r *Run) kindRows() (list []kindRows) {
	for _, kind := range kinds {
		k := kindRows{Kind: kind, Total: r.Counts.Of(kind, interchange.Outcomes...)}
		for _, o := range interchange.Outcomes {
			if n := r.Counts.Of(kind, o); n > 0 {
				k.Rows = append(k.Rows, outcomeRow{o.String(), n, 100 * float64(n) / float64(k.Total)})
			}
		}
		if k.Total > 0 {
			list = append(list, k)
		}
	}
	return list
}

// stepRow is one step of the run.
type stepRow struct {
	Step
	Share float64 // of the longest, in percent
}

func (r *Run) stepRows() (list []stepRow) {
	longest := 0.0
	for _, s := range r.Steps {
		longest = max(longest, s.Seconds)
	}
	for _, s := range r.Steps {
		list = append(list, stepRow{s, 100 * s.Seconds / max(longest, 1e-9)})
	}
	return list
}

// throughput says how fast the run was; "" when it was too short to tell.
func (r *Run) throughput() string {
	if r.Entities == 0 || r.Seconds < 0.001 {
		return ""
	}
	bytes := int64(0)
	for i := range r.Files {
		bytes += max(r.Files[i].Bytes, 0)
	}
	return fmt.Sprintf("%s and %s in %s: %s entities a second, %.1f MB/s", Number(r.Entities, "entity", "entities"), size(bytes), duration(r.Seconds),
		Thousands(int64(float64(r.Entities)/r.Seconds)), float64(bytes)/1e6/r.Seconds)
}

// memberTable is before and after by cohort, of students or of staff.
type memberTable struct {
	Who        string
	Rows, More []memberRow // the first ones, and those that the page hides at first
}

// rowsShown is how many cohorts the page shows at once.
const rowsShown = 15

type memberRow struct {
	Organization int64
	Cohort       string
	Members
	BeforeAt, AfterAt float64 // in percent of the drawing, whose ends are kept free for the dots
}

// Least and Most are where the line between before and after begins and ends.
func (m memberRow) Least() float64 { return min(m.BeforeAt, m.AfterAt) }
func (m memberRow) Most() float64  { return max(m.BeforeAt, m.AfterAt) }

// Tone is that of the change.
func (m memberRow) Tone() string {
	if m.After < m.Before {
		return "less"
	}
	return "more"
}

func (r *Run) memberTables() (list []memberTable) {
	if r.Cohorts == nil {
		return nil
	}
	for _, of := range []struct {
		who     string
		members func(c *CohortChange) Members
	}{
		{"Students", func(c *CohortChange) Members { return c.Students }},
		{"Staff", func(c *CohortChange) Members { return c.Staff }},
	} {
		t := memberTable{Who: of.who}
		largest := int64(1)
		for i := range r.Cohorts.First {
			c := &r.Cohorts.First[i]
			if m := of.members(c); m.Joined+m.Left > 0 {
				t.Rows = append(t.Rows, memberRow{Organization: c.EducationOrganizationID, Cohort: c.CohortIdentifier, Members: m})
				largest = max(largest, m.Before, m.After)
			}
		}
		for i := range t.Rows {
			m := &t.Rows[i]
			m.BeforeAt, m.AfterAt = 2+96*float64(m.Before)/float64(largest), 2+96*float64(m.After)/float64(largest)
		}
		if n := min(len(t.Rows), rowsShown); n > 0 {
			t.Rows, t.More = t.Rows[:n], t.Rows[n:]
			list = append(list, t)
		}
	}
	return list
}

// heldGroup is what was held back for one code.
type heldGroup struct {
	Code  interchange.Code
	Count int64
	Parts []HeldBack
	More  int // education organizations that are not listed
}

func (r *Run) heldGroups() (list []heldGroup) {
	for i := range r.HeldBack {
		h := r.HeldBack[i]
		at := slices.IndexFunc(list, func(g heldGroup) bool { return g.Code == h.Code })
		if at < 0 {
			at = len(list)
			list = append(list, heldGroup{Code: h.Code})
		}
		g := &list[at]
		g.Count += h.Count
		switch {
		case h.Kind == "":
		case len(g.Parts) < heldListed:
			g.Parts = append(g.Parts, h)
		default:
			g.More++
		}
	}
	return list
}

// How many lines of an excerpt the page shows around a fault; the JSON has more.
const (
	linesBefore = 3
	linesAfter  = 2
	linesWhole  = 8
)

// Shown is the excerpt as the page has it, shortened.
func (e *Excerpt) Shown() Excerpt {
	s := *e
	if s.Fault == "" {
		if lines := strings.SplitN(s.After, "\n", linesWhole+1); len(lines) > linesWhole {
			s.After = strings.Join(lines[:linesWhole], "\n") + "\n" + cutOff
		}
		return s
	}
	if lines := strings.Split(s.Before, "\n"); len(lines) > linesBefore+1 {
		s.Before = cutOff + "\n" + strings.Join(lines[len(lines)-1-linesBefore:], "\n")
	}
	if lines := strings.SplitN(s.After, "\n", linesAfter+2); len(lines) > linesAfter+1 {
		s.After = strings.Join(lines[:linesAfter+1], "\n") + "\n" + cutOff
	}
	return s
}

// markedLine is a line of a fault: what is marked, and the white space around it, which is not.
type markedLine struct{ Indent, Text, End string }

// Marked are the lines of the fault.
func (e Excerpt) Marked() (list []markedLine) {
	for line := range strings.Lines(e.Fault) {
		text := strings.TrimSpace(line)
		indent, end, _ := strings.Cut(line, text)
		list = append(list, markedLine{indent, text, end})
	}
	return list
}

// More is how many keys are not listed; 0 when none is.
func (h HeldBack) More() int64 {
	if len(h.First) == 0 {
		return 0
	}
	return h.Count - int64(len(h.First))
}

// Details says what was found and expected.
func (f *Fault) Details() string { return strings.TrimSpace(f.details()) }

// Place is the fault's place, file:line:column.
func (f *Fault) Place() string { return Plain(fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)) }

// More is how many of the group are not listed.
func (g Group) More() int64 { return g.Count - int64(len(g.First)) }

func remedyOf(code interchange.Code) string  { return explained(code).Remedy }
func meaningOf(code interchange.Code) string { return explained(code).Meaning }

// length is that of a list, for numbers of 64 bits.
func length(list any) int64 { return int64(reflect.ValueOf(list).Len()) }

// words writes ended_by_absence and StudentCohortAssociation as words.
func words(s string) string {
	var b strings.Builder
	for i, c := range s {
		switch {
		case c == '_':
			c = ' '
		case unicode.IsUpper(c):
			if i > 0 && s[i-1] != ' ' {
				b.WriteByte(' ')
			}
			c = unicode.ToLower(c)
		}
		b.WriteRune(c)
	}
	return b.String()
}

// duration writes 0.0042 as "4 ms", 3.21 as "3.2 s", 192 as "3 min 12 s".
func duration(s float64) string {
	switch {
	case s < 0.001:
		return "under 1 ms"
	case s < 0.9995:
		return fmt.Sprintf("%.0f ms", s*1000)
	case s < 60:
		return fmt.Sprintf("%.1f s", s)
	}
	d := time.Duration(s * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}

// size writes a number of bytes; -1 is not known.
func size(n int64) string {
	switch {
	case n < 0:
		return "size not known"
	case n < 1000:
		return Number(n, "byte", "bytes")
	case n < 1e6:
		return strconv.FormatFloat(float64(n)/1e3, 'f', 1, 64) + " kB"
	case n < 1e9:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
	}
	return strconv.FormatFloat(float64(n)/1e9, 'f', 1, 64) + " GB"
}
