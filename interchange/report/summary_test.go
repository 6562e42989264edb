package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cohortx/interchange"
	"cohortx/interchange/report"
)

func night() *report.Run {
	r := &report.Run{
		Version: report.Version, Run: 12, State: "applied", Verdict: "Applied: 1,002 changes, 3 rejected.", ExitStatus: 2, Seconds: 1.25, Entities: 51237,
		Counts: report.Counts{}, RejectFiles: []string{"night.run12.rejects.xml"},
		Rejects: []report.Group{
			{Code: "student_not_found", Count: 2, Meaning: "No student with this unique id is stored.", Remedy: "Import the students first.", First: []report.Fault{
				{File: "night.xml", Line: 24, Column: 3, Code: "student_not_found", Key: "255901107/1/999999/2025-09-14", Found: `"999999"`, Expected: "a row of the store"},
			}},
			{Code: "ref_target_rejected", Count: 1, Consequence: true, Meaning: "A ref names an element that was itself rejected.", First: []report.Fault{
				{File: "night.xml", Line: 31, Column: 3, Code: "ref_target_rejected", Key: "?/a\nb", Detail: "line 9"},
			}},
		},
		Warnings: []report.Group{{Code: "reopened", Count: 1, Meaning: "Open again.", Remedy: "Import the newer file again.", First: []report.Fault{{File: "night.xml", Line: 40, Column: 3}}}},
	}
	r.Counts.Add("StudentCohortAssociation", interchange.Created, 1002)
	r.Counts.Add("StudentCohortAssociation", interchange.Unchanged, 50232)
	r.Counts.Add("StudentCohortAssociation", interchange.Rejected, 2)
	r.Counts.Add("Cohort", interchange.Rejected, 1)
	r.Counts.Add("Cohort", interchange.Created, 0)
	return r
}

func TestSummary(t *testing.T) {
	const rejected = `
Rejected:
  2  student_not_found
     No student with this unique id is stored.
     night.xml:24:3  255901107/1/999999/2025-09-14  found "999999"; expected a row of the store
     ... and 1 more
     To do: Import the students first.
  1  ref_target_rejected (a consequence of other rejects)
     A ref names an element that was itself rejected.
     night.xml:31:3  ?/a\nb  line 9

Worth a look:
  1  reopened
     Open again.
     night.xml:40:3
     To do: Import the newer file again.

The rejected entities, to be mended and imported: night.run12.rejects.xml
`
	t.Run("OK", func(t *testing.T) {
		want := `Applied: 1,002 changes, 3 rejected.

                            created  unchanged  rejected
                    Cohort        -          -         1
  StudentCohortAssociation    1,002     50,232         2
` + rejected + `
Run 12, 51,237 entities in 1.2 s.
`
		var out strings.Builder
		report.Summary(&out, night(), false)
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
	t.Run("Quiet", func(t *testing.T) {
		var out strings.Builder
		report.Summary(&out, night(), true)
		if diff := cmp.Diff("Applied: 1,002 changes, 3 rejected.\n"+rejected, out.String()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
	t.Run("QuietAndWell", func(t *testing.T) {
		var out strings.Builder
		report.Summary(&out, &report.Run{Verdict: "Applied: 1 change.", Run: 1}, true)
		if out.String() != "" {
			t.Errorf("%q, want nothing", out.String())
		}
	})
	t.Run("Refused", func(t *testing.T) {
		fault := report.Fault{File: "a\x1b.xml", Line: 3, Column: 7, Code: "not_well_formed", Found: "the end of the file", Expected: "</Cohort>"}
		r := &report.Run{Verdict: "Refused: nothing was applied.", Run: 2, ExitStatus: 3, Files: []report.File{{Name: "a\x1b.xml", Refusal: &fault}, {Name: "b.xml"}}}
		want := `Refused: nothing was applied.

Refused: a\x1b.xml
  a\x1b.xml:3:7: not_well_formed: found the end of the file; expected </Cohort>
  To do: Export the file again; a file that was cut off in transfer ends in the middle.

Run 2, 0 entities in 0.0 s.
`
		var out strings.Builder
		report.Summary(&out, r, false)
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// Colours add nothing but colours: the text is the same, and alignment does not suffer.
func TestSummary_Terminal(t *testing.T) {
	for exit, colour := range map[int]string{0: "32", 2: "33", 5: "33", 3: "31", 130: "31"} {
		r := night()
		r.ExitStatus = exit
		var plain, coloured strings.Builder
		report.Summary(&plain, r, false)
		report.Summary(report.Terminal{Writer: &coloured}, r, false)
		if strings.Contains(plain.String(), "\x1b") {
			t.Errorf("exit status %d: colours without a terminal", exit)
		}
		if verdict := "\x1b[1;" + colour + "m" + r.Verdict + "\x1b[0m\n"; !strings.HasPrefix(coloured.String(), verdict) {
			t.Errorf("exit status %d: begins %q, want %q", exit, coloured.String()[:len(verdict)], verdict)
		}
		faded := strings.NewReplacer("\x1b[1m", "", "\x1b[1;31m", "", "\x1b[1;32m", "", "\x1b[1;33m", "", "\x1b[0m", "").Replace(coloured.String())
		if diff := cmp.Diff(plain.String(), faded); diff != "" {
			t.Errorf("exit status %d: (-plain +coloured)\n%s", exit, diff)
		}
	}
}

func TestVerdicts(t *testing.T) {
	v := &report.Validation{Files: []report.ValidatedFile{
		{Name: "a.xml", Content: "cohorts", Release: "2.0", Valid: true, Entities: 1},
		{Name: "b\n.xml", Content: "students", Release: "5.2", Entities: 12345, Violations: 1, Checked: "well-formedness"},
		{Name: "c.xml", Violations: 2},
	}}
	want := `a.xml: valid; 1 entity (cohorts, release 2.0)
b\n.xml: NOT valid, 1 violation; 12,345 entities (students, release 5.2)
   checked: well-formedness
c.xml: NOT valid, 2 violations; 0 entities
`
	var out strings.Builder
	report.Verdicts(&out, v)
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestExported(t *testing.T) {
	notConvertible, _ := interchange.Explain(interchange.CodeNotConvertible)
	orphans, _ := interchange.Explain(interchange.CodeCohortLeftOut)
	nothing, _ := interchange.Explain(interchange.CodeNothingMatches)
	for _, c := range []struct {
		name string
		e    report.Export
		want string
	}{
		{"OK", report.Export{File: "all.xml", Release: "5.2", Checked: true, Counts: map[string]int64{"Cohort": 1, "StudentCohortAssociation": 2000}},
			"Exported to all.xml, release 5.2, checked against its schema: 1 cohort, 2,000 student associations, 0 staff associations.\n"},
		{"LeftOut", report.Export{Release: "2.0", Counts: map[string]int64{"Cohort": 1}, LeftOut: 1, Codes: map[interchange.Code]int64{"not_convertible": 1},
			NotCarried: []report.NotCarried{{Code: "not_convertible", Kind: "Cohort", Key: "1/a\tb", Field: "CohortType", Reason: "no such value"}}},
			"Exported to standard output, release 2.0: 1 cohort, 0 student associations, 0 staff associations.\n" +
				"1 entity was left out, because release 2.0 cannot carry it:\n" +
				"  1  not_convertible\n     " + notConvertible.Meaning + "\n     Cohort 1/a\\tb: CohortType: no such value\n     To do: " + notConvertible.Remedy + "\n"},
		{"LeftOutMany", report.Export{Release: "2.0", Counts: map[string]int64{"Cohort": 1}, LeftOut: 2001, Consequences: 1000, LeftOutFile: "left.jsonl",
			Codes: map[interchange.Code]int64{"cohort_left_out": 1000, "not_convertible": 1001}, NotCarried: []report.NotCarried{
				{Code: "not_convertible", Kind: "Cohort", Key: "1/2", Field: "CohortType", Reason: "no such value"},
				{Code: "cohort_left_out", Kind: "StaffCohortAssociation", Key: "1/2/3/2025-09-14", Field: "CohortReference", Reason: "cohort 1/2 is left out"}}},
			"Exported to standard output, release 2.0: 1 cohort, 0 student associations, 0 staff associations.\n" +
				"2,001 entities were left out, because release 2.0 cannot carry them:\n" +
				"  1,001  not_convertible\n     " + notConvertible.Meaning + "\n     Cohort 1/2: CohortType: no such value\n     ... and 1,000 more\n     To do: " + notConvertible.Remedy + "\n" +
				"  1,000  cohort_left_out (a consequence of the others)\n     " + orphans.Meaning +
				"\n     StaffCohortAssociation 1/2/3/2025-09-14: CohortReference: cohort 1/2 is left out\n     ... and 999 more\n     To do: " + orphans.Remedy + "\n" +
				"All of them are listed in left.jsonl\n"},
		{"Forced", report.Export{File: "none.xml", Release: "5.2"},
			"Exported to none.xml, release 5.2: 0 cohorts, 0 student associations, 0 staff associations.\n" +
				"An interchange without entities is not valid.\n"},
		{"Nothing", report.Export{File: "none.xml", Release: "5.2", Refusal: &report.Fault{Code: "nothing_matches", Found: "nothing", Expected: "something"}},
			"Refused: nothing was written to none.xml: nothing_matches: found nothing; expected something\nTo do: " + nothing.Remedy + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			report.Exported(&out, &c.e)
			if diff := cmp.Diff(c.want, out.String()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestCounts(t *testing.T) {
	c := report.Counts{}
	c.Add("Cohort", interchange.Created, 2)
	c.Add("Cohort", interchange.Created, 3)
	c.Add("Cohort", interchange.Unchanged, 4)
	c.Add("Staff", interchange.Updated, 1)
	c.Add("Student", interchange.Rejected, 0)
	if _, ok := c["Student"]; ok {
		t.Error("none of a kind makes a row")
	}
	if got := c.Of("Cohort", interchange.Created, interchange.Unchanged); got != 9 {
		t.Errorf("Of = %d, want 9", got)
	}
	if got := c.Changed(); got != 6 {
		t.Errorf("Changed = %d, want 6", got)
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0 rows", 1: "1 row", 999: "999 rows", 1000: "1,000 rows", 1234567: "1,234,567 rows"} {
		if got := report.Number(n, "row", "rows"); got != want {
			t.Errorf("Number(%d) = %q, want %q", n, got, want)
		}
	}
}
