package drop

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cohortx/interchange/batch"
	"cohortx/interchange/report"
	"cohortx/store"
)

// recover completes what lies in work, the oldest first. A claim that never became complete goes back to the inbox: its files were not read,
// and are part of the next drop together with those that had not been moved. A complete one is put away if its run was committed,
// and is applied again, as a new run, if it was not.
func (d *Drop) recover(ctx context.Context, look *Look) error {
	entries, err := os.ReadDir(d.path(work))
	if err != nil {
		return err
	}
	for _, folder := range []string{archive, quarantine} {
		if err := removeUnfinished(d.path(folder)); err != nil {
			return err
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return int(number(a.Name()) - number(b.Name())) })
	for _, e := range entries {
		dir := d.path(work, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."):
			continue
		case !e.IsDir():
			look.Left = append(look.Left, Left{filepath.Join(work, e.Name()), "it is none of our claims"})
			continue
		case strings.HasSuffix(e.Name(), claimingName):
			if err := d.unclaim(dir); err != nil {
				return err
			}
			continue
		}
		c, err := readClaim(dir)
		if errors.Is(err, fs.ErrNotExist) {
			if os.Remove(dir) == nil {
				continue // died as the last step of putting away
			}
			look.Left = append(look.Left, Left{filepath.Join(work, e.Name()), "it has no " + claimFile + " that says what it is; move its files into the inbox, or away"})
			continue
		}
		if err != nil {
			return err
		}
		if err := d.complete(ctx, look, c); err != nil {
			return err
		}
	}
	return nil
}

// removeUnfinished removes from a folder, in which only we write, what a process was writing when it was killed.
func removeUnfinished(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), report.Unfinished) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// number is that of a run's folder, for the order; 0 for what has none.
func number(name string) int64 {
	n, _ := runOf(name)
	return n
}

// complete ends one claim that a process has left behind.
func (d *Drop) complete(ctx context.Context, look *Look, c *claim) error {
	committed, err := d.committed(ctx, c)
	if err != nil {
		return err
	}
	if !committed {
		slog.Warn("apply again what an earlier run left unfinished", "run", c.Run, "folder", c.dir)
		return d.run(ctx, look, true, func(run store.RunRecord) (*claim, error) { return d.renew(c, run) })
	}
	slog.Warn("put away the files of a run that was applied before the program ended", "run", c.Run, "folder", c.dir)
	rep, err := batch.Recall(ctx, d.opt.Import.Store, c.Run)
	if err != nil {
		return err
	}
	if d.opt.Import.Redact {
		rep.Redact()
	}
	run, err := d.fileApplied(c, rep, true)
	look.Runs = append(look.Runs, run)
	d.opt.End(run, err)
	return err
}

// committed reports whether the store has the outcome of a claim's run: its data are in the store if they were to be, and its rejects.
func (d *Drop) committed(ctx context.Context, c *claim) (bool, error) {
	run, found, err := d.record(ctx, c.Run)
	var none *store.NotFoundError
	if errors.As(err, &none) {
		return false, nil
	}
	if err != nil || !found || !run.Started.Equal(c.Started) {
		return false, err // of another store, or of a later state of this one, from before it was restored
	}
	switch run.State {
	case store.Applied, store.HeldBack, store.Refused:
		return true, nil
	}
	return false, nil
}

// renew makes a claim that of another run.
func (d *Drop) renew(c *claim, run store.RunRecord) (*claim, error) {
	dir := free(d.path(work, runDir(run.Number)))
	if err := rename(c.dir, dir); err != nil {
		return nil, err
	}
	next := *c
	next.dir, next.Run, next.Started = dir, run.Number, run.Started
	if err := os.RemoveAll(filepath.Join(dir, rejectsDir)); err != nil { // of the run that came to nothing
		return nil, err
	}
	return &next, next.write(dir)
}
