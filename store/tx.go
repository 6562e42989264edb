package store

import (
	"context"
	"errors"
)

// Tx is the transaction that applies one set of files. It belongs to one goroutine. After an error of any method but those that say
// otherwise, call Rollback.
type Tx struct {
	db      *DB
	w       *conn
	done    bool
	added   added
	merged  [4]bool    // by interchange.Kind
	history *recording // nil without a run under way
}

// ErrNoDictionaries is returned by Begin before a first call of Dictionaries, which gives the numbers that a Tx works with.
var ErrNoDictionaries = errors.New("store: Begin without Dictionaries")

// ErrTxDone is returned by the methods of a Tx after Commit or Rollback.
var ErrTxDone = errors.New("store: the transaction has ended")

// Begin takes SQLite's write lock. The error is a *ChangedError if another connection has changed the store since Dictionaries (read
// them again), a *BusyError if another program holds the lock for longer than Options.Busy.
func (db *DB) Begin(ctx context.Context) (_ *Tx, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer func() {
		if err != nil {
			db.mu.Unlock()
		}
	}()
	if db.known == nil {
		return nil, ErrNoDictionaries
	}
	// The pragma does nothing inside a transaction. See the package comment for why enforcement is off.
	if _, err := db.w.exec("PRAGMA foreign_keys = OFF"); err != nil {
		return nil, db.named("foreign keys off", err)
	}
	tx := &Tx{db: db, w: db.w}
	if _, err := db.w.exec("BEGIN IMMEDIATE"); err != nil {
		return nil, db.named("begin", errors.Join(err, tx.enforce()))
	}
	version, err := db.w.integer("PRAGMA data_version")
	if err == nil && version != db.version {
		err = &ChangedError{db.path}
	}
	if err != nil {
		tx.abandon()
		return nil, db.named("begin", err)
	}
	tx.history = db.newRecording(tx)
	return tx, nil
}

func (tx *Tx) enforce() error {
	_, err := tx.w.exec("PRAGMA foreign_keys = ON")
	return err
}

func (tx *Tx) abandon() {
	// SQLite has rolled back by itself after some errors, such as a full disk; then this one says so and is of no interest.
	tx.w.exec("ROLLBACK")
	tx.unlearn()
	if err := tx.enforce(); err != nil {
		tx.db.known = nil // a connection in doubt does not write any more
	}
}

// Commit applies the set. When it returns nil, the set is on disk; when it returns an error, nothing of it is.
func (tx *Tx) Commit(ctx context.Context) error {
	if tx.done {
		return ErrTxDone
	}
	if err := ctx.Err(); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	tx.done = true
	defer tx.db.mu.Unlock()
	if err := tx.history.flush(); err != nil {
		tx.abandon()
		return tx.db.named("write the history", err)
	}
	if _, err := tx.w.exec("COMMIT"); err != nil {
		tx.abandon()
		return tx.db.named("commit", err)
	}
	return tx.db.named("foreign keys on", tx.enforce())
}

// Rollback leaves the store as it was before Begin. After Commit or Rollback it does nothing. The dictionaries that the caller has
// added to must be read anew.
func (tx *Tx) Rollback() error {
	if tx.done {
		return nil
	}
	tx.done = true
	defer tx.db.mu.Unlock()
	tx.abandon()
	return nil
}

// usable says whether the Tx can go on.
func (tx *Tx) usable(ctx context.Context) error {
	if tx.done {
		return ErrTxDone
	}
	return ctx.Err()
}
