package main

import (
	"github.com/urfave/cli/v2"

	"cohortx/interchange"
)

func schemaCommand() *cli.Command {
	return &cli.Command{
		Name:  "schema",
		Usage: "print the StudentCohort schema of a release as one self-contained XSD",
		Description: "Prints what `validate` checks against, for use with other tools:\n" +
			"   cohortx schema --release 5.2 > cohort.xsd && xmllint --noout --schema cohort.xsd file.xml",
		Flags:        []cli.Flag{&cli.StringFlag{Name: "release", Usage: "the release, `X.Y`"}},
		OnUsageError: usage("cohortx schema --release 5.2"),
		Action: func(c *cli.Context) error {
			r, err := releaseFlag(c, "release")
			if err != nil {
				return err
			}
			s, err := interchange.LoadSchema(r, "")
			if err != nil {
				return err
			}
			_, err = c.App.Writer.Write(s.Source())
			return err
		},
	}
}
