package interchange_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cohortx/interchange"
	"cohortx/xsd"
	"cohortx/xsd/scan"
)

// split opens a document and loads the schema of its release.
func split(t testing.TB, text string, opt scan.Options) (*scan.Splitter, *xsd.Schema) {
	t.Helper()
	splitter, err := scan.Split(t.Context(), strings.NewReader(text), opt)
	if err != nil {
		t.Fatal(err)
	}
	scope := splitter.Scope()
	r, err := interchange.ReleaseOf(scope.URI(scope.Name.Space))
	if err != nil {
		t.Fatal(err)
	}
	schema, err := interchange.LoadSchema(r, "")
	if err != nil {
		t.Fatal(err)
	}
	return splitter, schema
}

// readDocument decodes a whole document, which must be well-formed and fit into one block, with the violations between its entities.
func readDocument(t testing.TB, text string) (*xsd.Schema, []interchange.Entity, []interchange.Violation) {
	t.Helper()
	splitter, schema := split(t, text, scan.Options{})
	block, err := splitter.Next()
	if err != nil {
		t.Fatal(err)
	}
	decoder := interchange.NewDecoder(schema, splitter.Scope())
	entities, err := decoder.Decode(block, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := splitter.Next(); err != io.EOF {
		t.Fatalf("%v after the first block, expected the end", err)
	}
	return schema, entities, decoder.Root()
}

// inRoot puts entities into a root element of release 2.0.
func inRoot(entities string) string {
	return `<InterchangeStudentCohort xmlns="http://ed-fi.org/0200" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` + entities + `</InterchangeStudentCohort>`
}

// association is a plain one of release 2.0.
func association(student, cohort, organization, begin string) string {
	return "<StudentCohortAssociation><StudentReference><StudentIdentity><StudentUniqueId>" + student + "</StudentUniqueId></StudentIdentity></StudentReference>" +
		"<CohortReference><CohortIdentity><CohortIdentifier>" + cohort + "</CohortIdentifier>" +
		"<EducationOrganizationReference><EducationOrganizationIdentity><EducationOrganizationId>" + organization + "</EducationOrganizationId></EducationOrganizationIdentity></EducationOrganizationReference>" +
		"</CohortIdentity></CohortReference><BeginDate>" + begin + "</BeginDate></StudentCohortAssociation>"
}

// The corpus's full document has each kind of entity, in each way to name what it is about. Both structures of the standard give the same,
// but for what they write differently.
func TestDecoder_Full(t *testing.T) {
	for version, uri := range map[string]bool{"v2.0.0": false, "v5.2.0": true} {
		t.Run(version, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", "instances", version, "full.xml"))
			if err != nil {
				t.Fatal(err)
			}
			_, entities, root := readDocument(t, string(text))
			if len(entities) != 8 || len(root) != 0 {
				t.Fatalf("%d entities, %v between them", len(entities), root)
			}
			name := map[string]string{"v2.0.0": "2.0", "v5.2.0": "5.2"}[version]
			r, _ := interchange.ReleaseNamed(name)
			coded := func(d interchange.Descriptor, code string) string {
				if uri {
					return d.URI(code)
				}
				return code
			}
			description := "Grade 3 reading support & enrichment group"
			want := interchange.Cohort{
				CohortKey:         interchange.CohortKey{EducationOrganizationID: 255901107, CohortIdentifier: "1"},
				CohortDescription: &description, Descriptors: uri,
				CohortType:      coded(interchange.CohortTypeDescriptor, "Academic Intervention"),
				CohortScope:     coded(interchange.CohortScopeDescriptor, "School"),
				AcademicSubject: coded(interchange.AcademicSubjectDescriptor, "Reading"),
				Programs: []interchange.ProgramKey{{EducationOrganizationID: 255901, ProgramName: "Gifted and Talented",
					ProgramType: coded(interchange.ProgramTypeDescriptor, "Gifted and Talented")}},
			}
			if !uri {
				want.AcademicSubjectNamespace = "http://ed-fi.org/Descriptor/AcademicSubjectDescriptor.xml"
			}
			c, reading, fault := entities[0].ReadCohort(r)
			if reading != interchange.ReadWhole || fault != nil || !reflect.DeepEqual(c, want) {
				t.Errorf("cohort %+v, %v, %v; want %+v", c, reading, fault, want)
			}
			if c, reading, _ := entities[1].ReadCohort(r); reading != interchange.ReadLookup || c.CohortIdentifier != "2" || c.CohortDescription != nil {
				t.Errorf("cohort by lookup: %+v, %v", c, reading)
			}
			section := interchange.SectionKey{SchoolID: 255901107, LocalCourseCode: "SS-03", SchoolYear: 2026}
			if uri {
				section.Form, section.SectionIdentifier, section.SessionName = interchange.SectionByIdentifier, "25590110703Trad201SS0312026", "2025-2026 Fall Semester"
			} else {
				section.Form, section.UniqueSectionCode, section.SequenceOfCourse = interchange.SectionByPeriod, "25590110703Trad201SS0312026", 1
				section.ClassPeriodName, section.ClassroomIdentificationCode = "03 - Traditional", "201"
				section.TermDescriptor, section.TermNamespace = "Fall Semester", "http://ed-fi.org/Descriptor/TermDescriptor.xml"
			}
			for i, want := range []string{
				`whole StudentCohortAssociation "111111" #COHT_1_255901107 2025-09-14.. access 0, 2 sections, id SCA_1`,
				`lookup StudentCohortAssociation "" 255901001/2 2025-09-14..2025-09-21 access 0, 0 sections, id `,
				`lookup StudentCohortAssociation "" 255901001/2 2025-09-14.. access 0, 0 sections, id `,
				`whole StaffCohortAssociation "207288" #COHT_1_255901107 2025-08-25..2026-05-29 access 2, 0 sections, id STCA_1`,
				`lookup StaffCohortAssociation "" 255901001/2 2025-08-25.. access 1, 0 sections, id `,
				`lookup StaffCohortAssociation "" #COHT_2_255901001 2025-08-25.. access 0, 0 sections, id `,
			} {
				e := &entities[i+2]
				var p interchange.Plain
				reading, fault := e.ReadPlain(&p)
				cohort := fmt.Sprintf("%d/%s", p.EducationOrganizationID, p.CohortIdentifier)
				if p.CohortRef != nil {
					cohort = "#" + string(p.CohortRef)
				}
				got := fmt.Sprintf("%s %s %q %s %s..%s access %d, %d sections, id %s", [...]string{"whole", "fault", "lookup"}[reading], p.Kind, p.UniqueID, cohort, p.BeginDate, p.EndDate, p.Access, len(p.Sections), e.ID(0))
				if got != want || fault != nil || p.HasCohort == (p.CohortRef != nil) {
					t.Errorf("entity %d: %v\ngot  %s\nwant %s", i+2, fault, got, want)
				}
				if i == 0 && p.Sections[1] != section {
					t.Errorf("section %+v, want %+v", p.Sections[1], section)
				}
			}
			var ids, refs []string
			for i := range entities {
				e := &entities[i]
				if !e.Proven || !strings.HasPrefix(string(text[e.At.Offset:]), string(e.Raw)) || e.End() != e.At.Offset+int64(len(e.Raw)) {
					t.Errorf("entity %d: proven %v, at %+v", i, e.Proven, e.At)
				}
				for n := range e.Nodes {
					if id := e.ID(n); id != nil {
						ids = append(ids, string(id))
					}
					if ref := e.Ref(n); ref != nil {
						refs = append(refs, string(ref))
					}
				}
				if marked := bytes.Contains(e.Raw, []byte(` id="`)) || bytes.Contains(e.Raw, []byte(` ref="`)); marked && !e.Marked() {
					t.Errorf("entity %d is not marked", i)
				}
			}
			if want := "COHT_1_255901107 EORG_255901107 COHT_2_255901001 SCA_1 STUR_111111 SECR_1 STCA_1 STFR_207288"; strings.Join(ids, " ") != want {
				t.Errorf("ids %v, want %s", ids, want)
			}
			if want := "COHT_1_255901107 STUR_111111 SECR_1 COHT_1_255901107 STFR_207288 COHT_2_255901001"; strings.Join(refs, " ") != want {
				t.Errorf("refs %v, want %s", refs, want)
			}
		})
	}
}

// What an element is to the program hangs on its path: nearly the same name can be a key in one place and of no interest in another.
func TestDecoder_Fields(t *testing.T) {
	want := map[string]interchange.Field{
		"Cohort":                                interchange.FieldEntity,
		"Cohort/CohortIdentifier":               interchange.FieldCohortIdentifier,
		"Cohort/EducationOrganizationReference": interchange.FieldEducationOrganizationReference,
		"Cohort/EducationOrganizationReference/EducationOrganizationIdentity/EducationOrganizationId":                              interchange.FieldEducationOrganizationID,
		"Cohort/EducationOrganizationReference/EducationOrganizationLookup":                                                        interchange.FieldLookup,
		"Cohort/EducationOrganizationReference/EducationOrganizationLookup/EducationOrganizationId":                                interchange.FieldEducationOrganizationID,
		"Cohort/EducationOrganizationReference/EducationOrganizationLookup/NameOfInstitution":                                      interchange.FieldLookupValue,
		"Cohort/ProgramReference/ProgramIdentity/ProgramType":                                                                      interchange.FieldProgramType,
		"StudentCohortAssociation/StudentReference":                                                                                interchange.FieldStudentReference,
		"StudentCohortAssociation/StudentReference/StudentIdentity/StudentUniqueId":                                                interchange.FieldUniqueID,
		"StudentCohortAssociation/StudentReference/StudentLookup/StudentUniqueId":                                                  interchange.FieldUniqueID,
		"StudentCohortAssociation/StudentReference/StudentLookup/BirthData/BirthDate":                                              interchange.FieldLookupValue,
		"StudentCohortAssociation/CohortReference":                                                                                 interchange.FieldCohortReference,
		"StudentCohortAssociation/BeginDate":                                                                                       interchange.FieldBeginDate,
		"StudentCohortAssociation/EndDate":                                                                                         interchange.FieldEndDate,
		"StudentCohortAssociation/SectionReference":                                                                                interchange.FieldSectionReference,
		"StudentCohortAssociation/SectionReference/SectionIdentity/CourseOfferingReference":                                        interchange.FieldOtherReference,
		"StudentCohortAssociation/SectionReference/SectionIdentity/CourseOfferingReference/CourseOfferingIdentity/LocalCourseCode": interchange.FieldLocalCourseCode,
		"StaffCohortAssociation/StaffReference":                                                                                    interchange.FieldStaffReference,
		"StaffCohortAssociation/StaffReference/StaffLookup/StaffUniqueId":                                                          interchange.FieldUniqueID,
		"StaffCohortAssociation/StaffReference/StaffLookup/Name/LastSurname":                                                       interchange.FieldLookupValue,
		"StaffCohortAssociation/StudentRecordAccess":                                                                               interchange.FieldStudentRecordAccess,
	}
	only := map[string]map[string]interchange.Field{
		"v2.0.0": {
			"Cohort/AcademicSubject":           interchange.FieldOtherReference,
			"Cohort/AcademicSubject/CodeValue": interchange.FieldCodeValue,
			"Cohort/AcademicSubject/Namespace": interchange.FieldNamespace,
			"StudentCohortAssociation/SectionReference/SectionIdentity/UniqueSectionCode":                                             interchange.FieldSectionIdentifier,
			"StudentCohortAssociation/SectionReference/SectionLookup/UniqueSectionCode":                                               interchange.FieldLookupValue,
			"StudentCohortAssociation/StudentReference/StudentLookup/StudentIdentificationCode/StudentIdentificationSystem/CodeValue": interchange.FieldLookupValue,
		},
		"v5.2.0": {
			"Cohort/AcademicSubject": interchange.FieldAcademicSubject,
			"StudentCohortAssociation/SectionReference/SectionIdentity/SectionIdentifier": interchange.FieldSectionIdentifier,
			"StudentCohortAssociation/SectionReference/SectionLookup/SectionIdentifier":   interchange.FieldLookupValue,
		},
	}
	for version, more := range only {
		text, err := os.ReadFile(filepath.Join("testdata", "instances", version, "full.xml"))
		if err != nil {
			t.Fatal(err)
		}
		schema, entities, _ := readDocument(t, string(text))
		got := map[string]interchange.Field{}
		for i := range entities {
			for _, n := range entities[i].Nodes {
				got[schema.Path(n.Slot)] = n.Field
			}
		}
		for _, list := range []map[string]interchange.Field{want, more} {
			for path, f := range list {
				if has, ok := got[path]; !ok || has != f {
					t.Errorf("%s: %s is %d (there: %v), want %d", version, path, has, ok, f)
				}
			}
		}
	}
}

// A value is what a reader of the document would say it is, however it is written down.
func TestDecoder_Values(t *testing.T) {
	for name, tt := range map[string]struct{ student, cohort, organization, begin, want string }{
		"Plain":                 {"111111", "C1", "255901107", "2025-09-14", "255901107/C1/111111/2025-09-14"},
		"Comments":              {"1<!-- x -->11<!---->111", "<!-- a -->C1", "2559<!-- -->01107", "2025-<!-- -->09-14", "255901107/C1/111111/2025-09-14"},
		"CDATA":                 {"<![CDATA[111]]>111", "<![CDATA[<&>]]>", "<![CDATA[255901107]]>", "<![CDATA[2025-09-14]]>", "255901107/<&>/111111/2025-09-14"},
		"SplitCDATA":            {"<![CDATA[111]]><![CDATA[111]]>", "a<![CDATA[]]]]><![CDATA[>]]>b", "255901107", "2025-09-14", "255901107/a]]>b/111111/2025-09-14"},
		"CharacterReferences":   {"&#49;&#x31;1111", "&lt;&amp;&gt;&quot;&apos;", "&#50;55901107", "2025&#45;09-14", "255901107/<&>\"'/111111/2025-09-14"},
		"ReferenceAtTheEnd":     {"11111&#49;", "C&#x1D11E;", "255901107", "2025-09-14", "255901107/C\U0001D11E/111111/2025-09-14"},
		"ProcessingInstruction": {"111<?x y?>111", "C<?x?>1", "255901107<?x?>", "2025-09-14", "255901107/C1/111111/2025-09-14"},
		"Padded":                {" 111111 ", " C1 ", "\n  255901107\t", " 2025-09-14\n", "255901107/ C1 / 111111 /2025-09-14"},
		"PaddedByReference":     {"111111", "C1", "&#32;255901107&#x9;", "&#10;2025-09-14", "255901107/C1/111111/2025-09-14"},
		"LineEnds":              {"111111", "C\r\n1\r2", "255901107", "2025-09-14", "255901107/C\n1\n2/111111/2025-09-14"},
		"KeptCarriageReturn":    {"111111", "C&#13;1", "255901107", "2025-09-14", "255901107/C\r1/111111/2025-09-14"},
		"Integers":              {"0111111", "C1", "+0255901107", "2025-09-14", "255901107/C1/0111111/2025-09-14"},
		"Zones":                 {"111111", "C1", "255901107", "2025-09-14-06:00", "255901107/C1/111111/2025-09-14"},
		"NoASCII":               {"Zoë", "日本", "255901107", "2025-09-14", "255901107/日本/Zoë/2025-09-14"},
	} {
		t.Run(name, func(t *testing.T) {
			_, entities, root := readDocument(t, inRoot(association(tt.student, tt.cohort, tt.organization, tt.begin)+association("2", "C2", "2", "2025-09-15")))
			if len(entities) != 2 || len(root) > 0 {
				t.Fatalf("%d entities, %v", len(entities), root)
			}
			for i, want := range []string{tt.want, "2/C2/2/2025-09-15"} { // the first must not spoil the second
				var p interchange.Plain
				reading, fault := entities[i].ReadPlain(&p)
				got := fmt.Sprintf("%d/%s/%s/%s", p.EducationOrganizationID, p.CohortIdentifier, p.UniqueID, p.BeginDate)
				if reading != interchange.ReadWhole || fault != nil || got != want {
					t.Errorf("got %q, %v, %v; want %q", got, reading, fault, want)
				}
				if i == 0 && p.Zoned != (name == "Zones") {
					t.Errorf("zoned: %v", p.Zoned)
				}
			}
		})
	}
}

// Places are exact to the character, whatever stands before them.
func TestDecoder_Places(t *testing.T) {
	one, two := association("1", "C", "1", "2025-09-14"), association("2", "é𝄞", "1", "2025-09-14")
	text := inRoot("<!-- é𝄞\n -->é" + one + "\n\t𝄞𝄞" + two + "<Other xmlns='urn:x'><a/></Other>\n<Cohrt/>")
	_, entities, root := readDocument(t, text)
	place := func(offset int) scan.Pos {
		before := text[:offset]
		line := before[strings.LastIndexByte(before, '\n')+1:]
		return scan.Pos{Offset: int64(offset), Line: 1 + strings.Count(before, "\n"), Column: 1 + len([]rune(line))}
	}
	for i, part := range []string{one, two} {
		if at := place(strings.Index(text, part)); entities[i].At != at || string(entities[i].Raw) != part {
			t.Errorf("entity %d at %+v, want %+v", i, entities[i].At, at)
		}
	}
	begin := slices.IndexFunc(entities[1].Nodes, func(n interchange.Node) bool { return n.Field == interchange.FieldBeginDate })
	if at := place(strings.LastIndex(text, "<BeginDate")); entities[1].Place(begin) != at {
		t.Errorf("begin date at %+v, want %+v", entities[1].Place(begin), at)
	}
	var got []string
	for _, v := range root {
		got = append(got, fmt.Sprintf("%s %s %s", v.Code, v.Path, v.Found))
	}
	want := []string{
		"text_not_allowed  1 characters of text between the entities", "text_not_allowed  2 characters of text between the entities",
		`element_unknown Other element Other in namespace "urn:x"`, "element_unknown Cohrt element Cohrt",
	}
	if !slices.Equal(got, want) {
		t.Errorf("between the entities: %q, want %q", got, want)
	}
	for i, part := range []string{"é<Stu", "\n\t𝄞", "<Other", "<Cohrt"} {
		if at := place(strings.Index(text, part)); root[i].At != at {
			t.Errorf("%s is at %+v, want %+v", part, root[i].At, at)
		}
	}
}

// What the schema forbids is not proven, and loses nothing: the bytes are there for the reject file, the key as far as it can be read.
func TestDecoder_Invalid(t *testing.T) {
	good := association("1", "C", "1", "2025-09-14")
	for name, tt := range map[string]struct{ text, key string }{
		"NoDate":          {association("1", "C", "1", "9/14/2025"), "1/C/1/9/14/2025"},
		"NoInteger":       {association("1", "C", "x", "2025-09-14"), "x/C/1/2025-09-14"},
		"TooLong":         {association("1", strings.Repeat("C", 21), "1", "2025-09-14"), "1/" + strings.Repeat("C", 21) + "/1/2025-09-14"},
		"Unknown":         {strings.Replace(good, "<BeginDate>", "<Shoe><Size>9</Size></Shoe><BeginDate>", 1), "1/C/1/2025-09-14"},
		"UnknownInALeaf":  {strings.Replace(good, "2025-09-14", "2025<b/>-09-14", 1), "1/C/1/-09-14"},
		"OtherNamespace":  {strings.Replace(good, "<BeginDate>", "<BeginDate xmlns='urn:x'>", 1), "1/C/1/?"},
		"Text":            {strings.Replace(good, "<CohortIdentity>", "<CohortIdentity>text", 1), "1/C/1/2025-09-14"},
		"Missing":         {strings.Replace(good, "<BeginDate>2025-09-14</BeginDate>", "", 1), "1/C/1/?"},
		"Twice":           {strings.Replace(good, "</BeginDate>", "</BeginDate><BeginDate>2025-09-15</BeginDate>", 1), "1/C/1/2025-09-15"},
		"Attribute":       {strings.Replace(good, "<BeginDate>", "<BeginDate shoe='9'>", 1), "1/C/1/2025-09-14"},
		"Nil":             {strings.Replace(good, "<BeginDate>2025-09-14</BeginDate>", "<BeginDate xsi:nil='true'/>", 1), "1/C/1/"},
		"Empty":           {"<StudentCohortAssociation/>", "?/?/?/?"},
		"AssociationInIt": {strings.Replace(good, "<BeginDate>", good+"<BeginDate>", 1), "1/C/1/2025-09-14"},
		"IDNoName":        {strings.Replace(good, "<StudentCohortAssociation>", "<StudentCohortAssociation id='1 2'>", 1), "1/C/1/2025-09-14"},
	} {
		t.Run(name, func(t *testing.T) {
			_, entities, _ := readDocument(t, inRoot(good+tt.text+good))
			if len(entities) != 3 {
				t.Fatalf("%d entities", len(entities))
			}
			e := &entities[1]
			if e.Proven || string(e.Raw) != tt.text || e.Key() != tt.key {
				t.Errorf("proven %v, key %q, want %q; %s", e.Proven, e.Key(), tt.key, e.Raw)
			}
			for _, i := range []int{0, 2} {
				if !entities[i].Proven || entities[i].Key() != "1/C/1/2025-09-14" {
					t.Errorf("neighbour %d: proven %v, key %q", i, entities[i].Proven, entities[i].Key())
				}
			}
		})
	}
}

// A block that breaks gives the entities before the place, and the place.
func TestDecoder_Broken(t *testing.T) {
	text := inRoot(association("1", "C", "1", "2025-09-14") + "\n" + strings.Replace(association("2", "C", "1", "2025-09-14"), "</BeginDate>", "</EndDate>", 1))
	splitter, schema := split(t, text, scan.Options{})
	block, err := splitter.Next()
	if err != nil {
		t.Fatal(err)
	}
	entities, err := interchange.NewDecoder(schema, splitter.Scope()).Decode(block, nil)
	broken, ok := err.(*scan.Error)
	if len(entities) != 1 || entities[0].Key() != "1/C/1/2025-09-14" || !ok || broken.At.Line != 2 || broken.Code != scan.NotWellFormed {
		t.Errorf("%d entities, %v", len(entities), err)
	}
}

// Reading a plain association takes no memory of its own.
func TestDecoder_Allocates(t *testing.T) {
	const n = 1000
	r, _ := interchange.ReleaseNamed("5.2")
	schema, err := interchange.LoadSchema(r, "")
	if err != nil {
		t.Fatal(err)
	}
	splitter, err := scan.Split(t.Context(), bytes.NewReader(document(r, n)), scan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	block, err := splitter.Next()
	if err != nil {
		t.Fatal(err)
	}
	decoder := interchange.NewDecoder(schema, splitter.Scope())
	var entities []interchange.Entity
	var p interchange.Plain
	allocations := testing.AllocsPerRun(20, func() {
		if entities, err = decoder.Decode(block, entities[:0]); err != nil || len(entities) < 500 {
			t.Fatalf("%d entities, %v", len(entities), err)
		}
		for i := range entities {
			if reading, _ := entities[i].ReadPlain(&p); reading != interchange.ReadWhole {
				t.Fatal(reading)
			}
		}
	})
	if allocations > 5 {
		t.Errorf("%.0f allocations for %d entities", allocations, len(entities))
	}
}
