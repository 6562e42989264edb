package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A generated file, out as JSON and into an empty store, gives the same data, whatever the number of workers and the cut; and the same JSON
// again.
func TestResources_RoundTrip(t *testing.T) {
	prerequisites, file := generated(t, "5000")
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	cohortx(t, 0, append([]string{"import", "--quiet", "--db", at("prepared.db")}, prerequisites...)...)
	copyFile(t, at("prepared.db"), at("xml.db"))
	cohortx(t, 0, "import", "--quiet", "--overlap", "allow", "--db", at("xml.db"), file)
	want := string(mustDump(t, at("xml.db")))
	kinds := []string{"cohorts", "student-associations", "staff-associations"}
	export := func(db, suffix string) (files []string) {
		for _, kind := range kinds {
			name := at(kind + suffix)
			cohortx(t, 0, "export", "--db", at(db), "--kind", kind, "-o", name)
			files = append(files, name)
		}
		return files
	}
	files := export("xml.db", ".jsonl")
	for name, args := range map[string][]string{"one": {"--jobs", "1"}, "many": {"--jobs", "4", "--cut", "999"}} {
		db := name + ".db"
		copyFile(t, at("prepared.db"), at(db))
		cohortx(t, 0, append(append([]string{"import", "--quiet", "--overlap", "allow", "--db", at(db)}, args...), files...)...)
		if diff := cmp.Diff(want, string(mustDump(t, at(db)))); diff != "" {
			t.Errorf("%s: (-XML +JSON)\n%.2000s", name, diff)
		}
		for i, again := range export(db, "."+name+".jsonl") {
			first, err := os.ReadFile(files[i])
			if err != nil {
				t.Fatal(err)
			}
			second, err := os.ReadFile(again)
			if err != nil {
				t.Fatal(err)
			}
			if len(first) == 0 || string(first) != string(second) {
				t.Errorf("%s: another file than the first, or an empty one (%d bytes)", again, len(first))
			}
		}
	}
}
