package main

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"cohortx/store"
)

func initCommand() *cli.Command {
	return &cli.Command{
		Name:  "init",
		Usage: "create a store",
		Description: "Creates a store. `cohortx import` does so too, with the default; init is for the one setting that is fixed\n" +
			"for the life of a store: whether an end date is the last day in the cohort (inclusive, as Ed-Fi recommends)\n" +
			"or the first day out of it (exclusive).",
		Flags: []cli.Flag{
			dbFlag(),
			&cli.StringFlag{Name: "end-date", Usage: "`inclusive` or exclusive", Value: "inclusive"},
		},
		OnUsageError: usage("cohortx init --help"),
		Action: func(c *cli.Context) error {
			end := c.String("end-date")
			if end != "inclusive" && end != "exclusive" {
				return &usageError{fmt.Sprintf("--end-date %q: expected inclusive or exclusive", end), "cohortx init --db cohorts.db --end-date inclusive"}
			}
			path := c.String("db")
			if _, err := os.Stat(path); err == nil {
				return &usageError{path + " exists already", "cohortx init --db another.db"}
			}
			db, err := store.Open(c.Context, path, store.Options{Create: true, EndExclusive: end == "exclusive"})
			if err != nil {
				return err
			}
			if err := db.Close(); err != nil {
				return err
			}
			fmt.Fprintf(c.App.Writer, "Created the store %s (end dates are %s).\n", path, end)
			return nil
		},
	}
}
