// Command cohortx loads, checks and exports Ed-Fi Interchange-StudentCohort XML files.
//
//	cohortx init --db cohorts.db
//	cohortx import --db cohorts.db students.xml cohorts.xml
//	cohortx export --db cohorts.db -o out.xml
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	_ "cohortx/cmd/cohortx/early"
	"cohortx/interchange/batch"
	"cohortx/store"
)

// version is set by the Makefile.
var version = "dev"

func main() { os.Exit(Main()) }

// Main runs the program and returns its exit status.
func Main() int {
	ctx := context.Background()
	if !brief(os.Args) {
		var stop func()
		ctx, stop = signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		defer stop()
		context.AfterFunc(ctx, stop) // the second signal ends the program at once
		if os.Getenv("GOGC") == "" {
			boundGarbage()
		}
	}
	unsetEmpty()
	return run(ctx, os.Args, os.Stdout, os.Stderr)
}

// brief reports whether the arguments ask for a check of small files. That is over before anyone could interrupt it, and there is nothing to
// tidy up or roll back after a signal; to be ready for one would take a tenth of its time.
func brief(args []string) bool {
	if len(args) < 3 || args[1] != "validate" {
		return false
	}
	size := int64(0)
	for _, arg := range args[2:] {
		info, err := os.Stat(arg)
		if err != nil || !info.Mode().IsRegular() {
			return false
		}
		size += info.Size()
	}
	return size < 1<<20
}

// status is an exit status that is no error: everything has been said.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// usageError is a mistake on the command line: what is wrong, and the command that would work.
type usageError struct{ wrong, try string }

func (e *usageError) Error() string { return e.wrong + "\nTry: " + e.try }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	args = helpAsFlag(args)
	app := newApp(stdout, stderr, args...)
	if !completes(args) {
		args = flagsFirst(app.Commands, args)
	}
	app.Metadata["args"] = args
	err := app.RunContext(ctx, args)
	var s status
	switch {
	case err == nil:
		return batch.ExitOK
	case errors.As(err, &s):
		return int(s)
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "cohortx: interrupted; what was not yet applied was rolled back")
		return batch.ExitInterrupt
	}
	fmt.Fprintf(stderr, "cohortx: %v\n", err)
	var locked *store.LockedError
	if errors.As(err, &locked) {
		return batch.ExitLocked
	}
	return batch.ExitFailed
}

// commands are the subcommands in the order of the help, but for config, which has the flags of others.
var commands = []struct {
	name   string
	create func() *cli.Command
}{
	{"init", initCommand}, {"import", importCommand}, {"drop", dropCommand}, {"validate", validateCommand}, {"export", exportCommand},
	{"runs", runsCommand}, {"history", historyCommand}, {"remove", removeCommand}, {"report", reportCommand}, {"status", statusCommand}, {"explain", explainCommand}, {"schema", schemaCommand},
	{"completion", completionCommand}, {"man", manCommand},
}

// called returns the command that the arguments name, alone if its settings are all its own, or else every command. Together they have hundreds
// of flags, which take longer to get ready than a small file to be checked.
func called(args []string) []*cli.Command {
	for _, c := range commands {
		if len(args) > 1 && c.name == args[1] && slices.Contains(settled, c.name) {
			return []*cli.Command{c.create()}
		}
	}
	return everyCommand()
}

func everyCommand() (list []*cli.Command) {
	for _, c := range commands {
		list = append(list, c.create())
	}
	return list
}

// newApp makes the program for a command line, or without one with all commands.
func newApp(stdout, stderr io.Writer, args ...string) *cli.App {
	app := &cli.App{
		Name:      "cohortx",
		Usage:     "load, check and export Ed-Fi Interchange-StudentCohort XML files",
		Version:   version,
		Writer:    stdout,
		ErrWriter: stderr,
		Commands:  called(args),

		EnableBashCompletion: true,

		HideHelpCommand: true,
		CommandNotFound: func(c *cli.Context, name string) {},
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return &usageError{fmt.Sprintf("there is no command %q", c.Args().First()), "cohortx --help"}
			}
			return cli.ShowAppHelp(c)
		},
		OnUsageError:   usage("cohortx --help"),
		ExitErrHandler: func(*cli.Context, error) {}, // run turns errors into exit statuses

		CustomAppHelpTemplate: cli.AppHelpTemplate + exitStatus,
	}
	app.Metadata = map[string]any{}
	if len(app.Commands) == 1 && untold(args) {
		c := app.Commands[0]
		profiled(c)
		guarded(c)
		c.Flags = needed(c.Flags)
		return app
	}
	known := settings(app.Commands)
	if len(app.Commands) > 1 {
		app.Commands = append(app.Commands, configCommand(known))
	}
	for _, c := range app.Commands {
		for _, each := range append(slices.Clip(c.Subcommands), c) {
			profiled(each)
			guarded(each)
		}
		settle(c, known)
		for _, each := range append(slices.Clip(c.Subcommands), c) {
			each.CustomHelpTemplate = cli.CommandHelpTemplate + exitStatus
			plainSwitches(each.Flags)
			each.Flags = asked(each.Flags, args)
		}
		for _, s := range c.Subcommands {
			s.HideHelpCommand = true
		}
		if len(c.Subcommands) > 0 {
			c.CustomHelpTemplate = cli.SubcommandHelpTemplate + exitStatus
		}
	}
	return app
}

// untold reports whether a command is told nothing beside its arguments: there is no option, and the environment has no setting. Help has all
// options, whichever way it is asked for.
func untold(args []string) bool {
	tells := func(arg string) bool { return strings.HasPrefix(arg, "-") || arg == "help" || arg == "h" }
	sets := func(e string) bool { return strings.HasPrefix(e, "COHORTX_") }
	return !slices.ContainsFunc(args[min(1, len(args)):], tells) && !slices.ContainsFunc(os.Environ(), sets)
}

// needed leaves out the flags whose default is the value of their type: without such a flag, that is what a command gets. The parser's time grows
// with the square of the number of flags, and would be a thirtieth of that of a check of a small file.
func needed(flags []cli.Flag) []cli.Flag {
	return slices.DeleteFunc(flags, func(f cli.Flag) bool {
		switch f := f.(type) {
		case *cli.StringFlag:
			return f.Value == ""
		case *cli.StringSliceFlag:
			return f.Value == nil
		case *cli.BoolFlag:
			return !f.Value
		case *cli.IntFlag:
			return f.Value == 0
		case *cli.Int64Flag:
			return f.Value == 0
		case *cli.Float64Flag:
			return f.Value == 0
		}
		return false
	})
}

// asked leaves out the hidden flags that no argument names, for the reasons of needed: hidden ones have no other default.
func asked(flags []cli.Flag, args []string) []cli.Flag {
	return slices.DeleteFunc(flags, func(f cli.Flag) bool {
		v, ok := f.(cli.VisibleFlag)
		return ok && !v.IsVisible() && !slices.ContainsFunc(args, func(arg string) bool { return strings.Contains(arg, f.Names()[0]) })
	})
}

// plainSwitches keeps "(default: false)" out of the help.
func plainSwitches(flags []cli.Flag) {
	for _, f := range flags {
		if b, ok := f.(*cli.BoolFlag); ok {
			b.DisableDefaultText = true
		}
	}
}

// usage is what a command answers to flags that it does not understand.
func usage(try string) cli.OnUsageErrorFunc {
	return func(c *cli.Context, err error, isSubcommand bool) error {
		if strings.HasSuffix(err.Error(), " -approve") { // it is looked for beside --mode full
			return &usageError{err.Error(), "cohortx runs approve RUN"}
		}
		return &usageError{err.Error(), try}
	}
}

// exitStatus is the end of every command's help.
const exitStatus = `
EXIT STATUS
   0    all applied (validate: valid)
   1    could not run (usage, environment); nothing changed
   2    applied, with rejects (export: something was left out)
   3    refused and rolled back: not well-formed, root invalid, too many rejects (validate: not valid; export: nothing to write;
        runs revert: a later run has to do with the same rows)
   4    another run holds the store
   5    applied, but removals were held back
   6    status: no success within --max-age
   7    status: the store is damaged
   130  interrupted; what was not yet applied was rolled back
   Over several files: the first of 130, 4, 1, 3, 5, 2, 0 that occurred; --json has it per file.
`

// logTo sends the program's log to stderr in a form that people or programs read.
func logTo(c *cli.Context) error {
	level := slog.LevelWarn
	switch c.String("log-format") {
	case "text":
		slog.SetDefault(slog.New(slog.NewTextHandler(c.App.ErrWriter, &slog.HandlerOptions{Level: level})))
	case "json":
		slog.SetDefault(slog.New(slog.NewJSONHandler(c.App.ErrWriter, &slog.HandlerOptions{Level: slog.LevelInfo})))
	default:
		return &usageError{fmt.Sprintf("--log-format %q: expected text or json", c.String("log-format")), "cohortx " + c.Command.Name + " --log-format json ..."}
	}
	return nil
}
