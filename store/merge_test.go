package store_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cohortx/interchange"
	"cohortx/store"
)

const (
	student = interchange.StudentCohortAssociationKind
	staff   = interchange.StaffCohortAssociationKind
)

// sortRecords puts records into the order of the primary key.
func sortRecords(records []store.StagedRecord) {
	slices.SortFunc(records, func(a, b store.StagedRecord) int {
		return cmp.Or(cmp.Compare(a.Cohort, b.Cohort), cmp.Compare(a.Person, b.Person), cmp.Compare(a.Begin, b.Begin))
	})
}

func access(r store.StagedRecord, a uint8) store.StagedRecord { r.Access = a; return r }

func TestTx_MergeAssociations(t *testing.T) {
	const b, e, e2 = "2025-09-14", "2025-09-21", "2025-10-01"
	for _, tt := range []struct {
		name     string
		kind     interchange.Kind
		stored   []store.StagedRecord
		in       []store.StagedRecord
		want     string // outcomes
		view     string
		sections string
	}{
		{name: "Created", kind: student, in: []store.StagedRecord{in(1, 1, b, ""), in(1, 2, b, e), in(2, 1, "1900-01-01", "2199-12-31")}, want: "created created created",
			view: "C1|S1|2025-09-14|\nC1|S2|2025-09-14|2025-09-21\nC2|S1|1900-01-01|2199-12-31"},
		{name: "Unchanged", kind: student, stored: []store.StagedRecord{in(1, 1, b, e)}, in: []store.StagedRecord{in(1, 1, b, e)}, want: "unchanged", view: "C1|S1|2025-09-14|2025-09-21"},
		{name: "Ended", kind: student, stored: []store.StagedRecord{in(1, 1, b, "")}, in: []store.StagedRecord{in(1, 1, b, e)}, want: "ended", view: "C1|S1|2025-09-14|2025-09-21"},
		{name: "Redated", kind: student, stored: []store.StagedRecord{in(1, 1, b, e)}, in: []store.StagedRecord{in(1, 1, b, e2)}, want: "redated", view: "C1|S1|2025-09-14|2025-10-01"},
		{name: "Reopened", kind: student, stored: []store.StagedRecord{in(1, 1, b, e)}, in: []store.StagedRecord{in(1, 1, b, "")}, want: "reopened", view: "C1|S1|2025-09-14|"},
		{name: "AnotherBegin", kind: student, stored: []store.StagedRecord{in(1, 1, b, e)}, in: []store.StagedRecord{in(1, 1, e2, "")}, want: "created", view: "C1|S1|2025-09-14|2025-09-21\nC1|S1|2025-10-01|"},
		{name: "Neighbours", kind: student, stored: []store.StagedRecord{in(1, 1, b, e), in(1, 3, b, e), in(2, 2, b, e)}, in: []store.StagedRecord{in(1, 2, b, ""), in(1, 3, b, ""), in(2, 1, b, "")}, want: "created reopened created",
			view: "C1|S1|2025-09-14|2025-09-21\nC1|S2|2025-09-14|\nC1|S3|2025-09-14|\nC2|S1|2025-09-14|\nC2|S2|2025-09-14|2025-09-21"},
		{name: "SectionsNew", kind: student, in: []store.StagedRecord{in(1, 1, b, "", 1, 3)}, want: "created", view: "C1|S1|2025-09-14|", sections: "C1|S1|ALG-1-1\nC1|S1|ALG-1-3"},
		{name: "SectionsSame", kind: student, stored: []store.StagedRecord{in(1, 1, b, "", 1, 3), in(1, 2, b, "", 2)}, in: []store.StagedRecord{in(1, 1, b, "", 1, 3), in(1, 2, b, "", 2)}, want: "unchanged unchanged",
			view: "C1|S1|2025-09-14|\nC1|S2|2025-09-14|", sections: "C1|S1|ALG-1-1\nC1|S1|ALG-1-3\nC1|S2|ALG-1-2"},
		{name: "SectionsOther", kind: student, stored: []store.StagedRecord{in(1, 1, b, "", 1, 3)}, in: []store.StagedRecord{in(1, 1, b, "", 2, 3)}, want: "updated", view: "C1|S1|2025-09-14|", sections: "C1|S1|ALG-1-2\nC1|S1|ALG-1-3"},
		{name: "SectionsGone", kind: student, stored: []store.StagedRecord{in(1, 1, b, "", 1, 3)}, in: []store.StagedRecord{in(1, 1, b, "")}, want: "updated", view: "C1|S1|2025-09-14|"},
		{name: "SectionsAndEnd", kind: student, stored: []store.StagedRecord{in(1, 1, b, "", 1)}, in: []store.StagedRecord{in(1, 1, b, e, 2)}, want: "ended", view: "C1|S1|2025-09-14|2025-09-21", sections: "C1|S1|ALG-1-2"},
		{name: "AccessNew", kind: staff, in: []store.StagedRecord{access(in(1, 1, b, ""), interchange.AccessTrue), access(in(1, 2, b, ""), interchange.AccessFalse), in(1, 3, b, e)}, want: "created created created",
			view: "C1|T1|2025-09-14||1\nC1|T2|2025-09-14||0\nC1|T3|2025-09-14|2025-09-21|"},
		{name: "AccessSame", kind: staff, stored: []store.StagedRecord{in(1, 1, b, ""), access(in(1, 2, b, ""), interchange.AccessFalse)}, in: []store.StagedRecord{in(1, 1, b, ""), access(in(1, 2, b, ""), interchange.AccessFalse)}, want: "unchanged unchanged",
			view: "C1|T1|2025-09-14||\nC1|T2|2025-09-14||0"},
		{name: "AccessOther", kind: staff, stored: []store.StagedRecord{access(in(1, 1, b, ""), interchange.AccessTrue)}, in: []store.StagedRecord{in(1, 1, b, "")}, want: "updated", view: "C1|T1|2025-09-14||"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := create(t, store.Options{})
			tx := begin(t, db)
			seed(t, tx, 3, 2)
			merge(t, tx, tt.kind, tt.stored...)
			commit(t, tx)
			tx = begin(t, db)
			if got := merge(t, tx, tt.kind, tt.in...); got != tt.want {
				t.Errorf("outcomes: found %s, expected %s", got, tt.want)
			}
			commit(t, tx)
			query := "SELECT cohort_identifier, student_unique_id, begin_date, end_date FROM student_cohort_associations ORDER BY 1, 2, 3"
			if tt.kind == staff {
				query = "SELECT cohort_identifier, staff_unique_id, begin_date, end_date, student_record_access FROM staff_cohort_associations ORDER BY 1, 2, 3"
			}
			if got := shell(t, db.Path(), query); got != tt.view {
				t.Errorf("view:\nfound\n%s\nexpected\n%s", got, tt.view)
			}
			if got := shell(t, db.Path(), "SELECT cohort_identifier, student_unique_id, section_identifier FROM student_cohort_association_sections ORDER BY 1, 2, 3"); got != tt.sections {
				t.Errorf("sections:\nfound\n%s\nexpected\n%s", got, tt.sections)
			}
			sound(t, db.Path())
		})
	}
}

// A section that stays keeps what only the JSON form has told of it.
func TestTx_MergeAssociations_KeepsSectionBegin(t *testing.T) {
	db := create(t, store.Options{})
	tx := begin(t, db)
	seed(t, tx, 1, 1)
	if got := merge(t, tx, student, dated(dated(in(1, 1, "2025-09-14", ""), 1, "2024-10-04"), 2, "2024-10-04")); got != "created" {
		t.Errorf("found %s, expected created", got)
	}
	commit(t, tx)
	tx = begin(t, db)
	if got := merge(t, tx, student, in(1, 1, "2025-09-14", "", 1, 2)); got != "unchanged" {
		t.Errorf("found %s, expected unchanged", got)
	}
	tx.Rollback()
	tx = begin(t, db)
	if got := merge(t, tx, student, in(1, 1, "2025-09-14", "", 2, 3)); got != "updated" {
		t.Errorf("found %s, expected updated", got)
	}
	commit(t, tx)
	want := "ALG-1-2|2024-10-04\nALG-1-3|"
	if got := shell(t, db.Path(), "SELECT section_identifier, section_begin_date FROM student_cohort_association_sections ORDER BY 1"); got != want {
		t.Errorf("found %s, expected %s", got, want)
	}
}

// The JSON form says the begin date of a section: it is set, changed and cleared.
func TestTx_MergeAssociations_SectionBegin(t *testing.T) {
	db := create(t, store.Options{})
	tx := begin(t, db)
	seed(t, tx, 1, 1)
	merge(t, tx, student, in(1, 1, "2025-09-14", "", 1))
	commit(t, tx)
	for _, tt := range []struct{ begin, outcome, want string }{
		{"2025-10-01", "updated", "ALG-1-1|2025-10-01"},
		{"2025-10-01", "unchanged", "ALG-1-1|2025-10-01"},
		{"1900-01-01", "updated", "ALG-1-1|1900-01-01"},
		{"2199-12-31", "updated", "ALG-1-1|2199-12-31"},
		{"2199-12-31", "unchanged", "ALG-1-1|2199-12-31"},
		{"", "updated", "ALG-1-1|"},
	} {
		tx := begin(t, db)
		if got := merge(t, tx, student, dated(in(1, 1, "2025-09-14", ""), 1, tt.begin)); got != tt.outcome {
			t.Errorf("%q: found %s, expected %s", tt.begin, got, tt.outcome)
		}
		commit(t, tx)
		if got := shell(t, db.Path(), "SELECT section_identifier, section_begin_date FROM student_cohort_association_sections"); got != tt.want {
			t.Errorf("%q: found %s, expected %s", tt.begin, got, tt.want)
		}
	}
	tx = begin(t, db)
	r := in(1, 1, "2025-09-14", "")
	r.Sections = []interchange.SectionUse{{Section: 1, Begin: interchange.Date(100000)}}
	if err := tx.MergeAssociations(t.Context(), student, &staged{records: []store.StagedRecord{r}}, interchange.Policies{}, ignore); err == nil {
		t.Error("a begin date after 2199 was taken")
	}
	tx.Rollback()
}

// Random nights over many cohorts, larger than a block, against a map.
func TestTx_MergeAssociations_Model(t *testing.T) {
	const cohorts, people = 700, 60
	rnd := rand.New(rand.NewPCG(1, 2))
	db := create(t, store.Options{})
	tx := begin(t, db)
	seed(t, tx, people, cohorts)
	commit(t, tx)
	type key struct {
		cohort, person uint32
		begin          interchange.Date
	}
	model := map[key]store.StagedRecord{}
	for night := range 4 {
		var records []store.StagedRecord
		size := [...]int{12000, 300, 20000, 5}[night]
		seen := map[key]bool{}
		for range size {
			r := in(uint32(rnd.IntN(cohorts)+1), uint32(rnd.IntN(people)+1), "2025-09-14", "")
			r.Begin += interchange.Date(rnd.IntN(3) * 100)
			if rnd.IntN(2) == 0 {
				r.End = r.Begin + interchange.Date(rnd.IntN(3))
			}
			for n := range uint32(3) {
				if rnd.IntN(10) == 0 {
					r.Sections = append(r.Sections, interchange.SectionUse{Section: n + 1, Begin: []interchange.Date{interchange.NoDate, interchange.UnsaidDate, day("2025-10-01")}[rnd.IntN(3)]})
				}
			}
			k := key{r.Cohort, r.Person, r.Begin}
			if !seen[k] {
				seen[k] = true
				records = append(records, r)
				old := model[k]
				r.Sections = slices.Clone(r.Sections)
				for i := range r.Sections {
					if u := &r.Sections[i]; u.Begin == interchange.UnsaidDate {
						u.Begin = interchange.NoDate
						for _, o := range old.Sections {
							if o.Section == u.Section {
								u.Begin = o.Begin
							}
						}
					}
				}
				model[k] = r
			}
		}
		sortRecords(records)
		tx := begin(t, db)
		merge(t, tx, student, records...)
		commit(t, tx)
		tx = begin(t, db)
		if again := merge(t, tx, student, records...); strings.Trim(again, "unchaged ") != "" {
			t.Fatalf("night %d: merged again, something was changed", night)
		}
		tx.Rollback()
	}
	var want []string
	for _, r := range model {
		var sections []string
		for _, u := range r.Sections {
			sections = append(sections, fmt.Sprintf("%d %s", u.Section, u.Begin))
		}
		want = append(want, fmt.Sprintf("C%d|S%d|%s|%s|%s", r.Cohort, r.Person, r.Begin, r.End, strings.Join(sections, ",")))
	}
	slices.Sort(want)
	got := strings.Split(shell(t, db.Path(), `SELECT a.cohort_identifier, a.student_unique_id, a.begin_date, a.end_date,
		coalesce((SELECT group_concat(section_id || ' ' || coalesce(date(section_begin_date * 86400, 'unixepoch'), '') ORDER BY section_id) FROM student_cohort_association_section s JOIN cohort c ON c.id = s.cohort_id JOIN student p ON p.id = s.student_id
		WHERE c.cohort_identifier = a.cohort_identifier AND p.unique_id = a.student_unique_id AND date(s.begin_date * 86400, 'unixepoch') = a.begin_date), '')
		FROM student_cohort_associations a`), "\n")
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the store has %d rows that differ somewhere from the model's %d", len(got), len(want))
	}
	sound(t, db.Path())
}

func TestTx_MergeAssociations_Errors(t *testing.T) {
	run := func(t *testing.T, s *staged) error {
		db := create(t, store.Options{})
		tx := begin(t, db)
		seed(t, tx, 3, 2)
		commit(t, tx)
		before := dump(t, db.Path())
		tx = begin(t, db)
		err := tx.MergeAssociations(t.Context(), student, s, interchange.Policies{}, func(uint32, uint32, interchange.Settled, []interchange.Record) error { return nil })
		tx.Rollback()
		if dump(t, db.Path()) != before {
			t.Error("the store was changed")
		}
		return err
	}
	var unknown *store.UnknownNumberError
	t.Run("ErrUnknownCohort", func(t *testing.T) {
		if err := run(t, &staged{records: []store.StagedRecord{in(1, 1, "2025-09-14", ""), in(3, 1, "2025-09-14", "")}}); !errors.As(err, &unknown) {
			t.Errorf("found %v", err)
		}
	})
	t.Run("ErrUnknownStudent", func(t *testing.T) {
		if err := run(t, &staged{records: []store.StagedRecord{in(1, 4, "2025-09-14", "")}}); !errors.As(err, &unknown) {
			t.Errorf("found %v", err)
		}
	})
	t.Run("ErrUnknownSection", func(t *testing.T) {
		if err := run(t, &staged{records: []store.StagedRecord{in(1, 1, "2025-09-14", "", 4)}}); !errors.As(err, &unknown) {
			t.Errorf("found %v", err)
		}
	})
	t.Run("ErrOrder", func(t *testing.T) {
		if err := run(t, &staged{records: []store.StagedRecord{in(2, 1, "2025-09-14", ""), in(1, 1, "2025-09-14", "")}}); err == nil {
			t.Error("records out of order were merged")
		}
	})
	t.Run("ErrDate", func(t *testing.T) {
		r := in(1, 1, "2025-09-14", "")
		r.End = 100000
		if err := run(t, &staged{records: []store.StagedRecord{r}}); err == nil {
			t.Error("a date of the year 2243 was stored")
		}
	})
	t.Run("ErrStaged", func(t *testing.T) {
		broken := errors.New("disk on fire")
		if err := run(t, &staged{records: []store.StagedRecord{in(1, 1, "2025-09-14", "")}, fail: broken}); !errors.Is(err, broken) {
			t.Errorf("found %v", err)
		}
	})
	t.Run("ErrSink", func(t *testing.T) {
		db := create(t, store.Options{})
		tx := begin(t, db)
		seed(t, tx, 1, 1)
		full := errors.New("report full")
		err := tx.MergeAssociations(t.Context(), student, &staged{records: []store.StagedRecord{in(1, 1, "2025-09-14", "")}}, interchange.Policies{},
			func(uint32, uint32, interchange.Settled, []interchange.Record) error { return full })
		if !errors.Is(err, full) {
			t.Errorf("found %v", err)
		}
	})
	t.Run("ErrTwice", func(t *testing.T) {
		tx := begin(t, create(t, store.Options{}))
		merge(t, tx, student)
		if err := tx.MergeAssociations(t.Context(), student, &staged{}, interchange.Policies{}, nil); err == nil {
			t.Error("a kind was merged twice")
		}
	})
}
