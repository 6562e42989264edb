package roster

import (
	"fmt"
	"strconv"
	"strings"

	"cohortx/interchange"
	"cohortx/xsd"
)

// builder puts values into a typed row, in the order of the document. Its zero value is ready after reset.
type builder struct {
	kind Kind

	person       Person
	organization EducationOrganization
	program      Program
	section      Section
	offering     CourseOffering
	session      Session

	schools map[field]int64 // seen so far, to notice two that disagree
	has     map[field]bool
}

func (b *builder) reset(kind Kind) {
	*b = builder{kind: kind, schools: map[field]int64{}, has: map[field]bool{}}
	b.person.BirthDate, b.person.Birth.DateEnteredUS = interchange.NoDate, interchange.NoDate
}

// set puts the value of a node into place. The value has passed the schema's type, as far as there is one.
func (b *builder) set(n *node, value []byte) *Fault {
	v := string(value)
	b.has[n.field] = true
	switch n.field {
	case startCode, startOtherName, startTelephone, startMail, code, codeSystem, codeSystemNamespace, codeAssigner,
		otherTitlePrefix, otherFirstName, otherMiddleName, otherLastSurname, otherGenerationSuffix, otherType,
		telephoneNumber, telephoneType, telephoneOrder, telephoneText, mailAddress, mailType, mailPrimary:
		b.grouped(n.field, v)
		return nil
	case orgID, programOrg, sectionSchool, classroomSchool, classPeriodSchool, offeringSchool, sessionSchool, sequenceOfCourse:
		return b.number(n, value)
	case birthDate, dateEnteredUS:
		return b.date(n, value)
	case hispanicLatino:
		b.person.HispanicLatinoEthnicity = boolean(v)
	case multipleBirth:
		b.person.Birth.MultipleBirth = boolean(v)
	case race:
		b.person.Races = append(b.person.Races, Coded{Value: v})
	case orgCategory:
		b.organization.Categories = append(b.organization.Categories, Coded{Value: v})
	default:
		if to := b.text(n.field); to != nil {
			*to = v
		}
	}
	return nil
}

// text is where a single text value goes.
func (b *builder) text(f field) *string {
	p := &b.person
	session := &b.session
	switch b.kind {
	case CourseOfferingKind:
		session = &b.offering.Session
	case SectionKind:
		session = &b.section.CourseOffering.Session
	}
	switch f {
	case uniqueID:
		return &p.UniqueID
	case titlePrefix:
		return &p.Name.PersonalTitlePrefix
	case firstName:
		return &p.Name.FirstName
	case middleName:
		return &p.Name.MiddleName
	case lastSurname:
		return &p.Name.LastSurname
	case generationSuffix:
		return &p.Name.GenerationCodeSuffix
	case maidenName:
		return &p.Name.MaidenName
	case preferredFirstName:
		return &p.Name.PreferredFirstName
	case preferredLastSurname:
		return &p.Name.PreferredLastSurname
	case sex:
		return &p.Sex.Value
	case birthCity:
		return &p.Birth.City
	case birthState:
		return &p.Birth.State.Value
	case birthProvince:
		return &p.Birth.InternationalProvince
	case birthCountry:
		return &p.Birth.Country.Value
	case birthCountryNamespace:
		return &p.Birth.Country.Namespace
	case birthSex:
		return &p.Birth.Sex.Value
	case orgName:
		return &b.organization.Name
	case programID:
		return &b.program.ProgramID
	case programName:
		return &b.program.Name
	case programType:
		return &b.program.Type.Value
	case sectionIdentifier:
		return &b.section.Identifier
	case classroom:
		return &b.section.ClassroomIdentificationCode
	case classPeriod:
		return &b.section.ClassPeriodName
	case localCourseCode:
		if b.kind == CourseOfferingKind {
			return &b.offering.LocalCourseCode
		}
		return &b.section.CourseOffering.LocalCourseCode
	case schoolYear:
		return &session.SchoolYear
	case sessionName:
		return &session.Name
	case term:
		return &session.Term.Value
	case termNamespace:
		return &session.Term.Namespace
	}
	return nil
}

// grouped puts a value into the last element of the list that its field belongs to. A group's start begins a new one.
func (b *builder) grouped(f field, v string) {
	codes := &b.person.IdentificationCodes
	if b.kind == EducationOrganizationKind {
		codes = &b.organization.Codes
	}
	p := &b.person
	switch f {
	case startCode:
		*codes = append(*codes, IdentificationCode{})
	case startOtherName:
		p.OtherNames = append(p.OtherNames, OtherName{})
	case startTelephone:
		p.Telephones = append(p.Telephones, Telephone{})
	case startMail:
		p.ElectronicMails = append(p.ElectronicMails, ElectronicMail{})
	case code, codeSystem, codeSystemNamespace, codeAssigner:
		last := lastOf(codes)
		*map[field]*string{code: &last.Code, codeSystem: &last.System.Value, codeSystemNamespace: &last.System.Namespace, codeAssigner: &last.AssigningOrganization}[f] = v
	case otherTitlePrefix, otherFirstName, otherMiddleName, otherLastSurname, otherGenerationSuffix, otherType:
		last := lastOf(&p.OtherNames)
		*map[field]*string{
			otherTitlePrefix: &last.PersonalTitlePrefix, otherFirstName: &last.FirstName, otherMiddleName: &last.MiddleName,
			otherLastSurname: &last.LastSurname, otherGenerationSuffix: &last.GenerationCodeSuffix, otherType: &last.Type.Value,
		}[f] = v
	case telephoneNumber:
		lastOf(&p.Telephones).Number = v
	case telephoneType:
		lastOf(&p.Telephones).Type.Value = v
	case telephoneOrder:
		lastOf(&p.Telephones).OrderOfPriority = v
	case telephoneText:
		lastOf(&p.Telephones).TextMessage = boolean(v)
	case mailAddress:
		lastOf(&p.ElectronicMails).Address = v
	case mailType:
		lastOf(&p.ElectronicMails).Type.Value = v
	case mailPrimary:
		lastOf(&p.ElectronicMails).Primary = boolean(v)
	}
}

// lastOf returns the last element of a list, which gets one if it is empty.
func lastOf[T any](list *[]T) *T {
	if len(*list) == 0 {
		*list = append(*list, *new(T))
	}
	return &(*list)[len(*list)-1]
}

func boolean(v string) *bool {
	b := v == "true" || v == "1"
	return &b
}

func (b *builder) number(n *node, value []byte) *Fault {
	id, err := interchange.ParseOrganizationID(value)
	if err != nil {
		return &Fault{Code: string(xsd.ValueType), Path: n.path, Found: fmt.Sprintf("%q", shortened(string(value))), Expected: "an integer"}
	}
	if before, ok := b.schools[n.field]; ok && before != id {
		return &Fault{Code: string(interchange.CodeReferenceConflict), Path: n.path, Found: strconv.FormatInt(id, 10),
			Expected: strconv.FormatInt(before, 10) + ", as the same reference says before"}
	}
	b.schools[n.field] = id
	switch n.field {
	case orgID:
		b.organization.ID = id
	case programOrg:
		b.program.EducationOrganizationID = id
	case sectionSchool:
		b.section.SchoolID = id
	case classroomSchool:
		b.section.ClassroomSchoolID = id
	case classPeriodSchool:
		b.section.ClassPeriodSchoolID = id
	case sequenceOfCourse:
		b.section.SequenceOfCourse = id
	case offeringSchool:
		b.section.CourseOffering.SchoolID, b.offering.SchoolID = id, id
	case sessionSchool:
		b.session.SchoolID, b.offering.Session.SchoolID, b.section.CourseOffering.Session.SchoolID = id, id, id
	}
	return nil
}

func (b *builder) date(n *node, value []byte) *Fault {
	d, _, err := interchange.ParseDate(value)
	if err != nil {
		return &Fault{Code: string(interchange.CodeDateOutOfRange), Path: n.path, Found: fmt.Sprintf("a value of %d characters", len(value)),
			Expected: "a date such as 2009-04-27, of a year from 1900 to 2199"}
	}
	if n.field == dateEnteredUS {
		b.person.Birth.DateEnteredUS = d
	} else {
		b.person.BirthDate = d
	}
	return nil
}

// required are the fields that make the key of each kind.
var required = map[Kind][]field{
	StudentKind:               {uniqueID},
	StaffKind:                 {uniqueID},
	EducationOrganizationKind: {orgID},
	ProgramKind:               {programOrg, programName, programType},
	SectionKind:               {sectionIdentifier, localCourseCode, offeringSchool, schoolYear},
}

var requiredNames = map[field]string{
	uniqueID: "unique id", orgID: "education organization id", programOrg: "education organization", programName: "ProgramName",
	programType: "ProgramType", sectionIdentifier: "section identifier", localCourseCode: "LocalCourseCode",
	offeringSchool: "school of the course offering", schoolYear: "SchoolYear",
}

// finish completes a row: with its values, or with the faults.
func (b *builder) finish(row *Row, faults []Fault) {
	row.Faults = faults
	for _, f := range required[b.kind] {
		missing := !b.has[f]
		if to := b.text(f); to != nil && !missing && strings.TrimSpace(*to) == "" {
			missing = true
		}
		if missing {
			row.Faults = append(row.Faults, Fault{At: row.At, Code: string(interchange.CodeKeyEmpty), Path: row.Element,
				Found: "no " + requiredNames[f], Expected: "a key: nothing can be found without it"})
		}
	}
	switch b.kind {
	case StudentKind, StaffKind:
		row.Person, row.Key = &b.person, shortened(b.person.UniqueID)
	case EducationOrganizationKind:
		row.EducationOrganization, row.Key = &b.organization, strconv.FormatInt(b.organization.ID, 10)
	case ProgramKind:
		row.Program, row.Key = &b.program, fmt.Sprintf("%d/%s/%s", b.program.EducationOrganizationID, shortened(b.program.Name), shortened(b.program.Type.Value))
	case SectionKind:
		b.section.Structured = b.has[classPeriod] || b.has[classroom] || b.has[sequenceOfCourse] && !b.has[sessionName]
		row.Section, row.Key = &b.section, shortened(b.section.Identifier)
	case CourseOfferingKind:
		row.CourseOffering, row.Key = &b.offering, shortened(b.offering.LocalCourseCode)
	case SessionKind:
		row.Session, row.Key = &b.session, shortened(b.session.Name)
	}
}
