package store

import (
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
	// Cohorts are read in the order of their keys, their rows lie in that of numbers: the pages between two cohorts of an education organization
	// are to be there still when the next organization's come. 8 MiB were measured to save a fifth where 250 cohorts have one organization.
	if _, err := c.exec("PRAGMA cache_size = -8192; BEGIN; SELECT count(*) FROM setting"); err != nil { // the first read fixes the moment
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
