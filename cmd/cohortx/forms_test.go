package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A generated file with all its variations of form gives the same data and the same counts for any number of workers, any cut and any
// packing, and so does what libxml2 alone decides about.
func TestForms(t *testing.T) {
	prerequisites, file := generated(t, "5000")
	dir := t.TempDir()
	prepared := filepath.Join(dir, "prepared.db")
	// Some students are missing, so that there are rejects all over the file.
	for i, name := range prerequisites {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.HasPrefix(text, []byte("student_unique_id")) {
			lines := bytes.SplitAfter(text, []byte("\n"))
			prerequisites[i] = filepath.Join(dir, "fewer.csv")
			if err := os.WriteFile(prerequisites[i], bytes.Join(lines[:len(lines)*19/20], nil), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	cohortx(t, 0, append([]string{"import", "--quiet", "--db", prepared}, prerequisites...)...)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	packed := filepath.Join(dir, "packed.xml.gz")
	if err := os.WriteFile(packed, gzipped(text), 0o600); err != nil {
		t.Fatal(err)
	}
	type outcome struct {
		Data, Rejects    string
		Counts           map[string]map[string]int64
		Rejected         int64
		Codes            []string
		EntitiesInReport int64
	}
	of := func(args ...string) (o outcome) {
		db := filepath.Join(dir, "forms.db")
		for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
			os.Remove(db + suffix)
		}
		copyFile(t, prepared, db)
		out := cohortx(t, 2, append([]string{"import", "--json", "--max-rejects", "50%", "--rejects", filepath.Join(dir, "rejects.xml"), "--db", db}, args...)...)
		var rep struct {
			Counts   map[string]map[string]int64
			Rejected int64
			Entities int64
			Warnings []struct{ Code string }
		}
		if err := json.Unmarshal([]byte(out), &rep); err != nil {
			t.Fatal(err)
		}
		o.Data, o.Counts, o.Rejected, o.EntitiesInReport = string(mustDump(t, db)), rep.Counts, rep.Rejected, rep.Entities
		for _, w := range rep.Warnings {
			o.Codes = append(o.Codes, w.Code)
		}
		var rejects bytes.Buffer
		if err := rowsOf(&rejects, db, `SELECT line, "column", code, kind, key, path, found, expected, detail, consequence FROM rejects`); err != nil {
			t.Fatal(err)
		}
		o.Rejects = rejects.String()
		return o
	}
	want := of("--jobs", "1", file)
	if want.Rejected == 0 || want.EntitiesInReport < 5000 {
		t.Fatalf("%d of %d rejected", want.Rejected, want.EntitiesInReport)
	}
	for _, args := range [][]string{
		{"--jobs", "4", file}, {"--jobs", "4", "--cut", "1", file}, {"--jobs", "2", "--cut", "777", file}, {"--jobs", "3", "--cut", "65536", file},
		{"--judge", "libxml2", file}, {packed},
	} {
		if diff := cmp.Diff(want, of(args...)); diff != "" {
			t.Errorf("%q (-want +got):\n%.2000s", args, diff)
		}
	}
}
