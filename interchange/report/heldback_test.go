package report_test

import (
	"fmt"
	"strings"
	"testing"

	"cohortx/interchange"
	"cohortx/interchange/report"
)

func TestSummary_HeldBack(t *testing.T) {
	r := &report.Run{Run: 7, Verdict: "Applied: 1 change; 43 removals held back.", ExitStatus: 5,
		Complete: &report.Complete{AsOf: 20485, Zone: "CET, UTC+01:00", EducationOrganizations: []int64{1, 2}},
		HeldBack: []report.HeldBack{
			{Code: interchange.CodeTooManyRemovals, Kind: "StudentCohortAssociation", EducationOrganizationID: 1, Count: 7, Of: 1200, First: []string{"1/A/\x1b[2J/2025-09-01"}},
			{Code: interchange.CodeSetDrift, Kind: "StaffCohortAssociation", EducationOrganizationID: 2, Count: 1, Of: 1, First: []string{"2/A/T1/2025-09-01"}},
		}}
	for org := range int64(25) {
		r.HeldBack = append(r.HeldBack, report.HeldBack{Code: interchange.CodeTooManyRemovals, Kind: "StudentCohortAssociation", EducationOrganizationID: 100 + org, Count: 1, Of: 2, First: []string{fmt.Sprintf("%d/A/S1/2025-09-01", 100+org)}})
	}
	if n := r.HeldBackCount(); n != 33 {
		t.Errorf("%d removals held back, want 33", n)
	}
	var out strings.Builder
	report.Summary(&out, r, false)
	text := out.String()
	for _, want := range []string{
		"\nComplete set of 2 education organizations as of 2026-02-01 (today in CET, UTC+01:00).\n",
		"\nHeld back:\n  too_many_removals\n     A larger share",
		"     1: 7 StudentCohortAssociations of 1,200 active\n",
		"       ... and 6 more\n",
		"     118: 1 StudentCohortAssociation of 2 active\n",
		"     ... and in 6 education organizations more; --json lists all\n",
		"  set_drift\n", "     2: 1 StaffCohortAssociation of 1 active\n       2/A/T1/2025-09-01\n",
		"`cohortx runs approve 7`",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the summary lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "119:") || strings.Contains(text, "\x1b") || strings.Count(text, "too_many_removals\n") != 1 {
		t.Errorf("the summary lists too much, or lets a key command the terminal:\n%s", text)
	}
	out.Reset()
	report.Summary(&out, r, true)
	if text := out.String(); !strings.Contains(text, "Held back:") || strings.Contains(text, "Complete set") {
		t.Errorf("quiet:\n%s", text)
	}
	// An empty set has nothing to approve.
	r.HeldBack = []report.HeldBack{{Code: interchange.CodeNoAssociations, First: []string{}}}
	out.Reset()
	report.Summary(&out, r, false)
	if text := out.String(); !strings.Contains(text, "no_associations") || strings.Contains(text, "approve 7") || strings.Contains(text, " 0: ") {
		t.Errorf("an empty set:\n%s", text)
	}
}
