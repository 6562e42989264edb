package drop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cohortx/interchange/batch"
	"cohortx/interchange/report"
	"cohortx/store"
)

// Options of a drop folder.
type Options struct {
	Folder string // must exist; its subfolders are made
	Import batch.ImportOptions

	DoneSuffix      string        // a file counts as arrived when a file of its name and this suffix lies beside it; "": when it does not grow
	RequireManifest bool          // take nothing without a manifest.csv
	Settle          time.Duration // how long a file must stay as it is to count as arrived; 0: do not wait
	Whole           bool          // the files of a drop are complete only together: take none while one is on its way
	Retention       time.Duration // how long files stay in the archive; 0: for ever

	Begin func()                                     // called before each run
	End   func(Run, error)                           // called after each run, when its files are put away
	Wait  func(context.Context, time.Duration) error // nil: wait by the clock
	At    func(point string)                         // called at the points where a crash would hurt, for tests
	Now   func() time.Time                           // nil: time.Now
}

// The points of Options.At.
const (
	AtClaiming  = "claiming"  // some files are in work/runN.claiming, others still in the inbox
	AtClaimed   = "claimed"   // all are in work/runN, nothing is applied
	AtCommitted = "committed" // all is applied, no file is put away
	AtFiling    = "filing"    // some files are put away
)

// Drop is a folder that this process, and no other, works on.
type Drop struct {
	opt  Options
	lock *os.File
}

// Look is what one look at the folder came to.
type Look struct {
	Runs    []Run    `json:"runs"`
	Left    []Left   `json:"left"`    // what lies in the inbox, or in work, and was not taken
	Removed []string `json:"removed"` // from the archive, for its age
}

// Run is one drop that was applied or refused.
type Run struct {
	Report     *report.Run `json:"report"`
	ReportFile string      `json:"report_file,omitempty"` // "": the run failed, and its files stay in work
	Filed      []Filed     `json:"filed"`
	Again      bool        `json:"again"` // its files were found in work, left there by a process that died or failed
}

// Filed says where a file has gone.
type Filed struct {
	File string `json:"file"` // name in the inbox; "" for reports and rejects
	To   string `json:"to"`
}

// Left is something that was not taken, and why.
type Left struct {
	File string `json:"file"`
	Why  string `json:"why"`
}

// Open takes a folder for this process and makes what it lacks. Errors: *[store.LockedError], those of the file system.
func Open(opt Options) (*Drop, error) {
	if opt.Begin == nil {
		opt.Begin = func() {}
	}
	if opt.End == nil {
		opt.End = func(Run, error) {}
	}
	if opt.At == nil {
		opt.At = func(string) {}
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Wait == nil {
		opt.Wait = wait
	}
	d := &Drop{opt: opt}
	if err := d.makeFolders(); err != nil {
		return nil, err
	}
	lock, err := store.LockFile(filepath.Join(opt.Folder, ".lock"), "the folder "+opt.Folder)
	if err != nil {
		return nil, err
	}
	d.lock = lock
	return d, nil
}

// Close gives the folder back.
func (d *Drop) Close() error { return d.lock.Close() }

func wait(ctx context.Context, t time.Duration) error {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Once completes what a process that died has left, then applies what lies ready in the inbox. An error concerns the folder, the store or
// the system, never the content of a file; the files of a run that failed stay in work and are tried again by the next Once.
func (d *Drop) Once(ctx context.Context) (*Look, error) {
	look := &Look{Runs: []Run{}, Left: []Left{}, Removed: []string{}}
	if err := d.recover(ctx, look); err != nil {
		return look, err
	}
	arrived, err := d.look(ctx, look)
	if err != nil {
		return look, err
	}
	if len(arrived.files) > 0 {
		if err := d.run(ctx, look, false, func(run store.RunRecord) (*claim, error) { return d.claim(ctx, run, arrived) }); err != nil {
			return look, err
		}
	}
	return look, d.retire(ctx, look)
}

// run applies the files that take moves to work, as one run, and puts them away.
func (d *Drop) run(ctx context.Context, look *Look, again bool, take func(store.RunRecord) (*claim, error)) error {
	var taken *claim
	opt := d.opt.Import
	opt.Claim = func(ctx context.Context, number int64) (batch.Claimed, error) {
		record, _, err := d.record(ctx, number)
		if err != nil {
			return batch.Claimed{}, err
		}
		if taken, err = take(record); err != nil {
			return batch.Claimed{}, err
		}
		d.opt.At(AtClaimed)
		return taken.inputs()
	}
	d.opt.Begin()
	rep, err := batch.Import(ctx, opt)
	run := Run{Report: rep, Filed: []Filed{}, Again: again}
	if err == nil {
		d.opt.At(AtCommitted)
		run, err = d.fileApplied(taken, rep, again)
	}
	look.Runs = append(look.Runs, run)
	d.opt.End(run, err)
	return err
}

// record is what the store remembers of a run.
func (d *Drop) record(ctx context.Context, number int64) (run store.RunRecord, found bool, err error) {
	db, err := store.Open(ctx, d.opt.Import.Store, store.Options{ReadOnly: true})
	if err != nil {
		return run, false, err
	}
	defer db.Close()
	run, found, err = db.RunByNumber(ctx, number)
	if err != nil {
		return run, false, fmt.Errorf("run %d: %w", number, err)
	}
	return run, found, nil
}
