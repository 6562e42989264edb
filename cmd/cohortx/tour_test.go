package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadme_Tour runs the commands of the README's tour, in their order, and holds what they print against what stands below them.
func TestReadme_Tour(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	samples, err := filepath.Abs("../../samples")
	if err != nil {
		t.Fatal(err)
	}
	bin, dir := t.TempDir(), t.TempDir()
	for from, to := range map[string]string{self: filepath.Join(bin, "cohortx"), samples: filepath.Join(dir, "samples")} {
		if err := os.Symlink(from, to); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	// When and how long differs from one run to the next.
	varying := regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|in \d+\.\d s|(?m:[ \t]+$)`)
	commands := 0
	for _, block := range regexp.MustCompile("(?s)```\n(\\$ .*?)```").FindAllStringSubmatch(string(text), -1) {
		for _, part := range strings.Split("\n"+block[1], "\n$ ")[1:] {
			command, want, _ := strings.Cut(strings.ReplaceAll(part, "\\\n", ""), "\n")
			tool := strings.Fields(command)[0]
			if _, err := exec.LookPath(tool); err != nil {
				t.Logf("%s is absent: %s", tool, command)
				continue
			}
			commands++
			c := exec.Command("sh", "-c", command)
			c.Dir = dir
			out, _ := c.CombinedOutput() // what it prints tells how it ended
			got := strings.TrimSpace(varying.ReplaceAllString(string(out), ""))
			if diff := cmp.Diff(strings.TrimSpace(varying.ReplaceAllString(want, "")), got); diff != "" {
				t.Errorf("$ %s (-README +got)\n%s", command, diff)
			}
		}
	}
	if commands < 8 {
		t.Errorf("%d commands found: is README.md read rightly?", commands)
	}
}
