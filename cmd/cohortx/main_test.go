package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"database/sql"
	"errors"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"unicode/utf16"

	_ "github.com/mattn/go-sqlite3"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cohortx": func() { os.Exit(Main()) }})
}

// TestScript runs the scripts of testdata/script. `go test ./cmd/cohortx -run Script -update` rewrites what they compare with.
//
// Commands of their own, next to those of testscript:
//
//	exits STATUS COMMAND ARG...  runs a command and asks for its exit status
//	doc OUT RELEASE FILE         writes an interchange document from a short form, see [document]
//	replace FILE OLD NEW         changes all of OLD, \n, \x00 and so on being what they are in Go
//	prepare DB                   a store with the sample organizations, students, staff and cohorts (release 5.2) as run 1
//	sql DB QUERY                 prints the rows, columns separated by |
//	views DB OUT                 writes all views on data to a file
//	gz FILE                      writes FILE.gz
//	utf16 FILE OUT, latin1 FILE OUT, zip OUT FILE|MEMBER=FILE...
//	grow FILE AFTER N            puts N letters behind AFTER
//	many FILE OLD PIECE N        puts N pieces in place of OLD, # being the number
//	shorten FILE N               cuts off the last N bytes
//	reader DB                    starts a SELECT on student_cohort_associations in a transaction, held until the script ends
//	reader DB N                  it still sees N rows
//	sums OUT FILE...             a manifest.csv of files
//	spoil FILE AT N              overwrites N bytes
//	page FILE                    writes what a page of HTML says to page.txt
//	hold FILE                    takes an exclusive flock until the script ends
func TestScript(t *testing.T) {
	samples, err := filepath.Abs("../../samples")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if checked.Load() == 0 {
			t.Error("no report was found, and so none was held against the schema")
		}
		t.Logf("%d reports were held against the schema", checked.Load())
	})
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *updateReadme,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("SAMPLES", samples)
			e.Setenv("TZ", "UTC")
			dir := e.WorkDir
			e.Defer(func() { // every report of every script
				n, err := checkReports(dir)
				if err != nil {
					t.Error(err)
				}
				checked.Add(int64(n))
			})
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"prepare": prepare,
			"doc":     convert(3, func(in []byte, arg []string) ([]byte, error) { return document(arg[1], string(in)) }),
			"replace": replace,
			"sql":     query,
			"views":   views,
			"gz":      gz,
			"utf16":   convert(2, func(in []byte, _ []string) ([]byte, error) { return toUTF16(in), nil }),
			"latin1":  convert(2, func(in []byte, _ []string) ([]byte, error) { return toLatin1(in), nil }),
			"reader":  reader,
			"zip":     zipped,
			"grow":    grow,
			"many":    many,
			"shorten": shorten,
			"hold":    hold,
			"sums":    sums,
			"page":    page,
			"spoil":   spoil,
		},
	})
}

// checked counts the reports that were held against the schema.
var checked atomic.Int64

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
		if w, ok := exit.Sys().(syscall.WaitStatus); ok && w.Signaled() {
			got = 128 + int(w.Signal()) // as a shell says it
		}
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

func prepare(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: prepare DB")
	}
	all := []string{"import", "--db", args[0]}
	for _, name := range []string{"education-organizations", "students", "staff", "cohorts"} {
		all = append(all, filepath.Join(ts.Getenv("SAMPLES"), "5.2", name+".xml"))
	}
	ts.Check(ts.Exec("cohortx", all...))
}

// convert is a command whose last argument is a file to read and whose first one is the file to write; with two arguments the other way
// round.
func convert(n int, f func(in []byte, arg []string) ([]byte, error)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != n {
			ts.Fatalf("needs %d arguments", n)
		}
		in, out := args[n-1], args[0]
		if n == 2 {
			in, out = out, in
		}
		text, err := f([]byte(ts.ReadFile(in)), args)
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(out), text, 0o600))
	}
}

func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	unescape := func(s string) string {
		out, err := strconv.Unquote("\"" + strings.ReplaceAll(s, "\"", "\\\"") + "\"")
		ts.Check(err)
		return out
	}
	text, from, to := ts.ReadFile(args[0]), unescape(args[1]), unescape(args[2])
	if !strings.Contains(text, from) {
		ts.Fatalf("%s does not contain %q", args[0], from)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, from, to)), 0o600))
}

func grow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: grow FILE AFTER N")
	}
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	text := strings.Replace(ts.ReadFile(args[0]), args[1], args[1]+strings.Repeat("a", n), 1)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

func many(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: many FILE OLD PIECE N")
	}
	n, err := strconv.Atoi(args[3])
	ts.Check(err)
	var pieces strings.Builder
	for i := range n {
		pieces.WriteString(strings.ReplaceAll(args[2], "#", strconv.Itoa(i+1)))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(ts.ReadFile(args[0]), args[1], pieces.String(), 1)), 0o600))
}

func shorten(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: shorten FILE N")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	text := ts.ReadFile(args[0])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text[:max(0, len(text)-n)]), 0o600))
}

func query(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: sql DB QUERY")
	}
	var out bytes.Buffer
	if err := rowsOf(&out, ts.MkAbs(args[0]), args[1]); (err != nil) != neg {
		ts.Fatalf("sql: %v", err)
	}
	_, err := ts.Stdout().Write(out.Bytes())
	ts.Check(err)
}

func rowsOf(out *bytes.Buffer, path, query string) error {
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Query(query)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, targets := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		for i, v := range values {
			if i > 0 {
				out.WriteByte('|')
			}
			out.WriteString(v.String)
		}
		out.WriteByte('\n')
	}
	return rows.Err()
}

// dataViews are the views on what files bring.
var dataViews = []string{
	"education_organizations", "students", "staff", "cohorts", "cohort_programs", "student_cohort_associations",
	"student_cohort_association_sections", "staff_cohort_associations", "unverified",
}

// dump returns all rows of all views on data, sorted.
func dump(path string) ([]byte, error) {
	var out bytes.Buffer
	for _, v := range dataViews {
		fmt.Fprintf(&out, "-- %s\n", v)
		var part bytes.Buffer
		// A sort of all columns would need their names; sort lines instead.
		if err := rowsOf(&part, path, "SELECT * FROM "+v); err != nil {
			return nil, err
		}
		lines := strings.SplitAfter(part.String(), "\n")
		slices.Sort(lines)
		out.WriteString(strings.Join(lines, ""))
	}
	return out.Bytes(), nil
}

func views(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: views DB OUT")
	}
	text, err := dump(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), text, 0o600))
}

var readers sync.Map // of *sql.DB, by path

func reader(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: reader DB [N]")
	}
	if len(args) == 1 {
		db, err := sql.Open("sqlite3", ts.MkAbs(args[0]))
		ts.Check(err)
		db.SetMaxOpenConns(1)
		_, err = db.Exec("BEGIN; SELECT count(*) FROM student_cohort_associations")
		ts.Check(err)
		readers.Store(ts.MkAbs(args[0]), db)
		ts.Defer(func() { db.Close() })
		return
	}
	db, ok := readers.Load(ts.MkAbs(args[0]))
	if !ok {
		ts.Fatalf("no reader")
	}
	n := ""
	ts.Check(db.(*sql.DB).QueryRow("SELECT count(*) FROM student_cohort_associations").Scan(&n))
	if n != args[1] {
		ts.Fatalf("the reader sees %s rows, want %s", n, args[1])
	}
}

func gz(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: gz FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".gz"), gzipped([]byte(ts.ReadFile(args[0]))), 0o600))
}

func gzipped(text []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		panic(err) // a Buffer takes everything
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// undeclared removes the encoding from the XML declaration.
func undeclared(text []byte) string {
	return strings.Replace(string(text), ` encoding="UTF-8"`, "", 1)
}

func toUTF16(text []byte) []byte {
	out := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(undeclared(text))) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func toLatin1(text []byte) []byte {
	var out []byte
	for _, r := range strings.Replace(string(text), "UTF-8", "ISO-8859-1", 1) {
		out = append(out, byte(r))
	}
	return out
}

func zipped(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: zip OUT FILE|MEMBER=FILE...")
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, arg := range args[1:] {
		member, name, named := strings.Cut(arg, "=")
		if !named {
			member, name = filepath.Base(arg), arg
		}
		w, err := z.Create(member)
		ts.Check(err)
		_, err = w.Write([]byte(ts.ReadFile(name)))
		ts.Check(err)
	}
	ts.Check(z.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o600))
}

func hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hold FILE")
	}
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR|os.O_CREATE, 0o600)
	ts.Check(err)
	ts.Check(unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB))
	ts.Defer(func() { f.Close() })
}

// document writes an interchange document of release 2.0 or 5.2 from a short form, one entity a line:
//
//	cohort ORG/ID [id=C1] [type=Study_Hall] [desc=TEXT] [scope=District] [subject=Reading] [program=ORG/NAME]
//	student ORG/ID PERSON BEGIN [END] [id=A1] [section=CODE]   the cohort is ORG/ID, @C1 (a ref), or ORG/ID@C1 (both)
//	staff ORG/ID PERSON BEGIN [END] [id=A1] [access=true]
//	times N LINE                                               the line N times, # being the number
//	<...                                                       as it is
//
// _ in a value is a space.
func document(release, short string) ([]byte, error) {
	d := &documentWriter{release: release}
	for _, line := range strings.Split(short, "\n") {
		if err := d.line(strings.TrimSpace(line)); err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
	}
	ns := map[string]string{"2.0": "http://ed-fi.org/0200", "5.2": "http://ed-fi.org/5.2.0"}[release]
	head := fmt.Sprintf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InterchangeStudentCohort xmlns=%q>\n", ns)
	return []byte(head + d.String() + "</InterchangeStudentCohort>\n"), nil
}

type documentWriter struct {
	strings.Builder
	release string
}

func (d *documentWriter) line(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	switch {
	case line == "":
	case strings.HasPrefix(line, "<"):
		d.WriteString("  " + line + "\n")
	case word == "times":
		n, rest, _ := strings.Cut(rest, " ")
		times, err := strconv.Atoi(n)
		if err != nil {
			return err
		}
		for i := range times {
			if err := d.line(strings.ReplaceAll(rest, "#", strconv.Itoa(i+1))); err != nil {
				return err
			}
		}
	case word == "cohort" || word == "student" || word == "staff":
		d.entity(word, strings.Fields(rest))
	default:
		return errors.New("no such entity")
	}
	return nil
}

func (d *documentWriter) entity(kind string, args []string) {
	var plain []string
	options := map[string]string{}
	for _, a := range args {
		if k, v, ok := strings.Cut(a, "="); ok {
			options[k] = html.EscapeString(strings.ReplaceAll(v, "_", " "))
		} else {
			plain = append(plain, html.EscapeString(strings.ReplaceAll(a, "_", " ")))
		}
	}
	if kind == "cohort" {
		d.cohort(plain[0], options)
		return
	}
	name, person := "StudentCohortAssociation", "Student"
	if kind == "staff" {
		name, person = "StaffCohortAssociation", "Staff"
	}
	fmt.Fprintf(d, "  <%s%s>\n    <%sReference><%sIdentity><%sUniqueId>%s</%sUniqueId></%sIdentity></%sReference>\n",
		name, attr("id", options["id"]), person, person, person, plain[1], person, person, person)
	key, ref, _ := strings.Cut(plain[0], "@")
	identity := ""
	if key != "" {
		org, id, _ := strings.Cut(key, "/")
		identity = fmt.Sprintf("<CohortIdentity><CohortIdentifier>%s</CohortIdentifier>%s</CohortIdentity>", id, organization(org))
	}
	fmt.Fprintf(d, "    <CohortReference%s>%s</CohortReference>\n    <BeginDate>%s</BeginDate>\n", attr("ref", ref), identity, plain[2])
	if len(plain) > 3 {
		fmt.Fprintf(d, "    <EndDate>%s</EndDate>\n", plain[3])
	}
	if s := options["section"]; s != "" {
		org, _, _ := strings.Cut(key, "/")
		d.section(org, s)
	}
	if a := options["access"]; a != "" {
		fmt.Fprintf(d, "    <StudentRecordAccess>%s</StudentRecordAccess>\n", a)
	}
	fmt.Fprintf(d, "  </%s>\n", name)
}

func (d *documentWriter) cohort(key string, options map[string]string) {
	org, id, _ := strings.Cut(key, "/")
	fmt.Fprintf(d, "  <Cohort%s>\n    <CohortIdentifier>%s</CohortIdentifier>\n", attr("id", options["id"]), id)
	if text := options["desc"]; text != "" {
		fmt.Fprintf(d, "    <CohortDescription>%s</CohortDescription>\n", text)
	}
	if options["type"] == "" {
		options["type"] = "Study Hall"
	}
	for _, f := range []struct{ option, element string }{{"type", "CohortType"}, {"scope", "CohortScope"}} {
		if v := options[f.option]; v != "" {
			fmt.Fprintf(d, "    <%s>%s</%s>\n", f.element, d.descriptor(f.element, v), f.element)
		}
	}
	if v := options["subject"]; v != "" {
		if d.release == "2.0" {
			v = "<CodeValue>" + v + "</CodeValue>"
		} else {
			v = d.descriptor("AcademicSubject", v)
		}
		fmt.Fprintf(d, "    <AcademicSubject>%s</AcademicSubject>\n", v)
	}
	fmt.Fprintf(d, "    %s\n", organization(org))
	if p := options["program"]; p != "" {
		org, name, _ := strings.Cut(p, "/")
		parts := []string{organization(org), fmt.Sprintf("<ProgramName>%s</ProgramName>", name), "<ProgramType>" + d.descriptor("ProgramType", "Gifted and Talented") + "</ProgramType>"}
		if d.release == "2.0" {
			parts = []string{parts[2], parts[1], parts[0]}
		}
		fmt.Fprintf(d, "    <ProgramReference><ProgramIdentity>%s</ProgramIdentity></ProgramReference>\n", strings.Join(parts, ""))
	}
	d.WriteString("  </Cohort>\n")
}

func (d *documentWriter) section(org, id string) {
	school := fmt.Sprintf("<SchoolReference><SchoolIdentity><SchoolId>%s</SchoolId></SchoolIdentity></SchoolReference>", org)
	parts := []string{
		"", "<LocalCourseCode>MATH-03</LocalCourseCode>" + school + "<SessionReference><SessionIdentity><SessionName>Fall</SessionName>" +
			"<SchoolYear>2025-2026</SchoolYear>" + school + "</SessionIdentity></SessionReference>", "",
	}
	parts[0] = "<SectionIdentifier>" + id + "</SectionIdentifier>"
	if d.release == "2.0" {
		parts[0] = "<LocationReference><LocationIdentity><ClassroomIdentificationCode>201</ClassroomIdentificationCode>" + school +
			"</LocationIdentity></LocationReference><ClassPeriodReference><ClassPeriodIdentity><ClassPeriodName>07</ClassPeriodName>" + school +
			"</ClassPeriodIdentity></ClassPeriodReference>"
		parts[1] = "<LocalCourseCode>MATH-03</LocalCourseCode><SessionReference><SessionIdentity>" + school +
			"<SchoolYear>2025-2026</SchoolYear><Term><CodeValue>Fall Semester</CodeValue></Term></SessionIdentity></SessionReference>" + school
		parts[2] = "<UniqueSectionCode>" + id + "</UniqueSectionCode><SequenceOfCourse>1</SequenceOfCourse>"
	}
	fmt.Fprintf(d, "    <SectionReference><SectionIdentity>%s<CourseOfferingReference><CourseOfferingIdentity>%s</CourseOfferingIdentity>"+
		"</CourseOfferingReference>%s</SectionIdentity></SectionReference>\n", parts[0], parts[1], parts[2])
}

func (d *documentWriter) descriptor(name, value string) string {
	if d.release == "2.0" {
		return value
	}
	return fmt.Sprintf("uri://ed-fi.org/%sDescriptor#%s", name, value)
}

func organization(id string) string {
	return fmt.Sprintf("<EducationOrganizationReference><EducationOrganizationIdentity><EducationOrganizationId>%s</EducationOrganizationId>"+
		"</EducationOrganizationIdentity></EducationOrganizationReference>", id)
}

func attr(name, value string) string {
	if value == "" {
		return ""
	}
	return fmt.Sprintf(" %s=%q", name, value)
}
