package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"cohortx/interchange"
	"cohortx/interchange/report"
)

func pageOf(t testing.TB, r *report.Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Page(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Whatever a file, a key or a value is called, it stays text.
func TestPage_Escapes(t *testing.T) {
	evil := "<script>alert(1)</script>\"'&"
	fault := report.Fault{File: evil, Line: 1, Column: 2, Code: interchange.CodeStudentNotFound, Key: evil, Found: evil, Expected: evil, Detail: evil, Path: evil,
		Excerpt: &report.Excerpt{Line: 1, Before: evil, Fault: evil, After: evil}}
	r := report.NewRun(evil, evil)
	r.Run, r.State, r.Verdict, r.RejectFiles, r.Command = 1, evil, evil, []string{evil}, evil
	r.Counts = report.Counts{"Cohort": {"created": 1}}
	fault.Key += "\x1b[1m"
	r.Files = []report.File{{Name: evil + "\x1b[1m", Content: evil, Release: evil, Verdict: evil, Note: evil, Refusal: &fault, Faults: []report.Fault{fault, fault}}}
	r.Steps = []report.Step{{Name: evil, Seconds: 1}}
	r.Rejects = []report.Group{{Code: interchange.Code(evil), Count: 9, Meaning: evil, Remedy: evil, First: []report.Fault{fault, fault}}}
	r.HeldBack = []report.HeldBack{{Code: interchange.Code(evil), Kind: evil, Count: 2, First: []string{evil}}}
	r.Conflicts, r.Remedy = []report.Conflict{{Why: evil, Kind: evil, First: []string{evil}}}, evil
	r.Cohorts = &report.Cohorts{Changed: 1, First: []report.CohortChange{{CohortIdentifier: evil, Students: report.Members{Joined: 1, After: 1}}}}
	r.History = []report.Past{{Run: 1, State: evil}, r.Past()}
	page := pageOf(t, r)
	for _, wrong := range []string{"<script", "\x1b", "ZgotmplZ"} {
		if i := strings.Index(page, wrong); i >= 0 {
			t.Errorf("the page has %q: %s", wrong, page[max(0, i-80):min(len(page), i+80)])
		}
	}
	if strings.Count(page, "&lt;script&gt;") < 20 {
		t.Error("the page lacks what is to be shown")
	}
}

// A night that is far off is marked, in either direction; one that is like the others, and one of a few, is not.
func TestPage_Unusual(t *testing.T) {
	history := func(n int, last report.Past) *report.Run {
		r := report.NewRun("test", "cohorts.db")
		r.Run, r.State = int64(n+1), "applied"
		for i := range n {
			r.History = append(r.History, report.Past{Run: int64(i + 1), Created: 100 + int64(i%7), Ended: 40, Seconds: 10, Started: time.Unix(0, 0)})
		}
		last.Run = r.Run
		r.History = append(r.History, last)
		return r
	}
	for _, x := range []struct {
		name string
		n    int
		last report.Past
		want int // charts that are marked
	}{
		{"Same", 20, report.Past{Created: 104, Ended: 42, Seconds: 11}, 0},
		{"Many", 20, report.Past{Created: 1000, Ended: 40, Seconds: 10}, 1},
		{"None", 20, report.Past{Created: 0, Ended: 0, Seconds: 10}, 2},
		{"Rejects", 20, report.Past{Created: 100, Ended: 40, Seconds: 10, Rejected: 6}, 1},
		{"FewRejects", 20, report.Past{Created: 100, Ended: 40, Seconds: 10, Rejected: 5}, 0},
		{"Slow", 20, report.Past{Created: 100, Ended: 40, Seconds: 60}, 1},
		{"FewRuns", 4, report.Past{Created: 100000, Ended: 40, Seconds: 10}, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			if got := strings.Count(pageOf(t, history(x.n, x.last)), ">unusual<"); got != x.want {
				t.Errorf("%d charts are marked, want %d", got, x.want)
			}
		})
	}
}

// Nothing of a report that can be as long as the input makes the page long.
func TestPage_Bounded(t *testing.T) {
	r := report.NewRun("test", "cohorts.db")
	for i := range 500 {
		r.HeldBack = append(r.HeldBack, report.HeldBack{Code: interchange.CodeTooManyRemovals, Kind: "StudentCohortAssociation", EducationOrganizationID: int64(i), Count: 1000, Of: 1000, First: []string{"k"}})
	}
	if page := pageOf(t, r); len(page) > 60_000 || !strings.Contains(page, "and in 480 more education organizations") {
		t.Errorf("%d bytes", len(page))
	}
	long := &report.Excerpt{Before: strings.Repeat("<a>é</a>\n", 5000), Fault: strings.Repeat("f", 5000), After: strings.Repeat("é", 5000)}
	long.Shorten()
	if n := len([]rune(long.Before + long.Fault + long.After)); n > 3000 || !strings.HasPrefix(long.Before, "[...]") || !strings.HasSuffix(long.After, "é[...]") {
		t.Errorf("%d characters: %+v", n, long)
	}
}

func TestRedact(t *testing.T) {
	xml := report.Excerpt{
		Before: "<StudentCohortAssociation id=\"A_S77\">\n  <StudentReference ref='R_S77'><StudentIdentity><StudentUniqueId>S77</StudentUniqueId>",
		Fault:  "<x:StaffUniqueId xsi:type=\"t\">S78</x:StaffUniqueId>", After: "<BeginDate>2025-09-14</BeginDate>",
	}
	json := report.Excerpt{Before: `{"studentReference":{"studentUniqueId" : "S\"77"},`, Fault: `"staffUniqueId":78}`, After: `"beginDate":"2025-09-14"`}
	r := report.NewRun("test", "cohorts.db")
	r.Rejects = []report.Group{{Code: interchange.CodeStudentNotFound, Count: 3, First: []report.Fault{
		{File: "a.xml", Line: 3, Code: interchange.CodeStudentNotFound, Key: "S77/S77/S77/2025-09-14", Person: "S77", Found: `unique id "S77"`, Detail: `"0S77" is stored`, Excerpt: &xml},
		{Code: "value_type", Key: "1/2/S77/09/14/2025", Person: "S77", Path: "StudentCohortAssociation/BeginDate", Found: `"09/14/2025"`, Excerpt: &json},
		{Code: "id_duplicate", Path: "StudentCohortAssociation/@id", Found: `"A_S77"`, Detail: `"a\"S77" and "S77\"`},
		{Code: interchange.CodeReferenceConflict, Key: "1/2/S77/2025-09-14", Person: "S77", Path: "StudentCohortAssociation/StudentReference/StudentLookup/StudentUniqueId",
			Found: "S78", Expected: "S77, as the Identity says"},
		{Code: interchange.CodeReferenceConflict, Key: "1/2/S77/2025-09-14", Person: "S77", Path: "StudentCohortAssociation/StudentReference",
			Found: "two ways to name it that disagree: S77 and S78"},
		{Code: "value_type", Key: "Ä1-", Person: "Ä1-", Kind: "Student", Path: "Student", Detail: "of Ä1-, not of Ä1-ROW or ÖÄ1-"},
		// Of a run of which the store has rejects, but no report.
		{Code: interchange.CodeStudentNotFound, Key: "1/2/S77/2025-09-14", Kind: "StudentCohortAssociation"},
		{Code: interchange.CodeStudentNotFound, Key: "1/COHORT", Kind: "Cohort"},
		{Code: "value_type", Key: "S77", Person: "S77", Kind: "Student", Path: "Student/BirthData/BirthDate", Found: "a value of 9 characters"},
	}}}
	r.HeldBack = []report.HeldBack{{Code: interchange.CodeNoAssociations, Count: 1, First: []string{"1/2/S77/2025-09-14"}}}
	r.Conflicts = []report.Conflict{{Why: "changed", Count: 1, First: []string{"1/2/S77/2025-09-14"}}}
	r.Redact()
	var text bytes.Buffer
	if err := report.JSON(&text, r); err != nil {
		t.Fatal(err)
	}
	kept := strings.ReplaceAll(text.String(), `"key": "S77/S77/(masked)/2025-09-14"`, "") // organization and cohort that are called alike
	for _, secret := range []string{"S77", "S78", "78}", `S\"77`, "of Ä1-,"} {
		if strings.Contains(kept, secret) {
			t.Errorf("%s is in the report:\n%s", secret, text.String())
		}
	}
	for _, fact := range []string{"S77/S77/(masked)/2025-09-14", "1/2/(masked)/09/14/2025", `\"09/14/2025\"`, "1/COHORT", "ÖÄ1-", "<BeginDate>2025-09-14</BeginDate>", `\"beginDate\":\"2025-09-14\"`, `"count": 3`} {
		if !strings.Contains(text.String(), fact) {
			t.Errorf("%s is not in the report any more:\n%s", fact, text.String())
		}
	}
}

func BenchmarkPage(b *testing.B) {
	r := report.NewRun("test", "cohorts.db")
	r.Counts = report.Counts{"StudentCohortAssociation": {"created": 10, "rejected": 5}}
	for i := range 30 {
		r.History = append(r.History, report.Past{Run: int64(i + 1), Created: int64(i)})
	}
	for range 10 {
		r.Rejects = append(r.Rejects, report.Group{Code: "value_type", Count: 5, First: make([]report.Fault, 5)})
	}
	b.ReportAllocs()
	for b.Loop() {
		pageOf(b, r)
	}
	b.Log(fmt.Sprint(len(pageOf(b, r)), " bytes"))
}
