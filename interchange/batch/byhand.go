package batch

import (
	"cmp"
	"context"
	"errors"
	"time"

	"cohortx/interchange/report"
	"cohortx/store"
)

// handwork is a run that no file brings: a person asks for it.
type handwork struct {
	command  string
	mode     string     // "full" where it is about complete sets; "": "update"
	settings func() any // asked for after find
	// find makes sure that there is something to do. Its error ends everything before there is a run.
	find func(context.Context, *store.DB) error
	// apply does it, and says in the report what came of it: State, ExitStatus, Verdict, Counts. Unless ExitStatus is ExitOK, it is rolled
	// back. The run is nil in a dry run.
	apply func(context.Context, *store.Tx, *store.Run) error
	dict  *store.Dictionaries // what the transaction works with, once there is one
}

// run does it as a run of its own, with its report. A dry run writes nothing.
func (h *handwork) run(ctx context.Context, rep *report.Run) error {
	rep.Command = h.command
	err := withStore(ctx, rep.Store, store.Options{}, rep.DryRun, func(db *store.DB, _ *store.Lock) error {
		if err := h.find(ctx, db); err != nil {
			return err
		}
		var run *store.Run
		if !rep.DryRun {
			var err error
			if run, err = db.StartRun(ctx, store.RunInfo{Command: h.command, Mode: cmp.Or(h.mode, "update"), Version: rep.Program, Settings: h.settings()}); err != nil {
				return err
			}
			rep.Run = run.Number
		}
		err := h.failed(ctx, run, rep, h.do(ctx, db, run, rep))
		remember(ctx, db, rep)
		return err
	})
	rep.PeakMemoryMiB = peakMemory()
	rep.Ended()
	return err
}

func (h *handwork) do(ctx context.Context, db *store.DB, run *store.Run, rep *report.Run) error {
	var err error
	if h.dict, err = db.Dictionaries(ctx); err != nil {
		return err
	}
	tx, err := db.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := h.apply(ctx, tx, run); err != nil {
		return err
	}
	switch {
	case run == nil:
		if rep.ExitStatus == ExitOK {
			rep.State, rep.Verdict = "dry_run", "Dry run, nothing was written. It would be: "+rep.Verdict
		}
		return nil
	case rep.ExitStatus != ExitOK:
		if err := tx.Rollback(); err != nil {
			return err
		}
		return run.Finish(ctx, resultOf(rep))
	}
	if err := tx.FinishRun(ctx, run, resultOf(rep)); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// failed notes in the run's row why it came to nothing.
func (h *handwork) failed(ctx context.Context, run *store.Run, rep *report.Run, why error) error {
	if why == nil {
		return nil
	}
	rep.Counts, rep.Cohorts, rep.State, rep.ExitStatus, rep.Verdict = report.Counts{}, nil, string(store.Failed), ExitOf(why), "Could not run: "+why.Error()
	if errors.Is(why, context.Canceled) {
		rep.State, rep.Verdict = string(store.Cancelled), "Interrupted: what was not yet applied was rolled back."
	}
	if run == nil {
		return why
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	return errors.Join(why, run.Finish(ctx, resultOf(rep)))
}
