package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"

	"cohortx/interchange"
)

// AssociationKey is the key of a stored association, in numbers.
type AssociationKey struct {
	Cohort, Person uint32
	Begin          interchange.Date
}

// Compare orders keys as the primary key does.
func (k AssociationKey) Compare(o AssociationKey) int {
	a, b := pairOf(k.Cohort, k.Person), pairOf(o.Cohort, o.Person)
	switch {
	case a < b || a == b && k.Begin < o.Begin:
		return -1
	case a == b && k.Begin == o.Begin:
		return 0
	}
	return 1
}

// activeRows is how many rows of a cohort come with one statement, which reads up to seekCohorts cohorts: together at most 6 MB of text.
const activeRows = 4096

// Active gives the keys of the stored associations of the cohorts that are active on asOf or on a later day, as the store was at Begin. The
// cohorts are numbers in rising order; the keys come in the order of the primary key. Memory does not grow with their number.
func (tx *Tx) Active(ctx context.Context, kind interchange.Kind, cohorts []uint32, asOf interchange.Date) iter.Seq2[AssociationKey, error] {
	return func(yield func(AssociationKey, error) bool) {
		if err := tx.active(ctx, kind, cohorts, asOf, func(k AssociationKey) bool { return yield(k, nil) }); err != nil && err != errStop {
			yield(AssociationKey{}, tx.db.named("read active "+kind.String()+"s", err))
		}
	}
}

func (tx *Tx) active(ctx context.Context, kind interchange.Kind, cohorts []uint32, asOf interchange.Date, yield func(AssociationKey) bool) error {
	s, _, reader, err := tx.beside(ctx, kind)
	if err != nil {
		return err
	}
	defer reader.Close()
	a := &activeReader{shape: s, conn: reader, where: s.activeFrom(asOf, tx.db.endExclusive)}
	defer a.close()
	for len(cohorts) > 0 {
		n := min(len(cohorts), seekCohorts)
		if err := a.read(ctx, cohorts[:n], yield); err != nil {
			return err
		}
		cohorts = cohorts[n:]
	}
	return nil
}

// activeFrom is the condition of interchange.ActiveFrom.
func (s *shape) activeFrom(asOf interchange.Date, endExclusive bool) string {
	if endExclusive {
		return fmt.Sprintf(" AND (end_date IS NULL OR end_date > %d AND end_date > begin_date)", asOf)
	}
	return fmt.Sprintf(" AND (end_date IS NULL OR end_date >= %d)", asOf)
}

// activeReader reads the active rows of some cohorts at a time.
type activeReader struct {
	shape *shape
	conn  *conn
	where string
	full  *stmt
	args  []driver.Value
}

func (a *activeReader) close() {
	if a.full != nil {
		a.full.Close()
	}
}

// query reads the first activeRows active rows of n cohorts, each from behind a key on. A limit inside of group_concat bounds the text.
func (a *activeReader) query(n int) string {
	s := a.shape
	return fmt.Sprintf("WITH w (cohort, person, day) AS (VALUES %s) SELECT w.cohort, (SELECT group_concat(k) FROM (SELECT (%s << %d) | (begin_date + %d) AS k "+
		"FROM %s WHERE cohort_id = w.cohort AND (%s, begin_date) > (w.person, w.day)%s ORDER BY %s, begin_date LIMIT %d)) FROM w",
		values(n, 3), s.person, dayBits, dayBase, s.table, s.person, a.where, s.person, activeRows)
}

// read gives all active rows of the cohorts.
func (a *activeReader) read(ctx context.Context, cohorts []uint32, yield func(AssociationKey) bool) error {
	behind := make([]AssociationKey, len(cohorts))
	for i, c := range cohorts {
		behind[i].Cohort = c
	}
	texts := make([]string, len(cohorts))
	if err := a.texts(ctx, behind, texts); err != nil {
		return err
	}
	for i, c := range cohorts {
		for text := texts[i]; text != ""; {
			rows, last := 0, AssociationKey{Cohort: c}
			for list := (integers{text}); ; rows++ {
				n, ok := list.next()
				if !ok {
					break
				}
				k := AssociationKey{Cohort: c, Person: uint32(n >> dayBits), Begin: unpackDay(n)}
				if rows > 0 && last.Compare(k) >= 0 {
					return fmt.Errorf("cohort number %d: SQLite gave its associations out of order", c)
				}
				last = k
				if !yield(k) {
					return errStop
				}
			}
			text = ""
			if rows == activeRows { // there may be more
				var next [1]string
				if err := a.texts(ctx, []AssociationKey{last}, next[:]); err != nil {
					return err
				}
				text = next[0]
			}
		}
		texts[i] = ""
	}
	return nil
}

func (a *activeReader) texts(ctx context.Context, behind []AssociationKey, into []string) (err error) {
	n := len(behind)
	s := a.full
	if s == nil || n != seekCohorts {
		if s, err = a.conn.prepare(a.query(n)); err != nil {
			return err
		}
		if n == seekCohorts {
			a.full = s
		} else {
			defer s.Close()
		}
	}
	a.args = a.args[:0]
	for _, k := range behind {
		a.args = append(a.args, int64(k.Cohort), int64(k.Person), int64(k.Begin))
	}
	i := 0
	return s.each(ctx, a.args, func(row []driver.Value) error {
		if i == n || num(row[0]) != int64(behind[i].Cohort) {
			return fmt.Errorf("cohort number %d came out of order", num(row[0]))
		}
		into[i] = str(row[1])
		i++
		return nil
	})
}

// RemovalSink learns what became of each association that was to be removed: [interchange.EndedByAbsence], [interchange.Withdrawn], or 0
// when it is not there, or not active, any more.
type RemovalSink func(k AssociationKey, o interchange.Outcome) error

// RemoveAbsent ends or withdraws associations that a complete set as of asOf lacks ([interchange.Absence]). The keys are in the order of
// the primary key, each once. The stored rows are read as they were at Begin: none of them may have been changed in this Tx.
func (tx *Tx) RemoveAbsent(ctx context.Context, kind interchange.Kind, keys iter.Seq2[AssociationKey, error], asOf interchange.Date, sink RemovalSink) error {
	s, _, reader, err := tx.beside(ctx, kind)
	if err != nil {
		return err
	}
	defer reader.Close()
	stored, err := newStoredReader(reader, s)
	if err != nil {
		return tx.db.named("read stored "+kind.String()+"s", err)
	}
	defer stored.close()
	log, err := tx.log(ctx, kind)
	if err != nil {
		return err
	}
	r := &remover{tx: tx, stored: stored, asOf: asOf, sink: sink, out: newAssociationWriter(tx.w, s), log: log}
	defer r.out.close()
	defer log.close()
	for k, err := range keys {
		if err != nil {
			return err
		}
		if err := r.add(ctx, k); err != nil {
			return tx.db.named("remove "+kind.String()+"s", err)
		}
	}
	err = r.flush(ctx)
	return tx.db.named("remove "+kind.String()+"s", errors.Join(err, r.out.flush(), r.log.flush()))
}

// remover is the work of one RemoveAbsent.
type remover struct {
	tx     *Tx
	stored *storedReader
	asOf   interchange.Date
	sink   RemovalSink
	out    *associationWriter
	log    *associationLog
	keys   []AssociationKey
	b      block
	last   AssociationKey
	some   bool
}

func (r *remover) add(ctx context.Context, k AssociationKey) error {
	if r.some && r.last.Compare(k) >= 0 {
		return errOrder
	}
	r.last, r.some = k, true
	if len(r.keys) == blockRecords {
		if err := r.flush(ctx); err != nil {
			return err
		}
	}
	r.keys = append(r.keys, k)
	return nil
}

// flush removes the keys so far, with the stored rows read beside them.
func (r *remover) flush(ctx context.Context) error {
	b := &r.b
	b.cohorts, b.stored, b.sections = b.cohorts[:0], b.stored[:0], b.sections[:0]
	for _, k := range r.keys {
		if n := len(b.cohorts); n > 0 && b.cohorts[n-1].cohort == k.Cohort {
			b.cohorts[n-1].last = k.Person
		} else {
			b.cohorts = append(b.cohorts, span{k.Cohort, k.Person, k.Person})
		}
	}
	if err := r.stored.read(ctx, b); err != nil {
		return err
	}
	rows := b.stored
	for _, k := range r.keys {
		for len(rows) > 0 && (AssociationKey{rows[0].pair.cohort(), rows[0].pair.person(), rows[0].begin}).Compare(k) < 0 {
			rows = rows[1:]
		}
		var o interchange.Outcome
		if len(rows) > 0 && rows[0].pair == pairOf(k.Cohort, k.Person) && rows[0].begin == k.Begin {
			var err error
			if o, err = r.remove(rows[0].pair, &b.held(rows[:1])[0]); err != nil {
				return err
			}
		}
		if err := r.sink(k, o); err != nil {
			return err
		}
	}
	r.keys = r.keys[:0]
	return nil
}

func (r *remover) remove(g pair, old *interchange.Record) (interchange.Outcome, error) {
	end, o := interchange.Absence(interchange.Dates{Begin: old.Begin, End: old.End}, r.asOf, r.tx.db.endExclusive)
	switch o {
	case interchange.EndedByAbsence:
		now := *old
		now.End = end
		return o, errors.Join(r.out.change(g, old, &now), r.log.ended(g, old, o))
	case interchange.Withdrawn:
		return o, errors.Join(r.out.remove(g, old), r.log.ended(g, old, o))
	}
	return 0, nil
}
