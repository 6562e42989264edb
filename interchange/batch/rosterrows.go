package batch

import (
	"strconv"

	"cohortx/interchange"
	"cohortx/interchange/dictionary"
	"cohortx/interchange/roster"
	"cohortx/store"
)

// What roster reads and what store keeps are the same values in two shapes; this file takes the one into the other.

func organizationRow(o *roster.EducationOrganization) store.EducationOrganizationRow {
	row := store.EducationOrganizationRow{ID: o.ID, Name: o.Name}
	for i, c := range o.Categories {
		if i == 0 {
			row.Category = c.Value
			continue
		}
		row.Details = append(row.Details, store.Detail{Field: "EducationOrganizationCategory", Position: i, Value: c.Value})
	}
	row.Codes = codes(o.Codes)
	return row
}

func codes(list []roster.IdentificationCode) (out []store.Code) {
	for _, c := range list {
		out = append(out, store.Code{System: c.System.Value, Namespace: c.System.Namespace, Assigner: c.AssigningOrganization, Code: c.Code})
	}
	return out
}

func personRow(numbers *dictionary.Dictionary, p *roster.Person) store.PersonRow {
	number, _ := numbers.Add([]byte(p.UniqueID))
	row := store.PersonRow{
		Number: number, UniqueID: p.UniqueID,
		PersonalTitlePrefix: p.Name.PersonalTitlePrefix, FirstName: p.Name.FirstName, MiddleName: p.Name.MiddleName,
		LastSurname: p.Name.LastSurname, GenerationCodeSuffix: p.Name.GenerationCodeSuffix, MaidenName: p.Name.MaidenName,
		BirthDate: p.BirthDate, Sex: p.Sex.Value, HispanicLatino: p.HispanicLatinoEthnicity,
		Codes: codes(p.IdentificationCodes),
	}
	d := details{}
	d.add("Name/PreferredFirstName", 0, p.Name.PreferredFirstName)
	d.add("Name/PreferredLastSurname", 0, p.Name.PreferredLastSurname)
	for i, o := range p.OtherNames {
		d.add("OtherName/PersonalTitlePrefix", i, o.PersonalTitlePrefix)
		d.add("OtherName/FirstName", i, o.FirstName)
		d.add("OtherName/MiddleName", i, o.MiddleName)
		d.add("OtherName/LastSurname", i, o.LastSurname)
		d.add("OtherName/GenerationCodeSuffix", i, o.GenerationCodeSuffix)
		d.add("OtherName/OtherNameType", i, o.Type.Value)
	}
	for i, r := range p.Races {
		d.add("Race", i, r.Value)
	}
	d.add("BirthData/BirthCity", 0, p.Birth.City)
	d.add("BirthData/BirthStateAbbreviation", 0, p.Birth.State.Value)
	d.add("BirthData/BirthInternationalProvince", 0, p.Birth.InternationalProvince)
	d.add("BirthData/BirthCountry", 0, p.Birth.Country.Value)
	d.add("BirthData/BirthCountry/Namespace", 0, p.Birth.Country.Namespace)
	d.add("BirthData/BirthSex", 0, p.Birth.Sex.Value)
	d.add("BirthData/DateEnteredUS", 0, p.Birth.DateEnteredUS.String())
	d.flag("BirthData/MultipleBirthStatus", 0, p.Birth.MultipleBirth)
	for i, t := range p.Telephones {
		d.add("Telephone/TelephoneNumber", i, t.Number)
		d.add("Telephone/TelephoneNumberType", i, t.Type.Value)
		d.add("Telephone/OrderOfPriority", i, t.OrderOfPriority)
		d.flag("Telephone/TextMessageCapabilityIndicator", i, t.TextMessage)
		d.flag("Telephone/DoNotPublishIndicator", i, t.DoNotPublish)
	}
	for i, m := range p.ElectronicMails {
		d.add("ElectronicMail/ElectronicMailAddress", i, m.Address)
		d.add("ElectronicMail/ElectronicMailType", i, m.Type.Value)
		d.flag("ElectronicMail/PrimaryEmailAddressIndicator", i, m.Primary)
		d.flag("ElectronicMail/DoNotPublishIndicator", i, m.DoNotPublish)
	}
	for i, x := range p.Documents {
		const document = "Name/PersonalIdentificationDocument/"
		d.add(document+"DocumentTitle", i, x.Title)
		d.add(document+"PersonalInformationVerification", i, x.Verification.Value)
		d.add(document+"DocumentExpirationDate", i, x.ExpirationDate)
		d.add(document+"IssuerDocumentIdentificationCode", i, x.IssuerCode)
		d.add(document+"IssuerName", i, x.IssuerName)
		d.add(document+"IssuerCountry", i, x.IssuerCountry.Value)
		d.add(document+"IdentificationDocumentUse", i, x.Use.Value)
	}
	row.Details = d
	return row
}

// details collects the values that only lookups need; absent ones are left out.
type details []store.Detail

func (d *details) add(field string, position int, value string) {
	if value != "" {
		*d = append(*d, store.Detail{Field: field, Position: position, Value: value})
	}
}

func (d *details) flag(field string, position int, value *bool) {
	if value != nil {
		d.add(field, position, strconv.FormatBool(*value))
	}
}

func sectionKey(s *roster.Section) interchange.SectionKey {
	year, _ := interchange.ParseSchoolYear([]byte(s.CourseOffering.Session.SchoolYear)) // checked by the reader
	k := interchange.SectionKey{SchoolID: s.CourseOffering.SchoolID, LocalCourseCode: s.CourseOffering.LocalCourseCode, SchoolYear: year}
	if s.Structured {
		k.Form = interchange.SectionByPeriod
		k.ClassPeriodName, k.ClassroomIdentificationCode = s.ClassPeriodName, s.ClassroomIdentificationCode
		k.UniqueSectionCode, k.SequenceOfCourse = s.Identifier, int(s.SequenceOfCourse)
		k.TermDescriptor, k.TermNamespace = s.CourseOffering.Session.Term.Value, s.CourseOffering.Session.Term.Namespace
		return k
	}
	k.Form = interchange.SectionByIdentifier
	k.SectionIdentifier, k.SessionName = s.Identifier, s.CourseOffering.Session.Name
	return k
}

func sessionRow(s *roster.Session) store.SessionRow {
	year, _ := interchange.ParseSchoolYear([]byte(s.SchoolYear)) // checked by the reader
	return store.SessionRow{SchoolID: s.SchoolID, SchoolYear: year, SessionName: s.Name, Term: s.Term.Value, TermNamespace: s.Term.Namespace}
}
