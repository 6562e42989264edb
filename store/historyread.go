package store

import (
	"cmp"
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"cohortx/interchange"
)

// AssociationHistory is what the history says of one association.
type AssociationHistory struct {
	Kind           interchange.Kind
	Cohort         interchange.CohortKey
	PersonUniqueID string
	Begin          interchange.Date
	Events         []Event // in the order of runs
}

// Event is one change of an association.
type Event struct {
	Run     int64 // 0: before there was a history
	Command string
	Started time.Time // of the run
	Outcome interchange.Outcome
	File    string            // "": no file did it, or it is not known which one of the run's
	Line    int               // of the entity's start tag; 0: not known
	Before  *AssociationState // nil: it was not there
	After   *AssociationState
}

// AssociationState is the values of an association.
type AssociationState struct {
	End      interchange.Date // NoDate: open
	Access   *bool            // staff only; nil: absent
	Sections []string         // identifiers, in the order of the store
}

// History returns what happened to the associations of a person, with one cohort or with all: by cohort and begin date.
func (db *DB) History(ctx context.Context, kind interchange.Kind, person string, cohort *interchange.CohortKey) ([]AssociationHistory, error) {
	s, persons, err := shapeOf(kind)
	if err != nil {
		return nil, err
	}
	c, err := db.connect(false)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	h := &historian{ctx: ctx, c: c, kind: kind, shape: s, runs: map[int64]RunRecord{}}
	list, err := h.person(persons, person, cohort)
	return list, db.named("read the history", err)
}

// historian is the work of one History.
type historian struct {
	ctx     context.Context
	c       *conn
	kind    interchange.Kind
	shape   *shape
	origins []pastOrigin
	runs    map[int64]RunRecord
}

type pastOrigin struct{ first, last, run, position, closed int64 }

// pastChange is a row of the table of changes.
type pastChange struct {
	run, position int64
	outcome       interchange.Outcome
	line          int
	before        *pastState
}

type pastState struct {
	end    interchange.Date
	access *bool
	rest   string
}

// past is what is known of one association.
type past struct {
	key     AssociationKey
	now     *pastState
	changes []pastChange
}

func (h *historian) person(persons table, id string, cohort *interchange.CohortKey) (list []AssociationHistory, err error) {
	numbers, err := h.numbers(persons, "unique_id = ?", "json_extract(rest, '$[0]') = ?", id)
	if err != nil {
		return nil, err
	}
	var only []int64
	if cohort != nil {
		if only, err = h.numbers(cohorts, "education_organization_id = ? AND cohort_identifier = ?", "json_extract(rest, '$[0]') = ? AND json_extract(rest, '$[1]') = ?",
			cohort.EducationOrganizationID, cohort.CohortIdentifier); err != nil {
			return nil, err
		}
	}
	if err := h.readOrigins(); err != nil {
		return nil, err
	}
	for _, n := range numbers {
		pasts, err := h.pasts(n, only, cohort != nil)
		if err != nil {
			return nil, err
		}
		for _, p := range pasts {
			one := AssociationHistory{Kind: h.kind, PersonUniqueID: id, Begin: p.key.Begin}
			if one.Cohort, err = h.cohort(p.key.Cohort); err != nil {
				return nil, err
			}
			if one.Events, err = h.events(p); err != nil {
				return nil, err
			}
			if len(one.Events) > 0 {
				list = append(list, one)
			}
		}
	}
	return list, nil
}

// numbers are those of the row with a natural key: of the one that is stored, and of earlier ones that were removed.
func (h *historian) numbers(t table, now, then string, args ...driver.Value) (list []int64, err error) {
	query := fmt.Sprintf("SELECT id FROM %s WHERE %s UNION SELECT number FROM change WHERE kind = %d AND outcome = %d AND %s", t.name(), now, t.history(), interchange.Withdrawn, then)
	err = h.c.each(h.ctx, query, append(args, args...), func(row []driver.Value) error {
		list = append(list, num(row[0]))
		return nil
	})
	return list, err
}

func (h *historian) readOrigins() error {
	return h.c.each(h.ctx, "SELECT first, last, run_id, position, closed_run FROM origin WHERE kind = ? ORDER BY run_id", []driver.Value{int64(h.kind)}, func(row []driver.Value) error {
		h.origins = append(h.origins, pastOrigin{num(row[0]), num(row[1]), num(row[2]), num(row[3]), num(row[4])})
		return nil
	})
}

// pasts reads the rows and the changes of a person.
func (h *historian) pasts(person int64, only []int64, some bool) ([]*past, error) {
	byKey := map[AssociationKey]*past{}
	of := func(cohort, begin driver.Value) *past {
		k := AssociationKey{uint32(num(cohort)), uint32(person), interchange.Date(num(begin))}
		if byKey[k] == nil {
			byKey[k] = &past{key: k}
		}
		return byKey[k]
	}
	in := func(column string) string {
		if !some {
			return ""
		}
		return fmt.Sprintf(" AND %s IN (SELECT value FROM json_each(?2))", column)
	}
	args := []driver.Value{person}
	if some {
		text, err := json.Marshal(append([]int64{}, only...))
		if err != nil {
			return nil, err
		}
		args = append(args, string(text))
	}
	s := h.shape
	// By cohort, each of which is a seek: there is no index by person.
	err := h.c.each(h.ctx, fmt.Sprintf("SELECT a.cohort_id, a.begin_date, a.end_date, %s, %s FROM cohort c CROSS JOIN %s a ON a.cohort_id = c.id AND a.%s = ?1%s", s.accessOf(), s.sectionsOf(), s.table, s.person, in("c.id")),
		args, func(row []driver.Value) error {
			of(row[0], row[1]).now = stateOf(row[2:])
			return nil
		})
	if err != nil {
		return nil, err
	}
	err = h.c.each(h.ctx, fmt.Sprintf("SELECT number, begin_date, run_id, outcome, position, line, end_date, student_record_access, rest FROM change WHERE kind = %d AND person_id = ?1%s ORDER BY run_id", h.kind, in("number")),
		args, func(row []driver.Value) error {
			x := pastChange{run: num(row[2]), outcome: interchange.Outcome(num(row[3])), position: num(row[4]), line: int(num(row[5]))}
			if x.outcome != interchange.Created {
				x.before = stateOf(row[6:])
			}
			p := of(row[0], row[1])
			p.changes = append(p.changes, x)
			return nil
		})
	list := make([]*past, 0, len(byKey))
	for _, p := range byKey {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *past) int { return a.key.Compare(b.key) })
	return list, err
}

func stateOf(row []driver.Value) *pastState {
	s := &pastState{end: interchange.NoDate, rest: str(row[2])}
	if row[0] != nil {
		s.end = interchange.Date(num(row[0]))
	}
	if row[1] != nil {
		access := num(row[1]) == 1
		s.access = &access
	}
	return s
}

// born finds the run that was the first to put associations into the cohort and brought this one, see createdBy in SQL: it was there after
// that run and not before.
func (p *past) born(o pastOrigin) bool {
	n := uint32(o.first) // cohorts have small numbers
	if p.key.Cohort < n || int64(p.key.Cohort) > o.last {
		return false
	}
	i, _ := slices.BinarySearchFunc(p.changes, o.run, func(x pastChange, run int64) int { return cmp.Compare(x.run, run) })
	if i > 0 && p.changes[i-1].outcome != interchange.Withdrawn {
		return false
	}
	if i == len(p.changes) {
		return p.now != nil && o.closed == 0
	}
	return p.changes[i].outcome != interchange.Created && (o.closed == 0 || p.changes[i].run <= o.closed)
}

// events puts the changes of an association in a row, with what came after each.
func (h *historian) events(p *past) ([]Event, error) {
	all := slices.Clone(p.changes)
	for _, o := range h.origins {
		if p.born(o) {
			all = append(all, pastChange{run: o.run, position: o.position, outcome: interchange.Created})
		}
	}
	slices.SortStableFunc(all, func(a, b pastChange) int { return cmp.Compare(a.run, b.run) })
	list := make([]Event, len(all))
	for i, x := range all {
		after := p.now
		if i+1 < len(all) {
			after = all[i+1].before
		}
		e := &list[i]
		e.Run, e.Outcome, e.Line = x.run, x.outcome, x.line
		var err error
		if e.Before, err = h.state(x.before); err != nil {
			return nil, err
		}
		if e.After, err = h.state(after); err != nil {
			return nil, err
		}
		if err := h.source(e, x.position); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// source says which run and file an event is from.
func (h *historian) source(e *Event, position int64) error {
	run, known := h.runs[e.Run]
	if !known {
		err := h.c.each(h.ctx, "SELECT "+runColumns+" FROM run WHERE id = ?", []driver.Value{e.Run}, func(row []driver.Value) (err error) {
			run, err = scanRun(row)
			return err
		})
		if err != nil {
			return err
		}
		if err := h.c.each(h.ctx, "SELECT name FROM source_file WHERE run_id = ? ORDER BY position", []driver.Value{e.Run}, func(row []driver.Value) error {
			run.Files = append(run.Files, SourceFile{Name: str(row[0])})
			return nil
		}); err != nil {
			return err
		}
		h.runs[e.Run] = run
	}
	e.Command, e.Started = run.Command, run.Started
	if run.Command == "revert" {
		e.Outcome = interchange.Reverted
	}
	if position > 0 && int(position) <= len(run.Files) {
		e.File = run.Files[position-1].Name
	}
	return nil
}

func (h *historian) state(p *pastState) (*AssociationState, error) {
	if p == nil {
		return nil, nil
	}
	s := &AssociationState{End: p.end, Access: p.access}
	if p.rest == "" {
		return s, nil
	}
	err := h.c.each(h.ctx, "SELECT coalesce((SELECT coalesce(section_identifier, unique_section_code) FROM section WHERE id = json_extract(j.value, '$[0]')), '?') FROM json_each(?) j", []driver.Value{p.rest}, func(row []driver.Value) error {
		s.Sections = append(s.Sections, str(row[0]))
		return nil
	})
	return s, err
}

// cohort is the key of a cohort, also of one that was removed.
func (h *historian) cohort(number uint32) (k interchange.CohortKey, err error) {
	err = h.c.each(h.ctx, "SELECT education_organization_id, cohort_identifier FROM cohort WHERE id = ?1 UNION ALL SELECT json_extract(rest, '$[0]'), json_extract(rest, '$[1]') FROM change "+
		"WHERE kind = ?2 AND number = ?1 AND rest IS NOT NULL LIMIT 1", []driver.Value{int64(number), historyCohort}, func(row []driver.Value) error {
		k = interchange.CohortKey{EducationOrganizationID: num(row[0]), CohortIdentifier: str(row[1])}
		return nil
	})
	return k, err
}
