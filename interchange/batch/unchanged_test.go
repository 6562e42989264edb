package batch

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What somebody else writes while a run is going is not taken for the run's own: the next run does not skip its files.
func TestImport_OtherWriter(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "cohorts.db")
	file := filepath.Join(dir, "students.csv")
	if err := os.WriteFile(file, []byte("student_unique_id\nS1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(during func()) string {
		t.Helper()
		opt := ImportOptions{Store: path, Files: []string{file}, Limit: DefaultLimit, Command: "import", Version: "test"}
		opt.MaxRatio, opt.Jobs = 500, 1
		opt.Progress = func(p Progress) {
			if p.Step == "compare files with the last run" && during != nil {
				during()
			}
		}
		rep, err := Import(context.Background(), opt)
		if err != nil {
			t.Fatal(err)
		}
		verdict, _, _ := strings.Cut(rep.Verdict, ":")
		return verdict
	}
	write := func() {
		db, err := sql.Open("sqlite3", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec("DELETE FROM student"); err != nil {
			t.Fatal(err)
		}
	}
	for i, step := range []struct {
		during func()
		want   string
	}{{nil, "Applied"}, {nil, "Skipped"}, {write, "Skipped"}, {nil, "Applied"}, {nil, "Skipped"}} {
		if got := run(step.during); got != step.want {
			t.Errorf("run %d: %s, want %s", i+1, got, step.want)
		}
	}
}
