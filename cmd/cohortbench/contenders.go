package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// line is what one contender did.
type line struct {
	Name        string    `json:"name"`
	Against     string    `json:"against,omitempty"` // the contender that its ratio is to
	Seconds     []float64 `json:"seconds"`
	Median      float64   `json:"median_seconds"`
	CPU         float64   `json:"median_cpu_seconds"`
	Ratio       float64   `json:"ratio,omitempty"`     // of the medians
	CPURatio    float64   `json:"cpu_ratio,omitempty"` // of the medians of processor time, which a busy machine changes less
	MBPerSecond float64   `json:"mb_per_second"`
	PerSecond   float64   `json:"associations_per_second"`
	PeakMB      float64   `json:"peak_mb"`

	prepare func() error
	command []string
	exits   []int // accepted exit statuses; nil: 0
	small   bool  // over at once: it runs smallRuns times a round, in turn with the others that are
	bytes   int64
	cpu     []float64
}

// The contenders' names.
const (
	xmllint       = "xmllint --stream --schema"
	xmllintExport = "xmllint --stream --schema (exported file)"
	xmllintSmall  = "xmllint --schema (1 KB file)"
	shell         = "sqlite3 .import (resolved CSV)"
	validate      = "cohortx validate"
	firstImport   = "cohortx import, first"
	nightImport   = "cohortx import, next night (1 % changed)"
	sameImport    = "cohortx import, identical file"
	export        = "cohortx export --all, own check included"
	validateSmall = "cohortx validate (1 KB file)"
)

func (s *set) contenders() {
	input := s.path("first", "student-cohort.xml")
	work, exported := s.path("work.db"), s.path("export.xml")
	fresh := func(from string) func() error {
		return func() error {
			remove(work)
			return copyFile(s.path(from), work)
		}
	}
	cohortx := s.tool("cohortx")
	s.Lines = []*line{
		// xmllint calls padded dates and numbers errors, which XML Schema allows: its time counts, not its verdict.
		{Name: xmllint, exits: []int{3}, command: []string{"xmllint", "--noout", "--stream", "--schema", s.path("schema.xsd"), input}},
		{Name: validate, Against: xmllint, command: []string{cohortx, "validate", input}},
		{Name: shell, prepare: s.prepareShell, command: []string{"sqlite3", s.path("shell.db"), ".read " + s.path("shell.sql")}},
		{Name: firstImport, Against: xmllint, prepare: fresh("prepared.db"), command: []string{cohortx, "import", "--quiet", "--db", work, input}},
		{Name: nightImport, Against: xmllint, prepare: fresh("loaded.db"),
			command: []string{cohortx, "import", "--quiet", "--db", work, s.path("night", "student-cohort.xml")}},
		{Name: sameImport, Against: xmllint, prepare: s.prepareSame, command: []string{cohortx, "import", "--quiet", "--db", s.path("loaded.db"), input}},
		{Name: export, Against: xmllintExport, command: []string{cohortx, "export", "--all", "--db", s.path("loaded.db"), "-o", exported}},
		{Name: xmllintExport, prepare: func() error { return readAll(exported) }, command: []string{"xmllint", "--noout", "--stream", "--schema", s.path("schema.xsd"), exported}},
		{Name: xmllintSmall, command: []string{"xmllint", "--noout", "--schema", s.path("schema.xsd"), s.path("small.xml")}, small: true},
		{Name: validateSmall, Against: xmllintSmall, command: []string{cohortx, "validate", s.path("small.xml")}, small: true},
	}
	if s.bench.profiles == "" {
		return
	}
	for i, l := range s.Lines {
		if l.command[0] == cohortx && !l.small {
			name := fmt.Sprintf("%s-%d-%d.cpu", s.Release, s.N, i)
			l.command = slices.Insert(l.command, 2, "--cpuprofile", filepath.Join(s.bench.profiles, name))
		}
	}
}

const smallRuns = 100

// shellCache is the shell's page cache in KiB. Ours is 16 MiB: more was measured to gain nothing when rows are written in the order of keys.
const shellCache = 256 << 10

// prepareShell makes the shell's table: the columns, the checks and the primary key of the store's, which has no other index, with the same
// pragmas. The rows come in the order of the interchange file, as ours do. The shell reads no NULL from CSV; it stores ” in its place.
func (s *set) prepareShell() error {
	db := s.path("shell.db")
	remove(db)
	if err := copyFile(s.path("prepared.db"), db); err != nil {
		return err
	}
	script := fmt.Sprintf(`PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA cache_size = -%d;
CREATE TABLE resolved (cohort_id INTEGER NOT NULL, student_id INTEGER NOT NULL, begin_date INTEGER NOT NULL, end_date INTEGER,
  PRIMARY KEY (cohort_id, student_id, begin_date),
  CHECK (begin_date BETWEEN -25567 AND 84006 AND (end_date = '' OR end_date BETWEEN -25567 AND 84006))) WITHOUT ROWID;
BEGIN;
.mode csv
.import %s resolved
COMMIT;
`, shellCache, s.path("first", "resolved", "student.csv"))
	return os.WriteFile(s.path("shell.sql"), []byte(script), 0o644)
}

// prepareSame makes sure that the file was imported last.
func (s *set) prepareSame() error {
	return quiet(s.tool("cohortx"), "import", "--quiet", "--db", s.path("loaded.db"), s.path("first", "student-cohort.xml"))
}

// once runs the contender's command and notes what it took.
func (l *line) once() error {
	if l.prepare != nil {
		if err := l.prepare(); err != nil {
			return err
		}
	}
	seconds, cpu, err := l.time(&tail{})
	if err != nil {
		return err
	}
	l.Seconds, l.cpu = append(l.Seconds, seconds), append(l.cpu, cpu)
	l.bytes = sizeOf(l.command[len(l.command)-1])
	return nil
}

// together runs contenders that are over at once, smallRuns times in turn, and notes the medians. What they say goes nowhere: to read it, this process
// would have to run beside them.
func together(lines []*line) error {
	seconds, cpu := make([][]float64, len(lines)), make([][]float64, len(lines))
	for range smallRuns {
		for i, l := range lines {
			s, c, err := l.time(nil)
			if err != nil {
				if _, _, why := l.time(&tail{}); why != nil {
					err = why
				}
				return fmt.Errorf("%s: %w", l.Name, err)
			}
			seconds[i], cpu[i] = append(seconds[i], s), append(cpu[i], c)
		}
	}
	for i, l := range lines {
		l.Seconds, l.cpu = append(l.Seconds, median(seconds[i])), append(l.cpu, median(cpu[i]))
	}
	return nil
}

// time runs the command once and returns the seconds that passed, and those of processors.
func (l *line) time(said *tail) (seconds, cpu float64, err error) {
	c := exec.Command(l.command[0], l.command[1:]...)
	if said != nil {
		c.Stdout, c.Stderr = said, said
	}
	start := time.Now()
	err = c.Run()
	seconds = time.Since(start).Seconds()
	if err != nil && (c.ProcessState == nil || !slices.Contains(l.exits, c.ProcessState.ExitCode())) {
		if said != nil {
			err = fmt.Errorf("%w: %s", err, said.text)
		}
		return 0, 0, err
	}
	if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		l.PeakMB = max(l.PeakMB, float64(usage.Maxrss)*1024/1e6)
	}
	return seconds, c.ProcessState.UserTime().Seconds() + c.ProcessState.SystemTime().Seconds(), nil
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	if len(s)%2 == 1 {
		return s[len(s)/2]
	}
	return (s[len(s)/2-1] + s[len(s)/2]) / 2
}
