package interchange

import (
	"strings"

	"cohortx/xsd"
)

// Field is what an element is to this program, whatever its path.
type Field uint8

// The fields.
const (
	NoField Field = iota
	FieldEntity
	FieldLookup      // any ...Lookup element
	FieldLookupValue // a value in a lookup that is not simply the key of what is looked up

	// references: elements that may have a ref
	FieldStudentReference
	FieldStaffReference
	FieldCohortReference
	FieldSectionReference
	FieldEducationOrganizationReference
	FieldProgramReference
	FieldOtherReference // inside a section's key: school, session, course offering, location, class period; descriptors of 2.x

	// values
	FieldUniqueID // StudentUniqueId, StaffUniqueId
	FieldCohortIdentifier
	FieldEducationOrganizationID
	FieldBeginDate
	FieldEndDate
	FieldStudentRecordAccess
	FieldCohortDescription
	FieldCohortType
	FieldCohortScope
	FieldAcademicSubject // from 3.1 on, a value
	FieldCodeValue       // of a 2.x descriptor reference
	FieldNamespace       // likewise
	FieldProgramType
	FieldProgramName
	FieldSchoolID
	FieldLocalCourseCode
	FieldSchoolYear
	FieldSessionName
	FieldSectionIdentifier // UniqueSectionCode in 2.x
	FieldSequenceOfCourse
	FieldClassPeriodName
	FieldClassroomIdentificationCode
	FieldSectionBeginDate // in the JSON form only
)

var references = map[string]Field{
	"StudentReference":               FieldStudentReference,
	"StaffReference":                 FieldStaffReference,
	"CohortReference":                FieldCohortReference,
	"SectionReference":               FieldSectionReference,
	"EducationOrganizationReference": FieldEducationOrganizationReference,
	"ProgramReference":               FieldProgramReference,
}

var leaves = map[string]Field{
	"StudentUniqueId":             FieldUniqueID,
	"StaffUniqueId":               FieldUniqueID,
	"CohortIdentifier":            FieldCohortIdentifier,
	"EducationOrganizationId":     FieldEducationOrganizationID,
	"BeginDate":                   FieldBeginDate,
	"EndDate":                     FieldEndDate,
	"StudentRecordAccess":         FieldStudentRecordAccess,
	"CohortDescription":           FieldCohortDescription,
	"CohortType":                  FieldCohortType,
	"CohortScope":                 FieldCohortScope,
	"AcademicSubject":             FieldAcademicSubject,
	"CodeValue":                   FieldCodeValue,
	"Namespace":                   FieldNamespace,
	"ProgramType":                 FieldProgramType,
	"ProgramName":                 FieldProgramName,
	"SchoolId":                    FieldSchoolID,
	"LocalCourseCode":             FieldLocalCourseCode,
	"SchoolYear":                  FieldSchoolYear,
	"SessionName":                 FieldSessionName,
	"SectionIdentifier":           FieldSectionIdentifier,
	"UniqueSectionCode":           FieldSectionIdentifier,
	"SequenceOfCourse":            FieldSequenceOfCourse,
	"ClassPeriodName":             FieldClassPeriodName,
	"ClassroomIdentificationCode": FieldClassroomIdentificationCode,
}

// fieldOf tells what an element is that is no entity, no lookup and not inside of one.
func fieldOf(info xsd.SlotInfo) Field {
	switch {
	case info.HasRef:
		if f, ok := references[info.Name]; ok {
			return f
		}
		return FieldOtherReference
	case info.Leaf:
		return leaves[info.Name]
	}
	return NoField
}

// lookupField tells what an element inside a lookup is. Files of releases 2.x like to repeat the key there: a StudentLookup that holds a
// StudentUniqueId only is as good as a StudentIdentity. lookup is the name of the lookup that is right above it; "" if something is between.
func lookupField(info xsd.SlotInfo, lookup string) Field {
	switch {
	case info.HasRef:
		return FieldLookupValue // a reference to look up by
	case !info.Leaf:
		return NoField
	case info.Name == "StudentUniqueId" && strings.HasSuffix(lookup, "StudentLookup"),
		info.Name == "StaffUniqueId" && strings.HasSuffix(lookup, "StaffLookup"),
		info.Name == "EducationOrganizationId" && strings.HasSuffix(lookup, "EducationOrganizationLookup"),
		info.Name == "SchoolId" && strings.HasSuffix(lookup, "SchoolLookup"):
		return leaves[info.Name]
	}
	return FieldLookupValue
}

// personal are the elements whose values are about people: they appear in messages as their length only.
var personal = map[string]bool{
	"PersonalTitlePrefix": true, "FirstName": true, "MiddleName": true, "LastSurname": true, "GenerationCodeSuffix": true,
	"MaidenName": true, "PreferredFirstName": true, "PreferredLastSurname": true,
	"BirthDate": true, "BirthCity": true, "BirthStateAbbreviation": true, "BirthInternationalProvince": true, "BirthCountry": true,
	"DateEnteredUS": true, "Sex": true, "BirthSex": true, "Race": true, "HispanicLatinoEthnicity": true,
	"TelephoneNumber": true, "ElectronicMailAddress": true, "IdentificationCode": true,
	"AssigningOrganizationIdentificationCode": true, "IssuerDocumentIdentificationCode": true, "DocumentTitle": true, "IssuerName": true,
	"DocumentExpirationDate": true,
}

// isPersonal reports whether the value of the element at the end of path is about a person. Outside of lookups of people there is
// nothing personal, but a misplaced element keeps its secret.
func isPersonal(path string) bool {
	return personal[path[strings.LastIndexByte(path, '/')+1:]]
}
