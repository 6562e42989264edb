package store_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"cohortx/interchange"
	"cohortx/store"
)

func key(r store.StagedRecord) store.AssociationKey {
	return store.AssociationKey{Cohort: r.Cohort, Person: r.Person, Begin: r.Begin}
}

func each(keys ...store.AssociationKey) iter.Seq2[store.AssociationKey, error] {
	return func(yield func(store.AssociationKey, error) bool) {
		for _, k := range keys {
			if !yield(k, nil) {
				return
			}
		}
	}
}

// active reads all keys that Active gives, as text.
func active(t *testing.T, tx *store.Tx, kind interchange.Kind, cohorts []uint32, asOf string) []store.AssociationKey {
	t.Helper()
	var list []store.AssociationKey
	for k, err := range tx.Active(t.Context(), kind, cohorts, day(asOf)) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, k)
	}
	return list
}

func TestTx_Active(t *testing.T) {
	records := []store.StagedRecord{
		in(1, 1, "2025-09-01", ""), in(1, 1, "2025-09-02", "2026-01-31"), in(1, 2, "2025-09-01", "2026-02-01"), in(1, 2, "2025-09-02", "2026-02-02"),
		in(1, 3, "2026-03-01", "2026-03-01"), in(1, 3, "2026-04-01", ""), in(2, 1, "2025-09-01", ""), in(3, 1, "1900-01-01", "2199-12-31"),
	}
	for _, exclusive := range []bool{false, true} {
		for _, kind := range []interchange.Kind{student, staff} {
			t.Run(fmt.Sprintf("%s %v", kind, exclusive), func(t *testing.T) {
				db := create(t, store.Options{EndExclusive: exclusive})
				tx := begin(t, db)
				seed(t, tx, 3, 3)
				merge(t, tx, kind, records...)
				commit(t, tx)
				tx = begin(t, db)
				var want []store.AssociationKey
				for _, r := range records {
					if r.Cohort != 2 && interchange.ActiveFrom(interchange.Dates{Begin: r.Begin, End: r.End}, day("2026-02-01"), exclusive) {
						want = append(want, key(r))
					}
				}
				if got := active(t, tx, kind, []uint32{1, 3}, "2026-02-01"); !slices.Equal(got, want) {
					t.Errorf("found %v, want %v", got, want)
				}
				if got := active(t, tx, kind, nil, "2026-02-01"); len(got) != 0 {
					t.Errorf("no cohorts: found %v", got)
				}
				// It sees the store as it was at Begin.
				merge(t, tx, kind, in(1, 2, "2025-09-03", ""))
				if got := active(t, tx, kind, []uint32{1, 3}, "2026-02-01"); !slices.Equal(got, want) {
					t.Errorf("with a new one: found %v, want %v", got, want)
				}
			})
		}
	}
}

// Cohorts with more rows than come at a time, more cohorts than are read at a time, one of them of just that size.
func TestTx_Active_Large(t *testing.T) {
	const people, cohorts = 4200, 130
	db := create(t, store.Options{})
	tx := begin(t, db)
	seed(t, tx, people, cohorts)
	var records []store.StagedRecord
	for c := uint32(1); c <= cohorts; c++ {
		n := uint32(3)
		switch c {
		case 1, 64, 130:
			n = people
		case 2:
			n = 2048 // with two rows each
		}
		for p := uint32(1); p <= n; p++ {
			records = append(records, in(c, p, "1950-01-01", ""))
			if c < 4 {
				records = append(records, in(c, p, "2025-01-01", ""))
			}
		}
	}
	merge(t, tx, student, records...)
	commit(t, tx)
	var all []uint32
	var want []store.AssociationKey
	for c := uint32(1); c <= cohorts; c++ {
		all = append(all, c)
	}
	for _, r := range records {
		want = append(want, key(r))
	}
	tx = begin(t, db)
	if got := active(t, tx, student, all, "2026-02-01"); !slices.Equal(got, want) {
		t.Fatalf("found %d keys that differ somewhere from %d", len(got), len(want))
	}
	for range tx.Active(t.Context(), student, all, day("2026-02-01")) {
		break // an early end is no error
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range tx.Active(ctx, student, all, day("2026-02-01")) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: found %v", err)
		}
	}

	// All but every hundredth are removed, more than a block.
	var keys []store.AssociationKey
	for i, k := range want {
		if i%100 > 0 {
			keys = append(keys, k)
		}
	}
	counts := map[interchange.Outcome]int{}
	err := tx.RemoveAbsent(t.Context(), student, each(keys...), day("2000-01-01"), func(_ store.AssociationKey, o interchange.Outcome) error {
		counts[o]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
	stays := shell(t, db.Path(), "SELECT count(*) FILTER (WHERE end_date IS NULL), count(*) FILTER (WHERE end_date = '1999-12-31') FROM student_cohort_associations")
	if want := fmt.Sprintf("%d|%d", len(want)-len(keys), counts[interchange.EndedByAbsence]); stays != want || counts[interchange.Withdrawn] == 0 || counts[0] > 0 {
		t.Errorf("found %s, want %s; %v", stays, want, counts)
	}
	sound(t, db.Path())
}

func TestTx_RemoveAbsent(t *testing.T) {
	db := create(t, store.Options{})
	tx := begin(t, db)
	seed(t, tx, 4, 2)
	records := []store.StagedRecord{
		in(1, 1, "2025-09-01", "", 1, 2), in(1, 1, "2026-02-01", "", 1, 3), in(1, 2, "2025-09-01", "2026-01-31"), in(1, 3, "2025-09-01", ""), in(2, 1, "2026-03-01", "2026-04-01", 2),
	}
	merge(t, tx, student, records...)
	merge(t, tx, staff, access(in(1, 1, "2025-09-01", ""), interchange.AccessTrue))
	commit(t, tx)
	remove := func(t *testing.T, tx *store.Tx, kind interchange.Kind, keys ...store.AssociationKey) (string, error) {
		var words []string
		err := tx.RemoveAbsent(t.Context(), kind, each(keys...), day("2026-02-01"), func(k store.AssociationKey, o interchange.Outcome) error {
			words = append(words, fmt.Sprintf("%d/%d %s", k.Cohort, k.Person, o))
			return nil
		})
		return strings.Join(words, ", "), err
	}
	t.Run("ErrOrder", func(t *testing.T) {
		tx := begin(t, db)
		defer tx.Rollback()
		if _, err := remove(t, tx, student, key(records[1]), key(records[0])); err == nil {
			t.Error("keys out of order were removed")
		}
	})
	t.Run("ErrKeys", func(t *testing.T) {
		tx := begin(t, db)
		defer tx.Rollback()
		broken := errors.New("disk on fire")
		err := tx.RemoveAbsent(t.Context(), student, func(yield func(store.AssociationKey, error) bool) { yield(store.AssociationKey{}, broken) }, 0, nil)
		if !errors.Is(err, broken) {
			t.Errorf("found %v", err)
		}
	})
	t.Run("OK", func(t *testing.T) {
		tx := begin(t, db)
		missing := key(in(1, 4, "2025-09-01", ""))
		got, err := remove(t, tx, student, key(records[0]), key(records[1]), key(records[2]), missing, key(records[4]))
		if want := "1/1 ended_by_absence, 1/1 withdrawn, 1/2 , 1/4 , 2/1 withdrawn"; err != nil || got != want {
			t.Errorf("found %s, %v; want %s", got, err, want)
		}
		if got, err := remove(t, tx, staff, key(records[0])); err != nil || got != "1/1 ended_by_absence" {
			t.Errorf("staff: found %s, %v", got, err)
		}
		commit(t, tx)
		if got, want := shell(t, db.Path(), "SELECT cohort_identifier, student_unique_id, begin_date, end_date FROM student_cohort_associations ORDER BY 1, 2, 3"),
			"C1|S1|2025-09-01|2026-01-31\nC1|S2|2025-09-01|2026-01-31\nC1|S3|2025-09-01|"; got != want {
			t.Errorf("found\n%s\nwant\n%s", got, want)
		}
		if got := shell(t, db.Path(), "SELECT begin_date, section_identifier FROM student_cohort_association_sections ORDER BY 1, 2"); got != "2025-09-01|ALG-1-1\n2025-09-01|ALG-1-2" {
			t.Errorf("sections: found %s", got)
		}
		if got := shell(t, db.Path(), "SELECT end_date, student_record_access FROM staff_cohort_associations"); got != "2026-01-31|1" {
			t.Errorf("staff: found %s", got)
		}
		sound(t, db.Path())
	})
}
