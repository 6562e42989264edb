package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// seal is what the store's file looked like when a run of this program had closed it. While it looks like that, nobody has written to it.
type seal struct {
	Size     int64 `json:"size"`
	Modified int64 `json:"modified"` // nanoseconds since 1970
}

// sealOf looks at the store's file. There is no seal while a write-ahead log lies beside it: what another connection wrote may be there.
func sealOf(path string) (s seal, ok bool) {
	if wal, err := os.Stat(path + "-wal"); err == nil && wal.Size() > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, false
	}
	info, err := os.Stat(path)
	if err != nil {
		return s, false
	}
	return seal{info.Size(), info.ModTime().UnixNano()}, true
}

// sealed is the part of the lock's file that the run before has left.
type sealed struct {
	Seal *seal `json:"seal,omitempty"`
}

// readSeal reports whether the store's file looks as the run before has left it.
func readSeal(lock *os.File, path string) bool {
	b, err := io.ReadAll(io.LimitReader(lock, 4096))
	if err != nil {
		return false
	}
	var s sealed
	if json.Unmarshal(b, &s) != nil || s.Seal == nil {
		return false
	}
	now, ok := sealOf(path)
	return ok && now == *s.Seal
}

// Untouched reports whether nobody has written to the store since a run sealed it: no other program, at an SQL prompt for instance, and no
// run that died. It costs no look at any row.
func (l *Lock) Untouched() bool { return l.untouched }

// Alone reports whether nobody else has written to the store since it was locked. Ask it before DB.Close, when it is false do not call Seal:
// that would take what another program wrote meanwhile for our own.
func (l *Lock) Alone() bool {
	now, err := l.db.dataVersion()
	return err == nil && now == l.version
}

// dataVersion is a number that changes when another program commits.
func (db *DB) dataVersion() (int64, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.w.integer("PRAGMA data_version")
}

// Seal remembers what the store's file looks like now, for the next run's Untouched. Call it after DB.Close and before Unlock.
func (l *Lock) Seal() error {
	if l.file == nil {
		return nil
	}
	now, ok := sealOf(l.path)
	if !ok {
		return nil // a reader holds the store open; the next run then takes nothing for granted
	}
	b, err := json.Marshal(sealed{&now})
	if err == nil {
		if err = l.file.Truncate(0); err == nil {
			_, err = l.file.WriteAt(append(b, '\n'), 0)
		}
	}
	if err != nil {
		return fmt.Errorf("seal the store: %w", err)
	}
	l.sealed = true
	return nil
}
