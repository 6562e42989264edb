package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// run writes files with args and gives their folder.
func run(t *testing.T, args ...string) string {
	t.Helper()
	folder := t.TempDir()
	var out bytes.Buffer
	if err := Run(context.Background(), append([]string{"cohortgen", "--out", folder}, args...), &out); err != nil {
		t.Fatalf("cohortgen %v: %v", args, err)
	}
	return folder
}

// record is an association as read back from a file, with its cohort resolved.
type record struct{ kind, org, cohort, person, begin, end, sections string }

func (r record) key() string {
	return strings.Join([]string{r.kind, r.org, r.cohort, r.person, r.begin}, "|")
}

type reference struct {
	Ref    string `xml:"ref,attr"`
	Cohort string `xml:"CohortIdentity>CohortIdentifier"`
	Org    string `xml:"CohortIdentity>EducationOrganizationReference>EducationOrganizationIdentity>EducationOrganizationId"`
}

type entity struct {
	XMLName  xml.Name
	ID       string     `xml:"id,attr"`
	Cohort   string     `xml:"CohortIdentifier"`
	Org      string     `xml:"EducationOrganizationReference>EducationOrganizationIdentity>EducationOrganizationId"`
	Student  string     `xml:"StudentReference>StudentIdentity>StudentUniqueId"`
	Staff    string     `xml:"StaffReference>StaffIdentity>StaffUniqueId"`
	In       reference  `xml:"CohortReference"`
	Begin    string     `xml:"BeginDate"`
	End      string     `xml:"EndDate"`
	Sections []struct{} `xml:"SectionReference"`
}

// read gives the associations of a generated file in its order, and the number of cohorts.
func read(t *testing.T, path string) (records []record, cohorts int) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Entities []entity `xml:",any"`
	}
	if err := xml.Unmarshal(content, &doc); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	byID := map[string]entity{}
	for _, e := range doc.Entities {
		if e.XMLName.Local == "Cohort" {
			cohorts++
			if e.ID != "" {
				byID[e.ID] = e
			}
		}
	}
	for _, e := range doc.Entities {
		if e.XMLName.Local == "Cohort" {
			continue
		}
		if e.In.Ref != "" {
			c, ok := byID[e.In.Ref]
			if !ok {
				t.Fatalf("%s: ref %s has no Cohort", path, e.In.Ref)
			}
			e.In.Cohort, e.In.Org = c.Cohort, c.Org
		}
		records = append(records, record{e.XMLName.Local, strings.TrimSpace(e.In.Org), e.In.Cohort, e.Student + e.Staff,
			strings.TrimSpace(e.Begin), strings.TrimSpace(e.End), strconv.Itoa(len(e.Sections))})
	}
	return records, cohorts
}

func TestGenerate_Shape(t *testing.T) {
	for _, release := range releaseNames() {
		t.Run(release, func(t *testing.T) {
			folder := run(t, "--release", release, "--associations", "20000")
			records, cohorts := read(t, filepath.Join(folder, "student-cohort.xml"))
			if len(records) != 20000 || cohorts != 1000 {
				t.Fatalf("%d associations of %d cohorts, want 20000 of 1000", len(records), cohorts)
			}
			keys := map[string]bool{}
			people := map[string]bool{}
			orgs := map[string]bool{}
			var staff, ended, withSection, ordered int
			for i, r := range records {
				if keys[r.key()] {
					t.Fatalf("association %d has the key of another: %s", i, r.key())
				}
				keys[r.key()] = true
				orgs[r.org] = true
				if r.end != "" {
					ended++
					if r.end < r.begin {
						t.Fatalf("association %d ends on %s before it begins on %s", i, r.end, r.begin)
					}
				}
				if r.kind == "StaffCohortAssociation" {
					staff++
				} else {
					people[r.person] = true
				}
				if r.sections != "0" {
					withSection++
				}
				if i > 0 && r.person > records[i-1].person {
					ordered++
				}
			}
			within := func(what string, got, want, tolerance int) {
				if got < want-tolerance || got > want+tolerance {
					t.Errorf("%s: %d, want about %d", what, got, want)
				}
			}
			within("students", len(people), 7000, 0)
			within("organizations", len(orgs), 40, 0)
			within("staff associations", staff, 1000, 0)
			within("ended", ended, 8000, 300)
			within("with a section", withSection, 1900, 200)
			within("neighbours in ascending order", ordered, 10000, 600)
		})
	}
}

func TestGenerate_KeysAreUniqueAtEverySize(t *testing.T) {
	for n := int64(1); n < 1200; n += 1 + n/7 {
		g := &generator{population: newPopulation(options{Associations: n, Seed: 5, Change: 100})}
		type key struct {
			staff                 bool
			person, cohort, begin uint64
		}
		seen := map[key]bool{}
		var count int64
		err := g.each(func(a association) error {
			count++
			k := key{a.staff, a.person, a.cohort, uint64(a.begin)}
			if seen[k] {
				return errors.New("twice the same key")
			}
			seen[k] = true
			if a.cohort >= g.cohorts || a.end >= len(g.days) || a.end >= 0 && a.end < a.begin {
				return fmt.Errorf("impossible: %+v", a)
			}
			return nil
		})
		if err != nil || count != n+int64(g.newStudentAssociations) {
			t.Errorf("%d associations: %d, %v", n, count, err)
		}
	}
}

func TestGenerate_EveryFormOccurs(t *testing.T) {
	folder := run(t, "--associations", "5000")
	content, err := os.ReadFile(filepath.Join(folder, "student-cohort.xml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, sign := range []string{"\n    <StudentCohortAssociation>", "><StudentReference>", "<BeginDate>&#50;0", "study&#x20;group", "\r\n", "<!--", "<BeginDate> 20", `<CohortReference ref="COHT_`} {
		if !bytes.Contains(content, []byte(sign)) {
			t.Errorf("the file has no %q", sign)
		}
	}
	plain := run(t, "--associations", "5000", "--odd", "0")
	content, err = os.ReadFile(filepath.Join(plain, "student-cohort.xml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, sign := range []string{"\r", "<!--", "&#", " ref="} {
		if bytes.Contains(content, []byte(sign)) {
			t.Errorf("--odd 0 wrote %q", sign)
		}
	}
	odd, _ := read(t, filepath.Join(folder, "student-cohort.xml"))
	same, _ := read(t, filepath.Join(plain, "student-cohort.xml"))
	if !slices.Equal(odd, same) {
		t.Error("the forms change what the file says")
	}
}

func TestGenerate_SameSeedSameBytes(t *testing.T) {
	one, two := run(t, "--associations", "3000", "--seed", "7"), run(t, "--associations", "3000", "--seed", "7")
	other := run(t, "--associations", "3000", "--seed", "8")
	for _, name := range []string{"education-organizations.xml", "students.xml", "staff.xml", "sections.xml", "student-cohort.xml"} {
		a, err := os.ReadFile(filepath.Join(one, name))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(two, name))
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs between two runs (%v)", name, err)
		}
		if err := wellFormed(a); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	a, _ := os.ReadFile(filepath.Join(one, "student-cohort.xml"))
	b, _ := os.ReadFile(filepath.Join(other, "student-cohort.xml"))
	if len(b) == 0 || bytes.Equal(a, b) {
		t.Error("another seed gives the same file")
	}
}

func wellFormed(content []byte) error {
	d := xml.NewDecoder(bytes.NewReader(content))
	for {
		if _, err := d.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestGenerate_Change(t *testing.T) {
	base, _ := read(t, filepath.Join(run(t, "--associations", "20000"), "student-cohort.xml"))
	next, _ := read(t, filepath.Join(run(t, "--associations", "20000", "--change", "2"), "student-cohort.xml"))
	was := map[string]record{}
	for _, r := range base {
		was[r.key()] = r
	}
	var added, ended, redated, others int
	kept := next[:0:0]
	for _, r := range next {
		before, ok := was[r.key()]
		switch {
		case !ok:
			added++
			continue
		case before == r:
		case before.end == "" && r.end != "":
			ended++
		case before.end != r.end && r.end != "":
			redated++
		default:
			others++
		}
		kept = append(kept, before)
	}
	if added != 100 || others != 0 || ended < 120 || redated < 70 || ended+redated < 250 || ended+redated > 350 {
		t.Errorf("%d new, %d ended, %d redated, %d otherwise changed; want 100, about 180, about 120, 0", added, ended, redated, others)
	}
	if !slices.Equal(kept, base) {
		t.Error("the associations of the first night are not in the same order")
	}
}

func TestGenerate_Resolved(t *testing.T) {
	folder := run(t, "--associations", "2000", "--resolved", "--csv")
	records, _ := read(t, filepath.Join(folder, "student-cohort.xml"))
	students := rows(t, filepath.Join(folder, "students.csv"))
	resolved := rows(t, filepath.Join(folder, "resolved", "student.csv"))
	i := 0
	for _, r := range records {
		if r.kind != "StudentCohortAssociation" {
			continue
		}
		row := resolved[i]
		i++
		number, err := strconv.Atoi(row[1])
		if err != nil {
			t.Fatal(err)
		}
		if id := students[number][0]; id != r.person { // row 0 is the header
			t.Fatalf("row %d: person %d is %s, the file has %s", i, number, id, r.person)
		}
		if got := isoDay(t, row[2]); got != r.begin {
			t.Fatalf("row %d: begin %s, the file has %s", i, got, r.begin)
		}
		if (row[3] == "") != (r.end == "") || row[3] != "" && isoDay(t, row[3]) != r.end {
			t.Fatalf("row %d: end %s, the file has %s", i, row[3], r.end)
		}
	}
	if i != len(resolved) || i != 1900 {
		t.Errorf("%d associations in the file, %d resolved, want 1900", i, len(resolved))
	}
}

func rows(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func isoDay(t *testing.T, number string) string {
	t.Helper()
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(n*86400, 0).UTC().Format(time.DateOnly)
}

func TestRun_Refuses(t *testing.T) {
	for _, args := range [][]string{{}, {"--out", t.TempDir(), "--release", "9.9"}, {"--out", t.TempDir(), "--associations", "0"}, {"--out", t.TempDir(), "--change", "101"}, {"--out", t.TempDir(), "stray"}} {
		if err := Run(context.Background(), append([]string{"cohortgen"}, args...), io.Discard); err == nil || !strings.Contains(err.Error(), "Try: ") {
			t.Errorf("cohortgen %v: %v, want an error with a command that works", args, err)
		}
	}
}

func TestRun_InterruptedLeavesNoFile(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	folder := t.TempDir()
	err := Run(ctx, []string{"cohortgen", "--out", folder, "--associations", "20000"}, io.Discard)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want that it was canceled", err)
	}
	left, err := filepath.Glob(filepath.Join(folder, "*tudent*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestPermutation(t *testing.T) {
	for _, n := range []uint64{1, 2, 3, 4, 5, 16, 17, 1000} {
		p := newPermutation(n, 9)
		seen := make([]bool, n)
		for i := range n {
			if at := p.at(i); at >= n || seen[at] {
				t.Fatalf("n=%d: place %d has %d, which is out of range or taken", n, i, at)
			} else {
				seen[at] = true
			}
		}
	}
}

func BenchmarkStudentCohort(b *testing.B) {
	for _, r := range releases {
		b.Run(r.Name, func(b *testing.B) {
			g := &generator{options: options{Release: r}, population: newPopulation(options{Associations: 20000, Odd: 10})}
			path := filepath.Join(b.TempDir(), "out.xml")
			for b.Loop() {
				n, err := writeFile(context.Background(), path, g.studentCohort)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(n)
			}
		})
	}
}
