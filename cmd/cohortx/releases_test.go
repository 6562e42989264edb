package main

import (
	"bytes"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"

	"cohortx/interchange"
)

// releaseData is what testdata/releases/all.xml.tmpl is made with.
type releaseData struct{ *interchange.Release }

func (d releaseData) Types() []string {
	return []string{"Attendance Intervention", "Discipline Intervention", "Classroom Pullout", "Field Trip", "Counselor List", "In-school Suspension"}
}

func (d releaseData) Scopes() []string {
	return []string{"District", "School", "Network", "Classroom", "Teacher", "Principal", "Counselor", "Statewide", "Other"}
}

// EmptyText says that texts may be empty.
func (d releaseData) EmptyText() bool { return d.Name == "5.1" || d.Name == "5.2" }

// Longest is the longest cohort identifier.
func (d releaseData) Longest() string {
	if d.LongIDs {
		return strings.Repeat("é", 36)
	}
	return strings.Repeat("é", 20)
}

// LargestID is the largest education organization id.
func (d releaseData) LargestID() int64 {
	if d.LongIDs {
		return 1<<63 - 1
	}
	return 1<<31 - 1
}

func (d releaseData) Text(n int) string { return strings.Repeat("é", n) }

// Coded is an enumeration value in 2.x, a descriptor from 3.1 on.
func (d releaseData) Coded(name, value string) string {
	if d.Descriptors && !interchange.IsURI(value) {
		value = interchange.Descriptor(name + "Descriptor").URI(value)
	}
	return html.EscapeString(value)
}

func (d releaseData) Subject(code, namespace string) string {
	switch {
	case !d.Descriptors && namespace != "":
		return "<AcademicSubject><CodeValue>" + code + "</CodeValue><Namespace>" + namespace + "</Namespace></AcademicSubject>"
	case !d.Descriptors:
		return "<AcademicSubject><CodeValue>" + code + "</CodeValue></AcademicSubject>"
	case strings.HasPrefix(namespace, "uri:"):
		return "<AcademicSubject>" + namespace + "#" + code + "</AcademicSubject>"
	}
	return "<AcademicSubject>" + d.Coded("AcademicSubject", code) + "</AcademicSubject>"
}

func (d releaseData) Program(org int64, name, kind string) string {
	parts := []string{organization(fmt.Sprint(org)), "<ProgramName>" + html.EscapeString(name) + "</ProgramName>",
		"<ProgramType>" + d.Coded("ProgramType", kind) + "</ProgramType>"}
	if !d.Descriptors {
		parts[0], parts[2] = parts[2], parts[0]
	}
	return "<ProgramReference><ProgramIdentity>" + strings.Join(parts, "") + "</ProgramIdentity></ProgramReference>"
}

func (d releaseData) Section(code, year string) string {
	w := documentWriter{release: map[bool]string{false: "2.0", true: "5.2"}[d.Descriptors]}
	w.section("255901107", html.EscapeString(code))
	text := strings.ReplaceAll(w.String(), "2025-2026", year)
	if year == "1990-1991" { // a term of Ed-Fi's own namespace, where terms have one
		text = strings.ReplaceAll(text, "</CodeValue>", "</CodeValue><Namespace>http://ed-fi.org/Descriptor/TermDescriptor.xml</Namespace>")
	}
	return text
}

// SectionCode is the element of a SectionLookup that has the section's own code.
func (d releaseData) SectionCode() string {
	if d.Descriptors {
		return "SectionIdentifier"
	}
	return "UniqueSectionCode"
}

// everything writes a document with all that a release can say, and returns its name.
func everything(t *testing.T, dir string, r *interchange.Release) string {
	t.Helper()
	all, err := template.ParseFiles("testdata/releases/all.xml.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := all.Execute(&out, releaseData{r}); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "all.xml")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// sampleStore makes a store with the sample's organizations, students and staff.
func sampleStore(t *testing.T, path, release string) {
	t.Helper()
	args := []string{"import", "--quiet", "--db", path}
	for _, name := range []string{"education-organizations", "students", "staff"} {
		args = append(args, filepath.Join("..", "..", "samples", release, name+".xml"))
	}
	for name, text := range map[string]string{
		"programs.csv": "education_organization_id,program_name,program_type,program_id\n255901107,Robotics,Other,R-7\n",
		"old.csv": "unique_section_code,local_course_code,school_id,school_year,sequence_of_course,class_period_name,classroom_identification_code,term\n" +
			"LOOK-1,ALG-1,255901107,2025-2026,1,P1,R1,Fall Semester\n",
		"new.csv": "section_identifier,local_course_code,school_id,school_year,session_name\nLOOK-1,ALG-1,255901107,2025-2026,Fall\n",
	} {
		name = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	cohortx(t, 0, args...)
}

// allowMissing is what the samples have not.
const allowMissing = "--allow-missing=students,education-organizations,sections,programs"

// samplesOf are the samples of a release, or of the nearest one.
func samplesOf(r *interchange.Release) string {
	if r.Descriptors {
		return "5.2"
	}
	return "2.0"
}

// valid holds a file against the schema, with this program and, where it is there, with xmllint.
func valid(t *testing.T, dir string, r *interchange.Release, file string) {
	t.Helper()
	cohortx(t, 0, "validate", file)
	if _, err := exec.LookPath("xmllint"); err != nil {
		return
	}
	schema := filepath.Join(dir, "release-"+r.Name+".xsd")
	if err := os.WriteFile(schema, []byte(cohortx(t, 0, "schema", "--release", r.Name)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("xmllint", "--noout", "--schema", schema, file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// In each release a file with everything that it can say imports into a store of samples; its export is valid, and imported into another
// such store gives equal views and, exported again, equal bytes.
func TestReleases_RoundTrip(t *testing.T) {
	for _, r := range interchange.Releases {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			first, second := filepath.Join(dir, "first.db"), filepath.Join(dir, "second.db")
			sampleStore(t, first, samplesOf(r))
			sampleStore(t, second, samplesOf(r))
			file := everything(t, dir, r)
			cohortx(t, 0, "validate", file)
			cohortx(t, 0, "import", "--quiet", "--overlap", "allow", "--db", first, allowMissing, file)
			want := mustDump(t, first)
			for _, part := range []string{"In-school Suspension", "SEC & 3", "LOOK-1", "looked up|255901107|Robotics", "2049-2050", strings.Repeat("é", 1024), "1900-01-01|1900-01-01", "Gifted & Talented",
				"Zoë <9>", fmt.Sprint(releaseData{r}.LargestID()), releaseData{r}.Longest()} {
				if !strings.Contains(string(want), part) {
					t.Errorf("the store lacks %q", part)
				}
			}
			exported, again := filepath.Join(dir, "exported.xml"), filepath.Join(dir, "again.xml")
			if out := cohortx(t, 0, "export", "--db", first, "-o", exported); !strings.Contains(out, "release "+r.Name+", checked against its schema") {
				t.Error(out)
			}
			valid(t, dir, r, exported)
			cohortx(t, 0, "import", "--quiet", "--overlap", "allow", "--db", second, allowMissing, exported)
			if diff := cmp.Diff(string(want), string(mustDump(t, second))); diff != "" {
				t.Errorf("other views (-want +got):\n%s", diff)
			}
			cohortx(t, 0, "export", "--db", second, "-o", again)
			equalFiles(t, exported, again)
			if out := cohortx(t, 0, "import", "--force", "--overlap", "allow", "--db", first, allowMissing, exported); !strings.Contains(out, "Nothing to do") {
				t.Errorf("its own export is something new:\n%s", out)
			}
		})
	}
}

// A file of 2.0 that uses only values that 5.2 has, too, comes back from there: equal views on the way back, equal bytes of the export.
func TestReleases_ThereAndBack(t *testing.T) {
	dir := t.TempDir()
	stores := make([]string, 3)
	for i := range stores {
		stores[i] = filepath.Join(dir, fmt.Sprintf("%d.db", i))
		sampleStore(t, stores[i], []string{"2.0", "5.2", "2.0"}[i])
	}
	r, _ := interchange.ReleaseNamed("2.0")
	text, err := os.ReadFile(everything(t, dir, r))
	if err != nil {
		t.Fatal(err)
	}
	// What 5.2 has not: sections by class period, subjects of another scheme of namespaces.
	text = regexp.MustCompile(`(?s)<SectionReference [^>]*/>|<SectionReference.*?</SectionReference>`).ReplaceAll(text, nil)
	text = bytes.ReplaceAll(text, []byte("http://example.org/subjects"), []byte("uri://example.org/subjects"))
	file := filepath.Join(dir, "convertible.xml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	there, back := filepath.Join(dir, "5.2.xml"), filepath.Join(dir, "2.0.xml")
	young, _ := interchange.ReleaseNamed("5.2")
	cohortx(t, 0, "import", "--quiet", "--overlap", "allow", "--db", stores[0], allowMissing, file)
	cohortx(t, 0, "export", "--db", stores[0], "--release", "5.2", "-o", there)
	valid(t, dir, young, there)
	cohortx(t, 0, "import", "--quiet", "--overlap", "allow", "--db", stores[1], allowMissing, there)
	cohortx(t, 0, "export", "--db", stores[1], "--release", "2.0", "-o", back)
	valid(t, dir, r, back)
	cohortx(t, 0, "import", "--quiet", "--overlap", "allow", "--db", stores[2], allowMissing, back)
	if diff := cmp.Diff(string(mustDump(t, stores[0])), string(mustDump(t, stores[2]))); diff != "" {
		t.Errorf("other views (-want +got):\n%s", diff)
	}
	// In every store the other form is nothing new.
	for i, file := range []string{there, back, file} {
		if out := cohortx(t, 0, "import", "--force", "--overlap", "allow", "--db", stores[i], allowMissing, file); !strings.Contains(out, "Nothing to do") {
			t.Errorf("store %d: %s", i, out)
		}
	}
	// What was stored as a descriptor is exported as it is, in every release that has descriptors.
	for _, to := range interchange.Releases[2:] {
		file := filepath.Join(dir, "to-"+to.Name+".xml")
		if to.LongIDs {
			cohortx(t, 0, "export", "--db", stores[1], "--release", to.Name, "-o", file)
			text, err := os.ReadFile(there)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(there+".moved", bytes.Replace(text, []byte(young.Namespace), []byte(to.Namespace), 1), 0o600); err != nil {
				t.Fatal(err)
			}
			equalFiles(t, there+".moved", file)
		} else {
			cohortx(t, 0, "export", "--db", stores[0], "--release", to.Name, "-o", file)
		}
		valid(t, dir, to, file)
	}
}

func equalFiles(t *testing.T, want, got string) {
	t.Helper()
	a, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(a), string(b)); diff != "" {
		t.Errorf("%s and %s differ:\n%.3000s", want, got, diff)
	}
}
