package xsd

import (
	"encoding/xml"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"testing"

	libxsd "github.com/lestrrat-go/libxml2/xsd"
)

// TestOracle is `make oracle`: the differential test with the official Ed-Fi XSDs, which are no part of the project. Its
// environment: ORACLE_XSD, a folder that has them anywhere below; ORACLE_COUNT, how many documents per release;
// ORACLE_SEED. It prints a line per release.
func TestOracle(t *testing.T) {
	folder := os.Getenv("ORACLE_XSD")
	if folder == "" {
		t.Skip("the official XSDs are no part of the project; make oracle XSD=FOLDER")
	}
	count, seed := 20000, uint64(1)
	if v := os.Getenv("ORACLE_COUNT"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 2500 {
			t.Fatalf("COUNT=%s: expected a number of documents from 2500 on; with fewer, not every element would have its turn", v)
		}
		count = n
	}
	if v := os.Getenv("ORACLE_SEED"); v != "" {
		n, err := strconv.ParseUint(v, 10, 64)
		if err != nil {
			t.Fatalf("SEED=%s: expected a whole number", v)
		}
		seed = n
	}
	found := findOfficial(t, folder)
	lines := make([]chan string, len(releases))
	running := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, r := range releases {
		lines[i] = make(chan string, 1)
		file, ok := found[r.namespace]
		if !ok {
			t.Errorf("%s: found no Interchange-StudentCohort.xsd of namespace %s below %s", r.name, r.namespace, folder)
			lines[i] <- fmt.Sprintf("%-8s not found", r.name)
			continue
		}
		go func() {
			running <- struct{}{}
			line := fmt.Sprintf("%-8s broken off", r.name)
			defer func() {
				<-running
				lines[i] <- line
			}()
			d, err := newOracle(t, r, file, seed+uint64(i))
			if err == nil {
				err = d.run(count)
			}
			if err != nil {
				t.Errorf("%s: %v", r.name, err)
				return
			}
			d.check(t)
			line = d.line(r.name)
		}()
	}
	for _, line := range lines {
		fmt.Println(<-line)
	}
}

// findOfficial looks for Interchange-StudentCohort.xsd in all folders and returns one file per target namespace, by which
// a release is recognised: checkouts of Ed-Fi-Data-Standard do as well as folders with the XSDs alone.
func findOfficial(t *testing.T, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() != "Interchange-StudentCohort.xsd" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var x xmlSchema
		if err := xml.Unmarshal(data, &x); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if found[x.TargetNamespace] == "" {
			found[x.TargetNamespace] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// newOracle compares our verdicts by the embedded schema with libxml2's by the official one, on documents that are made from
// the official one. What --xsd compiles of the official one must be the same tables, and say the same.
func newOracle(t *testing.T, r release, file string, seed uint64) (*differential, error) {
	fsys, name := os.DirFS(filepath.Dir(file)), filepath.Base(file)
	official, err := Compile(fsys, name, "")
	if err != nil {
		return nil, err
	}
	grammar, err := schemaGrammar(fsys, name)
	if err != nil {
		return nil, err
	}
	if got, want := embeddedGrammar(t, r).String(), grammar.String(); got != want {
		return nil, fmt.Errorf("the embedded schema is not the official one: %s", difference(got, want))
	}
	s := compile(t, r)
	if !reflect.DeepEqual(s.nodes, official.nodes) {
		return nil, fmt.Errorf("the tables of the embedded schema are not those of the official one")
	}
	lib, err := libxsd.ParseFromFile(file)
	if err != nil {
		return nil, err
	}
	t.Cleanup(lib.Free)
	return &differential{generator: newGenerator(grammar, seed), ours: s, judge: newJudge(t, s), libxml2: &libSchema{schema: lib},
		official: official, second: newJudge(t, official)}, nil
}
