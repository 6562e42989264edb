package store

import (
	"context"
	"database/sql/driver"
	"slices"

	"cohortx/interchange"
)

// writeRows is how many rows go into one statement: fewer cost calls and changes of goroutine, more cost memory. From 50 rows on SQLite itself
// was measured to be as fast as with 1,000.
const writeRows = 400

// insertInto begins a statement that writes new rows. A row that breaks a constraint ends the work of the transaction anyway, whatever other rows came
// before it in its statement; so SQLite need not be able to undo these alone (FAIL), for which it would copy every page that the statement changes.
// On a full disk, and when memory runs out, SQLite then rolls back the whole transaction by itself, see conn.runNamed.
const insertInto = "INSERT OR FAIL INTO "

// bulk collects rows for one statement, in a transaction.
type bulk struct {
	conn  *conn
	head  string // up to VALUES
	tail  string
	width int
	full  *stmt
	args  []driver.NamedValue
	n     int                      // values in args
	free  chan []driver.NamedValue // what statements that were given away have done with
	lent  int                      // how many lists of arguments there are beside args
}

func newBulk(c *conn, width int, head, tail string) *bulk {
	return &bulk{conn: c, head: head, tail: tail, width: width, args: arguments(writeRows * width), free: make(chan []driver.NamedValue, mostLent+1)}
}

// mostLent is how many statements of a bulk may wait to be executed. With 2, SQLite was seen to wait for the merge, in a virtual machine where waking a
// goroutine takes its time; 8 made the merge a tenth quicker. Each is 1,600 values of associations, or 64 KB.
const mostLent = 8

func arguments(n int) []driver.NamedValue {
	args := make([]driver.NamedValue, n)
	for i := range args {
		args[i].Ordinal = i + 1
	}
	return args
}

// add takes one value. After the last one of a row, call row.
func (b *bulk) add(v driver.Value) {
	b.args[b.n].Value = v
	b.n++
}

// row writes the rows if the statement is full.
func (b *bulk) row() (err error) {
	if b.n < len(b.args) {
		return nil
	}
	if b.full == nil {
		if b.full, err = b.conn.prepare(b.head + values(writeRows, b.width) + b.tail); err != nil {
			return err
		}
	}
	b.n = 0
	behind := b.conn.behind
	if behind == nil {
		return b.conn.runNamed(b.full, b.args)
	}
	behind.submit(statement{b.full, b.args, b.free})
	if b.lent < mostLent {
		b.lent++
		b.args = arguments(len(b.args))
	} else {
		b.args = <-b.free
	}
	return nil
}

// flush writes what is left.
func (b *bulk) flush() error {
	if b.n == 0 {
		return nil
	}
	s, err := b.conn.prepare(b.head + values(b.n/b.width, b.width) + b.tail)
	if err != nil {
		return err
	}
	defer s.Close()
	args := b.args[:b.n]
	b.n = 0
	return b.conn.runNamed(s, args)
}

func (b *bulk) close() {
	if b.full != nil {
		b.full.Close()
	}
}

// runNamed is stmt.run without the copy that the driver makes of plain values. It runs nothing after SQLite has rolled back by itself: by then every
// statement would be a transaction of its own, and what it wrote would stay.
func (c *conn) runNamed(s *stmt, args []driver.NamedValue) error {
	if c.raw.AutoCommit() {
		return ErrTxDone
	}
	rows, err := s.raw.QueryContext(context.Background(), args)
	if err != nil {
		return err
	}
	return rows.Close()
}

// associationWriter writes changed associations of one kind.
type associationWriter struct {
	shape       *shape
	conn        *conn
	inserts     *bulk
	changes     *bulk
	sections    *bulk // nil for staff
	redate      *bulk // sections that stay and get another begin date
	dropSection *stmt
	drop        *stmt
	days        []driver.Value // a day's boxed value: dates repeat, so that few are allocated
	cohort      driver.Value
	cohortIs    uint32
}

func newAssociationWriter(c *conn, s *shape) *associationWriter {
	columns, width, set := "cohort_id, "+s.person+", begin_date, end_date", 4, "end_date = excluded.end_date"
	if s.access {
		columns, width, set = columns+", student_record_access", 5, set+", student_record_access = excluded.student_record_access"
	}
	head := insertInto + s.table + " (" + columns + ") VALUES "
	w := &associationWriter{
		shape: s, conn: c,
		inserts: newBulk(c, width, head, ""),
		changes: newBulk(c, width, head, " ON CONFLICT (cohort_id, "+s.person+", begin_date) DO UPDATE SET "+set),
		days:    make([]driver.Value, int(lastDay-firstDay)+1),
	}
	if s.sections != "" {
		head := insertInto + s.sections + " (cohort_id, " + s.person + ", begin_date, section_id, section_begin_date) VALUES "
		w.sections = newBulk(c, 5, head, "")
		w.redate = newBulk(c, 5, head, " ON CONFLICT (cohort_id, "+s.person+", begin_date, section_id) DO UPDATE SET section_begin_date = excluded.section_begin_date")
	}
	return w
}

func (w *associationWriter) close() {
	w.inserts.close()
	w.changes.close()
	if w.sections != nil {
		w.sections.close()
		w.redate.close()
	}
	if w.dropSection != nil {
		w.dropSection.Close()
	}
	if w.drop != nil {
		w.drop.Close()
	}
}

func (w *associationWriter) flush() error {
	for _, b := range []*bulk{w.inserts, w.changes, w.sections, w.redate} {
		if b == nil {
			continue
		}
		if err := b.flush(); err != nil {
			return err
		}
	}
	return nil
}

func (w *associationWriter) day(d interchange.Date) driver.Value {
	if d == interchange.NoDate {
		return nil
	}
	v := &w.days[d-firstDay]
	if *v == nil {
		*v = int64(d)
	}
	return *v
}

// number boxes a cohort's number once for all its rows.
func (w *associationWriter) number(cohort uint32) driver.Value {
	if w.cohort == nil || w.cohortIs != cohort {
		w.cohort, w.cohortIs = int64(cohort), cohort
	}
	return w.cohort
}

func (w *associationWriter) row(b *bulk, g pair, person driver.Value, r *interchange.Record) error {
	b.add(w.number(g.cohort()))
	b.add(person)
	b.add(w.day(r.Begin))
	b.add(w.day(r.End))
	if w.shape.access {
		var v driver.Value
		if r.Access != interchange.AccessAbsent {
			v = flag(r.Access == interchange.AccessTrue)
		}
		b.add(v)
	}
	return b.row()
}

// insert writes a new association.
func (w *associationWriter) insert(g pair, in *interchange.Record) error {
	var person driver.Value = int64(g.person())
	if err := w.row(w.inserts, g, person, in); err != nil {
		return err
	}
	return w.addSections(g, person, in.Begin, in.Sections, nil)
}

// change writes an association over the stored one of the same key.
func (w *associationWriter) change(g pair, old, in *interchange.Record) error {
	var person driver.Value = int64(g.person())
	if old.End != in.End || old.Access != in.Access {
		if err := w.row(w.changes, g, person, in); err != nil {
			return err
		}
	}
	for _, u := range old.Sections {
		if _, stays := slices.BinarySearchFunc(in.Sections, u, interchange.CompareSectionUses); stays || w.sections == nil {
			continue
		}
		if w.dropSection == nil {
			var err error
			w.dropSection, err = w.conn.prepare("DELETE FROM " + w.shape.sections + " WHERE cohort_id = ? AND " + w.shape.person + " = ? AND begin_date = ? AND section_id = ?")
			if err != nil {
				return err
			}
		}
		if err := w.dropSection.run([]driver.Value{w.number(g.cohort()), person, w.day(in.Begin), int64(u.Section)}); err != nil {
			return err
		}
	}
	return w.addSections(g, person, in.Begin, in.Sections, old.Sections)
}

// remove deletes a stored association with its sections. It must not be one that this writer has just written.
func (w *associationWriter) remove(g pair, old *interchange.Record) (err error) {
	now := *old
	now.Sections = nil
	if err := w.change(g, old, &now); err != nil {
		return err
	}
	if w.drop == nil {
		w.drop, err = w.conn.prepare("DELETE FROM " + w.shape.table + " WHERE cohort_id = ? AND " + w.shape.person + " = ? AND begin_date = ?")
		if err != nil {
			return err
		}
	}
	return w.drop.run([]driver.Value{w.number(g.cohort()), int64(g.person()), w.day(old.Begin)})
}

// addSections writes the sections that are not among the old ones, and those that have another begin date there.
func (w *associationWriter) addSections(g pair, person driver.Value, begin interchange.Date, list, old []interchange.SectionUse) error {
	if w.sections == nil {
		return nil
	}
	for _, u := range list {
		b := w.sections
		if i, is := slices.BinarySearchFunc(old, u, interchange.CompareSectionUses); is {
			if old[i].Begin == u.Begin {
				continue
			}
			b = w.redate
		}
		b.add(w.number(g.cohort()))
		b.add(person)
		b.add(w.day(begin))
		b.add(int64(u.Section))
		b.add(w.day(u.Begin))
		if err := b.row(); err != nil {
			return err
		}
	}
	return nil
}
