package drop

import (
	"context"
	"errors"
	"os"
	"time"

	"cohortx/store"
)

// retire removes from the archive what is older than Retention: files that are named after a run, by the day of that run, or by their own
// date where the store does not know it. The quarantine is for people to empty.
func (d *Drop) retire(ctx context.Context, look *Look) error {
	if d.opt.Retention <= 0 {
		return nil
	}
	entries, err := os.ReadDir(d.path(archive))
	if err != nil || len(entries) == 0 {
		return err
	}
	started, err := d.runDays(ctx)
	if err != nil {
		return err
	}
	for _, e := range entries {
		run, ours := runOf(e.Name())
		info, err := e.Info()
		if err != nil || !ours || !info.Mode().IsRegular() {
			continue // gone, or not ours
		}
		day, known := started[run]
		if !known {
			day = info.ModTime()
		}
		if d.opt.Now().Sub(day) <= d.opt.Retention {
			continue
		}
		path := d.path(archive, e.Name())
		if err := os.Remove(path); err != nil {
			return err
		}
		look.Removed = append(look.Removed, path)
	}
	return nil
}

// runDays tells when each run of the store started.
func (d *Drop) runDays(ctx context.Context) (map[int64]time.Time, error) {
	db, err := store.Open(ctx, d.opt.Import.Store, store.Options{ReadOnly: true})
	var none *store.NotFoundError
	if errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer db.Close()
	runs, err := db.Runs(ctx)
	if err != nil {
		return nil, err
	}
	started := map[int64]time.Time{}
	for _, r := range runs {
		started[r.Number] = r.Started
	}
	return started, nil
}
