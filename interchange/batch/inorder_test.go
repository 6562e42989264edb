package batch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cohortx/interchange/report"
	"cohortx/xsd/scan"
)

// Whatever end tags stand where nothing ends, a file has the entities and faults that it has when it is cut at every entity.
func TestValidate_Guesses(t *testing.T) {
	const entity = `<StudentCohortAssociation><StudentReference><StudentIdentity><StudentUniqueId>%d</StudentUniqueId></StudentIdentity></StudentReference>` +
		`<CohortReference><CohortIdentity><CohortIdentifier>1</CohortIdentifier><EducationOrganizationReference><EducationOrganizationIdentity>` +
		`<EducationOrganizationId>255901001</EducationOrganizationId></EducationOrganizationIdentity></EducationOrganizationReference></CohortIdentity></CohortReference>` +
		`<BeginDate>2025-09-14</BeginDate></StudentCohortAssociation>` + "\n"
	var plain strings.Builder
	for i := range 400 {
		fmt.Fprintf(&plain, entity, i+1)
	}
	few := strings.Repeat(fmt.Sprintf(entity, 1), 30) // more than a block and what it is filled up with
	for name, odd := range map[string]string{
		"plain":                   "",
		"comment":                 "<!--" + few + "-->",
		"instruction":             "<?p " + few + "?>",
		"nested":                  "<StudentCohortAssociation>" + few + "</StudentCohortAssociation>",
		"unknown":                 "<Other>" + few + "</Other>",
		"CDATA between":           "<![CDATA[" + few + "]]>",
		"invalid":                 strings.Replace(few, "2025-09-14", "2025-09-31", 1),
		"not well-formed":         strings.Replace(few, "<BeginDate>", "<BeginDate", 1),
		"comment without an end":  "<!--" + few,
		"element without an end":  "<Other>" + few,
		"end of the root":         "</InterchangeStudentCohort><!--" + few + "-->",
		"second root":             "</InterchangeStudentCohort><Other>",
		"a duplicate id, and few": strings.Replace(few, "<StudentCohortAssociation>", `<StudentCohortAssociation id="a">`, 2),
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "a.xml")
			text := `<InterchangeStudentCohort xmlns="http://ed-fi.org/0200">` + plain.String() + odd + plain.String() + odd + plain.String() + "</InterchangeStudentCohort>\n"
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			said := func(jobs int, opt scan.Options) []string {
				var list []string
				v, err := Validate(context.Background(), ValidateOptions{
					ReadOptions: ReadOptions{Jobs: jobs, Scan: opt}, Files: []string{file}, Each: func(f report.Fault) { list = append(list, f.Message()) },
				})
				if err != nil {
					t.Fatal(err)
				}
				if v.Files[0].Codes["not_well_formed"] == 0 { // else blocks have more or less before the place where the file breaks
					list = append(list, fmt.Sprintf("%d entities", v.Files[0].Entities))
				}
				return list
			}
			want := said(1, scan.Options{Cut: func(int) int { return 1 }})
			for _, jobs := range []int{1, 4} {
				if d := cmp.Diff(want, said(jobs, scan.Options{BlockSize: 512})); d != "" {
					t.Errorf("with guesses and %d goroutines (-want +got):\n%s", jobs, d)
				}
			}
		})
	}
}
