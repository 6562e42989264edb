package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// helpAsFlag makes "import --help" of "help import", as people type it.
func helpAsFlag(args []string) []string {
	if len(args) < 2 || args[1] != "help" {
		return args
	}
	return append(append(args[:1:1], args[2:]...), "--help")
}

// flagsFirst puts a command's flags before its files, as the flag parser wants them; people write them in any order. What follows "--" is
// never a flag, and "-" is standard input.
func flagsFirst(commands []*cli.Command, args []string) []string {
	if len(args) < 2 {
		return args
	}
	i := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(args[1]) })
	if i < 0 {
		return args
	}
	c, head, rest := commands[i], args[:2], args[2:]
	if len(rest) > 0 {
		if sub := slices.IndexFunc(c.Subcommands, func(s *cli.Command) bool { return s.HasName(rest[0]) }); sub >= 0 {
			c, head, rest = c.Subcommands[sub], args[:3], args[3:]
		}
	}
	var flags, files []string
	for k := 0; k < len(rest); k++ {
		arg := rest[k]
		if arg == "--" {
			files = append(files, rest[k+1:]...)
			break
		}
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			files = append(files, arg)
			continue
		}
		flags = append(flags, arg)
		if takesValue(c, arg) && k+1 < len(rest) {
			k++
			flags = append(flags, rest[k])
		}
	}
	out := append(slices.Clone(head), flags...)
	if len(files) > 0 {
		out = append(append(out, "--"), files...)
	}
	return out
}

// takesValue reports whether the argument after a flag belongs to it.
func takesValue(c *cli.Command, arg string) bool {
	name := strings.TrimLeft(arg, "-")
	if strings.Contains(name, "=") {
		return false
	}
	for _, f := range c.Flags {
		if slices.Contains(f.Names(), name) {
			_, isBool := f.(*cli.BoolFlag)
			return !isBool
		}
	}
	return false
}
