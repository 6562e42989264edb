package interchange_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"cohortx/interchange"
	"cohortx/xsd"
	"cohortx/xsd/scan"
)

var update = flag.Bool("update", false, "write the golden files")

func date(t testing.TB, text string) interchange.Date {
	t.Helper()
	d, _, err := interchange.ParseDate([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// example is a cohort and associations with every value that release r can carry.
func example(t testing.TB, r *interchange.Release) (interchange.Cohort, []interchange.Association) {
	description, yes := "Grade 3 <reading> & \"math\"\r\n\tZoë 日本 𝄞 ]]> ", true
	c := interchange.Cohort{
		CohortKey:         interchange.CohortKey{EducationOrganizationID: 255901107, CohortIdentifier: " C & 1 "},
		CohortDescription: &description, CohortType: "Study Hall", CohortScope: "School", AcademicSubject: "Reading",
		Programs: []interchange.ProgramKey{
			{EducationOrganizationID: 255901, ProgramName: "Gifted & Talented", ProgramType: "Gifted and Talented"},
			{EducationOrganizationID: 255901, ProgramName: "Bilingual", ProgramType: "uri://ed-fi.org/ProgramTypeDescriptor#Bilingual"},
		},
	}
	section := interchange.SectionKey{Form: r.SectionForm, SchoolID: 255901001, LocalCourseCode: "ALG-1", SchoolYear: 2026}
	if r.SectionForm == interchange.SectionByPeriod {
		section.ClassPeriodName, section.ClassroomIdentificationCode, section.UniqueSectionCode = "01 - <Traditional>", "220", "25590100102Trad220ALG112026"
		section.SequenceOfCourse, section.TermDescriptor, section.TermNamespace = 1, "Fall Semester", "http://ed-fi.org/Descriptor/TermDescriptor.xml"
	} else {
		section.SectionIdentifier, section.SessionName = "25590100102Trad220ALG112026", "2025-2026 Fall Semester"
	}
	other := section
	other.LocalCourseCode = "ALG-2"
	return c, []interchange.Association{
		{Kind: interchange.StudentCohortAssociationKind, CohortKey: c.CohortKey, PersonUniqueID: "604821", BeginDate: date(t, "2025-09-14"), EndDate: interchange.NoDate,
			Sections: []interchange.SectionKey{section, other}},
		{Kind: interchange.StudentCohortAssociationKind, CohortKey: c.CohortKey, PersonUniqueID: "Zoë & Co", BeginDate: date(t, "1900-01-01"), EndDate: date(t, "2199-12-31")},
		{Kind: interchange.StaffCohortAssociationKind, CohortKey: c.CohortKey, PersonUniqueID: "207288", BeginDate: date(t, "2025-09-14"), EndDate: interchange.NoDate, StudentRecordAccess: &yes},
		{Kind: interchange.StaffCohortAssociationKind, CohortKey: c.CohortKey, PersonUniqueID: "207249", BeginDate: date(t, "2025-09-14"), EndDate: date(t, "2025-09-14"), StudentRecordAccess: new(bool)},
	}
}

func newEncoder(t testing.TB, name string) *encoded {
	t.Helper()
	r, ok := interchange.ReleaseNamed(name)
	if !ok {
		t.Fatal(name)
	}
	schema, err := interchange.LoadSchema(r, "")
	if err != nil {
		t.Fatal(err)
	}
	e := interchange.NewEncoder(r, schema)
	return &encoded{Encoder: e, out: e.AppendStart(nil)}
}

// encoded is what an encoder has made so far.
type encoded struct {
	*interchange.Encoder
	out   []byte
	count int
}

func (d *encoded) add(out []byte, err error) error {
	switch {
	case err == nil:
		d.count++
	case len(out) != len(d.out):
		panic("what cannot be carried has left a trace")
	}
	d.out = out
	return err
}

func (d *encoded) cohort(c *interchange.Cohort) error { return d.add(d.AppendCohort(d.out, c)) }

func (d *encoded) association(a *interchange.Association) error {
	return d.add(d.AppendAssociation(d.out, a))
}

// close ends the document and returns it.
func (d *encoded) close() []byte {
	d.out = d.AppendEnd(d.out)
	return d.out
}

// Every release writes the example; libxml2 finds it valid; and read again it is what was written, in the words of the release.
func TestEncoder_Releases(t *testing.T) {
	for _, r := range interchange.Releases {
		t.Run(r.Name, func(t *testing.T) {
			cohort, associations := example(t, r)
			e := newEncoder(t, r.Name)
			if err := e.cohort(&cohort); err != nil {
				t.Fatal(err)
			}
			for i := range associations {
				if err := e.association(&associations[i]); err != nil {
					t.Fatal(err)
				}
			}
			if e.count != 5 {
				t.Fatal(e.count)
			}
			out := e.close()
			judged(t, r, out)
			back, ok := decode(t, out)
			if !ok || len(back.cohorts) != 1 || len(back.associations) != 4 {
				t.Fatalf("%v %d %d\n%s", ok, len(back.cohorts), len(back.associations), out)
			}
			for i, a := range associations {
				if len(back.associations[i].Sections) == 0 {
					back.associations[i].Sections = nil
				}
				if !reflect.DeepEqual(back.associations[i], a) {
					t.Errorf("association %d came back as %+v, was %+v", i, back.associations[i], a)
				}
			}
			c := back.cohorts[0]
			if c.CohortKey != cohort.CohortKey || *c.CohortDescription != *cohort.CohortDescription || c.Descriptors != r.Descriptors ||
				interchange.CodeValue(interchange.CohortTypeDescriptor, c.CohortType) != cohort.CohortType || strings.HasPrefix(c.CohortType, "uri:") != r.Descriptors ||
				interchange.CodeValue(interchange.CohortScopeDescriptor, c.CohortScope) != cohort.CohortScope ||
				interchange.CodeValue(interchange.AcademicSubjectDescriptor, c.AcademicSubject) != cohort.AcademicSubject || len(c.Programs) != 2 {
				t.Errorf("cohort came back as %+v, was %+v", c, cohort)
			}
			for i, p := range cohort.Programs {
				if !bytes.Equal(c.Programs[i].AppendKey(nil), p.AppendKey(nil)) {
					t.Errorf("program %d came back as %+v, was %+v", i, c.Programs[i], p)
				}
			}
			if r.Name != "2.0" && r.Name != "5.2" {
				return
			}
			golden := filepath.Join("testdata", "encoder", r.Name+".xml")
			if *update {
				if err := os.WriteFile(golden, out, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || !bytes.Equal(want, out) {
				t.Errorf("other bytes than %s (go test -update writes it): %v\n%s", golden, err, out)
			}
		})
	}
}

// judged fails the test unless libxml2 finds the document valid.
func judged(t *testing.T, r *interchange.Release, text []byte) {
	t.Helper()
	splitter, schema := split(t, string(text), scan.Options{})
	if schema.TargetNamespace() != r.Namespace {
		t.Fatalf("a document of %s, want %s", schema.TargetNamespace(), r.Namespace)
	}
	judge, err := xsd.NewJudge(schema)
	if err != nil {
		t.Fatal(err)
	}
	defer judge.Close()
	block, err := splitter.Next()
	if err != nil {
		t.Fatal(err)
	}
	violations, err := judge.Check(t.Context(), splitter.Scope(), []xsd.Fragment{{Raw: block.Bytes, At: block.At}})
	if err != nil || len(violations) > 0 {
		t.Fatalf("%v %+v\n%s", err, violations, text)
	}
}

// A cohort goes from one form to the other and back.
func TestEncoder_Descriptors(t *testing.T) {
	old, _ := interchange.ReleaseNamed("2.0")
	cohort, _ := example(t, old)
	cohort.AcademicSubjectNamespace = "http://ed-fi.org/Descriptor/AcademicSubjectDescriptor.xml"
	through := cohort
	for _, name := range []string{"5.2", "2.0", "3.1", "2.2"} {
		e := newEncoder(t, name)
		if err := e.cohort(&through); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out := e.close()
		back, ok := decode(t, out)
		if !ok || len(back.cohorts) != 1 {
			t.Fatalf("%s: %s", name, out)
		}
		through = back.cohorts[0]
	}
	cohort.Programs[1].ProgramType = "Bilingual"
	if !through.Equal(&cohort) {
		t.Errorf("came back as %+v, was %+v", through, cohort)
	}
}

// A program keeps the form in which it was first stored, whatever its cohort's: a release gets its own.
func TestEncoder_ProgramOfOtherForm(t *testing.T) {
	r, _ := interchange.ReleaseNamed("5.2")
	c, _ := example(t, r)
	long := strings.Repeat("é", 230) // so long that it is no code value of a descriptor
	c.Descriptors, c.CohortType, c.CohortScope, c.AcademicSubject = true, "uri://ed-fi.org/CohortTypeDescriptor#Study Hall", "", ""
	c.Programs = append(c.Programs, interchange.ProgramKey{ProgramName: "P", ProgramType: long},
		interchange.ProgramKey{ProgramName: "Q", ProgramType: "uri://example.org/ProgramTypeDescriptor#Nap"})
	e := newEncoder(t, "5.2")
	if err := e.cohort(&c); err != nil {
		t.Fatal(err)
	}
	out := e.close()
	for _, want := range []string{"uri://ed-fi.org/ProgramTypeDescriptor#Gifted and Talented", "uri://ed-fi.org/ProgramTypeDescriptor#Bilingual", long,
		"uri://example.org/ProgramTypeDescriptor#Nap"} {
		if !strings.Contains(string(out), "<ProgramType>"+want+"</ProgramType>") {
			t.Errorf("no program type %s in\n%s", want, out)
		}
	}
}

// What a release cannot carry is said by element, and leaves no trace.
func TestEncoder_CarryError(t *testing.T) {
	change := func(f func(*interchange.Cohort)) func(*interchange.Cohort, *interchange.Association) {
		return func(c *interchange.Cohort, _ *interchange.Association) { f(c) }
	}
	changeAssociation := func(f func(*interchange.Association)) func(*interchange.Cohort, *interchange.Association) {
		return func(_ *interchange.Cohort, a *interchange.Association) { f(a) }
	}
	text := func(s string) *string { return &s }
	for name, tt := range map[string]struct {
		release, field, reason string
		change                 func(*interchange.Cohort, *interchange.Association)
	}{
		"LongID":              {"4.0", "EducationOrganizationId", "release 5.0 or later", change(func(c *interchange.Cohort) { c.EducationOrganizationID = 1 << 31 })},
		"LongNegativeID":      {"2.0", "EducationOrganizationId", "release 5.0 or later", change(func(c *interchange.Cohort) { c.EducationOrganizationID = -1<<31 - 1 })},
		"LongIDInAssociation": {"2.2", "EducationOrganizationId", "", changeAssociation(func(a *interchange.Association) { a.EducationOrganizationID = 1 << 40 })},
		"LongIdentifier":      {"2.0", "CohortIdentifier", "20 characters", change(func(c *interchange.Cohort) { c.CohortIdentifier = strings.Repeat("é", 21) })},
		"LongIdentifierInAssociation": {"2.0", "CohortIdentifier", "20 characters", changeAssociation(func(a *interchange.Association) {
			a.CohortIdentifier = strings.Repeat("é", 21)
		})},
		"LongDescription":  {"2.0", "CohortDescription", "1024 characters", change(func(c *interchange.Cohort) { c.CohortDescription = text(strings.Repeat("x", 1025)) })},
		"EmptyDescription": {"2.0", "CohortDescription", "", change(func(c *interchange.Cohort) { c.CohortDescription = text("") })},
		"UnknownType":      {"2.0", "CohortType", "Study Hall", change(func(c *interchange.Cohort) { c.CohortType = "Nap" })},
		"ForeignType": {"2.2", "CohortType", "Ed-Fi's own namespace", change(func(c *interchange.Cohort) {
			c.Descriptors, c.CohortType = true, "uri://example.org/CohortTypeDescriptor#Nap"
		})},
		"OtherKindOfType": {"2.2", "CohortType", "Ed-Fi's own namespace", change(func(c *interchange.Cohort) {
			c.Descriptors, c.CohortType = true, "uri://ed-fi.org/CohortScopeDescriptor#Other"
		})},
		"TypeWithSpace": {"2.0", "CohortType", "white space", change(func(c *interchange.Cohort) {
			c.Descriptors, c.CohortType = true, "uri://ed-fi.org/CohortTypeDescriptor#Study  Hall"
		})},
		"ForeignSubject": {"2.0", "AcademicSubject", "namespace and code value", change(func(c *interchange.Cohort) {
			c.Descriptors, c.CohortType, c.CohortScope, c.AcademicSubject = true, "Study Hall", "", "http://example.org/AcademicSubjectDescriptor#Nap"
		})},
		"SubjectWithoutCode": {"2.2", "AcademicSubject", "namespace and code value", change(func(c *interchange.Cohort) {
			c.Descriptors, c.CohortType, c.CohortScope, c.AcademicSubject = true, "Study Hall", "", "uri://example.org/AcademicSubjectDescriptor"
		})},
		"LongSubject": {"2.0", "CodeValue", "1 to 50 characters", change(func(c *interchange.Cohort) {
			c.Descriptors, c.CohortType, c.CohortScope, c.AcademicSubject = true, "Study Hall", "", "uri://ed-fi.org/AcademicSubjectDescriptor#"+strings.Repeat("x", 51)
		})},
		"SubjectNamespace": {"5.2", "AcademicSubject", "none that a descriptor can have", change(func(c *interchange.Cohort) { c.AcademicSubjectNamespace = "http://example.org" })},
		"ForeignProgram":   {"2.0", "ProgramType", "Ed-Fi's own namespace", change(func(c *interchange.Cohort) { c.Programs[0].ProgramType = "uri://example.org/ProgramTypeDescriptor#Nap" })},
		"LongProgram":      {"2.0", "ProgramName", "60 characters", change(func(c *interchange.Cohort) { c.Programs[0].ProgramName = strings.Repeat("x", 61) })},
		"OtherSection": {"3.1", "SectionReference", "2.x", changeAssociation(func(a *interchange.Association) {
			a.Sections = []interchange.SectionKey{{Form: interchange.SectionByPeriod}}
		})},
		"NewerSection": {"2.0", "SectionReference", "3.1 and later", changeAssociation(func(a *interchange.Association) {
			a.Sections = []interchange.SectionKey{{Form: interchange.SectionByIdentifier}}
		})},
		"LongSchool":   {"2.0", "SchoolId", "5.0 or later", changeAssociation(func(a *interchange.Association) { a.Sections[0].SchoolID = 1 << 31 })},
		"Sequence":     {"2.2", "SequenceOfCourse", "found \"9\"; expected an integer from 1 to 8", changeAssociation(func(a *interchange.Association) { a.Sections[0].SequenceOfCourse = 9 })},
		"NoTerm":       {"2.0", "CodeValue", "found 0 characters; expected 1 to 50 characters", changeAssociation(func(a *interchange.Association) { a.Sections[0].TermDescriptor = "" })},
		"NoSchoolYear": {"5.2", "SchoolYear", "", changeAssociation(func(a *interchange.Association) { a.Sections[0].SchoolYear = 0 })},
		// What stands in no XML document at all.
		"Control":         {"5.2", "CohortDescription", "XML", change(func(c *interchange.Cohort) { c.CohortDescription = text("a\x01b") })},
		"ControlInKey":    {"2.0", "CohortIdentifier", "XML", changeAssociation(func(a *interchange.Association) { a.CohortIdentifier = "a\x00b" })},
		"ControlInPerson": {"5.2", "StudentUniqueId", "XML", changeAssociation(func(a *interchange.Association) { a.PersonUniqueID = "a\x1fb" })},
		"NoUTF8":          {"5.2", "StudentUniqueId", "XML", changeAssociation(func(a *interchange.Association) { a.PersonUniqueID = "a\xff" })},
		"NoCharacter":     {"5.2", "StudentUniqueId", "XML", changeAssociation(func(a *interchange.Association) { a.PersonUniqueID = "\uffff" })},
		"LongPerson":      {"5.2", "StudentUniqueId", "32 characters", changeAssociation(func(a *interchange.Association) { a.PersonUniqueID = strings.Repeat("9", 33) })},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := interchange.ReleaseNamed(tt.release)
			cohort, associations := example(t, r)
			goodCohort, good := example(t, r)
			tt.change(&cohort, &associations[0])
			e := newEncoder(t, tt.release)
			var errs []error
			for _, c := range []*interchange.Cohort{&cohort, &goodCohort} {
				errs = append(errs, e.cohort(c))
			}
			for _, a := range []*interchange.Association{&associations[0], &good[0]} {
				errs = append(errs, e.association(a))
			}
			out := e.close()
			if e.count != 3 || errs[1] != nil || errs[3] != nil {
				t.Fatalf("%d written, %v\n%s", e.count, errs, out)
			}
			var carry *interchange.CarryError
			if err := errors.Join(errs...); !errors.As(err, &carry) || carry.Release != tt.release || carry.Field != tt.field || !strings.Contains(carry.Error(), tt.reason) {
				t.Errorf("%v, want %s of %s because of %q", err, tt.field, tt.release, tt.reason)
			}
			back, ok := decode(t, out)
			if !ok || len(back.cohorts)+len(back.associations) != 3 {
				t.Errorf("what is left is not the three others:\n%s", out)
			}
		})
	}
}

// A document without an entity is written, too.
func TestEncoder_Empty(t *testing.T) {
	out := string(newEncoder(t, "5.2").close())
	if !strings.HasSuffix(out, "<InterchangeStudentCohort xmlns=\"http://ed-fi.org/5.2.0\">\n</InterchangeStudentCohort>\n") {
		t.Error(out)
	}
}
