package main

import (
	"bufio"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"cohortx/interchange"
	"cohortx/interchange/batch"
	"cohortx/interchange/report"
	"cohortx/store"
)

func exportCommand() *cli.Command {
	return &cli.Command{
		Name:  "export",
		Usage: "write cohorts and associations as interchange XML, or as JSON resources",
		Description: "Writes the cohorts and the student and staff associations of a store as an interchange document, in a fixed order: equal\n" +
			"data give equal bytes. A file is written under a temporary name, checked against its schema, and renamed. What the\n" +
			"release cannot carry is left out and listed. Where nothing is to be written, nothing is, and the exit status is 3. A name\n" +
			"that ends in .gz gets a compressed file.\n\n" +
			"As JSON (--format jsonl, or a name that ends in .jsonl or .jsonl.gz) a file has the resources of one kind (--kind), one a line,\n" +
			"as Ed-Fi's API takes them. --release 2.0 writes enumeration values and section keys of releases 2.x as they are.",
		Flags: []cli.Flag{
			dbFlag(),
			&cli.StringFlag{Name: "o", Usage: "write to `FILE`, or - for standard output (not checked)"},
			&cli.StringFlag{Name: "format", Usage: "`xml` or jsonl", DefaultText: "xml, unless FILE ends in .jsonl or .jsonl.gz"},
			&cli.StringFlag{Name: "kind", Usage: "with jsonl, what is written: `student-associations`, staff-associations or cohorts", DefaultText: "student-associations"},
			&cli.StringFlag{Name: "release", Usage: "the release to write, `X.Y` (default: that of the last file imported; with jsonl, the newest)"},
			&cli.BoolFlag{Name: "all", Usage: "all associations (default)"},
			&cli.BoolFlag{Name: "current", Usage: "associations active today"},
			&cli.StringFlag{Name: "as-of", Usage: "associations active on `DATE`"},
			&cli.StringFlag{Name: "school-year", Usage: "associations active at any time from 1 July of the year before to 30 June of `YEAR`"},
			&cli.Int64SliceFlag{Name: "education-organization", Usage: "only cohorts of these education organizations, `ID`,..."},
			&cli.StringSliceFlag{Name: "cohort", Usage: "only this cohort, `ORG/ID`; may be repeated"},
			&cli.StringFlag{Name: "left-out", Usage: "list all entities that the release cannot carry in `FILE`, as JSON, one a line"},
			&cli.BoolFlag{Name: "force", Usage: "write a document without an entity, too, where nothing matches"},
			&cli.BoolFlag{Name: "json", Usage: "print the result as JSON (to standard error with -o -)"},
			jobsFlag(),
		},
		OnUsageError: usage("cohortx export --db cohorts.db -o out.xml"),
		Action:       exportAction,
	}
}

// exportFilter reads the flags that say what to export.
func exportFilter(c *cli.Context, now time.Time) (f store.Filter, err error) {
	modes := 0
	for _, name := range []string{"all", "current", "as-of", "school-year"} {
		if c.IsSet(name) {
			modes++
		}
	}
	try := "cohortx export --as-of 2025-10-01 -o out.xml"
	if modes > 1 {
		return f, &usageError{"--all, --current, --as-of and --school-year exclude each other", try}
	}
	day := func(d interchange.Date) *store.Period { return &store.Period{First: d, Last: d} }
	switch {
	case c.Bool("current"):
		f.Active = day(interchange.DateOf(now))
	case c.IsSet("as-of"):
		d, zoned, err := interchange.ParseDate([]byte(c.String("as-of")))
		if err != nil || zoned {
			return f, &usageError{fmt.Sprintf("--as-of %q: expected a date such as 2025-10-01", c.String("as-of")), try}
		}
		f.Active = day(d)
	case c.IsSet("school-year"):
		y, err := interchange.ParseSchoolYear([]byte(c.String("school-year")))
		if err != nil {
			return f, &usageError{fmt.Sprintf("--school-year %q: expected the year in which it ends, such as 2026", c.String("school-year")), "cohortx export --school-year 2026 -o out.xml"}
		}
		first, last := y.Days()
		f.Active = &store.Period{First: first, Last: last}
	}
	f.EducationOrganizations = c.Int64Slice("education-organization")
	for _, s := range c.StringSlice("cohort") {
		k, err := cohortFlag(s, "cohortx export --cohort 255901107/1 -o out.xml")
		if err != nil {
			return f, err
		}
		f.Cohorts = append(f.Cohorts, k)
	}
	return f, nil
}

// exportFormat reads what says how to write: the kind of resources, 0 for XML, and whether they are compressed.
func exportFormat(c *cli.Context) (kind interchange.Kind, zipped bool, err error) {
	name, try := strings.ToLower(c.String("o")), "cohortx export --format jsonl --kind cohorts -o cohorts.jsonl"
	format := c.String("format")
	named := strings.HasSuffix(name, ".jsonl") || strings.HasSuffix(name, ".jsonl.gz")
	if format == "" && named {
		format = report.FormatJSONL
	}
	switch format {
	case "", report.FormatXML:
		if c.IsSet("kind") {
			return 0, false, &usageError{"--kind is for JSON; XML has all kinds in one file", try}
		}
		return 0, strings.HasSuffix(name, ".gz"), nil
	case report.FormatJSONL:
	default:
		return 0, false, &usageError{fmt.Sprintf("--format %q: expected xml or jsonl", format), try}
	}
	kinds := map[string]interchange.Kind{"": interchange.StudentCohortAssociationKind, "student-associations": interchange.StudentCohortAssociationKind,
		"staff-associations": interchange.StaffCohortAssociationKind, "cohorts": interchange.CohortKind}
	kind, ok := kinds[c.String("kind")]
	if !ok {
		return 0, false, &usageError{fmt.Sprintf("--kind %q: expected student-associations, staff-associations or cohorts", c.String("kind")), try}
	}
	return kind, strings.HasSuffix(name, ".gz"), nil
}

func exportAction(c *cli.Context) error {
	if c.NArg() > 0 {
		return &usageError{fmt.Sprintf("export takes no file %q; -o says where to write", c.Args().First()), "cohortx export --db cohorts.db -o out.xml"}
	}
	if c.String("o") == "" {
		return &usageError{"nothing says where to write", "cohortx export --db cohorts.db -o out.xml"}
	}
	filter, err := exportFilter(c, time.Now())
	if err != nil {
		return err
	}
	opt := batch.ExportOptions{Store: c.String("db"), Path: c.String("o"), Filter: filter, LeftOut: c.String("left-out"), Force: c.Bool("force")}
	if opt.Jobs, err = jobs(c); err != nil {
		return err
	}
	if opt.Resources, opt.Gzip, err = exportFormat(c); err != nil {
		return err
	}
	if c.IsSet("release") {
		if opt.Release, err = releaseFlag(c, "release"); err != nil {
			return err
		}
	}
	say := c.App.Writer
	var out *bufio.Writer
	if opt.Path == "-" {
		out = bufio.NewWriter(c.App.Writer)
		opt.Out, opt.Path, say = out, "", c.App.ErrWriter
	}
	result, err := batch.Export(c.Context, opt)
	if err != nil {
		return err
	}
	if out != nil {
		if err := out.Flush(); err != nil {
			return fmt.Errorf("write export: %w", err)
		}
	}
	if c.Bool("json") {
		err = report.JSON(say, result)
	} else {
		report.Exported(say, result)
	}
	switch {
	case err == nil && result.Refusal != nil:
		return status(batch.ExitRefused)
	case err == nil && result.LeftOut+result.Partly > 0:
		return status(batch.ExitRejects)
	}
	return err
}
