package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A run that died has applied its prerequisites, each file in a transaction of its own; it can be reverted, and does not stand in the way of others.
func TestRevert_Interrupted(t *testing.T) {
	dir := t.TempDir()
	db, students, night := filepath.Join(dir, "cohorts.db"), filepath.Join(dir, "students.csv"), filepath.Join(dir, "night.xml")
	samples := func(name string) string { return filepath.Join("../../samples/5.2", name+".xml") }
	cohortx(t, 0, "import", "--db", db, samples("education-organizations"), samples("students"), samples("staff"), samples("cohorts"))
	cohortx(t, 0, "import", "--db", db, samples("scenario1"))
	before := mustDump(t, db)
	if err := os.WriteFile(students, []byte("student_unique_id,first_name\n111111,Anna\n333333,Ben\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := document("5.2", "times 60000 student 255901107/1 333333 2025-09-14") // takes long enough to be killed meanwhile
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(night, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c := startChild(t, "import", "--log-format", "json", "--db", db, students, night)
	for step := range c.steps {
		if step == "read cohorts" {
			if err := c.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, killed := c.end(t); !killed {
		t.Fatal("the import was not killed")
	}
	if bytes.Equal(mustDump(t, db), before) {
		t.Fatal("the students were not applied")
	}
	if out := cohortx(t, 3, "runs", "revert", "--db", db, "1"); !strings.Contains(out, "run 3 has changed 1 row of Student since") {
		t.Errorf("the conflicts of run 1:\n%s", out)
	}
	if out := cohortx(t, 0, "runs", "revert", "--db", db, "3"); !strings.Contains(out, "Reverted run 3: 2 rows are as before.") {
		t.Errorf("found\n%s", out)
	}
	if !bytes.Equal(mustDump(t, db), before) {
		t.Error("the data are not as before the run that died")
	}
	if out := cohortx(t, 0, "runs", "--db", db); !strings.Contains(out, "interrupted  -     0        ; reverted by run 5") {
		t.Errorf("found\n%s", out)
	}
	cohortx(t, 0, "runs", "revert", "--db", db, "2")
	cohortx(t, 0, "runs", "revert", "--db", db, "1")
	if got := mustDump(t, db); bytes.Contains(got, []byte("255901")) {
		t.Errorf("something is left:\n%s", got)
	}
}
