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

	"cohortx/xsd/scan"
)

// columns are what a CSV file of each content may have; the first of each is what tells the content, and is required.
var columns = []struct {
	content Content
	kind    Kind
	names   []string
	fields  []field
}{
	{Students, StudentKind, []string{"student_unique_id", "last_surname", "first_name", "middle_name", "generation_code_suffix", "birth_date", "sex"},
		[]field{uniqueID, lastSurname, firstName, middleName, generationSuffix, birthDate, sex}},
	{StaffMembers, StaffKind, []string{"staff_unique_id", "last_surname", "first_name", "middle_name", "generation_code_suffix", "birth_date", "sex"},
		[]field{uniqueID, lastSurname, firstName, middleName, generationSuffix, birthDate, sex}},
	{Programs, ProgramKind, []string{"program_name", "program_type", "education_organization_id", "program_id"},
		[]field{programName, programType, programOrg, programID}},
	{MasterSchedule, SectionKind, []string{"local_course_code", "section_identifier", "unique_section_code", "school_id", "school_year", "session_name",
		"sequence_of_course", "class_period_name", "classroom_identification_code", "term", "term_namespace"},
		[]field{localCourseCode, sectionIdentifier, sectionIdentifier, offeringSchool, schoolYear, sessionName, sequenceOfCourse, classPeriod, classroom, term, termNamespace}},
	{EducationOrganizations, EducationOrganizationKind, []string{"education_organization_id", "name", "category"}, []field{orgID, orgName, orgCategory}},
}

// csvFile reads the rows of a CSV file.
type csvFile struct {
	ctx     context.Context
	content Content
	kind    Kind
	in      *csv.Reader
	columns []*node // by column of the file
	row     Row
	done    int64 // offset after the last record
}

// openCSV reads the header. Its column names tell what the file holds (RFC 4180, comma-separated).
func openCSV(ctx context.Context, b *bufio.Reader) (*csvFile, error) {
	in := csv.NewReader(b)
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return nil, headerError("a first line that is no CSV")
	}
	f := &csvFile{ctx: ctx, in: in, done: in.InputOffset()}
	for _, c := range columns {
		if !slices.Contains(header, c.names[0]) {
			continue
		}
		f.content, f.kind = c.content, c.kind
		for _, name := range header {
			i := slices.Index(c.names, strings.TrimSpace(name))
			if i < 0 {
				return nil, headerError(fmt.Sprintf("column %q in a file of %s", shortened(name), c.content))
			}
			f.columns = append(f.columns, &node{name: name, path: name, field: c.fields[i], leaf: true})
		}
		return f, nil
	}
	return nil, headerError(fmt.Sprintf("a header of %d columns that tells nothing known", len(header)))
}

func headerError(found string) error {
	var known []string
	for _, c := range columns {
		known = append(known, c.content.String()+": "+strings.Join(c.names, ","))
	}
	return &scan.Error{At: scan.Pos{Line: 1, Column: 1}, Code: HeaderUnknown, Found: found, Expected: "an interchange document, or CSV with columns of one of: " + strings.Join(known, "; ")}
}

// csvRecord is the code of a record that is no CSV, or has another number of fields than the header.
const csvRecord = "csv_record"

func (f *csvFile) next() (*Row, error) {
	if err := f.ctx.Err(); err != nil {
		return nil, err
	}
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
	if broken != nil {
		f.row.At.Line, f.row.At.Column = broken.StartLine, 1
		f.row.Faults = []Fault{{At: scan.Pos{Offset: f.row.At.Offset, Line: broken.Line, Column: broken.Column}, Code: csvRecord,
			Found: broken.Err.Error(), Expected: fmt.Sprintf("a record of %d fields", len(f.columns))}}
		return &f.row, nil
	}
	f.row.At.Line, f.row.At.Column = f.in.FieldPos(0)
	var b builder
	b.reset(f.kind)
	var faults []Fault
	for i, value := range record {
		n := f.columns[i]
		if value == "" {
			continue // an empty field is an absent one
		}
		if fault := b.set(n, []byte(value)); fault != nil {
			fault.At.Offset = f.row.At.Offset
			fault.At.Line, fault.At.Column = f.in.FieldPos(i)
			faults = append(faults, *fault)
		}
	}
	b.finish(&f.row, faults)
	return &f.row, nil
}
