package resource

import (
	"fmt"
	"sync"

	"cohortx/interchange"
	"cohortx/xsd"
)

// shape is what a member's value must be.
type shape uint8

const (
	ignored shape = iota // bookkeeping of the API: anything
	object
	array // of objects, whose members these are
	text
	descriptor
	integer
	year
	boolean
	date
)

// wanted says in words what a value of the shape looks like.
var wanted = [...]string{
	object: "an object", array: "an array", text: "a string", descriptor: "a string such as \"uri://ed-fi.org/CohortTypeDescriptor#Study Hall\"",
	integer: "an integer", year: "the year in which a school year ends, such as 2026", boolean: "true or false",
	date: "a string with a date such as \"2025-09-14\"",
}

// kinds is a set of kinds of entities.
type kinds uint8

const (
	ofCohort kinds = 1 << iota
	ofStudent
	ofStaff

	ofAssociations = ofStudent | ofStaff
)

// form is one of the two keys of a section.
type form uint8

const (
	anyForm form = iota
	byPeriod
	byIdentifier
)

// member is one that an object may have.
type member struct {
	name     string
	shape    shape
	field    interchange.Field // of the node that it becomes; NoField: its members become nodes of the object around it
	around   interchange.Field // XML has an element more around it
	required bool
	kinds    kinds // of a root's member: what has it
	form     form  // of a section's key: which has it
	typed    typed
	old      typed // of a descriptor that was an enumeration in 2.x
	members  []*member

	path string
	slot xsd.Slot // index in all: what stands for the path in nodes
}

// typed is the element in XML whose type a value has.
type typed struct{ release, element string }

func newest(element string) typed { return typed{"5.2", element} }
func oldest(element string) typed { return typed{"2.0", element} }

const (
	memberSection  = "StudentCohortAssociation/SectionReference/SectionIdentity/"
	memberOffering = memberSection + "CourseOfferingReference/CourseOfferingIdentity/"
	memberSession  = memberOffering + "SessionReference/SessionIdentity/"
	memberProgram  = "Cohort/ProgramReference/ProgramIdentity/"
)

func bookkeeping(names ...string) (list []*member) {
	for _, n := range names {
		list = append(list, &member{name: n})
	}
	return list
}

// organizationID is the id of an education organization inside of another reference; XML has a reference of its own there.
func organizationID(element string) *member {
	return &member{name: "educationOrganizationId", shape: integer, required: true, field: interchange.FieldEducationOrganizationID,
		around: interchange.FieldEducationOrganizationReference, typed: newest(element + "EducationOrganizationReference/EducationOrganizationIdentity/EducationOrganizationId")}
}

func sectionKey() []*member {
	return []*member{
		{name: "localCourseCode", shape: text, required: true, field: interchange.FieldLocalCourseCode, typed: newest(memberOffering + "LocalCourseCode")},
		{name: "schoolId", shape: integer, required: true, field: interchange.FieldSchoolID, typed: newest(memberOffering + "SchoolReference/SchoolIdentity/SchoolId")},
		{name: "schoolYear", shape: year, required: true, field: interchange.FieldSchoolYear, typed: newest(memberSession + "SchoolYear")},

		{name: "sectionIdentifier", shape: text, required: true, form: byIdentifier, field: interchange.FieldSectionIdentifier, typed: newest(memberSection + "SectionIdentifier")},
		{name: "sessionName", shape: text, required: true, form: byIdentifier, field: interchange.FieldSessionName, typed: newest(memberSession + "SessionName")},

		{name: "classPeriodName", shape: text, required: true, form: byPeriod, field: interchange.FieldClassPeriodName,
			typed: oldest(memberSection + "ClassPeriodReference/ClassPeriodIdentity/ClassPeriodName")},
		{name: "classroomIdentificationCode", shape: text, required: true, form: byPeriod, field: interchange.FieldClassroomIdentificationCode,
			typed: oldest(memberSection + "LocationReference/LocationIdentity/ClassroomIdentificationCode")},
		{name: "uniqueSectionCode", shape: text, required: true, form: byPeriod, field: interchange.FieldSectionIdentifier, typed: oldest(memberSection + "UniqueSectionCode")},
		{name: "sequenceOfCourse", shape: integer, required: true, form: byPeriod, field: interchange.FieldSequenceOfCourse, typed: oldest(memberSection + "SequenceOfCourse")},
		{name: "termDescriptor", shape: descriptor, required: true, form: byPeriod, field: interchange.FieldCodeValue, typed: newest("Cohort/CohortType")},
		{name: "link"},
	}
}

// memberTree has the members of all kinds.
func memberTree() *member {
	return &member{members: append(bookkeeping("id", "_etag", "_lastModifiedDate"), []*member{
		{name: "cohortReference", shape: object, required: true, kinds: ofAssociations, field: interchange.FieldCohortReference, members: append(bookkeeping("link"),
			&member{name: "cohortIdentifier", shape: text, required: true, field: interchange.FieldCohortIdentifier,
				typed: newest("StudentCohortAssociation/CohortReference/CohortIdentity/CohortIdentifier")},
			organizationID("StudentCohortAssociation/CohortReference/CohortIdentity/"),
		)},
		{name: "studentReference", shape: object, required: true, kinds: ofStudent, field: interchange.FieldStudentReference, members: append(bookkeeping("link"),
			&member{name: "studentUniqueId", shape: text, required: true, field: interchange.FieldUniqueID,
				typed: newest("StudentCohortAssociation/StudentReference/StudentIdentity/StudentUniqueId")},
		)},
		{name: "staffReference", shape: object, required: true, kinds: ofStaff, field: interchange.FieldStaffReference, members: append(bookkeeping("link"),
			&member{name: "staffUniqueId", shape: text, required: true, field: interchange.FieldUniqueID,
				typed: newest("StaffCohortAssociation/StaffReference/StaffIdentity/StaffUniqueId")},
		)},
		{name: "beginDate", shape: date, required: true, kinds: ofAssociations, field: interchange.FieldBeginDate},
		{name: "endDate", shape: date, kinds: ofAssociations, field: interchange.FieldEndDate},
		{name: "studentRecordAccess", shape: boolean, kinds: ofStaff, field: interchange.FieldStudentRecordAccess},
		{name: "sections", shape: array, kinds: ofStudent, field: interchange.FieldSectionReference, members: []*member{
			{name: "sectionReference", shape: object, required: true, members: sectionKey()},
			{name: "beginDate", shape: date, field: interchange.FieldSectionBeginDate},
		}},

		{name: "cohortIdentifier", shape: text, required: true, kinds: ofCohort, field: interchange.FieldCohortIdentifier, typed: newest("Cohort/CohortIdentifier")},
		{name: "educationOrganizationReference", shape: object, required: true, kinds: ofCohort, field: interchange.FieldEducationOrganizationReference,
			members: append(bookkeeping("link"), &member{name: "educationOrganizationId", shape: integer, required: true, field: interchange.FieldEducationOrganizationID,
				typed: newest("Cohort/EducationOrganizationReference/EducationOrganizationIdentity/EducationOrganizationId")})},
		{name: "cohortDescription", shape: text, kinds: ofCohort, field: interchange.FieldCohortDescription, typed: newest("Cohort/CohortDescription")},
		{name: "cohortTypeDescriptor", shape: descriptor, required: true, kinds: ofCohort, field: interchange.FieldCohortType, typed: newest("Cohort/CohortType"), old: oldest("Cohort/CohortType")},
		{name: "cohortScopeDescriptor", shape: descriptor, kinds: ofCohort, field: interchange.FieldCohortScope, typed: newest("Cohort/CohortScope"), old: oldest("Cohort/CohortScope")},
		{name: "academicSubjectDescriptor", shape: descriptor, kinds: ofCohort, field: interchange.FieldAcademicSubject, typed: newest("Cohort/AcademicSubject")},
		{name: "programs", shape: array, kinds: ofCohort, members: []*member{
			{name: "programReference", shape: object, required: true, field: interchange.FieldProgramReference, members: append(bookkeeping("link"),
				organizationID(memberProgram),
				&member{name: "programName", shape: text, required: true, field: interchange.FieldProgramName, typed: newest(memberProgram + "ProgramName")},
				&member{name: "programTypeDescriptor", shape: descriptor, required: true, field: interchange.FieldProgramType, typed: newest(memberProgram + "ProgramType")},
			)},
		}},
	}...)}
}

// Once the types are loaded,
var (
	root *member   // has the members of all kinds;
	all  []*member // are those that nodes come from, by slot. 0 stands for an entity; oldCohort for a Cohort with the enumeration values of 2.x.
)

const oldCohort xsd.Slot = 1

// number gives paths and slots to the members below.
func (m *member) number(prefix string) {
	for _, c := range m.members {
		c.path = prefix + c.name
		c.slot = xsd.Slot(len(all))
		all = append(all, c)
		if c.shape == array {
			c.path += "[]"
		}
		c.number(c.path + ".")
	}
}

// member returns the one with a name, and its place among the object's members; nil if there is none.
func (m *member) member(name []byte) (int, *member) {
	for i, c := range m.members {
		if c.name == string(name) {
			return i, c
		}
	}
	return 0, nil
}

// Types holds the simple types of members.
type Types struct{ bySlot []memberTypes }

type memberTypes struct{ now, old simpleType }

type simpleType struct {
	schema *xsd.Schema
	slot   xsd.Slot
}

func (t typed) load() (s simpleType, err error) {
	if t.element == "" {
		return s, nil
	}
	release, _ := interchange.ReleaseNamed(t.release)
	if s.schema, err = interchange.LoadSchema(release, ""); err != nil {
		return s, err
	}
	var ok bool
	if s.slot, ok = s.schema.Slot(t.element); !ok {
		err = fmt.Errorf("release %s has no element %s", t.release, t.element)
	}
	return s, err
}

// LoadTypes compiles the schemas that the types are of, once per process.
func LoadTypes() (*Types, error) { return loadTypes() }

var loadTypes = sync.OnceValues(func() (*Types, error) {
	root = memberTree()
	all = []*member{root, root}
	root.number("")
	out := &Types{make([]memberTypes, len(all))}
	for i, m := range all {
		var err error
		if out.bySlot[i].now, err = m.typed.load(); err != nil {
			return nil, fmt.Errorf("types of resources: %w", err)
		}
		if out.bySlot[i].old, err = m.old.load(); err != nil {
			return nil, fmt.Errorf("types of resources: %w", err)
		}
	}
	return out, nil
})
