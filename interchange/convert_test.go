package interchange_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"cohortx/interchange"
)

const ownSubject = "http://ed-fi.org/Descriptor/AcademicSubjectDescriptor.xml"

// Cohorts of two forms are equal when their values are; within one form what was written counts.
func TestCohort_Equal(t *testing.T) {
	text := func(s string) *string { return &s }
	old := interchange.Cohort{CohortType: "Study Hall", CohortScope: "School", AcademicSubject: "Reading",
		Programs: []interchange.ProgramKey{{EducationOrganizationID: 1, ProgramName: "P", ProgramType: "Bilingual"}}}
	young := interchange.Cohort{Descriptors: true, CohortType: "uri://ed-fi.org/CohortTypeDescriptor#Study Hall",
		CohortScope: "uri://ed-fi.org/CohortScopeDescriptor#School", AcademicSubject: "uri://ed-fi.org/AcademicSubjectDescriptor#Reading",
		Programs: []interchange.ProgramKey{{EducationOrganizationID: 1, ProgramName: "P", ProgramType: "uri://ed-fi.org/ProgramTypeDescriptor#Bilingual"}}}
	bare := interchange.Cohort{CohortType: "Study Hall"}
	for name, tt := range map[string]struct {
		a, b   interchange.Cohort
		change func(a, b *interchange.Cohort)
		want   bool
	}{
		"Same":         {old, old, nil, true},
		"OtherForm":    {old, young, nil, true},
		"OwnNamespace": {old, young, func(a, _ *interchange.Cohort) { a.AcademicSubjectNamespace = ownSubject }, true},
		"URINamespace": {old, young, func(a, _ *interchange.Cohort) {
			a.AcademicSubjectNamespace = "uri://ed-fi.org/AcademicSubjectDescriptor"
		}, true},
		"ForeignNamespace": {old, young, func(a, _ *interchange.Cohort) { a.AcademicSubjectNamespace = "http://example.org" }, false},
		"ForeignURI": {old, young, func(a, b *interchange.Cohort) {
			a.AcademicSubjectNamespace, b.AcademicSubject = "uri://example.org/AcademicSubjectDescriptor", "uri://example.org/AcademicSubjectDescriptor#Reading"
		}, true},
		"BareSubject":      {old, young, func(_, b *interchange.Cohort) { b.AcademicSubject = "Reading" }, true},
		"NoSubject":        {old, young, func(_, b *interchange.Cohort) { b.AcademicSubject = "" }, false},
		"NeitherSubject":   {old, young, func(a, b *interchange.Cohort) { a.AcademicSubject, b.AcademicSubject = "", "" }, true},
		"OtherType":        {old, young, func(_, b *interchange.Cohort) { b.CohortType = "uri://ed-fi.org/CohortTypeDescriptor#Other" }, false},
		"ForeignType":      {old, young, func(_, b *interchange.Cohort) { b.CohortType = "uri://example.org/CohortTypeDescriptor#Study Hall" }, false},
		"OtherScope":       {old, young, func(a, _ *interchange.Cohort) { a.CohortScope = "" }, false},
		"OtherProgram":     {old, young, func(_, b *interchange.Cohort) { b.Programs = nil }, false},
		"ProgramTwice":     {old, young, func(_, b *interchange.Cohort) { b.Programs = append(old.Programs, young.Programs...) }, true},
		"Description":      {old, young, func(_, b *interchange.Cohort) { b.CohortDescription = text("") }, false},
		"Key":              {old, young, func(_, b *interchange.Cohort) { b.CohortIdentifier = "2" }, false},
		"WrittenNamespace": {old, old, func(a, _ *interchange.Cohort) { a.AcademicSubjectNamespace = ownSubject }, true},
		"OtherNamespace":   {old, old, func(a, _ *interchange.Cohort) { a.AcademicSubjectNamespace = "http://example.org" }, false},
		"WrittenBare":      {young, young, func(a, _ *interchange.Cohort) { a.CohortType = "Study Hall" }, false},
		"Unverified":       {bare, interchange.Cohort{Descriptors: true}, func(a, _ *interchange.Cohort) { a.CohortType = "" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.change != nil {
				tt.change(&tt.a, &tt.b)
			}
			if got, back := tt.a.Equal(&tt.b), tt.b.Equal(&tt.a); got != tt.want || back != tt.want {
				t.Errorf("%v and, the other way round, %v; want %v", got, back, tt.want)
			}
		})
	}
}

// What a cohort is made of in 2.x: every value that these releases list, and subjects of all kinds of namespaces.
type palette struct{ types, scopes, programs, subjects, namespaces []string }

// listed asks the schema for the enumeration values of a release by path.
func listed(t *testing.T, r *interchange.Release, path string, from []string) (known []string) {
	t.Helper()
	schema, err := interchange.LoadSchema(r, "")
	if err != nil {
		t.Fatal(err)
	}
	slot, ok := schema.Slot(path)
	if !ok {
		t.Fatalf("release %s has no %s", r.Name, path)
	}
	for _, v := range from {
		if _, fault := schema.Value(slot, []byte(v), new([]byte)); fault == nil {
			known = append(known, v)
		}
	}
	return known
}

func newPalette(t *testing.T, r *interchange.Release) palette {
	p := palette{
		types: []string{"Academic Intervention", "Attendance Intervention", "Discipline Intervention", "Classroom Pullout", "Extracurricular Activity",
			"Field Trip", "Principal Watch List", "Counselor List", "In-school Suspension", "Study Hall", "Other"},
		scopes:     []string{"", "District", "School", "Network", "Classroom", "Teacher", "Principal", "Counselor", "Statewide", "Other"},
		programs:   []string{"Bilingual", "Title I Part A", "Adult/Continuing Education", "English as a Second Language (ESL)", "Prekindergarten - Half Day"},
		subjects:   []string{"", "Reading", "English Language Arts", "a#b", " spaced  out ", strings.Repeat("é", 50)},
		namespaces: []string{"", ownSubject, "uri://ed-fi.org/AcademicSubjectDescriptor", "uri://example.org/AcademicSubjectDescriptor"},
	}
	// The schema of 2.x is asked, so that the lists here cannot be wrong.
	if got := listed(t, r, "Cohort/CohortType", p.types); len(got) != len(p.types) {
		t.Fatalf("types %q", got)
	}
	if got := listed(t, r, "Cohort/CohortScope", p.scopes[1:]); len(got) != len(p.scopes)-1 {
		t.Fatalf("scopes %q", got)
	}
	if got := listed(t, r, "Cohort/ProgramReference/ProgramIdentity/ProgramType", p.programs); len(got) != len(p.programs) {
		t.Fatalf("programs %q", got)
	}
	return p
}

func pick(rnd *rand.Rand, list []string) string { return list[rnd.IntN(len(list))] }

// cohort is a random cohort whose values every release can have.
func (p palette) cohort(rnd *rand.Rand, id int) interchange.Cohort {
	c := interchange.Cohort{
		CohortKey:  interchange.CohortKey{EducationOrganizationID: int64(rnd.IntN(1 << 31)), CohortIdentifier: fmt.Sprint(id)},
		CohortType: pick(rnd, p.types), CohortScope: pick(rnd, p.scopes), AcademicSubject: pick(rnd, p.subjects),
	}
	if c.AcademicSubject != "" {
		c.AcademicSubjectNamespace = pick(rnd, p.namespaces)
	}
	if rnd.IntN(2) == 0 {
		s := pick(rnd, []string{"a", "<&>\r\n", strings.Repeat("x", 1024)})
		c.CohortDescription = &s
	}
	for n := range rnd.IntN(4) {
		c.Programs = append(c.Programs, interchange.ProgramKey{EducationOrganizationID: int64(n), ProgramName: "P", ProgramType: pick(rnd, p.programs)})
	}
	return c
}

// randomAssociation is a random association without what a release may lack: sections.
func randomAssociation(rnd *rand.Rand, c *interchange.Cohort) interchange.Association {
	a := interchange.Association{Kind: interchange.Kinds[1+rnd.IntN(2)], CohortKey: c.CohortKey, PersonUniqueID: fmt.Sprint(rnd.IntN(1000)),
		BeginDate: interchange.Date(rnd.IntN(40000)), EndDate: interchange.NoDate}
	if rnd.IntN(2) == 0 {
		a.EndDate = a.BeginDate + interchange.Date(rnd.IntN(400))
	}
	if a.Kind == interchange.StaffCohortAssociationKind && rnd.IntN(3) > 0 {
		access := rnd.IntN(2) == 0
		a.StudentRecordAccess = &access
	}
	return a
}

// carried writes entities in a release and reads them back. Nothing may be left out.
func carried(t *testing.T, name string, cohorts []interchange.Cohort, associations []interchange.Association) decoded {
	t.Helper()
	e := newEncoder(t, name)
	for i := range cohorts {
		if err := e.cohort(&cohorts[i]); err != nil {
			t.Fatalf("%v: %+v", err, cohorts[i])
		}
	}
	for i := range associations {
		if err := e.association(&associations[i]); err != nil {
			t.Fatalf("%v: %+v", err, associations[i])
		}
	}
	out := e.close()
	back, ok := decode(t, out)
	if !ok || len(back.cohorts) != len(cohorts) || len(back.associations) != len(associations) {
		t.Fatalf("release %s: %d and %d of %d and %d came back", name, len(back.cohorts), len(back.associations), len(cohorts), len(associations))
	}
	return back
}

// Whatever uses only values that both releases have goes from one to the other and back without a loss, for all pairs of releases.
func TestEncoder_ConvertibleValues(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 2025))
	old, _ := interchange.ReleaseNamed("2.0")
	p := newPalette(t, old)
	var cohorts []interchange.Cohort
	var associations []interchange.Association
	for i := range 200 {
		cohorts = append(cohorts, p.cohort(rnd, i))
		associations = append(associations, randomAssociation(rnd, &cohorts[i]))
	}
	for _, from := range interchange.Releases {
		first := carried(t, from.Name, cohorts, associations)
		for _, to := range interchange.Releases {
			there := carried(t, to.Name, first.cohorts, first.associations)
			back := carried(t, from.Name, there.cohorts, there.associations)
			for i := range cohorts {
				if !there.cohorts[i].Equal(&first.cohorts[i]) {
					t.Fatalf("%s to %s: %+v became %+v, then %+v", from.Name, to.Name, first.cohorts[i], there.cohorts[i], back.cohorts[i])
				}
				if !back.cohorts[i].Equal(&first.cohorts[i]) {
					t.Fatalf("%s to %s and back: %+v became %+v", from.Name, to.Name, first.cohorts[i], back.cohorts[i])
				}
				// How Ed-Fi's own namespace is written differs; what the views show does not.
				back.cohorts[i].AcademicSubjectNamespace = first.cohorts[i].AcademicSubjectNamespace
			}
			if !reflect.DeepEqual(back, first) {
				t.Fatalf("%s to %s and back is not what it was", from.Name, to.Name)
			}
		}
	}
}

// No value is changed by a conversion: an entity is carried with equal values, or not at all. The values here are those of any release, and
// of none.
func TestEncoder_ConversionChangesNothing(t *testing.T) {
	rnd := rand.New(rand.NewPCG(52, 20))
	old, _ := interchange.ReleaseNamed("2.2")
	p := newPalette(t, old)
	odd := func(kind, value string) string {
		return pick(rnd, []string{"uri://ed-fi.org/" + kind + "Descriptor#" + value, "uri://example.org/" + kind + "Descriptor#" + value, value,
			"uri://ed-fi.org/SexDescriptor#" + value, "uri://ed-fi.org/" + kind + "Descriptor# " + value, "uri://ed-fi.org/" + kind + "Descriptor#", "Nap",
			"uri://ed-fi.org/" + kind + "Descriptor#Nap", "http://ed-fi.org/" + kind + "#x", "uri://ed-fi.org/" + kind + "Descriptor"})
	}
	carriedOver, leftOut := 0, 0
	for i := range 3000 {
		c := p.cohort(rnd, i)
		from := interchange.Releases[2:][rnd.IntN(7)]
		if c.Descriptors = rnd.IntN(3) > 0; c.Descriptors {
			c.CohortType, c.AcademicSubjectNamespace = odd("CohortType", c.CohortType), ""
			if c.CohortScope != "" {
				c.CohortScope = odd("CohortScope", c.CohortScope)
			}
			if c.AcademicSubject != "" {
				c.AcademicSubject = odd("AcademicSubject", c.AcademicSubject)
			}
		} else {
			from = interchange.Releases[rnd.IntN(2)]
			if c.AcademicSubject != "" {
				c.AcademicSubjectNamespace = pick(rnd, []string{c.AcademicSubjectNamespace, "http://example.org", "uri://a#b", "uri://"})
			}
		}
		if rnd.IntN(2) == 0 {
			c.CohortIdentifier = strings.Repeat("9", 1+rnd.IntN(40))
		}
		if rnd.IntN(4) == 0 {
			c.EducationOrganizationID <<= rnd.IntN(3)
		}
		for _, to := range interchange.Releases {
			e := newEncoder(t, to.Name)
			err := e.cohort(&c)
			var carry *interchange.CarryError
			if errors.As(err, &carry) {
				if carry.Release != to.Name || carry.Field == "" || carry.Reason == "" {
					t.Fatalf("%+v", carry)
				}
				leftOut++
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			out := e.close()
			back, ok := decode(t, out)
			if !ok || len(back.cohorts) != 1 {
				t.Fatalf("%s to %s: %+v is not valid:\n%s", from.Name, to.Name, c, out)
			}
			if !back.cohorts[0].Equal(&c) {
				t.Fatalf("%s to %s: %+v became %+v", from.Name, to.Name, c, back.cohorts[0])
			}
			carriedOver++
		}
	}
	if carriedOver < 5000 || leftOut < 2000 {
		t.Errorf("%d carried over, %d left out: too few to mean anything", carriedOver, leftOut)
	}
}

// Whatever a document says, each of its entities is carried over to every other release with equal values, or not at all.
func FuzzConvert(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		d, ok := decode(t, text)
		if !ok {
			return
		}
		for _, to := range interchange.Releases {
			e := newEncoder(t, to.Name)
			var want decoded
			var carry *interchange.CarryError
			for i := range d.cohorts {
				if err := e.cohort(&d.cohorts[i]); err == nil {
					want.cohorts = append(want.cohorts, d.cohorts[i])
				} else if !errors.As(err, &carry) {
					t.Fatal(err)
				}
			}
			for i := range d.associations {
				if err := e.association(&d.associations[i]); err == nil {
					want.associations = append(want.associations, d.associations[i])
				} else if !errors.As(err, &carry) {
					t.Fatal(err)
				}
			}
			out := e.close()
			got, ok := decode(t, out)
			if !ok || len(got.cohorts) != len(want.cohorts) || !reflect.DeepEqual(got.associations, want.associations) {
				t.Fatalf("%s to %s: %+v became %+v", d.release.Name, to.Name, want, got)
			}
			for i := range got.cohorts {
				if !got.cohorts[i].Equal(&want.cohorts[i]) {
					t.Fatalf("%s to %s: %+v became %+v", d.release.Name, to.Name, want.cohorts[i], got.cohorts[i])
				}
			}
		}
	})
}
