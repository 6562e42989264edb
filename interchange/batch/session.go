package batch

import (
	"context"

	"cohortx/store"
)

// withStore opens a store for one run, which holds it alone. A run that did not fail seals it: what the store looks like then
// lets the next run tell whether anybody else has written to it. A dry run, which writes nothing, leaves a seal where it has found one.
func withStore(ctx context.Context, path string, opt store.Options, dry bool, run func(*store.DB, *store.Lock) error) error {
	db, err := store.Open(ctx, path, opt)
	if err != nil {
		return err
	}
	lock, err := db.Lock(ctx)
	if err != nil {
		db.Close()
		return err
	}
	defer lock.Unlock()
	err = run(db, lock)
	alone := lock.Alone()
	if cerr := db.Close(); err != nil || cerr != nil || !alone || dry && !lock.Untouched() {
		return err // what is committed is on disk, however closing went
	}
	return lock.Seal()
}
