package resource_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"cohortx/interchange"
	"cohortx/interchange/resource"
	"cohortx/xsd/scan"
)

var update = flag.Bool("update", false, "rewrite golden files")

func newDecoder(t testing.TB) *resource.Decoder {
	types, err := resource.LoadTypes()
	if err != nil {
		t.Fatal(err)
	}
	return types.NewDecoder()
}

// read gives what a text holds, as a line each: an entity as typed values; its first violations, or why it cannot be applied; the error that
// ends the reading.
func read(t testing.TB, text string, opt scan.Options) (lines []string) {
	d := newDecoder(t)
	splitter := resource.Split(strings.NewReader(text), opt)
	for {
		b, err := splitter.Next()
		if err == io.EOF {
			return lines
		}
		var entities []interchange.Entity
		if err == nil {
			entities, err = d.Decode(b, nil)
		}
		for i := range entities {
			lines = append(lines, describe(t, b, &entities[i]))
		}
		var broken *scan.Error
		if errors.As(err, &broken) {
			if b != nil {
				return append(lines, "at "+standing(t, b, broken.At)+": "+broken.Error())
			}
			return append(lines, broken.Error())
		}
		if err != nil {
			t.Fatal(err)
		}
		b.Release()
	}
}

func describe(t testing.TB, b *scan.Block, e *interchange.Entity) string {
	from := int(e.At.Offset - b.At.Offset)
	if at := b.PosAt(from); at != e.At {
		t.Fatalf("the entity is at %+v, not at %+v", at, e.At)
	}
	if string(b.Bytes[from:from+len(e.Raw)]) != string(e.Raw) || e.Raw[0] != '{' || e.Raw[len(e.Raw)-1] != '}' {
		t.Fatalf("the entity at %+v is not what stands there: %q", e.At, e.Raw)
	}
	head := fmt.Sprintf("%d:%d %s %s", e.At.Line, e.At.Column, e.Kind, e.Key())
	if len(e.Violations) > 0 {
		for _, v := range e.Violations {
			head += fmt.Sprintf("\n  at %s: %s %s: found %s; expected %s", standing(t, b, v.At), v.Code, v.Path, v.Found, v.Expected)
		}
		return head
	}
	var fault *interchange.Fault
	var reading interchange.Reading
	if e.Kind == interchange.CohortKind {
		var c interchange.Cohort
		c, reading, fault = e.ReadCohort(resource.ReleaseOf(e))
		head += fmt.Sprintf(" type=%q scope=%q subject=%q of %q descriptors=%t programs=%v", c.CohortType, c.CohortScope, c.AcademicSubject, c.AcademicSubjectNamespace, c.Descriptors, c.Programs)
		if c.CohortDescription != nil {
			head += fmt.Sprintf(" description=%q", *c.CohortDescription)
		}
	} else {
		var p interchange.Plain
		reading, fault = e.ReadPlain(&p)
		head += fmt.Sprintf(" end=%s access=%d zoned=%t", p.EndDate, p.Access, p.Zoned)
		for i, s := range p.Sections[:len(p.SectionBegins)] { // a fault may have come between
			head += fmt.Sprintf(" %+v begin=%s", s, p.SectionBegins[i])
		}
	}
	if reading == interchange.ReadFault {
		at := e.Place(fault.Node)
		return fmt.Sprintf("%d:%d %s %s\n  at %s: %s %s: found %s; expected %s", e.At.Line, e.At.Column, e.Kind, e.Key(), standing(t, b, at),
			fault.Code, resource.Path(&e.Nodes[fault.Node]), fault.Found, fault.Expected)
	}
	if reading != interchange.ReadWhole {
		t.Fatalf("%s waits for a lookup", head)
	}
	return head
}

// standing shows the characters at a place, whose line and column it checks.
func standing(t testing.TB, b *scan.Block, at scan.Pos) string {
	from := int(at.Offset - b.At.Offset)
	if want := b.PosAt(from); want != at {
		t.Fatalf("the place is %+v, not %+v", want, at)
	}
	text := b.Bytes[from:]
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	return string(text[:min(len(text), 24)])
}

const (
	cohortRef  = `"cohortReference":{"cohortIdentifier":"1","educationOrganizationId":255901107}`
	studentRef = `"studentReference":{"studentUniqueId":"111111"}`
	begin      = `"beginDate":"2025-09-14"`
	student    = `{` + cohortRef + `,` + studentRef + `,` + begin
	newSection = `"localCourseCode":"ALG-1","schoolId":255901001,"schoolYear":2026,"sectionIdentifier":"ALG-1-1","sessionName":"Fall"`
	oldSection = `"localCourseCode":"ALG-1","schoolId":255901001,"schoolYear":2026,"classPeriodName":"01 - Trad","classroomIdentificationCode":"220",` +
		`"uniqueSectionCode":"U1","sequenceOfCourse":1,"termDescriptor":`
	cohort = `{"cohortIdentifier":"1","educationOrganizationReference":{"educationOrganizationId":255901107}`
)

// TestDecoder holds what is read of each line, and where what is wrong with it stands, against testdata/decoder.golden, which has the lines
// too. `go test ./interchange/resource -update` rewrites it.
func TestDecoder(t *testing.T) {
	golden := &txtar.Archive{Comment: []byte("What TestDecoder reads of lines: each, then what comes of it. A place is shown by what stands there.\n\n")}
	for _, tt := range []struct{ name, text string }{
		{"Association", student + `}`},
		{"EndDate", student + `,"endDate":"2025-09-21"}`},
		{"AnyOrderAndSpace", ` {"beginDate" : "2025-09-14" , ` + studentRef + ` ,"cohortReference":{"educationOrganizationId":255901107,"cohortIdentifier":"1"} } `},
		{"Bookkeeping", `{"id":"a","_etag":"b","_lastModifiedDate":"c","cohortReference":{"cohortIdentifier":"1","educationOrganizationId":255901107,"link":{"rel":"Cohort","href":"/x"}},` +
			`"studentReference":{"studentUniqueId":"111111","link":{"rel":["a",{}]}},` + begin + `}`},
		{"Null", student + `,"endDate":null,"sections":null,"studentRecordAccess":null}`},
		{"Escapes", strings.ReplaceAll(student, `"1"`, `"\u0031"`) + `,"end\u0044ate":"2025\u002d09-21"}`},
		{"Surrogate", strings.ReplaceAll(student, `"1"`, `"\ud83d\ude00"`) + `}`},
		{"Staff", `{` + cohortRef + `,"staffReference":{"staffUniqueId":"700001"},` + begin + `,"studentRecordAccess":true}`},
		{"NoAccess", `{` + cohortRef + `,"staffReference":{"staffUniqueId":"700001"},` + begin + `,"studentRecordAccess":false}`},
		{"Sections", student + `,"sections":[{"sectionReference":{` + newSection + `,"link":{}},"beginDate":"2025-09-15T00:00:00Z"},{"sectionReference":{` + strings.ReplaceAll(newSection, "Fall", "Spring") + `}}]}`},
		{"NoSections", student + `,"sections":[]}`},
		{"OldSection", student + `,"sections":[{"sectionReference":{` + oldSection + `"Fall Semester"}}]}`},
		{"OldSectionWithNamespace", student + `,"sections":[{"sectionReference":{` + oldSection + `"http://ed-fi.org/Descriptor/TermDescriptor.xml/Fall/Winter"}}]}`},
		{"SectionTwice", student + `,"sections":[{"sectionReference":{` + newSection + `}},{"sectionReference":{` + newSection + `},"beginDate":"2025-09-15"}]}`},
		{"SectionDateOutOfRange", student + `,"sections":[{"sectionReference":{` + newSection + `},"beginDate":"0025-09-15"}]}`},
		{"BothSectionKeys", student + `,"sections":[{"sectionReference":{` + newSection + `,"sequenceOfCourse":1}}]}`},
		{"HalfSectionKey", student + `,"sections":[{"sectionReference":{"localCourseCode":"A","schoolId":1,"schoolYear":2026}}]}`},
		{"EmptySection", student + `,"sections":[{}]}`},
		{"SectionNoObject", student + `,"sections":["S1",{"sectionReference":[]}]}`},
		{"SectionsNoArray", student + `,"sections":{}}`},
		{"SchoolYear", student + `,"sections":[{"sectionReference":{` + strings.ReplaceAll(newSection, "2026", "1950") + `}}]}`},
		{"SchoolYearText", student + `,"sections":[{"sectionReference":{` + strings.ReplaceAll(newSection, "2026", `"2025-2026"`) + `}}]}`},
		{"SchoolYearNone", student + `,"sections":[{"sectionReference":{` + strings.ReplaceAll(newSection, "2026", `20260`) + `}}]}`},
		{"SequenceOfCourse", student + `,"sections":[{"sectionReference":{` + strings.ReplaceAll(oldSection, `Course":1`, `Course":9`) + `"F"}}]}`},
		{"Zone", strings.ReplaceAll(student, "-14\"", "-14-06:00\"") + `}`},
		{"Midnight", strings.ReplaceAll(student, "-14\"", "-14T00:00:00.000\"") + `}`},
		{"Hour", strings.ReplaceAll(student, "-14\"", "-14T08:30:00\"") + `}`},
		{"OffsetTime", strings.ReplaceAll(student, "-14\"", "-14T00:00:00-06:00\"") + `}`},
		{"NoDate", strings.ReplaceAll(student, "2025-09-14", "09/14/2025") + `}`},
		{"NoClock", student + `,"endDate":"2025-09-21T25:00:00"}`},
		{"NoZone", student + `,"endDate":"2025-09-21T00:00:00X"}`},
		{"TwoZones", student + `,"endDate":"2025-09-21ZT00:00:00"}`},
		{"NumberDate", student + `,"endDate":20250921}`},
		{"DateTooEarly", strings.ReplaceAll(student, "2025", "0025") + `}`},
		{"EndBefore", student + `,"endDate":"2025-09-13"}`},
		{"Unknown", student + `,"end_date":"2025-09-21"}`},
		{"UnknownInside", strings.ReplaceAll(student, `"studentUniqueId"`, `"studentID":{"a":[1]},"studentUniqueId"`) + `}`},
		{"Case", strings.ReplaceAll(student, `beginDate`, `BeginDate`) + `}`},
		{"Twice", student + `,"beginDate":"2025-09-15"}`},
		{"TwiceOnceNull", student + `,"endDate":null,"endDate":"2025-09-15"}`},
		{"OfAnotherKind", student + `,"studentRecordAccess":true}`},
		{"NoCohort", `{` + studentRef + `,` + begin + `}`},
		{"NoStudent", `{` + cohortRef + `,` + begin + `}`},
		{"EmptyReference", `{` + cohortRef + `,"studentReference":{},` + begin + `}`},
		{"NullReference", `{` + cohortRef + `,"studentReference":null,` + begin + `}`},
		{"TextReference", `{` + cohortRef + `,"studentReference":"111111",` + begin + `}`},
		{"Empty", `{}`},
		{"IdAsText", strings.ReplaceAll(student, `255901107`, `"255901107"`) + `}`},
		{"IdAsFraction", strings.ReplaceAll(student, `255901107`, `255901107.0`) + `}`},
		{"IdTooLarge", strings.ReplaceAll(student, `255901107`, `92233720368547758070`) + `}`},
		{"StudentAsNumber", strings.ReplaceAll(student, `"111111"`, `111111`) + `}`},
		{"TooLong", strings.ReplaceAll(student, `"1"`, `"`+strings.Repeat("ä", 37)+`"`) + `}`},
		{"KeyBlank", strings.ReplaceAll(student, `"1"`, `" "`) + `}`},
		{"KeyEmpty", strings.ReplaceAll(student, `111111`, ``) + `}`},
		{"KeyExact", strings.ReplaceAll(student, `111111`, ` 0111111 `) + `}`},
		{"Control", strings.ReplaceAll(student, `111111`, `11\u0000`) + `}`},
		{"Noncharacter", strings.ReplaceAll(student, `111111`, "11\uffff") + `}`},
		{"BooleanAsText", `{` + cohortRef + `,"staffReference":{"staffUniqueId":"700001"},` + begin + `,"studentRecordAccess":"true"}`},
		{"Place", "\n\n  {\"id\":\"ÄÖÜ\",\"x\":1," + student[1:] + "}\n"},
		{"Cohort", cohort + `,"cohortTypeDescriptor":"uri://ed-fi.org/CohortTypeDescriptor#Study Hall","cohortScopeDescriptor":"uri://ed-fi.org/CohortScopeDescriptor#District","academicSubjectDescriptor":"uri://x.org/S#Art","cohortDescription":"a\nb",` +
			`"programs":[{"programReference":{"educationOrganizationId":255901,"programName":"Bilingual","programTypeDescriptor":"uri://ed-fi.org/ProgramTypeDescriptor#Bilingual"}}]}`},
		{"OldCohort", cohort + `,"cohortTypeDescriptor":"Study Hall","cohortScopeDescriptor":"District","academicSubjectDescriptor":"http://ed-fi.org/Descriptor/AcademicSubjectDescriptor.xml/Art","cohortDescription":""}`},
		{"OldSubjectAlone", cohort + `,"academicSubjectDescriptor":"Art","cohortTypeDescriptor":"Study Hall"}`},
		{"OwnType", cohort + `,"cohortTypeDescriptor":"Our own"}`},
		{"NoType", cohort + `}`},
		{"CohortKeyBlank", strings.ReplaceAll(cohort, `"1"`, `""`) + `,"cohortTypeDescriptor":"Other"}`},
		{"HalfProgram", cohort + `,"cohortTypeDescriptor":"Other","programs":[{"programReference":{"programName":"A","link":null}}]}`},
		{"Lines", student + "}\r\n\r\n\t\n" + cohort + `,"cohortTypeDescriptor":"Other"}`},
		{"Nothing", "\n \n"},
		{"CutOff", student + "}\n" + student},
		{"Pretty", "{\n" + student[1:] + "}"},
		{"TwoInALine", student + "}{}"},
		{"Comma", student + "},"},
		{"Array", "[" + student + "}]"},
		{"Number", "1"},
		{"NoJSON", student + `,endDate:1}`},
		{"RawNUL", strings.ReplaceAll(student, "111111", "11\x0011") + "}"},
		{"RawControl", strings.ReplaceAll(student, "111111", "11\x0111") + "}"},
		{"NoUTF8", strings.ReplaceAll(student, "111111", "ä\xe4") + "}"},
		{"NoUTF8InLink", `{"id":"` + "\xff" + `",` + student[1:] + "}"},
		{"HalfPair", strings.ReplaceAll(student, "111111", `\ud83d`) + "}"},
		{"TooDeep", `{"link":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`},
		{"BOMInside", "\n\ufeff{}"},
	} {
		got := strings.Join(read(t, tt.text, scan.Options{}), "\n")
		if cut := strings.Join(read(t, tt.text, scan.Options{Cut: func(int) int { return 1 }}), "\n"); cut != got {
			t.Errorf("%s: cut into lines (-whole +cut)\n%s", tt.name, cmp.Diff(got, cut))
		}
		golden.Files = append(golden.Files, txtar.File{Name: tt.name, Data: []byte(visible(tt.text) + "\n\n" + visible(got) + "\n\n")})
	}
	const name = "testdata/decoder.golden"
	text := txtar.Format(golden)
	if *update {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// visible shows what a terminal would not.
func visible(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, "<%02X>", s[i])
		case r < ' ' && r != '\n' || r == 0xfeff || r >= 0xfff0 && r <= 0xffff:
			fmt.Fprintf(&b, "<U+%04X>", r)
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

func TestSplitter_TooLarge(t *testing.T) {
	text := "{}\n{\"id\":\"" + strings.Repeat("x", 3000) + "\"}\n"
	got := read(t, text, scan.Options{BlockSize: 64, MaxEntity: 1000})
	if last := got[len(got)-1]; len(got) != 2 || last != "2:1: entity_too_large: found a line of more than 1000 bytes, expected one resource a line" {
		t.Errorf("%q", got)
	}
	if got := read(t, text, scan.Options{BlockSize: 64, MaxEntity: 4000}); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

// Many sections with as many dates must not cost the square of their number.
func TestDecoder_ManySections(t *testing.T) {
	var b strings.Builder
	b.WriteString(student + `,"sections":[`)
	const many = 30000
	for i := range many {
		fmt.Fprintf(&b, `{"sectionReference":{"localCourseCode":"A","schoolId":%d,"schoolYear":2026,"sectionIdentifier":"S","sessionName":"F"},"beginDate":"2025-09-15"},`, i)
	}
	text := strings.TrimSuffix(b.String(), ",") + "]}"
	d := newDecoder(t)
	block, err := resource.Split(strings.NewReader(text), scan.Options{}).Next()
	if err != nil {
		t.Fatal(err)
	}
	entities, err := d.Decode(block, nil)
	if err != nil {
		t.Fatal(err)
	}
	var p interchange.Plain
	if reading, fault := entities[0].ReadPlain(&p); reading != interchange.ReadWhole || len(p.Sections) != many || len(p.SectionBegins) != many {
		t.Errorf("%v %+v, %d sections", reading, fault, len(p.Sections))
	}
	last := `{"sectionReference":{"localCourseCode":"A","schoolId":7,"schoolYear":2026,"sectionIdentifier":"S","sessionName":"F"}}]}`
	block, err = resource.Split(strings.NewReader(strings.TrimSuffix(text, "]}")+","+last), scan.Options{}).Next()
	if err != nil {
		t.Fatal(err)
	}
	if entities, err = d.Decode(block, nil); err != nil {
		t.Fatal(err)
	}
	if reading, fault := entities[0].ReadPlain(&p); reading != interchange.ReadFault || fault.Code != interchange.CodeReferenceConflict {
		t.Errorf("%v %+v", reading, fault)
	}
}
