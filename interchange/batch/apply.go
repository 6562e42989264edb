package batch

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/store"
)

// applySet is pass 2: cohorts, then associations, in one transaction.
func (im *importer) applySet(ctx context.Context, s *set, inputs []*input) error {
	tx, err := im.begin(ctx)
	if err != nil {
		return err
	}
	defer im.rollback(tx)
	tx.Lines(s.lines.line)
	err = im.step("apply cohorts", func() error { return s.putTargets(ctx, tx) })
	if err != nil {
		return err
	}
	var complete *completion
	if im.opt.Complete != nil {
		complete = im.newCompletion(s, tx)
		defer complete.close()
		if fault, err := complete.stale(ctx); err != nil || fault != nil {
			if err == nil {
				err = im.rollback(tx)
			}
			if fault != nil {
				im.refuseSet(inputs, *fault)
			}
			return errors.Join(err, im.takeSet(s))
		}
	}
	s.forget()
	for _, kind := range interchange.AssociationKinds {
		if s.associations[kind].Len() == 0 {
			continue
		}
		if err := im.step("apply "+kind.String()+"s", func() error { return s.merge(ctx, tx, kind) }); err != nil {
			return err
		}
	}
	s.log.drop(s.gone)
	if err := im.releaseSeen(ctx, s, tx); err != nil {
		return err
	}
	if complete != nil {
		if err := im.step("look for what is missing", func() error { return complete.apply(ctx) }); err != nil {
			return err
		}
	}
	return im.settleSet(ctx, s, inputs, tx)
}

// forget gives back what only pass 1 needed, so that pass 2 has room for SQLite's cache. Messages still name keys by their numbers.
func (s *set) forget() {
	for _, n := range []*numbers{s.students, s.staff, s.sections, s.programs} {
		n.stored.Freeze()
		n.fresh.Freeze()
	}
	s.definitions.list = nil
	debug.FreeOSMemory()
}

// gone says whether a place lies in a file that was refused.
func (s *set) gone(p interchange.Place) bool { return s.refused[p.File()] }

// settleSet decides whether the set is applied, and writes the outcome.
func (im *importer) settleSet(ctx context.Context, s *set, inputs []*input, tx *store.Tx) error {
	var entities int64
	for _, in := range inputs {
		if in.report.Refusal == nil {
			entities += in.report.Entities
		}
	}
	rejects := int64(s.log.Len())
	for i := range s.log.index {
		inputs[slices.IndexFunc(inputs, func(in *input) bool { return in.number == s.log.index[i].place.File() })].report.Rejected++
	}
	if im.opt.Limit.exceeded(rejects-s.consequences, entities) {
		if err := im.rollback(tx); err != nil {
			return err
		}
		im.refuseSet(inputs, im.tooMany("", rejects-s.consequences, entities))
		return im.takeSet(s)
	}
	for _, in := range inputs {
		if in.report.Refusal == nil {
			im.keep(in, nil)
		}
	}
	for kind, of := range s.counts {
		for outcome, n := range of {
			if im.rep.Counts[kind] == nil {
				im.rep.Counts[kind] = map[string]int64{}
			}
			im.rep.Counts[kind][outcome] += n
		}
	}
	if err := im.takeSet(s); err != nil {
		return err
	}
	var err error
	if im.rep.Cohorts, err = s.moves.report(ctx, tx); err != nil {
		return err
	}
	if im.opt.DryRun {
		return nil
	}
	if err := im.record(ctx, tx, nil); err != nil {
		return err
	}
	if err := im.step("commit", func() error { return tx.Commit(ctx) }); err != nil {
		return err
	}
	im.committed = true
	return nil
}

// refuseSet refuses what has been read and would have been applied; it was rolled back.
func (im *importer) refuseSet(inputs []*input, why report.Fault) {
	for _, in := range inputs {
		if in.report.Refusal == nil {
			why.File = in.Name
			in.refuse(why)
			in.report.Verdict = "rolled_back"
		}
	}
	im.rep.HeldBack = nil
}

func (im *importer) takeSet(s *set) error {
	im.warnings, im.ids = s.warnings, s.ids
	im.rep.Consequences += s.consequences
	return im.log.take(&s.log)
}

// settle ends pass 1: rejects of refused files are forgotten, the others counted.
func (s *set) settle() error {
	s.definitions.settle(s.gone)
	s.log.drop(s.gone)
	for i := range s.log.index {
		if at := &s.log.index[i]; !at.late {
			s.counts.Add(at.kind.String(), interchange.Rejected, 1)
		}
	}
	return nil
}

// merge applies the associations of one kind.
func (s *set) merge(ctx context.Context, tx *store.Tx, kind interchange.Kind) error {
	in, err := s.associations[kind].merge()
	if err != nil {
		return err
	}
	m := &staged{set: s, kind: kind, in: in}
	var outcomes [16]int64
	moved := s.moves.by[kind]
	err = tx.MergeAssociations(ctx, kind, m, s.policies, func(cohort, person uint32, t interchange.Settled, incoming []interchange.Record) error {
		outcomes[t.Outcome]++
		if t.Write {
			r := &incoming[t.Incoming]
			moved.add(cohort, t.Outcome != interchange.Created && s.moves.active(r.Begin, t.Was), s.moves.active(r.Begin, r.End))
		}
		if t.Code == "" {
			return nil
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		r := &incoming[t.Incoming]
		if t.Outcome != interchange.Rejected {
			s.warnings.add(t.Code, r.Place)
			return nil
		}
		outcomes[t.Outcome]-- // rejectLate counts it
		return s.rejectLate(kind, &record{pair: uint64(cohort)<<32 | uint64(person), place: r.Place, begin: r.Begin}, late{code: t.Code})
	})
	for o, n := range outcomes {
		s.counts.Add(kind.String(), interchange.Outcome(o), n)
	}
	return err
}

// staged gives the store the sorted records of one kind, without those of refused files and of cohorts that are not there. The store calls
// it on another goroutine than its sink, hence the lock on what both write to.
type staged struct {
	set  *set
	kind interchange.Kind
	in   *merged
	mu   sync.Mutex
	out  store.StagedRecord

	cohort  uint32 // the last one looked at, and what was found
	known   bool
	stale   bool // it is stored, but the set's own element was rejected
	line    int
	checked bool
}

func (m *staged) Next() (*store.StagedRecord, error) {
	for {
		r, sections, err := m.in.next()
		if err != nil {
			return nil, err
		}
		if m.set.gone(r.place) || r.access == presence {
			continue
		}
		if c := r.cohort(); !m.checked || c != m.cohort {
			m.look(c)
		}
		if !m.known {
			if err := m.missing(r); err != nil {
				return nil, err
			}
			continue
		}
		if m.stale {
			m.mu.Lock()
			m.set.warnings.add(interchange.CodeStoredCohort, r.place)
			m.mu.Unlock()
		}
		m.out = store.StagedRecord{Cohort: r.cohort(), Person: r.person(), Record: interchange.Record{
			Begin: r.begin, End: r.end, Access: r.access, Sections: sections, Place: r.place,
		}}
		return &m.out, nil
	}
}

func (m *staged) look(cohort uint32) {
	_, fresh := m.set.cohorts.isFresh(cohort)
	line, rejected := m.set.rejectedCohorts[cohort]
	m.cohort, m.checked = cohort, true
	m.known = !fresh || m.set.defined.has(cohort)
	m.stale, m.line = rejected && !m.set.defined.has(cohort), line
}

// missing rejects an association whose cohort is neither stored nor in the files.
func (m *staged) missing(r *record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	detail := ""
	if m.stale {
		detail = fmt.Sprintf("the Cohort at line %d was rejected", m.line)
	} else if k := m.set.cohorts; r.cohort() != 0 {
		id, rest := k.key(r.cohort())[:8], k.key(r.cohort())[8:]
		detail = k.nearBehind(id, rest)
	}
	return m.set.rejectLate(m.kind, r, late{
		code: interchange.CodeCohortNotFound, found: "cohort " + m.set.cohortKey(r.cohort()), expected: "a cohort of the store or of these files",
		detail: detail, consequence: m.stale,
	})
}
