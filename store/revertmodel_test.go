package store_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cohortx/interchange"
	"cohortx/store"
)

// everything is all data that a revert puts back, what no view shows included.
func everything(t testing.TB, path string) string {
	t.Helper()
	all := []string{dump(t, path)}
	for _, q := range []string{
		"SELECT unique_id, system, code FROM student_code JOIN student ON student.id = student_id", "SELECT unique_id, field, position, value FROM student_detail JOIN student ON student.id = student_id",
		"SELECT school_id, session_name FROM session", "SELECT kind, education_organization_id, cohort_identifier, unique_id, begin_date FROM held_removals",
		"SELECT unique_id, maiden_name, hispanic_latino FROM student", "SELECT education_organization_id, cohort_identifier, descriptors, verified FROM cohort",
	} {
		lines := strings.Split(shell(t, path, q), "\n")
		slices.Sort(lines)
		all = append(append(all, q), lines...)
	}
	return strings.Join(all, "\n")
}

// differences are the lines in which two states differ.
func differences(want, got string) string {
	return cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n"))
}

// randomNight does things that depend on nothing but the seed.
func randomNight(t testing.TB, tx *store.Tx, seed uint64, people, cohorts int) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	ctx := t.Context()
	some := func() bool { return rnd.IntN(3) == 0 }
	if err := tx.From(1 + rnd.IntN(2)); err != nil {
		t.Fatal(err)
	}
	if some() {
		must[[]interchange.Outcome](t)(tx.PutEducationOrganizations(ctx, []store.EducationOrganizationRow{
			{ID: int64(300 + rnd.IntN(3)), Name: fmt.Sprint("School ", rnd.IntN(2)), Codes: []store.Code{{System: "State", Code: fmt.Sprint(rnd.IntN(2))}}}}))
	}
	if some() {
		must[[]interchange.Outcome](t)(tx.PutSessions(ctx, []store.SessionRow{{SchoolID: 255901001, SchoolYear: 2026, SessionName: fmt.Sprint("S", rnd.IntN(3)), Term: "Fall"}}))
	}
	var persons []store.PersonRow
	for range rnd.IntN(4) {
		n := rnd.IntN(people) + 1
		p := store.PersonRow{Number: uint32(n), UniqueID: fmt.Sprint("S", n), FirstName: fmt.Sprint("<A&\"é", rnd.IntN(2)), BirthDate: interchange.NoDate}
		if some() {
			p.BirthDate, p.Codes = 14000, []store.Code{{System: "State", Code: fmt.Sprint(rnd.IntN(2))}}
			p.Details = []store.Detail{{Field: "Race", Position: 1, Value: fmt.Sprint("<", rnd.IntN(2))}}
		}
		persons = append(persons, p)
	}
	must[[]interchange.Outcome](t)(tx.PutStudents(ctx, persons))
	var rows []store.CohortRow
	for range rnd.IntN(3) {
		c := cohort(uint32(rnd.IntN(cohorts) + 1))
		c.CohortScope, c.File = []string{"", "Statewide", "District"}[rnd.IntN(3)], 1+rnd.IntN(2)
		for n := range uint32(2) {
			if some() {
				c.ProgramNumbers = append(c.ProgramNumbers, n+1)
			}
		}
		rows = append(rows, c)
	}
	must[[]interchange.Outcome](t)(tx.PutCohorts(ctx, rows))
	for _, kind := range []interchange.Kind{student, staff} {
		var records []store.StagedRecord
		seen := map[store.AssociationKey]bool{}
		var ends []store.AssociationKey
		var refs, targets = []store.PersonRow{}, []store.CohortRow{}
		for range rnd.IntN(5) {
			r := in(uint32(rnd.IntN(cohorts)+1), uint32(rnd.IntN(people)+1), "2025-09-14", "")
			r.Begin += interchange.Date(rnd.IntN(2))
			k := key(r)
			if seen[k] {
				continue
			}
			seen[k] = true
			if some() {
				ends = append(ends, k)
				continue
			}
			r.Place = interchange.PlaceOf(rnd.IntN(2), int64(rnd.IntN(1000)))
			if some() {
				r.End = r.Begin + interchange.Date(rnd.IntN(3))
			}
			if kind == staff {
				r.Access = uint8(rnd.IntN(3))
			} else if some() {
				r.Sections = []interchange.SectionUse{{Section: uint32(rnd.IntN(3) + 1), Begin: []interchange.Date{interchange.NoDate, 20000}[rnd.IntN(2)]}}
			}
			records = append(records, r)
			name := "S"
			if kind == staff {
				name = "T"
			}
			refs = append(refs, store.PersonRow{Number: r.Person, UniqueID: fmt.Sprint(name, r.Person), BirthDate: interchange.NoDate, Unverified: true})
			c := cohort(r.Cohort)
			c.CohortType, c.Unverified = "", true
			targets = append(targets, c)
		}
		if kind == student {
			must[[]interchange.Outcome](t)(tx.PutStudents(ctx, refs))
		} else {
			must[[]interchange.Outcome](t)(tx.PutStaff(ctx, refs))
		}
		must[[]interchange.Outcome](t)(tx.PutCohorts(ctx, targets))
		sortRecords(records)
		merge(t, tx, kind, records...)
		slices.SortFunc(ends, store.AssociationKey.Compare)
		if err := tx.RemoveAbsent(ctx, kind, each(ends...), day("2025-10-01"), func(store.AssociationKey, interchange.Outcome) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
}

// copyStore copies a closed store.
func copyStore(t testing.TB, from string) *store.DB {
	t.Helper()
	in := must[*os.File](t)(os.Open(from))
	defer in.Close()
	path := filepath.Join(t.TempDir(), "copy.db")
	out := must[*os.File](t)(os.Create(path))
	must[int64](t)(io.Copy(out, in))
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, path, store.Options{})
}

// Random nights. A run that can be reverted alone leaves the store as it would be without it, and is brought back by the revert of the revert; in
// turn, all can be reverted, each time to what was there before.
func TestTx_Revert_Model(t *testing.T) {
	const nights, people, cohorts = 5, 24, 16
	alone := 0
	for trial := range uint64(4) {
		load := func(without int) (string, []string, []int64) {
			db := create(t, store.Options{})
			inRun(t, db, func(tx *store.Tx) { seed(t, tx, 2, 2) })
			states := []string{everything(t, db.Path())}
			var runs []int64
			for n := range nights {
				if n != without {
					runs = append(runs, inRun(t, db, func(tx *store.Tx) { randomNight(t, tx, trial*100+uint64(n), people, cohorts) }))
				}
				states = append(states, everything(t, db.Path()))
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			return db.Path(), states, runs
		}
		path, states, runs := load(-1)
		for n, run := range runs {
			db := copyStore(t, path)
			if out := revert(t, db, run); len(out.Conflicts) > 0 {
				if got := everything(t, db.Path()); got != states[nights] {
					t.Fatalf("trial %d: a refused revert of run %d has changed something", trial, run)
				}
				continue
			}
			if n < nights-1 {
				alone++
			}
			_, without, _ := load(n)
			if got, want := everything(t, db.Path()), without[nights]; got != want {
				t.Fatalf("trial %d: without run %d(- expected, + found):\n%s", trial, run, differences(want, got))
			}
			last := must[[]store.RunRecord](t)(db.Runs(t.Context()))[0].Number
			if out := revert(t, db, last); len(out.Conflicts) > 0 {
				t.Fatalf("trial %d: the revert of run %d cannot be reverted: %+v", trial, run, out.Conflicts)
			}
			if got := everything(t, db.Path()); got != states[nights] {
				t.Fatalf("trial %d: run %d reverted and back(- expected, + found):\n%s", trial, run, differences(states[nights], got))
			}
		}
		db := copyStore(t, path)
		for range 2 { // and once more, after all of it has come back
			var reverts []int64
			for n, run := range slices.Backward(runs) {
				if out := revert(t, db, run); len(out.Conflicts) > 0 {
					t.Fatalf("trial %d: run %d: %+v", trial, run, out.Conflicts)
				}
				if got := everything(t, db.Path()); got != states[n] {
					t.Fatalf("trial %d: after the revert of run %d(- expected, + found):\n%s", trial, run, differences(states[n], got))
				}
				reverts = append(reverts, must[[]store.RunRecord](t)(db.Runs(t.Context()))[0].Number)
			}
			for i, run := range slices.Backward(reverts) {
				if out := revert(t, db, run); len(out.Conflicts) > 0 {
					t.Fatalf("trial %d: run %d: %+v", trial, run, out.Conflicts)
				}
				if got := everything(t, db.Path()); got != states[nights-i] {
					t.Fatalf("trial %d: after the revert of the revert %d(- expected, + found):\n%s", trial, run, differences(states[nights-i], got))
				}
			}
		}
		all := append([]int64{1}, runs...)
		if out := revert(t, db, all...); len(out.Conflicts) > 0 {
			t.Fatalf("trial %d: all: %+v", trial, out.Conflicts)
		}
		if got := shell(t, db.Path(), "SELECT (SELECT count(*) FROM student) + (SELECT count(*) FROM cohort) + (SELECT count(*) FROM education_organization) + (SELECT count(*) FROM session)"); got != "0" {
			t.Fatalf("trial %d: something is left", trial)
		}
	}
	if alone < 2 {
		t.Errorf("%d runs before the last could be reverted alone: the nights have too much in common for a test", alone)
	}
	t.Logf("%d runs before the last were reverted alone", alone)
}
