package store_test

import (
	"slices"
	"testing"

	"cohortx/store"
)

// revert reverts runs in a run of its own, and gives the conflicts.
func revert(t testing.TB, db *store.DB, runs ...int64) store.Reverted {
	t.Helper()
	run := startRun(t, db, "revert")
	tx := begin(t, db)
	out := must[store.Reverted](t)(tx.Revert(t.Context(), runs))
	if len(out.Conflicts) > 0 {
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		if err := run.Finish(t.Context(), store.Result{State: store.Refused, ExitStatus: 3}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	if err := tx.FinishRun(t.Context(), run, store.Result{State: store.Applied}); err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
	sound(t, db.Path())
	return out
}

func TestTx_Revert(t *testing.T) {
	const b, e = "2025-09-14", "2025-09-21"
	db := create(t, store.Options{})
	states := []string{dump(t, db.Path())}
	night := func(f func(tx *store.Tx)) int64 {
		n := inRun(t, db, f)
		states = append(states, dump(t, db.Path()))
		return n
	}
	var runs []int64
	runs = append(runs, night(func(tx *store.Tx) { seed(t, tx, 5, 3) }))
	runs = append(runs, night(func(tx *store.Tx) {
		merge(t, tx, student, in(1, 1, b, "", 1, 2), in(1, 2, b, e), in(2, 1, b, ""))
		merge(t, tx, staff, access(in(1, 1, b, ""), 2))
	}))
	runs = append(runs, night(func(tx *store.Tx) {
		merge(t, tx, student, in(1, 1, b, e, 3), in(1, 2, b, e), in(1, 4, b, ""), in(2, 1, b, ""), in(3, 3, b, ""))
		merge(t, tx, staff, in(1, 1, b, ""))
	}))
	for i, n := range slices.Backward(runs) {
		if i > 0 {
			out := revert(t, db, runs[i-1])
			if len(out.Conflicts) == 0 {
				t.Errorf("run %d was reverted, though run %d came after it", runs[i-1], n)
			}
			if got := dump(t, db.Path()); got != states[i+1] {
				t.Errorf("a refused revert has changed the store")
			}
		}
		if out := revert(t, db, n); len(out.Conflicts) > 0 {
			t.Fatalf("run %d: %+v", n, out.Conflicts)
		}
		if got := dump(t, db.Path()); got != states[i] {
			t.Errorf("after the revert of run %d:\nfound\n%s\nexpected\n%s", n, got, states[i])
		}
	}
}
