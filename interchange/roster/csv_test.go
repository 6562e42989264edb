package roster_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"cohortx/interchange/roster"
	"cohortx/xsd/scan"
)

// A file that is not UTF-8 is refused with the place, not read with broken names; the rows before the line are given.
func TestRows_CSVText(t *testing.T) {
	const head = "student_unique_id,last_surname\n"
	for name, tt := range map[string]struct {
		in   string
		rows int
		code scan.Code
		at   scan.Pos
	}{
		"Latin1":        {head + "007,Zoë\n008,Jos\xe9\n009,x\n", 1, scan.InvalidEncoding, scan.Pos{Offset: 47, Line: 3, Column: 8}},
		"InQuotes":      {head + "007,\"a\nJos\xe9\"\n", 0, scan.InvalidEncoding, scan.Pos{Offset: 41, Line: 3, Column: 4}},
		"CutOff":        {head + "007,Zo\xc3", 0, scan.InvalidEncoding, scan.Pos{Offset: 37, Line: 2, Column: 7}},
		"Surrogate":     {head + "\xed\xa0\x80,x\n", 0, scan.InvalidEncoding, scan.Pos{Offset: 31, Line: 2, Column: 1}},
		"NUL":           {head + "007,a\n008,b\x00\n", 1, scan.NULByte, scan.Pos{Offset: 42, Line: 3, Column: 6}},
		"Control":       {head + "007,a\n008,b\n\x1a", 2, scan.InvalidCharacter, scan.Pos{Offset: 43, Line: 4, Column: 1}},
		"Noncharacter":  {head + "007,\uffff\n", 0, scan.InvalidCharacter, scan.Pos{Offset: 35, Line: 2, Column: 5}},
		"UnclosedQuote": {head + "007,x\n008,\"" + strings.Repeat("a\n", 9<<20), 1, scan.EntityTooLarge, scan.Pos{}},
	} {
		t.Run(name, func(t *testing.T) {
			readers := []io.Reader{strings.NewReader(tt.in)}
			if len(tt.in) < 1000 {
				readers = append(readers, iotest.OneByteReader(strings.NewReader(tt.in)), iotest.DataErrReader(strings.NewReader(tt.in)))
			}
			for _, in := range readers {
				rows, err := read(t, in, roster.Options{})
				var e *scan.Error
				if !errors.As(err, &e) || e.Code != tt.code || tt.at.Line > 0 && e.At != tt.at || len(rows) != tt.rows || faults(rows) != "" {
					t.Errorf("%d rows, %v; want %d, %s at %+v", len(rows), err, tt.rows, tt.code, tt.at)
				}
			}
		})
	}
}

// Text that is good passes unchanged, whatever the pieces in which it comes.
func TestRows_CSVPieces(t *testing.T) {
	var in strings.Builder
	in.WriteString("student_unique_id,last_surname\n")
	for i := range 5000 {
		fmt.Fprintf(&in, "%d,%s𝄞é日\n", i, strings.Repeat("ab", i%20))
	}
	for _, r := range []io.Reader{strings.NewReader(in.String()), iotest.HalfReader(strings.NewReader(in.String())), bufio.NewReaderSize(iotest.OneByteReader(strings.NewReader(in.String())), 16)} {
		rows, err := read(t, r, roster.Options{})
		if err != nil || len(rows) != 5000 || faults(rows) != "" {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for i, row := range rows {
			if want := strings.Repeat("ab", i%20) + "𝄞é日"; row.Person.Name.LastSurname != want || row.Person.UniqueID != fmt.Sprint(i) {
				t.Fatalf("row %d: %+v", i, *row.Person)
			}
		}
	}
}

// Each kind of file, with every column that it may have.
func TestRows_CSVKinds(t *testing.T) {
	for name, tt := range map[string]struct {
		header, record string
		kind           roster.Kind
		get            func(*roster.Row) any
		want           string
		key            string
	}{
		"Students": {
			"student_unique_id,last_surname,first_name,birth_date,middle_name,generation_code_suffix,personal_title_prefix,maiden_name,preferred_first_name,preferred_last_surname,sex,race,hispanic_latino_ethnicity,identification_code,identification_system,assigning_organization",
			"007,Fern,Zoë,2010-02-28,Ann,II,Ms,Inkwright,Zo,F,Female,White,0,A 1,State,TEA", roster.StudentKind,
			func(r *roster.Row) any {
				p := r.Person
				return fmt.Sprint(p.Name, p.BirthDate, p.Sex.Code(), p.Races, *p.HispanicLatinoEthnicity, p.IdentificationCodes)
			},
			"{Ms Zoë Ann Fern II Inkwright Zo F} 2010-02-28Female[{White }] false [{A 1 {State } TEA}]", "007",
		},
		"Staff": {
			"staff_unique_id,last_surname,identification_code", "207288,Tanner,X", roster.StaffKind,
			func(r *roster.Row) any { return r.Person.Name.LastSurname + r.Person.IdentificationCodes[0].Code }, "TannerX", "207288",
		},
		"EducationOrganizations": {
			"education_organization_id,name,category,identification_code,identification_system", "+00255901107,\"Grand Bend, Elementary\",uri://ed-fi.org/EducationOrganizationCategoryDescriptor#School,1,SEA", roster.EducationOrganizationKind,
			func(r *roster.Row) any { return *r.EducationOrganization },
			"{255901107 Grand Bend, Elementary [{uri://ed-fi.org/EducationOrganizationCategoryDescriptor#School }] [{1 {SEA } }]}", "255901107",
		},
		"Programs": {
			"program_id,education_organization_id,program_name,program_type", "9,255901,Bilingual,uri://ed-fi.org/ProgramTypeDescriptor#Bilingual", roster.ProgramKind,
			func(r *roster.Row) any { return *r.Program }, "{255901 Bilingual {uri://ed-fi.org/ProgramTypeDescriptor#Bilingual } 9}", "255901/Bilingual/uri://ed-fi.org/ProgramTypeDescriptor#Bilingual",
		},
		"Sections": {
			"section_identifier,local_course_code,school_id,school_year,session_name", "S1,MATH,7,2025-2026,Fall", roster.SectionKind,
			func(r *roster.Row) any { return *r.Section }, "{false S1 {MATH 7 {7 2025-2026 Fall { }}} 0  0  0 0}", "S1",
		},
		"SectionsOfRelease2": {
			"unique_section_code,local_course_code,school_id,school_year,sequence_of_course,class_period_name,classroom_identification_code,term,term_namespace", "U,MATH,7,2026,2,07,201,Fall Semester,http://ed-fi.org/T", roster.SectionKind,
			func(r *roster.Row) any { return *r.Section }, "{true U {MATH 7 {7 2025-2026  {Fall Semester http://ed-fi.org/T}}} 0 201 0 07 0 2}", "U",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, end := range []string{"\n", "\r\n", ""} {
				in := tt.header + "\r\n" + tt.record + end
				rows, err := read(t, strings.NewReader(in), roster.Options{})
				if err != nil || len(rows) != 1 || faults(rows) != "" {
					t.Fatalf("%d rows, %v, %s", len(rows), err, faults(rows))
				}
				r := &rows[0]
				if got := fmt.Sprint(tt.get(r)); got != tt.want || r.Kind != tt.kind || r.Key != tt.key {
					t.Errorf("got  %s %s %s\nwant %s %s %s", r.Kind, r.Key, got, tt.kind, tt.key, tt.want)
				}
				if r.At != (scan.Pos{Offset: int64(len(tt.header) + 2), Line: 2, Column: 1}) || r.End != int64(len(in)) {
					t.Errorf("at %+v to %d", r.At, r.End)
				}
			}
		})
	}
}

// A record that breaks a rule is a row with faults; the others follow.
func TestRows_CSVFaults(t *testing.T) {
	for in, want := range map[string]string{
		"program_name,education_organization_id,program_type\nA,x,T\n,1,T\nA,1,\nA,1,T\n": "2:3 value_type education_organization_id: found \"x\", expected an integer from -9223372036854775808 to 9223372036854775807\n" +
			"3:1 key_empty : found no ProgramName, expected a value: it is a part of the key\n" +
			"4:1 key_empty : found no ProgramType, expected a value: it is a part of the key\n",
		"student_unique_id,last_surname\n1,a\"b\n2,\"a\"b\"\n3,c\n4,a,b\n": "2:4 csv_record : found bare \" in non-quoted-field, expected a record of 2 fields\n" +
			"3:5 csv_record : found extraneous or missing \" in quoted-field, expected a record of 2 fields\n" +
			"5:1 csv_record : found wrong number of fields, expected a record of 2 fields\n",
		"student_unique_id,last_surname\n1,\"never\nclosed\n": "3:8 csv_record : found extraneous or missing \" in quoted-field, expected a record of 2 fields\n",
		"student_unique_id,birth_date\n" + strings.Repeat("9", 33) + ",1899-12-31\n": "2:1 value_too_long student_unique_id: found \"" + strings.Repeat("9", 33) + "\", expected at most 32 characters\n" +
			"2:35 date_out_of_range birth_date: found a value of 10 characters, expected a date such as 2009-04-27, of a year from 1900 to 2199\n",
		"student_unique_id,last_surname,birth_date\né1,日𝄞,x\n": "2:7 value_type birth_date: found a value of 1 characters, expected a date such as 2025-09-14\n",
	} {
		rows, err := read(t, strings.NewReader(in), roster.Options{})
		if got := faults(rows); err != nil || got != want {
			t.Errorf("%q: %v\ngot\n%s\nwant\n%s", in, err, got, want)
		}
		for i := range rows {
			if len(rows[i].Faults) > 0 && rows[i].Person != nil && strings.Contains(fmt.Sprint(rows[i].Faults), "1899") {
				t.Errorf("a birth date stands in %v", rows[i].Faults)
			}
		}
	}
}

// BenchmarkRows_CSV reads students.
func BenchmarkRows_CSV(b *testing.B) {
	var text strings.Builder
	text.WriteString("student_unique_id,last_surname,first_name,birth_date\n")
	const n = 20000
	for i := range n {
		fmt.Fprintf(&text, "%d,Inkwright,Zoë,2012-04-05\n", 604821+i)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		f, err := roster.Sniff(context.Background(), strings.NewReader(text.String()), roster.Options{})
		if err != nil {
			b.Fatal(err)
		}
		r, err := f.Rows()
		if err != nil {
			b.Fatal(err)
		}
		rows := 0
		for {
			if _, err := r.Next(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			rows++
		}
		if rows != n {
			b.Fatal(rows)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
}
