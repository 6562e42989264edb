package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"cohortx/interchange"
)

// Period is a span of calendar days, both included. A single day has it twice; a school year is what SchoolYear.Days returns.
type Period struct{ First, Last interchange.Date }

// Filter says what to export. The zero value is everything.
type Filter struct {
	// Active takes only associations that were active on at least one day of the period, by the store's rule for end dates.
	// Cohorts have no dates and are not subject to it.
	Active *Period
	// EducationOrganizations takes only the cohorts of these, and their associations; nil: of all.
	EducationOrganizations []int64
	// Cohorts takes only these and their associations; nil: all.
	Cohorts []interchange.CohortKey
}

// Export is a view of the store at one moment: what is committed later does not show in it. It belongs to one goroutine; call Close.
type Export struct {
	db     *DB
	conn   *conn
	filter Filter
}

// Export begins a read transaction.
func (db *DB) Export(ctx context.Context, f Filter) (*Export, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, err := db.connect(false)
	if err != nil {
		return nil, err
	}
	if _, err := c.exec("BEGIN; SELECT count(*) FROM setting"); err != nil { // the first read fixes the moment
		c.Close()
		return nil, db.named("begin export", err)
	}
	return &Export{db: db, conn: c, filter: f}, nil
}

// Close ends the read transaction.
func (e *Export) Close() error { return e.conn.Close() }

// cohortsWhere is the condition on the table cohort, c.
func (e *Export) cohortsWhere() (string, []driver.Value) {
	var terms []string
	var args []driver.Value
	if e.filter.EducationOrganizations != nil {
		for _, id := range e.filter.EducationOrganizations {
			args = append(args, id)
		}
		terms = append(terms, "c.education_organization_id IN "+list(len(args)))
	}
	if e.filter.Cohorts != nil {
		for _, k := range e.filter.Cohorts {
			args = append(args, k.EducationOrganizationID, k.CohortIdentifier)
		}
		terms = append(terms, "(c.education_organization_id, c.cohort_identifier) IN ("+pairs(len(e.filter.Cohorts))+")")
	}
	if terms == nil {
		return "", nil
	}
	return " WHERE " + strings.Join(terms, " AND "), args
}

func list(n int) string {
	if n == 0 {
		return "()"
	}
	return values(1, n)
}

func pairs(n int) string {
	if n == 0 {
		return "SELECT 0, '' WHERE FALSE"
	}
	return "VALUES " + values(n, 2)
}

// datesWhere is the condition on an association's dates.
func (e *Export) datesWhere() string {
	p := e.filter.Active
	if p == nil {
		return ""
	}
	if e.db.endExclusive {
		return fmt.Sprintf(" AND begin_date <= %d AND (end_date IS NULL OR end_date > %d AND end_date > begin_date)", p.Last, p.First)
	}
	return fmt.Sprintf(" AND begin_date <= %d AND (end_date IS NULL OR end_date >= %d)", p.Last, p.First)
}

const cohortOrder = " ORDER BY c.education_organization_id, c.cohort_identifier" // the unique index's, so nothing is sorted

// ExportedCohort is a cohort of an export.
type ExportedCohort struct {
	interchange.Cohort
	// Unverified says that the cohort is known only from references (--allow-missing): it has no type and no scope, so that no
	// interchange can carry it.
	Unverified bool
}

var errStop = errors.New("the caller has stopped")

// Cohorts gives the cohorts by education organization id, then cohort identifier (bytewise). Programs are in the order of their keys.
// The cohort is valid until the next step; its strings and programs stay.
func (e *Export) Cohorts(ctx context.Context) iter.Seq2[*ExportedCohort, error] {
	return func(yield func(*ExportedCohort, error) bool) {
		if err := e.cohorts(ctx, yield); err != nil && err != errStop {
			yield(nil, e.db.named("read cohorts", err))
		}
	}
}

func (e *Export) cohorts(ctx context.Context, yield func(*ExportedCohort, error) bool) error {
	byNumber := map[uint64]interchange.ProgramKey{}
	err := e.conn.each(ctx, "SELECT id, education_organization_id, program_name, program_type FROM program", nil, func(row []driver.Value) error {
		byNumber[uint64(num(row[0]))] = interchange.ProgramKey{EducationOrganizationID: num(row[1]), ProgramName: str(row[2]), ProgramType: str(row[3])}
		return nil
	})
	if err != nil {
		return err
	}
	where, args := e.cohortsWhere()
	query := "SELECT c.education_organization_id, c.cohort_identifier, c.cohort_type, c.cohort_scope, c.academic_subject, c.academic_subject_namespace, " +
		"c.cohort_description, c.descriptors, c.verified, (SELECT group_concat(program_id) FROM cohort_program WHERE cohort_id = c.id) FROM cohort c" + where + cohortOrder
	var out ExportedCohort
	return e.conn.each(ctx, query, args, func(row []driver.Value) error {
		out = ExportedCohort{Unverified: num(row[8]) == 0}
		c := &out.Cohort
		c.EducationOrganizationID, c.CohortIdentifier, c.CohortType, c.CohortScope = num(row[0]), str(row[1]), str(row[2]), str(row[3])
		c.AcademicSubject, c.AcademicSubjectNamespace, c.Descriptors = str(row[4]), str(row[5]), num(row[7]) == 1
		if s, ok := row[6].(string); ok {
			c.CohortDescription = &s
		}
		l := integers{str(row[9])}
		for n, ok := l.next(); ok; n, ok = l.next() {
			c.Programs = append(c.Programs, byNumber[n])
		}
		slices.SortFunc(c.Programs, func(a, b interchange.ProgramKey) int {
			return cmp.Or(cmp.Compare(a.EducationOrganizationID, b.EducationOrganizationID), cmp.Compare(a.ProgramName, b.ProgramName),
				cmp.Compare(a.ProgramType, b.ProgramType))
		})
		if !yield(&out, nil) {
			return errStop
		}
		return nil
	})
}

// Associations gives the associations of a kind by education organization id, cohort identifier, the person's unique id (bytewise),
// begin date. Sections are in the order of their keys. The association is valid until the next step; its strings stay.
func (e *Export) Associations(ctx context.Context, kind interchange.Kind) iter.Seq2[*interchange.Association, error] {
	return func(yield func(*interchange.Association, error) bool) {
		if err := e.associations(ctx, kind, yield); err != nil && err != errStop {
			yield(nil, e.db.named("read "+kind.String()+"s", err))
		}
	}
}

// exported is some cohorts with their associations, on the way from the goroutine that reads to the one that yields.
type exported struct {
	keys     []interchange.CohortKey
	ends     []int // of each cohort's rows
	rows     []storedRow
	sections []interchange.SectionUse
	err      error
}

const exportRows = 8192

func (e *Export) associations(ctx context.Context, kind interchange.Kind, yield func(*interchange.Association, error) bool) error {
	shape, persons, err := shapeOf(kind)
	if err != nil {
		return err
	}
	ids, err := e.uniqueIDs(ctx, persons)
	if err != nil {
		return err
	}
	keys, err := e.sectionKeys(ctx, shape)
	if err != nil {
		return err
	}

	ctx, cancel := context.WithCancel(ctx)
	full, empty := make(chan *exported, 1), make(chan *exported, 3)
	for range cap(empty) {
		empty <- &exported{}
	}
	go e.read(ctx, shape, len(keys) > 0, full, empty)
	defer func() {
		cancel()
		for range full { // until the goroutine has ended: the connection is ours again
		}
	}()

	out := interchange.Association{Kind: kind}
	var access bool
	for b := range full {
		if b.err != nil {
			return b.err
		}
		from := 0
		for i, key := range b.keys {
			rows := b.rows[from:b.ends[i]]
			from = b.ends[i]
			slices.SortFunc(rows, func(a, b storedRow) int {
				if c := strings.Compare(ids.of(a.pair.person()), ids.of(b.pair.person())); c != 0 {
					return c
				}
				return cmp.Compare(a.begin, b.begin)
			})
			out.CohortKey = key
			for j := range rows {
				r := &rows[j]
				out.PersonUniqueID, out.BeginDate, out.EndDate = ids.of(r.pair.person()), r.begin, r.end
				out.StudentRecordAccess = nil
				if r.access != interchange.AccessAbsent {
					access = r.access == interchange.AccessTrue
					out.StudentRecordAccess = &access
				}
				out.Sections, out.SectionBegins = out.Sections[:0], out.SectionBegins[:0]
				uses := b.sections[r.from:r.to]
				slices.SortFunc(uses, func(a, b interchange.SectionUse) int { return cmp.Compare(keys[a.Section].rank, keys[b.Section].rank) })
				for _, u := range uses {
					out.Sections = append(out.Sections, keys[u.Section].key)
					out.SectionBegins = append(out.SectionBegins, u.Begin)
				}
				if !yield(&out, nil) {
					return errStop
				}
			}
		}
		empty <- b
	}
	return ctx.Err()
}

// read fills blocks until the end, an error, or ctx is done.
func (e *Export) read(ctx context.Context, shape *shape, withSections bool, full chan<- *exported, empty <-chan *exported) {
	defer close(full)
	var b *exported
	take := func() bool {
		select {
		case b = <-empty:
			b.keys, b.ends, b.rows, b.sections = b.keys[:0], b.ends[:0], b.rows[:0], b.sections[:0]
			return true
		case <-ctx.Done():
			return false
		}
	}
	give := func() bool {
		select {
		case full <- b:
			return true
		case <-ctx.Done():
			return false
		}
	}
	if !take() {
		return
	}
	where, args := e.cohortsWhere()
	query := "SELECT c.id, c.education_organization_id, c.cohort_identifier, " + shape.columns("cohort_id = c.id", e.datesWhere(), withSections) +
		" FROM cohort c" + where + cohortOrder
	err := e.conn.each(ctx, query, args, func(row []driver.Value) (err error) {
		n := len(b.rows)
		b.rows, b.sections, err = shape.unpack(uint32(num(row[0])), row[3:], b.rows, b.sections)
		if err != nil {
			return err
		}
		if len(b.rows) == n {
			return nil
		}
		b.keys = append(b.keys, interchange.CohortKey{EducationOrganizationID: num(row[1]), CohortIdentifier: str(row[2])})
		b.ends = append(b.ends, len(b.rows))
		if len(b.rows) >= exportRows && (!give() || !take()) {
			return errStop
		}
		return nil
	})
	if err == errStop {
		return // because ctx is done
	}
	b.err = err
	give()
}

// uniqueIDs holds the unique id of every number in one string.
type uniqueIDs struct {
	text string
	ends []uint32 // ends[n] is the end of number n's id, ends[n-1] its start
}

func (u *uniqueIDs) of(n uint32) string {
	return u.text[u.ends[n-1]:u.ends[n]]
}

func (e *Export) uniqueIDs(ctx context.Context, t table) (*uniqueIDs, error) {
	name := "student"
	if t == staff {
		name = "staff_member"
	}
	u := &uniqueIDs{}
	var arena []byte
	err := e.conn.each(ctx, "SELECT id, unique_id FROM "+name+" ORDER BY id", nil, func(row []driver.Value) error {
		id := num(row[0])
		if id < 1 || id > maxNumber {
			return fmt.Errorf("a %s has number %d; expected 1 to %d", t.what(), id, maxNumber)
		}
		for int64(len(u.ends)) < id {
			u.ends = append(u.ends, uint32(len(arena)))
		}
		arena = append(arena, str(row[1])...)
		u.ends = append(u.ends, uint32(len(arena)))
		return nil
	})
	u.text = string(arena)
	return u, err
}

type rankedSection struct {
	key  interchange.SectionKey
	rank int
}

// sectionKeys reads all sections, with their places in the order of their keys. Numbers depend on what was imported first; keys do
// not, so that equal data are exported as equal bytes.
func (e *Export) sectionKeys(ctx context.Context, s *shape) (map[uint32]rankedSection, error) {
	if s.sections == "" {
		return nil, nil
	}
	type numbered struct {
		number uint32
		key    []byte
	}
	var all []numbered
	err := e.conn.each(ctx, "SELECT id, key FROM section", nil, func(row []driver.Value) error {
		all = append(all, numbered{uint32(num(row[0])), blob(row[1])})
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b numbered) int { return bytes.Compare(a.key, b.key) })
	out := make(map[uint32]rankedSection, len(all))
	for i, n := range all {
		key, err := interchange.ParseSectionKey(n.key)
		if err != nil {
			return nil, fmt.Errorf("section number %d: %w", n.number, err)
		}
		out[n.number] = rankedSection{key, i}
	}
	return out, nil
}
