package roster

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"cohortx/interchange"
	"cohortx/xsd/scan"
)

// column is one that a CSV file may have.
type column struct {
	name     string
	field    field
	group    field  // what begins with it, if anything
	release  string // whose schema has its type
	path     string // of the element with that type in a StudentCohort file
	required bool
}

// table is a kind of CSV file. The header belongs to the first table that has a column of its own in it.
type table struct {
	content Content
	kind    Kind
	tells   []string
	columns []column
}

// newest is the release whose types CSV values have: descriptors are any text of up to 255 characters there.
const newest = "5.2"

func personColumns(kind string) []column {
	at := func(name string, f field, path string) column {
		return column{name: name, field: f, release: newest, path: staffLookup + "/" + path}
	}
	id := at(kind+"_unique_id", uniqueID, "StaffUniqueId")
	id.required = true
	code := at("identification_code", code, "StaffIdentificationCode/IdentificationCode")
	code.group = startCode
	return []column{
		id, at("last_surname", lastSurname, "Name/LastSurname"), at("first_name", firstName, "Name/FirstName"),
		at("birth_date", birthDate, "BirthDate"), at("middle_name", middleName, "Name/MiddleName"),
		at("generation_code_suffix", generationSuffix, "Name/GenerationCodeSuffix"), at("personal_title_prefix", titlePrefix, "Name/PersonalTitlePrefix"),
		at("maiden_name", maidenName, "Name/MaidenName"), at("preferred_first_name", preferredFirstName, "Name/PreferredFirstName"),
		at("preferred_last_surname", preferredLastSurname, "Name/PreferredLastSurname"), at("sex", sex, "Sex"), at("race", race, "Race"),
		at("hispanic_latino_ethnicity", hispanicLatino, "HispanicLatinoEthnicity"), code,
		at("identification_system", codeSystem, "StaffIdentificationCode/StaffIdentificationSystem"),
		at("assigning_organization", codeAssigner, "StaffIdentificationCode/AssigningOrganizationIdentificationCode"),
	}
}

const sessionIdentity = offering + "/SessionReference/SessionIdentity/"

// tables are all of them.
var tables = sync.OnceValue(func() []table {
	schoolColumn := column{name: "school_id", field: offeringSchool, release: newest, path: offering + "/SchoolReference/SchoolIdentity/SchoolId", required: true}
	yearColumn := column{name: "school_year", field: schoolYear, release: newest, path: sessionIdentity + "SchoolYear", required: true}
	nameColumn := column{name: "session_name", field: sessionName, release: newest, path: sessionIdentity + "SessionName", required: true}
	courseColumn := column{name: "local_course_code", field: localCourseCode, release: newest, path: offering + "/LocalCourseCode", required: true}
	return []table{
		{Students, StudentKind, []string{"student_unique_id"}, personColumns("student")},
		{StaffMembers, StaffKind, []string{"staff_unique_id"}, personColumns("staff")},
		{MasterSchedule, SectionKind, []string{"section_identifier"}, []column{
			{name: "section_identifier", field: sectionIdentifier, release: newest, path: sectionLookup + "/SectionIdentifier", required: true},
			courseColumn, schoolColumn, yearColumn, nameColumn,
		}},
		{MasterSchedule, SectionKind, []string{"unique_section_code"}, []column{
			{name: "unique_section_code", field: uniqueSectionCode, release: "2.0", path: sectionLookup + "/UniqueSectionCode", required: true},
			courseColumn, schoolColumn, yearColumn,
			{name: "sequence_of_course", field: sequenceOfCourse, release: "2.0", path: sectionLookup + "/SequenceOfCourse", required: true},
			{name: "class_period_name", field: classPeriod, release: "2.0", path: sectionLookup + "/ClassPeriodReference/ClassPeriodIdentity/ClassPeriodName", required: true},
			{name: "classroom_identification_code", field: classroom, release: "2.0", path: sectionLookup + "/LocationReference/LocationIdentity/ClassroomIdentificationCode", required: true},
			{name: "term", field: term, release: "2.0", path: sessionIdentity + "Term/CodeValue", required: true},
			{name: "term_namespace", field: termNamespace, release: "2.0", path: sessionIdentity + "Term/Namespace"},
		}},
		{Programs, ProgramKind, []string{"program_name"}, []column{
			{name: "education_organization_id", field: programOrg, release: newest, path: orgLookup + "/EducationOrganizationId", required: true},
			{name: "program_name", field: programName, release: newest, path: programLookup + "/ProgramName", required: true},
			{name: "program_type", field: programType, release: newest, path: programLookup + "/ProgramType", required: true},
			{name: "program_id", field: programID, release: newest, path: programLookup + "/ProgramId"},
		}},
		{EducationOrganizations, EducationOrganizationKind, []string{"education_organization_id"}, []column{
			{name: "education_organization_id", field: orgID, release: newest, path: orgLookup + "/EducationOrganizationId", required: true},
			{name: "name", field: orgName, release: newest, path: orgLookup + "/NameOfInstitution"},
			{name: "category", field: orgCategory, release: newest, path: orgLookup + "/EducationOrganizationCategory"},
			{name: "identification_code", field: code, group: startCode, release: newest, path: orgLookup + "/EducationOrganizationIdentificationCode/IdentificationCode"},
			{name: "identification_system", field: codeSystem, release: newest, path: orgLookup + "/EducationOrganizationIdentificationCode/EducationOrganizationIdentificationSystem"},
		}},
	}
})

// csvFile reads the rows of a CSV file.
type csvFile struct {
	ctx     context.Context
	content Content
	kind    Kind
	text    *csvText
	in      *csv.Reader
	nodes   []*node // by column of the file
	done    int64   // offset after the last record

	row     Row
	builder builder
	faults  []Fault
	scratch []byte
}

// openCSV reads the header. Its column names tell what the file holds (RFC 4180, comma-separated, UTF-8).
func openCSV(ctx context.Context, b *bufio.Reader) (*csvFile, error) {
	text := newCSVText(b)
	in := csv.NewReader(text)
	in.ReuseRecord = true
	header, err := in.Read()
	var broken *csv.ParseError
	if errors.As(err, &broken) {
		return nil, headerError("a first line that is no CSV", nil)
	}
	if err != nil {
		return nil, err
	}
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
	}
	for i := range tables() {
		t := &tables()[i]
		if slices.ContainsFunc(t.tells, func(name string) bool { return slices.Contains(header, name) }) {
			f := &csvFile{ctx: ctx, content: t.content, kind: t.kind, text: text, in: in, done: in.InputOffset()}
			f.nodes, err = t.nodes(header)
			return f, err
		}
	}
	return nil, headerError(fmt.Sprintf("a first line that is no known header (number of columns: %d)", len(header)), nil)
}

// nodes finds the columns of a header.
func (t *table) nodes(header []string) ([]*node, error) {
	var nodes []*node
	for i, name := range header {
		at := slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
		if at < 0 {
			return nil, headerError(fmt.Sprintf("column %q in a file of %s", shortened(name), t.content), t)
		}
		if slices.Contains(header[:i], name) {
			return nil, headerError(fmt.Sprintf("column %q twice", shortened(name)), t)
		}
		c := t.columns[at]
		r, ok := interchange.ReleaseNamed(c.release)
		if !ok {
			return nil, fmt.Errorf("release %s, whose types CSV has, is unknown", c.release)
		}
		schema, err := interchange.LoadSchema(r, "")
		if err != nil {
			return nil, err
		}
		slot, ok := schema.Slot(c.path)
		if !ok {
			return nil, fmt.Errorf("the schema of release %s has no %s, which is the type of column %s", c.release, c.path, c.name)
		}
		nodes = append(nodes, &node{name: name, path: name, field: c.field, starts: c.group, leaf: true, schema: schema, slot: slot})
	}
	for _, c := range t.columns {
		if c.required && !slices.Contains(header, c.name) {
			return nil, headerError(fmt.Sprintf("a file of %s without the column %s", t.content, c.name), t)
		}
	}
	return nodes, nil
}

// headerError lists the columns of the table that the header is taken for, or those of all.
func headerError(found string, of *table) error {
	var known []string
	for i := range tables() {
		t := &tables()[i]
		if of != nil && t != of {
			continue
		}
		var names []string
		for _, c := range t.columns {
			name := c.name
			if c.required {
				name += "*"
			}
			names = append(names, name)
		}
		known = append(known, t.content.String()+": "+strings.Join(names, ","))
	}
	expected := "an interchange document, or CSV with the columns of one of (* must be there): "
	if of != nil {
		expected = "the columns (* must be there) of "
	}
	return &scan.Error{At: scan.Pos{Line: 1, Column: 1}, Code: HeaderUnknown, Found: found, Expected: expected + strings.Join(known, "; ")}
}

// csvRecord is the code of a record that is no CSV, or has another number of fields than the header.
const csvRecord interchange.Code = "csv_record"

func (f *csvFile) next() (*Row, error) {
	if err := f.ctx.Err(); err != nil {
		return nil, err
	}
	f.text.record, f.text.line = 0, f.row.At.Line
	record, err := f.in.Read()
	if err == io.EOF {
		return nil, io.EOF
	}
	var broken *csv.ParseError
	if err != nil && !errors.As(err, &broken) {
		return nil, err
	}
	f.row = Row{Kind: f.kind, At: scan.Pos{Offset: f.done}, End: f.in.InputOffset()}
	f.done = f.row.End
	f.faults = f.faults[:0]
	if broken != nil {
		f.row.At.Line, f.row.At.Column = broken.StartLine, 1
		f.row.Faults = append(f.faults, Fault{At: scan.Pos{Offset: f.row.At.Offset, Line: broken.Line, Column: broken.Column}, Code: string(csvRecord),
			Found: broken.Err.Error(), Expected: fmt.Sprintf("a record of %d fields", len(f.nodes))})
		return &f.row, nil
	}
	f.row.At.Line, f.row.At.Column = f.in.FieldPos(0)
	f.builder.reset(f.kind)
	for i, value := range record {
		if value == "" {
			continue // an empty field is an absent one
		}
		if fault := f.set(f.nodes[i], value); fault != nil {
			fault.Path = f.nodes[i].path
			fault.At = f.place(record, i)
			f.faults = append(f.faults, *fault)
		}
	}
	if f.kind == SectionKind {
		session := &f.builder.section.CourseOffering.Session // one column for both
		session.SchoolID = f.builder.section.CourseOffering.SchoolID
		f.builder.has[sessionSchool] = f.builder.has[offeringSchool]
		f.builder.numbers[sessionSchool] = f.builder.numbers[offeringSchool]
	}
	f.builder.finish(&f.row, f.faults)
	return &f.row, nil
}

// set checks a field and puts it in place.
func (f *csvFile) set(n *node, value string) *Fault {
	v := []byte(value)
	if n.field == schoolYear {
		year, err := interchange.ParseSchoolYear(v)
		if err != nil {
			return &Fault{Code: "value_type", Found: found(f.kind, n.field, v), Expected: "a school year such as 2025-2026, or the year alone in which it ends"}
		}
		v = []byte(year.String())
	}
	v, fault := n.schema.Value(n.slot, v, &f.scratch)
	if fault != nil {
		return &Fault{Code: string(fault.Code), Found: found(f.kind, n.field, v), Expected: fault.Expected}
	}
	if n.starts != noField {
		f.builder.grouped(n.starts, "")
	}
	return f.builder.set(n, v)
}

// place is where field i of the record begins. Package csv counts columns in bytes, we in characters.
func (f *csvFile) place(record []string, i int) scan.Pos {
	line, column := f.in.FieldPos(i)
	for j := i - 1; j >= 0; j-- {
		before := record[j]
		if at := strings.LastIndexByte(before, '\n'); at >= 0 {
			before = before[at+1:]
			column -= len(before) - utf8.RuneCountInString(before)
			break
		}
		column -= len(before) - utf8.RuneCountInString(before)
	}
	return scan.Pos{Offset: f.row.At.Offset, Line: line, Column: column}
}
