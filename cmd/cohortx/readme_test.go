package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"cohortx/interchange"
)

var updateReadme = flag.Bool("update", false, "rewrite the generated parts of README.md")

// TestReadme_Codes holds the README's table of codes against the catalogue. `go test ./cmd/cohortx -run Readme -update` rewrites it.
func TestReadme_Codes(t *testing.T) {
	const name, mark = "../../README.md", "<!-- codes -->\n"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(text), mark)
	if len(parts) != 3 {
		t.Fatalf("README.md has %d lines %q, want 2", len(parts)-1, strings.TrimSpace(mark))
	}
	for _, e := range interchange.Catalogue {
		if e.Meaning == "" || e.Remedy == "" || e.Example == "" {
			t.Errorf("%s has no meaning, no remedy or no example", e.Code)
		}
	}
	want := codeTable()
	if *updateReadme {
		if err := os.WriteFile(name, []byte(parts[0]+mark+want+mark+parts[2]), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, parts[1]); diff != "" {
		t.Errorf("the README's codes are not the catalogue's (-want +got); run go test ./cmd/cohortx -run Readme -update\n%s", diff)
	}
}

// codeTable is the catalogue as a table of Markdown.
func codeTable() string {
	var b strings.Builder
	b.WriteString("| code | class | meaning | what to do | example |\n|---|---|---|---|---|\n")
	// What looks like a tag would vanish on the page, and a | would end the cell.
	plain := strings.NewReplacer("<", "&lt;", ">", "&gt;", "|", "&#124;", "\n", " ")
	for _, e := range interchange.Catalogue {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", e.Code, e.Class, plain.Replace(e.Meaning), plain.Replace(e.Remedy), plain.Replace(e.Example))
	}
	return b.String()
}

// TestReadme_Options: every option that help shows, the README shows too.
func TestReadme_Options(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var walk func(list []*cli.Command, path string)
	walk = func(list []*cli.Command, path string) {
		for _, c := range list {
			if !strings.Contains(string(text), "`"+path+" "+c.Name) && c.Name != "list" {
				t.Errorf("README.md does not show the command %s %s", path, c.Name)
			}
			for _, f := range c.VisibleFlags() {
				option := "--" + f.Names()[0]
				if len(f.Names()[0]) == 1 {
					option = option[1:]
				}
				if f.Names()[0] != "help" && !strings.Contains(string(text), option) {
					t.Errorf("README.md does not show %s of %s %s", option, path, c.Name)
				}
			}
			walk(c.Subcommands, path+" "+c.Name)
		}
	}
	walk(newApp(io.Discard, io.Discard).Commands, "cohortx")
}

// TestReadme_Dependencies: the README says of every module why it is there.
func TestReadme_Dependencies(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, line := range strings.Split(string(mod), "\n") {
		f := strings.Fields(line)
		if len(f) != 2 || !strings.HasPrefix(line, "\t") { // indirect ones have a comment
			continue
		}
		n++
		if !strings.Contains(string(text), "| `"+f[0]+"` |") {
			t.Errorf("README.md does not say why there is %s", f[0])
		}
	}
	if n < 5 {
		t.Errorf("go.mod names %d modules: is it read rightly?", n)
	}
}

// TestReadme_Views holds the README's list of columns against the views of a new store.
func TestReadme_Views(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile("../../store/migrations/0001_store.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, view := range strings.Split(string(schema), "CREATE VIEW ")[1:] {
		name := strings.Fields(view)[0]
		heading := "**`" + name + "`**"
		_, described, ok := strings.Cut(string(text), heading)
		if !ok {
			t.Errorf("README.md does not describe the view %s (%s)", name, heading)
			continue
		}
		described, _, _ = strings.Cut(described, "\n**`")
		body, _, _ := strings.Cut(view, "\nFROM ")
		if strings.Contains(body, "UNION ALL") {
			body, _, _ = strings.Cut(body, "UNION ALL")
		}
		for _, line := range strings.Split(body, "\n") {
			line, _, _ = strings.Cut(line, "--")
			for _, part := range strings.Split(line, " AS ")[1:] {
				column, _, _ := strings.Cut(strings.TrimSpace(part), " ")
				column = strings.Trim(column, `,"`)
				if column == "" || column == "TEXT)" {
					continue
				}
				if !strings.Contains(described, "`"+column+"`") {
					t.Errorf("README.md does not describe the column %s of the view %s", column, name)
				}
			}
		}
	}
}
