package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/mattn/go-sqlite3"
)

// NotFoundError says that there is no store at Path.
type NotFoundError struct{ Path string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("there is no store at %s: correct the path, or create one with `cohortx init --db %s`", e.Path, e.Path)
}

// NotAStoreError says that the file at Path is something else than a store of this program.
type NotAStoreError struct {
	Path   string
	Reason string
}

func (e *NotAStoreError) Error() string {
	return fmt.Sprintf("%s is not a cohortx store: %s", e.Path, e.Reason)
}

// DamagedError says that SQLite found the file at Path to be damaged.
type DamagedError struct {
	Path string
	Err  error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s is damaged (%v): bring back a copy from before, and import again what came after it", e.Path, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// NewerStoreError says that a newer program made the store: its schema version is Found, and this program knows them up to Known.
type NewerStoreError struct {
	Path         string
	Found, Known int
}

func (e *NewerStoreError) Error() string {
	return fmt.Sprintf("%s has schema version %d, this program knows versions up to %d: use the newer cohortx that made it", e.Path, e.Found, e.Known)
}

// LockedError says that another process holds the store, or what else a lock stands for.
type LockedError struct {
	What    string // "the store"
	Path    string // the lock's file
	PID     int    // 0 if the other did not say
	Host    string
	Since   time.Time
	Command string
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("another run holds %s (lock %s): wait until it has ended", e.What, e.Path)
	}
	return fmt.Sprintf("another run holds %s: process %d on %s since %s (lock %s): wait until it has ended, or end it there with `kill %d`",
		e.What, e.PID, e.Host, e.Since.Format(time.RFC3339), e.Path, e.PID)
}

// ChangedError says that something else wrote to the store between Dictionaries and Begin.
type ChangedError struct{ Path string }

func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s was changed by another program while this run was reading its input: nothing was applied; run it again", e.Path)
}

// FullError says that the store cannot grow: the disk is full or PRAGMA max_page_count is reached.
type FullError struct {
	Path string
	Err  error
}

func (e *FullError) Error() string {
	return fmt.Sprintf("%s cannot grow (%v): nothing of this set was applied; make room and run it again", e.Path, e.Err)
}

func (e *FullError) Unwrap() error { return e.Err }

// BusyError says that another program holds SQLite's write lock for longer than this one waits.
type BusyError struct {
	Path string
	Err  error
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("%s is being written by another program (%v): end it, or wait, and run again", e.Path, e.Err)
}

func (e *BusyError) Unwrap() error { return e.Err }

// UnwritableError says that a store cannot be read as nothing may be written in its folder: what others wrote last lies in the write-ahead log, and
// SQLite needs a file beside that to read it.
type UnwritableError struct {
	Path string
	Err  error
}

func (e *UnwritableError) Error() string {
	return fmt.Sprintf("%s cannot be read (%v): a program writes to it, or died, as %[1]s-wal is there, and to read that you must be allowed to write in the folder %[3]s: "+
		"run this as somebody who is, or again when no other program has the store open", e.Path, e.Err, filepath.Dir(e.Path))
}

func (e *UnwritableError) Unwrap() error { return e.Err }

// UnknownNumberError says that a row names a number that no row of the store has: a fault of the caller, which resolves keys.
type UnknownNumberError struct {
	What   string
	Number int64
}

func (e *UnknownNumberError) Error() string {
	return fmt.Sprintf("there is no %s with number %d in the store", e.What, e.Number)
}

// named wraps what SQLite said in the error type that a caller can tell apart, or in a phrase that says what was being done.
func (db *DB) named(doing string, err error) error {
	if err == nil {
		return nil
	}
	var se sqlite3.Error
	if errors.As(err, &se) {
		switch se.Code {
		case sqlite3.ErrFull:
			return &FullError{db.path, err}
		case sqlite3.ErrBusy, sqlite3.ErrLocked:
			return &BusyError{db.path, err}
		case sqlite3.ErrCorrupt:
			return &DamagedError{db.path, err}
		case sqlite3.ErrNotADB:
			return &NotAStoreError{db.path, "it is no SQLite database"}
		}
	}
	return fmt.Errorf("%s: %s: %w", db.path, doing, err)
}
