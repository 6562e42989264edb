package interchange_test

import (
	"strings"
	"testing"

	"cohortx/interchange"
)

func TestKeys(t *testing.T) {
	sections := []interchange.SectionKey{
		{Form: interchange.SectionByIdentifier, SchoolID: 255901001, LocalCourseCode: "ALG-1", SchoolYear: 2026, SectionIdentifier: "S 1", SessionName: "Fall"},
		{Form: interchange.SectionByIdentifier, SchoolID: -1, LocalCourseCode: "ALG-", SchoolYear: 2026, SectionIdentifier: "1S 1", SessionName: "Fall"},
		{Form: interchange.SectionByPeriod, SchoolID: 255901001, LocalCourseCode: "ALG-1", SchoolYear: 2026, ClassPeriodName: "01", ClassroomIdentificationCode: "220",
			UniqueSectionCode: "U", SequenceOfCourse: 3, TermDescriptor: "Fall Semester", TermNamespace: "http://ed-fi.org/T"},
	}
	seen := map[string]bool{}
	for _, k := range sections {
		key := k.AppendKey(nil)
		if back, err := interchange.ParseSectionKey(key); err != nil || back != k {
			t.Errorf("%+v came back as %+v, %v", k, back, err)
		}
		if seen[string(key)] {
			t.Errorf("%+v has the key of another", k)
		}
		seen[string(key)] = true
		for cut := range key {
			if _, err := interchange.ParseSectionKey(key[:cut]); err == nil {
				t.Errorf("%d bytes of the key of %+v are taken for a whole one", cut, k)
			}
		}
	}
	c := interchange.CohortKey{EducationOrganizationID: 255901107, CohortIdentifier: "1"}
	if back, err := interchange.ParseCohortKey(c.AppendKey(nil)); err != nil || back != c {
		t.Errorf("%+v came back as %+v, %v", c, back, err)
	}
	// A program type is the same as an enumeration value and as a descriptor in Ed-Fi's namespace.
	p := interchange.ProgramKey{EducationOrganizationID: 1, ProgramName: "A", ProgramType: "Bilingual"}
	q := interchange.ProgramKey{EducationOrganizationID: 1, ProgramName: "A", ProgramType: "uri://ed-fi.org/ProgramTypeDescriptor#Bilingual"}
	r := interchange.ProgramKey{EducationOrganizationID: 1, ProgramName: "A", ProgramType: "uri://example.org/ProgramTypeDescriptor#Bilingual"}
	if string(p.AppendKey(nil)) != string(q.AppendKey(nil)) || string(p.AppendKey(nil)) == string(r.AppendKey(nil)) {
		t.Error("program types")
	}
}

func TestParseOrganizationID(t *testing.T) {
	for text, want := range map[string]int64{"1": 1, "+1": 1, "001": 1, "-5": -5, "255901107": 255901107, "9223372036854775807": 1<<63 - 1, "0": 0} {
		if id, err := interchange.ParseOrganizationID([]byte(text)); err != nil || id != want {
			t.Errorf("%q: %d %v", text, id, err)
		}
	}
	for _, text := range []string{"1a", "9223372036854775808", "1.0"} {
		if id, err := interchange.ParseOrganizationID([]byte(text)); err == nil {
			t.Errorf("%q: %d", text, id)
		}
	}
}

func TestReleaseOf(t *testing.T) {
	for _, r := range interchange.Releases {
		if got, err := interchange.ReleaseOf(r.Namespace); err != nil || got != r {
			t.Errorf("%s: %v %v", r.Namespace, got, err)
		}
		if s, err := interchange.LoadSchema(r, ""); err != nil || s.TargetNamespace() != r.Namespace {
			t.Errorf("%s: %v", r.Name, err)
		}
	}
	for namespace, hint := range map[string]string{
		"http://ed-fi.org/0100": "StudentUniqueStateId", "http://ed-fi.org/0100RFC062811": "from 2.0 on", "": "http://ed-fi.org/", "https://ed-fi.org/0200": "http://ed-fi.org/",
		"http://ed-fi.org/0210": "--as-release 2.0", "http://ed-fi.org/0200-RFC": "--as-release 2.0", "http://ed-fi.org/0230": "--as-release 2.2",
		"http://ed-fi.org/0300": "--as-release 3.1", "http://ed-fi.org/3.2.0": "--as-release 3.2", "http://ed-fi.org/3.2.0-a": "(2.0, 2.2, 3.1, 3.2, 3.3, 4.0, 5.0, 5.1, 5.2)",
		"http://ed-fi.org/3.2.0-b": "--as-release 3.2", "http://ed-fi.org/3.3.0-a": "--as-release 3.3", "http://ed-fi.org/3.3.1-a": "--as-release 3.3",
		"http://ed-fi.org/6.0.0": "--as-release 5.2", "http://ed-fi.org/": "--as-release 5.2",
	} {
		if _, err := interchange.ReleaseOf(namespace); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%q: %v", namespace, err)
		}
	}
	r, _ := interchange.ReleaseNamed("2.0")
	patch, err := r.In("http://ed-fi.org/0210")
	if err != nil || patch.Namespace != "http://ed-fi.org/0210" || r.Namespace != "http://ed-fi.org/0200" {
		t.Errorf("%+v %v", patch, err)
	}
	for _, namespace := range []string{"http://example.org/", "http://ed-fi.org/0100"} {
		if _, err := r.In(namespace); err == nil {
			t.Errorf("%s was accepted", namespace)
		}
	}
}
