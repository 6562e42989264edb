package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"cohortx/interchange/batch"
	"cohortx/interchange/report"
)

func validateCommand() *cli.Command {
	return &cli.Command{
		Name:      "validate",
		Usage:     "check files against the schema of their release",
		ArgsUsage: "FILE|FOLDER|- ...",
		Description: "Checks files against the XSD of their release and the rules of a document (ids, refs). Needs no store. Prints a line per\n" +
			"violation, file:line:column: code: message, and a verdict per file. Of prerequisites (students, staff, education\n" +
			"organizations) it checks the well-formedness and the types of the values that an import keeps.",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print the result as JSON"},
			&cli.Int64Flag{Name: "max-errors", Usage: "print at most `N` violations; all are counted", Value: 1000},
			logFlag(),
		}, readFlags()...),
		OnUsageError: usage("cohortx validate --help"),
		Action:       validateAction,
	}
}

func validateAction(c *cli.Context) error {
	if c.NArg() == 0 {
		return &usageError{"no file to check", "cohortx validate FILE..."}
	}
	if err := logTo(c); err != nil {
		return err
	}
	most := c.Int64("max-errors")
	if most < 0 {
		return &usageError{fmt.Sprintf("--max-errors %d: expected 0 or more", most), "cohortx validate --max-errors 100 FILE..."}
	}
	read, err := readOptions(c)
	if err != nil {
		return err
	}
	bar := newBar(c, c.Args().Slice())
	read.Progress = bar.progress()
	var listed []report.Fault
	printed := int64(0)
	result, err := batch.Validate(c.Context, batch.ValidateOptions{ReadOptions: read, Files: c.Args().Slice(), Each: func(f report.Fault) {
		if printed++; printed > most {
			return
		}
		if c.Bool("json") {
			listed = append(listed, f)
			return
		}
		bar.clear()
		fmt.Fprintln(c.App.Writer, f.Message())
	}})
	bar.finish()
	if err != nil {
		return err
	}
	if c.Bool("json") {
		for i := range result.Files {
			for _, f := range listed {
				if f.File == result.Files[i].Name {
					result.Files[i].Listed = append(result.Files[i].Listed, f)
				}
			}
		}
		if err := report.JSON(c.App.Writer, result); err != nil {
			return err
		}
	} else {
		if printed > most {
			fmt.Fprintf(c.App.Writer, "... and %d more (--max-errors)\n", printed-most)
		}
		report.Verdicts(coloured(c.App.Writer), result)
	}
	if result.ExitStatus != batch.ExitOK {
		return status(result.ExitStatus)
	}
	return nil
}
