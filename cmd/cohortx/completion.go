package main

import (
	_ "embed"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

// The scripts of the CLI library, as they are in its folder autocomplete: they ask the program itself what may come next.
var (
	//go:embed completion/bash
	bashCompletion string
	//go:embed completion/zsh
	zshCompletion string
)

func completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the completion script of a shell",
		ArgsUsage: "bash|zsh|fish",
		Description: "Prints the script by which a shell completes commands and options:\n\n" +
			"   bash   source <(cohortx completion bash)          in ~/.bashrc; needs the package bash-completion\n" +
			"   zsh    source <(cohortx completion zsh)           in ~/.zshrc, after compinit\n" +
			"   fish   cohortx completion fish > ~/.config/fish/completions/cohortx.fish",
		OnUsageError: usage("cohortx completion bash"),
		Action: func(c *cli.Context) error {
			script := ""
			switch shell := c.Args().First(); {
			case c.NArg() != 1:
				return &usageError{"completion needs the name of a shell: bash, zsh or fish", "cohortx completion bash"}
			case shell == "bash":
				script = "PROG=cohortx\n" + bashCompletion
			case shell == "zsh":
				script = strings.ReplaceAll(zshCompletion, "$PROG", "cohortx")
			case shell == "fish":
				var err error
				if script, err = c.App.ToFishCompletion(); err != nil {
					return err
				}
			default:
				return &usageError{fmt.Sprintf("there is no completion for %q: expected bash, zsh or fish", shell), "cohortx completion bash"}
			}
			_, err := io.WriteString(c.App.Writer, script)
			return err
		},
	}
}

// completes reports whether a completion script asks what may come behind these arguments.
func completes(args []string) bool {
	return len(args) > 1 && args[len(args)-1] == "--generate-bash-completion"
}
