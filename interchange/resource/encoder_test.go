package resource_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cohortx/interchange"
	"cohortx/interchange/resource"
	"cohortx/xsd/scan"
)

func release(name string) *interchange.Release {
	r, _ := interchange.ReleaseNamed(name)
	return r
}

func day(s string) interchange.Date {
	d, _, err := interchange.ParseDate([]byte(s))
	if err != nil {
		panic(err)
	}
	return d
}

func text(s string) *string { return &s }

var (
	anySection = interchange.SectionKey{Form: interchange.SectionByIdentifier, SchoolID: 255901001, LocalCourseCode: "ALG-1", SchoolYear: 2026,
		SectionIdentifier: "ALG-1-1", SessionName: "2025-2026 Fall Semester"}
	sectionOf2x = interchange.SectionKey{Form: interchange.SectionByPeriod, SchoolID: 255901001, LocalCourseCode: "ALG-1", SchoolYear: 2026,
		ClassPeriodName: "01 - Traditional", ClassroomIdentificationCode: "220", UniqueSectionCode: "U1", SequenceOfCourse: 1,
		TermDescriptor: "Fall Semester", TermNamespace: "http://ed-fi.org/Descriptor/TermDescriptor.xml"}
)

func newest() (interchange.Cohort, []interchange.Association) {
	key := interchange.CohortKey{EducationOrganizationID: 255901107, CohortIdentifier: " \"1\" <ä>\\ "}
	access := true
	return interchange.Cohort{CohortKey: key, CohortDescription: text("two\r\nlines\t"), CohortType: "uri://ed-fi.org/CohortTypeDescriptor#Study Hall", CohortScope: "uri://own.org/Scope#Own",
			AcademicSubject: "uri://ed-fi.org/AcademicSubjectDescriptor#Reading", Descriptors: true,
			Programs: []interchange.ProgramKey{{EducationOrganizationID: 255901, ProgramName: "Athletics", ProgramType: "Athletics"}, {EducationOrganizationID: 5000000000, ProgramName: "B", ProgramType: "uri://own.org/Type#B"}}},
		[]interchange.Association{
			{Kind: interchange.StudentCohortAssociationKind, CohortKey: key, PersonUniqueID: "111111", BeginDate: day("2025-09-14"), EndDate: interchange.NoDate},
			{Kind: interchange.StudentCohortAssociationKind, CohortKey: key, PersonUniqueID: "222222", BeginDate: day("2025-09-14"), EndDate: day("2025-09-21"),
				Sections: []interchange.SectionKey{anySection, {Form: 2, SchoolID: 1, LocalCourseCode: "B", SchoolYear: 2025, SectionIdentifier: "C", SessionName: "D"}}, SectionBegins: []interchange.Date{day("2025-09-15"), interchange.NoDate}},
			{Kind: interchange.StaffCohortAssociationKind, CohortKey: key, PersonUniqueID: "700001", BeginDate: day("2025-09-14"), EndDate: interchange.NoDate, StudentRecordAccess: &access},
			{Kind: interchange.StaffCohortAssociationKind, CohortKey: key, PersonUniqueID: "700002", BeginDate: day("2025-09-14"), EndDate: interchange.NoDate},
		}
}

func oldest() (interchange.Cohort, []interchange.Association) {
	c, list := newest()
	c.CohortType, c.CohortScope, c.AcademicSubject, c.AcademicSubjectNamespace, c.Descriptors = "Study Hall", "District", "Reading", "http://own.org/Subjects.xml", false
	c.Programs = c.Programs[:1]
	list[1].Sections[0] = sectionOf2x
	list[1].Sections, list[1].SectionBegins = list[1].Sections[:1], list[1].SectionBegins[:1]
	return c, list
}

// encoded is what an encoder has made so far.
type encoded struct {
	*resource.Encoder
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

func newEncoded(r *interchange.Release) *encoded { return &encoded{Encoder: resource.NewEncoder(r)} }

// Each form is what testdata has, and is read as what was written.
func TestEncoder(t *testing.T) {
	for name, make := range map[string]func() (interchange.Cohort, []interchange.Association){"5.2": newest, "2.0": oldest} {
		t.Run(name, func(t *testing.T) {
			c, list := make()
			e := newEncoded(release(name))
			if err := e.cohort(&c); err != nil {
				t.Fatal(err)
			}
			for i := range list {
				if err := e.association(&list[i]); err != nil {
					t.Fatal(err)
				}
			}
			out := e.close()
			if e.count != 5 {
				t.Fatal(e.count)
			}
			golden := "testdata/encoded-" + name + ".jsonl"
			if *update {
				if err := os.WriteFile(golden, out, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(out)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			cohorts, associations := values(t, out)
			if diff := cmp.Diff([]interchange.Cohort{written(c, release(name))}, cohorts); diff != "" {
				t.Errorf("read again (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(list, associations); diff != "" {
				t.Errorf("read again (-want +got)\n%s", diff)
			}
		})
	}
}

// encoded is a cohort with the types of programs as a release writes them.
func written(c interchange.Cohort, r *interchange.Release) interchange.Cohort {
	c.Programs = slices.Clone(c.Programs)
	for i := range c.Programs {
		p := &c.Programs[i]
		p.ProgramType, _ = interchange.ProgramTypeDescriptor.In(r, p.ProgramType, interchange.IsURI(p.ProgramType))
	}
	return c
}

// values reads resources that can all be applied.
func values(t testing.TB, in []byte) (cohorts []interchange.Cohort, list []interchange.Association) {
	d := newDecoder(t)
	splitter := resource.Split(bytes.NewReader(in), scan.Options{})
	for {
		b, err := splitter.Next()
		if err == io.EOF {
			return cohorts, list
		}
		if err != nil {
			t.Fatal(err)
		}
		entities, err := d.Decode(b, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range entities {
			c, a, ok := value(&entities[i])
			switch {
			case !ok:
				t.Fatalf("%q: %+v", entities[i].Raw, entities[i].Violations)
			case c != nil:
				cohorts = append(cohorts, *c)
			default:
				list = append(list, *a)
			}
		}
		b.Release()
	}
}

// value is what an entity says; false if it cannot be applied.
func value(e *interchange.Entity) (*interchange.Cohort, *interchange.Association, bool) {
	if len(e.Violations) > 0 {
		return nil, nil, false
	}
	if e.Kind == interchange.CohortKind {
		c, reading, _ := e.ReadCohort(resource.ReleaseOf(e))
		return &c, nil, reading == interchange.ReadWhole
	}
	var p interchange.Plain
	if reading, _ := e.ReadPlain(&p); reading != interchange.ReadWhole {
		return nil, nil, false
	}
	a := interchange.Association{Kind: e.Kind, CohortKey: interchange.CohortKey{EducationOrganizationID: p.EducationOrganizationID, CohortIdentifier: string(p.CohortIdentifier)},
		PersonUniqueID: string(p.UniqueID), BeginDate: p.BeginDate, EndDate: p.EndDate, Sections: p.Sections, SectionBegins: p.SectionBegins}
	if p.Access != interchange.AccessAbsent {
		access := p.Access == interchange.AccessTrue
		a.StudentRecordAccess = &access
	}
	return nil, &a, true
}

// From 2.x to the form of today: enumeration values become descriptors.
func TestEncoder_Converts(t *testing.T) {
	c, _ := oldest()
	c.AcademicSubjectNamespace = interchange.AcademicSubjectNamespace
	e := newEncoded(release("5.2"))
	if err := e.cohort(&c); err != nil {
		t.Fatal(err)
	}
	out := string(e.close())
	for _, want := range []string{`"uri://ed-fi.org/CohortTypeDescriptor#Study Hall"`, `"uri://ed-fi.org/CohortScopeDescriptor#District"`,
		`"uri://ed-fi.org/AcademicSubjectDescriptor#Reading"`, `"uri://ed-fi.org/ProgramTypeDescriptor#Athletics"`} {
		if !strings.Contains(out, want) {
			t.Errorf("there is no %s in %s", want, out)
		}
	}
}

// What a form cannot carry leaves no trace.
func TestEncoder_CarryError(t *testing.T) {
	association := func(s interchange.SectionKey) func(e *encoded) error {
		return func(e *encoded) error {
			_, list := newest()
			list[1].Sections[0] = s
			return e.association(&list[1])
		}
	}
	cohort := func(change func(c *interchange.Cohort)) func(e *encoded) error {
		return func(e *encoded) error {
			c, _ := newest()
			change(&c)
			return e.cohort(&c)
		}
	}
	qualified := sectionOf2x
	qualified.TermNamespace = "urn:terms"
	for name, tt := range map[string]struct {
		release, field, reason string
		write                  func(e *encoded) error
	}{
		"OldSection": {"5.2", "sections.sectionReference", "--release 2.0", association(sectionOf2x)},
		"NewSection": {"2.2", "sections.sectionReference", "from 3.1 on", association(anySection)},
		"Term":       {"2.0", "sections.sectionReference", "told apart", association(qualified)},
		"LongID":     {"4.0", "educationOrganizationId", "5.0 or later", cohort(func(c *interchange.Cohort) { c.EducationOrganizationID = 1 << 31 })},
		"OwnScope":   {"2.0", "cohortScopeDescriptor", "another namespace", cohort(func(c *interchange.Cohort) { c.Programs = nil })},
		"OwnSubject": {"5.2", "academicSubjectDescriptor", "no descriptor", cohort(func(c *interchange.Cohort) {
			*c, _ = oldest()
		})},
		"NoUTF8": {"5.2", "cohortDescription", "UTF-8", cohort(func(c *interchange.Cohort) { c.CohortDescription = text("\xff") })},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEncoded(release(tt.release))
			var carry *interchange.CarryError
			if err := tt.write(e); !errors.As(err, &carry) || carry.Field != tt.field || !strings.Contains(carry.Reason, tt.reason) || carry.Release != tt.release {
				t.Errorf("%v", err)
			}
			if out := e.close(); len(out) > 0 || e.count > 0 {
				t.Errorf("%q was written", out)
			}
		})
	}
}

// Random values, written and read, are what they were.
func TestEncoder_Random(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	word := func(most int) string {
		const letters = "aZ09 \t\n\r\"\\/<>&äß€😀.#:'"
		all := []rune(letters)
		n := 1 + r.IntN(most)
		s := make([]rune, 0, n+1)
		for range n {
			s = append(s, all[r.IntN(len(all))])
		}
		s[0] = 'k' // not blank
		return string(s)
	}
	date := func() interchange.Date {
		return day("1900-01-01") + interchange.Date(r.IntN(int(day("2199-12-31")-day("1900-01-01"))))
	}
	e := newEncoded(release("5.2"))
	var want []interchange.Association
	for range 2000 {
		a := interchange.Association{Kind: interchange.StudentCohortAssociationKind, CohortKey: interchange.CohortKey{EducationOrganizationID: r.Int64() - r.Int64(), CohortIdentifier: word(36)},
			PersonUniqueID: word(32), BeginDate: date(), EndDate: interchange.NoDate}
		if r.IntN(2) == 0 {
			a.EndDate = max(a.BeginDate, date())
		}
		for i := range r.IntN(40) {
			a.Sections = append(a.Sections, interchange.SectionKey{Form: interchange.SectionByIdentifier, SchoolID: int64(i), LocalCourseCode: word(60),
				SchoolYear: interchange.SchoolYear(1991 + r.IntN(39)), SectionIdentifier: word(255), SessionName: word(60)})
			a.SectionBegins = append(a.SectionBegins, []interchange.Date{interchange.NoDate, date()}[r.IntN(2)])
		}
		if r.IntN(3) == 0 {
			a.Kind, a.Sections, a.SectionBegins = interchange.StaffCohortAssociationKind, nil, nil
			if access := r.IntN(2) == 0; r.IntN(2) == 0 {
				a.StudentRecordAccess = &access
			}
		}
		if err := e.association(&a); err != nil {
			t.Fatal(err)
		}
		want = append(want, a)
	}
	out := e.close()
	if _, got := values(t, out); len(got) != len(want) {
		t.Errorf("%d associations, want %d", len(got), len(want))
	} else {
		for i := range want {
			if diff := cmp.Diff(want[i], got[i]); diff != "" {
				t.Fatalf("association %d (-want +got)\n%s", i, diff)
			}
		}
	}
}

// FuzzDecoder: no input breaks the decoder, what comes of it does not depend on how it is cut, and what it takes is written and read as
// the same.
func FuzzDecoder(f *testing.F) {
	for _, name := range []string{"testdata/encoded-5.2.jsonl", "testdata/encoded-2.0.jsonl", "testdata/decoder.golden"} {
		seed, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for line := range bytes.Lines(seed) {
			f.Add(line, 1)
		}
		f.Add(seed, 100)
	}
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		whole := read(t, string(in), scan.Options{})
		if pieces := read(t, string(in), scan.Options{Cut: func(int) int { return cut }}); !slices.Equal(whole, pieces) {
			t.Fatalf("cut, it is\n%q\nnot\n%q", pieces, whole)
		}
		d := newDecoder(t)
		splitter := resource.Split(bytes.NewReader(in), scan.Options{})
		b, err := splitter.Next()
		if err != nil {
			return
		}
		entities, _ := d.Decode(b, nil)
		for i := range entities {
			c, a, ok := value(&entities[i])
			if !ok {
				continue
			}
			again(t, entities[i].Raw, c, a)
		}
	})
}

// again writes what was read, in the form in which it stands, and reads it.
func again(t *testing.T, raw []byte, c *interchange.Cohort, a *interchange.Association) {
	r := release("5.2")
	if c != nil && !c.Descriptors || a != nil && len(a.Sections) > 0 && a.Sections[0].Form == interchange.SectionByPeriod {
		r = release("2.0")
	}
	e := newEncoded(r)
	err := error(nil)
	if c != nil {
		err = e.cohort(c)
	} else {
		err = e.association(a)
	}
	var carry *interchange.CarryError
	if errors.As(err, &carry) {
		return // sections of both forms; ids that 2.0 has no room for
	}
	if err != nil {
		t.Fatal(err)
	}
	out := e.close()
	cohorts, list := values(t, out)
	var diff string
	if c != nil {
		diff = cmp.Diff([]interchange.Cohort{written(*c, r)}, cohorts)
	} else {
		diff = cmp.Diff([]interchange.Association{*a}, list)
	}
	if diff != "" {
		t.Fatalf("%q became\n%q\n%s", raw, out, diff)
	}
}

func BenchmarkDecoder(b *testing.B) {
	var in bytes.Buffer
	for i := range 3000 {
		fmt.Fprintf(&in, `{"cohortReference":{"cohortIdentifier":"C%d","educationOrganizationId":255901107},"studentReference":{"studentUniqueId":"%d"},"beginDate":"2025-09-14"}`+"\n", i%10, 100000+i)
	}
	d := newDecoder(b)
	block := &scan.Block{Bytes: in.Bytes(), At: scan.Pos{Line: 1, Column: 1}}
	var entities []interchange.Entity
	var p interchange.Plain
	b.SetBytes(int64(in.Len()))
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if entities, err = d.Decode(block, entities[:0]); err != nil {
			b.Fatal(err)
		}
		for i := range entities {
			if reading, _ := entities[i].ReadPlain(&p); reading != interchange.ReadWhole {
				b.Fatal(reading)
			}
		}
	}
}

func BenchmarkEncoder(b *testing.B) {
	_, list := newest()
	e := resource.NewEncoder(release("5.2"))
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if out, err = e.AppendAssociation(out[:0], &list[0]); err != nil {
			b.Fatal(err)
		}
	}
}
