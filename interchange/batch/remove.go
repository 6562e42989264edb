package batch

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/store"
)

// RemoveOptions say which association is removed by hand.
type RemoveOptions struct {
	Store   string // path
	Kind    interchange.Kind
	Person  string // unique id
	Cohort  interchange.CohortKey
	Begin   interchange.Date
	DryRun  bool
	Version string // of the program
}

// Remove withdraws one association, as a run of its own: one with a wrong begin date, for instance, that no file can end. An association that
// is not there is an error.
func Remove(ctx context.Context, opt RemoveOptions) (*report.Run, error) {
	rep := report.NewRun(opt.Version, opt.Store)
	rep.DryRun = opt.DryRun
	name := fmt.Sprintf("%s %s/%s/%s", opt.Kind, interchange.CohortName(opt.Cohort), opt.Person, opt.Begin)
	// Ids of people stand in no verdict: it goes into reports that are passed on.
	discreet := fmt.Sprintf("one %s of cohort %s that begins on %s", opt.Kind, interchange.CohortName(opt.Cohort), opt.Begin)
	var key store.AssociationKey
	h := handwork{
		command:  "remove",
		settings: func() any { return map[string]any{"association": name} },
		find: func(ctx context.Context, db *store.DB) (err error) {
			key, err = removable(ctx, db, opt)
			return err
		},
		apply: func(ctx context.Context, tx *store.Tx, _ *store.Run) error {
			found, err := tx.Remove(ctx, opt.Kind, key)
			if err == nil && !found {
				err = fmt.Errorf("another program has removed %s a moment ago", discreet)
			}
			rep.State, rep.ExitStatus, rep.Verdict = string(store.Applied), ExitOK, "Removed "+report.Plain(discreet)+"."
			rep.Counts.Add(opt.Kind.String(), interchange.Withdrawn, 1)
			return err
		},
	}
	return rep, h.run(ctx, rep)
}

// removable finds the association, or says what is there instead.
func removable(ctx context.Context, db *store.DB, opt RemoveOptions) (key store.AssociationKey, err error) {
	key, begins, err := db.Find(ctx, opt.Kind, opt.Person, opt.Cohort)
	who := "student"
	if opt.Kind == interchange.StaffCohortAssociationKind {
		who = "staff member"
	}
	switch {
	case err != nil:
	case key.Person == 0 || key.Cohort == 0:
		err = Unknown(ctx, db, opt.Kind, opt.Person, &opt.Cohort)
	case len(begins) == 0:
		err = fmt.Errorf("%s %q has no association with cohort %s", who, opt.Person, interchange.CohortName(opt.Cohort))
	case !slices.Contains(begins, opt.Begin):
		var days []string
		for _, d := range begins {
			days = append(days, d.String())
		}
		err = fmt.Errorf("%s %q has no association with cohort %s from %s on, but from %s", who, opt.Person, interchange.CohortName(opt.Cohort), opt.Begin, strings.Join(days, ", "))
	}
	key.Begin = opt.Begin
	return key, err
}
