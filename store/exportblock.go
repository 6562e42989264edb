package store

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"iter"
	"slices"
	"sync"

	"cohortx/interchange"
)

// exportRows is about how many associations a block has: enough to make handing it on cheap, few enough for what is made of it to stay in
// a processor's cache.
const exportRows = 512

// ExportBlock is a run of associations of one kind, in the order of the export. It is read by one goroutine and may be looked into by
// another; call Release when it is done with.
type ExportBlock struct {
	kind    interchange.Kind
	keys    *exportKeys
	cohorts []exportedCohort
	sorter  sorter
}

// exportedCohort is a cohort with its associations: packed as SQLite gave them, or, of a cohort that is too large for one block, some of them.
type exportedCohort struct {
	key    interchange.CohortKey
	number uint32
	packed [2]driver.Value // see shape.columns
	sorted *sorted         // instead of packed
}

// Blocks gives the associations of a kind by education organization id, cohort identifier, the person's unique id (bytewise), begin date.
// Sections are in the order of their keys. Blocks are the caller's, until it releases them.
func (e *Export) Blocks(ctx context.Context, kind interchange.Kind) iter.Seq2[*ExportBlock, error] {
	return func(yield func(*ExportBlock, error) bool) {
		if err := e.blocks(ctx, kind, yield); err != nil && err != errStop {
			yield(nil, e.db.named("read "+kind.String()+"s", err))
		}
	}
}

func (e *Export) blocks(ctx context.Context, kind interchange.Kind, yield func(*ExportBlock, error) bool) error {
	keys, err := e.keys(ctx, kind)
	if err != nil {
		return err
	}
	b, rows := newExportBlock(kind, keys), 0
	give := func() error {
		full := b
		b, rows = newExportBlock(kind, keys), 0
		if !yield(full, nil) {
			return errStop
		}
		return ctx.Err()
	}
	where, args := e.cohortsWhere()
	query := "SELECT c.id, c.education_organization_id, c.cohort_identifier, " + keys.shape.columns("cohort_id = c.id", e.datesWhere(), keys.sections != nil) +
		" FROM cohort c" + where + cohortOrder
	err = e.conn.each(ctx, query, args, func(row []driver.Value) error {
		text := str(row[3])
		if text == "" {
			return nil
		}
		n := 1 + len(text)/packedLength
		c := exportedCohort{number: uint32(num(row[0])), key: interchange.CohortKey{EducationOrganizationID: num(row[1]), CohortIdentifier: str(row[2])}}
		copy(c.packed[:], row[3:])
		if n >= 2*exportRows {
			parts, err := keys.parts(&c)
			if err != nil {
				return err
			}
			for _, part := range parts {
				b.cohorts = append(b.cohorts, part)
				if err := give(); err != nil {
					return err
				}
			}
			return nil
		}
		b.cohorts = append(b.cohorts, c)
		if rows += n; rows < exportRows {
			return nil
		}
		return give()
	})
	if err == nil && len(b.cohorts) > 0 {
		err = give()
	}
	return err
}

// packedLength is about how long an association is as packed text: person, begin and end as one number, a comma.
const packedLength = 16

var exportBlocks = sync.Pool{New: func() any { return new(ExportBlock) }}

func newExportBlock(kind interchange.Kind, keys *exportKeys) *ExportBlock {
	b := exportBlocks.Get().(*ExportBlock)
	b.kind, b.keys = kind, keys
	return b
}

// Release gives the block's memory to other blocks. It may not be used afterwards.
func (b *ExportBlock) Release() {
	clear(b.cohorts)
	b.cohorts, b.keys = b.cohorts[:0], nil
	exportBlocks.Put(b)
}

// Each calls f with every association, in order, until it returns an error. The association is valid until f returns; its strings stay.
func (b *ExportBlock) Each(f func(*interchange.Association) error) error {
	out := interchange.Association{Kind: b.kind}
	var access bool
	for i := range b.cohorts {
		c := &b.cohorts[i]
		s, err := b.sorted(c)
		if err != nil {
			return err
		}
		out.CohortKey = c.key
		for _, at := range s.order {
			r := &s.rows[uint32(at)]
			out.PersonUniqueID, out.BeginDate, out.EndDate = b.keys.persons.at(uint32(at>>32)), r.begin, r.end
			out.StudentRecordAccess = nil
			if r.access != interchange.AccessAbsent {
				access = r.access == interchange.AccessTrue
				out.StudentRecordAccess = &access
			}
			out.Sections, out.SectionBegins = out.Sections[:0], out.SectionBegins[:0]
			for _, u := range s.sections[r.from:r.to] {
				key, err := interchange.ParseSectionKey(b.keys.sections.at(u.Section))
				if err != nil {
					return fmt.Errorf("read the key of a section: %w", err)
				}
				out.Sections = append(out.Sections, key)
				out.SectionBegins = append(out.SectionBegins, u.Begin)
			}
			if err := f(&out); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *ExportBlock) sorted(c *exportedCohort) (*sorted, error) {
	if c.sorted != nil {
		return c.sorted, nil
	}
	return b.sorter.sort(b.keys, c)
}

// sorted is rows of a cohort and their order.
type sorted struct {
	rows     []storedRow
	sections []interchange.SectionUse // Section is the place in the order of keys, by which those of a row are sorted
	order    []uint64                 // place of the person in the order of unique ids << 32 | index in rows
}

// sorter is memory for the rows of one cohort.
type sorter struct{ sorted }

// sort unpacks a cohort. Rows come by person's number and begin date. The result is valid until the next call.
func (s *sorter) sort(k *exportKeys, c *exportedCohort) (*sorted, error) {
	var err error
	s.rows, s.sections, err = k.shape.unpack(c.number, c.packed[:], s.rows[:0], s.sections[:0])
	if err != nil {
		return nil, err
	}
	s.order = s.order[:0]
	for i := range s.rows {
		r := &s.rows[i]
		person, err := k.persons.rank(r.pair.person())
		if err != nil {
			return nil, err
		}
		s.order = append(s.order, uint64(person)<<32|uint64(i))
		uses := s.sections[r.from:r.to]
		for j := range uses {
			if uses[j].Section, err = k.sections.rank(uses[j].Section); err != nil {
				return nil, err
			}
		}
		if len(uses) > 1 {
			slices.SortFunc(uses, func(a, b interchange.SectionUse) int { return cmp.Compare(a.Section, b.Section) })
		}
	}
	slices.Sort(s.order)
	return &s.sorted, nil
}

// parts unpacks a cohort that is too large for one block.
func (k *exportKeys) parts(c *exportedCohort) ([]exportedCohort, error) {
	s, err := new(sorter).sort(k, c)
	if err != nil {
		return nil, err
	}
	var parts []exportedCohort
	for order := range slices.Chunk(s.order, exportRows) {
		parts = append(parts, exportedCohort{key: c.key, sorted: &sorted{s.rows, s.sections, order}})
	}
	return parts, nil
}
