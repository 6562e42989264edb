package batch

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"strconv"
	"strings"
	"time"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/store"
)

// groupExamples is how many rejects of a code are listed in the report; the counts are of all.
const groupExamples = 5

// record completes the report and writes the run's outcome into the store: into tx, together with the data, or without tx in a
// transaction of its own. why is the error that ended the run, nil if it came to its end.
func (im *importer) record(ctx context.Context, tx *store.Tx, why error) error {
	im.log.sort()
	for _, name := range im.rep.RejectFiles {
		os.Remove(name) // written by a first attempt, whose transaction failed
	}
	im.rep.RejectFiles = nil
	rejects, examples, err := im.group()
	if err != nil {
		return err
	}
	places, err := im.locate(ctx, examples)
	if err != nil && why == nil {
		return err
	}
	for _, x := range examples {
		f := im.fault(x.at, x.l, places)
		f.Excerpt = x.excerpt
		x.of.First = append(x.of.First, f)
	}
	im.rep.Rejected, im.rep.Rejects = int64(im.log.Len()), rejects.list()
	im.warned(places)
	im.state(why)
	if im.run == nil {
		return nil
	}
	result := resultOf(im.rep)
	result.Release, result.Rejects = im.release, im.storeRejects(places)
	for _, in := range im.inputs {
		result.Files = append(result.Files, storeFile(&in.report))
	}
	if tx != nil {
		return tx.FinishRun(ctx, im.run, result)
	}
	return im.run.Finish(context.WithoutCancel(ctx), result) // whatever time is over, the run has an end
}

func storeFile(f *report.File) store.SourceFile {
	out := store.SourceFile{
		Name: f.Name, Kind: f.Content, Release: f.Release, Bytes: f.Bytes, Entities: f.Entities, Rejects: f.Rejected, Verdict: f.Verdict,
	}
	if sum, err := hex.DecodeString(f.Fingerprint); err == nil && len(sum) > 0 {
		out.Fingerprint = sum
	}
	if f.Refusal != nil {
		out.Detail = f.Refusal.Message()
	}
	return out
}

// fault is a logged reject as reports have it. Its place is looked up when the reject was found late.
func (im *importer) fault(at interchange.Place, l *logged, places map[interchange.Place]element) report.Fault {
	f := report.Fault{
		File: im.inputs[at.File()].Name, Line: l.At.Line, Column: l.At.Column, Code: l.Code, Kind: l.EntityName, Key: l.Key,
		Path: l.Path, Found: l.Found, Expected: l.Expected, Detail: l.Detail, Person: l.Person,
	}
	if l.Late {
		f.Line, f.Column = places[at].at.Line, places[at].at.Column
	}
	return f
}

// resultOf is what the store keeps of a run that ended.
func resultOf(r *report.Run) store.Result {
	r.PeakMemoryMiB = peakMemory()
	r.Ended()
	out := store.Result{State: store.State(r.State), ExitStatus: r.ExitStatus, Counts: store.Counts(r.Counts), Detail: r.Verdict}
	if text, err := json.Marshal(r); err == nil { // else the run is recalled from the rest
		out.Report = text
	}
	return out
}

// example is a reject that the report lists.
type example struct {
	of      *report.Group
	at      interchange.Place
	l       *logged
	excerpt *report.Excerpt // once it is known
}

// group sums up rejects by code.
func (im *importer) group() (g groups, examples []*example, err error) {
	for i := range im.log.index {
		at := &im.log.index[i]
		of := g.add(at.Code(), at.consequence)
		if of.Count > groupExamples {
			continue
		}
		l, err := im.log.at(i)
		if err != nil {
			return g, nil, err
		}
		examples = append(examples, &example{of: of, at: at.place, l: l})
	}
	return g, examples, nil
}

// warned sums up warnings by code.
func (im *importer) warned(places map[interchange.Place]element) {
	im.rep.Warnings = []report.Group{}
	if im.warnings == nil {
		return
	}
	for _, e := range interchange.Catalogue {
		n := im.warnings.counts[e.Code]
		if n == 0 {
			continue
		}
		g := newGroup(e.Code)
		g.Count = n
		for _, at := range im.warnings.places[e.Code] {
			p := places[at].at
			g.First = append(g.First, report.Fault{File: im.inputs[at.File()].Name, Line: p.Line, Column: p.Column, Code: e.Code})
		}
		im.rep.Warnings = append(im.rep.Warnings, *g)
	}
}

// groups sums up rejects by code, in the order in which the codes come.
type groups struct {
	all   []*report.Group
	where map[interchange.Code]*report.Group
}

// add counts one. The first groupExamples of a group are listed in it.
func (g *groups) add(code interchange.Code, consequence bool) *report.Group {
	of := g.where[code]
	if of == nil {
		if g.where == nil {
			g.where = map[interchange.Code]*report.Group{}
		}
		of = newGroup(code)
		g.where[code] = of
		g.all = append(g.all, of)
	}
	of.Count++
	of.Consequence = of.Consequence || consequence
	return of
}

func (g *groups) list() []report.Group {
	out := []report.Group{}
	for _, of := range g.all {
		out = append(out, *of)
	}
	return out
}

func newGroup(code interchange.Code) *report.Group {
	e, _ := interchange.Explain(code)
	return &report.Group{Code: code, Meaning: e.Meaning, Remedy: e.Remedy}
}

// storeRejects gives the rejects to the store.
func (im *importer) storeRejects(places map[interchange.Place]element) iter.Seq2[store.Reject, error] {
	return func(yield func(store.Reject, error) bool) {
		for i, at := range im.log.index {
			l, err := im.log.at(i)
			if err != nil {
				yield(store.Reject{}, err)
				return
			}
			f := im.fault(at.place, l, places)
			end := l.End
			if l.Late {
				end = at.place.Offset() + int64(places[at.place].size)
			}
			if !yield(store.Reject{
				File: f.File, Line: f.Line, Column: f.Column, Offset: at.place.Offset(), End: end, Code: string(f.Code), Kind: f.Kind, Key: f.Key,
				Path: f.Path, Found: f.Found, Expected: f.Expected, Detail: f.Detail, Consequence: l.Consequence,
			}, nil) {
				return
			}
		}
	}
}

// state sets the verdict and the exit status.
func (im *importer) state(why error) {
	r := im.rep
	r.Entities = 0
	for _, in := range im.inputs {
		r.Entities += in.report.Entities
	}
	statuses := []int{ExitOK}
	refused := 0
	for _, in := range im.inputs {
		statuses = append(statuses, in.report.ExitStatus)
		if in.report.Refusal != nil {
			refused++
		}
	}
	if r.Rejected > 0 && refused == 0 {
		statuses = append(statuses, ExitRejects)
	}
	if len(r.HeldBack) > 0 {
		statuses = append(statuses, ExitHeldBack)
	}
	r.ExitStatus = Worst(statuses...)
	changed := r.Counts.Changed()
	switch {
	case errors.Is(why, context.Canceled):
		r.State, r.ExitStatus = string(store.Cancelled), ExitInterrupt
		r.Verdict = "Interrupted: what was not yet applied was rolled back."
	case why != nil:
		r.State, r.ExitStatus = string(store.Failed), ExitOf(why)
		r.Verdict = "Could not run: " + why.Error()
	case refused > 0 && refused == len(im.inputs):
		r.State = string(store.Refused)
		r.Verdict = "Refused: nothing was applied."
		if f := im.inputs[0].report.Refusal; f.Code == interchange.CodeTooManyRejects {
			r.Verdict = fmt.Sprintf("Refused: %s; nothing was applied.", f.Found)
		}
	case refused > 0:
		r.State = string(store.Refused)
		r.Verdict = fmt.Sprintf("%d of %d files refused; the others were applied: %s.", refused, len(im.inputs), changes(r)+heldBack(r))
	case len(r.HeldBack) > 0:
		r.State = string(store.HeldBack)
		r.Verdict = "Applied: " + changes(r) + heldBack(r) + "."
	case im.skipped:
		r.State = string(store.Applied)
		r.Verdict = skippedBy(im.before)
	case changed == 0 && r.Rejected == 0:
		r.State = string(store.Applied)
		r.Verdict = "Nothing to do: the store has all of it already."
	default:
		r.State = string(store.Applied)
		r.Verdict = "Applied: " + changes(r) + "."
	}
	if im.opt.DryRun && why == nil {
		r.State = "dry_run"
		r.Verdict = "Dry run, nothing was written. It would be: " + r.Verdict
	}
	for _, in := range im.inputs {
		if in.report.Verdict == "" {
			in.report.Verdict = "not_tried"
		}
	}
	r.Files = []report.File{}
	for _, in := range im.inputs {
		r.Files = append(r.Files, in.report)
	}
}

// changes is what a verdict says of entities that were applied, and of those that were not.
func changes(r *report.Run) string {
	text := report.Number(r.Counts.Changed(), "change", "changes")
	if r.Rejected > 0 {
		text += ", " + rejectedOf(r.Rejected, r.Entities)
	}
	return text
}

// rejectedOf says how many entities were rejected; their share too, when it is large enough to be read.
func rejectedOf(rejected, entities int64) string {
	text := fmt.Sprintf("%s of %s rejected", report.Thousands(rejected), report.Number(entities, "entity", "entities"))
	if percent := 100 * float64(rejected) / float64(max(entities, 1)); percent >= 0.05 {
		text += " (" + strings.TrimSuffix(strconv.FormatFloat(percent, 'f', 1, 64), ".0") + " %)"
	}
	return text
}

// heldBack ends a verdict on a run that held removals back.
func heldBack(r *report.Run) string {
	if len(r.HeldBack) == 0 {
		return ""
	}
	return "; " + report.Number(r.HeldBackCount(), "removal", "removals") + " held back"
}

// ExitOf is the exit status of an error.
func ExitOf(err error) int {
	var locked *store.LockedError
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, context.Canceled):
		return ExitInterrupt
	case errors.As(err, &locked):
		return ExitLocked
	}
	return ExitFailed
}

// finish records the outcome of a run that has not been recorded with its data.
func (im *importer) finish(ctx context.Context, why error) error {
	if im.committed {
		return why
	}
	err := ctx.Err()
	if err == nil {
		err = im.record(ctx, nil, why)
	}
	if err != nil && ctx.Err() != nil {
		// What ended the run must not keep its end from being written.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		err = im.record(ctx, nil, why)
	}
	if err != nil {
		return errors.Join(why, fmt.Errorf("record the run: %w", err))
	}
	return why
}

// conclude fills in what a run that ended before it began has to say.
func (im *importer) conclude(why error) {
	if im.rep.State == "" {
		im.state(why)
	}
}
