package roster

import (
	"strings"

	"cohortx/interchange"
	"cohortx/xsd/scan"
)

// Kind is what a row is about.
type Kind uint8

// The kinds of rows, in the order in which they depend on each other.
const (
	EducationOrganizationKind Kind = iota + 1
	ProgramKind
	SessionKind
	CourseOfferingKind
	SectionKind
	StaffKind
	StudentKind
)

var kindNames = [...]string{"", "EducationOrganization", "Program", "Session", "CourseOffering", "Section", "Staff", "Student"}

// String returns the Ed-Fi name of the kind's entity.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return ""
}

// Row is one entity of a file. It and what it points to, Raw too, are valid until the next call of Next.
type Row struct {
	Kind    Kind
	Element string   // the element's name, such as "LocalEducationAgency"; "" in CSV
	At      scan.Pos // of the start tag or of the CSV record
	End     int64    // offset after the end tag or the CSV record
	Raw     []byte   // as in the decoded stream; nil for a row that waited for a ref

	// The one that Kind names is set, unless there are faults.
	Person                *Person // of StudentKind and StaffKind
	EducationOrganization *EducationOrganization
	Program               *Program
	Section               *Section
	CourseOffering        *CourseOffering
	Session               *Session

	// Faults say why the row cannot be used. Values of people stand in them as their length.
	Faults []Fault
	// Key is the natural key as far as it could be read: "111111", "255901/Bilingual/Bilingual".
	Key string
}

// Fault is one broken rule of a row.
type Fault struct {
	At       scan.Pos
	Code     string // as in the interchange package's catalogue
	Path     string // of the element, from the entity's down; the column's name in CSV
	Found    string
	Expected string
}

// Coded is a value of a descriptor or an enumeration as the file has it.
type Coded struct {
	Value     string // a descriptor's URI, or a code value alone
	Namespace string // of a structured reference to a descriptor (release 2.x)
}

// Code returns the code value alone: "Male" for "uri://ed-fi.org/SexDescriptor#Male" and for "Male".
func (c Coded) Code() string { return c.Value[strings.LastIndexByte(c.Value, '#')+1:] }

// Person is a student or a member of staff. What is absent is empty.
type Person struct {
	UniqueID                string
	Name                    Name
	OtherNames              []OtherName
	IdentificationCodes     []IdentificationCode
	Sex                     Coded
	BirthDate               interchange.Date // NoDate if absent
	Birth                   Birth            // of students only
	HispanicLatinoEthnicity *bool
	Races                   []Coded
	Telephones              []Telephone      // of staff only
	ElectronicMails         []ElectronicMail // of staff only
	Documents               []IdentificationDocument
}

// Name is a person's name.
type Name struct {
	PersonalTitlePrefix, FirstName, MiddleName, LastSurname, GenerationCodeSuffix, MaidenName string
	PreferredFirstName, PreferredLastSurname                                                  string // from release 5.0 on
}

// OtherName is an alias, a former name or the like.
type OtherName struct {
	PersonalTitlePrefix, FirstName, MiddleName, LastSurname, GenerationCodeSuffix string
	Type                                                                          Coded
}

// Birth is what BirthData has beside the birth date.
type Birth struct {
	City, InternationalProvince string
	State, Country, Sex         Coded
	DateEnteredUS               interchange.Date // NoDate if absent
	MultipleBirth               *bool
}

// IdentificationCode is a code by which a system knows a person or an education organization.
type IdentificationCode struct {
	Code                  string
	System                Coded
	AssigningOrganization string // of persons only
}

// Telephone is a telephone number.
type Telephone struct {
	Number          string
	Type            Coded
	OrderOfPriority string // an integer, "" if absent
	TextMessage     *bool
	DoNotPublish    *bool // from release 3.1 on
}

// ElectronicMail is a mail address.
type ElectronicMail struct {
	Address string
	Type    Coded
	Primary *bool

	DoNotPublish *bool // from release 3.1 on
}

// IdentificationDocument is a PersonalIdentificationDocument.
type IdentificationDocument struct {
	Title, ExpirationDate, IssuerCode, IssuerName string
	Verification, IssuerCountry, Use              Coded
}

// EducationOrganization is a school, a district or any other of the standard's education organizations.
type EducationOrganization struct {
	ID         int64
	Name       string
	Categories []Coded
	Codes      []IdentificationCode
}

// Program is a program of an education organization.
type Program struct {
	EducationOrganizationID int64
	Name                    string
	Type                    Coded
	ProgramID               string // optional
}

// Session is a part of a school year at a school. Releases 2.x know it by its term, later ones by its name; both keep both.
type Session struct {
	SchoolID   int64
	SchoolYear string // "2025-2026"
	Name       string
	Term       Coded
}

// CourseOffering is a course offered at a school in a session.
type CourseOffering struct {
	LocalCourseCode string
	SchoolID        int64
	Session         Session // what its reference says of it
}

// Section is a section of a course offering.
type Section struct {
	// Structured says that the key is the one of releases 2.x: class period, classroom, course offering, sequence and
	// unique section code. Otherwise it is the section identifier and the course offering.
	Structured                  bool
	Identifier                  string // SectionIdentifier, or UniqueSectionCode
	CourseOffering              CourseOffering
	SchoolID                    int64 // of the section itself: releases 2.x
	ClassroomIdentificationCode string
	ClassroomSchoolID           int64
	ClassPeriodName             string
	ClassPeriodSchoolID         int64
	SequenceOfCourse            int64
}
