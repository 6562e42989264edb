package batch

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/store"
)

// RevertOptions say which run is reverted.
type RevertOptions struct {
	Store   string // path
	Run     int64
	Cascade bool // every later run that changed something or loaded files too
	DryRun  bool
	Version string // of the program
}

// Revert puts the store back to what it was before a run, as a run of its own. If a later run changed the same rows, found them unchanged or
// depends on them, it changes nothing: the report names the conflicts, and its exit status is ExitRefused.
func Revert(ctx context.Context, opt RevertOptions) (*report.Run, error) {
	rep := report.NewRun(opt.Version, opt.Store)
	rep.DryRun = opt.DryRun
	var runs []int64
	h := handwork{
		command:  "revert",
		settings: func() any { return map[string]any{"run": opt.Run, "cascade": opt.Cascade} },
		find: func(ctx context.Context, db *store.DB) (err error) {
			runs, err = revertible(ctx, db, opt)
			return err
		},
		apply: func(ctx context.Context, tx *store.Tx, _ *store.Run) error {
			out, err := tx.Revert(ctx, runs)
			if err == nil {
				concludeRevert(rep, opt, runs, out)
			}
			return err
		},
	}
	return rep, h.run(ctx, rep)
}

// revertible finds the runs that are to be reverted.
func revertible(ctx context.Context, db *store.DB, opt RevertOptions) ([]int64, error) {
	run, found, err := db.RunByNumber(ctx, opt.Run)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, fmt.Errorf("there is no run %d; `cohortx runs` lists them", opt.Run)
	}
	reverts, err := db.Reversals(ctx)
	if err != nil {
		return nil, err
	}
	if by := reverts.By()[opt.Run]; by > 0 {
		return nil, fmt.Errorf("run %d is reverted already, by run %d; `cohortx runs revert %[2]d` brings back what it did", opt.Run, by)
	}
	changed, err := db.HasChanged(ctx, opt.Run)
	if err != nil {
		return nil, err
	}
	if !changed && report.Counts(run.Counts).Changed() > 0 {
		return nil, fmt.Errorf("run %d is older than the history, so nobody knows what was there before it", opt.Run)
	}
	if !changed {
		return nil, fmt.Errorf("run %d (%s) changed nothing; `cohortx runs` shows what each run did", opt.Run, run.State)
	}
	runs := []int64{opt.Run}
	if opt.Cascade {
		later, err := db.LaterRuns(ctx, opt.Run)
		if err != nil {
			return nil, err
		}
		runs = append(runs, later...)
	}
	return runs, nil
}

func concludeRevert(rep *report.Run, opt RevertOptions, runs []int64, out store.Reverted) {
	if len(out.Conflicts) > 0 {
		rep.State, rep.ExitStatus = string(store.Refused), ExitRefused
		rep.Verdict = fmt.Sprintf("Refused: run %d cannot be reverted; nothing was changed.", opt.Run)
		for _, c := range out.Conflicts {
			rep.Conflicts = append(rep.Conflicts, report.Conflict{Run: c.Run, Why: string(c.Why), Kind: c.Kind, Count: c.Count, First: c.First})
		}
		if !opt.Cascade {
			rep.Verdict = fmt.Sprintf("Refused: run %d cannot be reverted alone; nothing was changed.", opt.Run)
			rep.Remedy = fmt.Sprintf("Look at these runs with `cohortx runs show`. `cohortx runs revert %d --cascade` reverts every run from %[1]d on.", opt.Run)
		}
		return
	}
	rep.State, rep.ExitStatus, rep.Reverted = string(store.Applied), ExitOK, runs
	for kind, n := range out.Rows {
		rep.Counts.Add(kind, interchange.Reverted, n)
	}
	rep.Verdict = fmt.Sprintf("Reverted %s: %s as before.", runList(runs), report.Number(rep.Counts.Changed(), "row is", "rows are"))
}

// runList names runs: "run 3", "runs 3, 4 and 6".
func runList(runs []int64) string {
	words := make([]string, len(runs))
	for i, n := range runs {
		words[i] = strconv.FormatInt(n, 10)
	}
	if len(words) == 1 {
		return "run " + words[0]
	}
	return "runs " + strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
