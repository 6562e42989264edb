package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"cohortx/interchange"
	"cohortx/store"
)

const (
	created   = interchange.Created
	updated   = interchange.Updated
	unchanged = interchange.Unchanged
)

func TestTx_PutStudents(t *testing.T) {
	yes := true
	full := store.PersonRow{Number: 1, UniqueID: "111111", FirstName: "Ana", LastSurname: "Ruiz", BirthDate: day("2010-02-28"), Sex: "Female", HispanicLatino: &yes,
		Codes:   []store.Code{{System: "State", Code: "A"}, {System: "District", Code: "B"}, {System: "State", Code: "A"}},
		Details: []store.Detail{{Field: "Race", Value: "White"}, {Field: "OtherName/FirstName", Position: 1, Value: "Anna"}}}
	bare := store.PersonRow{Number: 1, UniqueID: "111111", BirthDate: interchange.NoDate}
	unverified := store.PersonRow{Number: 1, UniqueID: "111111", BirthDate: interchange.NoDate, Unverified: true}
	with := func(f func(*store.PersonRow)) store.PersonRow { r := full; f(&r); return r }
	for _, tt := range []struct {
		name   string
		stored []store.PersonRow
		row    store.PersonRow
		want   interchange.Outcome
		view   string // students without the key
		codes  string
	}{
		{"New", nil, full, created, "Ana|Ruiz|2010-02-28|1", "2"},
		{"Equal", []store.PersonRow{full}, full, unchanged, "Ana|Ruiz|2010-02-28|1", "2"},
		{"OtherName", []store.PersonRow{full}, with(func(r *store.PersonRow) { r.FirstName = "Eva" }), updated, "Eva|Ruiz|2010-02-28|1", "2"},
		{"OtherCode", []store.PersonRow{full}, with(func(r *store.PersonRow) { r.Codes = r.Codes[:1] }), updated, "Ana|Ruiz|2010-02-28|1", "1"},
		{"OtherDetail", []store.PersonRow{full}, with(func(r *store.PersonRow) { r.Details = nil }), updated, "Ana|Ruiz|2010-02-28|1", "2"},
		{"AbsentClears", []store.PersonRow{full}, bare, updated, "|||1", "0"},
		{"Unverified", nil, unverified, created, "|||0", "0"},
		{"UnverifiedLeavesStored", []store.PersonRow{full}, unverified, unchanged, "Ana|Ruiz|2010-02-28|1", "2"},
		{"Verifies", []store.PersonRow{unverified}, bare, updated, "|||1", "0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := create(t, store.Options{})
			for _, r := range tt.stored {
				tx := begin(t, db)
				must[[]interchange.Outcome](t)(tx.PutStudents(t.Context(), []store.PersonRow{r}))
				commit(t, tx)
			}
			tx := begin(t, db)
			got := must[[]interchange.Outcome](t)(tx.PutStudents(t.Context(), []store.PersonRow{tt.row}))
			commit(t, tx)
			if got[0] != tt.want {
				t.Errorf("outcome: found %s, expected %s", got[0], tt.want)
			}
			if got := shell(t, db.Path(), "SELECT first_name, last_surname, birth_date, verified FROM students WHERE student_unique_id = '111111'"); got != tt.view {
				t.Errorf("view: found %s, expected %s", got, tt.view)
			}
			if got := shell(t, db.Path(), "SELECT count(*) FROM student_code"); got != tt.codes {
				t.Errorf("codes: found %s, expected %s", got, tt.codes)
			}
			sound(t, db.Path())
		})
	}
}

// More rows than a statement holds, and the same row more than once: the later replaces the earlier.
func TestTx_PutStaff_Many(t *testing.T) {
	db := create(t, store.Options{})
	tx := begin(t, db)
	var rows []store.PersonRow
	var want []interchange.Outcome
	for i := range 333 {
		n := uint32(i%111 + 1)
		rows = append(rows, store.PersonRow{Number: n, UniqueID: fmt.Sprint("T", n), LastSurname: fmt.Sprint("L", i/111), BirthDate: interchange.NoDate,
			Codes: []store.Code{{System: "State", Code: fmt.Sprint(i / 222)}}})
		want = append(want, [...]interchange.Outcome{created, updated, updated}[i/111])
	}
	rows = append(rows, rows[332], rows[332])
	want = append(want, unchanged, unchanged)
	got := must[[]interchange.Outcome](t)(tx.PutStaff(t.Context(), rows))
	commit(t, tx)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("outcomes: found %v, expected %v", got, want)
	}
	if got := shell(t, db.Path(), "SELECT last_surname, count(*) FROM staff GROUP BY 1"); got != "L2|111" {
		t.Errorf("found %s", got)
	}
	if got := shell(t, db.Path(), "SELECT code, count(*) FROM staff_code GROUP BY 1"); got != "1|111" {
		t.Errorf("found %s", got)
	}
	sound(t, db.Path())
}

func TestTx_PutCohorts(t *testing.T) {
	text := func(s string) *string { return &s }
	row := func(f func(*store.CohortRow)) store.CohortRow {
		r := cohort(1)
		r.CohortScope, r.AcademicSubject, r.CohortDescription, r.ProgramNumbers = "School", "Mathematics", text("of the day"), []uint32{2, 1}
		if f != nil {
			f(&r)
		}
		return r
	}
	descriptors := func(r *store.CohortRow) {
		r.CohortType, r.CohortScope, r.AcademicSubject, r.Descriptors = "uri://ed-fi.org/CohortTypeDescriptor#Study Hall",
			"uri://ed-fi.org/CohortScopeDescriptor#School", "uri://ed-fi.org/AcademicSubjectDescriptor#Mathematics", true
	}
	for _, tt := range []struct {
		name string
		row  store.CohortRow
		want interchange.Outcome
		view string
		n    string // programs
	}{
		{"Equal", row(nil), unchanged, "255901001|C1|Study Hall|School|Mathematics|of the day", "2"},
		// The same values as descriptors are no change; the form in which they came first stays.
		{"Descriptors", row(descriptors), unchanged, "255901001|C1|Study Hall|School|Mathematics|of the day", "2"},
		{"DescriptorsAndProgram", row(func(r *store.CohortRow) {
			descriptors(r)
			r.ProgramNumbers = []uint32{2}
		}), updated, "255901001|C1|Study Hall|School|Mathematics|of the day", "1"},
		{"DescriptorsAndDescription", row(func(r *store.CohortRow) {
			descriptors(r)
			r.CohortDescription = text("of the night")
		}), updated, "255901001|C1|uri://ed-fi.org/CohortTypeDescriptor#Study Hall|uri://ed-fi.org/CohortScopeDescriptor#School|uri://ed-fi.org/AcademicSubjectDescriptor#Mathematics|of the night", "2"},
		{"OtherDescriptor", row(func(r *store.CohortRow) {
			descriptors(r)
			r.CohortType = "uri://example.org/CohortTypeDescriptor#Study Hall"
		}), updated, "255901001|C1|uri://example.org/CohortTypeDescriptor#Study Hall|uri://ed-fi.org/CohortScopeDescriptor#School|uri://ed-fi.org/AcademicSubjectDescriptor#Mathematics|of the day", "2"},
		{"SubjectNamespace", row(func(r *store.CohortRow) { r.AcademicSubjectNamespace = "http://ed-fi.org/" }), updated, "255901001|C1|Study Hall|School|Mathematics|of the day", "2"},
		{"EmptyDescription", row(func(r *store.CohortRow) { r.CohortDescription = text("") }), updated, "255901001|C1|Study Hall|School|Mathematics|", "2"},
		{"AbsentClears", row(func(r *store.CohortRow) { r.CohortScope, r.CohortDescription, r.ProgramNumbers = "", nil, nil }), updated, "255901001|C1|Study Hall||Mathematics|", "0"},
		{"Program", row(func(r *store.CohortRow) { r.ProgramNumbers = []uint32{2} }), updated, "255901001|C1|Study Hall|School|Mathematics|of the day", "1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := create(t, store.Options{})
			tx := begin(t, db)
			seed(t, tx, 1, 0)
			must[[]interchange.Outcome](t)(tx.PutCohorts(t.Context(), []store.CohortRow{row(nil)}))
			commit(t, tx)
			tx = begin(t, db)
			got := must[[]interchange.Outcome](t)(tx.PutCohorts(t.Context(), []store.CohortRow{tt.row}))
			commit(t, tx)
			if got[0] != tt.want {
				t.Errorf("outcome: found %s, expected %s", got[0], tt.want)
			}
			if got := shell(t, db.Path(), "SELECT * FROM cohorts"); got != tt.view {
				t.Errorf("view: found %s, expected %s", got, tt.view)
			}
			if got := shell(t, db.Path(), "SELECT count(*) FROM cohort_programs"); got != tt.n {
				t.Errorf("programs: found %s, expected %s", got, tt.n)
			}
			sound(t, db.Path())
		})
	}
	t.Run("ErrUnknown", func(t *testing.T) {
		for what, f := range map[string]func(*store.CohortRow){
			"education organization": func(r *store.CohortRow) { r.EducationOrganizationID = 4711 },
			"program":                func(r *store.CohortRow) { r.ProgramNumbers = []uint32{99} },
		} {
			tx := begin(t, create(t, store.Options{}))
			seed(t, tx, 1, 0)
			_, err := tx.PutCohorts(t.Context(), []store.CohortRow{row(f)})
			var e *store.UnknownNumberError
			if !errors.As(err, &e) || e.What != what {
				t.Errorf("%s: found %v, expected a *UnknownNumberError", what, err)
			}
			tx.Rollback()
		}
	})
}

// A dictionary gives the numbers under which rows are stored, for every key of both forms of a section.
func TestDB_Dictionaries(t *testing.T) {
	db := create(t, store.Options{})
	tx := begin(t, db)
	seed(t, tx, 3, 2)
	old := store.SectionRow{Number: 9, SectionKey: interchange.SectionKey{Form: interchange.SectionByPeriod, SchoolID: 255901001, LocalCourseCode: "ALG-1", SchoolYear: 2011,
		ClassPeriodName: "02", ClassroomIdentificationCode: "220", UniqueSectionCode: "X", SequenceOfCourse: 1, TermDescriptor: "Fall Semester"}}
	must[[]interchange.Outcome](t)(tx.PutSections(t.Context(), []store.SectionRow{old}))
	commit(t, tx)
	d := must[*store.Dictionaries](t)(db.Dictionaries(t.Context()))
	for _, tt := range []struct {
		what string
		find func([]byte) (uint32, bool)
		key  []byte
		want uint32
	}{
		{"student", d.Students.Find, []byte("S3"), 3},
		{"staff", d.Staff.Find, []byte("T2"), 2},
		{"cohort", d.Cohorts.Find, interchange.CohortKey{EducationOrganizationID: 255901001, CohortIdentifier: "C2"}.AppendKey(nil), 2},
		{"section", d.Sections.Find, section(3).SectionKey.AppendKey(nil), 3},
		{"section of 2.0", d.Sections.Find, old.SectionKey.AppendKey(nil), 9},
		{"program", d.Programs.Find, interchange.ProgramKey{EducationOrganizationID: 255901, ProgramName: "Athletics", ProgramType: "Athletics"}.AppendKey(nil), 2},
	} {
		if n, ok := tt.find(tt.key); !ok || n != tt.want {
			t.Errorf("%s: found %d, %v, expected %d", tt.what, n, ok, tt.want)
		}
	}
	if _, ok := d.EducationOrganizations[255901]; !ok || len(d.EducationOrganizations) != 2 {
		t.Errorf("education organizations: found %v", d.EducationOrganizations)
	}
	want := "255901001|ALG-1|2010-2011|||X|1|Fall Semester||02|220"
	if got := shell(t, db.Path(), "SELECT school_id, local_course_code, school_year, section_identifier, session_name, unique_section_code, sequence_of_course, term, term_namespace, class_period_name, classroom_identification_code FROM section WHERE id = 9"); got != want {
		t.Errorf("section: found %s, expected %s", got, want)
	}
}

// What only references named is listed until its own row comes.
func TestTx_Unverified(t *testing.T) {
	db := create(t, store.Options{})
	tx := begin(t, db)
	seed(t, tx, 1, 1)
	must[[]interchange.Outcome](t)(tx.PutEducationOrganizations(t.Context(), []store.EducationOrganizationRow{{ID: 7, Unverified: true}, {ID: 255901, Unverified: true}}))
	must[[]interchange.Outcome](t)(tx.PutStaff(t.Context(), []store.PersonRow{{Number: 9, UniqueID: "T9", BirthDate: interchange.NoDate, Unverified: true}}))
	c := store.CohortRow{Number: 9, Unverified: true}
	c.EducationOrganizationID, c.CohortIdentifier = 7, "X"
	must[[]interchange.Outcome](t)(tx.PutCohorts(t.Context(), []store.CohortRow{c}))
	commit(t, tx)
	if got := shell(t, db.Path(), "SELECT kind, key FROM unverified ORDER BY 1"); got != "cohort|7/X\neducation_organization|7\nstaff|T9" {
		t.Errorf("found %s", got)
	}
	if got := shell(t, db.Path(), "SELECT name FROM education_organizations WHERE education_organization_id = 255901"); got != "Grand Bend ISD" {
		t.Errorf("a reference has overwritten a stored row: %s", got)
	}
	tx = begin(t, db)
	c.Unverified, c.CohortType = false, "Other"
	if got := must[[]interchange.Outcome](t)(tx.PutCohorts(t.Context(), []store.CohortRow{c})); got[0] != updated {
		t.Errorf("found %s, expected updated", got[0])
	}
	commit(t, tx)
	if got := shell(t, db.Path(), "SELECT count(*) FROM unverified"); got != "2" {
		t.Errorf("%s rows are unverified, expected 2", got)
	}
	sound(t, db.Path())
}

func TestTx_NumberZero(t *testing.T) {
	tx := begin(t, create(t, store.Options{}))
	seed(t, tx, 1, 1)
	if _, err := tx.PutCohorts(t.Context(), []store.CohortRow{cohort(0)}); err == nil {
		t.Error("a row without a number was written")
	}
}

// Keys of all lengths are found under their numbers, whether these are dense, as they mostly are, begin late or have gaps.
func TestDB_DictionariesNumbers(t *testing.T) {
	key := func(n uint32) string { return strings.Repeat("é", int(n%9)) + fmt.Sprint(n) }
	for _, tt := range []struct {
		name string
		has  func(n uint32) bool
	}{
		{"dense", func(uint32) bool { return true }},
		{"late", func(n uint32) bool { return n > 1500 }},
		{"gaps", func(n uint32) bool { return n%7 != 0 && (n < 1000 || n > 2500) }},
		{"one", func(n uint32) bool { return n == 3000 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := create(t, store.Options{})
			tx := begin(t, db)
			var rows []store.PersonRow
			for n := uint32(1); n <= 3000; n++ {
				if tt.has(n) {
					rows = append(rows, store.PersonRow{Number: n, UniqueID: key(n), BirthDate: interchange.NoDate})
				}
			}
			must[[]interchange.Outcome](t)(tx.PutStudents(t.Context(), rows))
			commit(t, tx)
			d := must[*store.Dictionaries](t)(db.Dictionaries(t.Context()))
			if d.Students.Len() != len(rows) {
				t.Errorf("found %d students, expected %d", d.Students.Len(), len(rows))
			}
			for n := uint32(1); n <= 3000; n++ {
				if got, ok := d.Students.Find([]byte(key(n))); ok != tt.has(n) || ok && got != n {
					t.Errorf("student %d: found %d, %v", n, got, ok)
				}
			}
		})
	}
}
