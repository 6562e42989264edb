package interchange_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"cohortx/interchange"
)

func day(t *testing.T, s string) interchange.Date {
	t.Helper()
	if s == "" {
		return interchange.NoDate
	}
	d, _, err := interchange.ParseDate([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAbsence(t *testing.T) {
	for _, tt := range []struct {
		begin, end         string
		inclusive, exclude string // outcome and end date
	}{
		{"2025-09-01", "", "ended_by_absence 2026-01-31", "ended_by_absence 2026-02-01"},
		{"2025-09-01", "2026-06-30", "ended_by_absence 2026-01-31", "ended_by_absence 2026-02-01"},
		{"2025-09-01", "2026-02-02", "ended_by_absence 2026-01-31", "ended_by_absence 2026-02-01"},
		{"2025-09-01", "2026-02-01", "ended_by_absence 2026-01-31", " 2026-02-01"},
		{"2025-09-01", "2026-01-31", " 2026-01-31", " 2026-01-31"},
		{"2025-09-01", "2025-09-01", " 2025-09-01", " 2025-09-01"},
		{"2026-01-31", "", "ended_by_absence 2026-01-31", "ended_by_absence 2026-02-01"},
		{"2026-02-01", "", "withdrawn ", "withdrawn "},
		{"2026-02-01", "2026-02-01", "withdrawn ", " 2026-02-01"}, // exclusive: it never had a day
		{"2026-02-02", "2026-03-01", "withdrawn ", "withdrawn "},
		{"1900-01-01", "", "ended_by_absence 2026-01-31", "ended_by_absence 2026-02-01"},
	} {
		for i, want := range []string{tt.inclusive, tt.exclude} {
			dates := interchange.Dates{Begin: day(t, tt.begin), End: day(t, tt.end)}
			end, o := interchange.Absence(dates, day(t, "2026-02-01"), i == 1)
			if got := fmt.Sprintf("%s %s", o, end); got != want {
				t.Errorf("%s to %q, exclusive %v: found %q, want %q", tt.begin, tt.end, i == 1, got, want)
			}
			if (o != 0) != interchange.ActiveFrom(dates, day(t, "2026-02-01"), i == 1) {
				t.Errorf("%s to %q, exclusive %v: ActiveFrom disagrees with Absence", tt.begin, tt.end, i == 1)
			}
		}
	}
}

// Whatever the dates: after Absence no day from as-of on is left, and every day before it stays.
func TestAbsence_Days(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	in := func(d, begin, end interchange.Date, exclusive bool) bool {
		return d >= begin && (end == interchange.NoDate || d < end || d == end && !exclusive)
	}
	for range 20000 {
		asOf, exclusive := interchange.Date(rnd.IntN(12)), rnd.IntN(2) == 0
		begin, end := interchange.Date(rnd.IntN(12)), interchange.NoDate
		if rnd.IntN(3) > 0 {
			end = begin + interchange.Date(rnd.IntN(6))
		}
		now, o := interchange.Absence(interchange.Dates{Begin: begin, End: end}, asOf, exclusive)
		left := false
		for d := interchange.Date(-1); d < 30; d++ {
			was, is := in(d, begin, end, exclusive), o != interchange.Withdrawn && in(d, begin, now, exclusive)
			if want := was && d < asOf; is != want {
				t.Fatalf("%d to %d as of %d, exclusive %v: %s, %d: day %d in the cohort: %v", begin, end, asOf, exclusive, o, now, d, is)
			}
			left = left || is
		}
		if o == interchange.EndedByAbsence && !left {
			t.Fatalf("%d to %d as of %d, exclusive %v: ended without a day", begin, end, asOf, exclusive)
		}
	}
}

const (
	students = interchange.StudentCohortAssociationKind
	staff    = interchange.StaffCohortAssociationKind
)

func TestGuards_Hold(t *testing.T) {
	part := func(kind interchange.Kind, org, named, active, absent, last int64) interchange.Presence {
		return interchange.Presence{Kind: kind, EducationOrganizationID: org, Named: named, Active: active, Absent: absent, Last: last}
	}
	type parts = []interchange.Presence
	for _, tt := range []struct {
		name   string
		parts  parts
		doubts interchange.Doubts
		want   string
	}{
		{name: "NothingAbsent", parts: parts{part(students, 1, 0, 10, 0, 100)}, doubts: interchange.Doubts{FileRefused: true, AnyUnknown: true}, want: "[]"},
		{name: "Few", parts: parts{part(students, 1, 1, 5, 5, -1)}, want: "[]"},
		{name: "SixOfFifty", parts: parts{part(students, 1, 44, 50, 6, -1)}, want: "[too_many_removals]"},
		{name: "TenPercent", parts: parts{part(students, 1, 54, 60, 6, -1)}, want: "[]"},
		{name: "TenPercentAndOne", parts: parts{part(students, 1, 63, 70, 8, -1)}, want: "[too_many_removals]"},
		{name: "OneSchoolOfMany", parts: parts{part(students, 1, 0, 50, 50, -1), part(students, 2, 999, 1000, 1, -1)}, want: "[too_many_removals ]"},
		{name: "InTotal", parts: parts{part(students, 1, 0, 50, 50, -1), part(students, 2, 99, 100, 1, -1)}, want: "[too_many_removals too_many_removals_total]"},
		{name: "ManySmallOnes", parts: parts{part(students, 1, 0, 5, 5, -1), part(students, 2, 0, 5, 5, -1), part(students, 3, 0, 3, 3, -1)}, want: "[  ]"},
		{name: "KindsApart", parts: parts{part(students, 1, 990, 1000, 10, -1), part(staff, 1, 1, 7, 6, -1)}, want: "[ too_many_removals]"},
		{name: "Drift", parts: parts{part(students, 1, 100, 100, 1, 201)}, want: "[set_drift]"},
		{name: "DriftUp", parts: parts{part(students, 1, 151, 100, 1, 100)}, want: "[set_drift]"},
		{name: "DriftJustNot", parts: parts{part(students, 1, 100, 100, 1, 200)}, want: "[]"},
		{name: "DriftOfBothKinds", parts: parts{part(students, 1, 100, 100, 1, 100), part(staff, 1, 1, 10, 1, 10)}, want: "[ ]"},
		{name: "DriftWithoutALastRun", parts: parts{part(students, 1, 1, 100, 1, -1)}, want: "[]"},
		{name: "DriftAfterNothing", parts: parts{part(students, 1, 1, 100, 1, 0)}, want: "[]"},
		{name: "DriftOfOthers", parts: parts{part(students, 1, 10, 100, 1, 100), part(students, 2, 10, 10, 1, -1)}, want: "[set_drift set_drift]"},
		{name: "None", parts: parts{part(students, 1, 9, 9, 1, -1), part(staff, 1, 0, 1, 1, -1)}, doubts: interchange.Doubts{None: map[interchange.Kind]bool{staff: true}}, want: "[ no_associations]"},
		{name: "Unknown", parts: parts{part(students, 1, 9, 9, 1, -1), part(students, 2, 9, 9, 1, -1)}, doubts: interchange.Doubts{KeyUnknown: map[int64]struct{}{2: {}}}, want: "[ reject_key_unknown]"},
		{name: "AnyUnknown", parts: parts{part(students, 1, 9, 9, 1, -1), part(students, 2, 9, 9, 1, -1)}, doubts: interchange.Doubts{AnyUnknown: true}, want: "[reject_key_unknown reject_key_unknown]"},
		{name: "Refused", parts: parts{part(students, 1, 0, 9, 9, 100)}, doubts: interchange.Doubts{FileRefused: true, AnyUnknown: true, None: map[interchange.Kind]bool{students: true}}, want: "[set_file_refused]"},
		// What a doubt holds back already does not count in total.
		{name: "UnknownNotInTotal", parts: parts{part(students, 1, 0, 50, 50, -1), part(students, 2, 94, 100, 6, -1)}, doubts: interchange.Doubts{KeyUnknown: map[int64]struct{}{1: {}}}, want: "[reject_key_unknown ]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			interchange.DefaultGuards.Hold(tt.parts, tt.doubts)
			var held []interchange.Code
			for _, p := range tt.parts {
				held = append(held, p.Held)
			}
			if got := fmt.Sprint(held); got != tt.want {
				t.Errorf("held %s, want %s", got, tt.want)
			}
			for _, p := range tt.parts {
				if e, ok := interchange.Explain(p.Held); p.Held != "" && (!ok || e.Class != interchange.Holds) {
					t.Errorf("%s is not explained as what holds back", p.Held)
				}
			}
		})
	}
}

// Nothing is ever held back that is not absent, and everything is at limits of 0 but the few.
func TestGuards_Hold_Limits(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	for range 5000 {
		var list []interchange.Presence
		for org := range 1 + rnd.IntN(4) {
			active := rnd.Int64N(100)
			list = append(list, interchange.Presence{Kind: students, EducationOrganizationID: int64(org), Named: rnd.Int64N(100), Active: active, Absent: rnd.Int64N(active + 1), Last: rnd.Int64N(100) - 1})
		}
		open, shut := append([]interchange.Presence(nil), list...), append([]interchange.Presence(nil), list...)
		interchange.Guards{MaxRemovals: 100, MaxDrift: 1e9}.Hold(open, interchange.Doubts{})
		interchange.Guards{MaxRemovals: 0, MaxDrift: 1e9}.Hold(shut, interchange.Doubts{})
		for i, p := range open {
			if p.Held != "" {
				t.Fatalf("%+v is held back at 100 %%", p)
			}
			if p.Absent > interchange.FewRemovals != (shut[i].Held == interchange.CodeTooManyRemovals) || p.Absent == 0 && shut[i].Held != "" {
				t.Fatalf("%+v at 0 %%", shut[i])
			}
		}
	}
}
