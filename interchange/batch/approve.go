package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
	held store.HeldRun
	rep  *report.Run

	endExclusive bool // of the store
	moves        *moves
}

// Approve ends or withdraws what a run held back, as of that run's date. It looks again: only what is still active, and what no later run
// has named, goes. It is a run of its own.
func Approve(ctx context.Context, opt ApproveOptions) (*report.Run, error) {
	a := &approval{opt: opt, rep: report.NewRun(opt.Version, opt.Store)}
	a.rep.DryRun = opt.DryRun
	h := handwork{
		command: "approve", mode: "full", find: a.find,
		settings: func() any { return map[string]any{"run": opt.Run, "scope": opt.Scope, "as_of": a.held.AsOf} },
	}
	h.apply = func(ctx context.Context, tx *store.Tx, run *store.Run) error { return a.apply(ctx, tx, run, h.dict) }
	return a.rep, h.run(ctx, a.rep)
}

// find reads what the run held back, and makes sure that there is something to approve.
func (a *approval) find(ctx context.Context, db *store.DB) error {
	a.endExclusive = db.EndExclusive()
	_, found, err := db.RunByNumber(ctx, a.opt.Run)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("there is no run %d; `cohortx runs` lists them", a.opt.Run)
	}
	reverts, err := db.Reversals(ctx)
	if err != nil {
		return err
	}
	if by := reverts.By()[a.opt.Run]; by > 0 {
		return fmt.Errorf("run %d is reverted, by run %d: what it held back does not count", a.opt.Run, by)
	}
	if a.held, err = db.HeldRun(ctx, a.opt.Run); err != nil {
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

func (a *approval) apply(ctx context.Context, tx *store.Tx, run *store.Run, dict *store.Dictionaries) (err error) {
	a.moves = newMoves(a.held.AsOf, a.endExclusive, dict.Cohorts.Next()-1, dict.Cohorts.Key)
	for _, kind := range interchange.AssociationKinds {
		if err := a.remove(ctx, tx, run, kind); err != nil {
			return err
		}
	}
	if a.rep.Cohorts, err = a.moves.report(ctx, tx); err != nil {
		return err
	}
	a.conclude()
	if run == nil {
		return nil
	}
	for _, p := range a.held.Parts {
		if a.in(p.EducationOrganizationID) {
			if err := tx.Approve(ctx, run, a.opt.Run, p.Kind, p.EducationOrganizationID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *approval) remove(ctx context.Context, tx *store.Tx, run *store.Run, kind interchange.Kind) error {
	l := ledger{any: run != nil}
	if l.any {
		l.HeldLedger = tx.HeldLedger(run, kind)
	}
	moved := a.moves.by[kind]
	err := tx.RemoveAbsent(ctx, kind, tx.Held(ctx, kind, a.opt.Run, a.in), a.held.AsOf, func(k store.AssociationKey, o interchange.Outcome) error {
		if o != 0 { // 0: removed by other means in between
			a.rep.Counts.Add(kind.String(), o, 1)
			moved.add(k.Cohort, k.Begin <= a.held.AsOf, false)
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
}
