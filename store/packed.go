package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"

	"cohortx/interchange"
)

// A stored association is read as one integer, person << 34 | begin << 17 | end, and all of a cohort as one text that SQLite's
// group_concat builds: a million rows take 0.25 s in this way, where a row at a time takes 0.37 s.
const (
	dayBits = 17
	dayMask = 1<<dayBits - 1
	dayBase = 25568 // makes 1900-01-01, day -25567, a 1; 0 is no date. 2199-12-31 is 109574.

	firstDay interchange.Date = -25567 // 1900-01-01, as the tables' CHECK has it
	lastDay  interchange.Date = 84006  // 2199-12-31
)

func storable(d interchange.Date) bool { return d >= firstDay && d <= lastDay }

func unpackDay(n uint64) interchange.Date {
	n &= dayMask
	if n == 0 {
		return interchange.NoDate
	}
	return interchange.Date(int64(n) - dayBase)
}

// shape is what differs between the tables of student and staff associations.
type shape struct {
	table, person string
	access        bool   // staff
	sections      string // the table of sections, "" for staff
}

var (
	studentShape = &shape{table: "student_cohort_association", person: "student_id", sections: "student_cohort_association_section"}
	staffShape   = &shape{table: "staff_cohort_association", person: "staff_id", access: true}
)

func shapeOf(kind interchange.Kind) (*shape, table, error) {
	switch kind {
	case interchange.StudentCohortAssociationKind:
		return studentShape, students, nil
	case interchange.StaffCohortAssociationKind:
		return staffShape, staff, nil
	}
	return nil, 0, fmt.Errorf("store: %s is no association", kind)
}

// packed is the expression for all rows of a cohort.
func (s *shape) packed() string {
	return fmt.Sprintf("group_concat((%s << %d) | ((begin_date + %d) << %d) | coalesce(end_date + %d, 0))", s.person, 2*dayBits, dayBase, dayBits, dayBase)
}

// columns are the expressions for the rows of one cohort: packed rows, one access digit a row, sections. key is the condition on the
// key, dates the one on the dates ("" or " AND ..."). Sections are read by key alone: unpack leaves out those without a row.
func (s *shape) columns(key, dates string, withSections bool) string {
	where := key + dates
	list := []string{fmt.Sprintf("(SELECT %s FROM %s WHERE %s)", s.packed(), s.table, where)}
	if s.access {
		list = append(list, fmt.Sprintf("(SELECT group_concat(coalesce(student_record_access + 1, 0), '') FROM %s WHERE %s)", s.table, where))
	}
	if withSections && s.sections != "" {
		// person << 17 | begin, then section << 17 | its begin: in primary-key order too.
		list = append(list, fmt.Sprintf("(SELECT group_concat(((%s << %d) | (begin_date + %d)) || ',' || ((section_id << %d) | coalesce(section_begin_date + %d, 0))) FROM %s WHERE %s)",
			s.person, dayBits, dayBase, dayBits, dayBase, s.sections, key))
	}
	return strings.Join(list, ", ")
}

// integers reads a list of decimal numbers.
type integers struct{ rest string }

func (l *integers) next() (n uint64, ok bool) {
	if l.rest == "" {
		return 0, false
	}
	i := 0
	for ; i < len(l.rest) && l.rest[i] != ','; i++ {
		n = n*10 + uint64(l.rest[i]-'0')
	}
	if i < len(l.rest) {
		i++
	}
	l.rest = l.rest[i:]
	return n, true
}

// unpack appends a cohort's rows to dst and their sections to list.
func (s *shape) unpack(cohort uint32, columns []driver.Value, dst []storedRow, list []interchange.SectionUse) ([]storedRow, []interchange.SectionUse, error) {
	first := len(dst)
	rows := integers{str(columns[0])}
	var access, secs string
	if s.access {
		access = str(columns[1])
	} else if len(columns) > 1 {
		secs = str(columns[1])
	}
	last := uint64(0)
	for {
		n, ok := rows.next()
		if !ok {
			break
		}
		if n <= last {
			return dst, list, fmt.Errorf("cohort number %d: SQLite gave its associations out of order", cohort)
		}
		last = n
		r := storedRow{pair: pairOf(cohort, uint32(n>>(2*dayBits))), begin: unpackDay(n >> dayBits), end: unpackDay(n)}
		if s.access {
			i := len(dst) - first
			if i >= len(access) {
				return dst, list, fmt.Errorf("cohort number %d: %d values of record access for more associations", cohort, len(access))
			}
			r.access = access[i] - '0'
		}
		dst = append(dst, r)
	}
	l := integers{secs}
	at := first
	for {
		key, ok := l.next()
		if !ok {
			return dst, list, nil
		}
		use, _ := l.next()
		for at < len(dst) && dst[at].sectionKey() < key {
			at++
		}
		if at == len(dst) || dst[at].sectionKey() != key {
			continue // its association is outside of the condition
		}
		if dst[at].to == 0 {
			dst[at].from = len(list)
		}
		list = append(list, interchange.SectionUse{Section: uint32(use >> dayBits), Begin: unpackDay(use)})
		dst[at].to = len(list)
	}
}

func (r *storedRow) sectionKey() uint64 {
	return uint64(r.pair.person())<<dayBits | uint64(int64(r.begin)+dayBase)
}

// seekCohorts is how many cohorts are read with one statement.
const seekCohorts = 64

// storedReader reads the stored rows of a block's cohorts, by seeking each.
type storedReader struct {
	shape *shape
	full  *stmt
	conn  *conn
	rows  bool // there are any
	secs  bool
	args  []driver.Value
}

func newStoredReader(c *conn, s *shape) (*storedReader, error) {
	r := &storedReader{shape: s, conn: c}
	var err error
	if r.rows, err = c.any(s.table); err != nil {
		return nil, err
	}
	if s.sections != "" {
		if r.secs, err = c.any(s.sections); err != nil {
			return nil, err
		}
	}
	r.full, err = c.prepare(r.query(seekCohorts))
	return r, err
}

func (r *storedReader) query(n int) string {
	where := "cohort_id = w.cohort AND " + r.shape.person + " BETWEEN w.low AND w.high"
	return "WITH w (cohort, low, high) AS (VALUES " + values(n, 3) + ") SELECT w.cohort, " + r.shape.columns(where, "", r.secs) + " FROM w"
}

func (r *storedReader) close() { r.full.Close() }

func (r *storedReader) read(ctx context.Context, b *block) error {
	if !r.rows {
		return nil // a first import
	}
	for spans := b.cohorts; len(spans) > 0; {
		n := min(len(spans), seekCohorts)
		s := r.full
		if n < seekCohorts {
			var err error
			if s, err = r.conn.prepare(r.query(n)); err != nil {
				return err
			}
			defer s.Close()
		}
		r.args = r.args[:0]
		for _, w := range spans[:n] {
			r.args = append(r.args, int64(w.cohort), int64(w.first), int64(w.last))
		}
		i := 0
		err := s.each(ctx, r.args, func(row []driver.Value) (err error) {
			cohort := num(row[0])
			if i == n || cohort != int64(spans[i].cohort) {
				return fmt.Errorf("cohort number %s came out of order", strconv.FormatInt(cohort, 10))
			}
			i++
			b.stored, b.sections, err = r.shape.unpack(uint32(cohort), row[1:], b.stored, b.sections)
			return err
		})
		if err != nil {
			return err
		}
		spans = spans[n:]
	}
	return nil
}
