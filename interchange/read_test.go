package interchange_test

import (
	"fmt"
	"testing"

	"cohortx/interchange"
	"cohortx/xsd/scan"
)

// What an association names, in each way to name it, and what is wrong with it.
func TestEntity_ReadPlain(t *testing.T) {
	const (
		student      = "<StudentReference>%s</StudentReference>"
		identity     = "<StudentIdentity><StudentUniqueId>111111</StudentUniqueId></StudentIdentity>"
		lookup       = "<StudentLookup><StudentUniqueId>%s</StudentUniqueId></StudentLookup>"
		name         = "<StudentLookup><Name><FirstName>A</FirstName><LastSurname>B</LastSurname></Name></StudentLookup>"
		organization = "<EducationOrganizationReference>%s</EducationOrganizationReference>"
		orgIdentity  = "<EducationOrganizationIdentity><EducationOrganizationId>%s</EducationOrganizationId></EducationOrganizationIdentity>"
		orgLookup    = "<EducationOrganizationLookup><EducationOrganizationId>%s</EducationOrganizationId></EducationOrganizationLookup>"
		dates        = "<BeginDate>2025-09-14</BeginDate>"
	)
	who := func(s string, args ...any) string { return fmt.Sprintf(student, fmt.Sprintf(s, args...)) }
	cohort := func(org string) string {
		return "<CohortReference><CohortIdentity><CohortIdentifier>1</CohortIdentifier>" + fmt.Sprintf(organization, org) + "</CohortIdentity></CohortReference>"
	}
	plainOrg := fmt.Sprintf(orgIdentity, "255901107")
	for _, tt := range []struct {
		name, body string
		reading    interchange.Reading
		code       interchange.Code
		key        string
	}{
		{"identities", who(identity) + cohort(plainOrg) + dates, interchange.ReadWhole, "", "255901107/1/111111/2025-09-14"},
		{"key in a lookup", who(lookup, "111111") + cohort(fmt.Sprintf(orgLookup, "255901107")) + dates, interchange.ReadWhole, "", "255901107/1/111111/2025-09-14"},
		{"identity and lookup agree", who(identity+lookup, "111111") + cohort(plainOrg+fmt.Sprintf(orgLookup, "+255901107")) + dates, interchange.ReadWhole, "", "255901107/1/111111/2025-09-14"},
		{"identity and an empty lookup", who(identity+"<StudentLookup/>") + cohort(plainOrg) + dates, interchange.ReadWhole, "", "255901107/1/111111/2025-09-14"},
		{"persons disagree", who(identity+lookup, "222222") + cohort(plainOrg) + dates, interchange.ReadFault, interchange.CodeReferenceConflict, ""},
		{"organizations disagree", who(identity) + cohort(plainOrg+fmt.Sprintf(orgLookup, "1")) + dates, interchange.ReadFault, interchange.CodeReferenceConflict, ""},
		{"lookup by name", who(name) + cohort(plainOrg) + dates, interchange.ReadLookup, "", ""},
		{"nothing", who("") + cohort(plainOrg) + dates, interchange.ReadFault, interchange.CodeReferenceEmpty, ""},
		{"empty lookup", who("<StudentLookup/>") + cohort(plainOrg) + dates, interchange.ReadFault, interchange.CodeReferenceEmpty, ""},
		{"empty cohort reference", who(identity) + "<CohortReference/>" + dates, interchange.ReadFault, interchange.CodeReferenceEmpty, ""},
		{"blank key", who("<StudentIdentity><StudentUniqueId>  </StudentUniqueId></StudentIdentity>") + cohort(plainOrg) + dates, interchange.ReadFault, interchange.CodeKeyEmpty, ""},
		{"year 25", who(identity) + cohort(plainOrg) + "<BeginDate>0025-09-14</BeginDate>", interchange.ReadFault, interchange.CodeDateOutOfRange, ""},
		{"end before begin", who(identity) + cohort(plainOrg) + dates + "<EndDate>2025-09-13</EndDate>", interchange.ReadFault, interchange.CodeEndBeforeBegin, ""},
		{"end on begin", who(identity) + cohort(plainOrg) + dates + "<EndDate>2025-09-14</EndDate>", interchange.ReadWhole, "", "255901107/1/111111/2025-09-14"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, _ := interchange.ReleaseNamed("2.0")
			text := `<InterchangeStudentCohort xmlns="` + r.Namespace + `"><StudentCohortAssociation>` + tt.body + `</StudentCohortAssociation></InterchangeStudentCohort>`
			splitter, schema := split(t, text, scan.Options{})
			block, err := splitter.Next()
			if err != nil {
				t.Fatal(err)
			}
			entities, err := interchange.NewDecoder(schema, splitter.Scope()).Decode(block, nil)
			if err != nil || len(entities) != 1 || !entities[0].Proven {
				t.Fatalf("%v, %d entities", err, len(entities))
			}
			var p interchange.Plain
			reading, fault := entities[0].ReadPlain(&p)
			if reading != tt.reading || (fault != nil) != (tt.code != "") || fault != nil && fault.Code != tt.code {
				t.Fatalf("%v %+v, want %v %s", reading, fault, tt.reading, tt.code)
			}
			if tt.key == "" {
				return
			}
			key := fmt.Sprintf("%d/%s/%s/%s", p.EducationOrganizationID, p.CohortIdentifier, p.UniqueID, p.BeginDate)
			if key != tt.key || entities[0].Key() != tt.key {
				t.Fatalf("%s and %s, want %s", key, entities[0].Key(), tt.key)
			}
		})
	}
}
