package batch

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"os"
	"time"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/store"
)

func hexSum(sum []byte) string { return hex.EncodeToString(sum) }

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
	places, err := im.locate(ctx)
	if err != nil && why == nil {
		return err
	}
	if err := im.group(places); err != nil {
		return err
	}
	im.state(why)
	if im.run == nil {
		return nil
	}
	result := store.Result{
		State: store.State(im.rep.State), ExitStatus: im.rep.ExitStatus, Release: im.release, Counts: store.Counts(im.rep.Counts),
		Rejects: im.storeRejects(places), Detail: im.rep.Verdict,
	}
	for _, in := range im.inputs {
		result.Files = append(result.Files, storeFile(&in.report))
	}
	if tx != nil {
		return tx.FinishRun(ctx, im.run, result)
	}
	return im.run.Finish(ctx, result)
}

func storeFile(f *report.File) store.SourceFile {
	out := store.SourceFile{
		Name: f.Name, Kind: f.Content, Release: f.Release, Bytes: f.Bytes, Entities: f.Entities, Rejects: f.Rejected, Verdict: f.Verdict,
	}
	if sum, err := hex.DecodeString(f.SHA256); err == nil && len(sum) > 0 {
		out.SHA256 = sum
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
		Path: l.Path, Found: l.Found, Expected: l.Expected, Detail: l.Detail,
	}
	if l.Late {
		f.Line, f.Column = places[at].at.Line, places[at].at.Column
	}
	return f
}

// group sums up rejects and warnings by code.
func (im *importer) group(places map[interchange.Place]element) error {
	var rejects groups
	for i, at := range im.log.index {
		l, err := im.log.at(i)
		if err != nil {
			return err
		}
		rejects.add(l.Code, l.Consequence, func() report.Fault { return im.fault(at.place, l, places) })
	}
	im.rep.Rejected = int64(im.log.Len())
	im.rep.Rejects, im.rep.Warnings = rejects.list(), []report.Group{}
	if im.warnings == nil {
		return nil
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
	return nil
}

// groups sums up faults by code, in the order in which the codes come.
type groups struct {
	all   []*report.Group
	where map[interchange.Code]*report.Group
}

// add counts one; fault is asked for as long as there is room for examples.
func (g *groups) add(code interchange.Code, consequence bool, fault func() report.Fault) {
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
	if len(of.First) < groupExamples {
		of.First = append(of.First, fault())
	}
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
	case refused > 0:
		r.State = string(store.Refused)
		r.Verdict = fmt.Sprintf("%d of %d files refused; the others were applied: %s.", refused, len(im.inputs), changes(changed, r.Rejected)+heldBack(r))
	case len(r.HeldBack) > 0:
		r.State = string(store.HeldBack)
		r.Verdict = "Applied: " + changes(changed, r.Rejected) + heldBack(r) + "."
	case im.skipped:
		r.State = string(store.Applied)
		r.Verdict = skippedBy(im.before)
	case changed == 0 && r.Rejected == 0:
		r.State = string(store.Applied)
		r.Verdict = "Nothing to do: the store has all of it already."
	default:
		r.State = string(store.Applied)
		r.Verdict = "Applied: " + changes(changed, r.Rejected) + "."
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

func changes(changed, rejected int64) string {
	text := report.Number(changed, "change", "changes")
	if rejected > 0 {
		text += ", " + report.Number(rejected, "rejected", "rejected")
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
	// What ended the run must not keep its end from being written.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if err := im.record(ctx, nil, why); err != nil {
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
