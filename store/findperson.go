package store

import (
	"database/sql/driver"
	"slices"
	"strings"
	"sync"

	"cohortx/interchange"
)

var personColumns = sync.OnceValue(func() map[string]column {
	return map[string]column{
		"Name/PersonalTitlePrefix": {"personal_title_prefix", exact}, "Name/FirstName": {"first_name", exact},
		"Name/MiddleName": {"middle_name", exact}, "Name/LastSurname": {"last_surname", exact},
		"Name/GenerationCodeSuffix": {"generation_code_suffix", exact}, "Name/MaidenName": {"maiden_name", exact},
		"Sex": {"sex", coded}, "BirthDate": {"birth_date", day}, "BirthData/BirthDate": {"birth_date", day},
		"HispanicLatinoEthnicity": {"hispanic_latino", boolean},
	}
})

// personDetails are the values that stand in the _detail tables; of those that say so, a descriptor equals its enumeration value.
var personDetails = sync.OnceValue(func() map[string]comparison {
	return map[string]comparison{
		"Name/PreferredFirstName": exact, "Name/PreferredLastSurname": exact, "Race": coded,
		"BirthData/BirthCity": exact, "BirthData/BirthStateAbbreviation": coded, "BirthData/BirthInternationalProvince": exact,
		"BirthData/BirthCountry": coded, "BirthData/BirthSex": coded, "BirthData/DateEnteredUS": exact, "BirthData/MultipleBirthStatus": boolean,
		"OtherName/PersonalTitlePrefix": exact, "OtherName/FirstName": exact, "OtherName/MiddleName": exact, "OtherName/LastSurname": exact,
		"OtherName/GenerationCodeSuffix": exact, "OtherName/OtherNameType": coded,
		"Telephone/TelephoneNumber": exact, "Telephone/TelephoneNumberType": coded, "Telephone/OrderOfPriority": integer,
		"Telephone/TextMessageCapabilityIndicator": boolean, "Telephone/DoNotPublishIndicator": boolean,
		"ElectronicMail/ElectronicMailAddress": exact, "ElectronicMail/ElectronicMailType": coded,
		"ElectronicMail/PrimaryEmailAddressIndicator": boolean, "ElectronicMail/DoNotPublishIndicator": boolean,
		document + "DocumentTitle": exact, document + "PersonalInformationVerification": coded, document + "DocumentExpirationDate": exact,
		document + "IssuerDocumentIdentificationCode": exact, document + "IssuerName": exact, document + "IssuerCountry": coded,
		document + "IdentificationDocumentUse": coded,
	}
})

const document = "Name/PersonalIdentificationDocument/"

// person adds one criterion of a StudentLookup or StaffLookup.
func (q *search) person(element string, c interchange.Criterion) error {
	switch {
	case c.Field == element+"UniqueId":
		q.where("s.unique_id = ?", c.Value)
		q.note("unique id", c.Value)
		return nil
	case strings.HasPrefix(c.Field, element+"IdentificationCode/"):
		q.codes = append(q.codes, interchange.Criterion{Field: strings.TrimPrefix(c.Field, element+"IdentificationCode/"), Value: c.Value})
		return nil
	case strings.HasSuffix(c.Field, "Country/Namespace"):
		return nil // the code value decides
	}
	c.Field = strings.TrimSuffix(c.Field, "/CodeValue")
	if _, ok := personColumns()[c.Field]; ok {
		q.note(c.Field, c.Value)
		return q.column(personColumns(), c)
	}
	if c.Field == "EducationOrganizationId" {
		return &UnknownCriterionError{"who belongs to which education organization"}
	}
	if _, ok := personDetails()[c.Field]; !ok {
		return &UnknownCriterionError{c.Field}
	}
	group := c.Field
	if at := strings.LastIndexByte(c.Field, '/'); at > 0 && !strings.HasPrefix(c.Field, "BirthData/") && c.Field[:at] != "Name" {
		group = c.Field[:at]
	}
	for slices.ContainsFunc(q.groups[group], func(other interchange.Criterion) bool { return other.Field == c.Field }) {
		group += "+" // of another element of this name
	}
	if q.groups == nil {
		q.groups = map[string][]interchange.Criterion{}
	}
	q.groups[group] = append(q.groups[group], c)
	return nil
}

// note keeps a value that the index may be chosen by.
func (q *search) note(field, value string) {
	if q.names == nil {
		q.names = map[string]string{}
	}
	q.names[field] = value
}

// people ends a search for persons: codes and grouped details become conditions, and the index is chosen.
func (q *search) people() {
	q.identified()
	var groups []string
	for g := range q.groups {
		groups = append(groups, g)
	}
	slices.Sort(groups)
	for _, g := range groups {
		q.detail(q.groups[g])
	}
	table, owner := q.from, q.prefix+"_id"
	by := func(name, query string, value driver.Value) {
		q.index = &tempIndex{q.prefix + "_by_" + name, query, value}
	}
	switch last, birth := q.names["Name/LastSurname"], q.names["BirthData/BirthDate"]+q.names["BirthDate"]; {
	case q.index != nil || q.names["unique id"] != "":
	case last != "":
		by("surname", "SELECT last_surname, id FROM "+table, last)
	case birth != "":
		by("birth", "SELECT date(birth_date * 86400, 'unixepoch'), id FROM "+table, birth)
	case len(groups) > 0:
		c := q.groups[groups[0]][0]
		if how := personDetails()[c.Field]; how == exact {
			by("detail", "SELECT value, "+owner+" FROM "+q.prefix+"_detail", c.Value)
		}
	}
}

// organization adds one criterion of an EducationOrganizationLookup or a SchoolLookup.
func (q *search) organization(c interchange.Criterion) error {
	const codes = "EducationOrganizationIdentificationCode/"
	switch {
	case c.Field == "EducationOrganizationId" || c.Field == "SchoolId":
		return q.compare("s.id", integer, c)
	case c.Field == "NameOfInstitution":
		q.where("s.name = ?", c.Value)
	case c.Field == "EducationOrganizationCategory":
		code := c.Value[strings.IndexByte(c.Value, '#')+1:]
		q.where("? IN (SELECT substr(s.category, instr(s.category, '#') + 1) UNION ALL SELECT substr(d.value, instr(d.value, '#') + 1) "+
			"FROM education_organization_detail d WHERE d.education_organization_id = s.id AND d.field = 'EducationOrganizationCategory')", code)
	case strings.HasPrefix(c.Field, codes):
		q.codes = append(q.codes, interchange.Criterion{Field: strings.TrimPrefix(c.Field, codes), Value: c.Value})
	default:
		return &UnknownCriterionError{c.Field}
	}
	return nil
}

// identified adds the conditions of an identification code: one code must have all that the lookup says of it.
func (q *search) identified() {
	if len(q.codes) == 0 {
		return
	}
	owner := q.prefix + "_id"
	part := &search{}
	for _, c := range q.codes {
		switch {
		case c.Field == "IdentificationCode":
			part.where("c.code = ?", c.Value)
			if q.from != "education_organization" {
				q.index = &tempIndex{q.prefix + "_by_code", "SELECT code, " + owner + " FROM " + q.prefix + "_code", c.Value}
			}
		case c.Field == "AssigningOrganizationIdentificationCode":
			part.where("c.assigner = ?", c.Value)
		case strings.HasSuffix(c.Field, "/Namespace"):
			_ = part.compare("c.namespace", optional, c) // only numbers can fail
		default:
			_ = part.compare("c.system", coded, c)
		}
	}
	q.where("EXISTS (SELECT 1 FROM "+q.prefix+"_code c WHERE c."+owner+" = s.id AND "+strings.Join(part.conditions, " AND ")+")", part.args...)
}

// detail adds the conditions of the values of one element, which must all be those of one stored element.
func (q *search) detail(group []interchange.Criterion) {
	owner := q.prefix + "_id"
	part := &search{}
	from := ""
	for i, c := range group {
		d := "d" + string(rune('a'+i))
		how := personDetails()[c.Field]
		if how == boolean {
			how, c.Value = exact, map[bool]string{true: "true", false: "false"}[c.Value == "true" || c.Value == "1"]
		}
		if i > 0 {
			from += ", "
			part.where(d + ".position = da.position")
		}
		from += q.prefix + "_detail " + d
		part.where(d+"."+owner+" = s.id AND "+d+".field = ?", c.Field)
		if how == integer {
			part.where("CAST("+d+".value AS INTEGER) = CAST(? AS INTEGER)", c.Value)
			continue
		}
		_ = part.compare(d+".value", how, c)
	}
	q.where("EXISTS (SELECT 1 FROM "+from+" WHERE "+strings.Join(part.conditions, " AND ")+")", part.args...)
}
