package main

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// What can be set lastingly, in a file or in the environment, are the options of these commands: a setting has the name of its option.
var settled = []string{"import", "drop", "status", "validate"}

// passing are their options that belong to one call.
var passing = []string{"as-of", "config", "dry-run", "force", "help", "json", "rejects", "report"}

// settings are the flags of commands that can be set lastingly, by name.
func settings(commands []*cli.Command) map[string]cli.Flag {
	list := map[string]cli.Flag{}
	for _, c := range commands {
		if !slices.Contains(settled, c.Name) {
			continue
		}
		for _, f := range c.VisibleFlags() {
			if name := f.Names()[0]; list[name] == nil && !slices.Contains(passing, name) {
				list[name] = f
			}
		}
	}
	return list
}

// variable is the environment variable of a setting: COHORTX_DONE_SUFFIX of done-suffix.
func variable(name string) string {
	return "COHORTX_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// settle lets a command, and those below it, take what it was not told from the environment, and then from a file. known are the settings.
func settle(c *cli.Command, known map[string]cli.Flag) {
	for _, s := range c.Subcommands {
		settle(s, known)
	}
	takes, configured := false, false
	for _, f := range c.Flags {
		name := f.Names()[0]
		if known[name] != nil {
			fromEnvironment(f, variable(name))
			takes = true
		}
		configured = configured || name == "config"
	}
	if !takes || c.Action == nil {
		return
	}
	if !configured {
		c.Flags = append(c.Flags, &cli.StringFlag{Name: "config", Usage: "take settings from the YAML `FILE`", EnvVars: []string{variable("config")}})
	}
	action := c.Action
	c.Action = func(c *cli.Context) error {
		from, err := fromFile(c)
		if err != nil {
			return err
		}
		c.App.Metadata["from"] = from
		return whence(c, from, action(c))
	}
}

// unsetEmpty takes an empty variable as none, as those mean who write `COHORTX_DB=` into a file of variables.
func unsetEmpty() {
	for _, e := range os.Environ() {
		if name, value, _ := strings.Cut(e, "="); value == "" && strings.HasPrefix(name, "COHORTX_") {
			os.Unsetenv(name)
		}
	}
}

func fromEnvironment(f cli.Flag, variable string) {
	list := []string{variable}
	switch f := f.(type) {
	case *cli.StringFlag:
		f.EnvVars = list
	case *cli.StringSliceFlag:
		f.EnvVars = list
	case *cli.BoolFlag:
		f.EnvVars = list
	case *cli.IntFlag:
		f.EnvVars = list
	case *cli.Int64Flag:
		f.EnvVars = list
	case *cli.Float64Flag:
		f.EnvVars = list
	default:
		panic("a setting of a type that settle does not know: " + f.String())
	}
}

// fromFile sets what the command was told neither by a flag nor by the environment, and returns where in the file that stands.
func fromFile(c *cli.Context) (map[string]string, error) {
	file := c.String("config")
	if file == "" {
		return nil, nil
	}
	list, err := readConfig(file, settings(everyCommand()))
	if err != nil {
		return nil, err
	}
	from := map[string]string{}
	for _, s := range list {
		if !slices.ContainsFunc(c.Command.Flags, func(f cli.Flag) bool { return f.Names()[0] == s.name }) || c.IsSet(s.name) {
			continue
		}
		if c.Set(s.name, s.value) != nil {
			return nil, s.wrong("expected " + wanted(c.Value(s.name)))
		}
		from[s.name] = s.place
	}
	return from, nil
}

// wanted is what a setting with such a value takes.
func wanted(value any) string {
	if _, ok := value.(bool); ok {
		return "true or false"
	}
	return "a number"
}

// whence adds to what is wrong with an option where it was set, unless that was on the command line.
func whence(c *cli.Context, from map[string]string, err error) error {
	var u *usageError
	if !errors.As(err, &u) {
		return err
	}
	if words, found := strings.CutPrefix(u.wrong, "--"); found {
		option, _, _ := strings.Cut(words, " ")
		if place := origin(option, from); place != "" && !onCommandLine(c, option) {
			return &usageError{u.wrong + " (set in " + place + ")", "cohortx config check"}
		}
	}
	return err
}

// origin is where a setting was set that is not on the command line; "" when it has its default.
func origin(name string, from map[string]string) string {
	if _, set := os.LookupEnv(variable(name)); set {
		return variable(name)
	}
	return from[name]
}

// onCommandLine reports whether an option was given as a flag.
func onCommandLine(c *cli.Context, name string) bool {
	args, _ := c.App.Metadata["args"].([]string)
	for _, arg := range args {
		if arg == "--" {
			return false
		}
		if flag, _, _ := strings.Cut(arg, "="); flag == "--"+name || flag == "-"+name {
			return true
		}
	}
	return false
}
