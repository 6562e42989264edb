package batch

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"cohortx/interchange"
)

type brokenDisk struct{}

func (brokenDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// What an encoder may never write is not let through, nor is a file that the disk did not take.
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
		pieces []string
		want   string
	}{
		"OK":                 {[]string{head + good, good + good, end}, ""},
		"OK, empty":          {[]string{head, end}, ""},
		"no end":             {[]string{head + good}, "no end"},
		"more after the end": {[]string{head + good, end, good}, "after the end"},
		"invalid":            {[]string{head + good, strings.Replace(good, "09-14", "09-31", 1), end}, "not valid (1 violations)"},
		"not well-formed":    {[]string{head + good, good[:100], end}, "the end of the file"},
		"text between":       {[]string{head + good, "x", end}, "not valid"},
		"another root":       {[]string{strings.Replace(head, "0200", "0201", 1) + good, end}, "the root is not"},
		"the same id twice":  {[]string{head + strings.Replace(good, "<StaffCohortAssociation>", named, 1), strings.Replace(good, "<StaffCohortAssociation>", named, 1), end}, "not valid"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			c := newExportCheck(context.Background(), &out, r, schema)
			for _, p := range test.pieces {
				if _, err := c.Write([]byte(p)); err != nil {
					break // finish says it too
				}
			}
			switch err := c.finish(); {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("found error %v, expected %q", err, test.want)
			case err == nil && out.String() != strings.Join(test.pieces, ""):
				t.Errorf("found %q", out.String())
			}
		})
	}
	t.Run("a full disk", func(t *testing.T) {
		c := newExportCheck(context.Background(), brokenDisk{}, r, schema)
		var err error
		for _, p := range []string{head + good, good, good, good, good, good, good, good, end} {
			if _, err = c.Write([]byte(p)); err != nil {
				break
			}
		}
		if done := c.finish(); done == nil || !strings.Contains(done.Error(), "no space left") {
			t.Errorf("found %v and %v, expected the disk's error", err, done)
		}
	})
}
