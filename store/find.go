package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"cohortx/interchange"
)

// Finder finds stored rows by other values than their key, as the Lookup elements of the standard do. Values must match exactly; a
// descriptor equals the enumeration value that it stands for. For one goroutine.
type Finder struct {
	c       *conn
	owned   bool
	indexes map[string]bool // temporary ones that were made
	stmts   map[string]*stmt
	db      *DB
}

// UnknownCriterionError says that the store keeps nothing that a criterion could be compared with.
type UnknownCriterionError struct{ Field string }

func (e *UnknownCriterionError) Error() string { return "the store does not keep " + e.Field }

// Finder returns a finder that sees what is committed.
func (db *DB) Finder() (*Finder, error) {
	c, err := db.connect(false)
	if err != nil {
		return nil, err
	}
	// Its indexes are in the temporary database, which lies in a file of its own that is gone with the connection.
	if _, err := c.exec("PRAGMA query_only = OFF"); err != nil {
		c.Close()
		return nil, db.named("PRAGMA query_only = OFF", err)
	}
	return &Finder{c: c, owned: true, db: db, indexes: map[string]bool{}, stmts: map[string]*stmt{}}, nil
}

// Finder returns a finder that sees what the transaction has written.
func (tx *Tx) Finder() *Finder {
	return &Finder{c: tx.w, db: tx.db, indexes: map[string]bool{}, stmts: map[string]*stmt{}}
}

// Close frees the finder and its temporary indexes.
func (f *Finder) Close() error {
	for _, s := range f.stmts {
		s.Close()
	}
	if f.owned {
		return f.c.Close()
	}
	for name := range f.indexes {
		if _, err := f.c.exec("DROP TABLE IF EXISTS temp." + name); err != nil {
			return err
		}
	}
	return nil
}

// Students returns the unique id of a student that matches all criteria, and how many do.
func (f *Finder) Students(ctx context.Context, criteria []interchange.Criterion) (string, int, error) {
	return f.person(ctx, "student", "student", "Student", criteria)
}

// Staff is Students for staff members.
func (f *Finder) Staff(ctx context.Context, criteria []interchange.Criterion) (string, int, error) {
	return f.person(ctx, "staff_member", "staff", "Staff", criteria)
}

func (f *Finder) person(ctx context.Context, table, prefix, element string, criteria []interchange.Criterion) (string, int, error) {
	q := &search{from: table, prefix: prefix}
	for _, c := range criteria {
		if err := q.person(element, c); err != nil {
			return "", 0, err
		}
	}
	q.people()
	row, n, err := f.find(ctx, q, "s.unique_id")
	if n == 0 || err != nil {
		return "", 0, err
	}
	return str(row[0]), n, nil
}

// EducationOrganizations returns the id of an education organization that matches all criteria, and how many do.
func (f *Finder) EducationOrganizations(ctx context.Context, criteria []interchange.Criterion) (int64, int, error) {
	q := &search{from: "education_organization", prefix: "education_organization"}
	for _, c := range criteria {
		if err := q.organization(c); err != nil {
			return 0, 0, err
		}
	}
	q.identified()
	row, n, err := f.find(ctx, q, "s.id")
	if n == 0 || err != nil {
		return 0, 0, err
	}
	return num(row[0]), n, nil
}

var programColumns = sync.OnceValue(func() map[string]column {
	return map[string]column{
		"EducationOrganizationId": {"education_organization_id", integer}, "ProgramId": {"program_id", exact},
		"ProgramName": {"program_name", exact}, "ProgramType": {"program_type", coded},
	}
})

// Programs returns the key of a program that matches all criteria, and how many do.
func (f *Finder) Programs(ctx context.Context, criteria []interchange.Criterion) (k interchange.ProgramKey, n int, err error) {
	q := &search{from: "program"}
	for _, c := range criteria {
		if err := q.column(programColumns(), c); err != nil {
			return k, 0, err
		}
	}
	row, n, err := f.find(ctx, q, "s.education_organization_id, s.program_name, s.program_type")
	if n == 0 || err != nil {
		return k, 0, err
	}
	return interchange.ProgramKey{EducationOrganizationID: num(row[0]), ProgramName: str(row[1]), ProgramType: str(row[2])}, n, nil
}

var sectionColumns = sync.OnceValue(func() map[string]column {
	return map[string]column{
		"SectionIdentifier": {"section_identifier", exact}, "UniqueSectionCode": {"unique_section_code", exact},
		"SequenceOfCourse": {"sequence_of_course", integer}, "SchoolId": {"school_id", integer},
		"LocalCourseCode": {"local_course_code", exact}, "SchoolYear": {"school_year", exact}, "SessionName": {"session_name", exact},
		"Term": {"term", coded}, "TermNamespace": {"term_namespace", optional}, "ClassPeriodName": {"class_period_name", exact},
		"ClassroomIdentificationCode": {"classroom_identification_code", exact},
	}
})

// Sections returns the key of a section that matches all criteria, and how many do.
func (f *Finder) Sections(ctx context.Context, criteria []interchange.Criterion) (k interchange.SectionKey, n int, err error) {
	q := &search{from: "section"}
	for _, c := range criteria {
		if err := q.column(sectionColumns(), c); err != nil {
			return k, 0, err
		}
		if f := c.Field; q.index == nil && (f == "SectionIdentifier" || f == "UniqueSectionCode" || f == "LocalCourseCode") {
			q.index = &tempIndex{"section_by_text", "SELECT section_identifier, id FROM section UNION SELECT unique_section_code, id FROM section " +
				"UNION SELECT local_course_code, id FROM section", c.Value}
		}
	}
	row, n, err := f.find(ctx, q, "s.key")
	if n == 0 || err != nil {
		return k, 0, err
	}
	k, err = interchange.ParseSectionKey(blob(row[0]))
	return k, n, err
}

var sessionColumns = sync.OnceValue(func() map[string]column {
	return map[string]column{
		"SchoolId": {"school_id", integer}, "SchoolYear": {"school_year", exact}, "SessionName": {"session_name", exact},
		"Term": {"term", coded}, "TermNamespace": {"term_namespace", optional},
		"Term/CodeValue": {"term", coded}, "Term/Namespace": {"term_namespace", optional},
	}
})

// Sessions returns a session that matches all criteria, and how many do.
func (f *Finder) Sessions(ctx context.Context, criteria []interchange.Criterion) (s SessionRow, n int, err error) {
	q := &search{from: "session"}
	for _, c := range criteria {
		if err := q.column(sessionColumns(), c); err != nil {
			return s, 0, err
		}
	}
	row, n, err := f.find(ctx, q, "s.school_id, s.school_year, s.session_name, s.term, s.term_namespace")
	if n == 0 || err != nil {
		return s, 0, err
	}
	s = SessionRow{SchoolID: num(row[0]), SessionName: str(row[2]), Term: str(row[3]), TermNamespace: str(row[4])}
	s.SchoolYear, err = interchange.ParseSchoolYear([]byte(str(row[1])))
	return s, n, err
}

// find runs a search and returns one of the rows and their number.
func (f *Finder) find(ctx context.Context, q *search, columns string) (first []driver.Value, n int, err error) {
	where, args := strings.Join(q.conditions, " AND "), q.args
	if q.index != nil {
		if err := f.index(q.index); err != nil {
			return nil, 0, f.db.named("index "+q.from, err)
		}
		where += " AND s.id IN (SELECT id FROM temp." + q.index.name + " WHERE value = ?)"
		args = append(args, q.index.value)
	}
	query := "SELECT " + columns + " FROM " + q.from + " s WHERE " + where
	s := f.stmts[query]
	if s == nil {
		if s, err = f.c.prepare(query); err != nil {
			return nil, 0, f.db.named("look up "+q.from, err)
		}
		f.stmts[query] = s
	}
	err = s.each(ctx, args, func(row []driver.Value) error {
		if n == 0 {
			first = append(first, row...)
		}
		n++
		return nil
	})
	return first, n, f.db.named("look up "+q.from, err)
}

// tempIndex is an index that only lookups need: it is made in the temporary database when the first one comes, so that those who have no
// lookups do not pay for it.
type tempIndex struct {
	name, query string // the query gives value and id
	value       driver.Value
}

func (f *Finder) index(x *tempIndex) error {
	if f.indexes[x.name] {
		return nil
	}
	_, err := f.c.exec("CREATE TEMP TABLE " + x.name + " (value, id, PRIMARY KEY (value, id)) WITHOUT ROWID; " +
		"INSERT OR IGNORE INTO temp." + x.name + " SELECT value, id FROM (SELECT NULL AS value, NULL AS id WHERE 0 UNION ALL " +
		"SELECT * FROM (" + x.query + ")) WHERE value IS NOT NULL")
	f.indexes[x.name] = err == nil
	return err
}

// comparison says how a criterion is compared with a column.
type comparison uint8

const (
	exact    comparison = iota
	integer             // as numbers
	boolean             // 0, 1
	day                 // as days since 1970-01-01
	coded               // a descriptor equals its enumeration value
	optional            // NULL and "" match too
)

type column struct {
	name string
	how  comparison
}

// search is a query that is being put together.
type search struct {
	from       string // table, called s in the query
	prefix     string // of its _code and _detail tables
	conditions []string
	args       []driver.Value
	index      *tempIndex
	codes      []interchange.Criterion            // of the identification code
	groups     map[string][]interchange.Criterion // by the group's name: details that must be those of one element
	names      map[string]string
}

func (q *search) where(condition string, args ...driver.Value) {
	q.conditions = append(q.conditions, condition)
	q.args = append(q.args, args...)
}

func (q *search) column(known map[string]column, c interchange.Criterion) error {
	col, ok := known[c.Field]
	if !ok {
		return &UnknownCriterionError{c.Field}
	}
	return q.compare("s."+col.name, col.how, c)
}

// compare adds the condition that an expression has the criterion's value.
func (q *search) compare(expression string, how comparison, c interchange.Criterion) error {
	switch how {
	case integer:
		n, err := strconv.ParseInt(strings.TrimSpace(c.Value), 10, 64)
		if err != nil {
			return fmt.Errorf("%s: %d characters that are no integer", c.Field, len(c.Value))
		}
		q.where(expression+" = ?", n)
	case boolean:
		q.where(expression+" = ?", flag(c.Value == "true" || c.Value == "1"))
	case day:
		d, _, err := interchange.ParseDate([]byte(c.Value))
		if err != nil {
			d = interchange.NoDate // outside of what is stored: nothing matches
		}
		q.where(expression+" = ?", int64(d))
	case coded:
		if at := strings.IndexByte(c.Value, '#'); at >= 0 {
			q.where("("+expression+" = ? OR "+expression+" = ?)", c.Value, c.Value[at+1:])
		} else {
			q.where("("+expression+" = ? OR substr("+expression+", instr("+expression+", '#') + 1) = ?)", c.Value, c.Value)
		}
	case optional:
		q.where("("+expression+" = ? OR "+expression+" = '' OR "+expression+" IS NULL)", c.Value)
	default:
		q.where(expression+" = ?", c.Value)
	}
	return nil
}
