package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks the file as ours in its header: "chtx".
const applicationID = 0x63687478

// Options of Open. The zero value opens an existing store for reading and writing.
type Options struct {
	// Create makes the store if there is none. Without it that is a *NotFoundError.
	Create bool
	// EndExclusive says, when the store is created, that an end date is the first day out of the cohort; otherwise it is the last
	// day in, as Ed-Fi recommends. It is a lasting property of the store and without effect on one that exists.
	EndExclusive bool
	// ReadOnly makes every change an error. Such a store is read even where nothing may be written beside it.
	ReadOnly bool
	// MaxPages limits the file to so many pages of 4,096 bytes (PRAGMA max_page_count); 0: no limit.
	MaxPages int64
	// CacheKiB is the page cache of the writing connection; 0: 16 MiB, which was measured to be as fast as any more.
	CacheKiB int
	// Busy is how long to wait for another program's write lock; 0: 5 seconds.
	Busy time.Duration
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// DB is an open store. Its methods may be called by several goroutines; a Tx and an export's iterators belong to one each.
type DB struct {
	path         string
	opt          Options
	endExclusive bool
	created      bool                 // by this Open
	held         atomic.Pointer[Lock] // the run lock while we have it; also keeps its file from being collected, which would unlock it

	mu      sync.Mutex // holds w; a Tx keeps it from Begin to Commit or Rollback
	w       *conn      // the only connection that writes, so that data_version tells other writers from us
	known   *known     // which numbers exist, as of Dictionaries and what was committed since
	version int64      // PRAGMA data_version when known was right
	run     int64      // under way, from StartRun on until its end is written; 0: none
}

// Open opens the store at path. Errors: *NotFoundError, *NotAStoreError, *NewerStoreError, *BusyError, *FullError, *UnwritableError,
// others of the file system.
func Open(ctx context.Context, path string, opt Options) (*DB, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Busy == 0 {
		opt.Busy = 5 * time.Second
	}
	if opt.CacheKiB == 0 {
		opt.CacheKiB = 16 << 10
	}
	db := &DB{path: path, opt: opt}
	created, err := db.ensureFile()
	if err != nil {
		return nil, err
	}
	db.created = created
	if err := db.open(ctx); err != nil {
		if db.w != nil {
			db.w.Close()
		}
		if created {
			// Nobody has seen it: a store that was not made wholly is not left behind.
			for _, suffix := range []string{"", "-wal", "-shm"} {
				os.Remove(path + suffix)
			}
		}
		return nil, err
	}
	return db, nil
}

// ensureFile creates the file with the mode that SQLite then also gives to -wal and -shm.
func (db *DB) ensureFile() (created bool, err error) {
	if db.opt.Create && !db.opt.ReadOnly {
		f, err := os.OpenFile(db.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err == nil {
			return true, f.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return false, fmt.Errorf("open or create store: %w", err)
		}
	}
	fi, err := os.Stat(db.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, &NotFoundError{db.path}
	}
	if err != nil {
		return false, fmt.Errorf("open store: %w", err)
	}
	if !fi.Mode().IsRegular() {
		return false, &NotAStoreError{db.path, "it is no regular file"}
	}
	return false, nil
}

func (db *DB) open(ctx context.Context) error {
	var err error
	if db.w, err = db.connect(true); err != nil {
		return err
	}
	if err := db.migrate(ctx); err != nil {
		return err
	}
	if db.opt.ReadOnly {
		if _, err := db.w.exec("PRAGMA query_only = ON"); err != nil {
			return db.named("read only", err)
		}
	}
	n, err := db.w.integer("SELECT value = 'exclusive' FROM setting WHERE name = 'end_date'")
	if err != nil {
		return db.named("read settings", err)
	}
	db.endExclusive = n == 1
	return nil
}

// connect opens a connection for writing or for reading.
func (db *DB) connect(write bool) (*conn, error) {
	c, err := db.dial()
	if err != nil {
		return nil, db.named("open", err)
	}
	pragmas := []string{
		// Another program at an SQL prompt may hold a lock for a moment.
		fmt.Sprintf("PRAGMA busy_timeout = %d", db.opt.Busy.Milliseconds()),
	}
	if write {
		pragmas = append(pragmas,
			// Dirty pages beyond the cache spill to the WAL. The merge writes in primary-key order, so none is needed twice.
			fmt.Sprintf("PRAGMA cache_size = -%d", db.opt.CacheKiB),
			// Committed is on disk, also after a power cut.
			"PRAGMA synchronous = FULL",
			// On outside of a Tx: see the package comment.
			"PRAGMA foreign_keys = ON",
			// After a large import the WAL does not stay large.
			"PRAGMA journal_size_limit = 67108864",
		)
		if db.opt.MaxPages > 0 {
			pragmas = append(pragmas, fmt.Sprintf("PRAGMA max_page_count = %d", db.opt.MaxPages))
		}
	} else {
		// Readers go through tables in order and come back to no page but the inner ones: SQLite's default of 2 MiB is enough.
		pragmas = append(pragmas, "PRAGMA query_only = ON")
	}
	for _, p := range pragmas {
		if _, err := c.exec(p); err != nil {
			c.Close()
			return nil, db.named(p, err)
		}
	}
	return c, nil
}

// migrate brings the schema to the newest version, each step in a transaction.
func (db *DB) migrate(ctx context.Context) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	slices.Sort(names)
	current, err := db.schemaVersion(len(names))
	if err != nil || current == len(names) || db.opt.ReadOnly && current > 0 {
		return err
	}
	// Readers do not block the writer, nor it them. The mode is kept in the file.
	if _, err := db.w.exec("PRAGMA journal_mode = WAL"); err != nil {
		return db.named("write-ahead log", err)
	}
	for i, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := db.apply(name, i+1, len(names)); err != nil {
			return db.named("migration "+path.Base(name), err)
		}
	}
	return nil
}

// schemaVersion returns the version of the file's schema, 0 for an empty file.
func (db *DB) schemaVersion(known int) (int, error) {
	id, err := db.w.integer("PRAGMA application_id")
	if err != nil {
		return 0, db.named("read header", err)
	}
	tables, err := db.w.integer("SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return 0, db.named("read schema", err)
	}
	version, err := db.w.integer("PRAGMA user_version")
	switch {
	case err != nil:
		return 0, db.named("read version", err)
	case id != applicationID && (tables > 0 || id != 0):
		return 0, &NotAStoreError{db.path, "it is a database of another program"}
	case id != applicationID && !db.opt.Create:
		return 0, &NotAStoreError{db.path, "it is empty; create the store with `cohortx init`"}
	case int(version) > known:
		return 0, &NewerStoreError{db.path, int(version), known}
	}
	return int(version), nil
}

// apply runs one migration unless another process has just done so.
func (db *DB) apply(name string, version, known int) (err error) {
	text, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	if _, err := db.w.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			db.w.exec("ROLLBACK") // the error that led here says more than one of this
		}
	}()
	now, err := db.schemaVersion(known)
	if err != nil {
		return err
	}
	if now < version {
		if _, err := db.w.exec(string(text)); err != nil {
			return err
		}
		if version == 1 {
			rule := "inclusive"
			if db.opt.EndExclusive {
				rule = "exclusive"
			}
			if _, err := db.w.exec("INSERT INTO setting (name, value) VALUES ('end_date', ?)", rule); err != nil {
				return err
			}
		}
		if _, err := db.w.exec(strings.Join([]string{
			"PRAGMA application_id = " + strconv.Itoa(applicationID),
			"PRAGMA user_version = " + strconv.Itoa(version),
		}, ";")); err != nil {
			return err
		}
	}
	_, err = db.w.exec("COMMIT")
	return err
}

// Path is the store's file, as given to Open.
func (db *DB) Path() string { return db.path }

// Created says whether Open has created the store.
func (db *DB) Created() bool { return db.created }

// EndExclusive says whether an end date is the first day out of a cohort (true) or the last day in it.
func (db *DB) EndExclusive() bool { return db.endExclusive }

func (db *DB) now() time.Time { return db.opt.Now() }

// Close closes the store. SQLite then moves the write-ahead log into the file, unless others still read.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.w == nil {
		return nil
	}
	err := db.w.Close()
	db.w = nil
	return err
}
