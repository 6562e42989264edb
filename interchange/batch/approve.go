package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/store"
)

// ApproveOptions say what is approved.
type ApproveOptions struct {
	Store   string  // path
	Run     int64   // the run that held removals back
	Scope   []int64 // only what it held back of these education organizations; nil: of all
	DryRun  bool
	Version string // of the program
}

// approval is one approval under way.
type approval struct {
	opt  ApproveOptions
	db   *store.DB
	held store.HeldRun
	run  *store.Run // nil in a dry run
	rep  *report.Run
}

// Approve ends or withdraws what a run held back, as of that run's date. It looks again: only what is still active, and what no later run
// has named, goes. It is a run of its own.
func Approve(ctx context.Context, opt ApproveOptions) (*report.Run, error) {
	a := &approval{opt: opt, rep: report.NewRun(opt.Version, opt.Store)}
	a.rep.DryRun = opt.DryRun
	err := a.do(ctx)
	a.rep.Seconds, a.rep.PeakMemoryMiB = time.Since(a.rep.Started).Seconds(), peakMemory()
	return a.rep, err
}

func (a *approval) do(ctx context.Context) error {
	return withStore(ctx, a.opt.Store, store.Options{}, a.opt.DryRun, func(db *store.DB, _ *store.Lock) (err error) {
		a.db = db
		if err := a.find(ctx); err != nil {
			return err
		}
		if !a.opt.DryRun {
			a.run, err = db.StartRun(ctx, store.RunInfo{Command: "approve", Mode: "full", Version: a.opt.Version,
				Settings: map[string]any{"run": a.opt.Run, "scope": a.opt.Scope, "as_of": a.held.AsOf}})
			if err != nil {
				return err
			}
			a.rep.Run = a.run.Number
		}
		if err := a.apply(ctx); err != nil {
			return a.failed(ctx, err)
		}
		return nil
	})
}

// find reads what the run held back, and makes sure that there is something to approve.
func (a *approval) find(ctx context.Context) error {
	_, found, err := a.db.RunByNumber(ctx, a.opt.Run)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("there is no run %d; `cohortx runs` lists them", a.opt.Run)
	}
	if a.held, err = a.db.HeldRun(ctx, a.opt.Run); err != nil {
		return err
	}
	if len(a.held.Parts) == 0 {
		return fmt.Errorf("run %d held no removals back; `cohortx runs` shows in which state each run is", a.opt.Run)
	}
	for _, id := range a.opt.Scope {
		if !slices.ContainsFunc(a.held.Parts, func(p store.HeldPart) bool { return p.EducationOrganizationID == id }) {
			return fmt.Errorf("--scope %d: run %d held nothing back of this education organization; `cohortx runs show %d` lists what it did", id, a.opt.Run, a.opt.Run)
		}
	}
	a.rep.Complete = &report.Complete{AsOf: a.held.AsOf, EducationOrganizations: []int64{}}
	for _, p := range a.held.Parts {
		if n := len(a.rep.Complete.EducationOrganizations); a.in(p.EducationOrganizationID) && (n == 0 || a.rep.Complete.EducationOrganizations[n-1] != p.EducationOrganizationID) {
			a.rep.Complete.EducationOrganizations = append(a.rep.Complete.EducationOrganizations, p.EducationOrganizationID)
		}
	}
	return nil
}

func (a *approval) in(organization int64) bool {
	return a.opt.Scope == nil || slices.Contains(a.opt.Scope, organization)
}

func (a *approval) apply(ctx context.Context) error {
	if _, err := a.db.Dictionaries(ctx); err != nil {
		return err
	}
	tx, err := a.db.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, kind := range interchange.AssociationKinds {
		if err := a.remove(ctx, tx, kind); err != nil {
			return err
		}
	}
	a.conclude()
	if a.opt.DryRun {
		return nil
	}
	for _, p := range a.held.Parts {
		if a.in(p.EducationOrganizationID) {
			if err := tx.Approve(ctx, a.run, a.opt.Run, p.Kind, p.EducationOrganizationID); err != nil {
				return err
			}
		}
	}
	if err := tx.FinishRun(ctx, a.run, a.result()); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

func (a *approval) remove(ctx context.Context, tx *store.Tx, kind interchange.Kind) error {
	l := ledger{any: !a.opt.DryRun}
	if l.any {
		l.HeldLedger = tx.HeldLedger(a.run, kind)
	}
	err := tx.RemoveAbsent(ctx, kind, tx.Held(ctx, kind, a.opt.Run, a.in), a.held.AsOf, func(k store.AssociationKey, o interchange.Outcome) error {
		if o != 0 { // 0: removed by other means in between
			a.rep.Counts.Add(kind.String(), o, 1)
		}
		return l.release(k)
	})
	return errors.Join(err, l.close())
}

// conclude says what came of it.
func (a *approval) conclude() {
	r := a.rep
	r.State, r.ExitStatus = string(store.Applied), ExitOK
	r.Verdict = fmt.Sprintf("Approved what run %d held back: %s.", a.opt.Run, report.Number(r.Counts.Changed(), "removal", "removals"))
	if r.Counts.Changed() == 0 {
		r.Verdict = fmt.Sprintf("Nothing to do: what run %d held back has been named or removed since.", a.opt.Run)
	}
	if a.opt.DryRun {
		r.State, r.Verdict = "dry_run", "Dry run, nothing was written. It would be: "+r.Verdict
	}
}

func (a *approval) result() store.Result {
	return store.Result{State: store.State(a.rep.State), ExitStatus: a.rep.ExitStatus, Counts: store.Counts(a.rep.Counts), Detail: a.rep.Verdict}
}

// failed notes in the run's row why it came to nothing.
func (a *approval) failed(ctx context.Context, why error) error {
	r := a.rep
	r.Counts, r.State, r.ExitStatus, r.Verdict = report.Counts{}, string(store.Failed), ExitOf(why), "Could not run: "+why.Error()
	if errors.Is(why, context.Canceled) {
		r.State, r.Verdict = string(store.Cancelled), "Interrupted: what was not yet applied was rolled back."
	}
	if a.run == nil {
		return why
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	return errors.Join(why, a.run.Finish(ctx, a.result()))
}
