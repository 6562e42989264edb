package main

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"cohortx/interchange"
	"cohortx/interchange/batch"
	"cohortx/interchange/report"
	"cohortx/store"
)

func approveCommand() *cli.Command {
	return &cli.Command{
		Name:      "approve",
		Usage:     "end what a run of complete files held back",
		ArgsUsage: "N",
		Description: "Ends or withdraws what run N held back, as of that run's date. It looks again: only what is still active, and what no\n" +
			"later run has named, goes. It is a run of its own.",
		Flags: []cli.Flag{
			dbFlag(),
			&cli.StringSliceFlag{Name: "scope", Usage: "only what was held back of education organizations `ID,...`"},
			&cli.BoolFlag{Name: "dry-run", Usage: "do everything but write"},
			&cli.BoolFlag{Name: "json", Usage: "print the report as JSON"},
		},
		OnUsageError: usage("cohortx runs approve 1"),
		Action:       approveAction,
	}
}

func approveAction(c *cli.Context) error {
	number, err := runNumber(c, 1)
	if err != nil {
		return err
	}
	opt := batch.ApproveOptions{Store: c.String("db"), Run: number, DryRun: c.Bool("dry-run"), Version: version}
	if opt.Scope, err = scopeFlag(c); err != nil {
		return err
	}
	rep, err := batch.Approve(c.Context, opt)
	return printHandwork(c, rep, err)
}

// heldRecord is what `runs show` says of removals that a run held back. Its keys are those that can still be approved.
type heldRecord struct {
	HeldBack     []heldPart `json:"held_back,omitempty"`
	HeldRemovals []string   `json:"held_removals,omitempty"` // keys
}

type heldPart struct {
	Code                    interchange.Code `json:"code"`
	Kind                    string           `json:"kind"`
	EducationOrganizationID int64            `json:"education_organization_id"`
	Count                   int64            `json:"count"`
	Of                      int64            `json:"of"`
	ApprovedRun             int64            `json:"approved_run,omitempty"`
}

func heldOf(ctx context.Context, db *store.DB, number int64) (*heldRecord, error) {
	held, err := db.HeldRun(ctx, number)
	if err != nil || len(held.Parts) == 0 {
		return nil, err
	}
	out := &heldRecord{}
	for _, p := range held.Parts {
		out.HeldBack = append(out.HeldBack, heldPart{p.Held, p.Kind.String(), p.EducationOrganizationID, p.Absent, p.Active, p.ApprovedRun})
	}
	for r, err := range db.HeldRemovals(ctx, number) {
		if err != nil {
			return nil, err
		}
		out.HeldRemovals = append(out.HeldRemovals, fmt.Sprintf("%s %s", r.Kind, r.Key()))
	}
	return out, nil
}

func (h *heldRecord) print(w io.Writer, number int64) {
	if h == nil {
		return
	}
	fmt.Fprintln(w, "Held back:")
	for _, p := range h.HeldBack {
		approved := ""
		if p.ApprovedRun > 0 {
			approved = fmt.Sprintf(", approved by run %d", p.ApprovedRun)
		}
		fmt.Fprintf(w, "  %s: %d: %d of %d active %ss%s\n", p.Code, p.EducationOrganizationID, p.Count, p.Of, p.Kind, approved)
	}
	if len(h.HeldRemovals) == 0 {
		return
	}
	fmt.Fprintf(w, "What no later run has named, and `cohortx runs approve %d` ends:\n", number)
	for _, key := range h.HeldRemovals {
		fmt.Fprintf(w, "  %s\n", report.Plain(key))
	}
}
