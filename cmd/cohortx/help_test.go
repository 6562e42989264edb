package main

import (
	"bytes"
	"context"
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
