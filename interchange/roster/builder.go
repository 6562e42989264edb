package roster

import (
	"fmt"
	"strconv"
	"strings"

	"cohortx/interchange"
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

	numbers [fields]int64 // seen so far, to notice two that disagree
	has     [fields]bool
}

func (b *builder) reset(kind Kind) {
	// What a list held is kept for the next row's.
	p := &b.person
	codes, others, races, phones, mails := p.IdentificationCodes[:0], p.OtherNames[:0], p.Races[:0], p.Telephones[:0], p.ElectronicMails[:0]
	documents := p.Documents[:0]
	orgCodes, categories := b.organization.Codes[:0], b.organization.Categories[:0]
	*b = builder{kind: kind}
	p.IdentificationCodes, p.OtherNames, p.Races, p.Telephones, p.ElectronicMails = codes, others, races, phones, mails
	p.Documents = documents
	b.organization.Codes, b.organization.Categories = orgCodes, categories
	b.person.BirthDate, b.person.Birth.DateEnteredUS = interchange.NoDate, interchange.NoDate
}

// set puts the value of a node into place. The value has passed the schema's type, as far as there is one.
func (b *builder) set(n *node, value []byte) *Fault {
	v := string(value)
	f := n.field
	again := b.has[f]
	b.has[f] = true
	if to := b.text(f); to != nil {
		if again && *to != v {
			return b.twice(n, value)
		}
		*to = v
		return nil
	}
	switch f {
	case startDocument, documentTitle, documentVerification, documentExpiration, documentIssuerCode, documentIssuerName, documentIssuerCountry,
		documentIssuerCountryNamespace, documentUse, telephoneUnpublished, mailUnpublished,
		startCode, startOtherName, startTelephone, startMail, code, codeSystem, codeSystemNamespace, codeAssigner,
		otherTitlePrefix, otherFirstName, otherMiddleName, otherLastSurname, otherGenerationSuffix, otherType,
		telephoneNumber, telephoneType, telephoneOrder, telephoneText, mailAddress, mailType, mailPrimary:
		b.grouped(f, v)
	case orgID, programOrg, sectionSchool, classroomSchool, classPeriodSchool, offeringSchool, sessionSchool, sequenceOfCourse:
		return b.number(n, value, again)
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
	}
	return nil
}

// twice is the fault of a value that is there a second time and differs.
func (b *builder) twice(n *node, value []byte) *Fault {
	return &Fault{Code: string(interchange.CodeReferenceConflict), Path: n.path, Found: found(b.kind, n.field, value), Expected: "the value that it has before, or one only"}
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
	case sectionIdentifier, uniqueSectionCode:
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
	case code:
		lastOf(codes).Code = v
	case codeSystem:
		lastOf(codes).System.Value = v
	case codeSystemNamespace:
		lastOf(codes).System.Namespace = v
	case codeAssigner:
		lastOf(codes).AssigningOrganization = v
	case otherTitlePrefix:
		lastOf(&p.OtherNames).PersonalTitlePrefix = v
	case otherFirstName:
		lastOf(&p.OtherNames).FirstName = v
	case otherMiddleName:
		lastOf(&p.OtherNames).MiddleName = v
	case otherLastSurname:
		lastOf(&p.OtherNames).LastSurname = v
	case otherGenerationSuffix:
		lastOf(&p.OtherNames).GenerationCodeSuffix = v
	case otherType:
		lastOf(&p.OtherNames).Type.Value = v
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
	case telephoneUnpublished:
		lastOf(&p.Telephones).DoNotPublish = boolean(v)
	case mailPrimary:
		lastOf(&p.ElectronicMails).Primary = boolean(v)
	case mailUnpublished:
		lastOf(&p.ElectronicMails).DoNotPublish = boolean(v)
	case startDocument:
		p.Documents = append(p.Documents, IdentificationDocument{})
	default:
		lastOf(&p.Documents).set(f, v)
	}
}

// set puts a value of the document into place.
func (d *IdentificationDocument) set(f field, v string) {
	switch f {
	case documentTitle:
		d.Title = v
	case documentVerification:
		d.Verification.Value = v
	case documentExpiration:
		d.ExpirationDate = v
	case documentIssuerCode:
		d.IssuerCode = v
	case documentIssuerName:
		d.IssuerName = v
	case documentIssuerCountry:
		d.IssuerCountry.Value = v
	case documentIssuerCountryNamespace:
		d.IssuerCountry.Namespace = v
	case documentUse:
		d.Use.Value = v
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

func (b *builder) number(n *node, value []byte, again bool) *Fault {
	id, err := interchange.ParseOrganizationID(value)
	if err != nil {
		return nil // the type has found it
	}
	if before := b.numbers[n.field]; again && before != id {
		return &Fault{Code: string(interchange.CodeReferenceConflict), Path: n.path, Found: strconv.FormatInt(id, 10),
			Expected: strconv.FormatInt(before, 10) + ", as before"}
	}
	b.numbers[n.field] = id
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
		if _, fault := n.schema.Value(n.slot, value, new([]byte)); fault != nil {
			return nil // the type has found it
		}
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

// need is a part of a key.
type need struct {
	field field
	name  string // for people
}

var (
	personKey      = []need{{uniqueID, "unique id"}}
	orgKey         = []need{{orgID, "id of the education organization"}}
	programKey     = []need{{programOrg, "EducationOrganizationId"}, {programName, "ProgramName"}, {programType, "ProgramType"}}
	byTerm         = []need{{sessionSchool, "SchoolId of the session"}, {schoolYear, "SchoolYear"}, {term, "Term"}}
	byName         = []need{{sessionSchool, "SchoolId of the session"}, {schoolYear, "SchoolYear"}, {sessionName, "SessionName"}}
	offeringKey    = []need{{localCourseCode, "LocalCourseCode"}, {offeringSchool, "SchoolId of the course offering"}}
	sectionKey     = []need{{sectionIdentifier, "SectionIdentifier"}}
	structuredKey  = []need{{uniqueSectionCode, "UniqueSectionCode"}, {sequenceOfCourse, "SequenceOfCourse"}, {classroom, "ClassroomIdentificationCode"}, {classPeriod, "ClassPeriodName"}}
	sectionSchools = []field{offeringSchool, sessionSchool, sectionSchool, classroomSchool, classPeriodSchool}
)

// key gives what the row's key must have.
func (b *builder) key() [][]need {
	// Releases 2.x know a session by its term. Only their references have a term and no name.
	session := byName
	if b.has[term] && (!b.has[sessionName] || b.has[uniqueSectionCode]) {
		session = byTerm
	}
	switch b.kind {
	case StudentKind, StaffKind:
		return [][]need{personKey}
	case EducationOrganizationKind:
		return [][]need{orgKey}
	case ProgramKind:
		return [][]need{programKey}
	case SessionKind:
		return [][]need{session}
	case CourseOfferingKind:
		return [][]need{offeringKey, session}
	case SectionKind:
		if b.has[uniqueSectionCode] {
			return [][]need{structuredKey, offeringKey, byTerm}
		}
		return [][]need{sectionKey, offeringKey, session}
	}
	return nil
}

// finish completes a row: with its values, or with the faults.
func (b *builder) finish(row *Row, faults []Fault) {
	for _, needs := range b.key() {
		for _, n := range needs {
			to := b.text(n.field)
			if b.has[n.field] && (to == nil || strings.TrimSpace(*to) != "") {
				continue
			}
			if len(faults) == 0 { // otherwise the fault that is known may be why
				faults = append(faults, Fault{At: row.At, Code: string(interchange.CodeKeyEmpty), Path: row.Element,
					Found: "no " + n.name, Expected: "a value: it is a part of the key"})
			}
		}
	}
	if b.kind == SectionKind || b.kind == CourseOfferingKind {
		for _, f := range sectionSchools {
			if b.has[f] && b.has[offeringSchool] && b.numbers[f] != b.numbers[offeringSchool] {
				faults = append(faults, Fault{At: row.At, Code: string(interchange.CodeReferenceConflict), Path: row.Element,
					Found: fmt.Sprintf("school %d", b.numbers[f]), Expected: fmt.Sprintf("the school of the course offering, %d", b.numbers[offeringSchool])})
				break
			}
		}
	}
	row.Faults = faults
	switch b.kind {
	case StudentKind, StaffKind:
		row.Person, row.Key = &b.person, shortened(b.person.UniqueID)
	case EducationOrganizationKind:
		row.EducationOrganization, row.Key = &b.organization, strconv.FormatInt(b.organization.ID, 10)
	case ProgramKind:
		row.Program, row.Key = &b.program, fmt.Sprintf("%d/%s/%s", b.program.EducationOrganizationID, shortened(b.program.Name), shortened(b.program.Type.Value))
	case SectionKind:
		b.section.Structured = b.has[uniqueSectionCode]
		row.Section, row.Key = &b.section, shortened(b.section.Identifier)
	case CourseOfferingKind:
		row.CourseOffering, row.Key = &b.offering, shortened(b.offering.LocalCourseCode)
	case SessionKind:
		row.Session, row.Key = &b.session, fmt.Sprintf("%d/%s/%s", b.session.SchoolID, b.session.SchoolYear, shortened(b.session.Name))
	}
}
