package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"cohortx/interchange"
	"cohortx/interchange/batch"
)

const tryRemove = "cohortx remove --student 111111 --cohort 255901107/1 --begin 2025-09-14"

func removeCommand() *cli.Command {
	return &cli.Command{
		Name:      "remove",
		Usage:     "remove one association by hand",
		ArgsUsage: " ",
		Description: "Removes one association with its sections. A file cannot do that: another begin date makes another association, and the\n" +
			"one with the wrong date would stay. It is a run of its own; `cohortx history` shows it and `cohortx runs revert` takes it back.",
		Flags: append(personFlags(),
			&cli.StringFlag{Name: "cohort", Usage: "of the cohort `ORG/ID`"},
			&cli.StringFlag{Name: "begin", Usage: "that begins on this `DATE`"},
			dbFlag(),
			&cli.BoolFlag{Name: "dry-run", Usage: "do everything but write"},
			&cli.BoolFlag{Name: "json", Usage: "print the report as JSON"},
		),
		OnUsageError: usage(tryRemove),
		Action:       removeAction,
	}
}

func removeAction(c *cli.Context) (err error) {
	opt := batch.RemoveOptions{Store: c.String("db"), DryRun: c.Bool("dry-run"), Version: version}
	if c.NArg() > 0 {
		return &usageError{fmt.Sprintf("remove does not know %q", c.Args().First()), tryRemove}
	}
	if opt.Kind, opt.Person, err = personFlag(c, tryRemove); err != nil {
		return err
	}
	if opt.Cohort, err = cohortFlag(c.String("cohort"), tryRemove); err != nil {
		return err
	}
	if opt.Begin, _, err = interchange.ParseDate([]byte(c.String("begin"))); err != nil {
		return &usageError{fmt.Sprintf("--begin %q: expected a date such as 2025-09-14", c.String("begin")), tryRemove}
	}
	rep, err := batch.Remove(c.Context, opt)
	return printHandwork(c, rep, err)
}
