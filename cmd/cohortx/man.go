package main

import (
	_ "embed"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"
)

// manPage is made by the CLI library from the commands and their flags, see [TestMan]: its Markdown parser is no part of the program, which it
// would keep from starting quickly.
//
//go:embed cohortx.1
var manPage string

func manCommand() *cli.Command {
	return &cli.Command{
		Name:  "man",
		Usage: "print the manual page",
		Description: "Prints the manual page, to be read with `cohortx man | man -l -`, or installed:\n\n" +
			"   cohortx man > /usr/local/share/man/man1/cohortx.1",
		OnUsageError: usage("cohortx man"),
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return &usageError{fmt.Sprintf("man does not know %q", c.Args().First()), "cohortx man"}
			}
			_, err := io.WriteString(c.App.Writer, manPage)
			return err
		},
	}
}
