package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"cohortx/interchange/batch"
	"cohortx/interchange/drop"
	"cohortx/interchange/report"
	"cohortx/interchange/source"
)

func dropCommand() *cli.Command {
	return &cli.Command{
		Name:      "drop",
		Usage:     "apply what lies in a folder, every night",
		ArgsUsage: "FOLDER",
		Description: "Applies the files in FOLDER/inbox, all of them as one run, and moves them to FOLDER/archive, or, where they were refused, to\n" +
			"FOLDER/quarantine, named after the run, with its report and its rejects beside them. Once, for cron or a timer; with --watch it stays.\n" +
			"After a crash the next start completes what was left in FOLDER/work.",
		Flags: slices.Concat(applyFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "watch", Usage: "stay, and apply files as they arrive"},
			&cli.StringFlag{Name: "poll", Usage: "with --watch, look every `DURATION` even if nothing is heard (network folders)", Value: "1m"},
			&cli.StringFlag{Name: "settle", Usage: "a file has arrived when it stays as it is for this `DURATION`", Value: "5s"},
			&cli.StringFlag{Name: "done-suffix", Usage: "a file has arrived when a file of its name and `SUFFIX` lies beside it, such as .done"},
			&cli.BoolFlag{Name: "require-manifest", Usage: "take files only together with a manifest.csv that names them"},
			&cli.StringFlag{Name: "retention", Usage: "remove files from the archive after this `DURATION`, such as 90d (default: never)"},
			&cli.BoolFlag{Name: "quiet", Usage: "print only what must be mended"},
			&cli.BoolFlag{Name: "json", Usage: "print what happened as JSON"},
			logFlag(),
			&cli.StringFlag{Name: "die-at", Usage: "have the system kill the process at a point, for tests", Hidden: true},
		}, alertFlags(), readFlags()),
		OnUsageError: usage("cohortx drop --help"),
		Action:       dropAction,
	}
}

func dropOptions(c *cli.Context) (opt drop.Options, err error) {
	opt = drop.Options{Folder: c.Args().First(), DoneSuffix: c.String("done-suffix"), RequireManifest: c.Bool("require-manifest"), Whole: c.String("mode") == "full"}
	if opt.Import, err = importOptions(c); err != nil {
		return opt, err
	}
	opt.Import.Files = nil
	if opt.Settle, err = durationFlag(c, "settle"); err != nil {
		return opt, err
	}
	if opt.Retention, err = durationFlag(c, "retention"); err != nil {
		return opt, err
	}
	if s := opt.DoneSuffix; s != "" && (!strings.HasPrefix(s, ".") || len(s) < 2 || source.Importable("x"+s) || strings.ContainsAny(s, `/\`)) {
		return opt, &usageError{fmt.Sprintf("--done-suffix %q: expected a suffix such as .done", s), "cohortx drop --done-suffix .done ..."}
	}
	if point := c.String("die-at"); point != "" {
		opt.At = func(at string) {
			if at == point {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
	}
	return opt, nil
}

func dropAction(c *cli.Context) error {
	if c.NArg() != 1 {
		return &usageError{"drop needs the folder that holds the inbox", "cohortx drop --db cohorts.db FOLDER"}
	}
	if err := logTo(c); err != nil {
		return err
	}
	opt, err := dropOptions(c)
	if err != nil {
		return err
	}
	poll, err := durationFlag(c, "poll")
	if err != nil {
		return err
	}
	if poll < time.Second {
		return &usageError{fmt.Sprintf("--poll %s: expected at least 1s", c.String("poll")), "cohortx drop --poll 1m ..."}
	}
	a, err := alertsOf(c)
	if err != nil {
		return err
	}
	opt.Begin = func() { a.begin(c.Context) }
	files, err := reportsOf(c)
	if err != nil {
		return err
	}
	opt.End = func(run drop.Run, err error) {
		if err != nil && batch.Succeeded(run.Report.ExitStatus) { // applied, but not put away
			a.failed(c.Context, err)
			return
		}
		name := run.ReportFile
		if name == "" { // the run failed: its files stay in work, and its report goes where those of import go
			name = files.write(c, run.Report)
		}
		a.end(c.Context, run.Report, name)
	}
	d, err := drop.Open(opt)
	if err != nil {
		a.failed(c.Context, err)
		return err
	}
	defer d.Close()
	if c.Bool("watch") {
		return d.Watch(c.Context, poll, func(look *drop.Look, err error) {
			printLook(c, look, err, true)
			if err != nil && len(look.Runs) == 0 {
				a.failed(c.Context, err)
			}
		})
	}
	look, err := d.Once(c.Context)
	printLook(c, look, err, false)
	if err != nil {
		if len(look.Runs) == 0 { // else its run has told
			a.failed(c.Context, err)
		}
		return err
	}
	if s := statusOf(look); s != batch.ExitOK {
		return status(s)
	}
	return nil
}

// statusOf is the exit status of all runs of a look.
func statusOf(look *drop.Look) int {
	statuses := []int{}
	for _, r := range look.Runs {
		statuses = append(statuses, r.Report.ExitStatus)
	}
	return batch.Worst(statuses...)
}

// printLook says what a look at the folder came to. One that came to nothing is worth a word only where somebody has asked for it.
func printLook(c *cli.Context, look *drop.Look, err error, watching bool) {
	w, quiet := c.App.Writer, c.Bool("quiet")
	if watching && err != nil {
		fmt.Fprintf(c.App.ErrWriter, "cohortx: %v; tried again at the next look\n", err)
	}
	if watching && len(look.Runs)+len(look.Removed) == 0 {
		return
	}
	if c.Bool("json") {
		if werr := report.JSON(w, look); werr != nil {
			fmt.Fprintf(c.App.ErrWriter, "cohortx: %v\n", werr)
		}
		return
	}
	for _, run := range look.Runs {
		if run.ReportFile != "" { // else the error says it
			printDrop(w, run, quiet)
		}
	}
	for _, l := range look.Left {
		fmt.Fprintf(w, "Left: %s: %s.\n", report.Plain(l.File), report.Plain(l.Why))
	}
	if quiet {
		return
	}
	if n := len(look.Removed); n > 0 {
		fmt.Fprintf(w, "Removed from the archive for their age: %s.\n", report.Number(int64(n), "file", "files"))
	}
	if err == nil && len(look.Runs)+len(look.Left)+len(look.Removed) == 0 {
		fmt.Fprintln(w, "Nothing to do: the inbox is empty.")
	}
}

func printDrop(w io.Writer, run drop.Run, quiet bool) {
	if run.Again {
		fmt.Fprintln(w, "Found in work, left there by a run that did not come to its end:")
	}
	report.Summary(coloured(w), run.Report, quiet)
	if quiet && run.Report.ExitStatus == batch.ExitOK {
		return
	}
	for _, f := range run.Filed {
		if f.File != "" {
			fmt.Fprintf(w, "%s is now %s\n", report.Plain(f.File), report.Plain(f.To))
		}
	}
}
