package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"cohortx/interchange"
	"cohortx/interchange/batch"
)

func dbFlag() cli.Flag {
	return &cli.StringFlag{Name: "db", Usage: "the store, a SQLite `FILE`", EnvVars: []string{"COHORTX_DB"}, Value: "cohorts.db"}
}

func logFlag() cli.Flag {
	return &cli.StringFlag{Name: "log-format", Usage: "log to standard error as `text` (warnings only) or json (every step)", Value: "text"}
}

func jobsFlag() cli.Flag {
	return &cli.IntFlag{Name: "jobs", Usage: "check with `N` goroutines", DefaultText: "one per processor"}
}

// jobs reads --jobs; 0 is one per processor.
func jobs(c *cli.Context) (int, error) {
	if n := c.Int("jobs"); n > 0 || !c.IsSet("jobs") {
		return n, nil
	}
	return 0, &usageError{fmt.Sprintf("--jobs %d: expected at least 1", c.Int("jobs")), "cohortx " + c.Command.Name + " --jobs 1 ..."}
}

// cohortFlag reads the key of a cohort.
func cohortFlag(s, try string) (interchange.CohortKey, error) {
	org, identifier, ok := strings.Cut(s, "/")
	id, err := strconv.ParseInt(org, 10, 64)
	if !ok || err != nil {
		return interchange.CohortKey{}, &usageError{fmt.Sprintf("--cohort %q: expected ORG/ID, such as 255901107/1", s), try}
	}
	return interchange.CohortKey{EducationOrganizationID: id, CohortIdentifier: identifier}, nil
}

// personFlag reads --student or --staff: whose associations are meant, and of which kind they are.
func personFlag(c *cli.Context, try string) (interchange.Kind, string, error) {
	switch student, staff := c.String("student"), c.String("staff"); {
	case student != "" && staff == "":
		return interchange.StudentCohortAssociationKind, student, nil
	case staff != "" && student == "":
		return interchange.StaffCohortAssociationKind, staff, nil
	}
	return 0, "", &usageError{c.Command.Name + " needs --student ID or --staff ID, one of them", try}
}

func personFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "student", Usage: "the student with this unique `ID`"},
		&cli.StringFlag{Name: "staff", Usage: "the staff member with this unique `ID`"},
	}
}

// applyFlags are the flags of commands that apply files, import and drop: what is accepted, and what becomes of it.
func applyFlags() []cli.Flag {
	return append([]cli.Flag{
		dbFlag(),
		&cli.StringSliceFlag{Name: "allow-missing", Usage: "accept unknown targets of these `KIND`s: students, staff, cohorts, education-organizations, sections, programs"},
		&cli.StringFlag{Name: "overlap", Usage: "dates that overlap another association of the same person and cohort: allow, `warn` or reject", Value: "warn"},
		&cli.StringFlag{Name: "reopen", Usage: "no end date in the file where the store has one: allow, `warn` or reject", Value: "warn"},
		&cli.BoolFlag{Name: "force", Usage: "apply files that the last run has applied already, and complete sets as of a day before the last one"},
		&cli.StringFlag{Name: "max-rejects", Usage: "roll back above `N` or N% rejects (a share counts from 100 entities on)", Value: "10%"},
		redactFlag(),
		&cli.Int64Flag{Name: "max-pages", Usage: "limit the store to N pages, for tests", Hidden: true},
	}, fullFlags()...)
}

// readFlags are the flags of commands that read files.
func readFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "xsd", Usage: "check against the official Ed-Fi XSDs in `FOLDER` instead of the embedded schemas"},
		&cli.StringFlag{Name: "as-release", Usage: "read a file of an unknown Ed-Fi patch release as release `X.Y`"},
		&cli.Float64Flag{Name: "max-ratio", Usage: "refuse compressed files that grow more than `N` times", Value: 500},
		jobsFlag(),
		&cli.StringFlag{Name: "judge", Usage: "libxml2: let libxml2 check every entity, for comparison", Hidden: true},
		&cli.IntFlag{Name: "cut", Usage: "cut the input into blocks of N bytes, for tests", Hidden: true},
	}
}

func readOptions(c *cli.Context) (batch.ReadOptions, error) {
	o := batch.ReadOptions{Schemas: c.String("xsd"), MaxRatio: c.Float64("max-ratio")}
	var err error
	if o.Jobs, err = jobs(c); err != nil {
		return o, err
	}
	if o.Schemas != "" {
		if info, err := os.Stat(o.Schemas); err != nil || !info.IsDir() {
			return o, &usageError{fmt.Sprintf("--xsd %s: there is no such folder", o.Schemas), "cohortx " + c.Command.Name + " --xsd FOLDER ..."}
		}
	}
	if o.MaxRatio < 1 {
		return o, &usageError{fmt.Sprintf("--max-ratio %g: expected at least 1", o.MaxRatio), "cohortx " + c.Command.Name + " --max-ratio 500 ..."}
	}
	if name := c.String("as-release"); name != "" {
		r, err := releaseFlag(c, "as-release")
		if err != nil {
			return o, err
		}
		o.AsRelease = r
	}
	switch c.String("judge") {
	case "", "tables":
	case "libxml2":
		o.Distrust = true
	default:
		return o, &usageError{fmt.Sprintf("--judge %q: expected libxml2", c.String("judge")), "cohortx " + c.Command.Name + " --judge libxml2 ..."}
	}
	if n := c.Int("cut"); n > 0 {
		o.Scan.Cut = func(int) int { return n }
	}
	return o, nil
}

func releaseFlag(c *cli.Context, flag string) (*interchange.Release, error) {
	r, ok := interchange.ReleaseNamed(c.String(flag))
	if !ok {
		return nil, &usageError{fmt.Sprintf("--%s %q: expected one of %s", flag, c.String(flag), strings.Join(interchange.ReleaseNames(), ", ")),
			fmt.Sprintf("cohortx %s --%s 5.2 ...", c.Command.Name, flag)}
	}
	return r, nil
}

func policyFlag(c *cli.Context, flag string) (interchange.Policy, error) {
	p, ok := interchange.ParsePolicy(c.String(flag))
	if !ok {
		return 0, &usageError{fmt.Sprintf("--%s %q: expected allow, warn or reject", flag, c.String(flag)), fmt.Sprintf("cohortx %s --%s warn ...", c.Command.Name, flag)}
	}
	return p, nil
}

// parseLimit reads "100" or "2.5%".
func parseLimit(s string) (batch.Limit, error) {
	if share, ok := strings.CutSuffix(s, "%"); ok {
		f, err := strconv.ParseFloat(share, 64)
		if err != nil || f < 0 || f > 100 {
			return batch.Limit{}, fmt.Errorf("--max-rejects %q: expected a share from 0%% to 100%%", s)
		}
		return batch.Limit{Percent: f, Share: true}, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return batch.Limit{}, fmt.Errorf("--max-rejects %q: expected a number such as 100, or a share such as 10%%", s)
	}
	return batch.Limit{Count: n}, nil
}

// parseMissing reads the kinds of --allow-missing.
func parseMissing(list []string) (m batch.Missing, err error) {
	for _, kind := range list {
		switch strings.TrimSpace(kind) {
		case "students":
			m.Students = true
		case "staff":
			m.Staff = true
		case "cohorts":
			m.Cohorts = true
		case "education-organizations":
			m.EducationOrganizations = true
		case "sections":
			m.Sections = true
		case "programs":
			m.Programs = true
		default:
			return m, fmt.Errorf("--allow-missing %q: expected students, staff, cohorts, education-organizations, sections or programs, separated by commas", kind)
		}
	}
	return m, nil
}
