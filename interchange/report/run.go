package report

import (
	"encoding/json"
	"io"
	"maps"
	"time"

	"cohortx/interchange"
)

// Version is the version of the JSON form. Fields may be added without a new one.
const Version = 1

// Run is one import.
type Run struct {
	Version       int       `json:"version"`
	Program       string    `json:"program"` // its version
	Run           int64     `json:"run,omitempty"`
	Command       string    `json:"command,omitempty"` // import, drop, approve ...
	Store         string    `json:"store"`
	State         string    `json:"state"` // applied, held_back, refused, failed, cancelled, dry_run
	Verdict       string    `json:"verdict"`
	ExitStatus    int       `json:"exit_status"`
	DryRun        bool      `json:"dry_run,omitempty"`
	Started       time.Time `json:"started"`
	Seconds       float64   `json:"seconds"`
	Steps         []Step    `json:"steps"`
	Files         []File    `json:"files"`
	Counts        Counts    `json:"counts"`
	Entities      int64     `json:"entities"`
	Proven        int64     `json:"proven"` // StudentCohort entities that the tables proved valid
	Judged        int64     `json:"judged"` // those that libxml2 decided about
	Rejected      int64     `json:"rejected"`
	Consequences  int64     `json:"consequences"` // of the rejected, those rejected only because another entity was
	Rejects       []Group   `json:"rejects"`
	Warnings      []Group   `json:"warnings"`
	RejectFiles   []string  `json:"reject_files,omitempty"`
	PeakMemoryMiB float64   `json:"peak_memory_mib,omitempty"`

	Complete *Complete  `json:"complete,omitempty"`  // with --mode full
	HeldBack []HeldBack `json:"held_back,omitempty"` // removals that guards held back

	Reverted  []int64    `json:"reverted,omitempty"`  // runs that this one has reverted
	Conflicts []Conflict `json:"conflicts,omitempty"` // why it could not
	Remedy    string     `json:"remedy,omitempty"`    // what to do about them

	Cohorts  *Cohorts `json:"cohorts,omitempty"`  // before and after; nil where nothing was applied
	History  []Past   `json:"history,omitempty"`  // the last runs that loaded files, this one the last
	Redacted bool     `json:"redacted,omitempty"` // see [Run.Redact]

	StoreCreated bool   `json:"-"` // by this run
	Page         string `json:"-"` // file that has the report as a page, for the summary
}

// NewRun begins the report of a run of a program's version on a store.
func NewRun(program, store string) *Run {
	return &Run{Version: Version, Program: program, Store: store, Started: time.Now(), Counts: Counts{},
		Steps: []Step{}, Files: []File{}, Rejects: []Group{}, Warnings: []Group{}} // as JSON: [], not null
}

// Ended notes how long the run took.
func (r *Run) Ended() {
	r.Seconds = time.Since(r.Started).Seconds()
	if n := len(r.History); n > 0 && r.Run > 0 && r.History[n-1].Run == r.Run {
		r.History[n-1] = r.Past()
	}
}

// Step is a part of a run.
type Step struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// File is one input.
type File struct {
	Name        string  `json:"name"`
	Content     string  `json:"content"` // cohorts, students, staff ...
	Release     string  `json:"release,omitempty"`
	Encoding    string  `json:"encoding,omitempty"`
	Fingerprint string  `json:"fingerprint,omitempty"`
	Bytes       int64   `json:"bytes"` // as stored; -1 when not known
	Entities    int64   `json:"entities"`
	Rejected    int64   `json:"rejected"`
	Verdict     string  `json:"verdict"` // applied, applied_with_rejects, refused, rolled_back, skipped, not_tried
	ExitStatus  int     `json:"exit_status"`
	Refusal     *Fault  `json:"refusal,omitempty"` // why it was refused
	Faults      []Fault `json:"faults,omitempty"`  // further places of the refusal
	Checked     string  `json:"checked,omitempty"` // how far a prerequisite was checked
	Note        string  `json:"note,omitempty"`    // what else there is to know, such as that the tables proved nothing
}

// Fault is a place with what is wrong there.
type Fault struct {
	File     string           `json:"file,omitempty"`
	Line     int              `json:"line"`
	Column   int              `json:"column"`
	Code     interchange.Code `json:"code"`
	Kind     string           `json:"kind,omitempty"` // of the entity
	Key      string           `json:"key,omitempty"`
	Path     string           `json:"path,omitempty"`
	Found    string           `json:"found,omitempty"`
	Expected string           `json:"expected,omitempty"`
	Detail   string           `json:"detail,omitempty"`

	Person  string   `json:"person,omitempty"`  // of the key: unique id of the student or staff member
	Excerpt *Excerpt `json:"excerpt,omitempty"` // the entity, of the first rejects of each code
}

// Group is all rejects or warnings of one code.
type Group struct {
	Code        interchange.Code `json:"code"`
	Count       int64            `json:"count"`
	Consequence bool             `json:"consequence,omitempty"`
	Meaning     string           `json:"meaning"`
	Remedy      string           `json:"remedy"`
	First       []Fault          `json:"first"` // the first ones in the order of the input
}

// Counts is how many entities of each kind had each outcome: Counts["Cohort"]["created"].
type Counts map[string]map[string]int64

// Add counts n entities.
func (c Counts) Add(kind string, o interchange.Outcome, n int64) {
	if n == 0 {
		return
	}
	if c[kind] == nil {
		c[kind] = map[string]int64{}
	}
	c[kind][o.String()] += n
}

// Clone returns a copy that further counting does not change.
func (c Counts) Clone() Counts {
	out := make(Counts, len(c))
	for kind, of := range c {
		out[kind] = maps.Clone(of)
	}
	return out
}

// Of sums the entities of a kind that had one of the outcomes.
func (c Counts) Of(kind string, outcomes ...interchange.Outcome) (n int64) {
	for _, o := range outcomes {
		n += c[kind][o.String()]
	}
	return n
}

// Sum is how many entities of all kinds had one of the outcomes.
func (c Counts) Sum(outcomes ...interchange.Outcome) (n int64) {
	for kind := range c {
		n += c.Of(kind, outcomes...)
	}
	return n
}

// Changed is how many entities changed the store.
func (c Counts) Changed() (n int64) {
	for _, o := range interchange.Outcomes {
		if o.Writes() {
			n += c.Sum(o)
		}
	}
	return n
}

// JSON writes v as indented JSON.
func JSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
