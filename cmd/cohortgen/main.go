// Command cohortgen writes Ed-Fi StudentCohort interchange files of any size, and the prerequisites that they refer
// to: education organizations, programs, sections, students and staff. All people in them are invented.
//
// The files are shaped like those of a large district's student information system. One million associations name
// 350,000 students and 50,000 cohorts of 2,000 education organizations; other sizes scale every count alike. 40 % of
// the associations have ended, 10 % of the students' name a section, 5 % are of staff. The associations stand in no
// order, and a tenth of all entities differs in form: other indentation, CRLF line ends, a comment, a character
// reference, a padded value, or a ref to a Cohort of the same file in place of its key.
//
// The same options always give the same bytes. Nothing is kept in memory, so that size costs time and disk only:
//
//	cohortgen --associations 10000 --out night1
//	cohortgen --associations 10000 --change 1 --out night2     the next night: 1 % of the associations changed
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := Run(ctx, os.Args, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "cohortgen:", err)
		stop()
		if errors.Is(err, context.Canceled) {
			os.Exit(130)
		}
		os.Exit(1)
	}
}

// Run executes the command line args, args[0] being the program's name, and prints what it wrote to out.
func Run(ctx context.Context, args []string, out io.Writer) error {
	app := &cli.App{
		Name:      "cohortgen",
		Usage:     "write StudentCohort interchange files of any size, with their prerequisites",
		UsageText: "cohortgen --out FOLDER [--release 2.0] [--associations N] [--seed N] [options]",
		Writer:    out,
		// The caller prints the error once.
		ExitErrHandler: func(*cli.Context, error) {},
		HideVersion:    true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "`FOLDER` that receives the files; made if absent"},
			&cli.StringFlag{Name: "release", Value: "2.0", Usage: "Ed-Fi release of the files: " + strings.Join(releaseNames(), " or ")},
			&cli.Int64Flag{Name: "associations", Value: 10_000, Usage: "number of associations, staff's included"},
			&cli.Uint64Flag{Name: "seed", Value: 1, Usage: "another seed gives other people and dates"},
			&cli.Float64Flag{Name: "change", Usage: "write the next night's file: `PERCENT` of the associations differ from the file that the other options give (three quarters have a new end date, one quarter are new)"},
			&cli.Float64Flag{Name: "odd", Value: 10, Usage: "`PERCENT` of the entities that vary in form"},
			&cli.BoolFlag{Name: "csv", Usage: "write the prerequisites as CSV, not as XML"},
			&cli.BoolFlag{Name: "only-associations", Usage: "write no prerequisites"},
			&cli.BoolFlag{Name: "resolved", Usage: "also write FOLDER/resolved/student.csv and staff.csv: the same associations in the same order as numbers, `cohort,person,begin,end`, dates in days since 1970-01-01"},
		},
		Description: "Files: education-organizations.xml (programs too), sections.xml, students.xml, staff.xml, student-cohort.xml.\n" +
			"They import together: cohortx import --db cohorts.db FOLDER\n\n" +
			"Exit status: 0 written, 1 not written, 130 interrupted.",
		Action: func(c *cli.Context) error {
			o := options{
				Folder: c.String("out"), Associations: c.Int64("associations"), Seed: c.Uint64("seed"),
				Change: c.Float64("change"), Odd: c.Float64("odd"), CSV: c.Bool("csv"),
				Prerequisites: !c.Bool("only-associations"), Resolved: c.Bool("resolved"),
			}
			if c.NArg() > 0 {
				return usageError(fmt.Sprintf("unexpected argument %q", c.Args().First()))
			}
			if o.Folder == "" {
				return usageError("--out is missing")
			}
			rel, ok := releaseNamed(c.String("release"))
			if !ok {
				return usageError(fmt.Sprintf("--release is %q, expected %s", c.String("release"), strings.Join(releaseNames(), " or ")))
			}
			o.Release = rel
			switch {
			case o.Associations < 1 || o.Associations > maxAssociations:
				return usageError(fmt.Sprintf("--associations is %d, expected 1 to %d", o.Associations, int64(maxAssociations)))
			case o.Change < 0 || o.Change > 100:
				return usageError(fmt.Sprintf("--change is %g, expected 0 to 100", o.Change))
			case o.Odd < 0 || o.Odd > 100:
				return usageError(fmt.Sprintf("--odd is %g, expected 0 to 100", o.Odd))
			}
			return generate(c.Context, o, out)
		},
	}
	return app.RunContext(ctx, args)
}

func usageError(wrong string) error {
	return errors.New(wrong + "\nTry: cohortgen --out FOLDER --release 2.0 --associations 10000")
}
