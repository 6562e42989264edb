//go:build !urfave_cli_no_docs

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMan holds the manual page against what the CLI library makes of the commands. `go test ./cmd/cohortx -run Man -update` rewrites it.
func TestMan(t *testing.T) {
	page, err := newApp(io.Discard, io.Discard).ToManWithSection(1)
	if err != nil {
		t.Fatal(err)
	}
	page = strings.TrimRight(page, "\n") + "\n.SH EXIT STATUS\n.nf\n" + strings.TrimPrefix(strings.TrimSpace(exitStatus), "EXIT STATUS\n") + "\n.fi\n"
	if *updateReadme {
		if err := os.WriteFile("cohortx.1", []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(page, manPage); diff != "" {
		t.Errorf("cohortx.1 is not what the library makes (-want +got); run go test ./cmd/cohortx -run Man -update\n%s", diff)
	}
}

// The completion scripts are those of the CLI library.
func TestCompletion_Library(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/urfave/cli/v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name, ours := range map[string]string{"bash_autocomplete": bashCompletion, "zsh_autocomplete": zshCompletion} {
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "autocomplete", name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(text), ours); diff != "" {
			t.Errorf("%s (-library +ours)\n%s", name, diff)
		}
	}
}
