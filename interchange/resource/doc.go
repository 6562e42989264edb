// Package resource reads and writes the JSON form of cohorts and associations: the resources cohorts, studentCohortAssociations and
// staffCohortAssociations of Ed-Fi's API, one JSON object (RFC 8259) a line, in UTF-8, as API clients such as lightbeam keep them.
//
//	{"cohortReference":{"cohortIdentifier":"1","educationOrganizationId":255901107},"studentReference":{"studentUniqueId":"111111"},"beginDate":"2025-09-14"}
//
// What a line holds its members tell, so that a file may hold several kinds. A [Decoder] makes the same entities of lines as
// interchange.Decoder makes of XML, so that everything behind it is one and the same: keys, dates, references, outcomes.
//
//   - Names are those of the API from release 3 on, case-sensitive; sections may also be named by the key of releases 2.x.
//   - The bookkeeping of the API is passed over: id, _etag, _lastModifiedDate, and link in references. Any other unknown member is a
//     violation, as an unknown element is in XML. So is a member that stands twice.
//   - null stands for an absent member.
//   - Integers are written in digits only, without fraction or exponent. Types and lengths are those of release 5.2, for the section keys of
//     releases 2.x those of 2.0.
//   - Dates may be written as date-times; the calendar date as written counts.
//   - Blank lines are passed over. A line may end with CR LF. What is no JSON breaks the file, as what is not well-formed breaks XML: a
//     *scan.Error says where.
//
// An [Encoder] is the way back.
package resource
