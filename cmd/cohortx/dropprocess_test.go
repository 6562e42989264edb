package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const sampleFolder = "../../samples/5.2"

// dropFolder is a drop folder with a store that has what the samples refer to.
type dropFolder struct {
	*testing.T
	dir, db string
}

func newDropFolder(t *testing.T) *dropFolder {
	t.Helper()
	dir := t.TempDir()
	f := &dropFolder{T: t, dir: filepath.Join(dir, "drop"), db: filepath.Join(dir, "cohorts.db")}
	args := []string{"import", "--quiet", "--db", f.db}
	for _, name := range []string{"education-organizations", "students", "staff", "cohorts"} {
		args = append(args, filepath.Join(sampleFolder, name+".xml"))
	}
	cohortx(t, 0, args...)
	if err := os.MkdirAll(filepath.Join(f.dir, "inbox"), 0o700); err != nil {
		t.Fatal(err)
	}
	return f
}

// put lets a file arrive as careful senders do it: under another name first.
func (f *dropFolder) put(from, name string) {
	f.Helper()
	part := filepath.Join(f.dir, "inbox", ".part")
	copyFile(f.T, from, part)
	if err := os.Rename(part, filepath.Join(f.dir, "inbox", name)); err != nil {
		f.Fatal(err)
	}
}

func (f *dropFolder) args(more ...string) []string {
	return append([]string{"drop", "--settle", "0s", "--db", f.db, f.dir}, more...)
}

// names lists a folder.
func (f *dropFolder) names(folder string) (list []string) {
	f.Helper()
	entries, err := os.ReadDir(filepath.Join(f.dir, folder))
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func (f *dropFolder) rows(query string) string {
	f.Helper()
	var out bytes.Buffer
	if err := rowsOf(&out, f.db, query); err != nil {
		f.Fatal(err)
	}
	return out.String()
}

// A file may be called anything that a file system takes: it is claimed, found again after a crash, and put away under its name.
func TestDrop_Names(t *testing.T) {
	names := map[string]string{
		"NotUTF8": "Ca\xf1on.xml", "Percent": "100%41%.xml", "Newline": "a\nb.xml", "Quote": `"it's".xml`, "Dash": "--db.xml",
		"Long": strings.Repeat("x", 251) + ".xml", "LongCharacters": strings.Repeat("ü", 125) + ".xml", "Upper": "NIGHT.XML",
	}
	for what, name := range names {
		for _, point := range []string{"claimed", "committed"} {
			t.Run(what+"/"+point, func(t *testing.T) {
				f := newDropFolder(t)
				f.put(filepath.Join(sampleFolder, "faults.xml"), name)
				c := startChild(t, f.args("--die-at", point)...)
				for range c.steps {
				}
				if _, killed := c.end(t); !killed {
					t.Fatalf("the process was not killed\n%s", &c.stdout)
				}
				cohortx(t, 2, f.args()...)
				for _, folder := range []string{"inbox", "work", "quarantine"} {
					if left := f.names(folder); len(left) > 0 {
						t.Errorf("%s has %q", folder, left)
					}
				}
				archive := f.names("archive")
				if len(archive) != 4 {
					t.Errorf("archive has %q, want the file, its rejects and the report in both forms", archive)
				}
				if begin := name[:min(len(name)-len(".xml"), 190)]; slices.ContainsFunc(archive, func(got string) bool { return !strings.HasPrefix(got, begin) && !strings.HasPrefix(got, "run") }) {
					t.Errorf("archive has %q, want names like %q", archive, name)
				}
				if got := f.rows("SELECT count(*) FROM student_cohort_associations"); got != "1\n" {
					t.Errorf("%s associations, want 1", got)
				}
			})
		}
	}
}

// Whenever a drop is killed, the next one applies what it had not, puts away what it had, and no file is lost or applied twice.
func TestKill_Drop(t *testing.T) {
	prerequisites, file := generated(t, "8000")
	dir := t.TempDir()
	prepared := filepath.Join(dir, "prepared.db")
	cohortx(t, 0, append([]string{"import", "--quiet", "--db", prepared}, prerequisites...)...)
	whole := filepath.Join(dir, "whole.db")
	copyFile(t, prepared, whole)
	cohortx(t, 0, "import", "--quiet", "--overlap", "allow", "--db", whole, file)
	before, after := mustDump(t, prepared), mustDump(t, whole)

	start := func(name string) (*dropFolder, []string) {
		f := &dropFolder{T: t, dir: filepath.Join(dir, name), db: filepath.Join(dir, name+".db")}
		if err := os.MkdirAll(filepath.Join(f.dir, "inbox"), 0o700); err != nil {
			t.Fatal(err)
		}
		copyFile(t, prepared, f.db)
		f.put(file, "night.xml")
		f.put(prerequisites[0], "known.csv")
		return f, f.args("--overlap", "allow", "--log-format", "json")
	}
	_, args := start("timed")
	c := startChild(t, args...)
	<-c.steps
	begun := time.Now()
	for range c.steps {
	}
	if got, _ := c.end(t); got != 0 {
		t.Fatalf("exit status %d\n%s", got, &c.stdout)
	}
	took := time.Since(begun)

	const moments = 12
	unapplied, applied := 0, 0
	for i := range moments {
		f, args := start(fmt.Sprint("night", i))
		c := startChild(t, args...)
		<-c.steps
		if i < moments-1 { // the last one when all has been done
			time.Sleep(took * time.Duration(i) / (moments - 5))
		} else {
			for range c.steps {
			}
		}
		if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		for range c.steps {
		}
		_, killed := c.end(t)
		switch got := mustDump(t, f.db); {
		case bytes.Equal(got, before) && killed:
			unapplied++
		case bytes.Equal(got, after):
			applied++
		default:
			t.Errorf("kill %d: the data are neither as before nor as after", i)
		}
		cohortx(t, 0, args...)
		if !bytes.Equal(mustDump(t, f.db), after) {
			t.Errorf("kill %d: other data than without it", i)
		}
		for _, folder := range []string{"inbox", "work", "quarantine"} {
			if left := f.names(folder); len(left) > 0 {
				t.Errorf("kill %d: %s has %q", i, folder, left)
			}
		}
		run := f.rows("SELECT max(run) FROM runs WHERE state = 'applied' AND command = 'drop'")
		run = "run" + strings.TrimSpace(run)
		if got, want := f.names("archive"), []string{"known." + run + ".csv", "night." + run + ".xml", run + ".report.html", run + ".report.json"}; !slices.Equal(got, want) {
			t.Errorf("kill %d: archive has %q, want %q", i, got, want)
		}
		if got := f.rows("SELECT count(*) FROM runs WHERE state = 'applied' AND command = 'drop'"); got != "1\n" {
			t.Errorf("kill %d: applied %s times", i, got)
		}
	}
	if unapplied == 0 || applied == 0 {
		t.Errorf("%d kills before the commit, %d after it, want some of each", unapplied, applied)
	}
	t.Logf("%d kills before the commit, %d after it", unapplied, applied)
}

// watching is `drop --watch` in a process of its own.
type watching struct {
	*exec.Cmd
	lines *bufio.Scanner
}

func (f *dropFolder) watch(more ...string) *watching {
	f.Helper()
	w := &watching{Cmd: exec.Command(program(f.T), f.args(append(more, "--watch", "--poll", "1h")...)...)}
	w.Stderr = os.Stderr
	out, err := w.StdoutPipe()
	if err != nil {
		f.Fatal(err)
	}
	w.lines = bufio.NewScanner(out)
	if err := w.Start(); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = w.Process.Kill() })
	return w
}

// until reads what the process prints until a line begins so.
func (f *dropFolder) until(w *watching, begin string) {
	f.Helper()
	for w.lines.Scan() {
		if strings.HasPrefix(w.lines.Text(), begin) {
			return
		}
	}
	f.Fatalf("it ended without a line %q", begin)
}

func (w *watching) end(t *testing.T) int {
	t.Helper()
	if err := w.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for w.lines.Scan() {
	}
	if err := w.Wait(); err != nil && w.ProcessState.ExitCode() < 0 {
		t.Fatal(err)
	}
	return w.ProcessState.ExitCode()
}

// A process that watches applies what comes, keeps a second one out, hears of an inbox that was made anew, and ends with 0 when it is told to.
func TestDrop_Watch(t *testing.T) {
	f := newDropFolder(t)
	f.put(filepath.Join(sampleFolder, "scenario1.xml"), "one.xml")
	w := f.watch()
	f.until(w, "one.xml is now ")

	second := exec.Command(w.Path, f.args()...)
	message, err := second.CombinedOutput()
	host, _ := os.Hostname()
	if second.ProcessState.ExitCode() != 4 || !strings.Contains(string(message), fmt.Sprintf("process %d on %s since ", w.Process.Pid, host)) ||
		!strings.Contains(string(message), "wait until it has ended, or end it there with `kill ") {
		t.Errorf("a second process: %v\n%s", err, message)
	}

	f.put(filepath.Join(sampleFolder, "scenario2.xml"), "two.xml")
	f.until(w, "two.xml is now ")
	for i := range 1000 {
		f.put(filepath.Join(sampleFolder, "scenario1.xml"), fmt.Sprintf("burst%04d.xml", i))
	}
	f.put(filepath.Join(sampleFolder, "scenario3.xml"), "last.xml")
	f.until(w, "last.xml is now ")
	if left := f.names("inbox"); len(left) > 0 {
		t.Errorf("inbox has %q", left)
	}
	if got := f.rows("SELECT count(*), max(end_date) FROM student_cohort_associations"); !strings.HasPrefix(got, "2|20") {
		t.Errorf("associations %q", got)
	}
	if status := w.end(t); status != 0 {
		t.Errorf("exit status %d, want 0", status)
	}
	cohortx(t, 0, f.args()...) // the dead hold nothing
}

// SIGTERM in the midst of a run rolls it back, says 130, and leaves its files to the next start.
func TestDrop_Terminated(t *testing.T) {
	prerequisites, file := generated(t, "20000")
	f := newDropFolder(t)
	cohortx(t, 0, append([]string{"import", "--quiet", "--db", f.db}, prerequisites...)...)
	before := mustDump(t, f.db)
	f.put(file, "night.xml")
	c := startChild(t, f.args("--watch", "--overlap", "allow", "--log-format", "json")...)
	for s := range c.steps {
		if s == "read cohorts" {
			break
		}
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for range c.steps {
	}
	if status, killed := c.end(t); status != 130 || killed {
		t.Fatalf("exit status %d, want 130\n%s", status, &c.stdout)
	}
	if !bytes.Equal(mustDump(t, f.db), before) {
		t.Error("the data have changed")
	}
	if got := f.rows("SELECT state FROM runs ORDER BY run DESC LIMIT 1"); got != "cancelled\n" {
		t.Errorf("the run is %q", got)
	}
	out := cohortx(t, 0, f.args("--overlap", "allow")...)
	if !strings.Contains(out, "Found in work, ") {
		t.Errorf("the next start says\n%s", out)
	}
}
