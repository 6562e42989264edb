package report_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cohortx/interchange/report"
)

// wellFormed asks a reader that is not ours.
func wellFormed(t *testing.T, text string) (comments []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return comments
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, text)
		}
		if c, ok := token.(xml.Comment); ok {
			comments = append(comments, string(c))
		}
	}
}

func TestRejectWriter(t *testing.T) {
	var out strings.Builder
	w := report.NewRejectWriter(&out, []byte(`<InterchangeStudentCohort xmlns="http://ed-fi.org/0200">`), "night.xml", 7)
	if err := w.Context([]byte(`<Cohort id="C1">...</Cohort>`), 4); err != nil {
		t.Fatal(err)
	}
	fault := &report.Fault{Line: 12, Column: 5, Code: "end_before_begin", Path: "StudentCohortAssociation/EndDate", Found: "2025-09-01", Expected: "a date from 2025-09-14 on"}
	also := []report.Fault{{Line: 9, Column: 3, Code: "ref_dangling", Found: `"C9"`}}
	if err := w.Reject(fault, also, []byte("<StudentCohortAssociation>\r\n    <!-- as it was -->&#233;</StudentCohortAssociation>")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := `<?xml version="1.0" encoding="UTF-8"?>
<!-- Rejected entities of night.xml, run 7. Mend what the comments name and import this file. -->
<InterchangeStudentCohort xmlns="http://ed-fi.org/0200">
  <!-- context, line 4: not rejected, the next one refers to it -->
  <Cohort id="C1">...</Cohort>
  <!-- line 12, column 5: end_before_begin: The end date is before the begin date. StudentCohortAssociation/EndDate: found 2025-09-01; expected a date from 2025-09-14 on
       line 9, column 3: ref_dangling: found "C9"
       To do: Correct one of the two. -->
  <StudentCohortAssociation>` + "\r\n" + `    <!-- as it was -->&#233;</StudentCohortAssociation>
</InterchangeStudentCohort>
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	wellFormed(t, out.String())
}

// The root's start tag is repeated as it stands, whatever its form.
func TestRejectWriter_Roots(t *testing.T) {
	for _, root := range []string{
		`<InterchangeStudentCohort>`,
		`<x:InterchangeStudentCohort xmlns:x="http://ed-fi.org/0200">`,
		"<x:InterchangeStudentCohort\n  xmlns:x='http://ed-fi.org/0200'\n  xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='urn:a>b c.xsd'\t>",
		`<InterchangeStudentCohort >`,
	} {
		var out strings.Builder
		w := report.NewRejectWriter(&out, []byte(root), "a.xml", 1)
		if err := w.Reject(&report.Fault{Code: "key_empty"}, nil, []byte("<Cohort/>")); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		wellFormed(t, out.String())
		if !strings.Contains(out.String(), "\n"+root) {
			t.Errorf("the root is not %s in\n%s", root, out.String())
		}
	}
}

// Nothing that a value or a file name holds ends a comment early or makes the document ill-formed.
func TestRejectWriter_Comments(t *testing.T) {
	for _, value := range []string{
		"--", "---", "-", "a-->b", "--->", "<!-- -->", "a\nb", "\x00\x01\x1b[31m", "caf\xe9", "\ufffe\uffff", "\u009b", "\r", "]]>", "<Cohort>", "&amp;",
	} {
		var out strings.Builder
		w := report.NewRejectWriter(&out, []byte("<r>"), value+".xml", 1)
		fault := report.Fault{Code: "cohort_not_found", Path: value, Found: value, Expected: value, Detail: value}
		if err := w.Reject(&fault, []report.Fault{fault}, []byte("<e/>")); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if comments := wellFormed(t, out.String()); len(comments) != 2 {
			t.Errorf("%q: %d comments, want 2:\n%s", value, len(comments), out.String())
		}
	}
}

func TestRejectWriter_ErrWrite(t *testing.T) {
	full := errors.New("disk full")
	w := report.NewRejectWriter(broken{full}, []byte("<r>"), "a.xml", 1)
	if err := w.Reject(&report.Fault{}, nil, []byte("<e/>")); !errors.Is(err, full) {
		t.Errorf("Reject: %v, want %v", err, full)
	}
	if err := w.Context([]byte("<e/>"), 1); !errors.Is(err, full) {
		t.Errorf("Context: %v, want %v", err, full)
	}
	if err := w.Close(); !errors.Is(err, full) {
		t.Errorf("Close: %v, want %v", err, full)
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }
