package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"cohortx/interchange/batch"
	"cohortx/interchange/report"
	"cohortx/store"
)

// Exit statuses of status, apart from those of runs.
const (
	exitStale   = 6 // no success within --max-age
	exitDamaged = 7 // the store is damaged
)

func statusCommand() *cli.Command {
	return &cli.Command{
		Name:  "status",
		Usage: "is the store sound and up to date?",
		Description: "Shows the last run that succeeded (exit status 0 or 2; a skipped one too) and the last one that did not, what the store\n" +
			"holds, and whether it is sound. Exit status: 0 all is well, 6 no success within --max-age, 7 the store is damaged.",
		Flags: []cli.Flag{
			dbFlag(),
			&cli.StringFlag{Name: "max-age", Usage: "exit status 6 when the last success is older than `DURATION`, such as 26h"},
			&cli.BoolFlag{Name: "json", Usage: "print as JSON"},
			logFlag(),
		},
		OnUsageError: usage("cohortx status --help"),
		Action:       statusAction,
	}
}

// storeStatus is what `status --json` prints.
type storeStatus struct {
	Store       string       `json:"store"`
	OK          bool         `json:"ok"`
	ExitStatus  int          `json:"exit_status"`
	Stale       bool         `json:"stale"` // no success within --max-age
	MaxAge      float64      `json:"max_age_seconds,omitempty"`
	LastSuccess *runRecord   `json:"last_success"` // null: none yet
	LastFailure *runRecord   `json:"last_failure"`
	Running     *runRecord   `json:"running"`
	Holds       *store.Sizes `json:"holds"`
	Damage      []string     `json:"damage"` // empty: the store is sound
}

func statusAction(c *cli.Context) error {
	if c.NArg() > 0 {
		return &usageError{fmt.Sprintf("status does not know %q", c.Args().First()), "cohortx status --db cohorts.db"}
	}
	if err := logTo(c); err != nil {
		return err
	}
	maxAge, err := durationFlag(c, "max-age")
	if err != nil {
		return err
	}
	s, err := statusOfStore(c.Context, c.String("db"), maxAge)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		err = report.JSON(c.App.Writer, s)
	} else {
		err = printStatus(c.App.Writer, s)
	}
	if err == nil && s.ExitStatus != batch.ExitOK {
		return status(s.ExitStatus)
	}
	return err
}

// statusOfStore looks at a store. Damage is no error.
func statusOfStore(ctx context.Context, path string, maxAge time.Duration) (*storeStatus, error) {
	s := &storeStatus{Store: path, MaxAge: maxAge.Seconds(), Damage: []string{}}
	err := s.look(ctx)
	var damaged *store.DamagedError
	var notAStore *store.NotAStoreError
	if errors.As(err, &damaged) || errors.As(err, &notAStore) {
		s.Damage = append(s.Damage, err.Error())
	} else if err != nil {
		return nil, err
	}
	s.Stale = maxAge > 0 && (s.LastSuccess == nil || time.Since(*s.LastSuccess.Finished) > maxAge)
	switch {
	case len(s.Damage) > 0:
		s.ExitStatus = exitDamaged
	case s.Stale:
		s.ExitStatus = exitStale
	}
	s.OK = s.ExitStatus == batch.ExitOK
	return s, nil
}

func (s *storeStatus) look(ctx context.Context) error {
	db, err := store.Open(ctx, s.Store, store.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer db.Close()
	h, err := batch.HealthOf(ctx, db)
	if err != nil {
		return err
	}
	for _, x := range []struct {
		from *store.RunRecord
		to   **runRecord
	}{{h.LastSuccess, &s.LastSuccess}, {h.LastFailure, &s.LastFailure}, {h.Running, &s.Running}} {
		if x.from != nil {
			r := recordOf(*x.from)
			*x.to = &r
		}
	}
	sizes, err := db.Sizes(ctx)
	if err != nil {
		return err
	}
	s.Holds = &sizes
	s.Damage, err = db.Check(ctx)
	if s.Damage == nil {
		s.Damage = []string{}
	}
	return err
}

func printStatus(w io.Writer, s *storeStatus) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	run := func(name string, r *runRecord) {
		if r == nil {
			fmt.Fprintf(t, "%s\tnone\n", name)
			return
		}
		at := r.Started
		if r.Finished != nil {
			at = *r.Finished
		}
		fmt.Fprintf(t, "%s\trun %d, %s\t%s\n", name, r.Run, at.Local().Format("2006-01-02 15:04:05"), report.Plain(r.Verdict))
	}
	run("Last success", s.LastSuccess)
	run("Last failure", s.LastFailure)
	if r := s.Running; r != nil {
		fmt.Fprintf(t, "Running\trun %d, %s\tprocess %d on %s; if there is none, it died, and the next run notes it\n", r.Run, r.Started.Local().Format("2006-01-02 15:04:05"), r.PID, report.Plain(r.Host))
	}
	if h := s.Holds; h != nil {
		fmt.Fprintf(t, "Holds\t%s, %s, %s\n", report.Number(h.Students, "student", "students"), report.Number(h.Staff, "staff member", "staff members"),
			report.Number(h.Cohorts, "cohort", "cohorts"))
		fmt.Fprintf(t, "\t%s, %d of them without an end date, %s\n", report.Number(h.StudentAssociations, "student association", "student associations"),
			h.OpenStudentAssociations, report.Number(h.StaffAssociations, "staff association", "staff associations"))
		fmt.Fprintf(t, "Size\t%.1f MiB\n", float64(h.Bytes)/(1<<20))
	}
	if len(s.Damage) == 0 {
		fmt.Fprintln(t, "Integrity\tsound")
	}
	for _, d := range s.Damage {
		fmt.Fprintf(t, "DAMAGED\t%s\n", report.Plain(d))
	}
	if s.Stale {
		fmt.Fprintf(t, "STALE\tno success within %s: see what arrives, and `cohortx runs --db %s`\n", time.Duration(s.MaxAge*float64(time.Second)), s.Store)
	}
	return t.Flush()
}
