package batch

import (
	"strings"
	"testing"

	"cohortx/interchange"
)

// What an encoder may never write is not let through.
func TestExportCheck(t *testing.T) {
	r, _ := interchange.ReleaseNamed("2.0")
	schema, err := interchange.LoadSchema(r, "")
	if err != nil {
		t.Fatal(err)
	}
	const (
		head  = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InterchangeStudentCohort xmlns=\"http://ed-fi.org/0200\">\n"
		good  = "  <StaffCohortAssociation><StaffReference><StaffIdentity><StaffUniqueId>1</StaffUniqueId></StaffIdentity></StaffReference><CohortReference><CohortIdentity><CohortIdentifier>1</CohortIdentifier><EducationOrganizationReference><EducationOrganizationIdentity><EducationOrganizationId>1</EducationOrganizationId></EducationOrganizationIdentity></EducationOrganizationReference></CohortIdentity></CohortReference><BeginDate>2025-09-14</BeginDate></StaffCohortAssociation>\n"
		end   = "</InterchangeStudentCohort>\n"
		named = `<StaffCohortAssociation id="a">`
	)
	for name, test := range map[string]struct {
		start  string
		pieces []string
		end    string
		want   string
	}{
		"OK":                {head, []string{good, good + good}, end, ""},
		"OK, empty":         {head, nil, end, ""},
		"no end":            {head, []string{good}, "", "no end"},
		"more at the end":   {head, []string{good}, end + good, "no end"},
		"invalid":           {head, []string{good, strings.Replace(good, "09-14", "09-31", 1)}, end, "not valid (1 violations)"},
		"cut off":           {head, []string{good, good[:100]}, end, "the end of the file"},
		"cut elsewhere":     {head, []string{good + good[:100], good[100:]}, end, "the end of the file"},
		"text between":      {head, []string{good, "x"}, end, "not valid"},
		"another root":      {strings.Replace(head, "0200", "0201", 1), []string{good}, end, "the root is not"},
		"more at the start": {head + good, []string{good}, end, "the root is not"},
		"the same id twice": {head, []string{strings.Replace(good, "<StaffCohortAssociation>", named, 1), strings.Replace(good, "<StaffCohortAssociation>", named, 1)}, end, "not valid"},
		"one too few":       {head, []string{good, "<!-- " + good + " -->"}, end, "1 entities, not the 2"},
		"a ref to nowhere":  {head, []string{good, strings.Replace(good, "<CohortReference>", "<CohortReference ref=\"b\">", 1)}, end, "not valid (1 violations)"},
	} {
		t.Run(name, func(t *testing.T) {
			check := func() error {
				c, err := newExportCheck(t.Context(), []byte(test.start), r, schema)
				if err != nil {
					return err
				}
				work := c.newWorker()
				for _, p := range test.pieces {
					if err := c.take(work([]byte(p))); err != nil {
						return err
					}
				}
				return c.finish([]byte(test.end), int64(strings.Count(strings.Join(test.pieces, ""), good[:20])))
			}
			switch err := check(); {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("found error %v, expected %q", err, test.want)
			}
		})
	}
}
