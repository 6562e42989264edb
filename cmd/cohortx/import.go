package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"cohortx/interchange/batch"
	"cohortx/interchange/report"
)

func importCommand() *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "apply files to a store",
		ArgsUsage: "FILE|FOLDER|- ...",
		Description: "Applies StudentCohort files (XML, or JSON with a resource a line), and the files that they refer to (students, staff, education\n" +
			"organizations, programs, sections; XML or CSV), to a store. What a file is, its root element, its header or its members tell.\n" +
			"Files given together are put in the order in which they depend on each other; all StudentCohort files of a run are applied\n" +
			"together or not at all.",
		Flags: slices.Concat(applyFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Usage: "do everything but write"},
			&cli.StringFlag{Name: "rejects", Usage: "write rejected entities to `FILE` (default: beside the store, named after input and run)"},
			&cli.StringFlag{Name: "report", Usage: "write the report to `FILE`, as JSON, and as a page to FILE with .html (default: in a folder beside the store)"},
			&cli.BoolFlag{Name: "quiet", Usage: "print only what must be mended"},
			&cli.BoolFlag{Name: "json", Usage: "print the report as JSON"},
			logFlag(),
		}, alertFlags(), readFlags()),
		OnUsageError: usage("cohortx import --help"),
		Action:       importAction,
	}
}

// importOptions reads the flags of a command that applies files, see [applyFlags].
func importOptions(c *cli.Context) (opt batch.ImportOptions, err error) {
	name := c.Command.Name
	opt = batch.ImportOptions{
		Store: c.String("db"), Files: c.Args().Slice(), DryRun: c.Bool("dry-run"), Force: c.Bool("force"), Rejects: c.String("rejects"),
		Redact: c.Bool("redact"), Version: version,
		Command: name, MaxPages: c.Int64("max-pages"),
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
		return opt, &usageError{err.Error(), "cohortx " + name + " --max-rejects 10% ..."}
	}
	if opt.Allow, err = parseMissing(c.StringSlice("allow-missing")); err != nil {
		return opt, &usageError{err.Error(), "cohortx " + name + " --allow-missing students,staff ..."}
	}
	opt.Complete, err = completeOptions(c)
	return opt, err
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
	alerts, err := alertsOf(c)
	if err != nil {
		return err
	}
	files, err := reportsOf(c)
	if err != nil {
		return err
	}
	bar := newBar(c, opt.Files)
	opt.Progress = bar.progress()
	alerts.begin(c.Context)
	rep, err := batch.Import(c.Context, opt)
	bar.finish()
	alerts.end(c.Context, rep, files.write(c, rep))
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
