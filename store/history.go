package store

import (
	"cmp"
	"context"
	"database/sql/driver"
	"slices"

	"cohortx/interchange"
)

// The kinds of rows in the history, see migration 0005. Those of associations and cohorts are interchange's.
const (
	historyCohort       = int64(interchange.CohortKind)
	historyStudent      = 4
	historyStaff        = 5
	historyOrganization = 6
	historySection      = 7
	historyProgram      = 8
	historySession      = 9

	historyHeld = 10 // + the kind of association
	historyList = 20 // + the kind of the row that has it; + 10 for each list before it
)

// history is the kind of a numbered table's rows.
func (t table) history() int64 {
	return [...]int64{historyStudent, historyStaff, historyCohort, historySection, historyProgram}[t]
}

// recording is what a Tx notes about what its run changes. A Tx has one if it is begun while a run is under way; all methods take nil.
type recording struct {
	tx       *Tx
	run      int64
	position int64 // of the file that rows are put from, 0: none in particular
	line     func(interchange.Place) (int, error)
	fresh    []origin           // of this Tx, not yet written
	origins  map[int64]*origins // by kind, as they were before
	open     map[int64]map[int64]struct{}
	same     map[int64][]int64 // rows by kind: unchanged, though a change of them was open
	watched  map[string]bool   // tables
}

func (db *DB) newRecording(tx *Tx) *recording {
	if db.run == 0 {
		return nil
	}
	return &recording{tx: tx, run: db.run, origins: map[int64]*origins{}, open: map[int64]map[int64]struct{}{}, same: map[int64][]int64{}, watched: map[string]bool{}}
}

// From says that what is put from now on comes from the run's file at this position, counted from 1 as in Result.Files; 0: from none in
// particular. Associations have their place.
func (tx *Tx) From(position int) error {
	r := tx.history
	if r == nil || r.position == int64(position) {
		return nil
	}
	r.position = int64(position)
	if len(r.watched) == 0 {
		return nil
	}
	_, err := tx.w.exec("UPDATE temp.recording SET position = ?", orNull(r.position))
	return tx.db.named("note the file", err)
}

// Lines says how to find the line of an association's start tag, for the history of what changed. It is called on the goroutine of the Tx.
func (tx *Tx) Lines(line func(interchange.Place) (int, error)) {
	if tx.history != nil {
		tx.history.line = line
	}
}

func orNull(n int64) driver.Value {
	if n == 0 {
		return nil
	}
	return n
}

// origin is a range of numbers whose rows come from one run and file.
type origin struct {
	kind, first, last, run, position int64
	confirmed                        bool // by this run, or an earlier one
	changed                          bool // confirmed by this run
}

// born notes a new row.
func (r *recording) born(kind, number int64) {
	if r != nil {
		r.extend(kind, number, r.position)
	}
}

// extend notes that a number's rows come from this run, and a file of it.
func (r *recording) extend(kind, number, position int64) {
	if n := len(r.fresh); n > 0 {
		if o := &r.fresh[n-1]; o.kind == kind && o.last+1 == number && o.position == position {
			o.last = number
			return
		}
	}
	r.fresh = append(r.fresh, origin{kind: kind, first: number, last: number, run: r.run, position: position})
}

// origins are the ranges of a kind that are not closed, in order. No two have a number in common.
type origins struct{ list []origin }

// find returns the range that holds a number, nil if there is none.
func (o *origins) find(number int64) *origin {
	i, is := slices.BinarySearchFunc(o.list, number, func(x origin, n int64) int { return cmp.Compare(x.first, n) })
	if !is {
		i--
	}
	if i < 0 || o.list[i].last < number {
		return nil
	}
	return &o.list[i]
}

// known returns the ranges of a kind as they were when the Tx began.
func (r *recording) known(ctx context.Context, kind int64) (*origins, error) {
	if o := r.origins[kind]; o != nil {
		return o, nil
	}
	o := &origins{}
	err := r.tx.w.each(ctx, "SELECT first, last, run_id, confirmed_run FROM origin WHERE kind = ? AND closed_run IS NULL AND run_id < ? ORDER BY first", []driver.Value{kind, r.run}, func(row []driver.Value) error {
		o.list = append(o.list, origin{kind: kind, first: num(row[0]), last: num(row[1]), run: num(row[2]), confirmed: row[3] != nil})
		return nil
	})
	r.origins[kind] = o
	return o, err
}

// unchanged notes that a row was found as it is stored.
func (r *recording) unchanged(ctx context.Context, kind, number int64) error {
	if r == nil {
		return nil
	}
	open, is := r.open[kind]
	if !is {
		var err error
		if open, err = r.unconfirmed(ctx, kind); err != nil {
			return err
		}
		r.open[kind] = open
	}
	if _, is := open[number]; is {
		r.same[kind] = append(r.same[kind], number)
		return nil
	}
	o, err := r.known(ctx, kind)
	if err != nil {
		return err
	}
	if x := o.find(number); x != nil {
		x.confirm()
	}
	return nil
}

func (o *origin) confirm() {
	if !o.confirmed {
		o.confirmed, o.changed = true, true
	}
}

// lists are the kinds in which the row of a kind and its lists stand.
func lists(kind int64) [3]int64 { return [...]int64{kind, kind + historyList, kind + historyList + 10} }

// unconfirmed reads the numbers of the rows that an earlier run changed, or whose lists it changed, and that no run has confirmed since.
func (r *recording) unconfirmed(ctx context.Context, kind int64) (map[int64]struct{}, error) {
	open := map[int64]struct{}{}
	for _, k := range lists(kind) {
		err := r.tx.w.each(ctx, "SELECT number FROM change WHERE kind = ? AND confirmed_run IS NULL AND run_id < ?", []driver.Value{k, r.run}, func(row []driver.Value) error {
			open[num(row[0])] = struct{}{}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return open, nil
}

// flush writes what is left. It is called when the Tx commits.
func (r *recording) flush() error {
	if r == nil {
		return nil
	}
	w := r.tx.w
	if len(r.watched) > 0 {
		if _, err := w.exec("DELETE FROM temp.recording"); err != nil {
			return err
		}
	}
	b := newBulk(w, 5, insertInto+"origin (kind, first, last, run_id, position) VALUES ", "")
	defer b.close()
	for _, o := range r.fresh {
		for _, v := range []driver.Value{o.kind, o.first, o.last, o.run, orNull(o.position)} {
			b.add(v)
		}
		if err := b.row(); err != nil {
			return err
		}
	}
	if err := b.flush(); err != nil {
		return err
	}
	for _, of := range r.origins {
		for _, o := range of.list {
			if !o.changed {
				continue
			}
			if _, err := w.exec("UPDATE origin SET confirmed_run = ? WHERE kind = ? AND first = ? AND run_id = ?", r.run, o.kind, o.first, o.run); err != nil {
				return err
			}
		}
	}
	return r.flushSame()
}

func (r *recording) flushSame() error {
	for kind, numbers := range r.same {
		if len(numbers) == 0 {
			continue
		}
		s, err := r.tx.w.prepare("UPDATE change SET confirmed_run = ? WHERE kind IN (?, ?, ?) AND number = ? AND confirmed_run IS NULL AND run_id < ?")
		if err != nil {
			return err
		}
		defer s.Close()
		k := lists(kind)
		for _, n := range numbers {
			if err := s.run([]driver.Value{r.run, k[0], k[1], k[2], n, r.run}); err != nil {
				return err
			}
		}
	}
	return nil
}
