package store

import (
	"context"
	"database/sql/driver"
	"strconv"

	"cohortx/interchange"
)

// associationLog notes what a run does to associations of one kind, which it is told in the order of the primary key. All methods take nil,
// when there is no run to note it for.
type associationLog struct {
	*recording
	ctx     context.Context
	kind    int64
	origins *origins
	out     *bulk

	// The cohort at hand, and where its associations come from: an earlier run, or this one, which is the first to put any into it.
	cohort  uint32
	entered bool
	from    *origin
	filled  bool
	file    int64 // of the associations that fill it; 0: several

	// The changes that no run has confirmed yet, read a page at a time, beside the rows.
	page []changeKey
	more bool // there may be further ones behind the page
	seen *bulk
}

// changeKey is the key of a change.
type changeKey struct {
	AssociationKey
	run int64
}

// log returns the log of a kind for a Tx.
func (tx *Tx) log(ctx context.Context, kind interchange.Kind) (*associationLog, error) {
	r := tx.history
	if r == nil {
		return nil, nil
	}
	known, err := r.known(ctx, int64(kind))
	if err != nil {
		return nil, tx.db.named("read the history", err)
	}
	l := &associationLog{recording: r, ctx: ctx, kind: int64(kind), origins: known}
	l.out = newBulk(tx.w, 12, insertInto+"change (kind, number, person_id, begin_date, run_id, outcome, position, line, confirmed_run, end_date, student_record_access, rest) VALUES ", "")
	l.seen = newBulk(tx.w, 6, insertInto+"change (kind, number, person_id, begin_date, run_id, confirmed_run) VALUES ",
		" ON CONFLICT (kind, number, person_id, begin_date, run_id) DO UPDATE SET confirmed_run = excluded.confirmed_run")
	n, err := tx.w.integer("SELECT EXISTS (SELECT 1 FROM change WHERE kind = ? AND confirmed_run IS NULL)", l.kind)
	l.more = n == 1
	return l, tx.db.named("read the history", err)
}

// enter goes on to another cohort.
func (l *associationLog) enter(cohort uint32) {
	l.leave()
	l.cohort, l.entered = cohort, true
	l.from, l.filled, l.file = l.origins.find(int64(cohort)), false, 0
}

// leave ends the cohort at hand.
func (l *associationLog) leave() {
	if l.filled {
		l.extend(l.kind, int64(l.cohort), l.file)
	}
	l.filled = false
}

// created notes a new association. Those that fill a cohort are noted by the cohort alone.
func (l *associationLog) created(g pair, in *interchange.Record) error {
	if l == nil {
		return nil
	}
	if c := g.cohort(); !l.entered || c != l.cohort {
		l.enter(c)
	}
	file := int64(in.Place.File()) + 1
	switch {
	case l.from != nil:
		return l.add(g, in.Begin, nil, interchange.Created, in.Place, true)
	case !l.filled:
		l.filled, l.file = true, file
	case l.file != file:
		l.file = 0
	}
	return nil
}

// changed notes what an association was before an entity at place changed it.
func (l *associationLog) changed(g pair, old *interchange.Record, o interchange.Outcome, at interchange.Place) error {
	if l == nil {
		return nil
	}
	return l.add(g, old.Begin, old, o, at, true)
}

// ended notes what an association was before a run changed or removed it by itself.
func (l *associationLog) ended(g pair, old *interchange.Record, o interchange.Outcome) error {
	if l == nil {
		return nil
	}
	return l.add(g, old.Begin, old, o, 0, false)
}

func (l *associationLog) add(g pair, begin interchange.Date, old *interchange.Record, o interchange.Outcome, at interchange.Place, placed bool) error {
	var position, line, confirmed, end, access, rest driver.Value
	if placed {
		position = int64(at.File()) + 1
		if l.line != nil {
			n, err := l.line(at)
			if err != nil {
				return err
			}
			line = int64(n)
		}
	}
	if o == interchange.Withdrawn {
		confirmed = int64(0)
	}
	if old != nil {
		end, access, rest = dayOrNull(old.End), accessOrNull(old.Access), text(sectionsJSON(old.Sections))
	}
	for _, v := range [...]driver.Value{l.kind, int64(g.cohort()), int64(g.person()), int64(begin), l.run, int64(o), position, line, confirmed, end, access, rest} {
		l.out.add(v)
	}
	return l.out.row()
}

func dayOrNull(d interchange.Date) driver.Value {
	if d == interchange.NoDate {
		return nil
	}
	return int64(d)
}

func accessOrNull(a uint8) driver.Value {
	if a == interchange.AccessAbsent {
		return nil
	}
	return flag(a == interchange.AccessTrue)
}

// sectionsJSON is a list of sections with their begin dates: [[3,null],[5,20000]]; "" for none.
func sectionsJSON(list []interchange.SectionUse) string {
	if len(list) == 0 {
		return ""
	}
	b := []byte{'['}
	for i, u := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(append(b, '['), uint64(u.Section), 10)
		if u.Begin == interchange.NoDate {
			b = append(b, ",null]"...)
		} else {
			b = append(strconv.AppendInt(append(b, ','), int64(u.Begin), 10), ']')
		}
	}
	return string(append(b, ']'))
}

// unchanged notes that an association was found as it is stored. It confirms the changes of its row that are still open; without any, the
// run that filled the cohort.
func (l *associationLog) unchanged(g pair, begin interchange.Date) error {
	if l == nil {
		return nil
	}
	if c := g.cohort(); !l.entered || c != l.cohort {
		l.enter(c)
	}
	if len(l.page) > 0 || l.more {
		confirmed, err := l.confirm(AssociationKey{g.cohort(), g.person(), begin})
		if confirmed || err != nil {
			return err
		}
	}
	if l.from != nil {
		l.from.confirm()
	}
	return nil
}

// confirm confirms the open changes of a row and reports whether there are any.
func (l *associationLog) confirm(k AssociationKey) (any bool, err error) {
	for {
		for len(l.page) > 0 {
			switch c := l.page[0].Compare(k); {
			case c > 0:
				return any, nil
			case c == 0:
				any = true
				for _, v := range [...]driver.Value{l.kind, int64(k.Cohort), int64(k.Person), int64(k.Begin), l.page[0].run, l.run} {
					l.seen.add(v)
				}
				if err := l.seen.row(); err != nil {
					return any, err
				}
			}
			l.page = l.page[1:]
		}
		if !l.more {
			return any, nil
		}
		if err := l.read(k); err != nil {
			return any, err
		}
	}
}

// pageChanges is how many open changes are read at a time.
const pageChanges = 512

// read reads the open changes of a row and of those behind it. The changes of one row that are cut off by the end of the page are found by
// the next one, as those of the page are confirmed by then.
func (l *associationLog) read(k AssociationKey) error {
	if err := l.seen.flush(); err != nil {
		return err
	}
	l.page = l.page[:0]
	err := l.tx.w.each(l.ctx, "SELECT number, person_id, begin_date, run_id FROM change INDEXED BY change_unconfirmed "+
		"WHERE kind = ? AND confirmed_run IS NULL AND (number, person_id, begin_date) >= (?, ?, ?) AND run_id < ? ORDER BY number, person_id, begin_date LIMIT ?",
		[]driver.Value{l.kind, int64(k.Cohort), int64(k.Person), int64(k.Begin), l.run, int64(pageChanges)}, func(row []driver.Value) error {
			l.page = append(l.page, changeKey{AssociationKey{uint32(num(row[0])), uint32(num(row[1])), interchange.Date(num(row[2]))}, num(row[3])})
			return nil
		})
	l.more = len(l.page) == pageChanges
	return err
}

// flush writes what is left.
func (l *associationLog) flush() error {
	if l == nil {
		return nil
	}
	l.leave()
	if err := l.out.flush(); err != nil {
		return err
	}
	return l.seen.flush()
}

func (l *associationLog) close() {
	if l != nil {
		l.out.close()
		l.seen.close()
	}
}
