package batch

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/store"
)

// Recall gives the report of a run again, number 0 being the last one. Of a run that was interrupted, or is older than the store's reports, it
// has no steps, warnings and excerpts. Reject files that are not there any more are not named.
func Recall(ctx context.Context, path string, number int64) (*report.Run, error) {
	db, err := store.Open(ctx, path, store.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	run, found, err := findRun(ctx, db, number)
	if err != nil {
		return nil, err
	}
	if !found && number == 0 {
		return nil, fmt.Errorf("%s has no run yet", path)
	}
	if !found {
		return nil, fmt.Errorf("%s has no run %d; `cohortx runs` lists them", path, number)
	}
	r, err := recalled(ctx, db, &run)
	if err != nil {
		return nil, err
	}
	r.Store = path
	r.RejectFiles = slices.DeleteFunc(r.RejectFiles, func(name string) bool { _, err := os.Lstat(name); return err != nil })
	r.History, err = history(ctx, db, r)
	return r, err
}

// findRun reads a run; number 0 is the last one.
func findRun(ctx context.Context, db *store.DB, number int64) (run store.RunRecord, found bool, err error) {
	if number == 0 {
		runs, err := db.Runs(ctx)
		if err != nil || len(runs) == 0 {
			return run, false, err
		}
		number = runs[0].Number
	}
	return db.RunByNumber(ctx, number)
}

// recalled is the report that the store has of a run, or what can be told without.
func recalled(ctx context.Context, db *store.DB, run *store.RunRecord) (*report.Run, error) {
	text, err := db.Report(ctx, run.Number)
	if err != nil {
		return nil, err
	}
	r := report.NewRun(run.Version, "")
	if text != nil {
		if err := json.Unmarshal(text, r); err != nil {
			return nil, fmt.Errorf("report of run %d: %w", run.Number, err)
		}
		return r, nil
	}
	r.Run, r.Command, r.State, r.Verdict, r.ExitStatus, r.Started, r.Rejected = run.Number, run.Command, string(run.State), run.Detail, run.ExitStatus, run.Started, run.Rejects
	if run.State == store.Running {
		r.Verdict = "Not finished: it is still running, or its process has died and no run since then has noticed."
	}
	if run.Counts != nil {
		r.Counts = report.Counts(run.Counts)
	}
	r.Seconds = tookOf(run)
	for _, f := range run.Files {
		r.Entities += f.Entities
		r.Files = append(r.Files, recallFile(f))
	}
	if err := recallRejects(ctx, db, r); err != nil {
		return nil, err
	}
	return r, recallHeld(ctx, db, r)
}

// tookOf is how long a run took, in seconds; 0 when that is not known, or the clock was set back meanwhile.
func tookOf(run *store.RunRecord) float64 {
	if run.Finished.IsZero() {
		return 0
	}
	return max(run.Finished.Sub(run.Started).Seconds(), 0)
}

// remember adds the history to the report of a run that has just ended. Without it the report is still worth having.
func remember(ctx context.Context, db *store.DB, r *report.Run) {
	list, err := history(context.WithoutCancel(ctx), db, r)
	if err != nil {
		slog.Warn("the report has no history", "why", err)
	}
	r.History = list
}

// history is the last runs up to one, which is the last of them if it loaded files.
func history(ctx context.Context, db *store.DB, r *report.Run) ([]report.Past, error) {
	loads, err := db.Loads(ctx, r.Run, report.HistoryRuns)
	if err != nil {
		return nil, err
	}
	var list []report.Past
	for i := range loads {
		x := &loads[i]
		if x.Number == r.Run {
			list = append(list, r.Past())
			continue
		}
		list = append(list, report.NewPast(x.Number, x.Started, string(x.State), x.ExitStatus, tookOf(x), report.Counts(x.Counts), x.Rejects))
	}
	return list, nil
}

func recallFile(f store.SourceFile) report.File {
	out := report.File{Name: f.Name, Content: f.Kind, Release: f.Release, Fingerprint: hex.EncodeToString(f.Fingerprint), Bytes: f.Bytes, Entities: f.Entities,
		Rejected: f.Rejects, Verdict: f.Verdict}
	switch f.Verdict {
	case "refused", "rolled_back":
		out.ExitStatus = ExitRefused
		fault := recallFault(f)
		out.Refusal = &fault
	case "applied_with_rejects":
		out.ExitStatus = ExitRejects
	}
	return out
}

// recallHeld lists what the run held back; of the keys, those that no later run has named.
func recallHeld(ctx context.Context, db *store.DB, r *report.Run) error {
	if r.State != string(store.HeldBack) && r.State != string(store.Refused) { // of a set of which one file was refused
		return nil
	}
	held, err := db.HeldRun(ctx, r.Run)
	if err != nil {
		return err
	}
	for _, p := range held.Parts {
		r.HeldBack = append(r.HeldBack, report.HeldBack{Code: p.Held, Kind: p.Kind.String(), EducationOrganizationID: p.EducationOrganizationID,
			Count: p.Absent, Of: p.Active, First: []string{}})
	}
	for x, err := range db.HeldRemovals(ctx, r.Run) {
		if err != nil {
			return err
		}
		i := slices.IndexFunc(held.Parts, func(p store.HeldPart) bool {
			return p.Kind == x.Kind && p.EducationOrganizationID == x.EducationOrganizationID
		})
		if h := &r.HeldBack[i]; len(h.First) < groupExamples {
			h.First = append(h.First, x.Key())
		}
	}
	if r.State == string(store.HeldBack) && len(r.HeldBack) == 0 {
		r.HeldBack = []report.HeldBack{{Code: interchange.CodeNoAssociations, First: []string{}}}
	}
	return nil
}

// recallFault takes a refusal's message apart, see [report.Fault.Message].
func recallFault(f store.SourceFile) report.Fault {
	out := report.Fault{File: f.Name, Line: 1, Column: 1}
	rest, ok := strings.CutPrefix(f.Detail, report.Plain(f.Name)+":")
	part := strings.SplitN(rest, ":", 4) // line, column, code, text
	if !ok || len(part) < 4 {
		out.Detail = f.Detail
		return out
	}
	out.Line, _ = strconv.Atoi(part[0]) // 0 where it is no number
	out.Column, _ = strconv.Atoi(part[1])
	out.Code = interchange.Code(strings.TrimSpace(part[2]))
	if path, found, ok := strings.Cut(strings.TrimSpace(part[3]), "found "); ok {
		out.Path, out.Found = strings.TrimSuffix(path, ": "), found
	} else {
		out.Found = path
	}
	return out
}

func recallRejects(ctx context.Context, db *store.DB, r *report.Run) error {
	var rejects groups
	for x, err := range db.Rejects(ctx, r.Run) {
		if err != nil {
			return err
		}
		if x.Consequence {
			r.Consequences++
		}
		if of := rejects.add(interchange.Code(x.Code), x.Consequence); of.Count <= groupExamples {
			of.First = append(of.First, report.Fault{
				File: x.File, Line: x.Line, Column: x.Column, Code: interchange.Code(x.Code), Kind: x.Kind, Key: x.Key, Path: x.Path,
				Found: x.Found, Expected: x.Expected, Detail: x.Detail,
			})
		}
	}
	r.Rejects = rejects.list()
	return nil
}
