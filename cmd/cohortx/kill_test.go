package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// child is the program in a process of its own.
type child struct {
	*exec.Cmd
	steps  chan string // the steps as they start, closed at the end
	stdout bytes.Buffer
}

// program is the path of the program under its name: testscript.Main runs a command when it is called by that.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "cohortx")
	if err := os.Symlink(self, name); err != nil {
		t.Fatal(err)
	}
	return name
}

func startChild(t *testing.T, args ...string) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(program(t), args...), steps: make(chan string, 100)}
	c.Stdout = &c.stdout
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.steps)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			var l struct{ Msg, Step string }
			if json.Unmarshal(lines.Bytes(), &l) == nil && l.Msg == "step" {
				c.steps <- l.Step
			}
		}
	}()
	return c
}

// end waits for the child; killed says that a signal ended it.
func (c *child) end(t *testing.T) (status int, killed bool) {
	t.Helper()
	err := c.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	w := c.ProcessState.Sys().(syscall.WaitStatus)
	return w.ExitStatus(), w.Signaled()
}

// generated is a large file with its prerequisites, made by cohortgen.
func generated(t *testing.T, associations string) (prerequisites []string, file string) {
	t.Helper()
	dir := t.TempDir()
	gen := filepath.Join(dir, "cohortgen")
	for _, args := range [][]string{
		{"go", "build", "-o", gen, "../cohortgen"},
		{gen, "--out", dir, "--release", "5.2", "--associations", associations, "--csv"},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		switch name := filepath.Join(dir, e.Name()); {
		case strings.HasSuffix(name, ".csv"):
			prerequisites = append(prerequisites, name)
		case strings.HasSuffix(name, ".xml"):
			file = name
		}
	}
	if file == "" || len(prerequisites) == 0 {
		t.Fatalf("cohortgen wrote %v", entries)
	}
	return prerequisites, file
}

// cohortx runs the program in a process of its own to its end.
func cohortx(t *testing.T, want int, args ...string) string {
	t.Helper()
	c := startChild(t, args...)
	for range c.steps {
	}
	if got, killed := c.end(t); got != want || killed {
		t.Fatalf("%q: exit status %d, want %d\n%s", args, got, want, c.stdout.String())
	}
	return c.stdout.String()
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
}

func mustDump(t *testing.T, path string) []byte {
	t.Helper()
	text, err := dump(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Whenever an import dies, the data are as before or as after the whole of it, and the next import works.
func TestKill(t *testing.T) {
	prerequisites, file := generated(t, "60000")
	dir := t.TempDir()
	prepared := filepath.Join(dir, "prepared.db")
	cohortx(t, 0, append([]string{"import", "--quiet", "--db", prepared}, prerequisites...)...)
	before := mustDump(t, prepared)

	// One whole run tells what comes out and how long the parts take.
	whole := filepath.Join(dir, "whole.db")
	copyFile(t, prepared, whole)
	importArgs := func(db string) []string {
		return []string{"import", "--quiet", "--overlap", "allow", "--log-format", "json", "--db", db, file}
	}
	c := startChild(t, importArgs(whole)...)
	start := time.Now()
	reading, applying := time.Duration(0), time.Duration(0)
	for s := range c.steps {
		switch {
		case s == "read cohorts":
			reading = time.Since(start)
		case strings.HasPrefix(s, "apply ") && applying == 0:
			applying = time.Since(start)
		}
	}
	if got, _ := c.end(t); got != 0 {
		t.Fatalf("exit status %d\n%s", got, c.stdout.String())
	}
	took := time.Since(start)
	after := mustDump(t, whole)
	if bytes.Equal(before, after) || reading == 0 || applying == 0 {
		t.Fatalf("the import changed nothing, or had no steps: read at %v, apply at %v", reading, applying)
	}

	const moments = 20
	first, second, committed := 0, 0, 0
	for i := range moments {
		db := filepath.Join(dir, "killed.db")
		for _, suffix := range []string{"", "-wal", "-shm", "-journal", ".lock"} {
			os.Remove(db + suffix)
		}
		copyFile(t, prepared, db)
		c := startChild(t, importArgs(db)...)
		// Half of the moments are counted from the start of pass 1, half from that of pass 2.
		from, wait := "read cohorts", (applying-reading)*time.Duration(i)/(moments/2)
		if i >= moments/2 {
			from, wait = "apply ", (took-applying)*time.Duration(i-moments/2)/(moments/2)
		}
		applied := false
		for s := range c.steps {
			applied = applied || strings.HasPrefix(s, "apply ")
			if strings.HasPrefix(s, from) {
				break
			}
		}
		time.Sleep(wait)
		if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		for s := range c.steps {
			applied = applied || strings.HasPrefix(s, "apply ")
		}
		_, killed := c.end(t)
		got := mustDump(t, db)
		switch {
		case bytes.Equal(got, before):
			if !killed {
				t.Errorf("kill %d: the run ended by itself and left nothing", i)
			}
		case bytes.Equal(got, after):
			committed++
		default:
			t.Errorf("kill %d, %v after the step %q: the data are neither as before nor as after the import", i, wait, from)
		}
		switch {
		case killed && applied:
			second++
		case killed:
			first++
		}
		// The next import works, and knows that the run before it died.
		cohortx(t, 0, importArgs(db)...)
		if !bytes.Equal(mustDump(t, db), after) {
			t.Errorf("kill %d: the next import left other data than an import into the prepared store", i)
		}
		var out bytes.Buffer
		if err := rowsOf(&out, db, "SELECT state FROM runs ORDER BY run DESC LIMIT 2"); err != nil {
			t.Fatal(err)
		}
		if killed && !bytes.Equal(got, after) && out.String() != "applied\ninterrupted\n" {
			t.Errorf("kill %d: the last runs are %q, want applied and interrupted", i, out.String())
		}
	}
	t.Logf("%d kills in pass 1, %d in pass 2, %d after the commit", first, second, committed)
	if second < 3 {
		t.Errorf("%d kills hit pass 2, want at least 3", second)
	}
}

// SIGINT in either pass ends an import with status 130 and leaves the data as before.
func TestInterrupt(t *testing.T) {
	prerequisites, file := generated(t, "30000")
	dir := t.TempDir()
	db := filepath.Join(dir, "cohorts.db")
	cohortx(t, 0, append([]string{"import", "--quiet", "--db", db}, prerequisites...)...)
	before := mustDump(t, db)
	for _, at := range []string{"read cohorts", "apply cohorts", "apply Student"} {
		c := startChild(t, "import", "--log-format", "json", "--overlap", "allow", "--db", db, file)
		for s := range c.steps {
			if strings.HasPrefix(s, at) {
				break
			}
		}
		if err := c.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		for range c.steps {
		}
		if got, killed := c.end(t); got != 130 || killed {
			t.Errorf("interrupted at %q: exit status %d, want 130", at, got)
		}
		if !bytes.Equal(mustDump(t, db), before) {
			t.Fatalf("interrupted at %q: the data have changed", at)
		}
		var out bytes.Buffer
		if err := rowsOf(&out, db, "SELECT state, exit_status FROM runs ORDER BY run DESC LIMIT 1"); err != nil {
			t.Fatal(err)
		}
		if out.String() != "cancelled|130\n" {
			t.Errorf("interrupted at %q: the run is %q", at, out.String())
		}
	}
	cohortx(t, 0, "import", "--quiet", "--overlap", "allow", "--db", db, file)
}

// A store that becomes full in mid-import keeps the data as they were.
func TestFull(t *testing.T) {
	prerequisites, file := generated(t, "30000")
	dir := t.TempDir()
	db := filepath.Join(dir, "cohorts.db")
	cohortx(t, 0, append([]string{"import", "--quiet", "--db", db}, prerequisites...)...)
	before := mustDump(t, db)
	var pages bytes.Buffer
	if err := rowsOf(&pages, db, "SELECT page_count + 20 FROM pragma_page_count"); err != nil {
		t.Fatal(err)
	}
	cohortx(t, 1, "import", "--db", db, "--max-pages", strings.TrimSpace(pages.String()), file)
	if !bytes.Equal(mustDump(t, db), before) {
		t.Fatal("the data have changed")
	}
	cohortx(t, 0, "import", "--quiet", "--overlap", "allow", "--db", db, file)
}
