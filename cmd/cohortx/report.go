package main

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"cohortx/interchange/batch"
	"cohortx/interchange/report"
)

func reportCommand() *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "make the report of a run again, from the store",
		ArgsUsage: "[N]",
		Description: "Makes the report of run N, or of the last one, again: as a page or as JSON in a file, as JSON on standard output, else as the\n" +
			"summary. What the store does not keep is missing: of any run the time of its commit, of a run that was killed all but when it was.",
		Flags: []cli.Flag{
			dbFlag(),
			&cli.StringFlag{Name: "o", Usage: "write it to `FILE`: as JSON where that ends in .json, else as a page"},
			redactFlag(),
			&cli.BoolFlag{Name: "json", Usage: "print it as JSON"},
		},
		OnUsageError: usage("cohortx report 1 -o report.html"),
		Action:       reportAction,
	}
}

func redactFlag() cli.Flag {
	return &cli.BoolFlag{Name: "redact", Usage: "mask the unique ids of students and staff in the report"}
}

func reportAction(c *cli.Context) error {
	number := int64(0)
	if c.NArg() > 0 {
		var err error
		if number, err = strconv.ParseInt(c.Args().First(), 10, 64); err != nil || c.NArg() > 1 || number < 1 {
			return &usageError{"report needs the number of a run, or none for the last run", "cohortx report 1 -o report.html"}
		}
	}
	name := c.String("o")
	if name != "" && c.Bool("json") {
		return &usageError{"-o and --json are two ways to say where the report goes", "cohortx report 1 -o report.json"}
	}
	rep, err := batch.Recall(c.Context, c.String("db"), number)
	if err != nil {
		return err
	}
	if c.Bool("redact") {
		rep.Redact()
	}
	switch {
	case name == "" && c.Bool("json"):
		return report.JSON(c.App.Writer, rep)
	case name == "":
		report.Summary(coloured(c.App.Writer), rep, false)
		return nil
	}
	err = report.Replace(name, 0o600, func(w *bufio.Writer) error {
		if strings.HasSuffix(name, ".json") {
			return report.JSON(w, rep)
		}
		return report.Page(w, rep)
	})
	if err != nil {
		return fmt.Errorf("write report %s: %w", name, err)
	}
	return nil
}
