package store_test

import (
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cohortx/store"
)

func rejects(list ...store.Reject) iter.Seq2[store.Reject, error] {
	return func(yield func(store.Reject, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestRun(t *testing.T) {
	now := time.Date(2026, 3, 1, 22, 15, 0, 0, time.UTC)
	db := create(t, store.Options{Now: func() time.Time { now = now.Add(time.Second); return now }})
	if _, err := db.StartRun(t.Context(), store.RunInfo{}); err != store.ErrNotLocked {
		t.Errorf("without the lock: found %v, expected ErrNotLocked", err)
	}
	lock := must[*store.Lock](t)(db.Lock(t.Context()))
	defer lock.Unlock()

	info := store.RunInfo{Command: "import", Mode: "update", Version: "1.0", Settings: map[string]string{"overlap": "warn"}}
	first := must[*store.Run](t)(db.StartRun(t.Context(), info))
	tx := begin(t, db)
	seed(t, tx, 1, 1)
	result := store.Result{
		State: store.Applied, ExitStatus: 2, Release: "2.0",
		Counts: store.Counts{"Cohort": {"created": 1}},
		Files: []store.SourceFile{
			{Name: "a.xml", Kind: "InterchangeStudentCohort", Release: "2.0", Fingerprint: []byte{1, 2}, Bytes: 77, Entities: 130, Rejects: 120, Verdict: "applied"},
			{Name: "-", Kind: "csv:students", Bytes: -1, Verdict: "refused", Detail: "not well-formed"}},
	}
	var list []store.Reject
	for i := range 120 { // more than a statement holds
		list = append(list, store.Reject{File: "a.xml", Line: i + 1, Column: 3, Offset: int64(i) * 100, End: int64(i)*100 + 90, Code: "student_not_found",
			Kind: "StudentCohortAssociation", Key: fmt.Sprint("255901001/C1/", i), Path: "StudentReference", Found: "6 characters", Expected: "a student of the store", Consequence: i%2 == 0})
	}
	result.Rejects = rejects(list...)
	if err := tx.FinishRun(t.Context(), first, result); err != nil {
		t.Fatal(err)
	}
	if got := shell(t, db.Path(), "SELECT state FROM runs"); got != "running" {
		t.Errorf("before the commit the run is %s", got)
	}
	commit(t, tx)

	got, found, err := db.RunByNumber(t.Context(), first.Number)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	want := store.RunRecord{Number: 1, State: store.Applied, Command: "import", Mode: "update", Release: "2.0", Settings: []byte(`{"overlap":"warn"}`), Version: "1.0",
		Host: got.Host, PID: got.PID, Started: got.Started, Finished: got.Finished, ExitStatus: 2, Counts: result.Counts, Rejects: 120, Files: result.Files}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("run 1 (- expected, + found):\n", diff)
	}
	if got.PID == 0 || got.Started.Year() != 2026 || !got.Finished.After(got.Started) {
		t.Errorf("pid %d, started %v, finished %v", got.PID, got.Started, got.Finished)
	}
	var back []store.Reject
	for r, err := range db.Rejects(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		back = append(back, r)
	}
	if diff := cmp.Diff(list, back); diff != "" {
		t.Error("rejects (- expected, + found):\n", diff)
	}

	t.Run("ErrFinishedTwice", func(t *testing.T) {
		if err := first.Finish(t.Context(), store.Result{State: store.Failed}); err == nil {
			t.Error("a run ended twice")
		}
	})
	t.Run("RolledBack", func(t *testing.T) {
		run := must[*store.Run](t)(db.StartRun(t.Context(), info))
		tx := begin(t, db)
		if err := tx.FinishRun(t.Context(), run, store.Result{State: store.Applied}); err != nil {
			t.Fatal(err)
		}
		tx.Rollback()
		broken := errors.New("log unreadable")
		err := run.Finish(t.Context(), store.Result{State: store.Refused, Rejects: func(yield func(store.Reject, error) bool) { yield(store.Reject{}, broken) }})
		if !errors.Is(err, broken) {
			t.Errorf("found %v, expected the log's error", err)
		}
		if err := run.Finish(t.Context(), store.Result{State: store.Refused, ExitStatus: 3, Rejects: rejects(list[0]), Detail: "too many rejects"}); err != nil {
			t.Fatal(err)
		}
		if got := shell(t, db.Path(), "SELECT state, exit_status, rejects, detail FROM runs WHERE run = 2"); got != "refused|3|1|too many rejects" {
			t.Errorf("found %s", got)
		}
	})
	t.Run("Interrupted", func(t *testing.T) {
		must[*store.Run](t)(db.StartRun(t.Context(), info))
		must[*store.Run](t)(db.StartRun(t.Context(), info))
		if got := shell(t, db.Path(), "SELECT run, state FROM runs ORDER BY run"); got != "1|applied\n2|refused\n3|interrupted\n4|running" {
			t.Errorf("found %s", got)
		}
		runs := must[[]store.RunRecord](t)(db.Runs(t.Context()))
		if len(runs) != 4 || runs[0].Number != 4 || runs[0].ExitStatus != -1 || !runs[0].Finished.IsZero() {
			t.Errorf("found %+v", runs)
		}
	})
	t.Run("None", func(t *testing.T) {
		if _, found, err := db.RunByNumber(t.Context(), 99); found || err != nil {
			t.Errorf("found %v, %v", found, err)
		}
	})
}
