package xsd

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"cohortx/xsd/scan"
)

// association is a valid student association with places to put things: attributes, before the reference, the begin date,
// and after it.
func association(attrs, before, begin, after string) string {
	return `<StudentCohortAssociation` + attrs + `>` + before + `
  <StudentReference><StudentIdentity><StudentUniqueId>111111</StudentUniqueId></StudentIdentity></StudentReference>
  <CohortReference><CohortIdentity><CohortIdentifier>1</CohortIdentifier><EducationOrganizationReference><EducationOrganizationIdentity>
    <EducationOrganizationId>255901107</EducationOrganizationId></EducationOrganizationIdentity></EducationOrganizationReference></CohortIdentity></CohortReference>
  <BeginDate>` + begin + `</BeginDate>` + after + `</StudentCohortAssociation>`
}

// interchange wraps children in a root.
func interchange(s *Schema, attrs string, children ...string) []byte {
	return []byte(`<InterchangeStudentCohort xmlns="` + s.TargetNamespace() + `" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"` + attrs + ">\n" +
		strings.Join(children, "\n") + "\n</InterchangeStudentCohort>")
}

func check(t *testing.T, s *Schema, j *Judge, children ...string) (*read, []Violation) {
	t.Helper()
	r, err := drive(s, interchange(s, "", children...))
	if err != nil {
		t.Fatal(err)
	}
	vs, err := j.Check(context.Background(), r.scope, r.fragments())
	if err != nil {
		t.Fatal(err)
	}
	return r, vs
}

// TestJudge_Gaps holds what libxml2 2.9 refuses by mistake, or for a batch only.
func TestJudge_Gaps(t *testing.T) {
	s := compile(t, releases[8])
	j := newJudge(t, s)
	for name, children := range map[string][]string{
		"padded date":              {association("", "", "\n 2025-09-14\t", "<EndDate> 2025-09-21 </EndDate>")},
		"padded date in CDATA":     {association("", "", "<![CDATA[ 2025-09-14 ]]>", "")},
		"padded number":            {strings.Replace(association("", "", "2025-09-14", ""), "255901107<", "255901107 <", 1)},
		"comment in date":          {association("", "", "2025-<!-- - -->09-14", "")},
		"white-space CDATA":        {association("", "<![CDATA[ \n ]]>", "2025-09-14", "<![CDATA[]]>")},
		"same id twice in a batch": {association(` id="A"`, "", "2025-09-14", ""), association(` id="A"`, "", "2025-09-14", "")},
		"id and suffixed id":       {association(` id="A.1"`, "", "2025-09-14", ""), association(` id="A"`, "", "2025-09-14", "")},
		"dangling ref":             {strings.Replace(association("", "", "2025-09-14", ""), "<CohortReference>", `<CohortReference ref="nowhere">`, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			if _, vs := check(t, s, j, children...); len(vs) > 0 {
				t.Errorf("got %+v, want no violation", vs)
			}
		})
	}
}

func TestJudge_Violations(t *testing.T) {
	s := compile(t, releases[0])
	j := newJudge(t, s)
	section := "<SectionReference><SectionIdentity/></SectionReference>"
	for _, tt := range []struct {
		child    string
		code     Code
		at       string // what stands at the offset
		path     string // below the association
		found    string
		expected string
		foundLen int
	}{
		{association("", "", "2025-02-30", ""), ValueType, "<BeginDate>", "/BeginDate", "2025-02-30", "a date such as 2025-09-14", 10},
		{association("", "", strings.Repeat("é", 8000), ""), ValueType, "<BeginDate>", "/BeginDate", strings.Repeat("é", 200) + "...", "a date such as 2025-09-14", 8000},
		{association("", "x", "2025-09-14", ""), TextNotAllowed, "<StudentCohortAssociation>", "", "text between elements", "elements only", 0},
		{association("", "<![CDATA[x]]>", "2025-09-14", ""), TextNotAllowed, "<StudentCohortAssociation>", "", "text between elements", "elements only", 0},
		{association("", "", "2025-09-14", "<!--<EndDate>--><Foo><Bar/></Foo>"), ElementUnknown, "<Foo>", "/Foo", "Foo", "one of: EndDate; SectionReference", 0},
		{association("", "", "2025-09-14", section+"<EndDate>2025-09-14</EndDate>"), ElementMissing, "<SectionIdentity/>", "/SectionReference/SectionIdentity", "the end of SectionIdentity", "LocationReference", 0},
		{association("", "", "2025-09-14", "<BeginDate>2025-09-14</BeginDate>"), ElementUnexpected, "<BeginDate>2025-09-14</BeginDate></", "/BeginDate", "BeginDate", "one of: EndDate; SectionReference", 0},
		{association(` id="1"`, "", "2025-09-14", ""), IDInvalid, "<StudentCohortAssociation id", "", "1", "", 1},
		{association(` id=""`, "", "2025-09-14", ""), IDInvalid, "<StudentCohortAssociation id", "", "", "", 0},
		{association(` xml:id="1"`, "", "2025-09-14", ""), AttributeUnknown, "<StudentCohortAssociation xml", "", "xml:id", "no other attribute than id", 0},
		{association(` xsi:nil="true"`, "", "2025-09-14", ""), NilNotAllowed, "<StudentCohortAssociation xsi", "", "xsi:nil", "no xsi:nil", 0},
		{association(` xsi:type="Name"`, "", "2025-09-14", ""), TypeNotAllowed, "<StudentCohortAssociation xsi", "", "xsi:type Name", "no xsi:type, or StudentCohortAssociation", 0},
		{strings.Replace(association("", "", "2025-09-14", ""), ">255901107<", ">2147483648<", 1), ValueRange, "<EducationOrganizationId>",
			"/CohortReference/CohortIdentity/EducationOrganizationReference/EducationOrganizationIdentity/EducationOrganizationId", "2147483648", "an integer from -2147483648 to 2147483647", 10},
		{association("", "", "<b>2025-09-14</b>", ""), ElementUnknown, "<b>", "/BeginDate/b", "b", "a value without elements", 0},
		{association("", "", "2025-09-14", "<x:EndDate xmlns:x='urn:x'>2025-09-14</x:EndDate>"), ElementUnknown, "<x:EndDate", "/EndDate", "EndDate in namespace urn:x", "one of: EndDate; SectionReference", 0},
		{association("", "", "2025-09-14", "<"+strings.Repeat("n", 990)+"/>"), ElementUnknown, "<nnn", "/" + strings.Repeat("n", 990), strings.Repeat("n", 990), "one of: EndDate; SectionReference", 0},
	} {
		name := string(tt.code) + " " + tt.found
		t.Run(name[:min(60, len(name))], func(t *testing.T) {
			// Between two valid ones, so that the fragment and the place within it count.
			valid := association("", "", "2025-09-14", "")
			r, vs := check(t, s, j, valid, tt.child, valid)
			if len(vs) == 0 {
				t.Fatal("got no violation")
			}
			v := vs[0]
			raw := string(r.children[1].Raw)
			if v.Fragment != 1 || v.Code != tt.code || v.Path != "StudentCohortAssociation"+tt.path || !strings.HasPrefix(raw[v.Offset:], tt.at) {
				t.Errorf("got %+.300v, want code %s at %s", v, tt.code, tt.path)
			}
			if tt.found != "" && v.Found != tt.found || tt.expected != "" && v.Expected != tt.expected || v.FoundLen != tt.foundLen {
				t.Errorf("got found %q (%d), expected %q; want %q (%d), %q", v.Found, v.FoundLen, v.Expected, tt.found, tt.foundLen, tt.expected)
			}
			if r.children[1].proven {
				t.Error("proven")
			}
		})
	}
}

// TestJudge_NoCap: the binding keeps 32 messages of a document; every one counts.
func TestJudge_NoCap(t *testing.T) {
	s := compile(t, releases[8])
	j := newJudge(t, s)
	var children []string
	for range 500 {
		children = append(children, association("", "", "never", ""))
	}
	_, vs := check(t, s, j, children...)
	if len(vs) != 500 {
		t.Fatalf("got %d violations, want 500", len(vs))
	}
	for i, v := range vs {
		if v.Fragment != i {
			t.Fatalf("violation %d is of fragment %d", i, v.Fragment)
		}
	}
}

// TestJudge_UnknownChild: libxml2 stops at a child that the root cannot have; the faults behind it are found all the same.
func TestJudge_UnknownChild(t *testing.T) {
	s := compile(t, releases[8])
	j := newJudge(t, s)
	bad := association("", "", "never", "")
	for _, unknown := range []string{"<Unknown/>", "<Cohort xmlns=''/>", "<EndDate>2025-09-14</EndDate>"} {
		_, vs := check(t, s, j, bad, unknown, bad, unknown, unknown, bad)
		got := ""
		for _, v := range vs {
			got += fmt.Sprintf("%d %s; ", v.Fragment, v.Code)
		}
		if want := "0 value_type; 1 element_unknown; 2 value_type; 3 element_unknown; 4 element_unknown; 5 value_type; "; got != want {
			t.Errorf("%s: got %s, want %s", unknown, got, want)
		}
	}
}

func TestJudge_CheckRoot(t *testing.T) {
	s := compile(t, releases[8])
	j := newJudge(t, s)
	for _, tt := range []struct {
		doc  string
		want Code
	}{
		{string(interchange(s, "", "<Cohort/>")), ""},
		{string(interchange(s, ` xsi:schemaLocation="http://ed-fi.org/5.2.0 nowhere.xsd"`, "<Cohort/>")), ""},
		{string(interchange(s, ` version="1"`, "<Cohort/>")), RootAttribute},
		{string(interchange(s, ` xsi:nil="true"`, "<Cohort/>")), NilNotAllowed},
		{string(interchange(s, ` xsi:type="Nothing"`, "<Cohort/>")), TypeNotAllowed},
		{`<InterchangeStudentCohort xmlns="http://ed-fi.org/0200"><Cohort/></InterchangeStudentCohort>`, RootUnexpected},
		{`<InterchangeStudent xmlns="http://ed-fi.org/5.2.0"><Cohort/></InterchangeStudent>`, RootUnexpected},
	} {
		split, err := scan.Split(context.Background(), strings.NewReader(tt.doc), scan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		vs, err := j.CheckRoot(split.Scope())
		if err != nil {
			t.Fatal(err)
		}
		var got Code
		if len(vs) > 0 {
			got = vs[0].Code
		}
		if got != tt.want || len(vs) > 1 {
			t.Errorf("%.120s: got %+v, want %q", tt.doc, vs, tt.want)
		}
		if tt.want == RootUnexpected {
			if _, err := j.Check(context.Background(), split.Scope(), []Fragment{{Raw: []byte("<Cohort/>")}}); err == nil {
				t.Errorf("%.120s: judged under a wrong root", tt.doc)
			}
		}
	}
}

func TestJudge_Concurrent(t *testing.T) {
	s := compile(t, releases[8])
	j := newJudge(t, s)
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for i := range 50 {
				bad := (n + i) % 7
				var children []string
				for k := range 7 {
					begin := "2025-09-14"
					if k == bad {
						begin = fmt.Sprintf("bad-%d-%d", n, i)
					}
					children = append(children, association("", "", begin, ""))
				}
				r, err := drive(s, interchange(s, "", children...))
				if err != nil {
					t.Error(err)
					return
				}
				vs, err := j.Check(context.Background(), r.scope, r.fragments())
				if err != nil || len(vs) != 1 || vs[0].Fragment != bad || vs[0].Found != fmt.Sprintf("bad-%d-%d", n, i) {
					t.Errorf("got %+v %v, want one violation of fragment %d", vs, err, bad)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestJudge_Canceled(t *testing.T) {
	s := compile(t, releases[8])
	j := newJudge(t, s)
	r, err := drive(s, interchange(s, "", association("", "", "2025-09-14", "")))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := j.Check(ctx, r.scope, r.fragments()); err != context.Canceled {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
