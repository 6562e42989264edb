package store_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"cohortx/interchange"
	"cohortx/store"
)

// The size of a large state's night: 1,000,000 associations of 350,000 students in 50,000 cohorts, a tenth with a section.
const (
	benchStudents     = 350_000
	benchCohorts      = 50_000
	benchAssociations = 1_000_000
)

// benchStaged gives records without an allocation each.
type benchStaged struct {
	records []store.StagedRecord
	at      int
}

func (s *benchStaged) Next() (*store.StagedRecord, error) {
	if s.at == len(s.records) {
		return nil, io.EOF
	}
	s.at++
	return &s.records[s.at-1], nil
}

func benchStore(b *testing.B) *store.DB {
	b.Helper()
	db := create(b, store.Options{})
	tx := begin(b, db)
	seed(b, tx, 0, 0)
	var students []store.PersonRow
	for i := range benchStudents {
		students = append(students, store.PersonRow{Number: uint32(i + 1), UniqueID: fmt.Sprintf("%010d", (i*7919)%1_000_003), FirstName: "Ana", LastSurname: "Ruiz", BirthDate: 14000})
	}
	must[[]interchange.Outcome](b)(tx.PutStudents(b.Context(), students))
	var cohorts []store.CohortRow
	for i := range benchCohorts {
		cohorts = append(cohorts, cohort(uint32(i+1)))
	}
	must[[]interchange.Outcome](b)(tx.PutCohorts(b.Context(), cohorts))
	commit(b, tx)
	return db
}

func benchRecords() []store.StagedRecord {
	rnd := rand.New(rand.NewPCG(1, 1))
	records := make([]store.StagedRecord, 0, benchAssociations)
	const each = benchAssociations / benchCohorts
	for c := range benchCohorts {
		persons := make([]int, each)
		for i := range persons {
			persons[i] = rnd.IntN(benchStudents) + 1
		}
		slices.Sort(persons)
		persons = slices.Compact(persons)
		for _, p := range persons {
			r := store.StagedRecord{Cohort: uint32(c + 1), Person: uint32(p)}
			r.Begin, r.End = interchange.Date(20000+rnd.IntN(300)), interchange.NoDate
			if rnd.IntN(10) < 4 {
				r.End = r.Begin + 30
			}
			if rnd.IntN(10) == 0 {
				r.Sections = []interchange.SectionUse{{Section: uint32(rnd.IntN(3) + 1), Begin: interchange.UnsaidDate}}
			}
			records = append(records, r)
		}
	}
	return records
}

// benchMerge merges in a run of its own, as an import does: what it changes is recorded.
func benchMerge(b *testing.B, db *store.DB, records []store.StagedRecord) {
	run := startRun(b, db, "import")
	tx, err := db.Begin(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	if err := tx.MergeAssociations(b.Context(), student, &benchStaged{records: records}, interchange.Policies{}, ignore); err != nil {
		b.Fatal(err)
	}
	if err := tx.FinishRun(b.Context(), run, store.Result{State: store.Applied}); err != nil {
		b.Fatal(err)
	}
	commit(b, tx)
}

func BenchmarkMerge_First(b *testing.B) {
	records := benchRecords()
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		db := benchStore(b)
		must[*store.Dictionaries](b)(db.Dictionaries(b.Context()))
		b.StartTimer()
		benchMerge(b, db, records)
		b.StopTimer()
		db.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(len(records))*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkMerge_Night is the same set again with one association in a hundred ended.
func BenchmarkMerge_Night(b *testing.B) {
	db, records := benchStore(b), benchRecords()
	must[*store.Dictionaries](b)(db.Dictionaries(b.Context()))
	benchMerge(b, db, records)
	night := 0
	b.ReportAllocs()
	for b.Loop() {
		night++
		for i := night % 100; i < len(records); i += 100 {
			records[i].End = records[i].Begin + interchange.Date(night)
		}
		benchMerge(b, db, records)
	}
	b.ReportMetric(float64(len(records))*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkMerge_Unchanged is the same set again: what reading the stored rows costs.
func BenchmarkMerge_Unchanged(b *testing.B) {
	db, records := benchStore(b), benchRecords()
	must[*store.Dictionaries](b)(db.Dictionaries(b.Context()))
	benchMerge(b, db, records)
	b.ReportAllocs()
	for b.Loop() {
		benchMerge(b, db, records)
	}
	b.ReportMetric(float64(len(records))*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkMerge_Few is one cohort of a large store.
func BenchmarkMerge_Few(b *testing.B) {
	db, records := benchStore(b), benchRecords()
	must[*store.Dictionaries](b)(db.Dictionaries(b.Context()))
	benchMerge(b, db, records)
	b.ReportAllocs()
	for b.Loop() {
		benchMerge(b, db, records[len(records)/2:len(records)/2+20])
	}
}

func BenchmarkDictionaries(b *testing.B) {
	db := benchStore(b)
	b.ReportAllocs()
	for b.Loop() {
		must[*store.Dictionaries](b)(db.Dictionaries(b.Context()))
	}
}

func BenchmarkPutStudents_Again(b *testing.B) {
	db := create(b, store.Options{})
	var rows []store.PersonRow
	for i := range 100_000 {
		rows = append(rows, store.PersonRow{Number: uint32(i + 1), UniqueID: fmt.Sprint(i), FirstName: "Ana", LastSurname: "Ruiz", BirthDate: 14000,
			Codes: []store.Code{{System: "State", Assigner: "TX", Code: fmt.Sprint(i)}}})
	}
	b.ReportAllocs()
	for b.Loop() {
		tx := begin(b, db)
		must[[]interchange.Outcome](b)(tx.PutStudents(b.Context(), rows))
		commit(b, tx)
	}
	b.ReportMetric(float64(len(rows))*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkExport(b *testing.B) {
	db, records := benchStore(b), benchRecords()
	must[*store.Dictionaries](b)(db.Dictionaries(b.Context()))
	benchMerge(b, db, records)
	b.ReportAllocs()
	for b.Loop() {
		e := must[*store.Export](b)(db.Export(context.Background(), store.Filter{}))
		n := 0
		for block, err := range e.Blocks(b.Context(), student) {
			if err != nil {
				b.Fatal(err)
			}
			if err := block.Each(func(*interchange.Association) error { n++; return nil }); err != nil {
				b.Fatal(err)
			}
			block.Release()
		}
		e.Close()
		if n != len(records) {
			b.Fatalf("%d associations, expected %d", n, len(records))
		}
	}
	b.ReportMetric(float64(len(records))*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
