package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"cohortx/interchange"
	"cohortx/interchange/batch"
	"cohortx/interchange/report"
	"cohortx/store"
)

const tryHistory = "cohortx history --student 111111"

func historyCommand() *cli.Command {
	return &cli.Command{
		Name:      "history",
		Usage:     "show each change of a person's associations",
		ArgsUsage: " ",
		Description: "Shows each change of the associations of a student or staff member: run, file and line, what was there before and after.\n" +
			"What a run put into a cohort that had no associations before is known by run and file, without the line; without\n" +
			"the file too, where several files of a run brought associations of the cohort.",
		Flags: append(personFlags(),
			&cli.StringFlag{Name: "cohort", Usage: "only with the cohort `ORG/ID`"},
			dbFlag(),
			&cli.BoolFlag{Name: "json", Usage: "print as JSON"},
		),
		OnUsageError: usage(tryHistory),
		Action:       historyAction,
	}
}

func historyAction(c *cli.Context) error {
	if c.NArg() > 0 {
		return &usageError{fmt.Sprintf("history does not know %q", c.Args().First()), tryHistory}
	}
	kind, person, err := personFlag(c, tryHistory)
	if err != nil {
		return err
	}
	var cohort *interchange.CohortKey
	if s := c.String("cohort"); s != "" {
		k, err := cohortFlag(s, tryHistory+" --cohort 255901107/1")
		if err != nil {
			return err
		}
		cohort = &k
	}
	db, err := openForReading(c)
	if err != nil {
		return err
	}
	defer db.Close()
	list, err := db.History(c.Context, kind, person, cohort)
	if err == nil && len(list) == 0 {
		err = batch.Unknown(c.Context, db, kind, person, cohort)
	}
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return report.JSON(c.App.Writer, historyRecords(list))
	}
	return printHistory(c.App.Writer, list)
}

// historyRecord is an association as `history --json` prints it.
type historyRecord struct {
	Kind                    interchange.Kind `json:"kind"`
	EducationOrganizationID int64            `json:"education_organization_id"`
	CohortIdentifier        string           `json:"cohort_identifier"`
	UniqueID                string           `json:"unique_id"`
	BeginDate               string           `json:"begin_date"`
	Changes                 []changeRecord   `json:"changes"`
}

type changeRecord struct {
	Run     int64        `json:"run"` // 0: before there was a history
	Command string       `json:"command,omitempty"`
	Started *time.Time   `json:"started,omitempty"`
	Outcome string       `json:"outcome"`
	File    string       `json:"file,omitempty"`
	Line    int          `json:"line,omitempty"`
	Before  *stateRecord `json:"before"` // null: it was not there
	After   *stateRecord `json:"after"`
}

type stateRecord struct {
	EndDate             string   `json:"end_date,omitempty"`
	StudentRecordAccess *bool    `json:"student_record_access,omitempty"`
	Sections            []string `json:"sections,omitempty"`
}

func historyRecords(list []store.AssociationHistory) []historyRecord {
	out := make([]historyRecord, 0, len(list))
	for _, a := range list {
		r := historyRecord{a.Kind, a.Cohort.EducationOrganizationID, a.Cohort.CohortIdentifier, a.PersonUniqueID, a.Begin.String(), nil}
		for _, e := range a.Events {
			c := changeRecord{Run: e.Run, Command: e.Command, Outcome: e.Outcome.String(), File: e.File, Line: e.Line, Before: recordOfState(e.Before), After: recordOfState(e.After)}
			if e.Run > 0 {
				c.Started = &e.Started
			}
			r.Changes = append(r.Changes, c)
		}
		out = append(out, r)
	}
	return out
}

func recordOfState(s *store.AssociationState) *stateRecord {
	if s == nil {
		return nil
	}
	return &stateRecord{s.End.String(), s.Access, s.Sections}
}

func printHistory(w io.Writer, list []store.AssociationHistory) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "No associations, now or in the past.")
		return err
	}
	for i, a := range list {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s %s, %s, from %s\n", a.Kind, report.Plain(interchange.CohortName(a.Cohort)), report.Plain(a.PersonUniqueID), a.Begin)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, e := range a.Events {
			fmt.Fprintf(t, "  %s\t%s\t%s\t%s -> %s\n", runOf(e), e.Outcome, sourceOf(e), stateText(e.Before), stateText(e.After))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func runOf(e store.Event) string {
	if e.Run == 0 {
		return "before the history"
	}
	return fmt.Sprintf("run %d, %s", e.Run, e.Started.Local().Format("2006-01-02 15:04:05"))
}

// sourceOf is the file and line, or what else did it.
func sourceOf(e store.Event) string {
	switch {
	case e.File == "":
		return e.Command
	case e.Line == 0:
		return report.Plain(e.File)
	}
	return fmt.Sprintf("%s:%d", report.Plain(e.File), e.Line)
}

// stateText is the values of an association in short.
func stateText(s *store.AssociationState) string {
	if s == nil {
		return "not there"
	}
	text := "open"
	if s.End != interchange.NoDate {
		text = "end " + s.End.String()
	}
	if s.Access != nil {
		text += fmt.Sprintf(", record access %t", *s.Access)
	}
	if len(s.Sections) > 0 {
		text += ", sections " + report.Plain(strings.Join(s.Sections, " "))
	}
	return text
}
