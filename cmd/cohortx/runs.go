package main

import (
	"fmt"
	"strconv"

	"github.com/urfave/cli/v2"

	"cohortx/store"
)

func runsCommand() *cli.Command {
	flags := []cli.Flag{dbFlag(), &cli.BoolFlag{Name: "json", Usage: "print as JSON"}}
	return &cli.Command{
		Name:         "runs",
		Usage:        "list the runs of a store; `runs show N` shows one with its rejects",
		Description:  "Lists the runs of a store, the newest first, with what they did.",
		Flags:        flags,
		OnUsageError: usage("cohortx runs --help"),
		Action:       listRuns,
		Subcommands: []*cli.Command{
			{Name: "list", Usage: "list the runs", Flags: flags, Action: listRuns, OnUsageError: usage("cohortx runs --help")},
			{Name: "show", Usage: "show a run with its files and rejects", ArgsUsage: "N", Flags: flags, Action: showRun, OnUsageError: usage("cohortx runs show 1"),
				Description: "Shows one run: when, what became of each file, counts, every reject, every removal that it held back."},
			approveCommand(), revertCommand(),
		},
	}
}

func openForReading(c *cli.Context) (*store.DB, error) {
	return store.Open(c.Context, c.String("db"), store.Options{ReadOnly: true})
}

func listRuns(c *cli.Context) error {
	if c.NArg() > 0 {
		return &usageError{fmt.Sprintf("runs does not know %q", c.Args().First()), "cohortx runs show 1"}
	}
	db, err := openForReading(c)
	if err != nil {
		return err
	}
	defer db.Close()
	runs, err := db.Runs(c.Context)
	if err != nil {
		return err
	}
	reverts, err := db.Reversals(c.Context)
	if err != nil {
		return err
	}
	return printRuns(c.App.Writer, runs, reverts.By(), c.Bool("json"))
}

func showRun(c *cli.Context) error {
	number, err := runNumber(c, 1)
	if err != nil {
		return err
	}
	db, err := openForReading(c)
	if err != nil {
		return err
	}
	defer db.Close()
	run, found, err := db.RunByNumber(c.Context, number)
	if err != nil {
		return err
	}
	if !found {
		return &usageError{fmt.Sprintf("there is no run %d", number), "cohortx runs"}
	}
	held, err := heldOf(c.Context, db, number)
	if err != nil {
		return err
	}
	reverts, err := db.Reversals(c.Context)
	if err != nil {
		return err
	}
	return printRun(c.App.Writer, run, db.Rejects(c.Context, number), held, reverts.By(), c.Bool("json"))
}

// runNumber is the argument of a subcommand that is about one run. example is a number for what it says when there is none.
func runNumber(c *cli.Context, example int) (int64, error) {
	number, err := strconv.ParseInt(c.Args().First(), 10, 64)
	if c.NArg() != 1 || err != nil {
		name := "runs " + c.Command.Name
		return 0, &usageError{name + " needs the number of a run", fmt.Sprintf("cohortx %s %d", name, example)}
	}
	return number, nil
}
