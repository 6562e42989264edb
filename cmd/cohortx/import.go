package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"cohortx/interchange/batch"
	"cohortx/interchange/report"
)

func importCommand() *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "apply files to a store",
		ArgsUsage: "FILE|FOLDER|- ...",
		Description: "Applies StudentCohort files, and the files that they refer to (students, staff, education organizations; XML or CSV), to a\n" +
			"store. What a file is, its root element or its header tells. Files given together are put in the order in which they\n" +
			"depend on each other; all StudentCohort files of a run are applied together or not at all.",
		Flags: append([]cli.Flag{
			dbFlag(),
			&cli.StringSliceFlag{Name: "allow-missing", Usage: "accept unknown targets of these `KIND`s: students, staff, cohorts, education-organizations, sections, programs"},
			&cli.StringFlag{Name: "overlap", Usage: "dates that overlap another association of the same person and cohort: allow, `warn` or reject", Value: "warn"},
			&cli.StringFlag{Name: "reopen", Usage: "no end date in the file where the store has one: allow, `warn` or reject", Value: "warn"},
			&cli.BoolFlag{Name: "dry-run", Usage: "do everything but write"},
			&cli.BoolFlag{Name: "force", Usage: "apply files that the last run has applied already, instead of skipping them"},
			&cli.StringFlag{Name: "max-rejects", Usage: "roll back above `N` or N% rejects (a share counts from 100 entities on)", Value: "10%"},
			&cli.StringFlag{Name: "rejects", Usage: "write rejected entities to `FILE` (default: beside the store, named after input and run)"},
			&cli.StringFlag{Name: "report", Usage: "write the report to `FILE` as JSON"},
			&cli.BoolFlag{Name: "quiet", Usage: "print only what must be mended"},
			&cli.BoolFlag{Name: "json", Usage: "print the report as JSON"},
			logFlag(),
			&cli.Int64Flag{Name: "max-pages", Usage: "limit the store to N pages, for tests", Hidden: true},
		}, readFlags()...),
		OnUsageError: usage("cohortx import --help"),
		Action:       importAction,
	}
}

func importOptions(c *cli.Context) (opt batch.ImportOptions, err error) {
	opt = batch.ImportOptions{
		Store: c.String("db"), Files: c.Args().Slice(), DryRun: c.Bool("dry-run"), Force: c.Bool("force"), Rejects: c.String("rejects"), Version: version,
		Command: "import", MaxPages: c.Int64("max-pages"),
	}
	if opt.ReadOptions, err = readOptions(c); err != nil {
		return opt, err
	}
	if opt.Policies.Overlap, err = policyFlag(c, "overlap"); err != nil {
		return opt, err
	}
	if opt.Policies.Reopen, err = policyFlag(c, "reopen"); err != nil {
		return opt, err
	}
	if opt.Limit, err = parseLimit(c.String("max-rejects")); err != nil {
		return opt, &usageError{err.Error(), "cohortx import --max-rejects 10% ..."}
	}
	if opt.Allow, err = parseMissing(c.StringSlice("allow-missing")); err != nil {
		return opt, &usageError{err.Error(), "cohortx import --allow-missing students,staff ..."}
	}
	return opt, nil
}

func importAction(c *cli.Context) error {
	if c.NArg() == 0 {
		return &usageError{"no file to import", "cohortx import --db cohorts.db FILE..."}
	}
	if err := logTo(c); err != nil {
		return err
	}
	opt, err := importOptions(c)
	if err != nil {
		return err
	}
	file, err := openReport(c.String("report"))
	if err != nil {
		return err
	}
	bar := newBar(c, opt.Files)
	opt.Progress = bar.progress()
	rep, err := batch.Import(c.Context, opt)
	bar.finish()
	if werr := file.write(rep); werr != nil {
		// What was applied stays applied: the exit status must go on to say so.
		fmt.Fprintf(c.App.ErrWriter, "cohortx: %v\n", werr)
	}
	if c.Bool("json") {
		if werr := report.JSON(c.App.Writer, rep); werr != nil {
			return werr
		}
	}
	if err != nil {
		return err
	}
	if !c.Bool("json") {
		report.Summary(coloured(c.App.Writer), rep, c.Bool("quiet"))
	}
	if rep.ExitStatus != batch.ExitOK {
		return status(rep.ExitStatus)
	}
	return nil
}
