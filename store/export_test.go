package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cohortx/interchange"
	"cohortx/store"
)

func exported(t testing.TB, db *store.DB, kind interchange.Kind, f store.Filter) string {
	t.Helper()
	e := must[*store.Export](t)(db.Export(t.Context(), f))
	defer e.Close()
	return associations(t, e, kind)
}

func associations(t testing.TB, e *store.Export, kind interchange.Kind) string {
	t.Helper()
	var lines []string
	add := func(a *interchange.Association) error {
		line := fmt.Sprintf("%d/%s %s %s %s", a.EducationOrganizationID, a.CohortIdentifier, a.PersonUniqueID, a.BeginDate, a.EndDate)
		if a.StudentRecordAccess != nil {
			line += fmt.Sprint(" ", *a.StudentRecordAccess)
		}
		for i, s := range a.Sections {
			line += " " + s.SectionIdentifier
			if d := a.SectionBegins[i]; d != interchange.NoDate {
				line += "@" + d.String()
			}
		}
		lines = append(lines, strings.TrimRight(line, " "))
		return nil
	}
	for b, err := range e.Blocks(t.Context(), kind) {
		if err == nil {
			err = b.Each(add)
			b.Release()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return strings.Join(lines, "\n")
}

// The numbers stand in another order than the keys, so that nothing comes out right by chance.
func exportStore(t *testing.T, opt store.Options) *store.DB {
	db := create(t, opt)
	tx := begin(t, db)
	seed(t, tx, 12, 0) // S1 ... S12: bytewise, S10 comes before S2
	c := []store.CohortRow{cohort(1), cohort(2), cohort(3)}
	c[0].CohortIdentifier, c[0].ProgramNumbers = "b", []uint32{1, 2}
	c[1].CohortIdentifier = "B"
	c[2].EducationOrganizationID, c[2].CohortIdentifier, c[2].Unverified, c[2].CohortType = 255901, "z", true, ""
	must[[]interchange.Outcome](t)(tx.PutCohorts(t.Context(), c))
	merge(t, tx, student,
		dated(in(1, 2, "2025-09-14", "2025-09-21", 1), 3, "2025-09-15"), in(1, 10, "2025-09-14", ""), in(1, 10, "2025-12-01", "2025-12-01"),
		in(2, 1, "2025-07-01", "2026-06-30"), in(3, 1, "2024-07-01", "2025-06-30"))
	merge(t, tx, staff, access(in(1, 2, "2025-09-14", ""), interchange.AccessTrue), access(in(1, 3, "2025-09-14", ""), interchange.AccessFalse), in(1, 4, "2025-09-14", ""))
	commit(t, tx)
	return db
}

func TestExport_Associations(t *testing.T) {
	period := func(first, last string) *store.Period { return &store.Period{First: day(first), Last: day(last)} }
	year := func(y interchange.SchoolYear) *store.Period {
		first, last := y.Days()
		return &store.Period{First: first, Last: last}
	}
	const (
		z   = "255901/z S1 2024-07-01 2025-06-30"
		B   = "255901001/B S1 2025-07-01 2026-06-30"
		b10 = "255901001/b S10 2025-09-14"
		b11 = "255901001/b S10 2025-12-01 2025-12-01"
		b2  = "255901001/b S2 2025-09-14 2025-09-21 ALG-1-1 ALG-1-3@2025-09-15"
	)
	for _, tt := range []struct {
		name      string
		exclusive bool
		filter    store.Filter
		want      []string
	}{
		{"All", false, store.Filter{}, []string{z, B, b10, b11, b2}},
		{"LastDayIn", false, store.Filter{Active: period("2025-09-21", "2025-09-21")}, []string{B, b10, b2}},
		{"FirstDayOut", true, store.Filter{Active: period("2025-09-21", "2025-09-21")}, []string{B, b10}},
		{"DayAfter", false, store.Filter{Active: period("2025-09-22", "2025-09-22")}, []string{B, b10}},
		{"FirstDay", false, store.Filter{Active: period("2025-09-14", "2025-09-14")}, []string{B, b10, b2}},
		{"DayBefore", false, store.Filter{Active: period("2025-09-13", "2025-09-13")}, []string{B}},
		{"OneDay", false, store.Filter{Active: period("2025-12-01", "2025-12-01")}, []string{B, b10, b11}},
		{"NoDay", true, store.Filter{Active: period("2025-11-01", "2025-12-31")}, []string{B, b10}},
		{"SchoolYear", false, store.Filter{Active: year(2026)}, []string{B, b10, b11, b2}},
		{"SchoolYearBefore", false, store.Filter{Active: year(2025)}, []string{z}},
		{"SchoolYearBeforeThat", false, store.Filter{Active: year(2024)}, nil},
		{"Organization", false, store.Filter{EducationOrganizations: []int64{255901, 4711}}, []string{z}},
		{"NoOrganization", false, store.Filter{EducationOrganizations: []int64{}}, nil},
		{"Cohort", false, store.Filter{Cohorts: []interchange.CohortKey{{EducationOrganizationID: 255901001, CohortIdentifier: "B"}, {EducationOrganizationID: 255901, CohortIdentifier: "b"}}}, []string{B}},
		{"Both", false, store.Filter{EducationOrganizations: []int64{255901}, Cohorts: []interchange.CohortKey{{EducationOrganizationID: 255901001, CohortIdentifier: "B"}}}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := exportStore(t, store.Options{EndExclusive: tt.exclusive})
			if got, want := exported(t, db, student, tt.filter), strings.Join(tt.want, "\n"); got != want {
				t.Errorf("found\n%s\nexpected\n%s", got, want)
			}
		})
	}
	t.Run("Staff", func(t *testing.T) {
		want := "255901001/b T2 2025-09-14  true\n255901001/b T3 2025-09-14  false\n255901001/b T4 2025-09-14"
		if got := exported(t, exportStore(t, store.Options{}), staff, store.Filter{}); got != want {
			t.Errorf("found\n%s\nexpected\n%s", got, want)
		}
	})
}

func TestExport_Cohorts(t *testing.T) {
	db := exportStore(t, store.Options{})
	cohorts := func(f store.Filter) string {
		e := must[*store.Export](t)(db.Export(t.Context(), f))
		defer e.Close()
		var lines []string
		for c, err := range e.Cohorts(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, fmt.Sprint(c.EducationOrganizationID, "/", c.CohortIdentifier, " ", c.CohortType, " ", c.Programs, " ", c.Unverified))
		}
		return strings.Join(lines, "\n")
	}
	// Programs by key: Athletics, number 2, first.
	want := "255901/z  [] true\n255901001/B Study Hall [] false\n255901001/b Study Hall [{255901 Athletics Athletics} {255901 Bilingual Bilingual}] false"
	if got := cohorts(store.Filter{}); got != want {
		t.Errorf("found\n%s\nexpected\n%s", got, want)
	}
	if got := cohorts(store.Filter{EducationOrganizations: []int64{255901}}); got != "255901/z  [] true" {
		t.Errorf("found %s", got)
	}
}

// An export shows one moment, whatever is committed while it runs.
func TestExport_Moment(t *testing.T) {
	db := exportStore(t, store.Options{})
	before := exported(t, db, student, store.Filter{})
	e := must[*store.Export](t)(db.Export(t.Context(), store.Filter{}))
	defer e.Close()
	tx := begin(t, db)
	merge(t, tx, student, in(1, 2, "2025-09-14", ""), in(2, 7, "2025-09-14", ""))
	commit(t, tx)
	if got := associations(t, e, student); got != before {
		t.Errorf("found\n%s\nexpected\n%s", got, before)
	}
	if exported(t, db, student, store.Filter{}) == before {
		t.Error("a later export does not see the change")
	}
}

// After breaking off, by the caller or by the context, the export can be used again.
func TestExport_BrokenOff(t *testing.T) {
	db := create(t, store.Options{})
	tx := begin(t, db)
	seed(t, tx, 100, 400)
	if err := tx.MergeAssociations(t.Context(), student, many(400, 100), interchange.Policies{}, ignore); err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
	e := must[*store.Export](t)(db.Export(t.Context(), store.Filter{}))
	defer e.Close()
	for range e.Blocks(t.Context(), student) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range e.Blocks(ctx, student) {
		cancel()
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("found %v, expected context.Canceled", last)
	}
	if got := strings.Count(associations(t, e, student), "\n") + 1; got != 40000 {
		t.Errorf("found %d associations, expected 40000", got)
	}
}

// A cohort with more associations than a block holds comes in several, in the same order and with the same sections.
func TestExport_LargeCohort(t *testing.T) {
	db := create(t, store.Options{})
	tx := begin(t, db)
	const members = 3000
	seed(t, tx, members, 3)
	s := &staged{}
	var want []string
	for p := 1; p <= members; p++ {
		s.records = append(s.records, in(2, uint32(p), "2025-09-14", "", uint32(p%3+1)), in(2, uint32(p), "2025-12-01", ""))
		want = append(want, fmt.Sprintf("S%d 2025-09-14  %s", p, []string{"ALG-1-1", "ALG-1-2", "ALG-1-3"}[p%3]), fmt.Sprintf("S%d 2025-12-01", p))
	}
	if err := tx.MergeAssociations(t.Context(), student, s, interchange.Policies{}, ignore); err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
	slices.SortFunc(want, func(a, b string) int {
		return strings.Compare(strings.Replace(a, " ", "\x00", 1), strings.Replace(b, " ", "\x00", 1))
	})
	e := must[*store.Export](t)(db.Export(t.Context(), store.Filter{}))
	defer e.Close()
	var got []string
	for _, line := range strings.Split(associations(t, e, student), "\n") {
		_, rest, _ := strings.Cut(line, " ")
		got = append(got, rest)
	}
	if !slices.Equal(got, want) {
		t.Errorf("found %d associations, in another order or other than the %d expected", len(got), len(want))
	}
	blocks := 0
	for b, err := range e.Blocks(t.Context(), student) {
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		b.Each(func(*interchange.Association) error { n++; return nil })
		if blocks++; n > 1000 {
			t.Errorf("found a block of %d associations", n)
		}
		b.Release()
	}
	if blocks < 2*members/1000 {
		t.Errorf("found %d blocks for %d associations", blocks, 2*members)
	}
}
