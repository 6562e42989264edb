package scan_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"
)

// corpus returns the XML documents in UTF-8 that stand beside the project, by name; the caller skips where there are none.
func corpus(t testing.TB, pattern string) map[string][]byte {
	t.Helper()
	dir := os.Getenv("COHORTX_SHARED")
	if dir == "" {
		here, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for dir = filepath.Join(here, "shared"); ; dir = filepath.Join(here, "shared") {
			if _, err := os.Stat(filepath.Join(dir, "edfi")); err == nil {
				break
			}
			if up := filepath.Dir(here); up != here {
				here = up
				continue
			}
			t.Skip("the instances of shared/edfi are not here")
		}
	}
	names, err := filepath.Glob(filepath.Join(dir, "edfi", "instances", pattern))
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string][]byte{}
	for _, name := range names {
		doc, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		short, _ := filepath.Rel(filepath.Join(dir, "edfi", "instances"), name)
		docs[short] = doc
	}
	return docs
}

// inUTF8 tells whether a document can be given to the package as it is: other encodings are package source's business.
func inUTF8(doc []byte) bool {
	head := doc[:min(len(doc), 200)]
	return utf8.Valid(doc) && !bytes.Contains(head, []byte("encoding=\"ISO")) && !bytes.Contains(head, []byte("encoding=\"windows")) && !bytes.HasPrefix(doc, []byte{0xff, 0xfe}) && !bytes.HasPrefix(doc, []byte{0xfe, 0xff})
}
