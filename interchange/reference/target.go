package reference

import (
	"bytes"
	"strconv"

	"cohortx/interchange"
)

// Target is what a reference names. Which fields are set depends on the kind of the reference.
type Target struct {
	UniqueID     string // student, staff member
	Organization int64  // education organization, school
	Cohort       interchange.CohortKey
	CohortRef    string // xml id of a Cohort; alone, or together with Cohort
	Program      interchange.ProgramKey
	// Section is the key of a section, and what a session, a course offering, a location or a class period contributes to it.
	Section interchange.SectionKey
	school  bool // Section.SchoolID is set
}

// SessionTarget is what a SessionLookup finds.
func SessionTarget(school int64, year interchange.SchoolYear, name, term, termNamespace string) Target {
	return Target{school: true, Section: interchange.SectionKey{
		SchoolID: school, SchoolYear: year, SessionName: name, TermDescriptor: term, TermNamespace: termNamespace,
	}}
}

// same says whether two targets of one kind of reference are one, and names what each says.
func (t *Target) same(kind string, o *Target) (same bool, mine, theirs string) {
	switch kind {
	case "StudentReference", "StaffReference":
		return t.UniqueID == o.UniqueID, quoted(t.UniqueID), quoted(o.UniqueID)
	case "EducationOrganizationReference", "SchoolReference":
		return t.Organization == o.Organization, strconv.FormatInt(t.Organization, 10), strconv.FormatInt(o.Organization, 10)
	case "CohortReference":
		return t.Cohort == o.Cohort, interchange.CohortName(t.Cohort), interchange.CohortName(o.Cohort)
	case "ProgramReference":
		return bytes.Equal(t.Program.AppendKey(nil), o.Program.AppendKey(nil)), quoted(t.Program.ProgramName), quoted(o.Program.ProgramName)
	}
	return bytes.Equal(t.Section.AppendKey(nil), o.Section.AppendKey(nil)), "one " + naming(kind), "another"
}

func quoted(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return strconv.Quote(string(r[:most])) + "..."
	}
	return strconv.Quote(s)
}

// naming is the kind of a reference in a message: "SchoolReference" names a School.
func naming(kind string) string { return kind[:len(kind)-len("Reference")] }
