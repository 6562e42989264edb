package roster_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cohortx/interchange"
	"cohortx/interchange/roster"
	"cohortx/xsd/scan"
)

// shared finds the folder with the official sample files, which is not part of the project.
func shared(t *testing.T) string {
	t.Helper()
	if folder := os.Getenv("COHORTX_SHARED"); folder != "" {
		return folder
	}
	at, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; at = filepath.Dir(at) {
		folder := filepath.Join(at, "shared")
		if _, err := os.Stat(filepath.Join(folder, "edfi", "samples")); err == nil {
			return folder
		}
		if at == filepath.Dir(at) {
			t.Skip("no folder shared/edfi/samples above this one")
		}
	}
}

// read gives copies of all rows of a document, for blocks of any size if cut is given.
func read(t *testing.T, content io.Reader, opt roster.Options) ([]roster.Row, error) {
	t.Helper()
	f, err := roster.Sniff(context.Background(), content, opt)
	if err != nil {
		return nil, err
	}
	r, err := f.Rows()
	if err != nil {
		t.Fatal(err)
	}
	var rows []roster.Row
	for {
		row, err := r.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, clone(row))
	}
}

// clone copies what the next call of Next would overwrite.
func clone(row *roster.Row) roster.Row {
	c := *row
	c.Raw = slices.Clone(row.Raw)
	c.Faults = slices.Clone(row.Faults)
	if p := row.Person; p != nil {
		q := *p
		q.OtherNames, q.IdentificationCodes, q.Races = slices.Clone(p.OtherNames), slices.Clone(p.IdentificationCodes), slices.Clone(p.Races)
		q.Telephones, q.ElectronicMails = slices.Clone(p.Telephones), slices.Clone(p.ElectronicMails)
		c.Person = &q
	}
	if o := row.EducationOrganization; o != nil {
		q := *o
		q.Categories, q.Codes = slices.Clone(o.Categories), slices.Clone(o.Codes)
		c.EducationOrganization = &q
	}
	if p := row.Program; p != nil {
		q := *p
		c.Program = &q
	}
	if s := row.Section; s != nil {
		q := *s
		c.Section = &q
	}
	if o := row.CourseOffering; o != nil {
		q := *o
		c.CourseOffering = &q
	}
	if s := row.Session; s != nil {
		q := *s
		c.Session = &q
	}
	return c
}

// document wraps entities in an interchange's root.
func document(namespace, interchangeName, entities string) io.Reader {
	return strings.NewReader("<Interchange" + interchangeName + " xmlns=\"http://ed-fi.org/" + namespace + "\">\n" + entities + "\n</Interchange" + interchangeName + ">\n")
}

// faults writes what is wrong with rows, one fault a line.
func faults(rows []roster.Row) string {
	var b strings.Builder
	for _, r := range rows {
		for _, f := range r.Faults {
			fmt.Fprintf(&b, "%d:%d %s %s: found %s, expected %s\n", f.At.Line, f.At.Column, f.Code, f.Path, f.Found, f.Expected)
		}
	}
	return b.String()
}

func TestRows_OfficialSamples(t *testing.T) {
	folder := filepath.Join(shared(t), "edfi", "samples")
	for _, test := range []struct {
		file string
		want map[string]int // by element
	}{
		{"v2.0.0/Student.xml", map[string]int{"Student": 962}},
		{"v5.2.0/Student.xml", map[string]int{"Student": 960}},
		{"v2.0.0/StaffAssociation.xml", map[string]int{"Staff": 68}},
		{"v5.2.0/StaffAssociation.xml", map[string]int{"Staff": 68}},
		{"v2.0.0/MasterSchedule.xml", map[string]int{"Section": 532, "CourseOffering": 169}},
		{"v5.2.0/MasterSchedule.xml", map[string]int{"Section": 532, "CourseOffering": 169}},
		{"v2.0.0/EducationOrgCalendar.xml", map[string]int{"Session": 6}},
		{"v5.2.0/EducationOrgCalendar.xml", map[string]int{"Session": 6}},
		{"v2.0.0/EducationOrganization.xml", map[string]int{"School": 3, "LocalEducationAgency": 1, "EducationServiceCenter": 1, "Program": 7}},
		{"v5.2.0/EducationOrganization.xml", map[string]int{"School": 3, "LocalEducationAgency": 1, "EducationServiceCenter": 1, "Program": 25,
			"CommunityOrganization": 1, "CommunityProvider": 1, "PostSecondaryInstitution": 1, "OrganizationDepartment": 1}},
	} {
		t.Run(test.file, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(test.file)))
			if err != nil {
				t.Fatal(err)
			}
			text := strings.TrimPrefix(string(content), "\ufeff")
			rows, err := read(t, strings.NewReader(text), roster.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if f := faults(rows); f != "" {
				t.Errorf("rejects:\n%s", f)
			}
			got := map[string]int{}
			keys := map[string]bool{}
			for _, r := range rows {
				got[r.Element]++
				if r.Kind == roster.StudentKind || r.Kind == roster.StaffKind {
					keys[r.Key] = true
				}
				if r.Raw != nil && (string(r.Raw) != text[r.At.Offset:r.End] || !strings.HasPrefix(string(r.Raw), "<"+r.Element)) {
					t.Fatalf("row %s at %d: its bytes are not those of its place", r.Key, r.At.Offset)
				}
			}
			for element, n := range test.want {
				if got[element] != n {
					t.Errorf("%d %s, want %d", got[element], element, n)
				}
			}
			if len(got) != len(test.want) {
				t.Errorf("elements %v, want %v", got, test.want)
			}
			if n := got["Student"] + got["Staff"]; n != len(keys) {
				t.Errorf("%d people with %d unique ids", n, len(keys))
			}

			// However the stream is cut, the rows are the same.
			cut, err := read(t, strings.NewReader(text), roster.Options{Scan: scan.Options{BlockSize: 4 << 10}})
			if err != nil || len(cut) != len(rows) {
				t.Fatalf("cut into small blocks: %d rows, %v; want %d", len(cut), err, len(rows))
			}
			for i := range rows {
				if rows[i].Key != cut[i].Key || rows[i].At != cut[i].At {
					t.Fatalf("row %d: %s at %v, cut into small blocks %s at %v", i, rows[i].Key, rows[i].At, cut[i].Key, cut[i].At)
				}
			}
		})
	}
}

func TestRows_OwnSamples(t *testing.T) {
	for _, release := range []string{"2.0", "5.2"} {
		for file, want := range map[string][]string{
			"students.xml":                {"111111", "222222"},
			"staff.xml":                   {"700001", "700002"},
			"education-organizations.xml": {"255901", "255901001", "255901107"},
		} {
			f, err := os.Open(filepath.Join("..", "..", "samples", release, file))
			if err != nil {
				t.Fatal(err)
			}
			rows, err := read(t, f, roster.Options{})
			f.Close()
			var keys []string
			for _, r := range rows {
				keys = append(keys, r.Key)
			}
			if err != nil || faults(rows) != "" || !slices.Equal(keys, want) {
				t.Errorf("%s %s: %v %v %s, want %v", release, file, keys, err, faults(rows), want)
			}
		}
	}
}

func TestRows_StudentFields(t *testing.T) {
	rows, err := read(t, document("0200", "Student", `<Student id="STUD_1">
  <StudentUniqueId>007</StudentUniqueId>
  <StudentIdentificationCode><IdentificationCode>A1</IdentificationCode><StudentIdentificationSystem><CodeValue>Local</CodeValue><Namespace>http://example.org</Namespace></StudentIdentificationSystem><AssigningOrganizationIdentificationCode>X</AssigningOrganizationIdentificationCode></StudentIdentificationCode>
  <StudentIdentificationCode><IdentificationCode>B2</IdentificationCode><StudentIdentificationSystem><CodeValue>State</CodeValue></StudentIdentificationSystem></StudentIdentificationCode>
  <Name><PersonalTitlePrefix>Ms</PersonalTitlePrefix><FirstName>Zo<!-- diaeresis -->&#xEB;</FirstName><LastSurname><![CDATA[O'Fernsby]]></LastSurname></Name>
  <OtherName><FirstName>Zo</FirstName><LastSurname>Fern</LastSurname><OtherNameType>Nickname</OtherNameType></OtherName>
  <Sex> Female </Sex>
  <BirthData><BirthDate> 2010-02-28Z </BirthDate><BirthCity>Fallowmere</BirthCity><BirthCountry><CodeValue>US</CodeValue></BirthCountry></BirthData>
  <Telephone><TelephoneNumber>1</TelephoneNumber><TelephoneNumberType>no such type: not looked up for students</TelephoneNumberType></Telephone>
  <HispanicLatinoEthnicity>0</HispanicLatinoEthnicity>
  <Race>Asian</Race><Race>White</Race>
</Student>`), roster.Options{})
	if err != nil || len(rows) != 1 || faults(rows) != "" {
		t.Fatalf("%d rows, %v, %s", len(rows), err, faults(rows))
	}
	p := rows[0].Person
	got := fmt.Sprintf("%s|%s|%s|%s|%s|%s|%s|%s|%v|%v|%v|%v", p.UniqueID, p.Name.PersonalTitlePrefix, p.Name.FirstName, p.Name.LastSurname,
		p.Sex.Value, p.BirthDate, p.Birth.City, p.Birth.Country.Value, *p.HispanicLatinoEthnicity, p.Races, p.IdentificationCodes, p.OtherNames)
	want := "007|Ms|Zoë|O'Fernsby|Female|2010-02-28|Fallowmere|US|false|[{Asian } {White }]|[{A1 {Local http://example.org} X} {B2 {State } }]|[{ Zo  Fern  {Nickname }}]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if at := rows[0].At; at.Line != 2 || at.Column != 1 {
		t.Errorf("at %d:%d, want 2:1", at.Line, at.Column)
	}
}

func TestRows_FaultsNamePlaceAndNoPersonalValue(t *testing.T) {
	rows, err := read(t, document("0200", "Student", `<Student><StudentUniqueId>1</StudentUniqueId><Sex>Mail</Sex>
  <BirthData><BirthDate>28.02.2010</BirthDate></BirthData></Student>
<Student><StudentUniqueId>`+strings.Repeat("9", 33)+`</StudentUniqueId></Student>
<Student><Name><LastSurname>Secretive</LastSurname></Name></Student>
<Student><StudentUniqueId>2</StudentUniqueId><BirthData><BirthDate>1899-12-31</BirthDate></BirthData></Student>
<Student><StudentUniqueId>3</StudentUniqueId></Student>
<Student><StudentUniqueId>4<b/></StudentUniqueId></Student>
<Student><StudentUniqueId>5</StudentUniqueId><StudentUniqueId>6</StudentUniqueId></Student>`), roster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := `2:46 value_enumeration Student/Sex: found a value of 4 characters, expected one of: Female; Male; Not Selected
3:14 value_type Student/BirthData/BirthDate: found a value of 10 characters, expected a date such as 2025-09-14
4:10 value_too_long Student/StudentUniqueId: found "999999999999999999999999999999999", expected 1 to 32 characters
5:1 key_empty Student: found no unique id, expected a value: it is a part of the key
6:57 date_out_of_range Student/BirthData/BirthDate: found a value of 10 characters, expected a date such as 2009-04-27, of a year from 1900 to 2199
8:28 element_unknown Student/StudentUniqueId: found element b, expected a value
9:46 reference_conflict Student/StudentUniqueId: found "6", expected the value that it has before, or one only
`
	if got := faults(rows); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(rows) != 7 || len(rows[4].Faults) != 0 {
		t.Errorf("%d rows, want 7 of which the fifth is sound", len(rows))
	}
}

func TestRows_EmptyKeyFromRelease51(t *testing.T) {
	rows, err := read(t, document("5.1.0", "Student", `<Student><StudentUniqueId/></Student><Student><StudentUniqueId> </StudentUniqueId></Student>`), roster.Options{})
	if err != nil || len(rows) != 2 || strings.Count(faults(rows), "key_empty") != 2 {
		t.Errorf("%d rows, %v, %s", len(rows), err, faults(rows))
	}
}

const (
	school      = `<SchoolReference><SchoolIdentity><SchoolId>7</SchoolId></SchoolIdentity></SchoolReference>`
	sessionRef5 = `<SessionReference><SessionIdentity><SessionName>Fall</SessionName><SchoolYear>2025-2026</SchoolYear>` + school + `</SessionIdentity></SessionReference>`
	offering5   = `<LocalCourseCode>MATH</LocalCourseCode>` + school + sessionRef5
)

func section5(reference string) string {
	return `<Section><SectionIdentifier>S1</SectionIdentifier>` + reference + `<LocationReference ref="elsewhere"/></Section>`
}

func TestRows_SectionsByEveryKindOfReference(t *testing.T) {
	identity := `<CourseOfferingReference><CourseOfferingIdentity>` + offering5 + `</CourseOfferingIdentity></CourseOfferingReference>`
	byRef := `<CourseOfferingReference ref="C"/>`
	entity := `<CourseOffering id="C">` + offering5 + `</CourseOffering>`
	for name, entities := range map[string]string{
		"identity":                 section5(identity),
		"ref to an entity before":  entity + section5(byRef),
		"ref to an entity after":   section5(byRef) + entity,
		"ref to a reference":       section5(strings.Replace(identity, "Reference>", `Reference id="C">`, 1)) + section5(byRef),
		"identity and ref":         entity + section5(strings.Replace(identity, "Reference>", `Reference ref="C">`, 1)),
		"ref within the target":    `<CourseOffering id="C"><LocalCourseCode>MATH</LocalCourseCode>` + school + `<SessionReference ref="F"/></CourseOffering>` + section5(byRef) + strings.Replace(section5(identity), "<SessionReference>", `<SessionReference id="F">`, 1),
		"school of the key by ref": section5(strings.Replace(identity, school, `<SchoolReference ref="P"/>`, 1)) + strings.Replace(section5(identity), "<SchoolReference>", `<SchoolReference id="P">`, 1),
	} {
		for _, cut := range []int{1, 1 << 20} {
			rows, err := read(t, document("3.3.1-b", "MasterSchedule", entities), roster.Options{Scan: scan.Options{BlockSize: cut}})
			if err != nil || faults(rows) != "" {
				t.Errorf("%s: %v %s", name, err, faults(rows))
			}
			sections := 0
			for _, r := range rows {
				if r.Kind != roster.SectionKind {
					continue
				}
				sections++
				s := r.Section
				if s.Structured || s.Identifier != "S1" || s.CourseOffering.LocalCourseCode != "MATH" || s.CourseOffering.SchoolID != 7 ||
					s.CourseOffering.Session.Name != "Fall" || s.CourseOffering.Session.SchoolYear != "2025-2026" {
					t.Errorf("%s: section %+v", name, *s)
				}
			}
			if sections == 0 {
				t.Errorf("%s: no section", name)
			}
		}
	}
}

func TestRows_RefsThatLeadNowhere(t *testing.T) {
	entity := `<CourseOffering id="C">` + offering5 + `</CourseOffering>`
	byRef := section5(`<CourseOfferingReference ref="C"/>`)
	for code, entities := range map[string]string{
		"ref_dangling":         byRef,
		"ref_ambiguous":        entity + entity + byRef,
		"ref_target_rejected":  strings.Replace(entity, "2025-2026", "2025", 1) + byRef,
		"reference_wrong_kind": strings.Replace(section5(`<CourseOfferingReference><CourseOfferingIdentity>`+offering5+`</CourseOfferingIdentity></CourseOfferingReference>`), "<Section>", `<Section id="C">`, 1) + byRef,
		"reference_empty":      section5(`<CourseOfferingReference id="C" ref="C"/>`),
		"reference_conflict":   entity + section5(`<CourseOfferingReference ref="C"><CourseOfferingIdentity>`+strings.Replace(offering5, "MATH", "ART", 1)+`</CourseOfferingIdentity></CourseOfferingReference>`),
		"key_empty":            section5(`<CourseOfferingReference/>`),
	} {
		rows, err := read(t, document("4.0.0", "MasterSchedule", entities), roster.Options{})
		if err != nil {
			t.Errorf("%s: %v", code, err)
			continue
		}
		var last roster.Row
		for _, r := range rows {
			if r.Kind == roster.SectionKind {
				last = r
			}
		}
		if len(last.Faults) == 0 || last.Faults[0].Code != code {
			t.Errorf("%s: faults %s", code, faults([]roster.Row{last}))
		}
	}
}

func TestRows_SectionOfRelease2(t *testing.T) {
	in := `<Section><UniqueSectionCode>U</UniqueSectionCode><SequenceOfCourse> 2 </SequenceOfCourse>
<CourseOfferingReference><CourseOfferingIdentity><LocalCourseCode>MATH</LocalCourseCode><SessionReference><SessionIdentity>` + school + `<SchoolYear>2025-2026</SchoolYear><Term><CodeValue>Fall</CodeValue><Namespace>http://example.org</Namespace></Term></SessionIdentity></SessionReference>` + school + `</CourseOfferingIdentity></CourseOfferingReference>
` + school + `<LocationReference><LocationIdentity><ClassroomIdentificationCode>201</ClassroomIdentificationCode>` + school + `</LocationIdentity></LocationReference>
<ClassPeriodReference><ClassPeriodIdentity><ClassPeriodName>07</ClassPeriodName>` + school + `</ClassPeriodIdentity></ClassPeriodReference></Section>`
	rows, err := read(t, document("0220", "MasterSchedule", in), roster.Options{})
	if err != nil || len(rows) != 1 || faults(rows) != "" {
		t.Fatalf("%d rows, %v, %s", len(rows), err, faults(rows))
	}
	s := rows[0].Section
	got := fmt.Sprintf("%v %s %d %s %s %s %+v", s.Structured, s.Identifier, s.SequenceOfCourse, s.ClassroomIdentificationCode, s.ClassPeriodName, s.CourseOffering.LocalCourseCode, s.CourseOffering.Session)
	if want := "true U 2 201 07 MATH {SchoolID:7 SchoolYear:2025-2026 Name: Term:{Value:Fall Namespace:http://example.org}}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	rows, err = read(t, document("0220", "MasterSchedule", strings.Replace(in, "<SchoolId>7<", "<SchoolId>8<", 1)), roster.Options{})
	if err != nil || !strings.Contains(faults(rows), "reference_conflict Section: found school 8, expected the school of the course offering, 7") {
		t.Errorf("schools that differ: %v %s", err, faults(rows))
	}
}

func TestRows_ProgramByRefToItsDistrict(t *testing.T) {
	program := `<Program><EducationOrganizationReference ref="L"/><ProgramName>Bilingual</ProgramName><ProgramType>uri://ed-fi.org/ProgramTypeDescriptor#Bilingual</ProgramType></Program>`
	district := `<LocalEducationAgency id="L"><NameOfInstitution>D</NameOfInstitution><LocalEducationAgencyId>+00255901</LocalEducationAgencyId></LocalEducationAgency>`
	for _, entities := range []string{program + district, district + program} {
		rows, err := read(t, document("5.0.0", "EducationOrganization", entities), roster.Options{})
		if err != nil || len(rows) != 2 || faults(rows) != "" {
			t.Fatalf("%d rows, %v, %s", len(rows), err, faults(rows))
		}
		for _, r := range rows {
			if r.Kind == roster.ProgramKind && r.Program.EducationOrganizationID != 255901 {
				t.Errorf("program %+v", *r.Program)
			}
		}
	}
}

func TestRows_EveryReleaseIsRead(t *testing.T) {
	for _, release := range interchange.Releases {
		number := strings.TrimPrefix(release.Namespace, "http://ed-fi.org/")
		rows, err := read(t, document(number, "Student", `<Student><StudentUniqueId>1</StudentUniqueId><Name><FirstName>A</FirstName><LastSurname>B</LastSurname></Name></Student><Person/>`), roster.Options{})
		if err != nil || len(rows) != 1 || faults(rows) != "" || rows[0].Person.Name.LastSurname != "B" {
			t.Errorf("release %s: %d rows, %v, %s", release.Name, len(rows), err, faults(rows))
		}
	}
}

func TestRows_BrokenDocumentGivesItsRowsFirst(t *testing.T) {
	in := `<InterchangeStudent xmlns="http://ed-fi.org/0200"><Student><StudentUniqueId>1</StudentUniqueId></Student>
<Student><StudentUniqueId>2</Student></InterchangeStudent>`
	rows, err := read(t, strings.NewReader(in), roster.Options{})
	var broken *scan.Error
	if len(rows) != 1 || !errors.As(err, &broken) || broken.At.Line != 2 {
		t.Errorf("%d rows, %v; want one and an error in line 2", len(rows), err)
	}
}

func TestSniff(t *testing.T) {
	for in, want := range map[string]roster.Content{
		`<InterchangeStudentCohort xmlns="http://ed-fi.org/5.2.0"/>`:          roster.StudentCohort,
		"\n <x:InterchangeStudent xmlns:x='http://ed-fi.org/0220'/>":          roster.Students,
		`<InterchangeStaffAssociation xmlns="http://ed-fi.org/4.0.0"/>`:       roster.StaffMembers,
		`<InterchangeEducationOrganization xmlns="http://ed-fi.org/0310"/>`:   roster.EducationOrganizations,
		`<InterchangeMasterSchedule xmlns="http://ed-fi.org/0200"/>`:          roster.MasterSchedule,
		`<InterchangeEducationOrgCalendar xmlns="http://ed-fi.org/3.2.0-c"/>`: roster.Sessions,
		"student_unique_id\n1\n":                                                  roster.Students,
		"last_surname,staff_unique_id\n":                                          roster.StaffMembers,
		"education_organization_id,name,category\n":                               roster.EducationOrganizations,
		"education_organization_id,program_name,program_type\n":                   roster.Programs,
		"section_identifier,local_course_code,school_id,school_year,session_name": roster.MasterSchedule,
		`{"beginDate":"2025-09-14"}`:                                              roster.JSONLines,
	} {
		f, err := roster.Sniff(context.Background(), strings.NewReader(in), roster.Options{})
		if err != nil || f.Content != want {
			t.Errorf("%.60s: %v, want %v", in, err, want)
		}
	}
}

func TestSniff_UnknownListsWhatIsKnown(t *testing.T) {
	for in, want := range map[string][]string{
		`<InterchangeParent xmlns="http://ed-fi.org/0200"/>`: {"InterchangeParent", "InterchangeStudentCohort", "InterchangeStudent"},
		`<InterchangeStudent xmlns="http://example.org"/>`:   {"http://example.org"},
		"name,age\n":                  {"students: student_unique_id*", "staff: staff_unique_id*"},
		"student_unique_id,shoe\n":    {`"shoe"`, "last_surname"},
		"program_name,program_type\n": {"without the column education_organization_id"},
		"student_unique_id,sex,sex\n": {`"sex" twice`},
		" \n":                         {"nothing but white space"},
	} {
		_, err := roster.Sniff(context.Background(), strings.NewReader(in), roster.Options{})
		var unknown *scan.Error
		if !errors.As(err, &unknown) {
			t.Errorf("%q: %v, want a *scan.Error", in, err)
			continue
		}
		for _, part := range want {
			if text := unknown.Found + " / " + unknown.Expected; !strings.Contains(text, part) {
				t.Errorf("%q: %q does not say %q", in, text, part)
			}
		}
	}
}

func TestSniff_AsRelease(t *testing.T) {
	release, ok := interchange.ReleaseNamed("3.3")
	if !ok {
		release = interchange.Releases[4]
	}
	const in = `<InterchangeStudent xmlns="http://ed-fi.org/3.3.0-a"/>`
	f, err := roster.Sniff(context.Background(), strings.NewReader(in), roster.Options{AsRelease: release})
	if err != nil || f.Release.Structure != release.Structure {
		t.Errorf("with a release: %v", err)
	}
	if _, err := roster.Sniff(context.Background(), strings.NewReader(in), roster.Options{}); err == nil {
		t.Error("without a release a namespace that no release has is accepted")
	}
}

func TestContents_AreInDependencyOrder(t *testing.T) {
	order := []roster.Content{roster.EducationOrganizations, roster.Programs, roster.Sessions, roster.MasterSchedule, roster.StaffMembers, roster.Students, roster.StudentCohort}
	if !slices.IsSorted(order) {
		t.Errorf("order %v", order)
	}
}

func TestRows_CSV(t *testing.T) {
	in := "student_unique_id,last_surname,first_name,birth_date,identification_code,identification_system,hispanic_latino_ethnicity\r\n" +
		"007,\"Fern\r\nsby\",Zoë,2010-02-28,A1,Local,true\r\n" +
		"\r\n" +
		"008,\"Øst, \"\"Bo\"\"\",,not a date,,,maybe\r\n" +
		"009,Short\r\n" +
		",Nobody,,,,,\r\n" +
		"010,,,,,,\r\n"
	rows, err := read(t, strings.NewReader(in), roster.Options{})
	if err != nil || len(rows) != 5 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	want := `5:20 value_type birth_date: found a value of 10 characters, expected a date such as 2025-09-14
5:33 value_type hispanic_latino_ethnicity: found a value of 5 characters, expected true, false, 1 or 0
6:1 csv_record : found wrong number of fields, expected a record of 7 fields
7:1 key_empty : found no unique id, expected a value: it is a part of the key
`
	if got := faults(rows); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	p := rows[0].Person
	if p.UniqueID != "007" || p.Name.LastSurname != "Fern\nsby" || p.Name.FirstName != "Zoë" || p.BirthDate.String() != "2010-02-28" ||
		len(p.IdentificationCodes) != 1 || p.IdentificationCodes[0].Code != "A1" || p.IdentificationCodes[0].System.Value != "Local" || !*p.HispanicLatinoEthnicity {
		t.Errorf("first row %+v", *p)
	}
	for i, text := range []string{"007,", "\r\n008,", "009,", ",Nobody", "010,"} {
		if got := in[rows[i].At.Offset:rows[i].End]; !strings.HasPrefix(got, text) || !strings.HasSuffix(got, "\n") {
			t.Errorf("row %d stands at %q, want it to begin with %q", i, got, text)
		}
	}
}

func TestRows_CSVSections(t *testing.T) {
	rows, err := read(t, strings.NewReader("section_identifier,local_course_code,school_id,school_year,session_name\nS1,MATH,7,2026,Fall\nS2,MATH,7,2025-2027,Fall\nS3,MATH,x,2026,Fall\n"), roster.Options{})
	if err != nil || len(rows) != 3 || rows[0].Section.CourseOffering.Session.SchoolYear != "2025-2026" || rows[0].Section.CourseOffering.SchoolID != 7 {
		t.Fatalf("%d rows, %v, %s", len(rows), err, faults(rows))
	}
	want := "3:11 value_type school_year: found \"2025-2027\", expected a school year such as 2025-2026, or the year alone in which it ends\n" +
		"4:9 value_type school_id: found \"x\", expected an integer from -9223372036854775808 to 9223372036854775807\n"
	if got := faults(rows); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	rows, err = read(t, strings.NewReader("unique_section_code,local_course_code,school_id,school_year,sequence_of_course,class_period_name,classroom_identification_code,term\nU,MATH,7,2025-2026,1,07,201,Fall\n"), roster.Options{})
	if err != nil || len(rows) != 1 || faults(rows) != "" || !rows[0].Section.Structured || rows[0].Section.ClassPeriodName != "07" {
		t.Errorf("the form of releases 2.x: %d rows, %v, %s", len(rows), err, faults(rows))
	}
}

func BenchmarkRows(b *testing.B) {
	var text strings.Builder
	text.WriteString(`<InterchangeStudent xmlns="http://ed-fi.org/0200">` + "\n")
	for i := range 20000 {
		fmt.Fprintf(&text, "\t<Student>\n\t\t<StudentUniqueId>%d</StudentUniqueId>\n\t\t<Name>\n\t\t\t<FirstName>Fennel</FirstName>\n\t\t\t<LastSurname>Inkwright</LastSurname>\n\t\t</Name>\n\t\t<Sex>Female</Sex>\n\t\t<BirthData>\n\t\t\t<BirthDate>2012-04-05</BirthDate>\n\t\t</BirthData>\n\t</Student>\n", i)
	}
	text.WriteString("</InterchangeStudent>")
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
		n := 0
		for {
			row, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil || len(row.Faults) > 0 {
				b.Fatal(err, row.Faults)
			}
			n++
		}
		if n != 20000 {
			b.Fatal(n)
		}
	}
}
