package store

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"cohortx/interchange"
)

// keptTable is a table whose changed rows the history keeps whole, with the tables that list values of them.
type keptTable struct {
	kind    int64
	name    string
	columns []string // behind id
	lists   []childTable
}

// keptTables are all of them.
var keptTables = sync.OnceValue(func() (list []keptTable) {
	for _, t := range []*putTable{organizationTable, studentTable, staffTable, programTable, sectionTable, cohortTable} {
		list = append(list, keptTable{t.history, t.name, append(slices.Clone(t.columns), "verified"), t.children})
	}
	return append(list, keptTable{kind: historySession, name: "session", columns: []string{"school_id", "school_year", "session_name", "term", "term_namespace"}})
})

// image is the expression for all columns of a row but its id as JSON; row is OLD, or the table's name. The keys of programs and sections are
// no text and come as hexadecimal digits.
func (t *keptTable) image(row string) string {
	var list []string
	for _, c := range t.columns {
		if c == "key" {
			list = append(list, "hex("+row+".key)")
		} else {
			list = append(list, row+"."+c)
		}
	}
	return "json_array(" + strings.Join(list, ", ") + ")"
}

// column is the expression for one column of an image.
func (t *keptTable) column(image string, i int) string {
	value := fmt.Sprintf("json_extract(%s, '$[%d]')", image, i)
	if t.columns[i] == "key" {
		return "unhex(" + value + ")"
	}
	return value
}

// watch sees to it that a table tells its changes to the history, by triggers of this connection: a row that stays as it is, and one that is
// new, cost nothing. It is called before a row of the table may change.
func (r *recording) watch(table string) error {
	if r == nil || r.watched[table] {
		return nil
	}
	if len(r.watched) == 0 {
		if _, err := r.tx.w.exec("CREATE TEMP TABLE IF NOT EXISTS recording (run_id INTEGER, position INTEGER); DELETE FROM temp.recording"); err != nil {
			return err
		}
		if _, err := r.tx.w.exec("INSERT INTO temp.recording VALUES (?, ?)", r.run, orNull(r.position)); err != nil {
			return err
		}
	}
	r.watched[table] = true
	_, err := r.tx.w.exec(triggers(table))
	return err
}

// triggers are those of a table. A run has one row of a key: what it was at first.
func triggers(table string) string {
	var b strings.Builder
	trigger := func(event, kind, key, columns, values string) {
		fmt.Fprintf(&b, "CREATE TEMP TRIGGER IF NOT EXISTS recorded_%[1]s_%[2]s AFTER %[1]s ON main.%[2]s BEGIN\n"+
			"INSERT INTO change (kind, number, person_id, begin_date, run_id, position%[5]s) SELECT %[3]s, %[4]s, r.run_id, r.position%[6]s FROM recording r\n"+
			"WHERE NOT EXISTS (SELECT 1 FROM change WHERE (kind, number, person_id, begin_date, run_id) = (%[3]s, %[4]s, r.run_id));\nEND;\n",
			event, table, kind, key, columns, values)
	}
	created := fmt.Sprintf(", %d", interchange.Created)
	if table == "held_removal" {
		const key, before = "ROW.cohort_id, ROW.person_id, ROW.begin_date", ", outcome, end_date, student_record_access"
		of := func(row string) string { return strings.ReplaceAll(key, "ROW", row) }
		kind := func(row string) string { return fmt.Sprintf("%d + %s.kind", historyHeld, row) }
		trigger("INSERT", kind("NEW"), of("NEW"), ", outcome", created)
		trigger("UPDATE", kind("OLD"), of("OLD"), before, fmt.Sprintf(", %d, OLD.since_run, OLD.last_run", interchange.Updated))
		trigger("DELETE", kind("OLD"), of("OLD"), before, fmt.Sprintf(", %d, OLD.since_run, OLD.last_run", interchange.Withdrawn))
		return b.String()
	}
	tables := keptTables()
	t := tables[slices.IndexFunc(tables, func(t keptTable) bool { return t.name == table })]
	trigger("UPDATE", fmt.Sprint(t.kind), "OLD.id, 0, 0", ", outcome, rest", fmt.Sprintf(", %d, %s", interchange.Updated, t.image("OLD")))
	if t.kind == historyOrganization || t.kind == historySession { // the others are put by numbers, which stand in ranges
		trigger("INSERT", fmt.Sprint(t.kind), "NEW.id, 0, 0", ", outcome", created)
	}
	return b.String()
}

// list notes what a list of a stored row was, before it changes.
func (r *recording) list(t *putTable, which int, id int64) error {
	if r == nil {
		return nil
	}
	_, err := r.tx.w.exec("INSERT OR IGNORE INTO change (kind, number, run_id, outcome, position, rest) SELECT ?1, ?2, ?3, ?4, ?5, "+t.children[which].listOf("?2"),
		lists(t.history)[which+1], id, r.run, int64(interchange.Updated), orNull(r.position))
	return err
}

// listOf is the expression for a list as the history has it, of the owner with this number.
func (l *childTable) listOf(owner string) string {
	columns := strings.Join(l.columns, ", ")
	return fmt.Sprintf("(SELECT json_group_array(json_array(%[1]s) ORDER BY %[1]s) FROM %[2]s WHERE %[3]s = %[4]s)", columns, l.name, l.owner, owner)
}
