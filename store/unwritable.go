package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/mattn/go-sqlite3"
)

// immutable has SQLite read a file as if nobody could change it: without locks, and without the files that it otherwise needs beside it. That is right
// only while there is no write-ahead log.
const immutable = "ro&immutable=1"

// dial opens a connection. A store that is only read may lie where nothing can be written.
func (db *DB) dial() (*conn, error) {
	c, err := dial(db.path, "rw")
	if !db.opt.ReadOnly {
		return c, err
	}
	if err == nil {
		_, err = c.integer("SELECT count(*) FROM sqlite_schema") // the first look at the file creates what lies beside it
		if !unwritable(err) {
			return c, nil // whatever else is wrong comes up again
		}
		c.Close()
	}
	if !unwritable(err) {
		return nil, err
	}
	f, readable := os.Open(db.path)
	if readable != nil {
		return nil, fmt.Errorf("open store: %w", readable)
	}
	f.Close()
	if _, gone := os.Lstat(db.path + "-wal"); !errors.Is(gone, fs.ErrNotExist) {
		return nil, &UnwritableError{db.path, err}
	}
	return dial(db.path, immutable)
}

// unwritable reports whether SQLite could not write what it needs for reading.
func unwritable(err error) bool {
	var se sqlite3.Error
	return errors.As(err, &se) && (se.Code == sqlite3.ErrReadonly || se.Code == sqlite3.ErrCantOpen)
}
