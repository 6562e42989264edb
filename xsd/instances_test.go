package xsd

import (
	"bytes"
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
	judged, valid, proven := 0, 0, 0
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
				v, err := judgeDocument(s, j, doc)
				if err != nil {
					t.Fatalf("%s: %v", fields[0], err)
				}
				if v.valid() != want {
					t.Errorf("%s: got valid=%v %s, want %s (%s)", fields[0], v.valid(), v.why, fields[1], strings.Join(fields[2:], " "))
				}
				if want {
					valid += len(v.entities)
					proven += v.proven
				}
			}
		})
	}
	if judged < 300 {
		t.Errorf("judged %d documents, expected over 300", judged)
	}
	t.Logf("%d documents; %d entities in valid ones, %d of them proven", judged, valid, proven)
	if proven*100 < valid*90 {
		t.Errorf("proved %d of the %d entities of valid documents, expected at least 90 %%", proven, valid)
	}
}
