package batch

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"cohortx/interchange"
	"cohortx/store"
)

// putTargets writes everything that associations refer to.
func (s *set) putTargets(ctx context.Context, tx *store.Tx) error {
	if err := s.missCohorts(); err != nil {
		return err
	}
	var organizations []store.EducationOrganizationRow
	for id := range s.missing.organizations {
		organizations = append(organizations, store.EducationOrganizationRow{ID: id, Unverified: true})
	}
	slices.SortFunc(organizations, func(a, b store.EducationOrganizationRow) int { return cmp.Compare(a.ID, b.ID) })
	if _, err := tx.PutEducationOrganizations(ctx, organizations); err != nil {
		return err
	}
	if _, err := tx.PutStudents(ctx, unverified(s.students, s.missing.students)); err != nil {
		return err
	}
	if _, err := tx.PutStaff(ctx, unverified(s.staff, s.missing.staff)); err != nil {
		return err
	}
	if err := s.putSections(ctx, tx); err != nil {
		return err
	}
	return s.putCohorts(ctx, tx)
}

func unverified(n *numbers, missing map[uint32]struct{}) []store.PersonRow {
	var rows []store.PersonRow
	for number := range missing {
		rows = append(rows, store.PersonRow{Number: number, UniqueID: string(n.key(number)), BirthDate: interchange.NoDate, Unverified: true})
	}
	slices.SortFunc(rows, func(a, b store.PersonRow) int { return cmp.Compare(a.Number, b.Number) })
	return rows
}

// missCohorts accepts cohorts that are only referred to, with --allow-missing cohorts.
func (s *set) missCohorts() error {
	for i := range s.definitions.list {
		s.defined.add(s.definitions.list[i].number)
	}
	if !s.allow.Cohorts {
		return nil
	}
	for index := range s.cohorts.fresh.Len() {
		number := s.cohorts.base + 1 + uint32(index)
		if s.defined.has(number) {
			continue
		}
		key, err := interchange.ParseCohortKey(s.cohorts.key(number))
		if err != nil {
			return err
		}
		if _, known := s.organizations[key.EducationOrganizationID]; !known {
			if !s.allow.EducationOrganizations {
				continue // its associations are rejected: cohort_not_found
			}
			s.missing.organizations[key.EducationOrganizationID] = struct{}{}
		}
		s.defined.add(number)
		s.missing.cohorts = append(s.missing.cohorts, number)
	}
	return nil
}

// putBatch is how many cohorts or sections are held before they are written.
const putBatch = 1000

// cohortBatch is cohorts on their way into the store, with the programs that they refer to and that are not stored: these are kept by identity,
// unverified.
type cohortBatch struct {
	rows                   []store.CohortRow
	programs               []store.ProgramRow
	superseded, duplicates int64 // elements before them that another one of their set takes the place of
}

// putCohorts settles the Cohort elements of the set, of equal keys the last in file order wins, and writes them. They are read while others are
// written.
func (s *set) putCohorts(ctx context.Context, tx *store.Tx) error {
	batches := make(chan cohortBatch, 1)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(batches)
		return s.readCohorts(func(b cohortBatch) error {
			select {
			case batches <- b:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	group.Go(func() error {
		for b := range batches {
			if err := s.writeCohorts(ctx, tx, b); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

// readCohorts gives the cohorts to write, in the order of their numbers.
func (s *set) readCohorts(yield func(cohortBatch) error) error {
	var b cohortBatch
	add := func(row store.CohortRow) error {
		if b.rows = append(b.rows, row); len(b.rows) < putBatch {
			return nil
		}
		full := b
		b = cohortBatch{rows: make([]store.CohortRow, 0, putBatch)}
		return yield(full)
	}
	from := s.definitions.reader()
	var values, next []byte
	for i, d := range s.definitions.list {
		var err error
		if values, err = from.read(d, values); err != nil {
			return err
		}
		if i+1 < len(s.definitions.list) && s.definitions.list[i+1].number == d.number {
			if next, err = from.read(s.definitions.list[i+1], next); err != nil {
				return err
			}
			if bytes.Equal(values, next) || sameDefinition(values, next) {
				b.duplicates++
			} else {
				b.superseded++
			}
			continue
		}
		key, err := interchange.ParseCohortKey(s.cohorts.key(d.number))
		if err != nil {
			return err
		}
		row := store.CohortRow{Number: d.number, File: position(d.place.File()), Cohort: readCohort(values, key)}
		for _, k := range row.Programs {
			n := s.programs.number(k.AppendKey(nil))
			row.ProgramNumbers = append(row.ProgramNumbers, n)
			if _, fresh := s.programs.isFresh(n); fresh {
				b.programs = append(b.programs, store.ProgramRow{Number: n, ProgramKey: k, Unverified: true})
			}
		}
		if err := add(row); err != nil {
			return err
		}
	}
	for _, number := range s.missing.cohorts {
		key, err := interchange.ParseCohortKey(s.cohorts.key(number))
		if err != nil {
			return err
		}
		if err := add(store.CohortRow{Number: number, Cohort: interchange.Cohort{CohortKey: key}, Unverified: true}); err != nil {
			return err
		}
	}
	return yield(b)
}

func (s *set) writeCohorts(ctx context.Context, tx *store.Tx, b cohortBatch) error {
	cohorts := interchange.CohortKind.String()
	s.counts.Add(cohorts, interchange.Superseded, b.superseded)
	s.counts.Add(cohorts, interchange.Duplicate, b.duplicates)
	if err := tx.From(0); err != nil { // the programs of several cohorts
		return err
	}
	if _, err := tx.PutPrograms(ctx, b.programs); err != nil {
		return err
	}
	outcomes, err := tx.PutCohorts(ctx, b.rows)
	for i, o := range outcomes {
		if !b.rows[i].Unverified {
			s.counts.Add(cohorts, o, 1)
		}
	}
	return err
}

// putSections writes the sections that associations of the set refer to and that are not stored.
func (s *set) putSections(ctx context.Context, tx *store.Tx) error {
	var rows []store.SectionRow
	for index := range s.sections.fresh.Len() {
		number := s.sections.base + 1 + uint32(index)
		key, err := interchange.ParseSectionKey(s.sections.key(number))
		if err != nil {
			return fmt.Errorf("section %d: %w", number, err)
		}
		rows = append(rows, store.SectionRow{Number: number, SectionKey: key, Unverified: true})
		if len(rows) == putBatch {
			if _, err := tx.PutSections(ctx, rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	_, err := tx.PutSections(ctx, rows)
	return err
}
