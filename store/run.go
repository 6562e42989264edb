package store

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"time"
)

// State is where a run stands.
type State string

// The states of a run. Only Running can change.
const (
	Running     State = "running"
	Applied     State = "applied"     // perhaps with rejects
	HeldBack    State = "held_back"   // applied but for removals that a guard held back
	Refused     State = "refused"     // not well-formed, root invalid, too many rejects: nothing applied
	Failed      State = "failed"      // the environment: a full disk, an unreadable file
	Cancelled   State = "cancelled"   // by a signal
	Interrupted State = "interrupted" // found dead by a later run
)

// RunInfo is what is known when a run starts.
type RunInfo struct {
	Command  string // "import"
	Mode     string // "update", "full"
	Version  string // of the program
	Settings any    // policies and options; kept as JSON
}

// SourceFile is one file of a run. What is not known is empty or -1.
type SourceFile struct {
	Name        string // as in messages: path or drop.zip:member
	Kind        string // the root's name, or "csv:students"
	Release     string
	Fingerprint []byte // of the stored bytes; nil if the file was not read to its end
	Bytes       int64  // -1: unknown
	Entities    int64
	Rejects     int64
	Verdict     string
	Detail      string
}

// Reject is one entity that was not applied. Values of people stand in it as their length only.
type Reject struct {
	File         string
	Line, Column int   // 1-based; columns in characters
	Offset, End  int64 // from the start tag to after the end tag, in the decoded stream
	Code         string
	Kind         string // of the entity: "Cohort", "Student" ...
	Key          string // natural key as far as known
	Path         string
	Found        string
	Expected     string
	Detail       string
	Consequence  bool // rejected only because another entity was
}

// Counts says how many entities of each kind had each outcome: Counts["Cohort"]["created"].
type Counts map[string]map[string]int64

// Result is how a run ended.
type Result struct {
	State      State
	ExitStatus int
	Release    string // of the last interchange document, "" if there was none
	Counts     Counts
	Files      []SourceFile
	Rejects    iter.Seq2[Reject, error] // in the order of the input; nil: none
	Detail     string                   // why it was refused or failed
	Report     []byte                   // the report as JSON, for [DB.Report]; nil: none
}

// Run is a run under way.
type Run struct {
	Number int64
	db     *DB
}

// RunRecord is a run as the store remembers it.
type RunRecord struct {
	Number     int64
	State      State
	Command    string
	Mode       string
	Release    string
	Settings   json.RawMessage
	Version    string
	Host       string
	PID        int
	Started    time.Time
	Finished   time.Time // zero: not finished, or not known when
	ExitStatus int       // -1: not finished
	Counts     Counts
	Rejects    int64
	Detail     string
	Files      []SourceFile // by RunByNumber only
}

// ErrNotLocked is returned by StartRun without the run lock.
var ErrNotLocked = errors.New("store: StartRun without Lock")

// moment is how moments are stored: UTC, with a fixed number of digits so that text order is time order.
const moment = "2006-01-02T15:04:05.000Z"

// interruption is the verdict on a run that a later one found dead.
const interruption = "Interrupted: the process ended without a word (a kill, a crash, a power cut); the data are as they were before it."

// StartRun writes the run's row, as running, in a transaction of its own. The caller holds the run lock, so a row that is still
// running belongs to a dead process: it becomes interrupted.
func (db *DB) StartRun(ctx context.Context, info RunInfo) (*Run, error) {
	if db.held.Load() == nil {
		return nil, ErrNotLocked
	}
	settings := []byte("{}")
	if info.Settings != nil {
		var err error
		if settings, err = json.Marshal(info.Settings); err != nil {
			return nil, fmt.Errorf("run settings: %w", err)
		}
	}
	host, _ := os.Hostname()
	run := &Run{db: db}
	err := db.own(ctx, func(w *conn) error {
		if _, err := w.exec("UPDATE run SET state = ?, detail = ? WHERE state = ?", string(Interrupted),
			interruption, string(Running)); err != nil {
			return err
		}
		if _, err := w.exec("INSERT INTO run (state, command, mode, settings, version, host, pid, started_at) VALUES (?,?,?,?,?,?,?,?)",
			string(Running), info.Command, info.Mode, string(settings), info.Version, host, int64(os.Getpid()), db.now().UTC().Format(moment)); err != nil {
			return err
		}
		var err error
		run.Number, err = w.integer("SELECT last_insert_rowid()")
		db.run = run.Number
		return err
	})
	if err != nil {
		return nil, db.named("start run", err)
	}
	return run, nil
}

// own runs f in a transaction of its own on the writing connection. It waits for a Tx to end.
func (db *DB) own(ctx context.Context, f func(w *conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if _, err := db.w.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := f(db.w)
	if err == nil {
		_, err = db.w.exec("COMMIT")
	}
	if err != nil {
		db.w.exec("ROLLBACK") // err says more
	}
	return err
}

// Finish writes how the run ended, in a transaction of its own: for runs that applied nothing. It writes all of r or nothing.
func (run *Run) Finish(ctx context.Context, r Result) error {
	return run.db.named("finish run", run.db.own(ctx, func(w *conn) error { return run.finish(ctx, w, r) }))
}

// FinishRun writes how the run ended into the transaction of its data, so that the one is never there without the other.
func (tx *Tx) FinishRun(ctx context.Context, run *Run, r Result) error {
	if err := tx.usable(ctx); err != nil {
		return err
	}
	return tx.db.named("finish run", run.finish(ctx, tx.w, r))
}

func (run *Run) finish(ctx context.Context, w *conn, r Result) error {
	counts, err := json.Marshal(r.Counts)
	if err != nil {
		return fmt.Errorf("counts: %w", err)
	}
	for i, f := range r.Files {
		var bytes, sum driver.Value
		if f.Bytes >= 0 {
			bytes = f.Bytes
		}
		if f.Fingerprint != nil {
			sum = f.Fingerprint
		}
		if _, err := w.exec("INSERT INTO source_file (run_id, position, name, kind, release, fingerprint, bytes, entities, rejects, verdict, detail) VALUES "+values(1, 11),
			run.Number, int64(i+1), f.Name, f.Kind, text(f.Release), sum, bytes, f.Entities, f.Rejects, text(f.Verdict), text(f.Detail)); err != nil {
			return err
		}
	}
	n, err := run.finishRejects(ctx, w, r.Rejects)
	if err != nil {
		return err
	}
	changed, err := w.exec("UPDATE run SET state = ?, release = ?, finished_at = ?, exit_status = ?, counts = ?, rejects = ?, detail = ?, report = ? WHERE id = ? AND state = ?",
		string(r.State), text(r.Release), run.db.now().UTC().Format(moment), int64(r.ExitStatus), string(counts), n, text(r.Detail), text(string(r.Report)),
		run.Number, string(Running))
	if err != nil {
		return err
	}
	if changed != 1 {
		return fmt.Errorf("run %d is not running", run.Number)
	}
	run.db.run = 0
	return nil
}

// rejectBatch is how many rejects go into one statement.
const rejectBatch = 50

func (run *Run) finishRejects(ctx context.Context, w *conn, rejects iter.Seq2[Reject, error]) (n int64, err error) {
	if rejects == nil {
		return 0, nil
	}
	const width = 15
	insert := func(k int) string {
		return "INSERT INTO reject (run_id, number, file, line, col, offset, end_offset, code, kind, key, path, found, expected, detail, consequence) VALUES " + values(k, width)
	}
	full, err := w.prepare(insert(rejectBatch))
	if err != nil {
		return 0, err
	}
	defer full.Close()
	args := make([]driver.Value, 0, rejectBatch*width)
	for r, err := range rejects {
		if err != nil {
			return n, err
		}
		n++
		args = append(args, run.Number, n, r.File, int64(r.Line), int64(r.Column), r.Offset, r.End, r.Code, r.Kind,
			text(r.Key), text(r.Path), text(r.Found), text(r.Expected), text(r.Detail), flag(r.Consequence))
		if len(args) == cap(args) {
			if err := ctx.Err(); err != nil {
				return n, err
			}
			if err := full.run(args); err != nil {
				return n, err
			}
			args = args[:0]
		}
	}
	if len(args) > 0 {
		if _, err := w.exec(insert(len(args)/width), args...); err != nil {
			return n, err
		}
	}
	return n, nil
}

const runColumns = "id, state, command, mode, release, settings, version, host, pid, started_at, finished_at, exit_status, counts, rejects, detail"

func scanRun(row []driver.Value) (RunRecord, error) {
	r := RunRecord{
		Number: num(row[0]), State: State(str(row[1])), Command: str(row[2]), Mode: str(row[3]), Release: str(row[4]),
		Settings: json.RawMessage(str(row[5])), Version: str(row[6]), Host: str(row[7]), PID: int(num(row[8])),
		ExitStatus: -1, Rejects: num(row[13]), Detail: str(row[14]),
	}
	var err error
	if r.Started, err = time.Parse(moment, str(row[9])); err != nil {
		return r, fmt.Errorf("run %d: start: %w", r.Number, err)
	}
	if row[10] != nil {
		if r.Finished, err = time.Parse(moment, str(row[10])); err != nil {
			return r, fmt.Errorf("run %d: end: %w", r.Number, err)
		}
	}
	if row[11] != nil {
		r.ExitStatus = int(num(row[11]))
	}
	if row[12] != nil {
		if err := json.Unmarshal([]byte(str(row[12])), &r.Counts); err != nil {
			return r, fmt.Errorf("run %d: counts: %w", r.Number, err)
		}
	}
	return r, nil
}

// Runs returns all runs, the newest first.
func (db *DB) Runs(ctx context.Context) ([]RunRecord, error) {
	c, err := db.connect(false)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var runs []RunRecord
	err = c.each(ctx, "SELECT "+runColumns+" FROM run ORDER BY id DESC", nil, func(row []driver.Value) error {
		r, err := scanRun(row)
		runs = append(runs, r)
		return err
	})
	return runs, db.named("read runs", err)
}

// RunByNumber returns a run with its files; false if there is none.
func (db *DB) RunByNumber(ctx context.Context, number int64) (run RunRecord, found bool, err error) {
	c, err := db.connect(false)
	if err != nil {
		return run, false, err
	}
	defer c.Close()
	err = c.each(ctx, "SELECT "+runColumns+" FROM run WHERE id = ?", []driver.Value{number}, func(row []driver.Value) (err error) {
		run, err = scanRun(row)
		found = true
		return err
	})
	if err != nil || !found {
		return run, found, db.named("read run", err)
	}
	err = c.each(ctx, "SELECT name, kind, release, fingerprint, bytes, entities, rejects, verdict, detail FROM source_file WHERE run_id = ? ORDER BY position",
		[]driver.Value{number}, func(row []driver.Value) error {
			f := SourceFile{Name: str(row[0]), Kind: str(row[1]), Release: str(row[2]), Fingerprint: blob(row[3]), Bytes: -1,
				Entities: num(row[5]), Rejects: num(row[6]), Verdict: str(row[7]), Detail: str(row[8])}
			if row[4] != nil {
				f.Bytes = num(row[4])
			}
			run.Files = append(run.Files, f)
			return nil
		})
	return run, true, db.named("read source files", err)
}

// Rejects gives the rejects of a run in the order of its input.
func (db *DB) Rejects(ctx context.Context, number int64) iter.Seq2[Reject, error] {
	return func(yield func(Reject, error) bool) {
		c, err := db.connect(false)
		if err != nil {
			yield(Reject{}, err)
			return
		}
		defer c.Close()
		stop := errors.New("stop")
		err = c.each(ctx, "SELECT file, line, col, offset, end_offset, code, kind, key, path, found, expected, detail, consequence FROM reject WHERE run_id = ? ORDER BY number",
			[]driver.Value{number}, func(row []driver.Value) error {
				r := Reject{File: str(row[0]), Line: int(num(row[1])), Column: int(num(row[2])), Offset: num(row[3]), End: num(row[4]),
					Code: str(row[5]), Kind: str(row[6]), Key: str(row[7]), Path: str(row[8]), Found: str(row[9]), Expected: str(row[10]),
					Detail: str(row[11]), Consequence: num(row[12]) == 1}
				if !yield(r, nil) {
					return stop
				}
				return nil
			})
		if err != nil && err != stop {
			yield(Reject{}, db.named("read rejects", err))
		}
	}
}
