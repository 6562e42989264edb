package main

import (
	"bytes"
	"context"
	"flag"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// Every command's help ends with the exit statuses, which stand there once, shows no hidden flag, and goes to standard output.
func TestHelp(t *testing.T) {
	help := func(args ...string) {
		var stdout, stderr bytes.Buffer
		args = append(append([]string{"cohortx"}, args...), "--help")
		if got := run(context.Background(), args, &stdout, &stderr); got != 0 || stderr.Len() > 0 {
			t.Errorf("%q: exit status %d, stderr %s", args, got, stderr.String())
		}
		if !strings.HasSuffix(stdout.String(), "\n"+exitStatus) {
			t.Errorf("%q does not end with the exit statuses:\n%s", args, stdout.String())
		}
		if n := strings.Count(stdout.String(), "EXIT STATUS"); n != 1 {
			t.Errorf("%q names the exit statuses %d times", args, n)
		}
		if strings.Contains(stdout.String(), "cpuprofile") {
			t.Errorf("%q shows a hidden flag", args)
		}
	}
	help()
	var walk func(list []*cli.Command, path []string)
	walk = func(list []*cli.Command, path []string) {
		for _, c := range list {
			if c.Name == "help" {
				continue
			}
			args := append(path[:len(path):len(path)], c.Name)
			help(args...)
			walk(c.Subcommands, args)
		}
	}
	walk(newApp(&bytes.Buffer{}, &bytes.Buffer{}).Commands, nil)
}

// Help is the same whichever way it is asked for.
func TestHelp_Words(t *testing.T) {
	said := func(args ...string) string {
		var stdout, stderr bytes.Buffer
		if got := run(context.Background(), args, &stdout, &stderr); got != 0 {
			t.Errorf("%q: exit status %d, %s", args, got, stderr.String())
		}
		return stdout.String()
	}
	for _, name := range settled {
		want := said("cohortx", name, "--help")
		for _, args := range [][]string{{"cohortx", name, "help"}, {"cohortx", name, "h"}, {"cohortx", "help", name}} {
			if said(args...) != want {
				t.Errorf("%q does not say what %s --help says", args, name)
			}
		}
	}
}

// A flag that a command is made without, when it is told nothing, has the value that its absence has.
func TestNeeded(t *testing.T) {
	for _, c := range commands {
		if !slices.Contains(settled, c.name) {
			continue
		}
		all := c.create().Flags
		kept := needed(slices.Clone(all))
		if len(kept) == 0 || len(kept) == len(all) {
			t.Errorf("%s: %d of %d flags are kept", c.name, len(kept), len(all))
		}
		for _, f := range all {
			if slices.Contains(kept, f) {
				continue
			}
			set := flag.NewFlagSet("", flag.ContinueOnError)
			if err := f.Apply(set); err != nil {
				t.Fatal(err)
			}
			value := set.Lookup(f.Names()[0]).Value.(flag.Getter).Get()
			if list, ok := value.(cli.StringSlice); ok {
				value = len(list.Value())
			}
			if !reflect.ValueOf(value).IsZero() {
				t.Errorf("%s --%s: %v by default", c.name, f.Names()[0], value)
			}
		}
	}
}
