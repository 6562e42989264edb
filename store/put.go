package store

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"cohortx/interchange"
)

// Code is an identification code of an education organization, a student or a staff member.
type Code struct {
	System    string // identification system, as written
	Namespace string // of the system's descriptor in releases 2.x
	Assigner  string // AssigningOrganizationIdentificationCode
	Code      string
}

// Detail is a value that only lookups need: Field is the element's path below the entity, such as "OtherName/FirstName"; the values
// of one group (of one other name) have the same Position.
type Detail struct {
	Field    string
	Position int
	Value    string
}

// EducationOrganizationRow is an education organization. What is absent is empty.
type EducationOrganizationRow struct {
	ID         int64
	Name       string
	Category   string // as written
	Codes      []Code
	Details    []Detail
	Unverified bool // known only from a reference; leaves a stored row as it is
}

// PersonRow is a student or a staff member. What is absent is empty.
type PersonRow struct {
	Number               uint32
	UniqueID             string
	PersonalTitlePrefix  string
	FirstName            string
	MiddleName           string
	LastSurname          string
	GenerationCodeSuffix string
	MaidenName           string
	BirthDate            interchange.Date // NoDate: absent
	Sex                  string           // as written
	HispanicLatino       *bool
	Codes                []Code
	Details              []Detail
	Unverified           bool
}

// ProgramRow is a program.
type ProgramRow struct {
	Number uint32
	interchange.ProgramKey
	ProgramID  string
	Unverified bool
}

// SectionRow is a section: nothing but its key is kept.
type SectionRow struct {
	Number uint32
	interchange.SectionKey
	Unverified bool
}

// CohortRow is a cohort with the numbers of its programs, which take the place of Cohort.Programs.
type CohortRow struct {
	Number uint32
	File   int // position in the run, see From; 0: none in particular
	interchange.Cohort
	ProgramNumbers []uint32
	Unverified     bool // known only from a reference; leaves a stored row as it is
}

// PutEducationOrganizations creates or replaces education organizations and returns what became of each: Created, Updated or
// Unchanged. A later row of the same id replaces an earlier one.
func (tx *Tx) PutEducationOrganizations(ctx context.Context, rows []EducationOrganizationRow) ([]interchange.Outcome, error) {
	return tx.put(ctx, organizationTable, len(rows), func(i int, w *written) error {
		r := &rows[i]
		w.id, w.unverified = r.ID, r.Unverified
		_, w.known = tx.db.known.organizations[r.ID]
		if !w.known {
			tx.db.known.organizations[r.ID] = struct{}{}
			tx.added.organizations = append(tx.added.organizations, r.ID)
		}
		w.values = append(w.values, text(r.Name), text(r.Category))
		w.children = append(w.children, codes(r.Codes), details(r.Details))
		return nil
	})
}

// PutStudents is as PutEducationOrganizations, for students.
func (tx *Tx) PutStudents(ctx context.Context, rows []PersonRow) ([]interchange.Outcome, error) {
	return tx.putPersons(ctx, studentTable, students, rows)
}

// PutStaff is as PutEducationOrganizations, for staff.
func (tx *Tx) PutStaff(ctx context.Context, rows []PersonRow) ([]interchange.Outcome, error) {
	return tx.putPersons(ctx, staffTable, staff, rows)
}

func (tx *Tx) putPersons(ctx context.Context, spec *putTable, t table, rows []PersonRow) ([]interchange.Outcome, error) {
	return tx.put(ctx, spec, len(rows), func(i int, w *written) error {
		r := &rows[i]
		if err := tx.number(w, t, r.Number, r.Unverified); err != nil {
			return err
		}
		var birth, hispanic driver.Value
		if r.BirthDate != interchange.NoDate {
			birth = int64(r.BirthDate)
		}
		if r.HispanicLatino != nil {
			hispanic = flag(*r.HispanicLatino)
		}
		w.values = append(w.values, r.UniqueID, text(r.PersonalTitlePrefix), text(r.FirstName), text(r.MiddleName), text(r.LastSurname),
			text(r.GenerationCodeSuffix), text(r.MaidenName), birth, text(r.Sex), hispanic)
		w.children = append(w.children, codes(r.Codes), details(r.Details))
		return nil
	})
}

// PutPrograms is as PutEducationOrganizations, for programs. A program type keeps the form in which it was first written.
func (tx *Tx) PutPrograms(ctx context.Context, rows []ProgramRow) ([]interchange.Outcome, error) {
	return tx.put(ctx, programTable, len(rows), func(i int, w *written) error {
		r := &rows[i]
		if err := tx.mustOrganization(r.EducationOrganizationID); err != nil {
			return err
		}
		if err := tx.number(w, programs, r.Number, r.Unverified); err != nil {
			return err
		}
		w.values = append(w.values, r.ProgramKey.AppendKey(nil), r.EducationOrganizationID, r.ProgramName, r.ProgramType, text(r.ProgramID))
		return nil
	})
}

// PutSections is as PutEducationOrganizations, for sections.
func (tx *Tx) PutSections(ctx context.Context, rows []SectionRow) ([]interchange.Outcome, error) {
	return tx.put(ctx, sectionTable, len(rows), func(i int, w *written) error {
		r := &rows[i]
		if err := tx.number(w, sections, r.Number, r.Unverified); err != nil {
			return err
		}
		var sequence driver.Value
		if r.Form == interchange.SectionByPeriod {
			sequence = int64(r.SequenceOfCourse)
		}
		w.values = append(w.values, r.SectionKey.AppendKey(nil), int64(r.Form), r.SchoolID, text(r.LocalCourseCode), text(r.SchoolYear.String()),
			text(r.SectionIdentifier), text(r.SessionName), text(r.UniqueSectionCode), sequence, text(r.TermDescriptor),
			text(r.TermNamespace), text(r.ClassPeriodName), text(r.ClassroomIdentificationCode))
		return nil
	})
}

// PutCohorts is as PutEducationOrganizations, for cohorts: an absent optional element clears the stored value, absent programs empty
// the collection. The cohorts' education organizations and programs must exist (*UnknownNumberError).
func (tx *Tx) PutCohorts(ctx context.Context, rows []CohortRow) (outcomes []interchange.Outcome, err error) {
	if err := tx.usable(ctx); err != nil {
		return nil, err
	}
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].File == rows[0].File {
			n++
		}
		if err := tx.From(rows[0].File); err != nil {
			return nil, err
		}
		part, err := tx.putCohorts(ctx, rows[:n])
		if err != nil {
			return nil, err
		}
		outcomes, rows = append(outcomes, part...), rows[n:]
	}
	return outcomes, nil
}

func (tx *Tx) putCohorts(ctx context.Context, rows []CohortRow) ([]interchange.Outcome, error) {
	return tx.put(ctx, cohortTable, len(rows), func(i int, w *written) error {
		r := &rows[i]
		if err := tx.mustOrganization(r.EducationOrganizationID); err != nil {
			return err
		}
		for _, p := range r.ProgramNumbers {
			if err := tx.must(programs, p); err != nil {
				return err
			}
		}
		if err := tx.number(w, cohorts, r.Number, r.Unverified); err != nil {
			return err
		}
		var description driver.Value
		if r.CohortDescription != nil {
			description = *r.CohortDescription
		}
		w.values = append(w.values, r.EducationOrganizationID, r.CohortIdentifier, text(r.CohortType), text(r.CohortScope),
			text(r.AcademicSubject), text(r.AcademicSubjectNamespace), description, flag(r.Descriptors))
		list := make([]child, len(r.ProgramNumbers))
		for j, p := range r.ProgramNumbers {
			list[j] = child{n: int64(p)}
		}
		w.children = append(w.children, normal(list))
		return nil
	})
}

// number notes under which number a row goes.
func (tx *Tx) number(w *written, t table, n uint32, unverified bool) error {
	if n < 1 || n > maxNumber {
		return fmt.Errorf("store: a %s has number %d; expected 1 to %d", t.what(), n, maxNumber)
	}
	w.id, w.unverified, w.known = int64(n), unverified, tx.knows(t, n)
	if !w.known {
		tx.learn(t, n)
	}
	return nil
}

// written is one row on its way into a table.
type written struct {
	at         int // index in the caller's rows
	id         int64
	known      bool
	unverified bool
	stored     bool // the row is known to stand in the table as it is here
	values     []driver.Value
	children   [][]child
}

// child is one row of a table that lists values of another row. Which fields are used is the table's business.
type child struct {
	a, b, c, d string
	n          int64
}

func (c child) compare(o child) int {
	return cmp.Or(cmp.Compare(c.a, o.a), cmp.Compare(c.n, o.n), cmp.Compare(c.b, o.b), cmp.Compare(c.c, o.c), cmp.Compare(c.d, o.d))
}

// normal sorts children and drops repetitions, as their primary keys have it.
func normal(list []child) []child {
	slices.SortFunc(list, child.compare)
	return slices.Compact(list)
}

func codes(list []Code) []child {
	if len(list) == 0 {
		return nil
	}
	out := make([]child, len(list))
	for i, c := range list {
		out[i] = child{a: c.System, b: c.Namespace, c: c.Assigner, d: c.Code}
	}
	return normal(out)
}

func details(list []Detail) []child {
	if len(list) == 0 {
		return nil
	}
	out := make([]child, len(list))
	for i, d := range list {
		out[i] = child{a: d.Field, n: int64(d.Position), b: d.Value}
	}
	return normal(out)
}

// putTable describes a table with numbered rows and the tables of their children.
type putTable struct {
	history  int64 // its kind in the history
	name     string
	columns  []string // after id and before verified, in the order of written.values
	fixed    int      // so many of them, from the first, are the key or stay as first written
	children []childTable
	// same reports whether a stored row and one to write, as in written.values, mean the same; nil: only if they are equal.
	same func(stored, incoming []driver.Value) bool
}

type childTable struct {
	name, owner string
	columns     []string
	row         func(c child) []driver.Value
	scan        func(row []driver.Value) child
}

func codeTable(name, owner string) childTable {
	return childTable{
		name: name, owner: owner, columns: []string{"system", "namespace", "assigner", "code"},
		row:  func(c child) []driver.Value { return []driver.Value{c.a, c.b, c.c, c.d} },
		scan: func(r []driver.Value) child { return child{a: str(r[0]), b: str(r[1]), c: str(r[2]), d: str(r[3])} },
	}
}

func detailTable(name, owner string) childTable {
	return childTable{
		name: name, owner: owner, columns: []string{"field", "position", "value"},
		row:  func(c child) []driver.Value { return []driver.Value{c.a, c.n, c.b} },
		scan: func(r []driver.Value) child { return child{a: str(r[0]), n: num(r[1]), b: str(r[2])} },
	}
}

func personTable(history int64, name, prefix string) *putTable {
	return &putTable{
		history: history,
		name:    name,
		columns: []string{"unique_id", "personal_title_prefix", "first_name", "middle_name", "last_surname", "generation_code_suffix",
			"maiden_name", "birth_date", "sex", "hispanic_latino"},
		fixed:    1,
		children: []childTable{codeTable(prefix+"_code", prefix+"_id"), detailTable(prefix+"_detail", prefix+"_id")},
	}
}

var (
	organizationTable = &putTable{
		history: historyOrganization,
		name:    "education_organization",
		columns: []string{"name", "category"},
		children: []childTable{
			codeTable("education_organization_code", "education_organization_id"),
			detailTable("education_organization_detail", "education_organization_id"),
		},
	}
	studentTable = personTable(historyStudent, "student", "student")
	staffTable   = personTable(historyStaff, "staff_member", "staff")
	programTable = &putTable{
		history: historyProgram,
		name:    "program",
		columns: []string{"key", "education_organization_id", "program_name", "program_type", "program_id"},
		fixed:   4,
	}
	sectionTable = &putTable{
		history: historySection,
		name:    "section",
		columns: []string{"key", "form", "school_id", "local_course_code", "school_year", "section_identifier", "session_name",
			"unique_section_code", "sequence_of_course", "term", "term_namespace", "class_period_name", "classroom_identification_code"},
		fixed: 13,
	}
	cohortTable = &putTable{
		history: historyCohort,
		name:    "cohort",
		columns: []string{"education_organization_id", "cohort_identifier", "cohort_type", "cohort_scope", "academic_subject",
			"academic_subject_namespace", "cohort_description", "descriptors"},
		fixed: 2,
		same:  sameCohort,
		children: []childTable{{
			name: "cohort_program", owner: "cohort_id", columns: []string{"program_id"},
			row:  func(c child) []driver.Value { return []driver.Value{c.n} },
			scan: func(r []driver.Value) child { return child{n: num(r[0])} },
		}},
	}
)

// insert is the statement that writes n new rows.
func (t *putTable) insert(n int) string {
	return insertInto + t.name + " (id, " + strings.Join(t.columns, ", ") + ", verified) VALUES " + values(n, len(t.columns)+2)
}

// upsert is the statement that writes n rows of which some may be stored as they are, and returns the ids of those that it changed.
func (t *putTable) upsert(n int) string {
	free := append(slices.Clone(t.columns[t.fixed:]), "verified")
	var set, old, new []string
	for _, c := range free {
		set = append(set, c+" = excluded."+c)
		old = append(old, t.name+"."+c)
		new = append(new, "excluded."+c)
	}
	return t.insert(n) +
		" ON CONFLICT (id) DO UPDATE SET " + strings.Join(set, ", ") +
		" WHERE (" + strings.Join(old, ", ") + ") IS NOT (" + strings.Join(new, ", ") + ") RETURNING id"
}

// putBatch is how many rows go into one statement. 20 to 200 were measured to be alike.
const putBatch = 50

// put writes rows in batches and says what became of each.
func (tx *Tx) put(ctx context.Context, t *putTable, n int, fill func(i int, w *written) error) ([]interchange.Outcome, error) {
	if err := tx.usable(ctx); err != nil {
		return nil, err
	}
	outcomes := make([]interchange.Outcome, n)
	p := &putter{tx: tx, t: t, outcomes: outcomes, inBatch: map[int64]int{}, prepared: map[string]*stmt{}}
	defer p.close()
	for i := range n {
		w := p.next()
		w.at = i
		if err := fill(i, w); err != nil {
			return nil, err
		}
		if w.known && w.unverified {
			outcomes[i] = interchange.Unchanged // a mere reference says nothing about a row that exists
			p.rows = p.rows[:len(p.rows)-1]
			continue
		}
		if _, twice := p.inBatch[w.id]; twice {
			// The earlier one must be there before this one is compared with it.
			last := len(p.rows) - 1
			if err := p.flush(ctx, last); err != nil {
				return nil, err
			}
			p.rows[0], p.rows[last] = p.rows[last], p.rows[0]
			p.rows = p.rows[:1]
		}
		p.inBatch[p.rows[len(p.rows)-1].id] = len(p.rows) - 1
		if len(p.rows) == putBatch {
			if err := p.flush(ctx, putBatch); err != nil {
				return nil, err
			}
			p.rows = p.rows[:0]
		}
	}
	if err := p.flush(ctx, len(p.rows)); err != nil {
		return nil, err
	}
	return outcomes, nil
}

// putter is the work of one put.
type putter struct {
	tx       *Tx
	t        *putTable
	outcomes []interchange.Outcome
	rows     []written
	inBatch  map[int64]int // id -> index in rows
	args     []driver.Value
	prepared map[string]*stmt // most batches are of one size, and so use the same few
	touched  [putBatch]bool
}

func (p *putter) next() *written {
	if len(p.rows) < cap(p.rows) {
		p.rows = p.rows[:len(p.rows)+1]
	} else {
		p.rows = append(p.rows, written{})
	}
	w := &p.rows[len(p.rows)-1]
	w.values, w.children, w.stored = w.values[:0], w.children[:0], false
	return w
}

// each runs a query, which is kept for the next batch.
func (p *putter) each(ctx context.Context, query string, args []driver.Value, f func(row []driver.Value) error) (err error) {
	s := p.prepared[query]
	if s == nil {
		if s, err = p.tx.w.prepare(query); err != nil {
			return err
		}
		p.prepared[query] = s
	}
	return s.each(ctx, args, f)
}

func (p *putter) close() {
	for _, s := range p.prepared {
		s.Close()
	}
}

// flush writes the first n of p.rows.
func (p *putter) flush(ctx context.Context, n int) error {
	defer clear(p.inBatch)
	if n == 0 {
		return nil
	}
	tx, db := p.tx, p.tx.db
	rows := p.rows[:n]
	if p.t.same != nil {
		if err := p.keepForms(ctx, rows); err != nil {
			return db.named("read "+p.t.name, err)
		}
	}
	clear(p.touched[:n])
	if err := p.write(ctx, rows); err != nil {
		return db.named("write "+p.t.name, err)
	}
	for i := range p.t.children {
		if err := p.putChildren(ctx, rows, i); err != nil {
			return db.named("write "+p.t.children[i].name, err)
		}
	}
	for i := range rows {
		switch {
		case !rows[i].known:
			p.outcomes[rows[i].at] = interchange.Created
		case p.touched[i]:
			p.outcomes[rows[i].at] = interchange.Updated
		default:
			p.outcomes[rows[i].at] = interchange.Unchanged
			if err := tx.history.unchanged(ctx, p.t.history, rows[i].id); err != nil {
				return db.named("read the history of "+p.t.name, err)
			}
		}
	}
	return nil
}

// write writes the rows that are not known to be stored as they are, and notes which of them it changed.
func (p *putter) write(ctx context.Context, rows []written) error {
	if n := p.arguments(rows, func(w *written) bool { return !w.known }); n > 0 {
		if p.t == organizationTable { // their numbers are not ours, so their creation is watched
			if err := p.tx.history.watch(p.t.name); err != nil {
				return err
			}
		}
		if err := p.each(ctx, p.t.insert(n), p.args, func([]driver.Value) error { return nil }); err != nil {
			return err
		}
	}
	n := p.arguments(rows, func(w *written) bool { return w.known && !w.stored })
	if n == 0 {
		return nil
	}
	if err := p.tx.history.watch(p.t.name); err != nil {
		return err
	}
	return p.each(ctx, p.t.upsert(n), p.args, func(row []driver.Value) error {
		p.touched[p.inBatch[num(row[0])]] = true
		return nil
	})
}

// arguments collects the values of those rows that are meant, and says how many these are.
func (p *putter) arguments(rows []written, meant func(w *written) bool) (n int) {
	p.args = p.args[:0]
	for i := range rows {
		if w := &rows[i]; meant(w) {
			p.args = append(append(append(p.args, w.id), w.values...), flag(!w.unverified))
			n++
		}
	}
	return n
}

// putChildren replaces the children of rows where they differ from the stored ones.
func (p *putter) putChildren(ctx context.Context, rows []written, which int) error {
	t := &p.t.children[which]
	stored := map[int64][]child{}
	var ids []driver.Value
	for i := range rows {
		if rows[i].known {
			ids = append(ids, rows[i].id)
		}
	}
	columns := strings.Join(t.columns, ", ")
	if len(ids) > 0 {
		query := "SELECT " + t.owner + ", " + columns + " FROM " + t.name + " WHERE " + t.owner + " IN " + values(1, len(ids))
		err := p.each(ctx, query, ids, func(row []driver.Value) error {
			stored[num(row[0])] = append(stored[num(row[0])], t.scan(row[1:]))
			return nil
		})
		if err != nil {
			return err
		}
	}
	var insert []driver.Value
	for i := range rows {
		w := &rows[i]
		want, have := w.children[which], stored[w.id]
		if len(want) == 0 && len(have) == 0 {
			continue
		}
		if slices.Equal(want, normal(have)) {
			continue
		}
		p.touched[i] = true
		if w.known {
			if err := p.tx.history.list(p.t, which, w.id); err != nil {
				return err
			}
		}
		if len(have) > 0 {
			if _, err := p.tx.w.exec("DELETE FROM "+t.name+" WHERE "+t.owner+" = ?", w.id); err != nil {
				return err
			}
		}
		for _, c := range want {
			insert = append(append(insert, w.id), t.row(c)...)
		}
	}
	// SQLite's limit is 32,766 parameters a statement; a thousand a time cost nothing.
	width := 1 + len(t.columns)
	for len(insert) > 0 {
		k := min(len(insert)/width, 200)
		if _, err := p.tx.w.exec(insertInto+t.name+" ("+t.owner+", "+columns+") VALUES "+values(k, width), insert[:k*width]...); err != nil {
			return err
		}
		insert = insert[k*width:]
	}
	return nil
}
