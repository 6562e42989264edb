package batch

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"cohortx/interchange/report"
	"cohortx/store"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const instances = "../testdata/instances"

// corpus lists the releases of the documents with known verdicts.
func corpus(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(instances)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// verdicts checks files and returns for each its violations, a line each: code, place, path.
func verdicts(t *testing.T, opt ReadOptions, files ...string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	v, err := Validate(context.Background(), ValidateOptions{ReadOptions: opt, Files: files, Each: func(f report.Fault) {
		found[f.File] = append(found[f.File], strings.TrimRight(fmt.Sprintf("%s %d:%d %s", f.Code, f.Line, f.Column, f.Path), " "))
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range v.Files {
		if f.Valid != (len(found[f.Name]) == 0) {
			t.Errorf("%s: valid %v with %d violations", f.Name, f.Valid, len(found[f.Name]))
		}
	}
	return found
}

// Every document of the corpus has the verdict that its index expects, and the invalid ones the faults of the golden file.
func TestCorpus(t *testing.T) {
	for _, release := range corpus(t) {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			index, err := os.ReadFile(filepath.Join(instances, release, "INDEX.tsv"))
			if err != nil {
				t.Fatal(err)
			}
			var names, files []string
			var valid []bool
			for i, line := range strings.Split(strings.TrimSpace(string(index)), "\n") {
				if i == 0 {
					continue
				}
				fields := strings.Split(line, "\t")
				names, files = append(names, fields[0]), append(files, filepath.Join(instances, release, fields[0]))
				switch fields[1] {
				case "VALID", "split:VALID":
					valid = append(valid, true)
				case "INVALID", "split:INVALID", "split:NOT-WELL-FORMED", "split:POLICY":
					valid = append(valid, false)
				default:
					t.Fatalf("%s: expected %q is no verdict", fields[0], fields[1])
				}
			}
			found := verdicts(t, ReadOptions{}, files...)
			var got strings.Builder
			for i, file := range files {
				if ok := len(found[file]) == 0; ok != valid[i] {
					t.Errorf("%s: valid %v, want %v: %q", names[i], ok, valid[i], found[file])
				}
				if len(found[file]) > 0 {
					fmt.Fprintf(&got, "%s\n\t%s\n", names[i], strings.Join(found[file], "\n\t"))
				}
			}
			golden := filepath.Join("testdata", "verdicts", release+".golden")
			if *update {
				if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("verdicts differ (-want +got); run with -update and look at them\n%s", diff)
			}
		})
	}
}

// forms are ways to read a file that must not make a difference.
func forms() map[string]ReadOptions {
	list := map[string]ReadOptions{"jobs 1": {Jobs: 1}, "jobs 4": {Jobs: 4}, "judge": {Distrust: true}}
	for _, n := range []int{1, 2, 3, 7, 50, 200, 1000} {
		opt := ReadOptions{Jobs: 1 + n%4}
		opt.Scan.Cut = func(int) int { return n }
		list[fmt.Sprintf("cut %d", n)] = opt
	}
	return list
}

// The verdict on a document does not depend on the number of workers, on where it is cut, or on its packing and encoding.
func TestCorpus_Forms(t *testing.T) {
	for _, release := range corpus(t) {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			files, err := filepath.Glob(filepath.Join(instances, release, "*.xml"))
			if err != nil || len(files) == 0 {
				t.Fatal(files, err)
			}
			want := verdicts(t, ReadOptions{}, files...)
			for name, opt := range forms() {
				if diff := cmp.Diff(want, verdicts(t, opt, files...)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
			dir := t.TempDir()
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				packed := filepath.Join(dir, filepath.Base(file)+".gz")
				write(t, packed, pack(text))
				if diff := cmp.Diff(want[file], verdicts(t, ReadOptions{}, packed)[packed]); diff != "" {
					t.Errorf("%s.gz (-want +got):\n%s", file, diff)
				}
				wide, ok := widen(text)
				if !ok {
					continue
				}
				name := filepath.Join(dir, filepath.Base(file))
				write(t, name, wide)
				if diff := cmp.Diff(want[file], verdicts(t, ReadOptions{}, name)[name]); diff != "" {
					t.Errorf("%s as UTF-16 (-want +got):\n%s", file, diff)
				}
			}
		})
	}
}

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func pack(text []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(text) // a Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// widen writes a document as UTF-16; the places in it stay as they are. Documents that are not UTF-8 are left out.
func widen(text []byte) ([]byte, bool) {
	s, marked := strings.CutPrefix(string(text), "\ufeff")
	if marked || strings.ToValidUTF8(s, "") != s {
		return nil, false
	}
	for _, quote := range []string{`"`, `'`} {
		s = strings.Replace(s, "encoding="+quote+"UTF-8"+quote, "encoding="+quote+"UTF16"+quote, 1)
	}
	if head, _, _ := strings.Cut(s, "?>"); strings.HasPrefix(head, "<?xml") && strings.Contains(head, "encoding") && !strings.Contains(head, "UTF16") {
		return nil, false
	}
	s = strings.Replace(s, `UTF16`, `UTF-16`, 1)
	out := []byte{0xFE, 0xFF}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return out, true
}

// The same file, read in any form, gives the same rows, counts and rejects.
func TestImport_Forms(t *testing.T) {
	const samples = "../../samples/5.2/"
	var prerequisites []string
	for _, name := range []string{"education-organizations", "students", "staff", "cohorts"} {
		prerequisites = append(prerequisites, samples+name+".xml")
	}
	dir := t.TempDir()
	start := filepath.Join(dir, "start.db")
	opt := ImportOptions{Store: start, Files: prerequisites, Limit: DefaultLimit, Command: "test"}
	if _, err := Import(context.Background(), opt); err != nil {
		t.Fatal(err)
	}
	empty, err := os.ReadFile(start)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	// outcome imports files into a copy of the store and returns what came out, places and names of the forms aside.
	outcome := func(read ReadOptions, file string) string {
		n++
		path := filepath.Join(dir, fmt.Sprintf("%d.db", n))
		write(t, path, empty)
		rep, err := Import(context.Background(), ImportOptions{
			ReadOptions: read, Store: path, Files: []string{file}, Limit: Limit{Percent: 100, Share: true}, Command: "test", Allow: Missing{Students: true, Staff: true, EducationOrganizations: true},
			Rejects: filepath.Join(dir, fmt.Sprintf("%d.rejects.xml", n)),
		})
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		e := json.NewEncoder(&out)
		e.SetIndent("", " ")
		for _, part := range []any{rep.State, rep.Verdict, rep.ExitStatus, rep.Counts, rep.Entities, rep.Rejected, rep.Consequences, rep.Rejects, rep.Warnings} {
			if err := e.Encode(part); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range rep.Files {
			fmt.Fprintln(&out, f.Content, f.Release, f.Entities, f.Rejected, f.Verdict, f.Refusal)
		}
		var xml bytes.Buffer
		if _, err := Export(context.Background(), ExportOptions{Store: path, Out: &xml, Filter: store.Filter{}}); err != nil && rep.State == "applied" {
			t.Fatal(err)
		}
		rejects, _ := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%d.rejects.xml", n)))
		all := out.String() + xml.String() + string(rejects)
		return strings.ReplaceAll(all, file, "FILE")
	}
	for _, file := range []string{instances + "/v5.2.0/full.xml", instances + "/v2.0.0/full.xml", samples + "faults.xml", "../../samples/2.0/faults.xml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := outcome(ReadOptions{}, file)
		for name, opt := range forms() {
			if diff := cmp.Diff(want, outcome(opt, file)); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", file, name, diff)
			}
		}
		packed := filepath.Join(dir, "packed.xml.gz")
		write(t, packed, pack(text))
		if diff := cmp.Diff(want, outcome(ReadOptions{}, packed)); diff != "" {
			t.Errorf("%s.gz (-want +got):\n%s", file, diff)
		}
		if wide, ok := widen(text); ok {
			name := filepath.Join(dir, "wide.xml")
			write(t, name, wide)
			if diff := cmp.Diff(want, outcome(ReadOptions{}, name)); diff != "" {
				t.Errorf("%s as UTF-16 (-want +got):\n%s", file, diff)
			}
		}
	}
}
