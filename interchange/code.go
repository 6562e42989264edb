package interchange

import (
	"cohortx/xsd"
	"cohortx/xsd/scan"
)

// Code names why something was rejected or refused, or what a warning is about. Codes are stable: scripts may rely on them. The rules of
// XML and of the schema have the codes of packages scan and xsd.
type Code string

// The codes of this program's own rules.
const (
	// rules of the document
	CodeIDDuplicate Code = "id_duplicate"
	CodeRefDangling Code = "ref_dangling"

	// references
	CodeRefAmbiguous       Code = "ref_ambiguous"
	CodeRefTargetRejected  Code = "ref_target_rejected"
	CodeReferenceEmpty     Code = "reference_empty"
	CodeReferenceConflict  Code = "reference_conflict"
	CodeReferenceWrongKind Code = "reference_wrong_kind"
	CodeReferenceCycle     Code = "reference_cycle"
	CodeLookupNoMatch      Code = "lookup_no_match"
	CodeLookupAmbiguous    Code = "lookup_ambiguous"

	CodeStudentNotFound               Code = "student_not_found"
	CodeStaffNotFound                 Code = "staff_not_found"
	CodeCohortNotFound                Code = "cohort_not_found"
	CodeEducationOrganizationNotFound Code = "education_organization_not_found"
	CodeSectionNotFound               Code = "section_not_found"
	CodeProgramNotFound               Code = "program_not_found"

	// values
	CodeKeyEmpty       Code = "key_empty"
	CodeDateOutOfRange Code = "date_out_of_range"
	CodeEndBeforeBegin Code = "end_before_begin"

	// policies
	CodeOverlap Code = "overlap"
	CodeReopen  Code = "reopen"

	// refusals of files and sets
	CodeRootInvalid    Code = "root_invalid"
	CodeTooManyRejects Code = "too_many_rejects"
	CodeContentUnknown Code = "root_unknown"
	CodeHeaderUnknown  Code = "header_unknown"
	CodeArchiveRefused Code = "archive_refused"

	// refusals of the drop folder
	CodeNotReadable      Code = "not_readable"
	CodeManifestInvalid  Code = "manifest_invalid"
	CodeManifestMismatch Code = "manifest_mismatch"

	// exports
	CodeNotConvertible Code = "not_convertible"
	CodeCohortLeftOut  Code = "cohort_left_out"
	CodeNothingMatches Code = "nothing_matches"
	CodeValueLeftOut   Code = "value_left_out"
	// complete sets (--mode full)
	CodeAsOfBeforeLast       Code = "as_of_before_last"
	CodeSetFileRefused       Code = "set_file_refused"
	CodeNoAssociations       Code = "no_associations"
	CodeRejectKeyUnknown     Code = "reject_key_unknown"
	CodeSetDrift             Code = "set_drift"
	CodeTooManyRemovals      Code = "too_many_removals"
	CodeTooManyRemovalsTotal Code = "too_many_removals_total"

	// warnings
	CodeReopened     Code = "reopened"
	CodeOverlaps     Code = "overlaps"
	CodeZoneDropped  Code = "zone_dropped"
	CodeStoredCohort Code = "stored_cohort"
)

// Class says what a code does.
type Class uint8

// The classes.
const (
	Violates Class = iota + 1 // the entity breaks a rule of the schema or the document: `validate` reports it, `import` rejects it
	Rejects                   // the entity is not applied
	Refuses                   // the whole file or set is not applied
	Warns                     // applied, and worth a look
	Holds                     // all but the removals of a complete set is applied; the exit status is 5
)

// String returns a word for people.
func (c Class) String() string {
	return [...]string{"", "violation", "reject", "refusal", "warning", "held back"}[c]
}

// Entry explains one code.
type Entry struct {
	Code    Code
	Class   Class
	Meaning string
	Remedy  string
	Example string
}

// Explain returns the entry of a code.
func Explain(code Code) (Entry, bool) {
	for _, e := range Catalogue {
		if e.Code == code {
			return e, true
		}
	}
	return Entry{Code: code}, false
}

// Catalogue explains all codes, in the order in which the rules are looked at.
var Catalogue = []Entry{
	{Code(scan.NotWellFormed), Refuses, "The file is not well-formed XML, or a line is no JSON object.", "Export the file again; a file that was cut off in transfer ends in the middle.", "<BeginDate>2025-09-14</EndDate>"},
	{Code(scan.DoctypeRefused), Refuses, "The file has a DOCTYPE. No Ed-Fi file needs one, and none is ever read.", "Remove the DOCTYPE.", "<!DOCTYPE InterchangeStudentCohort>"},
	{Code(scan.NULByte), Refuses, "The file contains a NUL byte.", "Export the file again as UTF-8 text.", "a file that is UTF-16 without a byte-order mark"},
	{Code(scan.XMLVersion), Refuses, "The file declares an XML version other than 1.0.", "Write version=\"1.0\".", "<?xml version=\"1.1\"?>"},
	{Code(scan.InvalidCharacter), Refuses, "The file contains a character that XML does not allow.", "Remove control characters from the values before the export.", "&#x1;"},
	{Code(scan.InvalidEncoding), Refuses, "The bytes are not of the encoding that the file is in.", "Declare the encoding that the file really has, or write UTF-8; CSV and JSON are always read as UTF-8.", "a byte FF in UTF-8"},
	{Code(scan.TooDeep), Refuses, "Elements are nested more than 64 deep.", "This is no StudentCohort file; look at where it comes from.", "<a><a><a>..."},
	{Code(scan.EntityTooLarge), Refuses, "One entity, one record of a CSV file, or one line of JSON is larger than 16 MiB.", "Look for a missing end tag, in CSV for a missing quotation mark, before this place.", "a Cohort that is never closed"},
	{Code(scan.NameTooLong), Refuses, "A name is longer than 1,000 bytes.", "This is no StudentCohort file; look at where it comes from.", "<aaaa..."},
	{Code(scan.AttributeTooLong), Refuses, "An attribute's value is longer than 1 MiB.", "Look for a missing quotation mark before this place.", "id=\"aaaa..."},
	{Code(scan.TooManyNamespaces), Refuses, "More than 256 namespaces are declared at one place.", "This is no StudentCohort file; look at where it comes from.", "xmlns:n1=\"urn:1\" xmlns:n2=\"urn:2\" ..."},
	{"encoding_unknown", Refuses, "The file declares an encoding that is not read.", "Write the file as UTF-8.", "<?xml version=\"1.0\" encoding=\"EBCDIC-CP-US\"?>"},
	{"encoding_mismatch", Refuses, "The file's first bytes and its XML declaration name different encodings.", "Declare the encoding that the file really has.", "encoding=\"UTF-16\" in a file of single bytes"},
	{"compression_ratio", Refuses, "The compressed file grows more than --max-ratio times.", "Look at where the file comes from; if it is what it should be, import it with a higher --max-ratio.", "a file of 1 MB that becomes 600 MB"},
	{"compression_broken", Refuses, "The compressed file is cut off or damaged.", "Transfer the file again.", "a .gz file without its end"},
	{CodeArchiveRefused, Refuses, "The archive cannot be opened, holds nothing that can be imported, or holds another archive. Only in a drop folder.", "Transfer it again, or unpack it and give what is in it.", "a .zip file without its end"},
	{CodeNotReadable, Refuses, "What lies in the drop folder is not read: it is a symbolic link or a pipe, which is never opened, or its permissions forbid it.", "Put the file itself into the inbox, readable for the user that cohortx runs as.", "cohorts.xml -> /etc/passwd"},
	{CodeManifestInvalid, Refuses, "The manifest.csv cannot be read, so that none of the files that came with it can be verified.", "Mend manifest.csv as the message says, and put it and its files into the inbox again.", "a line without a hash"},
	{CodeManifestMismatch, Refuses, "The file's SHA-256 is not the one in manifest.csv.", "Transfer the file and manifest.csv again.", "a file that was cut off in transfer"},
	{CodeContentUnknown, Refuses, "The root element or its namespace is none that can be imported.", "Give a file of one of the interchanges that the message lists, or --as-release.", "<InterchangeStudentGrade>"},
	{CodeHeaderUnknown, Refuses, "The first line is no header of a CSV file that is known.", "Give the file a header with the columns that the message lists. If it is empty, export it again.", "id;name"},
	{CodeRootInvalid, Refuses, "Something stands between the entities that may not stand there, the root has an attribute that it may not have, or there is no entity at all.", "Mend the places that are listed, or export the file again.", "<InterchangeStudentCohort xmlns=\"...\"/>"},
	{"csv_record", Rejects, "A line of a CSV file is none, or has another number of fields than the header.", "Put quotation marks around values that contain a comma, and write every column.", "5,Smith where the header has four columns"},
	{Code(xsd.RootUnexpected), Violates, "The root element is not the one of the schema.", "Write <InterchangeStudentCohort> in the namespace of the release.", "<InterchangeStudentCohort xmlns=\"https://ed-fi.org/0200\">"},
	{Code(xsd.RootAttribute), Violates, "The root has an attribute that it may not have.", "Remove the attribute.", "<InterchangeStudentCohort version=\"1\">"},
	{Code(xsd.ElementUnknown), Violates, "An element (in JSON, a member) stands where the schema knows none of that name.", "Remove the element, or move its value to where the schema has it; names are case-sensitive and must be in the release's namespace.", "<StudentId> for <StudentUniqueId>"},
	{Code(xsd.ElementUnexpected), Violates, "An element (in JSON, a member) stands at the wrong place, or once too often.", "Write the elements in the order of the schema.", "<EndDate> before <BeginDate>"},
	{Code(xsd.ElementMissing), Violates, "A required element (in JSON, a member) is missing.", "Add the element that the message names.", "a StudentCohortAssociation without BeginDate"},
	{Code(xsd.TextNotAllowed), Violates, "Text stands between elements.", "Remove the text, or put it into an element.", "<Cohort>text<CohortIdentifier>"},
	{Code(xsd.ValueType), Violates, "A value is not of its type: no date, no integer, no boolean.", "Write dates as 2025-09-14, integers in digits only, booleans as true or false.", "<BeginDate>9/14/2025</BeginDate>"},
	{Code(xsd.ValueTooLong), Violates, "A value has more characters than allowed. White space counts.", "Shorten the value.", "a CohortIdentifier of 21 characters in release 2.0"},
	{Code(xsd.ValueTooShort), Violates, "A value has fewer characters than required.", "Write the value, or leave the element out if it is optional.", "<CohortDescription></CohortDescription> in release 2.0"},
	{Code(xsd.ValueRange), Violates, "A number is below the least or above the greatest that is allowed.", "Write a number of the range.", "<SequenceOfCourse>9</SequenceOfCourse>"},
	{Code(xsd.ValueEnumeration), Violates, "A value is not one of those that the schema lists. Case matters.", "Write one of the listed values.", "<CohortType>Study hall</CohortType>"},
	{Code(xsd.ValuePattern), Violates, "A value does not have the form that the schema asks for.", "Write the value in the form that the message gives.", "only with --xsd: no embedded schema has patterns"},
	{Code(xsd.AttributeUnknown), Violates, "An element has an attribute that it may not have.", "Remove the attribute. Entities may have id; references id and ref.", "<Cohort ref=\"C1\">"},
	{Code(xsd.AttributeMissing), Violates, "A required attribute is missing.", "Add the attribute.", "only with --xsd: no embedded schema requires one"},
	{Code(xsd.AttributeValue), Violates, "An attribute's value is not of its type.", "Write a value of the type that the message names.", "xsi:type=\"\""},
	{Code(xsd.IDInvalid), Violates, "An id is not a name: it must begin with a letter or _ and hold no space or colon.", "Put a letter before the number.", "id=\"1\""},
	{Code(xsd.RefInvalid), Violates, "A ref is not a name: it must begin with a letter or _ and hold no space or colon.", "Write the id of the element that is meant.", "ref=\"\""},
	{Code(xsd.NilNotAllowed), Violates, "xsi:nil stands where no element can be nil.", "Leave the element out.", "<EndDate xsi:nil=\"true\"/>"},
	{Code(xsd.TypeNotAllowed), Violates, "xsi:type names a type that is unknown or does not fit.", "Remove the attribute.", "<Cohort xsi:type=\"StaffCohortAssociation\">"},
	{Code(xsd.TooLarge), Violates, "libxml2 refuses to read the entity, for its size.", "Look at the entity; no value of this interchange is that long.", "an attribute of 11 MB"},
	{Code(xsd.SchemaViolation), Violates, "Another rule of the schema is broken.", "Follow the message.", "only with --xsd"},
	{CodeIDDuplicate, Violates, "An id is used a second time in the document. The entity is applied all the same; a ref to the id is not resolved.", "Give each element an id of its own.", "id=\"C1\" on two cohorts"},
	{CodeRefDangling, Violates, "A ref names an id that no element of the document has.", "Correct the ref, or add the element. Case matters.", "ref=\"c1\" where the id is C1"},
	{CodeRefAmbiguous, Rejects, "A ref names an id that several elements of the document have.", "Give each element an id of its own.", "ref=\"C1\" with two cohorts C1"},
	{CodeRefTargetRejected, Rejects, "A ref names an element that was itself rejected. It is counted apart, as a consequence.", "Mend the rejected element; this one then follows.", "ref=\"C1\" where cohort C1 has no CohortType"},
	{CodeReferenceWrongKind, Rejects, "A ref names an element of another kind.", "Refer to an element of the kind that the message names.", "a CohortReference to a StudentCohortAssociation"},
	{CodeReferenceEmpty, Rejects, "A reference names nothing.", "Give it an Identity, a Lookup or a ref.", "<StudentReference/>"},
	{CodeReferenceConflict, Rejects, "A reference names its target in two ways that disagree.", "Make them agree, or remove one.", "CohortIdentity of cohort 1 with ref to cohort 2"},
	{CodeReferenceCycle, Rejects, "References refer to each other in a circle, so that none names anything.", "Give one of them an Identity.", "id=\"S1\" ref=\"S2\" and id=\"S2\" ref=\"S1\""},
	{CodeLookupNoMatch, Rejects, "No stored row has all the values of a Lookup.", "Correct the values, import the file that has the row, or write an Identity.", "a StudentLookup by a name and a birth date that no student has"},
	{CodeLookupAmbiguous, Rejects, "Several stored rows have all the values of a Lookup.", "Add values until only one row has them all, or write an Identity.", "a StudentLookup by a name that two students have"},
	{CodeKeyEmpty, Rejects, "A part of a natural key is empty or blank. From release 5.1 on the schema allows it, and nothing can be found by it.", "Write the key.", "<StudentUniqueId></StudentUniqueId>"},
	{CodeDateOutOfRange, Rejects, "A date is in a year before 1900 or after 2199.", "Correct the year.", "<BeginDate>0025-09-14</BeginDate>"},
	{CodeEndBeforeBegin, Rejects, "The end date is before the begin date.", "Correct one of the two.", "BeginDate 2025-09-14, EndDate 2024-09-21"},
	{CodeEducationOrganizationNotFound, Rejects, "No education organization with this id is stored.", "Import the InterchangeEducationOrganization file first, correct the id, or use --allow-missing education-organizations.", "EducationOrganizationId 255901108"},
	{CodeStudentNotFound, Rejects, "No student with this unique id is stored.", "Import the InterchangeStudent file first, correct the id, or use --allow-missing students.", "StudentUniqueId 0111111 where 111111 is stored"},
	{CodeStaffNotFound, Rejects, "No staff member with this unique id is stored.", "Import the InterchangeStaffAssociation file first, correct the id, or use --allow-missing staff.", "StaffUniqueId 9"},
	{CodeCohortNotFound, Rejects, "No cohort with this key is stored or in the files of this run.", "Add the Cohort, correct the reference, or use --allow-missing cohorts.", "cohort 255901107/7"},
	{CodeSectionNotFound, Rejects, "No section with this key is stored.", "Import the InterchangeMasterSchedule file first, correct the key, or use --allow-missing sections.", "a SectionReference of last year"},
	{CodeProgramNotFound, Rejects, "No program with this key is stored.", "Import the InterchangeEducationOrganization file first, correct the key, or use --allow-missing programs.", "a ProgramReference with the name misspelt"},
	{CodeReopen, Rejects, "The file has no end date where the store has one, and --reopen reject is in force.", "Write the end date, or import with --reopen allow.", "yesterday's file sent again after an end date"},
	{CodeOverlap, Rejects, "The dates overlap another association of the same person and cohort, and --overlap reject is in force.", "Correct the dates, or import with --overlap allow.", "a second association from 2025-10-01 while the first is open"},
	{CodeTooManyRejects, Refuses, "More entities were rejected than --max-rejects allows; nothing was applied.", "Mend the rejects that are listed, or import with a higher --max-rejects.", "1,200 of 10,000 entities"},
	{CodeNotConvertible, Rejects, "The release of the export has no form for a value of the entity, which is left out.", "Export to the release that the entity came in, or change the value at its source.", "a CohortIdentifier of 30 characters, or a section key of 5.2, in an export to 2.0"},
	{CodeCohortLeftOut, Rejects, "The cohort of an association is left out of the export, and the association with it. It is counted apart, as a consequence.", "Look at why the cohort is left out.", "the associations of a cohort whose CohortType release 2.0 does not list"},
	{CodeNothingMatches, Refuses, "An export has no entity to write. An interchange document without one is not valid, so none is written, and a file that is there stays.", "Look at what --as-of, --school-year, --education-organization and --cohort ask for; with --force the empty document is written.", "--school-year 2062"},
	{CodeAsOfBeforeLast, Refuses, "The as-of date of a complete set is before that of the last complete run of one of its education organizations.", "If this is not a stale file, import it with --force.", "--mode full --as-of 2026-02-01 after a run as of 2026-02-02"},
	{CodeSetFileRefused, Holds, "A file of the complete set was refused, so that what the set lacks may stand in it.", "Mend the file and import the whole set again.", "one of ten files is cut off in transfer"},
	{CodeNoAssociations, Holds, "The complete set has no association of this kind at all.", "Look at the export; if there really are none any more, approve the run.", "a file of cohorts only"},
	{CodeRejectKeyUnknown, Holds, "An entity was rejected whose key cannot be read, so that it may be one of those that seem to be missing.", "Mend the rejected entities and import the whole set again.", "an association without a BeginDate"},
	{CodeSetDrift, Holds, "The complete set has far more, or far fewer, associations than the last complete run: by more than --max-drift.", "Look at the export; if it is right, approve the run.", "400 associations after 1,000"},
	{CodeTooManyRemovals, Holds, "A larger share of an education organization's active associations than --max-removals is missing from the complete set.", "Look at whether a part of the organization is missing in the export; if it is right, approve the run.", "one school of a district is missing"},
	{CodeTooManyRemovalsTotal, Holds, "A larger share of all active associations than --max-removals is missing from the complete set.", "Look at whether a part of the export is missing; if it is right, approve the run.", "half of the schools are missing"},
	{CodeReopened, Warns, "The file has no end date where the store has one; the association is open again.", "If the file is older than the store, import the newer one again; --reopen reject prevents it.", "no EndDate for an association that ended on 2025-09-21"},
	{CodeOverlaps, Warns, "The dates overlap another association of the same person and cohort.", "Look at whether one of them should have ended; --overlap reject prevents it.", "a second association from 2025-10-01 while the first is open"},
	{CodeValueLeftOut, Warns, "An export wrote an association without the begin date of a section, for which XML has no place.", "Export as JSON, with --format jsonl.", "sections[].beginDate of a JSON resource, in an export to XML"},
	{CodeZoneDropped, Warns, "Dates have a time zone, or in JSON a time of day. The calendar date as written counts.", "Write dates without a time zone.", "2025-09-14Z"},
	{CodeStoredCohort, Warns, "The file's own Cohort element was rejected; the association was applied to the cohort as it is stored.", "Mend the Cohort.", "cohort 1 without its CohortType, and an association with cohort 1"},
}
