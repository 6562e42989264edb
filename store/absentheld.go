package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"iter"

	"cohortx/interchange"
)

// LastComplete is what the store remembers of the complete runs of one education organization. The zero value is none.
type LastComplete struct {
	Run   int64 // the last one, 0 if there was none
	AsOf  interchange.Date
	Named map[interchange.Kind]int64 // associations in the last set whose removals of the kind were not held back, or approved since
}

// holds is the condition that there is a run of this number and that no revert has undone it.
func holds(run string) string {
	return "EXISTS (SELECT 1 FROM run WHERE id = " + run + " AND void = 0)"
}

// LastComplete returns what is known of the complete runs of education organizations, in their order.
func (tx *Tx) LastComplete(ctx context.Context, organizations []int64) ([]LastComplete, error) {
	if err := tx.usable(ctx); err != nil {
		return nil, err
	}
	last, err := tx.w.prepare("SELECT run_id, as_of FROM complete_organization WHERE education_organization_id = ? AND kind = ? AND " + holds("run_id") + " ORDER BY run_id DESC LIMIT 1")
	if err != nil {
		return nil, tx.db.named("read complete runs", err)
	}
	defer last.Close()
	named, err := tx.w.prepare("SELECT named FROM complete_organization WHERE education_organization_id = ? AND kind = ? AND " + holds("run_id") + " AND (held IS NULL OR " + holds("approved_run") + ") ORDER BY run_id DESC LIMIT 1")
	if err != nil {
		return nil, tx.db.named("read complete runs", err)
	}
	defer named.Close()
	list := make([]LastComplete, len(organizations))
	for i, id := range organizations {
		l := &list[i]
		l.Named = map[interchange.Kind]int64{}
		for _, kind := range interchange.AssociationKinds { // every complete run writes a row of each
			args := []driver.Value{id, int64(kind)}
			err := last.each(ctx, args, func(row []driver.Value) error {
				l.Run, l.AsOf = num(row[0]), interchange.Date(num(row[1]))
				return nil
			})
			if err == nil {
				err = named.each(ctx, args, func(row []driver.Value) error {
					l.Named[kind] = num(row[0])
					return nil
				})
			}
			if err != nil {
				return nil, tx.db.named("read complete runs", err)
			}
		}
	}
	return list, nil
}

// RecordComplete remembers how a complete set as of asOf compared with the store.
func (tx *Tx) RecordComplete(ctx context.Context, run *Run, asOf interchange.Date, list []interchange.Presence) error {
	if err := tx.usable(ctx); err != nil {
		return err
	}
	b := newBulk(tx.w, 8, insertInto+"complete_organization (education_organization_id, kind, run_id, as_of, named, active, absent, held) VALUES ", "")
	defer b.close()
	for _, p := range list {
		for _, v := range []driver.Value{p.EducationOrganizationID, int64(p.Kind), run.Number, int64(asOf), p.Named, p.Active, p.Absent, text(string(p.Held))} {
			b.add(v)
		}
		if err := b.row(); err != nil {
			return tx.db.named("write complete organizations", err)
		}
	}
	return tx.db.named("write complete organizations", b.flush())
}

// HeldRun is what a complete run held back.
type HeldRun struct {
	AsOf  interchange.Date
	Parts []HeldPart
}

// HeldPart is what was held back of one kind in one education organization.
type HeldPart struct {
	interchange.Presence       // Named and Last are not set
	ApprovedRun          int64 // 0: not approved
}

// HeldRun returns what run number held back; it has no parts if that was nothing.
func (db *DB) HeldRun(ctx context.Context, number int64) (h HeldRun, err error) {
	c, err := db.connect(false)
	if err != nil {
		return h, err
	}
	defer c.Close()
	err = c.each(ctx, "SELECT education_organization_id, kind, as_of, active, absent, held, iif("+holds("approved_run")+", approved_run, NULL) FROM complete_organization WHERE run_id = ? AND held IS NOT NULL ORDER BY 1, 2",
		[]driver.Value{number}, func(row []driver.Value) error {
			h.AsOf = interchange.Date(num(row[2]))
			h.Parts = append(h.Parts, HeldPart{interchange.Presence{
				EducationOrganizationID: num(row[0]), Kind: interchange.Kind(num(row[1])), Active: num(row[3]), Absent: num(row[4]), Held: interchange.Code(str(row[5])),
			}, num(row[6])})
			return nil
		})
	return h, db.named("read what was held back", err)
}

// HeldRemoval is one association whose removal was held back.
type HeldRemoval struct {
	Kind                    interchange.Kind
	EducationOrganizationID int64
	CohortIdentifier        string
	PersonUniqueID          string
	Begin                   interchange.Date
}

// Key is the natural key of the association, as reports have it.
func (r *HeldRemoval) Key() string {
	return fmt.Sprintf("%d/%s/%s/%s", r.EducationOrganizationID, r.CohortIdentifier, r.PersonUniqueID, r.Begin)
}

// fromHeld is where the removals stand that a run held back and that no later run has named: ?1 is the run, ?2 the kind. The order of the
// joins is fixed, so that the rows come in the order of the primary key unsorted.
const fromHeld = " FROM held_removal h CROSS JOIN cohort c ON c.id = h.cohort_id " +
	"CROSS JOIN complete_organization o ON o.education_organization_id = c.education_organization_id AND o.kind = h.kind AND o.run_id = ?1 AND o.held IS NOT NULL " +
	"WHERE h.kind = ?2 AND h.since_run <= ?1 AND h.last_run >= ?1 "

const heldOrder = " ORDER BY h.cohort_id, h.person_id, h.begin_date"

// HeldRemovals gives what run number held back and what has been neither approved nor named by a later run.
func (db *DB) HeldRemovals(ctx context.Context, number int64) iter.Seq2[HeldRemoval, error] {
	return func(yield func(HeldRemoval, error) bool) {
		c, err := db.connect(false)
		if err != nil {
			yield(HeldRemoval{}, err)
			return
		}
		defer c.Close()
		for _, kind := range interchange.AssociationKinds {
			_, persons, _ := shapeOf(kind) // it is one
			err := c.each(ctx, "SELECT c.education_organization_id, c.cohort_identifier, (SELECT unique_id FROM "+persons.name()+" WHERE id = h.person_id), h.begin_date"+fromHeld+heldOrder,
				[]driver.Value{number, int64(kind)}, func(row []driver.Value) error {
					if !yield(HeldRemoval{kind, num(row[0]), str(row[1]), str(row[2]), interchange.Date(num(row[3]))}, nil) {
						return errStop
					}
					return nil
				})
			if err == errStop {
				return
			}
			if err != nil {
				yield(HeldRemoval{}, db.named("read what was held back", err))
				return
			}
		}
	}
}

// Held gives the keys of what run number held back and no later run has named, of the organizations for which in answers true, as the
// store was at Begin. With number 0 it is what any run holds back.
func (tx *Tx) Held(ctx context.Context, kind interchange.Kind, number int64, in func(organization int64) bool) iter.Seq2[AssociationKey, error] {
	return func(yield func(AssociationKey, error) bool) {
		reader, err := tx.db.connect(false)
		if err != nil {
			yield(AssociationKey{}, err)
			return
		}
		defer reader.Close()
		query, args := "SELECT h.cohort_id, h.person_id, h.begin_date, 0 FROM held_removal h WHERE h.kind = ?1"+heldOrder, []driver.Value{int64(kind)}
		if number > 0 {
			query, args = "SELECT h.cohort_id, h.person_id, h.begin_date, c.education_organization_id"+fromHeld+heldOrder, []driver.Value{number, int64(kind)}
		}
		err = reader.each(ctx, query, args, func(row []driver.Value) error {
			if in != nil && !in(num(row[3])) {
				return nil
			}
			if !yield(AssociationKey{uint32(num(row[0])), uint32(num(row[1])), interchange.Date(num(row[2]))}, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop {
			yield(AssociationKey{}, tx.db.named("read what was held back", err))
		}
	}
}

// AnyHeld reports whether a removal of the kind is held back at all.
func (tx *Tx) AnyHeld(ctx context.Context, kind interchange.Kind) (bool, error) {
	if err := tx.usable(ctx); err != nil {
		return false, err
	}
	n, err := tx.w.integer("SELECT EXISTS (SELECT 1 FROM held_removal WHERE kind = ?)", int64(kind))
	return n == 1, tx.db.named("read what is held back", err)
}

// Approve notes that run has removed what run number had held back of a kind in an organization, unless an earlier approval holds: then there
// was nothing left for this one.
func (tx *Tx) Approve(ctx context.Context, run *Run, number int64, kind interchange.Kind, organization int64) error {
	if err := tx.usable(ctx); err != nil {
		return err
	}
	_, err := tx.w.exec("UPDATE complete_organization SET approved_run = ? WHERE education_organization_id = ? AND kind = ? AND run_id = ? AND NOT "+holds("approved_run"),
		run.Number, organization, int64(kind), number)
	return tx.db.named("approve", err)
}

// HeldLedger writes which removals are held back. Call Close; nothing is written for certain before.
type HeldLedger struct {
	tx   *Tx
	run  *Run
	kind interchange.Kind
	hold *bulk
	drop *stmt
}

// HeldLedger returns a ledger of one kind for a run.
func (tx *Tx) HeldLedger(run *Run, kind interchange.Kind) *HeldLedger {
	return &HeldLedger{tx: tx, run: run, kind: kind, hold: newBulk(tx.w, 6,
		insertInto+"held_removal (kind, cohort_id, person_id, begin_date, since_run, last_run) VALUES ",
		" ON CONFLICT (kind, cohort_id, person_id, begin_date) DO UPDATE SET last_run = excluded.last_run")}
}

// Hold notes that the run holds a removal back.
func (l *HeldLedger) Hold(k AssociationKey) error {
	if err := l.tx.history.watch("held_removal"); err != nil {
		return l.tx.db.named("hold back a removal", err)
	}
	for _, v := range []driver.Value{int64(l.kind), int64(k.Cohort), int64(k.Person), int64(k.Begin), l.run.Number, l.run.Number} {
		l.hold.add(v)
	}
	return l.tx.db.named("hold back a removal", l.hold.row())
}

// Release forgets a removal: the association was named again, or has been removed.
func (l *HeldLedger) Release(k AssociationKey) (err error) {
	if l.drop == nil {
		if err := l.tx.history.watch("held_removal"); err != nil {
			return l.tx.db.named("release a removal", err)
		}
		l.drop, err = l.tx.w.prepare("DELETE FROM held_removal WHERE kind = ? AND cohort_id = ? AND person_id = ? AND begin_date = ?")
		if err != nil {
			return l.tx.db.named("release a removal", err)
		}
	}
	return l.tx.db.named("release a removal", l.drop.run([]driver.Value{int64(l.kind), int64(k.Cohort), int64(k.Person), int64(k.Begin)}))
}

// Close writes what is left.
func (l *HeldLedger) Close() error {
	err := l.tx.db.named("hold back a removal", l.hold.flush())
	l.hold.close()
	if l.drop != nil {
		l.drop.Close()
	}
	return err
}
