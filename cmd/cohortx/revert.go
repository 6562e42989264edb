package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"cohortx/interchange/batch"
	"cohortx/interchange/report"
)

func revertCommand() *cli.Command {
	return &cli.Command{
		Name:      "revert",
		Usage:     "put the store back to what it was before a run",
		ArgsUsage: "N",
		Description: "Takes back all that run N changed: associations with their sections and record access, cohorts with their programs,\n" +
			"students, staff, education organizations, programs, sections, sessions; what was ended, withdrawn, removed or held back\n" +
			"comes back. It is a run of its own, and can be reverted too.\n\n" +
			"If a later run changed the same rows, found them unchanged, or has rows that need what run N created, nothing is\n" +
			"changed, the conflicts are named, and the exit status is 3. With --cascade every later run that changed something\n" +
			"or found rows unchanged is reverted too. Runs that are reverted already do not stand in the way.",
		Flags: []cli.Flag{
			dbFlag(),
			&cli.BoolFlag{Name: "cascade", Usage: "revert every later run that changed something or loaded files too"},
			&cli.BoolFlag{Name: "dry-run", Usage: "do everything but write"},
			&cli.BoolFlag{Name: "json", Usage: "print the report as JSON"},
		},
		OnUsageError: usage("cohortx runs revert 4"),
		Action:       revertAction,
	}
}

func revertAction(c *cli.Context) error {
	number, err := runNumber(c, 4)
	if err != nil {
		return err
	}
	rep, err := batch.Revert(c.Context, batch.RevertOptions{
		Store: c.String("db"), Run: number, Cascade: c.Bool("cascade"), DryRun: c.Bool("dry-run"), Version: version,
	})
	return printHandwork(c, rep, err)
}

// printHandwork writes and prints the report of a run that no file brought. why is the error that ended it.
func printHandwork(c *cli.Context, rep *report.Run, why error) error {
	files, err := reportsOf(c)
	if err == nil {
		files.write(c, rep)
	}
	if why != nil || err != nil {
		return errors.Join(why, err)
	}
	if c.Bool("json") {
		if err := report.JSON(c.App.Writer, rep); err != nil {
			return err
		}
	} else {
		report.Summary(coloured(c.App.Writer), rep, false)
	}
	if rep.ExitStatus != batch.ExitOK {
		return status(rep.ExitStatus)
	}
	return nil
}
