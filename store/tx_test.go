package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cohortx/interchange"
	"cohortx/store"
)

func TestDB_Begin(t *testing.T) {
	t.Run("ErrNoDictionaries", func(t *testing.T) {
		if _, err := create(t, store.Options{}).Begin(t.Context()); err != store.ErrNoDictionaries {
			t.Errorf("found %v", err)
		}
	})
	t.Run("ErrChanged", func(t *testing.T) {
		db := create(t, store.Options{})
		must[*store.Dictionaries](t)(db.Dictionaries(t.Context()))
		write(t, db.Path(), "INSERT INTO student (unique_id) VALUES ('by hand')")
		_, err := db.Begin(t.Context())
		var e *store.ChangedError
		if !errors.As(err, &e) {
			t.Fatalf("found %v, expected a *ChangedError", err)
		}
		tx := begin(t, db) // with new dictionaries
		commit(t, tx)
	})
	t.Run("OwnRunsAreNoChange", func(t *testing.T) {
		db := create(t, store.Options{})
		must[*store.Lock](t)(db.Lock(t.Context()))
		must[*store.Dictionaries](t)(db.Dictionaries(t.Context()))
		must[*store.Run](t)(db.StartRun(t.Context(), store.RunInfo{Command: "import"}))
		for range 2 { // nor is what this program has committed itself
			commit(t, must[*store.Tx](t)(db.Begin(t.Context())))
		}
	})
	t.Run("ErrBusy", func(t *testing.T) {
		db := create(t, store.Options{Busy: 20 * time.Millisecond})
		must[*store.Dictionaries](t)(db.Dictionaries(t.Context()))
		other, err := sql.Open("sqlite3", db.Path())
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		c := must[*sql.Conn](t)(other.Conn(t.Context()))
		defer c.Close()
		must[sql.Result](t)(c.ExecContext(t.Context(), "BEGIN IMMEDIATE"))
		_, err = db.Begin(t.Context())
		var e *store.BusyError
		if !errors.As(err, &e) {
			t.Errorf("found %v, expected a *BusyError", err)
		}
		must[sql.Result](t)(c.ExecContext(t.Context(), "ROLLBACK"))
		commit(t, must[*store.Tx](t)(db.Begin(t.Context())))
	})
	t.Run("ErrCancelled", func(t *testing.T) {
		db := create(t, store.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		tx := begin(t, db)
		seed(t, tx, 3, 2)
		before := dump(t, db.Path())
		err := tx.MergeAssociations(ctx, student, &staged{records: []store.StagedRecord{in(1, 1, "2025-09-14", ""), in(1, 2, "2025-09-14", "")}}, interchange.Policies{},
			func(uint32, uint32, interchange.Settled, []interchange.Record) error { cancel(); return nil })
		if !errors.Is(err, context.Canceled) {
			err = tx.Commit(ctx)
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("found %v", err)
		}
		tx.Rollback()
		if dump(t, db.Path()) != before {
			t.Error("a cancelled transaction has changed the store")
		}
	})
	t.Run("RolledBackNumbersAreUnknown", func(t *testing.T) {
		db := create(t, store.Options{})
		tx := begin(t, db)
		seed(t, tx, 3, 2)
		tx.Rollback()
		tx = must[*store.Tx](t)(db.Begin(t.Context()))
		defer tx.Rollback()
		_, err := tx.PutCohorts(t.Context(), []store.CohortRow{cohort(1)})
		var e *store.UnknownNumberError
		if !errors.As(err, &e) {
			t.Errorf("found %v, expected a *UnknownNumberError", err)
		}
	})
}

// A person with an open SELECT does not block a run and goes on seeing what was there; nobody sees half a set.
func TestTx_Readers(t *testing.T) {
	db := create(t, store.Options{Busy: 50 * time.Millisecond})
	tx := begin(t, db)
	seed(t, tx, 3, 2)
	merge(t, tx, student, in(1, 1, "2025-09-14", ""), in(1, 2, "2025-09-14", ""))
	commit(t, tx)
	reader, err := sql.Open("sqlite3", db.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	rows, err := reader.QueryContext(t.Context(), "SELECT student_unique_id FROM student_cohort_associations")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatal("no row")
	}
	tx = begin(t, db)
	merge(t, tx, student, in(1, 1, "2025-09-14", "2025-09-21"), in(1, 3, "2025-09-14", ""), in(2, 2, "2025-09-14", ""))
	if got := shell(t, db.Path(), "SELECT count(*) FROM student_cohort_associations"); got != "2" {
		t.Errorf("before the commit a reader sees %s rows, expected 2", got)
	}
	commit(t, tx)
	n := 1
	for rows.Next() {
		n++
	}
	if rows.Err() != nil || n != 2 {
		t.Errorf("the open SELECT: %d rows, %v; expected the 2 of before", n, rows.Err())
	}
	if got := shell(t, db.Path(), "SELECT count(*), count(end_date) FROM student_cohort_associations"); got != "4|1" {
		t.Errorf("after the commit a reader sees %s", got)
	}
}

// many is records of n cohorts with all of k people.
func many(n, k int) *staged {
	s := &staged{}
	for c := 1; c <= n; c++ {
		for p := 1; p <= k; p++ {
			s.records = append(s.records, in(uint32(c), uint32(p), "2025-09-14", ""))
		}
	}
	return s
}

func ignore(uint32, uint32, interchange.Settled, []interchange.Record) error { return nil }

func TestTx_Full(t *testing.T) {
	db := create(t, store.Options{})
	tx := begin(t, db)
	seed(t, tx, 100, 200)
	commit(t, tx)
	path := db.Path()
	db.Close()
	var pages int64
	fmt.Sscan(shell(t, path, "PRAGMA page_count"), &pages)
	db = open(t, path, store.Options{MaxPages: pages + 20})
	before := dump(t, db.Path())
	must[*store.Lock](t)(db.Lock(t.Context()))
	run := must[*store.Run](t)(db.StartRun(t.Context(), store.RunInfo{Command: "import"}))
	tx = begin(t, db)
	err := tx.MergeAssociations(t.Context(), student, many(200, 100), interchange.Policies{}, ignore)
	if err == nil {
		err = tx.Commit(t.Context())
	}
	var full *store.FullError
	if !errors.As(err, &full) {
		t.Fatalf("found %v, expected a *FullError", err)
	}
	tx.Rollback()
	if dump(t, db.Path()) != before {
		t.Error("the data are not as before")
	}
	if err := run.Finish(t.Context(), store.Result{State: store.Failed, ExitStatus: 1, Detail: err.Error()}); err != nil {
		t.Errorf("the run's end could not be written: %v", err)
	}
	sound(t, db.Path())
	// With room, the same set goes in.
	db.Close()
	db = open(t, path, store.Options{})
	tx = begin(t, db)
	if err := tx.MergeAssociations(t.Context(), student, many(200, 100), interchange.Policies{}, ignore); err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
	if got := shell(t, path, "SELECT count(*) FROM student_cohort_associations"); got != "20000" {
		t.Errorf("found %s rows", got)
	}
}

// Wherever the disk is full, nothing is left of a merge, in the history neither: SQLite rolls back by itself then, and a statement after that would
// be a transaction of its own.
func TestTx_FullAnywhere(t *testing.T) {
	db := create(t, store.Options{})
	tx := begin(t, db)
	seed(t, tx, 100, 20)
	commit(t, tx)
	load := func(db *store.DB, s *staged) error {
		lock := must[*store.Lock](t)(db.Lock(t.Context()))
		defer lock.Unlock()
		must[*store.Run](t)(db.StartRun(t.Context(), store.RunInfo{Command: "import"}))
		tx := begin(t, db)
		defer tx.Rollback()
		if err := tx.MergeAssociations(t.Context(), student, s, interchange.Policies{}, ignore); err != nil {
			return err
		}
		return tx.Commit(t.Context())
	}
	if err := load(db, many(20, 100)); err != nil {
		t.Fatal(err)
	}
	path := db.Path()
	db.Close()
	var pages int64
	fmt.Sscan(shell(t, path, "PRAGMA page_count"), &pages)
	before := dump(t, path)
	fulls := 0
	for room := int64(0); ; room++ {
		ended := many(20, 100) // all get an end date, which the history notes
		for i := range ended.records {
			ended.records[i].End = ended.records[i].Begin + 30
		}
		db := open(t, path, store.Options{MaxPages: pages + 4 + room})
		err := load(db, ended)
		db.Close()
		if err == nil {
			break
		}
		fulls++
		var full *store.FullError
		if !errors.As(err, &full) {
			t.Fatalf("room for %d pages: found %v, expected a *FullError", room, err)
		}
		if got := shell(t, path, "SELECT count(*) FROM change"); got != "0" || dump(t, path) != before {
			t.Fatalf("room for %d pages: the history has %s changes, or the data are not as before", room, got)
		}
	}
	if fulls < 5 {
		t.Errorf("the disk was full in %d places only", fulls)
	}
	if got := shell(t, path, "SELECT count(*), count(end_date), (SELECT count(*) FROM change) FROM student_cohort_association"); got != "2000|2000|2000" {
		t.Errorf("found %s", got)
	}
}

// childEnv makes the test binary a process that is to be killed: the store's path.
const childEnv = "COHORTX_STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		child(path)
		return
	}
	os.Exit(m.Run())
}

// child starts a run, says so, and then merges, saying how far it is, until it is killed.
func child(path string) {
	ctx := context.Background()
	check := func(err error) {
		if err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
	}
	db, err := store.Open(ctx, path, store.Options{CacheKiB: 64}) // small: pages reach the disk before the commit
	check(err)
	_, err = db.Lock(ctx)
	check(err)
	_, err = db.StartRun(ctx, store.RunInfo{Command: "import"})
	check(err)
	_, err = db.Dictionaries(ctx)
	check(err)
	tx, err := db.Begin(ctx)
	check(err)
	n := 0
	check(tx.MergeAssociations(ctx, student, many(400, 100), interchange.Policies{}, func(uint32, uint32, interchange.Settled, []interchange.Record) error {
		if n++; n%5000 == 0 {
			fmt.Println("merged", n)
			_, _ = fmt.Scanln() // the parent lets it go on, or kills it
		}
		return nil
	}))
	fmt.Println("merged all")
	_, _ = fmt.Scanln()
}

func TestTx_Killed(t *testing.T) {
	for _, after := range []string{"merged 5000", "merged 35000", "merged all"} {
		t.Run(after, func(t *testing.T) {
			db := create(t, store.Options{})
			tx := begin(t, db)
			seed(t, tx, 100, 400)
			merge(t, tx, student, in(1, 1, "2025-09-14", "2025-09-21"))
			commit(t, tx)
			before := dump(t, db.Path())
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), childEnv+"="+db.Path())
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			into, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Wait()
			defer cmd.Process.Kill()
			for said := ""; said != after; {
				var a, b string
				if _, err := fmt.Fscanln(out, &a, &b); err != nil {
					t.Fatal(err)
				}
				if said = a + " " + b; a != "merged" {
					t.Fatal(said)
				}
				if said != after {
					fmt.Fprintln(into)
				}
			}
			_, err = db.Lock(t.Context())
			var locked *store.LockedError
			if !errors.As(err, &locked) || locked.PID != cmd.Process.Pid || !strings.Contains(err.Error(), fmt.Sprint("kill ", locked.PID)) {
				t.Errorf("while it runs: found %v, expected a *LockedError that names process %d", err, cmd.Process.Pid)
			}
			if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()

			if dump(t, db.Path()) != before {
				t.Error("the data are not as before")
			}
			sound(t, db.Path())
			lock, err := db.Lock(t.Context())
			if err != nil {
				t.Fatalf("a dead process holds the lock: %v", err)
			}
			defer lock.Unlock()
			must[*store.Run](t)(db.StartRun(t.Context(), store.RunInfo{Command: "import"}))
			if got := shell(t, db.Path(), "SELECT run, state FROM runs"); got != "1|interrupted\n2|running" {
				t.Errorf("runs: found %s", got)
			}
			tx = begin(t, db)
			if err := tx.MergeAssociations(t.Context(), student, many(400, 100), interchange.Policies{}, ignore); err != nil {
				t.Fatal(err)
			}
			commit(t, tx)
			if got := shell(t, db.Path(), "SELECT count(*), count(end_date) FROM student_cohort_associations"); got != "40000|0" {
				t.Errorf("the next import: found %s", got)
			}
			sound(t, db.Path())
		})
	}
}

func TestDB_Lock(t *testing.T) {
	db := create(t, store.Options{})
	lock := must[*store.Lock](t)(db.Lock(t.Context()))
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(db.Path(), link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{db.Path(), link} { // by another name it is the same store
		_, err := open(t, path, store.Options{}).Lock(t.Context())
		var e *store.LockedError
		if !errors.As(err, &e) || e.PID != os.Getpid() || e.Since.IsZero() || e.Host == "" {
			t.Errorf("found %v, expected a *LockedError with pid, host and time", err)
		}
	}
	for range 2 {
		if err := lock.Unlock(); err != nil {
			t.Error(err)
		}
	}
	again := must[*store.Lock](t)(open(t, link, store.Options{}).Lock(t.Context()))
	again.Unlock()
}

func TestTx_Done(t *testing.T) {
	db := create(t, store.Options{})
	tx := begin(t, db)
	commit(t, tx)
	if err := tx.Commit(t.Context()); err != store.ErrTxDone {
		t.Errorf("a second Commit: found %v, expected ErrTxDone", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Errorf("Rollback after Commit: %v", err)
	}
	if _, err := tx.PutCohorts(t.Context(), nil); err != store.ErrTxDone {
		t.Errorf("a Put after Commit: found %v, expected ErrTxDone", err)
	}
}
