package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// options is what the command line says.
type options struct {
	Folder        string
	Release       release
	Associations  int64
	Seed          uint64
	Change, Odd   float64 // percent
	CSV           bool
	Prerequisites bool
	Resolved      bool
}

// generate writes the files and lists them on out.
func generate(ctx context.Context, o options, out io.Writer) error {
	if err := os.MkdirAll(o.Folder, 0o755); err != nil {
		return fmt.Errorf("make the folder for the files: %w", err)
	}
	g := &generator{options: o, population: newPopulation(o)}
	type file struct {
		name  string
		write func(*output) error
	}
	var files []file
	switch {
	case !o.Prerequisites:
	case o.CSV:
		files = append(files, file{"education-organizations.csv", g.orgsCSV}, file{"programs.csv", g.programsCSV},
			file{"sections.csv", g.sectionsCSV}, file{"students.csv", g.studentsCSV}, file{"staff.csv", g.staffCSV})
	default:
		files = append(files, file{"education-organizations.xml", g.orgsXML}, file{"sections.xml", g.sectionsXML}, file{"students.xml", g.studentsXML},
			file{"staff.xml", g.staffXML})
	}
	files = append(files, file{"student-cohort.xml", g.studentCohort})
	if o.Resolved {
		// In a folder of its own, so that an import of the folder does not take it for a prerequisite.
		if err := os.MkdirAll(filepath.Join(o.Folder, "resolved"), 0o755); err != nil {
			return fmt.Errorf("make the folder for the resolved associations: %w", err)
		}
		files = append(files, file{"resolved/student.csv", g.resolved(false)}, file{"resolved/staff.csv", g.resolved(true)})
	}
	for _, f := range files {
		path := filepath.Join(o.Folder, filepath.FromSlash(f.name))
		n, err := writeFile(ctx, path, f.write)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %d bytes\n", path, n)
	}
	fmt.Fprintf(out, "release %s, seed %d: %d students, %d staff, %d education organizations, %d cohorts, %d associations of students (%d of them new), %d of staff\n",
		o.Release.Name, o.Seed, g.students, g.staff, g.orgs, g.cohorts, g.studentAssociations+g.newStudentAssociations, g.newStudentAssociations, g.staffAssociations)
	return nil
}

// generator writes the population in a release's forms.
type generator struct {
	options
	*population
}

// each calls f with every association in the file's order.
func (g *generator) each(f func(association) error) error {
	n := g.studentAssociations + g.staffAssociations
	order := newPermutation(n, mix(g.seed+3))
	news := g.newStudentAssociations
	var added uint64
	for i := range n {
		// The new ones are spread evenly over the others, which keep their order.
		for news > 0 && added < (i+1)*news/n {
			if err := f(g.association(false, g.studentAssociations+added)); err != nil {
				return err
			}
			added++
		}
		number := order.at(i)
		var a association
		if number < g.studentAssociations {
			a = g.association(false, number)
		} else {
			a = g.association(true, number-g.studentAssociations)
		}
		if err := f(a); err != nil {
			return err
		}
	}
	return nil
}

// studentCohort writes the InterchangeStudentCohort file: most cohorts, all associations, the other cohorts.
func (g *generator) studentCohort(o *output) error {
	var student, staff [forms]associationForm
	var cohorts [forms]cohortForm
	for f := range forms {
		student[f], staff[f], cohorts[f] = g.Release.associationForm(f, false), g.Release.associationForm(f, true), g.Release.cohortForm(f)
	}
	writeCohorts := func(atEnd bool) error {
		for n := range g.cohorts {
			if g.atEnd(n) != atEnd {
				continue
			}
			g.cohort(o, &cohorts[g.form(mix(g.cohortSalt^^n))], n)
			if err := o.spill(); err != nil {
				return err
			}
		}
		return nil
	}
	o.text(g.Release.open("StudentCohort"))
	if err := writeCohorts(false); err != nil {
		return err
	}
	err := g.each(func(a association) error {
		f := &student[a.form]
		if a.staff {
			f = &staff[a.form]
		}
		g.fill(o, f.head, &a)
		if a.end >= 0 {
			g.fill(o, f.end, &a)
		}
		if a.section >= 0 {
			g.fill(o, f.section, &a)
		}
		if a.access >= 0 {
			g.fill(o, f.access, &a)
		}
		g.fill(o, f.tail, &a)
		return o.spill()
	})
	if err != nil {
		return err
	}
	if err := writeCohorts(true); err != nil {
		return err
	}
	o.text("</InterchangeStudentCohort>\n")
	return nil
}

// fill appends the part of an association that t describes.
func (g *generator) fill(o *output, t template, a *association) {
	for i := range t {
		o.text(t[i].text)
		switch t[i].hole {
		case holePerson:
			if a.staff {
				o.number(g.staffID(a.person))
			} else {
				o.number(g.studentID(a.person))
			}
		case holeOrg:
			o.number(g.orgID(g.cohortOrg(a.cohort)))
		case holeCohort:
			o.number(g.cohortNumber(a.cohort))
		case holeCohortID:
			o.number(a.cohort)
		case holeBegin:
			o.text(g.days[a.begin])
		case holeBeginRest:
			o.text(g.days[a.begin][1:])
		case holeEnd:
			o.text(g.days[a.end])
		case holeAccess:
			o.text([]string{"false", "true"}[a.access])
		case holeSchool:
			o.number(g.orgID(g.school(g.cohortOrg(a.cohort))))
		case holeSection:
			o.number(uint64(a.section))
		}
	}
}

var (
	cohortTypes  = []string{"Study Hall", "Academic Intervention", "Attendance Intervention", "Counselor List", "Field Trip", "Extracurricular Activity"}
	cohortScopes = []string{"School", "Classroom", "Teacher", "District"}
)

// cohort appends cohort n: three in ten have a subject, one in ten a program of the district.
func (g *generator) cohort(o *output, f *cohortForm, n uint64) {
	h := mix(g.cohortSalt + n)
	org := g.cohortOrg(n)
	fill := func(t template) {
		for i := range t {
			o.text(t[i].text)
			switch t[i].hole {
			case holeIDAttribute:
				if g.hasID(n) {
					o.text(` id="COHT_`)
					o.number(n)
					o.text(`"`)
				}
			case holeCohort:
				o.number(g.cohortNumber(n))
			case holeNumber:
				o.number(n)
			case holeType:
				o.text(cohortTypes[h%uint64(len(cohortTypes))])
			case holeScope:
				o.text(cohortScopes[h>>8%uint64(len(cohortScopes))])
			case holeOrg:
				o.number(g.orgID(org))
			case holeSchool:
				o.number(g.orgID(g.district(org)))
			}
		}
	}
	fill(f.head)
	if h>>16%10 < 3 {
		fill(f.subject)
	}
	fill(f.org)
	if h>>24%10 == 0 {
		fill(f.program)
	}
	fill(f.tail)
}

// resolved writes the associations of one kind as numbers: a cohort's, student's or member of staff's number is its
// place in the files, from 1 on. An open end is empty.
func (g *generator) resolved(staff bool) func(*output) error {
	return func(o *output) error {
		return g.each(func(a association) error {
			if a.staff != staff {
				return nil
			}
			o.number(a.cohort + 1)
			o.text(",")
			o.number(a.person + 1)
			o.text(",")
			o.number(g.firstDayNumber + uint64(a.begin))
			o.text(",")
			if a.end >= 0 {
				o.number(g.firstDayNumber + uint64(a.end))
			}
			o.text("\n")
			return o.spill()
		})
	}
}
