package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"cohortx/interchange/report"
)

// configCommand has the flags of all settings, so that it resolves them as the other commands do.
func configCommand(known map[string]cli.Flag) *cli.Command {
	var flags []cli.Flag
	for _, name := range sortedKeys(known) {
		flags = append(flags, known[name])
	}
	return &cli.Command{
		Name:  "config",
		Usage: "`config check` shows what is set, and where",
		Description: "Settings have the names of options. They come from a YAML file (--config), from the environment (COHORTX_DB for db)\n" +
			"and from flags; the later weighs more.",
		OnUsageError: usage("cohortx config check"),
		Action: func(c *cli.Context) error {
			return &usageError{"config needs to know what to do", "cohortx config check --config cohorts.yaml"}
		},
		Subcommands: []*cli.Command{{
			Name:  "check",
			Usage: "show each setting, its value and where it comes from",
			Description: "Shows each setting with its value and where that comes from: a line of the file, a variable of the environment, the\n" +
				"command line, or the default. A setting that is not known or cannot be used is an error.",
			Flags:        flags,
			OnUsageError: usage("cohortx config check --help"),
			Action:       checkConfig,
		}},
	}
}

func checkConfig(c *cli.Context) error {
	if c.NArg() > 0 {
		return &usageError{fmt.Sprintf("config check does not know %q", c.Args().First()), "cohortx config check --config cohorts.yaml"}
	}
	if err := unknownVariables(c); err != nil {
		return err
	}
	if err := usable(c); err != nil {
		return err
	}
	from, _ := c.App.Metadata["from"].(map[string]string)
	t := tabwriter.NewWriter(c.App.Writer, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "setting\tvalue\tfrom")
	for _, f := range c.Command.VisibleFlags() {
		name := f.Names()[0]
		if slices.Contains(passing, name) {
			continue
		}
		value, place := valueOf(c, name), origin(name, from)
		switch {
		case onCommandLine(c, name):
			place = "--" + name
		case place == "":
			place = "default"
			if n, ok := f.(*cli.IntFlag); ok && n.DefaultText != "" {
				value = n.DefaultText
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", name, report.Plain(value), place)
	}
	return t.Flush()
}

func valueOf(c *cli.Context, name string) string {
	if list, ok := c.Value(name).(cli.StringSlice); ok {
		return strings.Join(list.Value(), ",")
	}
	return fmt.Sprint(c.Value(name))
}

// usable asks the commands themselves whether they could work with the settings.
func usable(c *cli.Context) error {
	if err := logTo(c); err != nil {
		return err
	}
	if _, err := dropOptions(c); err != nil { // with those of import
		return err
	}
	if _, err := alertsOf(c); err != nil {
		return err
	}
	for _, name := range []string{"poll", "max-age"} {
		if _, err := durationFlag(c, name); err != nil {
			return err
		}
	}
	return nil
}

// unknownVariables is about variables that look like settings and are none: a slip that would go unnoticed.
func unknownVariables(c *cli.Context) error {
	known := map[string]bool{variable("config"): true}
	for _, f := range c.Command.Flags {
		if name := f.Names()[0]; !slices.Contains(passing, name) {
			known[variable(name)] = true
		}
	}
	for _, e := range os.Environ() {
		name, _, _ := strings.Cut(e, "=")
		ours := strings.HasPrefix(name, "COHORTX_") && name != "COHORTX_RUN" && !strings.HasPrefix(name, "COHORTX_RUN_") // those are for --notify-command
		if ours && !known[name] {
			return &usageError{fmt.Sprintf("the environment variable %s is no setting; there are %s", name, strings.Join(sortedKeys(known), ", ")), "unset " + name}
		}
	}
	return nil
}
