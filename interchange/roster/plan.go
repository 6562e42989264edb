package roster

import (
	"fmt"
	"strings"

	"cohortx/interchange"
	"cohortx/xsd"
)

// field says where in a row a value goes.
type field uint8

const (
	noField field = iota
	uniqueID
	startCode // a group begins: the values after it belong to it
	code
	codeSystem
	codeSystemNamespace
	codeAssigner
	titlePrefix
	firstName
	middleName
	lastSurname
	generationSuffix
	maidenName
	preferredFirstName
	preferredLastSurname
	startOtherName
	otherTitlePrefix
	otherFirstName
	otherMiddleName
	otherLastSurname
	otherGenerationSuffix
	otherType
	sex
	birthDate
	birthCity
	birthState
	birthProvince
	birthCountry
	birthCountryNamespace
	birthSex
	dateEnteredUS
	multipleBirth
	hispanicLatino
	race
	startTelephone
	telephoneNumber
	telephoneType
	telephoneOrder
	telephoneText
	telephoneUnpublished
	startMail
	mailAddress
	mailType
	mailPrimary
	mailUnpublished
	startDocument
	documentTitle
	documentVerification
	documentExpiration
	documentIssuerCode
	documentIssuerName
	documentIssuerCountry
	documentIssuerCountryNamespace
	documentUse
	orgID
	orgName
	orgCategory
	programOrg
	programID
	programName
	programType
	sectionIdentifier
	uniqueSectionCode
	sequenceOfCourse
	sectionSchool
	classroom
	classroomSchool
	classPeriod
	classPeriodSchool
	localCourseCode
	offeringSchool
	sessionSchool
	schoolYear
	sessionName
	term
	termNamespace
	fields // how many
)

// node is a kept element of an entity, or one on the way to it.
type node struct {
	name     string
	path     string // from the entity's child down; of a CSV column its name
	slot     xsd.Slot
	schema   *xsd.Schema
	field    field
	leaf     bool
	starts   field // CSV: the group that the column begins
	many     bool  // more than one of its values may be kept
	ref      bool  // may be made by ref, and may have an id
	children []*node
}

func (n *node) child(name []byte) *node {
	for _, c := range n.children {
		if c.name == string(name) {
			return c
		}
	}
	return nil
}

// at walks down a path, nil if it is not kept.
func (n *node) at(path string) *node {
	for name := range strings.SplitSeq(path, "/") {
		if n = n.child([]byte(name)); n == nil {
			return nil
		}
	}
	return n
}

// plan is what is kept of one entity.
type plan struct {
	kind    Kind
	element string
	tree    *node
}

// The places in a StudentCohort schema whose children are those by which the entities are looked up.
const (
	studentLookup = "StudentCohortAssociation/StudentReference/StudentLookup"
	staffLookup   = "StaffCohortAssociation/StaffReference/StaffLookup"
	orgLookup     = "Cohort/EducationOrganizationReference/EducationOrganizationLookup"
	programLookup = "Cohort/ProgramReference/ProgramLookup"
	sectionLookup = "StudentCohortAssociation/SectionReference/SectionLookup"
	offering      = sectionLookup + "/CourseOfferingReference/CourseOfferingIdentity"
	sessionLookup = offering + "/SessionReference/SessionLookup"
)

// kept is a path to keep. One that the release's schema does not have is left out.
type kept struct {
	path  string
	field field
}

func school(prefix string, f field) []kept {
	return []kept{{prefix + "SchoolReference/SchoolIdentity/SchoolId", f}, {prefix + "SchoolReference/SchoolLookup/SchoolId", f}}
}

// coded is a value that is a descriptor reference of its own structure in releases 2.x.
func coded(path string, f, namespace field) []kept {
	return []kept{{path, f}, {path + "/CodeValue", f}, {path + "/Namespace", namespace}}
}

func session(prefix string) []kept {
	k := []kept{{prefix + "SessionName", sessionName}, {prefix + "SchoolYear", schoolYear}}
	return append(append(k, coded(prefix+"Term", term, termNamespace)...), school(prefix, sessionSchool)...)
}

func courseOffering(prefix string) []kept {
	k := append([]kept{{prefix + "LocalCourseCode", localCourseCode}}, school(prefix, offeringSchool)...)
	return append(k, session(prefix+"SessionReference/SessionIdentity/")...)
}

const document = "Name/PersonalIdentificationDocument"

func people(kind string) []kept {
	c := kind + "IdentificationCode"
	k := []kept{
		{kind + "UniqueId", uniqueID},
		{c, startCode}, {c + "/IdentificationCode", code}, {c + "/AssigningOrganizationIdentificationCode", codeAssigner},
		{"Name/PersonalTitlePrefix", titlePrefix}, {"Name/FirstName", firstName}, {"Name/MiddleName", middleName},
		{"Name/LastSurname", lastSurname}, {"Name/GenerationCodeSuffix", generationSuffix}, {"Name/MaidenName", maidenName},
		{"Name/PreferredFirstName", preferredFirstName}, {"Name/PreferredLastSurname", preferredLastSurname},
		{"OtherName", startOtherName}, {"OtherName/PersonalTitlePrefix", otherTitlePrefix}, {"OtherName/FirstName", otherFirstName},
		{"OtherName/MiddleName", otherMiddleName}, {"OtherName/LastSurname", otherLastSurname},
		{"OtherName/GenerationCodeSuffix", otherGenerationSuffix}, {"OtherName/OtherNameType", otherType},
		{"Sex", sex}, {"BirthDate", birthDate}, {"BirthData/BirthDate", birthDate}, {"BirthData/BirthCity", birthCity},
		{"BirthData/BirthStateAbbreviation", birthState}, {"BirthData/BirthInternationalProvince", birthProvince},
		{"BirthData/DateEnteredUS", dateEnteredUS}, {"BirthData/MultipleBirthStatus", multipleBirth}, {"BirthData/BirthSex", birthSex},
		{"HispanicLatinoEthnicity", hispanicLatino}, {"Race", race},
		{"Telephone", startTelephone}, {"Telephone/TelephoneNumber", telephoneNumber}, {"Telephone/TelephoneNumberType", telephoneType},
		{"Telephone/OrderOfPriority", telephoneOrder}, {"Telephone/TextMessageCapabilityIndicator", telephoneText},
		{"Telephone/DoNotPublishIndicator", telephoneUnpublished},
		{"ElectronicMail", startMail}, {"ElectronicMail/ElectronicMailAddress", mailAddress},
		{"ElectronicMail/ElectronicMailType", mailType}, {"ElectronicMail/PrimaryEmailAddressIndicator", mailPrimary},
		{"ElectronicMail/DoNotPublishIndicator", mailUnpublished},
		{document, startDocument}, {document + "/DocumentTitle", documentTitle},
		{document + "/PersonalInformationVerification", documentVerification}, {document + "/DocumentExpirationDate", documentExpiration},
		{document + "/IssuerDocumentIdentificationCode", documentIssuerCode}, {document + "/IssuerName", documentIssuerName},
		{document + "/IdentificationDocumentUse", documentUse},
	}
	k = append(k, coded(c+"/"+kind+"IdentificationSystem", codeSystem, codeSystemNamespace)...)
	k = append(k, coded(document+"/IssuerCountry", documentIssuerCountry, documentIssuerCountryNamespace)...)
	return append(k, coded("BirthData/BirthCountry", birthCountry, birthCountryNamespace)...)
}

// organizations are the elements that are education organizations; the id of each is an education organization id.
var organizations = []string{
	"School", "LocalEducationAgency", "StateEducationAgency", "EducationServiceCenter", "EducationOrganizationNetwork",
	"CommunityOrganization", "CommunityProvider", "PostSecondaryInstitution", "OrganizationDepartment",
}

// plans gives what is kept of the entities of a file.
func plans(c Content, r *interchange.Release, s *xsd.Schema) ([]*plan, error) {
	var all []*plan
	add := func(kind Kind, element, base string, paths []kept) error {
		p := &plan{kind: kind, element: element, tree: &node{name: element, schema: s}}
		for _, k := range paths {
			at := base + "/" + k.path
			if kind == EducationOrganizationKind && k.field == orgID {
				at = base + "/EducationOrganizationId"
			}
			if _, ok := s.Slot(at); ok {
				p.tree.keep(s, base, k, at)
			}
		}
		if len(p.tree.children) == 0 {
			return fmt.Errorf("the schema of release %s has no %s, which tells how to read %s", r.Name, base, element)
		}
		all = append(all, p)
		return nil
	}
	var err error
	switch c {
	case Students:
		err = add(StudentKind, "Student", studentLookup, people("Student"))
	case StaffMembers:
		err = add(StaffKind, "Staff", staffLookup, people("Staff"))
	case EducationOrganizations:
		for _, element := range organizations {
			const codes = "EducationOrganizationIdentificationCode"
			k := []kept{{element + "Id", orgID}, {"NameOfInstitution", orgName}, {"EducationOrganizationCategory", orgCategory},
				{codes, startCode}, {codes + "/IdentificationCode", code}}
			k = append(k, coded(codes+"/EducationOrganizationIdentificationSystem", codeSystem, codeSystemNamespace)...)
			if err = add(EducationOrganizationKind, element, orgLookup, k); err != nil {
				return nil, err
			}
		}
		err = add(ProgramKind, "Program", programLookup, []kept{
			{"EducationOrganizationReference/EducationOrganizationIdentity/EducationOrganizationId", programOrg},
			{"EducationOrganizationReference/EducationOrganizationLookup/EducationOrganizationId", programOrg},
			{"ProgramId", programID}, {"ProgramName", programName}, {"ProgramType", programType},
		})
	case Sessions:
		err = add(SessionKind, "Session", sessionLookup, session(""))
	case MasterSchedule:
		if err = add(CourseOfferingKind, "CourseOffering", offering, courseOffering("")); err != nil {
			return nil, err
		}
		k := []kept{{"SectionIdentifier", sectionIdentifier}, {"UniqueSectionCode", uniqueSectionCode}, {"SequenceOfCourse", sequenceOfCourse},
			{"LocationReference/LocationIdentity/ClassroomIdentificationCode", classroom},
			{"ClassPeriodReference/ClassPeriodIdentity/ClassPeriodName", classPeriod}}
		k = append(k, school("", sectionSchool)...)
		k = append(k, school("LocationReference/LocationIdentity/", classroomSchool)...)
		k = append(k, school("ClassPeriodReference/ClassPeriodIdentity/", classPeriodSchool)...)
		k = append(k, courseOffering("CourseOfferingReference/CourseOfferingIdentity/")...)
		err = add(SectionKind, "Section", sectionLookup, k)
	default:
		err = fmt.Errorf("a file of %s is not read as a prerequisite", c)
	}
	return all, err
}

// keep adds a path to the tree. at is where its type stands in the schema.
func (n *node) keep(s *xsd.Schema, base string, k kept, at string) {
	path := ""
	for name := range strings.SplitSeq(k.path, "/") {
		if path != "" {
			path += "/"
		}
		path += name
		next := n.child([]byte(name))
		if next == nil {
			next = &node{name: name, path: path, schema: s}
			next.slot, _ = s.Slot(base + "/" + path)
			info := s.Info(next.slot)
			next.ref = info.HasRef && strings.HasSuffix(name, "Reference")
			n.children = append(n.children, next)
		}
		n = next
	}
	n.slot, _ = s.Slot(at)
	n.leaf = s.Info(n.slot).Leaf
	switch {
	case n.leaf, k.field == startCode, k.field == startOtherName, k.field == startTelephone, k.field == startMail, k.field == startDocument:
		n.field = k.field
	}
	n.many = n.field == race || n.field == orgCategory
}
