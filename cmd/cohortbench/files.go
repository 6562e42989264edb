package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// What an association takes on the disk, in bytes, measured with some room to spare.
const (
	keptBytes = 2100 // the two nights' files, the rows as CSV, two stores
	workBytes = 1700 // the export, two more stores with their write-ahead logs, what an import keeps beside its store; one set at a time
)

// disk says how much room the files need when that is much, and refuses to begin without it.
func (b *bench) disk() error {
	need, largest := int64(0), int64(0)
	for _, s := range b.Sets {
		if _, err := os.Stat(s.path("loaded.db")); err != nil {
			need += int64(s.N) * keptBytes
		}
		largest = max(largest, int64(s.N)*workBytes)
	}
	need += largest
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(b.dir, &fs); err != nil {
		return fmt.Errorf("free space of %s: %w", b.dir, err)
	}
	free := int64(fs.Bavail) * fs.Bsize
	const much = 10 << 30
	if need > much || need > free {
		fmt.Fprintf(os.Stderr, "The files need %.1f GB in %s; %.1f GB are free.\n", float64(need)/1e9, b.dir, float64(free)/1e9)
	}
	if need > free {
		return fmt.Errorf("not enough room: free %.1f GB more, or give another folder with -dir", float64(need-free)/1e9)
	}
	return nil
}

func (s *set) path(names ...string) string {
	return filepath.Join(append([]string{s.bench.dir, fmt.Sprintf("%s-%d", s.Release, s.N)}, names...)...)
}

func (s *set) tool(name string) string { return filepath.Join(s.bench.bin, name) }

// files makes what the contenders read, unless an earlier run has left it.
func (s *set) files() error {
	first, night := s.path("first"), s.path("night")
	size := strconv.Itoa(s.N)
	for _, make := range []struct {
		have string
		args []string
	}{
		{s.path("first", "sections.xml"), []string{s.tool("cohortgen"), "--release", s.Release, "--associations", size, "--resolved", "--out", first}},
		{s.path("night", "student-cohort.xml"), []string{s.tool("cohortgen"), "--release", s.Release, "--associations", size, "--change", "1", "--only-associations", "--out", night}},
	} {
		if _, err := os.Stat(make.have); err == nil {
			continue
		}
		if err := quiet(make.args...); err != nil {
			return err
		}
	}
	schema, err := exec.Command(s.tool("cohortx"), "schema", "--release", s.Release).Output()
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	if err := os.WriteFile(s.path("schema.xsd"), schema, 0o644); err != nil {
		return err
	}
	// The store with the prerequisites, and the store after the first night: what imports start from.
	for _, db := range []string{"prepared.db", "loaded.db"} {
		remove(s.path(db))
	}
	prerequisites := []string{s.tool("cohortx"), "import", "--db", s.path("prepared.db")}
	for _, name := range []string{"education-organizations.xml", "sections.xml", "students.xml", "staff.xml"} {
		if _, err := os.Stat(s.path("first", name)); err == nil {
			prerequisites = append(prerequisites, s.path("first", name))
		}
	}
	if err := quiet(prerequisites...); err != nil {
		return err
	}
	if err := copyFile(s.path("prepared.db"), s.path("loaded.db")); err != nil {
		return err
	}
	if err := quiet(s.tool("cohortx"), "import", "--db", s.path("loaded.db"), s.path("first", "student-cohort.xml")); err != nil {
		return err
	}
	s.Bytes = sizeOf(s.path("first", "student-cohort.xml"))
	if err := os.WriteFile(s.path("small.xml"), []byte(small(s.Release)), 0o644); err != nil {
		return err
	}
	return s.warm()
}

// warm reads the inputs once, so that the first contender finds them in memory as the others do.
func (s *set) warm() error {
	for _, name := range []string{"first/student-cohort.xml", "night/student-cohort.xml", "first/resolved/student.csv"} {
		if err := readAll(s.path(name)); err != nil {
			return err
		}
	}
	return nil
}

// readAll has the system hold a file in memory.
func readAll(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f})
	return err
}

// tidy removes what the next run makes again.
func (s *set) tidy() {
	os.Remove(s.path("export.xml"))
	remove(s.path("work.db"))
	remove(s.path("shell.db"))
}

func small(release string) string {
	text, err := os.ReadFile(filepath.Join("samples", release, "scenario1.xml"))
	if err != nil {
		log.Fatal(err) // the command runs in the project's folder
	}
	return string(text)
}

// quiet runs a command to its end.
func quiet(args ...string) error {
	c := exec.Command(args[0], args[1:]...)
	said := &tail{}
	c.Stdout, c.Stderr = said, said
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, said.text)
	}
	return nil
}

// tail keeps the end of what a command says: xmllint has a line for every padded date. A child's peak of memory counts from its parent's
// when it was started, so this process must stay small.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 4 << 10
	n := len(p)
	if n > most {
		p = p[n-most:]
	}
	if over := len(t.text) + len(p) - most; over > 0 {
		t.text = t.text[:copy(t.text, t.text[over:])]
	}
	t.text = append(t.text, p...)
	return n, nil
}

func remove(db string) {
	for _, end := range []string{"", "-wal", "-shm", ".lock"} {
		os.Remove(db + end)
	}
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func sizeOf(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}
