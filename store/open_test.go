package store_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cohortx/store"
)

func TestOpen(t *testing.T) {
	t.Run("OK", func(t *testing.T) {
		db := create(t, store.Options{EndExclusive: true})
		if !db.EndExclusive() {
			t.Error("the end-date rule of a new store is not the one asked for")
		}
		path := db.Path()
		db.Close()
		// Created again without the option: what a store is stays.
		if again := open(t, path, store.Options{Create: true}); !again.EndExclusive() {
			t.Error("the end-date rule was lost")
		}
	})
	t.Run("PathWithOddCharacters", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "50% of #1? ü.db")
		open(t, path, store.Options{Create: true})
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	})
	t.Run("FilesAreOurs", func(t *testing.T) {
		db := create(t, store.Options{})
		tx := begin(t, db)
		seed(t, tx, 3, 3)
		commit(t, tx)
		must[*store.Lock](t)(db.Lock(t.Context()))
		for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
			fi, err := os.Stat(db.Path() + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if fi.Mode().Perm() != 0o600 {
				t.Errorf("mode of cohorts.db%s: %v, expected 0600", suffix, fi.Mode().Perm())
			}
		}
	})
	t.Run("ErrNotFound", func(t *testing.T) {
		_, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "none.db"), store.Options{})
		var e *store.NotFoundError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), "cohortx init") {
			t.Errorf("found %v, expected what to do", err)
		}
	})
	t.Run("ErrNewer", func(t *testing.T) {
		db := create(t, store.Options{})
		db.Close()
		write(t, db.Path(), "PRAGMA user_version = 1000")
		_, err := store.Open(t.Context(), db.Path(), store.Options{Create: true})
		var e *store.NewerStoreError
		if !errors.As(err, &e) || e.Found != 1000 || e.Known < 1 {
			t.Fatalf("found %v, expected a *NewerStoreError", err)
		}
	})
	t.Run("ErrNotAStore", func(t *testing.T) {
		dir := t.TempDir()
		other := filepath.Join(dir, "other.db")
		write(t, other, "CREATE TABLE t (x)")
		prose := filepath.Join(dir, "prose.db")
		if err := os.WriteFile(prose, []byte(strings.Repeat("Not a database. ", 100)), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{other, prose, dir} {
			before, _ := os.ReadFile(path)
			_, err := store.Open(t.Context(), path, store.Options{Create: true})
			var e *store.NotAStoreError
			if !errors.As(err, &e) {
				t.Errorf("%s: found %v, expected a *NotAStoreError", path, err)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Errorf("%s was changed", path)
			}
		}
	})
	t.Run("ReadOnly", func(t *testing.T) {
		path := create(t, store.Options{}).Path()
		db := open(t, path, store.Options{ReadOnly: true})
		must[*store.Lock](t)(db.Lock(t.Context()))
		if _, err := db.StartRun(t.Context(), store.RunInfo{}); err == nil {
			t.Error("a run was started in a store that was opened for reading")
		}
	})
	t.Run("FailedCreationLeavesNothing", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "small.db")
		_, err := store.Open(t.Context(), path, store.Options{Create: true, MaxPages: 3})
		var full *store.FullError
		if !errors.As(err, &full) {
			t.Errorf("found %v, expected a *FullError", err)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Error("a half-made store was left behind")
		}
	})
}

// write is another program that writes to a database.
func write(t testing.TB, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}

// The columns of the views are a promise to people who wrote queries.
func TestViews(t *testing.T) {
	path := create(t, store.Options{}).Path()
	for view, want := range map[string]string{
		"education_organizations":             "education_organization_id name category verified",
		"students":                            "student_unique_id first_name middle_name last_surname generation_code_suffix birth_date sex verified",
		"staff":                               "staff_unique_id first_name middle_name last_surname generation_code_suffix birth_date sex verified",
		"cohorts":                             "education_organization_id cohort_identifier cohort_type cohort_scope academic_subject cohort_description",
		"cohort_programs":                     "education_organization_id cohort_identifier program_education_organization_id program_name program_type",
		"student_cohort_associations":         "education_organization_id cohort_identifier student_unique_id begin_date end_date",
		"student_cohort_association_sections": "education_organization_id cohort_identifier student_unique_id begin_date school_id local_course_code school_year section_identifier session_name unique_section_code sequence_of_course term term_namespace class_period_name classroom_identification_code section_begin_date",
		"staff_cohort_associations":           "education_organization_id cohort_identifier staff_unique_id begin_date end_date student_record_access",
		"unverified":                          "kind key",
		"runs":                                "run state command mode release started_at finished_at exit_status counts rejects detail",
		"rejects":                             "run file line column code kind key path found expected detail consequence",
	} {
		got := strings.ReplaceAll(shell(t, path, "SELECT name FROM pragma_table_info('"+view+"')"), "\n", " ")
		if got != want {
			t.Errorf("columns of %s:\n  found    %s\n  expected %s", view, got, want)
		}
	}
}
