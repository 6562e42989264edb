// Command cohortbench measures cohortx against what one would use without it, in the same run and on the same files: xmllint, which only
// checks a file, and the sqlite3 shell, which imports the same rows, already resolved, from CSV. Machines differ and are noisy; the
// contenders take turns, and what counts is the ratio of the medians.
//
//	cohortbench -n 1000000 -release 2.0 -dir bench -json bench/result.json
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("cohortbench: ")
	b := &bench{}
	flag.IntVar(&b.N, "n", 100_000, "associations")
	flag.StringVar(&b.Release, "release", "2.0", "release of the files")
	flag.StringVar(&b.dir, "dir", "bench", "folder for the files, which are kept for the next time")
	flag.StringVar(&b.bin, "bin", "bin", "folder of cohortx and cohortgen")
	flag.IntVar(&b.Rounds, "rounds", 3, "how often every contender runs")
	out := flag.String("json", "", "also write the result to this file")
	flag.Parse()
	if err := b.run(*out); err != nil {
		log.Fatal(err)
	}
}

// bench is one comparison. Its exported fields are the JSON result.
type bench struct {
	N       int     `json:"associations"`
	Release string  `json:"release"`
	Rounds  int     `json:"rounds"`
	Bytes   int64   `json:"bytes"`
	Lines   []*line `json:"lines"`

	dir, bin string
}

// line is what one contender did.
type line struct {
	Name        string    `json:"name"`
	Against     string    `json:"against,omitempty"` // the contender that its ratio is to
	Seconds     []float64 `json:"seconds"`
	Median      float64   `json:"median_seconds"`
	CPU         float64   `json:"median_cpu_seconds"`
	Ratio       float64   `json:"ratio,omitempty"` // of the medians
	MBPerSecond float64   `json:"mb_per_second"`
	PerSecond   float64   `json:"associations_per_second"`
	PeakMiB     float64   `json:"peak_mib"`

	prepare func() error
	command []string
	exits   []int // accepted exit statuses; nil: 0
	bytes   func() int64
	cpu     []float64
}

func (b *bench) path(names ...string) string {
	return filepath.Join(append([]string{b.dir, fmt.Sprintf("%s-%d", b.Release, b.N)}, names...)...)
}

func (b *bench) tool(name string) string { return filepath.Join(b.bin, name) }

func (b *bench) run(out string) error {
	if err := b.files(); err != nil {
		return err
	}
	b.contenders()
	for round := range b.Rounds {
		for _, l := range b.Lines {
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round+1, b.Rounds, l.Name)
			if err := l.once(); err != nil {
				return fmt.Errorf("%s: %w", l.Name, err)
			}
		}
	}
	b.finish()
	b.print()
	if out == "" {
		return nil
	}
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(text, '\n'), 0o644)
}

// files makes what the contenders read, unless an earlier run has left it.
func (b *bench) files() error {
	first, night := b.path("first"), b.path("night")
	size := strconv.Itoa(b.N)
	for _, make := range []struct {
		have string
		args []string
	}{
		{b.path("first", "student-cohort.xml"), []string{b.tool("cohortgen"), "--release", b.Release, "--associations", size, "--resolved", "--out", first}},
		{b.path("night", "student-cohort.xml"), []string{b.tool("cohortgen"), "--release", b.Release, "--associations", size, "--change", "1", "--only-associations", "--out", night}},
	} {
		if _, err := os.Stat(make.have); err == nil {
			continue
		}
		if err := quiet(make.args...); err != nil {
			return err
		}
	}
	schema, err := exec.Command(b.tool("cohortx"), "schema", "--release", b.Release).Output()
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	if err := os.WriteFile(b.path("schema.xsd"), schema, 0o644); err != nil {
		return err
	}
	// The store with the prerequisites, and the store after the first night: what imports start from.
	for _, db := range []string{"prepared.db", "loaded.db"} {
		remove(b.path(db))
	}
	var prerequisites []string
	for _, name := range []string{"education-organizations.xml", "students.xml", "staff.xml"} {
		prerequisites = append(prerequisites, b.path("first", name))
	}
	if err := quiet(append([]string{b.tool("cohortx"), "import", "--db", b.path("prepared.db")}, prerequisites...)...); err != nil {
		return err
	}
	if err := copyFile(b.path("prepared.db"), b.path("loaded.db")); err != nil {
		return err
	}
	if err := quiet(b.tool("cohortx"), "import", "--db", b.path("loaded.db"), b.path("first", "student-cohort.xml")); err != nil {
		return err
	}
	b.Bytes = sizeOf(b.path("first", "student-cohort.xml"))
	return os.WriteFile(b.path("small.xml"), []byte(small(b.Release)), 0o644)
}

func small(release string) string {
	text, err := os.ReadFile(filepath.Join("samples", release, "scenario1.xml"))
	if err != nil {
		log.Fatal(err) // the command runs in the project's folder
	}
	return string(text)
}

const (
	xmllint       = "xmllint --stream --schema"
	xmllintExport = "xmllint --stream --schema (exported file)"
	xmllintSmall  = "xmllint --schema (1 KB file)"
	shell         = "sqlite3 .import (resolved CSV)"
)

func (b *bench) contenders() {
	input := b.path("first", "student-cohort.xml")
	work, exported := b.path("work.db"), b.path("export.xml")
	fresh := func(from string) func() error {
		return func() error {
			remove(work)
			return copyFile(b.path(from), work)
		}
	}
	ofInput := func() int64 { return b.Bytes }
	ofExport := func() int64 { return sizeOf(exported) }
	cohortx := b.tool("cohortx")
	b.Lines = []*line{
		// xmllint calls padded dates and numbers errors, which XML Schema allows: its time counts, not its verdict.
		{Name: xmllint, exits: []int{3}, command: []string{"xmllint", "--noout", "--stream", "--schema", b.path("schema.xsd"), input}, bytes: ofInput},
		{Name: "cohortx validate", Against: xmllint, command: []string{cohortx, "validate", input}, bytes: ofInput},
		{Name: shell, prepare: b.prepareShell, command: []string{"sqlite3", b.path("shell.db"), ".read " + b.path("shell.sql")}, bytes: ofInput},
		{Name: "cohortx import, first", Against: xmllint, prepare: fresh("prepared.db"), command: []string{cohortx, "import", "--quiet", "--db", work, input}, bytes: ofInput},
		{Name: "cohortx import, next night (1 % changed)", Against: xmllint, prepare: fresh("loaded.db"),
			command: []string{cohortx, "import", "--quiet", "--db", work, b.path("night", "student-cohort.xml")}, bytes: ofInput},
		{Name: "cohortx import, identical file", Against: xmllint, prepare: b.prepareSame, command: []string{cohortx, "import", "--quiet", "--db", b.path("loaded.db"), input}, bytes: ofInput},
		{Name: "cohortx export --all, own check included", Against: xmllintExport, command: []string{cohortx, "export", "--db", b.path("loaded.db"), "-o", exported}, bytes: ofExport},
		{Name: xmllintExport, command: []string{"xmllint", "--noout", "--stream", "--schema", b.path("schema.xsd"), exported}, bytes: ofExport},
		{Name: xmllintSmall, command: []string{"xmllint", "--noout", "--schema", b.path("schema.xsd"), b.path("small.xml")}, bytes: func() int64 { return 0 }},
		{Name: "cohortx validate (1 KB file)", Against: xmllintSmall, command: []string{cohortx, "validate", b.path("small.xml")}, bytes: func() int64 { return 0 }},
	}
}

// prepareShell makes the shell's table: the columns and the primary key of the store's, with the same pragmas. The rows come in the order of
// the interchange file, as ours do.
func (b *bench) prepareShell() error {
	db := b.path("shell.db")
	remove(db)
	if err := copyFile(b.path("prepared.db"), db); err != nil {
		return err
	}
	script := `PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA cache_size = -262144;
CREATE TABLE resolved (cohort_id INTEGER NOT NULL, student_id INTEGER NOT NULL, begin_date INTEGER NOT NULL, end_date INTEGER,
  PRIMARY KEY (cohort_id, student_id, begin_date)) WITHOUT ROWID;
BEGIN;
.mode csv
.import ` + b.path("first", "resolved", "student.csv") + ` resolved
COMMIT;
`
	return os.WriteFile(b.path("shell.sql"), []byte(script), 0o644)
}

// prepareSame makes sure that the file was imported last.
func (b *bench) prepareSame() error {
	return quiet(b.tool("cohortx"), "import", "--quiet", "--db", b.path("loaded.db"), b.path("first", "student-cohort.xml"))
}

// once runs the contender's command and notes what it took.
func (l *line) once() error {
	if l.prepare != nil {
		if err := l.prepare(); err != nil {
			return err
		}
	}
	c := exec.Command(l.command[0], l.command[1:]...)
	start := time.Now()
	text, err := c.CombinedOutput()
	took := time.Since(start).Seconds()
	if err != nil && !slices.Contains(l.exits, c.ProcessState.ExitCode()) {
		return fmt.Errorf("%w: %s", err, text)
	}
	usage, _ := c.ProcessState.SysUsage().(*syscall.Rusage)
	l.Seconds = append(l.Seconds, took)
	l.cpu = append(l.cpu, c.ProcessState.UserTime().Seconds()+c.ProcessState.SystemTime().Seconds())
	if usage != nil {
		l.PeakMiB = max(l.PeakMiB, float64(usage.Maxrss)/1024)
	}
	return nil
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	if len(s)%2 == 1 {
		return s[len(s)/2]
	}
	return (s[len(s)/2-1] + s[len(s)/2]) / 2
}

func (b *bench) finish() {
	byName := map[string]*line{}
	for _, l := range b.Lines {
		byName[l.Name] = l
		l.Median, l.CPU = median(l.Seconds), median(l.cpu)
		if n := l.bytes(); n > 0 {
			l.MBPerSecond, l.PerSecond = float64(n)/1e6/l.Median, float64(b.N)/l.Median
		}
	}
	for _, l := range b.Lines {
		if to := byName[l.Against]; to != nil {
			l.Ratio = l.Median / to.Median
		}
	}
}

func (b *bench) print() {
	fmt.Printf("%d associations of release %s, %.0f MB, medians of %d rounds\n\n", b.N, b.Release, float64(b.Bytes)/1e6, b.Rounds)
	fmt.Printf("| %-42s | %8s | %8s | %7s | %12s | %8s | %s |\n", "contender", "seconds", "cpu s", "MB/s", "assoc./s", "peak MiB", "time against xmllint")
	fmt.Printf("|%s|---:|---:|---:|---:|---:|---|\n", strings.Repeat("-", 44))
	shellMedian := 0.0
	for _, l := range b.Lines {
		if l.Name == shell {
			shellMedian = l.Median
		}
		ratio := ""
		if l.Ratio > 0 {
			ratio = fmt.Sprintf("%.3f (1/%.1f)", l.Ratio, 1/l.Ratio)
		}
		if l.Name == "cohortx import, first" {
			ratio += fmt.Sprintf("; %.2f of the sqlite3 shell", l.Median/shellMedian)
		}
		fmt.Printf("| %-42s | %8.3f | %8.2f | %7.0f | %12.0f | %8.0f | %s |\n", l.Name, l.Median, l.CPU, l.MBPerSecond, l.PerSecond, l.PeakMiB, ratio)
	}
}

func quiet(args ...string) error {
	text, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, text)
	}
	return nil
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
	// A child's peak counts from its parent's size when it was forked, so this process stays small.
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
