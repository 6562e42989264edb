package store

import (
	"cmp"
	"context"
	"database/sql/driver"
	"maps"
	"slices"
)

// Reversals say which runs each revert reverted.
type Reversals map[int64][]int64

// Reversals reads them.
func (db *DB) Reversals(ctx context.Context) (Reversals, error) {
	c, err := db.connect(false)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	r, err := reversals(ctx, c)
	return r, db.named("read reversals", err)
}

func reversals(ctx context.Context, c *conn) (Reversals, error) {
	r := Reversals{}
	err := c.each(ctx, "SELECT run_id, reverted_run FROM reversal ORDER BY 1, 2", nil, func(row []driver.Value) error {
		r[num(row[0])] = append(r[num(row[0])], num(row[1]))
		return nil
	})
	return r, err
}

// By returns the revert that holds for each run that is reverted: a revert that is itself reverted does not hold.
func (r Reversals) By() map[int64]int64 {
	by := map[int64]int64{}
	for _, revert := range slices.SortedFunc(maps.Keys(r), func(a, b int64) int { return cmp.Compare(b, a) }) {
		if _, reverted := by[revert]; reverted {
			continue
		}
		for _, run := range r[revert] {
			by[run] = revert
		}
	}
	return by
}

// void is the runs that no longer count: those that are reverted, and the reverts that hold, as the two together did nothing.
func (r Reversals) void() map[int64]struct{} {
	list := map[int64]struct{}{}
	for run, revert := range r.By() {
		list[run], list[revert] = struct{}{}, struct{}{}
	}
	return list
}

// loads is the condition that a run has loaded files: it may have found rows unchanged.
const loads = "command IN ('import', 'drop') AND coalesce(counts, 'null') NOT IN ('null', '{}')"

// LaterRuns returns the runs after one that changed something or loaded files, without those that a revert has undone and without such
// reverts: with all of them reverted, none stands in the way of the revert of that one. What a run only found unchanged is not told for each run
// (see confirmer), so all that loaded files may have.
func (db *DB) LaterRuns(ctx context.Context, run int64) (list []int64, err error) {
	c, err := db.connect(false)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	err = c.each(ctx, "SELECT id FROM run WHERE void = 0 AND id > ? AND ("+loads+" OR id IN (SELECT run_id FROM change UNION SELECT run_id FROM origin "+
		"UNION SELECT run_id FROM complete_organization)) ORDER BY id", []driver.Value{run}, func(row []driver.Value) error {
		list = append(list, num(row[0]))
		return nil
	})
	return list, db.named("read the history", err)
}

// HasChanged reports whether a run changed anything, or was a complete one.
func (db *DB) HasChanged(ctx context.Context, run int64) (bool, error) {
	c, err := db.connect(false)
	if err != nil {
		return false, err
	}
	defer c.Close()
	n, err := c.integer("SELECT EXISTS (SELECT 1 FROM origin WHERE run_id = ?1) OR EXISTS (SELECT 1 FROM change WHERE run_id = ?1) "+
		"OR EXISTS (SELECT 1 FROM complete_organization WHERE run_id = ?1)", run)
	return n == 1, db.named("read the history", err)
}
