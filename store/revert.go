package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"cohortx/interchange"
)

// Reverted is what a revert came to.
type Reverted struct {
	Rows      map[string]int64 // rows that were put back, by kind: "Student", "StudentCohortAssociation" ...
	Conflicts []Conflict       // why nothing can be put back
}

// Conflict is why a run cannot be reverted alone.
type Conflict struct {
	Run   int64 // the later run; 0: before there was a history
	Why   Clash
	Kind  string // of the rows
	Count int64
	First []string // keys of the first ones
}

// Clash is what stands between a run and its revert.
type Clash string

// The clashes.
const (
	Changed   Clash = "changed"   // a later run changed the same rows
	Confirmed Clash = "confirmed" // a later run found them unchanged
	Depends   Clash = "depends"   // rows of a later run refer to rows that would go
	Missing   Clash = "missing"   // what would come back refers to rows, or has the key of rows, that came or went since
)

// Revert puts back what the runs of a list changed, to what it was before the first of them, in the name of the run under way, if there is one. With
// conflicts it has changed nothing that may stay: call Rollback. The runs may be reverts themselves.
//
// What no later run may have touched is found by row; which rows a later run found unchanged is known of changed rows by row, and of those
// that a run was the first to put into a cohort by the range of cohorts (see migration 0005). Where the run that confirmed a row has been
// reverted, the next one that loaded files is taken to have confirmed it.
//
// After it, the Tx takes no rows: the numbers that it knows are not right any more.
func (tx *Tx) Revert(ctx context.Context, runs []int64) (out Reverted, err error) {
	if err := tx.usable(ctx); err != nil {
		return out, err
	}
	r := &reversal{ctx: ctx, w: tx.w, run: tx.db.run, history: tx.history}
	if r.run == 0 { // a dry run: it is rolled back
		if r.run, err = tx.w.integer("SELECT max(id) + 1 FROM run"); err != nil {
			return out, tx.db.named("revert", err)
		}
	}
	defer r.drop()
	for _, step := range []func() error{
		func() error { return r.begin(runs) }, r.targets, r.clashes, r.prune,
	} {
		if err := step(); err != nil {
			return out, tx.db.named("revert", err)
		}
	}
	if out.Conflicts, err = r.conflicts(); err != nil || len(out.Conflicts) > 0 {
		return out, tx.db.named("revert", err)
	}
	if out.Rows, err = r.count(); err != nil {
		return out, tx.db.named("revert", err)
	}
	tx.db.known = nil
	for _, step := range []func() error{r.associations, r.rows, r.held, r.close, r.missing} {
		if err := step(); err != nil {
			return out, tx.db.named("revert", err)
		}
	}
	out.Conflicts, err = r.conflicts()
	return out, tx.db.named("revert", err)
}

// reversal is the work of one Revert. It is done by SQL, in temporary tables of the connection.
type reversal struct {
	ctx     context.Context
	w       *conn
	run     int64
	history *recording // nil in a dry run
}

func (r *reversal) exec(query string, args ...driver.Value) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	_, err := r.w.exec(query, args...)
	return err
}

// target: what rows are to be. present = 0: they are to be gone; the other columns are those of change. run_id is the first of the reverted
// runs that touched the row.
const reversalTables = `
CREATE TEMP TABLE reverted (run_id INTEGER PRIMARY KEY);
CREATE TEMP TABLE later (run_id INTEGER PRIMARY KEY, loads INTEGER);
CREATE TEMP TABLE undone (run_id INTEGER PRIMARY KEY, by_run INTEGER);
CREATE TEMP TABLE target (kind INTEGER, number INTEGER, person_id INTEGER, begin_date INTEGER, run_id INTEGER, present INTEGER,
	end_date INTEGER, student_record_access INTEGER, rest TEXT, PRIMARY KEY (kind, number, person_id, begin_date)) WITHOUT ROWID;
CREATE TEMP TABLE clash (why TEXT, run_id INTEGER, kind INTEGER, number INTEGER, person_id INTEGER, begin_date INTEGER)`

func (r *reversal) drop() {
	for _, t := range []string{"reverted", "later", "undone", "target", "clash"} {
		r.w.exec("DROP TABLE IF EXISTS temp." + t) // after an error they are gone with the transaction
	}
}

// begin notes which runs are reverted, and which others count: those that are not void. An undone run and the one that has undone it count for
// nothing together, but for what came between them.
func (r *reversal) begin(runs []int64) error {
	if err := r.exec(reversalTables); err != nil {
		return err
	}
	for _, n := range runs {
		if err := r.exec("INSERT INTO reverted VALUES (?)", n); err != nil {
			return err
		}
	}
	if err := r.exec("INSERT INTO later SELECT id, "+loads+" FROM run WHERE void = 0 AND id < ? AND id NOT IN (SELECT run_id FROM reverted)", r.run); err != nil {
		return err
	}
	reverts, err := reversals(r.ctx, r.w)
	if err != nil {
		return err
	}
	for run, by := range reverts.By() {
		if err := r.exec("INSERT INTO undone VALUES (?, ?)", run, by); err != nil {
			return err
		}
	}
	return nil
}

// key is a row's key in the history, as columns of a table.
func key(table string) string {
	return fmt.Sprintf("(%[1]s.kind, %[1]s.number, %[1]s.person_id, %[1]s.begin_date)", table)
}

// createdBy is the condition that a row, whose key is given as four expressions, came with origin o. What later changes left out, it was
// there after o and not before.
func createdBy(key string) string {
	const of = "(c.kind, c.number, c.person_id, c.begin_date) = "
	return "NOT EXISTS (SELECT 1 FROM change c WHERE " + of + key + " AND c.run_id < o.run_id AND c.outcome <> 11 AND NOT EXISTS " +
		"(SELECT 1 FROM change d WHERE (d.kind, d.number, d.person_id, d.begin_date) = " + key + " AND d.run_id > c.run_id AND d.run_id < o.run_id)) " +
		"AND coalesce((SELECT c.outcome FROM change c WHERE " + of + key + " AND c.run_id >= o.run_id ORDER BY c.run_id LIMIT 1), 0) <> 1 " +
		"AND (o.closed_run IS NULL OR EXISTS (SELECT 1 FROM change c WHERE " + of + key + " AND c.run_id > o.run_id AND c.run_id <= o.closed_run))"
}

// targets finds the rows that the reverted runs touched, and what they were before.
func (r *reversal) targets() error {
	// Of min() SQLite gives the other columns of the same row.
	if err := r.exec("INSERT INTO target SELECT kind, number, person_id, begin_date, min(run_id), outcome <> 1, end_date, student_record_access, rest " +
		"FROM change WHERE run_id IN (SELECT run_id FROM reverted) GROUP BY kind, number, person_id, begin_date"); err != nil {
		return err
	}
	const gone = "INSERT OR REPLACE INTO target (kind, number, person_id, begin_date, run_id, present) SELECT "
	for _, kind := range interchange.AssociationKinds {
		s, _, _ := shapeOf(kind) // it is one
		k := fmt.Sprintf("(%d, a.cohort_id, a.%s, a.begin_date)", kind, s.person)
		if err := r.exec(fmt.Sprintf(gone+"%s, o.run_id, 0 FROM origin o CROSS JOIN %s a WHERE o.kind = %d AND o.run_id IN (SELECT run_id FROM reverted) "+
			"AND a.cohort_id BETWEEN o.first AND o.last AND %s", strings.Trim(k, "()"), s.table, kind, createdBy(k))); err != nil {
			return err
		}
	}
	for _, t := range keptTables() {
		k := fmt.Sprintf("(%d, a.id, 0, 0)", t.kind)
		if err := r.exec(fmt.Sprintf(gone+"%s, o.run_id, 0 FROM origin o CROSS JOIN %s a WHERE o.kind = %d AND o.run_id IN (SELECT run_id FROM reverted) "+
			"AND a.id BETWEEN o.first AND o.last AND %s", strings.Trim(k, "()"), t.name, t.kind, createdBy(k))); err != nil {
			return err
		}
	}
	// What came with one reverted run and went with another one is to be gone.
	if err := r.exec("UPDATE target SET present = 0 WHERE present = 1 AND EXISTS (SELECT 1 FROM origin o WHERE o.kind = target.kind AND target.number BETWEEN o.first AND o.last " +
		"AND o.run_id IN (SELECT run_id FROM reverted) AND o.run_id <= target.run_id AND " + createdBy(key("target")) + ")"); err != nil {
		return err
	}
	// The lists of a row that goes, go too.
	for _, t := range keptTables() {
		for i := range t.lists {
			l := &t.lists[i]
			if err := r.exec(fmt.Sprintf("INSERT OR REPLACE INTO target (kind, number, person_id, begin_date, run_id, present, rest) "+
				"SELECT DISTINCT %d, t.number, 0, 0, t.run_id, 1, '[]' FROM target t JOIN %s l ON l.%s = t.number WHERE t.kind = %d AND t.present = 0",
				lists(t.kind)[i+1], l.name, l.owner, t.kind)); err != nil {
				return err
			}
			if err := r.exec("UPDATE target SET rest = '[]' WHERE kind = ? AND number IN (SELECT number FROM target WHERE kind = ? AND present = 0)", lists(t.kind)[i+1], t.kind); err != nil {
				return err
			}
		}
	}
	return nil
}

// sectionsOf is the expression for the sections of an association as the history has them, its key being that of row a.
func (s *shape) sectionsOf() string {
	if s.sections == "" {
		return "NULL"
	}
	return fmt.Sprintf("(SELECT nullif(json_group_array(json_array(s.section_id, s.section_begin_date) ORDER BY s.section_id), '[]') FROM %s s "+
		"WHERE s.cohort_id = a.cohort_id AND s.%[2]s = a.%[2]s AND s.begin_date = a.begin_date)", s.sections, s.person)
}

func (s *shape) accessOf() string {
	if s.access {
		return "a.student_record_access"
	}
	return "NULL"
}

// joined joins the targets of associations of a kind with their rows.
func (s *shape) joined(kind interchange.Kind) string {
	return fmt.Sprintf("FROM target t LEFT JOIN %s a ON a.cohort_id = t.number AND a.%s = t.person_id AND a.begin_date = t.begin_date WHERE t.kind = %d", s.table, s.person, kind)
}

// prune forgets targets that are so already.
func (r *reversal) prune() error {
	const forget = "DELETE FROM target WHERE (kind, number, person_id, begin_date) IN (SELECT t.kind, t.number, t.person_id, t.begin_date "
	for _, kind := range interchange.AssociationKinds {
		s, _, _ := shapeOf(kind)
		if err := r.exec(fmt.Sprintf(forget+"%s AND (t.present = 0 AND a.cohort_id IS NULL OR t.present = 1 AND a.cohort_id IS NOT NULL "+
			"AND (a.end_date, %s, %s) IS (t.end_date, t.student_record_access, t.rest)))", s.joined(kind), s.accessOf(), s.sectionsOf())); err != nil {
			return err
		}
	}
	for _, t := range keptTables() {
		if err := r.exec(fmt.Sprintf(forget+"FROM target t LEFT JOIN %s a ON a.id = t.number WHERE t.kind = %d AND (t.present = 0 AND a.id IS NULL OR t.present = 1 AND a.id IS NOT NULL AND %s = t.rest))",
			t.name, t.kind, t.image("a"))); err != nil {
			return err
		}
		for i := range t.lists {
			if err := r.exec(fmt.Sprintf(forget+"FROM target t WHERE t.kind = %d AND t.rest = %s)", lists(t.kind)[i+1], t.lists[i].listOf("t.number"))); err != nil {
				return err
			}
		}
	}
	return nil
}

// count counts what is put back, a row with its lists once.
func (r *reversal) count() (map[string]int64, error) {
	rows := map[string]int64{}
	err := r.w.each(r.ctx, fmt.Sprintf("SELECT CASE WHEN kind > %[1]d THEN kind %% 10 ELSE kind END AS k, count(DISTINCT number || '/' || person_id || '/' || begin_date) "+
		"FROM target WHERE kind NOT BETWEEN %[2]d AND %[1]d GROUP BY k", historyList, historyHeld), nil, func(row []driver.Value) error {
		rows[kindName(num(row[0]))] = num(row[1])
		return nil
	})
	return rows, err
}

// kindName is a kind as reports have it.
func kindName(kind int64) string {
	switch kind % 10 {
	case historyStudent:
		return "Student"
	case historyStaff:
		return "Staff"
	case historyOrganization:
		return "EducationOrganization"
	case historySection:
		return "Section"
	case historyProgram:
		return "Program"
	case historySession:
		return "Session"
	}
	return interchange.Kind(kind % 10).String()
}
