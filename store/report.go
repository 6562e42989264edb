package store

import (
	"context"
	"database/sql/driver"
	"slices"

	"cohortx/interchange"
)

// Report gives the report of a run, in the form of Result.Report; nil when the store has none.
func (db *DB) Report(ctx context.Context, number int64) (report []byte, err error) {
	c, err := db.connect(false)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	err = c.each(ctx, "SELECT report FROM run WHERE id = ? AND report IS NOT NULL", []driver.Value{number}, func(row []driver.Value) error {
		report = []byte(str(row[0]))
		return nil
	})
	return report, db.named("read report", err)
}

// Loads gives up to n runs that load files (import, drop), the last ones up to a run's number, in rising order. Their files are not read.
func (db *DB) Loads(ctx context.Context, upTo int64, n int) (runs []RunRecord, err error) {
	c, err := db.connect(false)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	err = c.each(ctx, "SELECT "+runColumns+" FROM run WHERE command IN ('import', 'drop') AND id <= ? ORDER BY id DESC LIMIT ?",
		[]driver.Value{upTo, int64(n)}, func(row []driver.Value) error {
			r, err := scanRun(row)
			runs = append(runs, r)
			return err
		})
	slices.Reverse(runs)
	return runs, db.named("read runs", err)
}

// CountActive says how many associations of a kind a cohort has that are active on a day, as the transaction sees it. It reads all rows of the
// cohort.
func (tx *Tx) CountActive(ctx context.Context, kind interchange.Kind, cohort uint32, day interchange.Date) (int64, error) {
	if err := tx.usable(ctx); err != nil {
		return 0, err
	}
	s, _, err := shapeOf(kind)
	if err != nil {
		return 0, err
	}
	n, err := tx.w.integer("SELECT count(*) FROM "+s.table+" WHERE cohort_id = ? AND begin_date <= ?"+s.activeFrom(day, tx.db.endExclusive), int64(cohort), int64(day))
	return n, tx.db.named("count active "+kind.String()+"s", err)
}
