package interchange

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"cohortx/xsd"
	"cohortx/xsd/edfi"
)

// Release is a release of the Ed-Fi Data Standard as far as the StudentCohort interchange differs.
type Release struct {
	Name        string      // "2.0" ... "5.2"
	Namespace   string      // of the root element
	Structure   string      // the embedded schema that describes it; several releases share one
	LongIDs     bool        // education organization ids are xs:long, else xs:int
	SectionForm SectionForm // which elements make the key of a section
	Descriptors bool        // types and scopes are descriptors, else enumerations (2.x)
}

// Releases lists all releases, oldest first. 5.2 also serves the files of Data Standard 6.0, which kept its namespace.
var Releases = []*Release{
	{Name: "2.0", Namespace: "http://ed-fi.org/0200", Structure: "2.0.xsd", SectionForm: SectionByPeriod},
	{Name: "2.2", Namespace: "http://ed-fi.org/0220", Structure: "2.2.xsd", SectionForm: SectionByPeriod},
	{Name: "3.1", Namespace: "http://ed-fi.org/0310", Structure: "3.1.xsd", SectionForm: SectionByIdentifier, Descriptors: true},
	{Name: "3.2", Namespace: "http://ed-fi.org/3.2.0-c", Structure: "3.1.xsd", SectionForm: SectionByIdentifier, Descriptors: true},
	{Name: "3.3", Namespace: "http://ed-fi.org/3.3.1-b", Structure: "3.1.xsd", SectionForm: SectionByIdentifier, Descriptors: true},
	{Name: "4.0", Namespace: "http://ed-fi.org/4.0.0", Structure: "3.1.xsd", SectionForm: SectionByIdentifier, Descriptors: true},
	{Name: "5.0", Namespace: "http://ed-fi.org/5.0.0", Structure: "5.0.xsd", SectionForm: SectionByIdentifier, Descriptors: true, LongIDs: true},
	{Name: "5.1", Namespace: "http://ed-fi.org/5.1.0", Structure: "5.1.xsd", SectionForm: SectionByIdentifier, Descriptors: true, LongIDs: true},
	{Name: "5.2", Namespace: "http://ed-fi.org/5.2.0", Structure: "5.1.xsd", SectionForm: SectionByIdentifier, Descriptors: true, LongIDs: true},
}

// ReleaseNamed returns the release with a name such as "5.2".
func ReleaseNamed(name string) (*Release, bool) {
	for _, r := range Releases {
		if r.Name == name {
			return r, true
		}
	}
	return nil, false
}

// ReleaseNames lists the names of all releases, oldest first.
func ReleaseNames() []string {
	names := make([]string, 0, len(Releases))
	for _, r := range Releases {
		names = append(names, r.Name)
	}
	return names
}

// edfiNamespace begins the namespace of every release.
const edfiNamespace = "http://ed-fi.org/"

// ReleaseOf returns the release of a root's namespace. The error says which are known, and what to do.
func ReleaseOf(namespace string) (*Release, error) {
	for _, r := range Releases {
		if r.Namespace == namespace {
			return r, nil
		}
	}
	switch {
	case isFirst(namespace):
		return nil, fmt.Errorf("a release from %s on: before, files named a student by StudentUniqueStateId (now StudentUniqueId) and an organization by "+
			"EducationalOrgReference, EducationalOrgIdentity and StateOrganizationId (now EducationOrganizationReference, EducationOrganizationIdentity "+
			"and EducationOrganizationId), so that --as-release cannot help: have the system that wrote the file export it again", Releases[0].Name)
	case strings.HasPrefix(namespace, edfiNamespace):
		return nil, fmt.Errorf("the namespace of a known release (%s); if its structure is that of one of them, say so with --as-release %s",
			strings.Join(ReleaseNames(), ", "), nearest(namespace[len(edfiNamespace):]).Name)
	}
	return nil, fmt.Errorf("a namespace that starts with %s, such as %s", edfiNamespace, Releases[0].Namespace)
}

// isFirst says whether a namespace is of Ed-Fi 1.x: "http://ed-fi.org/0100" and drafts such as "http://ed-fi.org/0100RFC062811".
func isFirst(namespace string) bool { return strings.HasPrefix(namespace, edfiNamespace+"01") }

// nearest is the release that the version in a namespace most likely has the structure of: of the same major version the last one up to
// it, or else the first. Versions are four digits up to 3.1 ("0210", "0200-RFC"), with points later ("3.2.0-a").
func nearest(version string) *Release {
	var major, minor int
	if n, _ := fmt.Sscanf(version, "%d.%d", &major, &minor); n < 2 {
		fmt.Sscanf(version, "%2d%1d", &major, &minor)
	}
	found := Releases[len(Releases)-1]
	same := false
	for _, r := range Releases {
		var a, b int
		fmt.Sscanf(r.Name, "%d.%d", &a, &b)
		if a == major && (!same || b <= minor) {
			found, same = r, true
		}
	}
	return found
}

// In returns the release with another namespace: a patch release that has the same structure (--as-release). Only Ed-Fi namespaces are
// accepted, so that no other document passes by accident, and none of 1.x.
func (r *Release) In(namespace string) (*Release, error) {
	if !strings.HasPrefix(namespace, edfiNamespace) || isFirst(namespace) {
		_, err := ReleaseOf(namespace)
		return nil, err
	}
	patched := *r
	patched.Namespace = namespace
	return &patched, nil
}

var schemas sync.Map // schemaKey -> func() (*xsd.Schema, error)

type schemaKey struct{ structure, namespace, folder string }

// OfficialSchema is the file of the StudentCohort interchange in a folder of official Ed-Fi XSDs.
const OfficialSchema = "Interchange-StudentCohort.xsd"

// LoadOfficial compiles the schema of any interchange from a folder of official Ed-Fi XSDs, once per process. file is its name, such as
// "Interchange-Student.xsd".
func LoadOfficial(folder, file string) (*xsd.Schema, error) {
	key := schemaKey{file, "", folder}
	load, _ := schemas.LoadOrStore(key, sync.OnceValues(func() (*xsd.Schema, error) { return xsd.Compile(os.DirFS(folder), file, "") }))
	return load.(func() (*xsd.Schema, error))()
}

// LoadSchema compiles the StudentCohort schema of a release, once per process: the embedded one, or with a folder the official one that
// lies there.
func LoadSchema(r *Release, folder string) (*xsd.Schema, error) {
	key := schemaKey{r.Structure, r.Namespace, folder}
	load, _ := schemas.LoadOrStore(key, sync.OnceValues(func() (*xsd.Schema, error) {
		if folder != "" {
			s, err := xsd.Compile(os.DirFS(folder), OfficialSchema, "")
			if err == nil && s.TargetNamespace() != r.Namespace {
				err = fmt.Errorf("%s in %s is for namespace %s, and the file is for %s: give the folder of release %s",
					OfficialSchema, folder, s.TargetNamespace(), r.Namespace, r.Name)
			}
			return s, err
		}
		return xsd.Restore(edfi.Tables(r.Structure), edfi.Files, r.Structure, r.Namespace)
	}))
	return load.(func() (*xsd.Schema, error))()
}
