package roster

import (
	"fmt"
	"strings"

	"cohortx/interchange"
	"cohortx/xsd/scan"
)

// Content is what a file holds.
type Content uint8

// The contents that are known, in dependency order: what a content refers to has a smaller value. An
// InterchangeEducationOrganization file holds organizations and programs.
const (
	EducationOrganizations Content = iota + 1 // InterchangeEducationOrganization, or CSV
	Programs                                  // CSV only
	Sessions                                  // InterchangeEducationOrgCalendar, or CSV
	MasterSchedule                            // InterchangeMasterSchedule, or CSV of sections
	StaffMembers                              // InterchangeStaffAssociation, or CSV
	Students                                  // InterchangeStudent, or CSV
	StudentCohort                             // InterchangeStudentCohort: not read by this package
	JSONLines                                 // one JSON object a line: not read by this package
)

var roots = []struct {
	name    string
	content Content
}{
	{"InterchangeStudentCohort", StudentCohort},
	{"InterchangeEducationOrganization", EducationOrganizations},
	{"InterchangeEducationOrgCalendar", Sessions},
	{"InterchangeMasterSchedule", MasterSchedule},
	{"InterchangeStaffAssociation", StaffMembers},
	{"InterchangeStudent", Students},
}

var contentNames = [...]string{"", "education organizations", "programs", "sessions", "sections", "staff", "students", "cohorts", "JSON lines"}

// String says in words what the content is, in the plural.
func (c Content) String() string {
	if int(c) < len(contentNames) {
		return contentNames[c]
	}
	return ""
}

// Prerequisite says whether the content is one that [File.Rows] reads.
func (c Content) Prerequisite() bool { return c >= EducationOrganizations && c <= Students }

// Cohorts says whether the content is cohorts and associations, in either form.
func (c Content) Cohorts() bool { return c == StudentCohort || c == JSONLines }

// Order is smaller for what another content refers to. Cohorts and associations are alike in either form.
func (c Content) Order() Content { return min(c, StudentCohort) }

// RootUnknown is the code of the error for a file whose root element or header tells nothing that is known.
const (
	RootUnknown   scan.Code = "root_unknown"
	HeaderUnknown scan.Code = "header_unknown"
)

// Detect tells from a root element what an XML file holds and of which release it is. as, if not nil, is the release
// whose rules apply to a namespace that is not in the table of releases. Errors are *scan.Error.
func Detect(scope *scan.Scope, as *interchange.Release) (Content, *interchange.Release, error) {
	root := string(scope.Name.Local)
	namespace := scope.URI(scope.Name.Space)
	var names []string
	for _, r := range roots {
		if r.name == root {
			release, err := releaseOf(namespace, as)
			if err != nil {
				return 0, nil, &scan.Error{At: scope.At, Code: RootUnknown, Found: fmt.Sprintf("root element %s in namespace %q", root, namespace), Expected: err.Error()}
			}
			return r.content, release, nil
		}
		names = append(names, r.name)
	}
	return 0, nil, &scan.Error{At: scope.At, Code: RootUnknown, Found: "root element " + shortened(root), Expected: "one of: " + strings.Join(names, "; ")}
}

// releaseOf finds the release of a namespace.
func releaseOf(namespace string, as *interchange.Release) (*interchange.Release, error) {
	release, err := interchange.ReleaseOf(namespace)
	if err != nil && as != nil {
		return as.In(namespace)
	}
	return release, err
}

// shortened keeps a name or a value that goes into a message from filling the screen.
func shortened(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}
