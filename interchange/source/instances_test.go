package source_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cohortx/interchange/source"
	"cohortx/xsd/scan"
)

// instances returns the documents that match the pattern below the folder of instances, wherever that is.
func instances(t *testing.T, pattern string) []string {
	t.Helper()
	dir := os.Getenv("COHORTX_SHARED")
	for here, _ := os.Getwd(); dir == ""; here = filepath.Dir(here) {
		if _, err := os.Stat(filepath.Join(here, "shared", "edfi")); err == nil {
			dir = filepath.Join(here, "shared")
		} else if here == filepath.Dir(here) {
			t.Skip("the instances of shared/edfi are not here")
		}
	}
	paths, err := filepath.Glob(filepath.Join(dir, "edfi", "instances", pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Skipf("no instance matches %s", pattern)
	}
	return paths
}

// tokens reads a whole document.
func tokens(path string, opt scan.Options) error {
	inputs, err := source.Expand([]string{path})
	if err != nil {
		return err
	}
	s, err := inputs[0].Open(context.Background(), source.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	splitter, err := scan.Split(context.Background(), s, opt)
	if err != nil {
		return err
	}
	var scanner scan.Scanner
	for {
		b, err := splitter.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		scanner.Reset(b)
		for kind := scan.Text; kind != scan.EndOfBlock; {
			if kind, err = scanner.Next(); err != nil {
				return err
			}
		}
		b.Release()
	}
}

func TestInstances(t *testing.T) {
	small := scan.Options{Cut: func(int) int { return 1 }}
	for _, path := range instances(t, "*/valid/*.xml") {
		if err := tokens(path, scan.Options{}); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if err := tokens(path, small); err != nil {
			t.Errorf("%s: in small blocks: %v", path, err)
		}
	}
	codes := map[string]scan.Code{
		"declared-utf16-bytes-utf8": source.EncodingMismatch,
		"encoding-unknown":          source.EncodingUnknown,
		"utf32":                     source.EncodingUnknown,
		"utf16-no-bom":              source.EncodingUnknown,
		"invalid-utf8":              scan.InvalidEncoding,
		"control-character":         scan.InvalidCharacter,
		"noncharacter":              scan.InvalidCharacter,
		"nul":                       scan.NULByte,
	}
	for _, path := range instances(t, "*/invalid/*-wf-*.xml") {
		err := tokens(path, scan.Options{})
		var e *scan.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: found error %v, expected that it is refused", path, err)
			continue
		}
		want := scan.NotWellFormed
		for part, code := range codes {
			if strings.Contains(filepath.Base(path), part) {
				want = code
			}
		}
		if e.Code != want {
			t.Errorf("%s: found %v, expected %s", path, e, want)
		}
		if other := tokens(path, small); fmt.Sprint(other) != fmt.Sprint(err) {
			t.Errorf("%s: in small blocks: found %v, expected %v", path, other, err)
		}
	}
}
