package xsd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

var otherEncoding = regexp.MustCompile(`^<\?xml[^>]*encoding=["']([^"']*)["']`)

// TestInstances holds the verdict of checker and judge together against documents that libxml2 and Java have judged by
// the official schemas. Of those they disagree about, the recommendation's answer counts.
func TestInstances(t *testing.T) {
	root := shared(t, "edfi/instances")
	judged := 0
	for _, r := range releases {
		index, err := os.ReadFile(filepath.Join(root, r.name, "INDEX.tsv"))
		if err != nil {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			s := compile(t, r)
			j := newJudge(t, s)
			for i, line := range strings.Split(strings.TrimSpace(string(index)), "\n") {
				fields := strings.Split(line, "\t")
				if i == 0 || len(fields) < 2 || strings.HasSuffix(fields[1], "POLICY") {
					continue
				}
				doc, err := os.ReadFile(filepath.Join(root, r.name, fields[0]))
				if err != nil {
					continue // the folder holds a part of what the index lists
				}
				doc = bytes.TrimPrefix(doc, []byte("\xef\xbb\xbf"))
				m := otherEncoding.FindSubmatch(doc)
				if !utf8.Valid(doc) || m != nil && !strings.EqualFold(string(m[1]), "UTF-8") {
					continue // made UTF-8 elsewhere, before this package sees it
				}
				judged++
				want := strings.HasSuffix(fields[1], "VALID") && !strings.HasSuffix(fields[1], "INVALID")
				if got, why := verdict(t, s, j, doc); got != want {
					t.Errorf("%s: got valid=%v %s, want %s (%s)", fields[0], got, why, fields[1], strings.Join(fields[2:], " "))
				}
			}
		})
	}
	if judged < 300 {
		t.Errorf("judged %d documents, expected over 300", judged)
	}
}

// verdict judges a whole document, the document-wide rules included, which are the caller's.
func verdict(t *testing.T, s *Schema, j *Judge, doc []byte) (bool, string) {
	t.Helper()
	r, err := drive(s, doc)
	if err != nil {
		return false, err.Error()
	}
	if r.stray || len(r.children) == 0 {
		return false, "text between the children, or no child"
	}
	vs, err := j.CheckRoot(r.scope)
	if err != nil {
		t.Fatal(err)
	}
	if len(vs) > 0 {
		return false, string(vs[0].Code)
	}
	vs, err = j.Check(context.Background(), r.scope, r.fragments())
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	duplicate, dangling := false, false
	for i, k := range r.children {
		invalid := false
		for _, v := range vs {
			invalid = invalid || v.Fragment == i
		}
		if k.proven && invalid {
			t.Errorf("proven, but the judge says %+v: %s", vs, k.Raw)
		}
		for _, id := range k.ids {
			duplicate = duplicate || ids[id]
			ids[id] = true
		}
	}
	for _, k := range r.children {
		for _, ref := range k.refs {
			dangling = dangling || !ids[ref]
		}
	}
	if len(vs) > 0 {
		return false, string(vs[0].Code) + " " + vs[0].Path
	}
	if duplicate || dangling {
		return false, "ids"
	}
	return true, ""
}
