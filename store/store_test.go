package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3"

	"cohortx/interchange"
	"cohortx/store"
)

// create makes a store in a folder of the test.
func create(t testing.TB, opt store.Options) *store.DB {
	t.Helper()
	opt.Create = true
	return open(t, filepath.Join(t.TempDir(), "cohorts.db"), opt)
}

func open(t testing.TB, path string, opt store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// begin reads the dictionaries and starts a transaction, which the test's end rolls back.
func begin(t testing.TB, db *store.DB) *store.Tx {
	t.Helper()
	if _, err := db.Dictionaries(t.Context()); err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tx.Rollback() })
	return tx
}

func commit(t testing.TB, tx *store.Tx) {
	t.Helper()
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// shell gives what a person at an SQL prompt sees: one line a row, columns parted by "|".
func shell(t testing.TB, path, query string) string {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		row := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		var parts []string
		for _, v := range row {
			parts = append(parts, v.String)
		}
		lines = append(lines, strings.Join(parts, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// dump is all data that people see, for comparing before and after.
func dump(t testing.TB, path string) string {
	t.Helper()
	var all []string
	for _, view := range []string{"education_organizations", "students", "staff", "cohorts", "cohort_programs",
		"student_cohort_associations", "student_cohort_association_sections", "staff_cohort_associations", "unverified"} {
		lines := strings.Split(shell(t, path, "SELECT * FROM "+view), "\n")
		slices.Sort(lines)
		all = append(append(all, view), lines...)
	}
	return strings.Join(all, "\n")
}

// sound fails if a foreign key does not hold or the file is damaged.
func sound(t testing.TB, path string) {
	t.Helper()
	if got := shell(t, path, "PRAGMA foreign_key_check"); got != "" {
		t.Errorf("foreign keys do not hold: %s", got)
	}
	if got := shell(t, path, "PRAGMA integrity_check"); got != "ok" {
		t.Errorf("integrity check: %s", got)
	}
}

func day(text string) interchange.Date {
	if text == "" {
		return interchange.NoDate
	}
	d, _, err := interchange.ParseDate([]byte(text))
	if err != nil {
		panic(err)
	}
	return d
}

// seed puts two organizations, students and staff 1 to n ("S1", "T1" ...), cohorts 1 to m ("C1" ...), three sections and a program.
func seed(t testing.TB, tx *store.Tx, n, m int) {
	t.Helper()
	ctx := context.Background()
	must[[]interchange.Outcome](t)(tx.PutEducationOrganizations(ctx, []store.EducationOrganizationRow{
		{ID: 255901, Name: "Grand Bend ISD", Category: "Local Education Agency"}, {ID: 255901001, Name: "Grand Bend High", Category: "School"}}))
	var students, staff []store.PersonRow
	for i := 1; i <= n; i++ {
		students = append(students, store.PersonRow{Number: uint32(i), UniqueID: fmt.Sprintf("S%d", i), BirthDate: interchange.NoDate})
		staff = append(staff, store.PersonRow{Number: uint32(i), UniqueID: fmt.Sprintf("T%d", i), BirthDate: interchange.NoDate})
	}
	must[[]interchange.Outcome](t)(tx.PutStudents(ctx, students))
	must[[]interchange.Outcome](t)(tx.PutStaff(ctx, staff))
	must[[]interchange.Outcome](t)(tx.PutPrograms(ctx, []store.ProgramRow{
		{Number: 1, ProgramKey: interchange.ProgramKey{EducationOrganizationID: 255901, ProgramName: "Bilingual", ProgramType: "Bilingual"}},
		{Number: 2, ProgramKey: interchange.ProgramKey{EducationOrganizationID: 255901, ProgramName: "Athletics", ProgramType: "Athletics"}}}))
	must[[]interchange.Outcome](t)(tx.PutSections(ctx, []store.SectionRow{section(1), section(2), section(3)}))
	var cohorts []store.CohortRow
	for i := 1; i <= m; i++ {
		cohorts = append(cohorts, cohort(uint32(i)))
	}
	must[[]interchange.Outcome](t)(tx.PutCohorts(ctx, cohorts))
}

func cohort(n uint32) store.CohortRow {
	r := store.CohortRow{Number: n}
	r.EducationOrganizationID, r.CohortIdentifier, r.CohortType = 255901001, fmt.Sprintf("C%d", n), "Study Hall"
	return r
}

func section(n int) store.SectionRow {
	return store.SectionRow{Number: uint32(n), SectionKey: interchange.SectionKey{Form: interchange.SectionByIdentifier, SchoolID: 255901001,
		LocalCourseCode: "ALG-1", SchoolYear: 2026, SectionIdentifier: fmt.Sprintf("ALG-1-%d", n), SessionName: "Fall"}}
}

// staged gives records of a slice.
type staged struct {
	records []store.StagedRecord
	fail    error // after the last
}

func (s *staged) Next() (*store.StagedRecord, error) {
	if len(s.records) == 0 {
		if s.fail != nil {
			return nil, s.fail
		}
		return nil, io.EOF
	}
	r := s.records[0]
	s.records = s.records[1:]
	return &r, nil
}

// in is one staged record; its place is where it stands in the test's list.
func in(cohort, person uint32, begin, end string, sections ...uint32) store.StagedRecord {
	r := store.StagedRecord{Cohort: cohort, Person: person, Record: interchange.Record{Begin: day(begin), End: day(end)}}
	for _, n := range sections {
		r.Sections = append(r.Sections, interchange.SectionUse{Section: n, Begin: interchange.UnsaidDate})
	}
	return r
}

// dated is in with a section that has a begin date, or says that it has none.
func dated(r store.StagedRecord, section uint32, begin string) store.StagedRecord {
	r.Sections = append(r.Sections, interchange.SectionUse{Section: section, Begin: day(begin)})
	return r
}

// merge merges and gives the outcomes as words, in order.
func merge(t testing.TB, tx *store.Tx, kind interchange.Kind, records ...store.StagedRecord) string {
	t.Helper()
	var words []string
	err := tx.MergeAssociations(t.Context(), kind, &staged{records: records}, interchange.Policies{}, func(c, p uint32, s interchange.Settled, r []interchange.Record) error {
		words = append(words, s.Outcome.String())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(words, " ")
}
