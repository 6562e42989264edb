package interchange_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cohortx/interchange"
)

// sharedFolder is the folder of Ed-Fi's own material, which is not part of the project.
func sharedFolder(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("COHORTX_SHARED"); dir != "" {
		return dir
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; here != filepath.Dir(here); here = filepath.Dir(here) {
		if dir := filepath.Join(here, "shared"); exists(filepath.Join(dir, "edfi")) {
			return dir
		}
	}
	t.Skip("the material of shared/edfi is not here")
	return ""
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// The table of releases says of each what the official schemas say.
func TestReleases_Official(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(sharedFolder(t), "edfi", "model", "v*.json"))
	if err != nil || len(names) == 0 {
		t.Skip("no models")
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		type child struct{ Name, Type string }
		var model struct {
			TargetNamespace string
			Types           map[string]struct {
				Base     string
				Sequence []child
			}
		}
		if err := json.Unmarshal(text, &model); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r, err := interchange.ReleaseOf(model.TargetNamespace)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
			continue
		}
		if !strings.HasPrefix(filepath.Base(name), "v"+r.Name+".") {
			t.Errorf("%s has the namespace of release %s", filepath.Base(name), r.Name)
		}
		form := interchange.SectionByPeriod
		for _, c := range model.Types["SectionIdentityType"].Sequence {
			if c.Name == "SectionIdentifier" {
				form = interchange.SectionByIdentifier
			}
		}
		if form != r.SectionForm {
			t.Errorf("release %s: section form %d, the schema has %d", r.Name, r.SectionForm, form)
		}
		for _, c := range model.Types["Cohort"].Sequence {
			if c.Name == "CohortType" && strings.Contains(c.Type, "Descriptor") != r.Descriptors {
				t.Errorf("release %s: descriptors %v, CohortType is %s", r.Name, r.Descriptors, c.Type)
			}
		}
		schema, err := interchange.LoadSchema(r, "")
		if err != nil {
			t.Fatal(err)
		}
		if schema.TargetNamespace() != model.TargetNamespace {
			t.Errorf("release %s: schema for %s", r.Name, schema.TargetNamespace())
		}
	}
	if len(names) != len(interchange.Releases) {
		t.Errorf("%d models, %d releases", len(names), len(interchange.Releases))
	}
}

// Releases whose ids are long take more than 32 bits, the others do not, in the embedded schemas as in the table.
func TestReleases_LongIDs(t *testing.T) {
	for _, r := range interchange.Releases {
		schema, err := interchange.LoadSchema(r, "")
		if err != nil {
			t.Fatal(err)
		}
		slot, ok := schema.Slot("Cohort/EducationOrganizationReference/EducationOrganizationIdentity/EducationOrganizationId")
		if !ok {
			t.Fatalf("release %s has no EducationOrganizationId", r.Name)
		}
		for value, accepted := range map[string]bool{"2147483647": true, "-2147483648": true, "2147483648": r.LongIDs, "9223372036854775807": r.LongIDs, "9223372036854775808": false} {
			if _, fault := schema.Value(slot, []byte(value), new([]byte)); (fault == nil) != accepted {
				t.Errorf("release %s: %s accepted: %v, want %v", r.Name, value, fault == nil, accepted)
			}
		}
	}
}

// A folder of official schemas serves the release whose they are.
func TestLoadSchema_Folder(t *testing.T) {
	r, _ := interchange.ReleaseNamed("5.2")
	if _, err := interchange.LoadSchema(r, t.TempDir()); err == nil {
		t.Error("an empty folder serves")
	}
	dir := t.TempDir()
	const other = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://ed-fi.org/0200" xmlns="http://ed-fi.org/0200" elementFormDefault="qualified">
<xs:element name="InterchangeStudentCohort"><xs:complexType><xs:choice maxOccurs="unbounded"><xs:element name="Cohort" type="xs:string"/></xs:choice></xs:complexType></xs:element></xs:schema>`
	if err := os.WriteFile(filepath.Join(dir, interchange.OfficialSchema), []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := interchange.LoadSchema(r, dir); err == nil || !strings.Contains(err.Error(), "give the folder of release 5.2") {
		t.Errorf("the schema of another release: %v", err)
	}
}
