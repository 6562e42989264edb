package edfi_test

import (
	"flag"
	"io/fs"
	"os"
	"strings"
	"testing"

	"cohortx/xsd"
	"cohortx/xsd/edfi"
)

var update = flag.Bool("update", false, "write the tables of the schemas; what go generate does")

// TestTables holds the tables against the schemas that they were made of.
func TestTables(t *testing.T) {
	files, err := fs.Glob(edfi.Files, "*.xsd")
	if err != nil || len(files) == 0 {
		t.Fatalf("found schemas %q, %v", files, err)
	}
	for _, file := range files {
		s, err := xsd.Compile(edfi.Files, file, "")
		if err != nil {
			t.Fatal(err)
		}
		want := s.AppendTables(nil)
		if *update {
			if err := os.WriteFile(strings.TrimSuffix(file, ".xsd")+".tables", want, 0o644); err != nil {
				t.Fatal(err)
			}
		} else if edfi.Tables(file) != string(want) {
			t.Errorf("the tables of %s are not those of the schema; expected what go generate ./xsd/edfi makes", file)
		}
	}
	if !*update && edfi.Tables("absent.xsd") != "" {
		t.Error("found tables of no schema")
	}
}
