package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"cohortx/store"
)

// asNobody runs f as a user who may write nowhere, also where the tests run as root.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() == 0 {
		runtime.LockOSThread() // the user is the thread's
		defer runtime.UnlockOSThread()
		const nobody = 65534
		if err := syscall.Setfsuid(nobody); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := syscall.Setfsuid(0); err != nil {
				t.Fatal(err)
			}
		}()
	}
	f()
}

// A store in a folder where nothing may be written is read, unless a write-ahead log lies there.
func TestOpen_Unwritable(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "cohorts.db")
	db, err := store.Open(ctx, path, store.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	mode := func(file, folder os.FileMode) {
		t.Helper()
		if err := errors.Join(os.Chmod(path, file), os.Chmod(dir, folder)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.Chmod(dir, 0o755) })
	read := func() error {
		db, err := store.Open(ctx, path, store.Options{ReadOnly: true})
		if err != nil {
			return err
		}
		defer db.Close()
		if _, err := db.Runs(ctx); err != nil {
			return err
		}
		_, err = db.Sizes(ctx)
		return err
	}
	mode(0o444, 0o555)
	asNobody(t, func() {
		if f, err := os.Create(filepath.Join(dir, "x")); err == nil {
			f.Close()
			t.Fatal("the folder can be written")
		}
		if err := read(); err != nil {
			t.Errorf("read-only file and folder: %v", err)
		}
	})
	mode(0o666, 0o555)
	asNobody(t, func() {
		if err := read(); err != nil {
			t.Errorf("read-only folder: %v", err)
		}
	})

	mode(0o644, 0o755)
	if err := os.WriteFile(path+"-wal", []byte("what somebody wrote last"), 0o600); err != nil {
		t.Fatal(err)
	}
	mode(0o444, 0o555)
	asNobody(t, func() {
		var unwritable *store.UnwritableError
		if err := read(); !errors.As(err, &unwritable) || !strings.Contains(err.Error(), "write in the folder "+dir) {
			t.Errorf("with a write-ahead log: %v", err)
		}
	})
	mode(0o644, 0o755)
	if err := os.Remove(path + "-wal"); err != nil {
		t.Fatal(err)
	}
	mode(0o000, 0o555)
	asNobody(t, func() {
		if err := read(); !errors.Is(err, os.ErrPermission) {
			t.Errorf("an unreadable file: %v", err)
		}
	})
}
