package store

import (
	"context"
	"database/sql/driver"
	"fmt"

	"cohortx/interchange"
)

// Find returns the numbers behind the natural keys of a person and a cohort, 0 for what is not stored, and the begin dates of the associations
// of the two.
func (db *DB) Find(ctx context.Context, kind interchange.Kind, person string, cohort interchange.CohortKey) (k AssociationKey, begins []interchange.Date, err error) {
	s, persons, err := shapeOf(kind)
	if err != nil {
		return k, nil, err
	}
	c, err := db.connect(false)
	if err != nil {
		return k, nil, err
	}
	defer c.Close()
	number := func(query string, args ...driver.Value) uint32 {
		var n int64
		if err == nil {
			n, err = c.integer("SELECT coalesce(max(id), 0) FROM "+query, args...)
		}
		return uint32(n)
	}
	k.Person = number(persons.name()+" WHERE unique_id = ?", person)
	k.Cohort = number("cohort WHERE education_organization_id = ? AND cohort_identifier = ?", cohort.EducationOrganizationID, cohort.CohortIdentifier)
	if err == nil {
		err = c.each(ctx, fmt.Sprintf("SELECT begin_date FROM %s WHERE cohort_id = ? AND %s = ? ORDER BY begin_date", s.table, s.person), []driver.Value{int64(k.Cohort), int64(k.Person)}, func(row []driver.Value) error {
			begins = append(begins, interchange.Date(num(row[0])))
			return nil
		})
	}
	return k, begins, db.named("find an association", err)
}

// Remove removes one association with its sections. It reports false when it is not there.
func (tx *Tx) Remove(ctx context.Context, kind interchange.Kind, k AssociationKey) (bool, error) {
	if err := tx.usable(ctx); err != nil {
		return false, err
	}
	s, _, err := shapeOf(kind)
	if err != nil {
		return false, err
	}
	row := []driver.Value{int64(k.Cohort), int64(k.Person), int64(k.Begin)}
	where := fmt.Sprintf(" WHERE cohort_id = ? AND %s = ? AND begin_date = ?", s.person)
	if tx.history != nil {
		if err := tx.history.watch("held_removal"); err != nil {
			return false, tx.db.named("write the history", err)
		}
		if _, err := tx.w.exec(fmt.Sprintf("INSERT INTO change (kind, number, person_id, begin_date, run_id, outcome, confirmed_run, end_date, student_record_access, rest) "+
			"SELECT %d, a.cohort_id, a.%s, a.begin_date, %d, %d, 0, a.end_date, %s, %s FROM %s a", kind, s.person, tx.history.run, interchange.Withdrawn, s.accessOf(), s.sectionsOf(), s.table)+where, row...); err != nil {
			return false, tx.db.named("write the history", err)
		}
	}
	if s.sections != "" {
		if _, err := tx.w.exec("DELETE FROM "+s.sections+where, row...); err != nil {
			return false, tx.db.named("remove", err)
		}
	}
	n, err := tx.w.exec("DELETE FROM "+s.table+where, row...)
	if err == nil {
		_, err = tx.w.exec("DELETE FROM held_removal WHERE cohort_id = ? AND person_id = ? AND begin_date = ? AND kind = ?", append(row, int64(kind))...)
	}
	return n == 1, tx.db.named("remove", err)
}
