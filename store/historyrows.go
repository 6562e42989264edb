package store

import (
	"fmt"
	"slices"
	"strings"

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
var keptTables = func() (list []keptTable) {
	for _, t := range []*putTable{organizationTable, studentTable, staffTable, programTable, sectionTable, cohortTable} {
		list = append(list, keptTable{t.history, t.name, append(slices.Clone(t.columns), "verified"), t.children})
	}
	return append(list, keptTable{kind: historySession, name: "session", columns: []string{"school_id", "school_year", "session_name", "term", "term_namespace"}})
}()

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

// watch sees to it that the tables of few changes tell theirs to the history, by triggers of this connection: a row that stays as it is, and
// one that is new, cost nothing.
func watch(w *conn, run int64) error {
	var b strings.Builder
	b.WriteString("CREATE TEMP TABLE IF NOT EXISTS recording (run_id INTEGER, position INTEGER);\n")
	trigger := func(event, table, kind, row, key, columns, values string) {
		// A run has one row of a key: what it was at first.
		fmt.Fprintf(&b, "CREATE TEMP TRIGGER IF NOT EXISTS recorded_%[1]s_%[2]s AFTER %[1]s ON main.%[2]s BEGIN\n"+
			"INSERT INTO change (kind, number, person_id, begin_date, run_id, position%[6]s) SELECT %[3]s, %[5]s, r.run_id, r.position%[7]s FROM recording r\n"+
			"WHERE NOT EXISTS (SELECT 1 FROM change WHERE (kind, number, person_id, begin_date, run_id) = (%[3]s, %[5]s, r.run_id));\nEND;\n",
			event, table, kind, row, key, columns, values)
	}
	for _, t := range keptTables {
		trigger("UPDATE", t.name, fmt.Sprint(t.kind), "OLD", "OLD.id, 0, 0", ", outcome, rest", fmt.Sprintf(", %d, %s", interchange.Updated, t.image("OLD")))
	}
	created := fmt.Sprintf(", %d", interchange.Created)
	// Organizations have no numbers of ours, sessions are not put by number.
	trigger("INSERT", organizationTable.name, fmt.Sprint(historyOrganization), "NEW", "NEW.id, 0, 0", ", outcome", created)
	trigger("INSERT", "session", fmt.Sprint(historySession), "NEW", "NEW.id, 0, 0", ", outcome", created)
	held := func(row string) (kind, key, values string) {
		return fmt.Sprintf("%d + %s.kind", historyHeld, row), strings.ReplaceAll("ROW.cohort_id, ROW.person_id, ROW.begin_date", "ROW", row),
			fmt.Sprintf(", %%d, %[1]s.since_run, %[1]s.last_run", row)
	}
	kind, key, values := held("OLD")
	const before = ", outcome, end_date, student_record_access"
	trigger("UPDATE", "held_removal", kind, "OLD", key, before, fmt.Sprintf(values, interchange.Updated))
	trigger("DELETE", "held_removal", kind, "OLD", key, before, fmt.Sprintf(values, interchange.Withdrawn))
	kind, key, _ = held("NEW")
	trigger("INSERT", "held_removal", kind, "NEW", key, ", outcome", created)
	b.WriteString("DELETE FROM temp.recording;\n")
	if _, err := w.exec(b.String()); err != nil {
		return fmt.Errorf("watch changes: %w", err)
	}
	_, err := w.exec("INSERT INTO temp.recording (run_id) VALUES (?)", run)
	return err
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
