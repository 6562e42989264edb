package store

import (
	"database/sql/driver"
	"fmt"

	"cohortx/interchange"
)

// clashFirst is how many keys of a conflict are named.
const clashFirst = 5

// clashes finds what later runs have to do with the rows that are to be put back.
func (r *reversal) clashes() error {
	queries := []string{
		// A row and its lists are one: a file says all of it.
		fmt.Sprintf("SELECT 'changed', c.run_id, %s FROM (SELECT *, iif(kind > %[2]d, kind %% 10, kind) AS b FROM target) t JOIN change c ON c.kind IN (b, b + %[2]d, b + %[2]d + 10) "+
			"AND (c.number, c.person_id, c.begin_date) = (t.number, t.person_id, t.begin_date) WHERE c.run_id > t.run_id AND (c.run_id IN (SELECT run_id FROM later) "+
			"OR c.run_id NOT IN (SELECT run_id FROM reverted) AND EXISTS (SELECT 1 FROM undone u WHERE u.by_run = c.run_id AND u.run_id < t.run_id))", key2("t"), historyList),
		// The run that confirmed a row, or the next one that loaded files if that is void. What a revert has put back was confirmed as a change of
		// that one.
		"SELECT 'confirmed', l.run_id, " + key2("t") + " FROM target t JOIN change c ON " + key("c") + " = " + key("t") + " JOIN later l ON l.run_id = " + confirmer("c") +
			" WHERE c.run_id IN (SELECT run_id FROM reverted) OR c.run_id > t.run_id AND c.run_id IN (SELECT run_id FROM reversal)",
		"SELECT 'confirmed', l.run_id, " + key2("t") + " FROM origin o CROSS JOIN target t JOIN later l ON l.run_id = " + confirmer("o") +
			" WHERE o.run_id IN (SELECT run_id FROM reverted) AND t.kind = o.kind AND t.number BETWEEN o.first AND o.last AND t.run_id = o.run_id AND t.present = 0",
	}
	for _, kind := range interchange.AssociationKinds {
		more, err := r.associationClashes(kind)
		if err != nil {
			return err
		}
		queries = append(queries, more...)
	}
	gone := func(kind int64) string {
		return fmt.Sprintf("(SELECT number FROM target WHERE kind = %d AND present = 0)", kind)
	}
	for _, t := range []table{cohorts, programs} {
		queries = append(queries, fmt.Sprintf("SELECT 'depends', %s, %d, a.id, 0, 0 FROM %s a WHERE a.education_organization_id IN %s AND a.id NOT IN %s",
			lastRun(t.history(), "a.id", "0, 0"), t.history(), t.name(), gone(historyOrganization), gone(t.history())))
	}
	queries = append(queries,
		fmt.Sprintf("SELECT DISTINCT 'depends', %s, %d, a.cohort_id, 0, 0 FROM cohort_program a WHERE a.program_id IN %s AND a.cohort_id NOT IN (SELECT number FROM target WHERE kind = %d)",
			lastRun(historyCohort+historyList, "a.cohort_id", "0, 0"), historyCohort, gone(historyProgram), historyCohort+historyList),
		fmt.Sprintf("SELECT 'depends', a.run_id, %d, a.education_organization_id, 0, 0 FROM complete_organization a WHERE a.education_organization_id IN %s AND a.run_id IN (SELECT run_id FROM later)",
			historyOrganization, gone(historyOrganization)))
	for _, q := range queries {
		if err := r.exec("INSERT INTO clash " + q); err != nil {
			return err
		}
	}
	return nil
}

// associationClashes are the queries for what later runs did with associations of a kind.
func (r *reversal) associationClashes(kind interchange.Kind) ([]string, error) {
	s, persons, _ := shapeOf(kind) // it is one
	person := persons.history()
	k := fmt.Sprintf("%d, a.cohort_id, a.%s, a.begin_date", kind, s.person)
	run := lastRun(int64(kind), "a.cohort_id", "a."+s.person+", a.begin_date")
	depends := func(column string, of int64) string {
		return fmt.Sprintf("SELECT 'depends', %s, %s FROM %s a WHERE a.%s IN (SELECT number FROM target WHERE kind = %d AND present = 0) "+
			"AND NOT EXISTS (SELECT 1 FROM target x WHERE %s = (%s) AND x.present = 0)", run, k, s.table, column, of, key("x"), k)
	}
	queries := []string{
		// A row that came anew with a run that was the first to fill the cohort again.
		fmt.Sprintf("SELECT 'changed', o.run_id, %s FROM origin o CROSS JOIN target t JOIN %s a ON a.cohort_id = t.number AND a.%s = t.person_id AND a.begin_date = t.begin_date "+
			"WHERE o.kind = %d AND o.closed_run IS NULL AND o.run_id IN (SELECT run_id FROM later) AND t.kind = o.kind AND t.number BETWEEN o.first AND o.last AND t.run_id < o.run_id "+
			"AND %s", key2("t"), s.table, s.person, kind, createdBy(key("t"))),
		depends("cohort_id", historyCohort),
		fmt.Sprintf("SELECT 'depends', h.last_run, %s FROM held_removal h JOIN target t ON (h.kind, h.cohort_id, h.person_id, h.begin_date) = %s "+
			"WHERE t.kind = %d AND t.present = 0 AND h.last_run IN (SELECT run_id FROM later)", key2("t"), key("t"), kind),
	}
	// There is no index by person: it takes a look at all associations.
	n, err := r.w.integer("SELECT EXISTS (SELECT 1 FROM target WHERE kind = ? AND present = 0)", person)
	if n == 1 {
		queries = append(queries, depends(s.person, person))
	}
	if s.sections != "" {
		queries = append(queries, fmt.Sprintf("SELECT DISTINCT 'depends', %s, %s FROM %s a WHERE a.section_id IN (SELECT number FROM target WHERE kind = %d AND present = 0) "+
			"AND NOT EXISTS (SELECT 1 FROM target x WHERE %s = (%s))", run, k, s.sections, historySection, key("x"), k))
	}
	return queries, err
}

// key2 is key without parentheses.
func key2(table string) string { k := key(table); return k[1 : len(k)-1] }

// confirmer is the expression for the run that counts as having confirmed a row of change or origin.
func confirmer(table string) string {
	return fmt.Sprintf("(SELECT min(n.run_id) FROM later n WHERE (n.loads AND n.run_id > %[1]s.confirmed_run OR n.run_id = %[1]s.confirmed_run) AND %[1]s.confirmed_run > 0)", table)
}

// lastRun is the expression for the run that a row is from, as it is; 0: from before the history. number and rest are its key.
func lastRun(kind int64, number, rest string) string {
	return fmt.Sprintf("coalesce((SELECT max(c.run_id) FROM change c WHERE (c.kind, c.number, c.person_id, c.begin_date) = (%[1]d, %[2]s, %[3]s) AND c.run_id IN (SELECT run_id FROM later)), "+
		"(SELECT max(o.run_id) FROM origin o WHERE o.kind = %[4]d AND %[2]s BETWEEN o.first AND o.last AND (o.closed_run IS NULL OR o.run_id IN (SELECT run_id FROM later))), 0)", kind, number, rest, kind%historyList)
}

// missing finds rows that could not come back as they were: something that they refer to is gone, or has come again under another number.
func (r *reversal) missing() error {
	add := func(kind int64, where string) error {
		return r.exec(fmt.Sprintf("INSERT INTO clash SELECT 'missing', 0, %s FROM target t WHERE t.kind = %d AND t.present = 1 AND (%s)", key2("t"), kind, where))
	}
	no := func(table, id string) string {
		return fmt.Sprintf("NOT EXISTS (SELECT 1 FROM %s x WHERE x.id = %s)", table, id)
	}
	for _, kind := range interchange.AssociationKinds {
		_, persons, _ := shapeOf(kind)
		if err := add(int64(kind), no("cohort", "t.number")+" OR "+no(persons.name(), "t.person_id")+
			" OR t.rest IS NOT NULL AND EXISTS (SELECT 1 FROM json_each(t.rest) j WHERE "+no("section", "json_extract(j.value, '$[0]')")+")"); err != nil {
			return err
		}
	}
	for _, t := range keptTables() {
		where := no(t.name, "t.number")
		if t.kind == historyCohort || t.kind == historyProgram {
			where += fmt.Sprintf(" OR EXISTS (SELECT 1 FROM %s a WHERE a.id = t.number AND %s)", t.name, no("education_organization", "a.education_organization_id"))
		}
		if err := add(t.kind, where); err != nil {
			return err
		}
		for i := range t.lists {
			if err := add(lists(t.kind)[i+1], "t.rest <> '[]' AND "+no(t.name, "t.number")); err != nil {
				return err
			}
		}
	}
	return add(historyCohort+historyList, "EXISTS (SELECT 1 FROM json_each(t.rest) j WHERE "+no("program", "json_extract(j.value, '$[0]')")+")")
}

// conflicts sums up the clashes, by run.
func (r *reversal) conflicts() (list []Conflict, err error) {
	var kinds []int64
	err = r.w.each(r.ctx, "SELECT run_id, why, kind, count(DISTINCT number || '/' || person_id || '/' || begin_date) FROM clash GROUP BY 1, 2, 3 ORDER BY 1, 2, 3", nil, func(row []driver.Value) error {
		list = append(list, Conflict{Run: num(row[0]), Why: Clash(str(row[1])), Kind: kindName(num(row[2])), Count: num(row[3])})
		kinds = append(kinds, num(row[2]))
		return nil
	})
	for i := range list {
		c := &list[i]
		if err == nil {
			err = r.w.each(r.ctx, "SELECT DISTINCT "+nameOf(kinds[i])+" FROM clash t WHERE run_id = ? AND why = ? AND kind = ? ORDER BY number, person_id, begin_date LIMIT ?",
				[]driver.Value{c.Run, string(c.Why), kinds[i], int64(clashFirst)}, func(row []driver.Value) error {
					c.First = append(c.First, str(row[0]))
					return nil
				})
		}
	}
	return list, err
}

// nameOf is the expression for the natural key of row t of the history, "?" where the row is gone.
func nameOf(kind int64) string {
	name := map[int64]string{
		historyCohort:       "SELECT education_organization_id || '/' || cohort_identifier FROM cohort",
		historyStudent:      "SELECT unique_id FROM student",
		historyStaff:        "SELECT unique_id FROM staff_member",
		historyOrganization: "SELECT CAST(id AS TEXT) FROM education_organization",
		historySection:      "SELECT school_id || '/' || coalesce(section_identifier, unique_section_code, '') FROM section",
		historyProgram:      "SELECT education_organization_id || '/' || program_name FROM program",
		historySession:      "SELECT school_id || '/' || session_name FROM session",
	}
	if k := interchange.Kind(kind % 10); k == interchange.StudentCohortAssociationKind || k == interchange.StaffCohortAssociationKind {
		persons := name[historyStudent]
		if k == interchange.StaffCohortAssociationKind {
			persons = name[historyStaff]
		}
		return fmt.Sprintf("coalesce((%s WHERE id = t.number), '?') || '/' || coalesce((%s WHERE id = t.person_id), '?') || '/' || date(t.begin_date * 86400, 'unixepoch')", name[historyCohort], persons)
	}
	return fmt.Sprintf("coalesce((%s WHERE id = t.number), '?')", name[kind%10])
}
