package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Lock is held by the one run that may change the store. It is the operating system's (flock on PATH.lock), so a dead process
// cannot hold it; the file stays, because removing it would let two processes lock two files of the same name.
type Lock struct {
	db        *DB
	file      *os.File
	path      string // of the store
	version   int64  // of the data when the lock was taken, see dataVersion
	untouched bool
	sealed    bool
}

// holder is what the lock's file says, for the message of the one who comes second.
type holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Since   time.Time `json:"since"`
	Command string    `json:"command,omitempty"`
}

// Lock takes the run lock, without waiting. The error is a *LockedError if another run holds it, in this process too.
func (db *DB) Lock(ctx context.Context) (*Lock, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path := db.path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a store reached by two names is one store
	}
	storePath := path
	path += ".lock"
	f, err := flock(path, "the store")
	if err != nil {
		return nil, err
	}
	version, err := db.dataVersion()
	if err != nil {
		f.Close()
		return nil, db.named("look for other writers", err)
	}
	untouched := readSeal(f, storePath)
	if err := sign(f, db.now()); err != nil {
		f.Close()
		return nil, err
	}
	l := &Lock{db: db, file: f, path: storePath, version: version, untouched: untouched}
	db.held.Store(l)
	return l, nil
}

// LockFile takes a lock like that of a store on the file at path, which it creates, without waiting. what is held by it, for the message:
// "the store". Closing the file gives the lock back. The error is a *LockedError if another process holds it.
func LockFile(path, what string) (*os.File, error) {
	f, err := flock(path, what)
	if err != nil {
		return nil, err
	}
	if err := sign(f, time.Now()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func flock(path, what string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		var h holder
		if b, err := io.ReadAll(io.LimitReader(f, 4096)); err == nil {
			_ = json.Unmarshal(b, &h) // a holder that has not yet written its name: the message goes without
		}
		return nil, &LockedError{What: what, Path: path, PID: h.PID, Host: h.Host, Since: h.Since, Command: h.Command}
	}
	return f, nil
}

// sign writes who holds a lock.
func sign(f *os.File, since time.Time) error {
	host, _ := os.Hostname()
	b, err := json.Marshal(holder{PID: os.Getpid(), Host: host, Since: since.UTC().Truncate(time.Second), Command: filepath.Base(os.Args[0])})
	if err == nil {
		if err = f.Truncate(0); err == nil {
			_, err = f.WriteAt(append(b, '\n'), 0)
		}
	}
	if err != nil {
		return fmt.Errorf("write lock: %w", err)
	}
	return nil
}

// Unlock gives the lock back. Calling it again does nothing.
func (l *Lock) Unlock() error {
	if l.file == nil {
		return nil
	}
	l.db.held.Store(nil)
	if !l.sealed {
		_ = l.file.Truncate(0) // so that no message names a process that is gone
	}
	err := l.file.Close()
	l.file = nil
	return err
}
