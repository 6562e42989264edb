package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"cohortx/interchange"
)

func explainCommand() *cli.Command {
	return &cli.Command{
		Name:         "explain",
		Usage:        "say what a code means and what to do",
		ArgsUsage:    "CODE",
		Description:  "Explains a code of a reject, a violation, a refusal or a warning. Without a code it lists them all.",
		OnUsageError: usage("cohortx explain --help"),
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				for _, e := range interchange.Catalogue {
					fmt.Fprintf(c.App.Writer, "%-34s %-10s %s\n", e.Code, e.Class, e.Meaning)
				}
				return nil
			}
			e, ok := interchange.Explain(interchange.Code(strings.TrimSpace(c.Args().First())))
			if !ok {
				return &usageError{fmt.Sprintf("there is no code %q", c.Args().First()), "cohortx explain"}
			}
			fmt.Fprintf(c.App.Writer, "%s (%s)\n  %s\n  To do: %s\n", e.Code, e.Class, e.Meaning, e.Remedy)
			if e.Example != "" {
				fmt.Fprintf(c.App.Writer, "  Example: %s\n", e.Example)
			}
			return nil
		},
	}
}
