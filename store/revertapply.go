package store

import (
	"fmt"
	"strings"

	"cohortx/interchange"
)

// note writes what rows were before the revert: kind, key, outcome and the old values are expressions over t, the target.
const note = "INSERT INTO change (kind, number, person_id, begin_date, run_id, outcome, confirmed_run, end_date, student_record_access, rest) " +
	"SELECT t.kind, t.number, t.person_id, t.begin_date, ?, CASE WHEN a.%[1]s IS NULL THEN 1 WHEN t.present = 0 THEN 11 ELSE 6 END, CASE WHEN t.present = 0 THEN 0 END, "

// associations puts associations back, with their sections.
func (r *reversal) associations() error {
	for _, kind := range interchange.AssociationKinds {
		s, _, _ := shapeOf(kind)
		if err := r.exec(fmt.Sprintf(note, "cohort_id")+fmt.Sprintf("a.end_date, %s, %s ", s.accessOf(), s.sectionsOf())+s.joined(kind), r.run); err != nil {
			return err
		}
		columns := "cohort_id, " + s.person + ", begin_date"
		of := fmt.Sprintf("SELECT number, person_id, begin_date FROM target WHERE kind = %d", kind)
		if s.sections != "" {
			if err := r.exec(fmt.Sprintf("DELETE FROM %s WHERE (%s) IN (%s)", s.sections, columns, of)); err != nil {
				return err
			}
		}
		if err := r.exec(fmt.Sprintf("DELETE FROM %s WHERE (%s) IN (%s AND present = 0)", s.table, columns, of)); err != nil {
			return err
		}
		access, set := "", "end_date = excluded.end_date"
		if s.access {
			access, set = ", student_record_access", set+", student_record_access = excluded.student_record_access"
		}
		if err := r.exec(fmt.Sprintf("INSERT INTO %s (%s, end_date%s) SELECT number, person_id, begin_date, end_date%[3]s FROM target WHERE kind = %d AND present = 1 "+
			"ON CONFLICT (%[2]s) DO UPDATE SET %[5]s", s.table, columns, access, kind, set)); err != nil {
			return err
		}
		if s.sections == "" {
			continue
		}
		if err := r.exec(fmt.Sprintf("INSERT INTO %s (%s, section_id, section_begin_date) SELECT t.number, t.person_id, t.begin_date, json_extract(j.value, '$[0]'), json_extract(j.value, '$[1]') "+
			"FROM target t, json_each(t.rest) j WHERE t.kind = %d AND t.present = 1 AND t.rest IS NOT NULL", s.sections, columns, kind)); err != nil {
			return err
		}
	}
	return nil
}

// rows puts back all that associations refer to.
func (r *reversal) rows() error {
	tables := keptTables()
	for i := range tables {
		t := &tables[i]
		for i := range t.lists {
			if err := r.list(t.kind, i, &t.lists[i]); err != nil {
				return err
			}
		}
		if err := r.kept(t); err != nil {
			return err
		}
	}
	// What complete sets said of organizations that are gone is of no use any more.
	return r.exec(fmt.Sprintf("DELETE FROM complete_organization WHERE education_organization_id IN (SELECT number FROM target WHERE kind = %d AND present = 0)", historyOrganization))
}

func (r *reversal) kept(t *keptTable) error {
	if err := r.exec(fmt.Sprintf(note, "id")+fmt.Sprintf("NULL, NULL, CASE WHEN a.id IS NOT NULL THEN %s END FROM target t LEFT JOIN %s a ON a.id = t.number WHERE t.kind = %d",
		t.image("a"), t.name, t.kind), r.run); err != nil {
		return err
	}
	if err := r.exec(fmt.Sprintf("DELETE FROM %s WHERE id IN (SELECT number FROM target WHERE kind = %d AND present = 0)", t.name, t.kind)); err != nil {
		return err
	}
	var values, set []string
	for i, c := range t.columns {
		values, set = append(values, t.column("rest", i)), append(set, c+" = excluded."+c)
	}
	columns := strings.Join(t.columns, ", ")
	// A row whose natural key another one has by now does not come back: missing finds that.
	return r.exec(fmt.Sprintf("INSERT INTO %s (id, %s) SELECT number, %s FROM target WHERE kind = %d AND present = 1 ON CONFLICT (id) DO UPDATE SET %s ON CONFLICT DO NOTHING",
		t.name, columns, strings.Join(values, ", "), t.kind, strings.Join(set, ", ")))
}

// list puts back the list of the rows of a kind: their programs, codes or details.
func (r *reversal) list(owner int64, which int, l *childTable) error {
	kind := lists(owner)[which+1]
	if err := r.exec(fmt.Sprintf("INSERT INTO change (kind, number, run_id, outcome, rest) SELECT t.kind, t.number, ?, 6, %s FROM target t WHERE t.kind = %d", l.listOf("t.number"), kind), r.run); err != nil {
		return err
	}
	if err := r.exec(fmt.Sprintf("DELETE FROM %s WHERE %s IN (SELECT number FROM target WHERE kind = %d)", l.name, l.owner, kind)); err != nil {
		return err
	}
	var values []string
	for i := range l.columns {
		values = append(values, fmt.Sprintf("json_extract(j.value, '$[%d]')", i))
	}
	return r.exec(fmt.Sprintf("INSERT INTO %s (%s, %s) SELECT t.number, %s FROM target t, json_each(t.rest) j WHERE t.kind = %d",
		l.name, l.owner, strings.Join(l.columns, ", "), strings.Join(values, ", "), kind))
}

// held puts back which removals are held back. Triggers tell the history of it.
func (r *reversal) held() error {
	if err := r.history.watch("held_removal"); err != nil {
		return err
	}
	const of = "(SELECT kind - 10, number, person_id, begin_date FROM target WHERE kind IN (12, 13) AND present = 0)"
	if err := r.exec("DELETE FROM held_removal WHERE (kind, cohort_id, person_id, begin_date) IN " + of); err != nil {
		return err
	}
	return r.exec("INSERT INTO held_removal (kind, cohort_id, person_id, begin_date, since_run, last_run) " +
		"SELECT kind - 10, number, person_id, begin_date, end_date, student_record_access FROM target WHERE kind IN (12, 13) AND present = 1 " +
		"ON CONFLICT (kind, cohort_id, person_id, begin_date) DO UPDATE SET since_run = excluded.since_run, last_run = excluded.last_run")
}

// close ends what the reverted runs began: rows that come into their ranges from now on are of other runs. It notes the reversal, and which
// runs are void now.
func (r *reversal) close() error {
	if err := r.exec("UPDATE origin SET closed_run = ? WHERE closed_run IS NULL AND run_id IN (SELECT run_id FROM reverted)", r.run); err != nil {
		return err
	}
	if err := r.exec("INSERT INTO reversal (run_id, reverted_run) SELECT ?, run_id FROM reverted", r.run); err != nil {
		return err
	}
	reverts, err := reversals(r.ctx, r.w)
	if err != nil {
		return err
	}
	if err := r.exec("UPDATE run SET void = 0 WHERE void = 1"); err != nil {
		return err
	}
	for run := range reverts.void() {
		if err := r.exec("UPDATE run SET void = 1 WHERE id = ?", run); err != nil {
			return err
		}
	}
	return nil
}
