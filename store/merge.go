package store

import (
	"context"
	"errors"
	"fmt"

	"cohortx/interchange"
)

// StagedRecord is one incoming association whose keys are resolved.
type StagedRecord struct {
	Cohort, Person uint32
	interchange.Record
}

// Staged gives incoming associations of one kind in the order of the stored primary key: by cohort, person, begin date, then place.
// Next returns io.EOF after the last. A record and its sections are valid until the next call. It is called on a goroutine of the
// merge, one call at a time.
type Staged interface {
	Next() (*StagedRecord, error)
}

// Sink learns what became of each incoming record: of incoming[s.Incoming], where incoming is all of its pair, so that s.Other can be
// looked up too. The records are valid until Sink returns.
type Sink func(cohort, person uint32, s interchange.Settled, incoming []interchange.Record) error

// MergeAssociations settles incoming associations with the stored ones and writes what has changed. Each (cohort, person) pair is one
// call of interchange.Settle; what it decides goes to sink, in the order of in.
//
// in is read ahead, together with the stored rows of the same pairs, on other goroutines. A Tx merges each kind once.
func (tx *Tx) MergeAssociations(ctx context.Context, kind interchange.Kind, in Staged, p interchange.Policies, sink Sink) error {
	if tx.merged[kind] {
		return fmt.Errorf("store: %ss were already merged in this transaction", kind)
	}
	shape, persons, err := shapeOf(kind)
	if err == nil {
		err = tx.usable(ctx)
	}
	if err != nil {
		return err
	}
	tx.merged[kind] = true
	p.EndExclusive = tx.db.endExclusive

	log, err := tx.log(ctx, kind)
	if err != nil {
		return err
	}
	defer tx.w.inBackground()()
	m := &merge{tx: tx, persons: persons, policies: p, sink: sink, out: newAssociationWriter(tx.w, shape), log: log}
	defer m.out.close()
	defer log.close()
	a := readAhead(ctx, tx.db, shape, in)
	defer a.close()
	for b := range a.full {
		<-b.ready
		if b.err != nil {
			return tx.db.named("read stored "+kind.String()+"s", b.err)
		}
		if err := m.block(b); err != nil {
			return err
		}
		a.empty <- b
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, end := range []func() error{m.out.flush, m.log.flush, tx.w.settle} {
		if err := end(); err != nil {
			return tx.db.named("write "+kind.String()+"s", err)
		}
	}
	return nil
}

// beside opens a connection that reads associations of a kind as they were at Begin, since nobody else can write meanwhile. Close it.
func (tx *Tx) beside(ctx context.Context, kind interchange.Kind) (s *shape, persons table, reader *conn, err error) {
	if err := tx.usable(ctx); err != nil {
		return nil, 0, nil, err
	}
	if s, persons, err = shapeOf(kind); err != nil {
		return nil, 0, nil, err
	}
	reader, err = tx.db.connect(false)
	return s, persons, reader, err
}

// merge is the work of one MergeAssociations.
type merge struct {
	tx       *Tx
	persons  table
	policies interchange.Policies
	sink     Sink
	out      *associationWriter
	log      *associationLog
	settled  []interchange.Settled
	cohort   uint32 // the last one checked
	checked  bool
	last     pair
}

// pair is a cohort and a person, as a place in the order of the primary key.
type pair uint64

func pairOf(cohort, person uint32) pair { return pair(cohort)<<32 | pair(person) }

func (p pair) cohort() uint32 { return uint32(p >> 32) }
func (p pair) person() uint32 { return uint32(p) }

var errOrder = errors.New("store: incoming associations are not in the order of the primary key")

// block settles the pairs of one block.
func (m *merge) block(b *block) error {
	stored := b.stored
	for _, g := range b.groups {
		incoming := b.records[g.from:g.to]
		if m.checked && g.pair <= m.last {
			return errOrder
		}
		if cohort := g.pair.cohort(); !m.checked || cohort != m.cohort {
			if err := m.tx.must(cohorts, cohort); err != nil {
				return err
			}
			m.cohort = cohort
		}
		m.last, m.checked = g.pair, true
		if err := m.tx.must(m.persons, g.pair.person()); err != nil {
			return err
		}
		for len(stored) > 0 && stored[0].pair < g.pair {
			stored = stored[1:] // of a person that is not in the input
		}
		n := 0
		for n < len(stored) && stored[n].pair == g.pair {
			n++
		}
		if err := m.group(g.pair, b.held(stored[:n]), incoming); err != nil {
			return err
		}
		stored = stored[n:]
	}
	return nil
}

// group settles one pair.
func (m *merge) group(g pair, stored, incoming []interchange.Record) error {
	m.settled = interchange.Settle(stored, incoming, m.policies, m.settled[:0])
	for _, s := range m.settled {
		in := &incoming[s.Incoming]
		if s.Write {
			var old *interchange.Record
			if s.Stored >= 0 {
				old = &stored[s.Stored]
			}
			if err := m.write(g, old, in, s.Outcome); err != nil {
				return err
			}
		} else if s.Outcome == interchange.Unchanged {
			if err := m.log.unchanged(g, in.Begin); err != nil {
				return m.tx.db.named("write the history", err)
			}
		}
		if err := m.sink(g.cohort(), g.person(), s, incoming); err != nil {
			return err
		}
	}
	return nil
}

func (m *merge) write(g pair, old, in *interchange.Record, o interchange.Outcome) error {
	for _, u := range in.Sections {
		if err := m.tx.must(sections, u.Section); err != nil {
			return err
		}
		if u.Begin != interchange.NoDate && !storable(u.Begin) {
			return fmt.Errorf("a section's begin date is outside of 1900-2199: %d", u.Begin)
		}
	}
	var err error
	if old == nil {
		if err = m.out.insert(g, in); err == nil {
			err = m.log.created(g, in)
		}
	} else if err = m.out.change(g, old, in); err == nil {
		err = m.log.changed(g, old, o, in.Place)
	}
	return m.tx.db.named("write associations", err)
}

// blockRecords is how many incoming records are settled at a time. It bounds memory; the cost of a block is spread over them.
const blockRecords = 8192

// block is a run of incoming records, cut between pairs, with the stored rows that lie between its first and last person of each
// cohort.
type block struct {
	groups   []group
	records  []interchange.Record
	arena    []interchange.SectionUse // sections of incoming and of stored records
	cohorts  []span
	stored   []storedRow
	sections []interchange.SectionUse // of stored rows
	scratch  []interchange.Record     // stored records of one pair
	err      error                    // the block is worth nothing: reading ended here
	ready    chan struct{}            // a word on it when the stored rows are there, or err
}

// group is the records of one pair.
type group struct {
	pair     pair
	from, to int
}

// span is the persons of one cohort in a block: from the first to the last.
type span struct{ cohort, first, last uint32 }

// storedRow is one stored association.
type storedRow struct {
	pair       pair
	begin, end interchange.Date
	access     uint8
	from, to   int // in block.sections
}

// held gives stored rows as records. They are valid until the next call.
func (b *block) held(rows []storedRow) []interchange.Record {
	b.scratch = b.scratch[:0]
	for i := range rows {
		r := &rows[i]
		rec := interchange.Record{Begin: r.begin, End: r.end, Access: r.access}
		if r.to > r.from {
			rec.Sections = b.sections[r.from:r.to:r.to]
		}
		b.scratch = append(b.scratch, rec)
	}
	return b.scratch
}
