package store_test

import (
	"os"
	"testing"

	"cohortx/interchange"
	"cohortx/store"
)

// startRun starts a run under the lock, so that what follows is recorded.
func startRun(t testing.TB, db *store.DB, command string) *store.Run {
	t.Helper()
	lock := must[*store.Lock](t)(db.Lock(t.Context()))
	defer lock.Unlock()
	return must[*store.Run](t)(db.StartRun(t.Context(), store.RunInfo{Command: command, Mode: "update"}))
}

// inRun does something in a transaction of a run of its own.
func inRun(t testing.TB, db *store.DB, f func(tx *store.Tx)) int64 {
	t.Helper()
	run := startRun(t, db, "import")
	tx := begin(t, db)
	f(tx)
	if err := tx.FinishRun(t.Context(), run, store.Result{State: store.Applied}); err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
	return run.Number
}

// What history costs: a first load writes no row for an association, and next to nothing into the file.
func TestHistory_FirstLoad(t *testing.T) {
	const cohorts, people = 1000, 2000
	var records []store.StagedRecord
	for c := range uint32(cohorts) {
		for p := range uint32(50) {
			r := in(c+1, (c*37+p*31)%people+1, "2025-09-14", "")
			r.Place = interchange.PlaceOf(0, int64(len(records))*600)
			records = append(records, r)
		}
	}
	sortRecords(records)
	size := func(record bool) (int64, *store.DB) {
		db := create(t, store.Options{})
		load := func(tx *store.Tx) {
			seed(t, tx, people, cohorts)
			merge(t, tx, student, records...)
			merge(t, tx, staff, records...)
		}
		if record {
			inRun(t, db, load)
		} else {
			tx := begin(t, db)
			load(tx)
			commit(t, tx)
		}
		path := db.Path()
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		info := must[os.FileInfo](t)(os.Stat(path))
		return info.Size(), open(t, path, store.Options{})
	}
	without, _ := size(false)
	with, db := size(true)
	if with > without+without/50 {
		t.Errorf("the store has %d bytes, %d without history: more than 2 %%", with, without)
	}
	// Two organizations; no row for an association.
	if got := shell(t, db.Path(), "SELECT count(*), count(DISTINCT kind) FROM change"); got != "2|1" {
		t.Errorf("changes: found %s, expected those of 2 organizations", got)
	}
	want := "1|1|1000\n2|1|1000\n3|1|1000\n4|1|2000\n5|1|2000\n7|1|3\n8|1|2"
	if got := shell(t, db.Path(), "SELECT kind, first, last FROM origin ORDER BY kind, first"); got != want {
		t.Errorf("origins: found\n%s\nexpected\n%s", got, want)
	}
}

// What a later night changes is noted with what was there before, and what it finds unchanged confirms what came before.
func TestHistory_Changes(t *testing.T) {
	db := create(t, store.Options{})
	b, e := "2025-09-14", "2025-09-21"
	load := func(records ...store.StagedRecord) {
		inRun(t, db, func(tx *store.Tx) {
			tx.Lines(func(p interchange.Place) (int, error) { return int(p.Offset()), nil })
			merge(t, tx, student, records...)
		})
	}
	at := func(r store.StagedRecord, file int, line int64) store.StagedRecord {
		r.Place = interchange.PlaceOf(file, line)
		return r
	}
	inRun(t, db, func(tx *store.Tx) { seed(t, tx, 3, 3) })
	load(at(in(1, 1, b, "", 1, 2), 0, 7), at(in(1, 2, b, e), 0, 8), at(in(2, 1, b, ""), 0, 9), at(in(2, 2, b, ""), 1, 9))
	const origins = "SELECT first, last, run_id, position, confirmed_run FROM origin WHERE kind = 2 ORDER BY first"
	if got, want := shell(t, db.Path(), origins), "1|1|2|1|\n2|2|2||"; got != want {
		t.Errorf("origins: found\n%s\nexpected\n%s", got, want)
	}
	load(at(in(1, 1, b, e, 3), 0, 11), at(in(1, 3, b, ""), 1, 12), at(in(3, 1, b, ""), 0, 13))
	const changes = "SELECT number, person_id, run_id, outcome, position, line, end_date, rest, confirmed_run FROM change WHERE kind = 2 ORDER BY 1, 2, 3"
	want := "1|1|3|3|1|11||[[1,null],[2,null]]|\n1|3|3|1|2|12|||"
	if got := shell(t, db.Path(), changes); got != want {
		t.Errorf("changes: found\n%s\nexpected\n%s", got, want)
	}
	load(at(in(1, 3, b, ""), 0, 1))
	if got, want := shell(t, db.Path(), changes), "1|1|3|3|1|11||[[1,null],[2,null]]|\n1|3|3|1|2|12|||4"; got != want {
		t.Errorf("one confirmed: found\n%s\nexpected\n%s", got, want)
	}
	if got, want := shell(t, db.Path(), origins), "1|1|2|1|\n2|2|2||\n3|3|3|1|"; got != want {
		t.Errorf("origins: found\n%s\nexpected\n%s", got, want)
	}
	load(at(in(2, 1, b, ""), 0, 1))
	if got, want := shell(t, db.Path(), origins), "1|1|2|1|\n2|2|2||5\n3|3|3|1|"; got != want {
		t.Errorf("an origin confirmed: found\n%s\nexpected\n%s", got, want)
	}
}
