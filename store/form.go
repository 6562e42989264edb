package store

import (
	"context"
	"database/sql/driver"
	"strings"

	"cohortx/interchange"
)

// keepForms gives rows that say in another form what is stored (an enumeration value of releases 2.x, the descriptor that it became) the
// stored values: they are no change, and an export gives back what came in first. Rows that say nothing else than what is stored need not be
// written.
func (p *putter) keepForms(ctx context.Context, rows []written) error {
	var ids []driver.Value
	at := map[int64]*written{}
	for i := range rows {
		if w := &rows[i]; w.known {
			ids, at[w.id] = append(ids, w.id), w
		}
	}
	if len(ids) == 0 {
		return nil
	}
	query := "SELECT id, verified, " + strings.Join(p.t.columns, ", ") + " FROM " + p.t.name + " WHERE id IN " + values(1, len(ids))
	return p.each(ctx, query, ids, func(row []driver.Value) error {
		if w := at[num(row[0])]; p.t.same(row[2:], w.values) {
			copy(w.values, row[2:])
			w.stored = num(row[1]) == num(flag(!w.unverified))
		}
		return nil
	})
}

// sameCohort compares rows of the table cohort. Programs have a table of their own.
func sameCohort(stored, incoming []driver.Value) bool {
	a, b := cohortOf(stored), cohortOf(incoming)
	return a.Equal(&b)
}

// cohortOf is the inverse of what PutCohorts makes of a cohort.
func cohortOf(row []driver.Value) interchange.Cohort {
	c := interchange.Cohort{
		CohortKey:  interchange.CohortKey{EducationOrganizationID: num(row[0]), CohortIdentifier: str(row[1])},
		CohortType: str(row[2]), CohortScope: str(row[3]), AcademicSubject: str(row[4]), AcademicSubjectNamespace: str(row[5]),
		Descriptors: num(row[7]) == 1,
	}
	if s, ok := row[6].(string); ok {
		c.CohortDescription = &s
	}
	return c
}
