package batch

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"cohortx/interchange"
	"cohortx/store"
)

// applySet is pass 2: cohorts, then associations, in one transaction.
func (im *importer) applySet(ctx context.Context, s *set, inputs []*input) error {
	tx, err := im.begin(ctx)
	if err != nil {
		return err
	}
	defer im.rollback(tx)
	err = im.step("apply cohorts", func() error { return s.putTargets(ctx, tx) })
	if err != nil {
		return err
	}
	for _, kind := range []interchange.Kind{interchange.StudentCohortAssociationKind, interchange.StaffCohortAssociationKind} {
		if s.associations[kind].Len() == 0 {
			continue
		}
		if err := im.step("apply "+kind.String()+"s", func() error { return s.merge(ctx, tx, kind) }); err != nil {
			return err
		}
	}
	s.log.drop(s.gone)
	return im.settleSet(ctx, s, inputs, tx)
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
		for _, in := range inputs {
			if in.report.Refusal == nil {
				in.refuse(im.tooMany(in.Name, rejects-s.consequences, entities))
				in.report.Verdict = "rolled_back"
			}
		}
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

func (im *importer) takeSet(s *set) error {
	im.warnings, im.ids = s.warnings, s.ids
	im.rep.Consequences += s.consequences
	return im.log.take(&s.log)
}

// settle ends pass 1: rejects of refused files are forgotten, the others counted.
func (s *set) settle() error {
	s.definitions = slices.DeleteFunc(s.definitions, func(d definition) bool { return s.gone(d.place) })
	s.log.drop(s.gone)
	for i := range s.log.index {
		l, err := s.log.at(i)
		if err != nil {
			return err
		}
		if !l.Late {
			s.counts.Add(l.EntityName, interchange.Rejected, 1)
		}
	}
	return nil
}

// putTargets writes everything that associations refer to.
func (s *set) putTargets(ctx context.Context, tx *store.Tx) error {
	rows, err := s.cohortRows()
	if err != nil {
		return err
	}
	var organizations []store.EducationOrganizationRow
	for id := range s.missing.organizations {
		organizations = append(organizations, store.EducationOrganizationRow{ID: id, Unverified: true})
	}
	slices.SortFunc(organizations, func(a, b store.EducationOrganizationRow) int { return int(min(max(a.ID-b.ID, -1), 1)) })
	if _, err := tx.PutEducationOrganizations(ctx, organizations); err != nil {
		return err
	}
	if _, err := tx.PutStudents(ctx, unverified(s.students, s.missing.students)); err != nil {
		return err
	}
	if _, err := tx.PutStaff(ctx, unverified(s.staff, s.missing.staff)); err != nil {
		return err
	}
	if err := s.putPrograms(ctx, tx); err != nil {
		return err
	}
	if err := s.putSections(ctx, tx); err != nil {
		return err
	}
	outcomes, err := tx.PutCohorts(ctx, rows)
	if err != nil {
		return err
	}
	for i, o := range outcomes {
		if !rows[i].Unverified {
			s.counts.Add(interchange.CohortKind.String(), o, 1)
		}
	}
	return nil
}

func unverified(n *numbers, missing map[uint32]struct{}) []store.PersonRow {
	var rows []store.PersonRow
	for number := range missing {
		rows = append(rows, store.PersonRow{Number: number, UniqueID: string(n.key(number)), BirthDate: interchange.NoDate, Unverified: true})
	}
	slices.SortFunc(rows, func(a, b store.PersonRow) int { return int(a.Number) - int(b.Number) })
	return rows
}

// cohortRows settles the Cohort elements of the set: of equal keys the last in file order wins. With --allow-missing cohorts, those that
// are only referred to become rows too.
func (s *set) cohortRows() ([]store.CohortRow, error) {
	slices.SortStableFunc(s.definitions, func(a, b definition) int { return int(int64(a.number) - int64(b.number)) })
	s.defined = map[uint32]bool{}
	var rows []store.CohortRow
	for i := range s.definitions {
		d := &s.definitions[i]
		s.defined[d.number] = true
		if i+1 < len(s.definitions) && s.definitions[i+1].number == d.number {
			outcome := interchange.Superseded
			if d.cohort.Equal(&s.definitions[i+1].cohort) {
				outcome = interchange.Duplicate
			}
			s.counts.Add(interchange.CohortKind.String(), outcome, 1)
			continue
		}
		row := store.CohortRow{Number: d.number, Cohort: d.cohort}
		for j := range d.cohort.Programs {
			row.ProgramNumbers = append(row.ProgramNumbers, s.programs.number(d.cohort.Programs[j].AppendKey(nil)))
		}
		rows = append(rows, row)
	}
	if !s.allow.Cohorts {
		return rows, nil
	}
	for index := range s.cohorts.fresh.Len() {
		number := s.cohorts.base + 1 + uint32(index)
		if s.defined[number] {
			continue
		}
		key, err := interchange.ParseCohortKey(s.cohorts.key(number))
		if err != nil {
			return nil, err
		}
		if _, known := s.organizations[key.EducationOrganizationID]; !known {
			if !s.allow.EducationOrganizations {
				continue // its associations are rejected: cohort_not_found
			}
			s.missing.organizations[key.EducationOrganizationID] = struct{}{}
		}
		s.defined[number] = true
		rows = append(rows, store.CohortRow{Number: number, Cohort: interchange.Cohort{CohortKey: key}, Unverified: true})
	}
	return rows, nil
}

// putPrograms writes the programs that cohorts of the set refer to and that are not stored. They are kept by identity, unverified.
func (s *set) putPrograms(ctx context.Context, tx *store.Tx) error {
	written := map[uint32]interchange.ProgramKey{}
	for i := range s.definitions {
		for _, k := range s.definitions[i].cohort.Programs {
			if n := s.programs.number(k.AppendKey(nil)); n > s.programs.base {
				if _, ok := written[n]; !ok {
					written[n] = k
				}
			}
		}
	}
	rows := make([]store.ProgramRow, 0, len(written))
	for n, k := range written {
		rows = append(rows, store.ProgramRow{Number: n, ProgramKey: k, Unverified: true})
	}
	slices.SortFunc(rows, func(a, b store.ProgramRow) int { return int(a.Number) - int(b.Number) })
	_, err := tx.PutPrograms(ctx, rows)
	return err
}

// putSections writes the sections that associations of the set refer to and that are not stored.
func (s *set) putSections(ctx context.Context, tx *store.Tx) error {
	const batch = 1000
	var rows []store.SectionRow
	for index := range s.sections.fresh.Len() {
		number := s.sections.base + 1 + uint32(index)
		key, err := interchange.ParseSectionKey(s.sections.key(number))
		if err != nil {
			return fmt.Errorf("section %d: %w", number, err)
		}
		rows = append(rows, store.SectionRow{Number: number, SectionKey: key, Unverified: true})
		if len(rows) == batch {
			if _, err := tx.PutSections(ctx, rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	_, err := tx.PutSections(ctx, rows)
	return err
}

// merge applies the associations of one kind.
func (s *set) merge(ctx context.Context, tx *store.Tx, kind interchange.Kind) error {
	in, err := s.associations[kind].merge()
	if err != nil {
		return err
	}
	m := &staged{set: s, kind: kind, in: in}
	var outcomes [16]int64
	err = tx.MergeAssociations(ctx, kind, m, s.policies, func(cohort, person uint32, t interchange.Settled, incoming []interchange.Record) error {
		outcomes[t.Outcome]++
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
		return s.rejectLate(kind, &record{pair: uint64(cohort)<<32 | uint64(person), place: r.Place, begin: r.Begin}, t.Code, "", false)
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
		if m.set.gone(r.place) {
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
	m.known = !fresh || m.set.defined[cohort]
	m.stale, m.line = rejected && !m.set.defined[cohort], line
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
	return m.set.rejectLate(m.kind, r, interchange.CodeCohortNotFound, detail, m.stale)
}
