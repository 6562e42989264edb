package main

import (
	"fmt"
	"time"
)

// maxAssociations is where the organizations' six-digit numbers would run out.
const maxAssociations = 4_000_000_000

// The shape of a generated district, per association. They give 350,000 students, 50,000 cohorts and 2,000 education
// organizations for 1,000,000 associations.
const (
	studentsPerThousand      = 350
	associationsPerCohort    = 20
	associationsPerOrg       = 500
	staffShare               = 20 // one association in so many is of staff
	associationsPerStaff     = 10
	endedPercent             = 40
	sectionPercent           = 10
	orgsPerDistrict          = 20 // a district and its 19 schools
	sectionsPerSchool        = 20
	leastCohorts             = 4 // a student is in up to four cohorts, all different
	newShareOfChanged        = 4 // one changed association in so many is a new one
	schoolYear               = "2025-2026"
	sessionName              = "2025-2026 Fall Semester"
	forwardReferencesPerMill = 10 // cohorts that stand at the end of the file, after the associations that refer to them
)

var (
	firstDay = time.Date(2025, 8, 18, 0, 0, 0, 0, time.UTC) // of the school year
	lastDay  = time.Date(2026, 6, 5, 0, 0, 0, 0, time.UTC)
)

// population is everyone and everything in the generated files, as functions of their numbers: nothing is stored.
type population struct {
	seed uint64
	// counts
	students, staff, cohorts, orgs          uint64
	studentAssociations, staffAssociations  uint64
	newStudentAssociations                  uint64
	changed                                 uint64 // share of changed associations, in millionths
	odd                                     uint64 // share of entities that vary in form, in millionths
	days                                    []string
	firstDayNumber, studentSalt, cohortSalt uint64
}

func newPopulation(o options) *population {
	n := uint64(o.Associations)
	p := &population{
		seed:              mix(o.Seed),
		orgs:              max(1, (n+associationsPerOrg/2)/associationsPerOrg),
		cohorts:           max(leastCohorts, (n+associationsPerCohort/2)/associationsPerCohort),
		students:          max(1, (n*studentsPerThousand+999)/1000),
		staffAssociations: n / staffShare,
		odd:               uint64(o.Odd * 10_000),
		firstDayNumber:    uint64(firstDay.Unix() / 86400),
	}
	p.studentAssociations = n - p.staffAssociations
	p.staff = max(1, (p.staffAssociations+associationsPerStaff-1)/associationsPerStaff)
	if o.Change > 0 {
		p.newStudentAssociations = uint64(float64(n) * o.Change / 100 / newShareOfChanged)
		p.changed = uint64(o.Change * 10_000 * (newShareOfChanged - 1) / newShareOfChanged)
	}
	p.studentSalt, p.cohortSalt = mix(p.seed+1), mix(p.seed+2)
	for d := firstDay; !d.After(lastDay); d = d.AddDate(0, 0, 1) {
		p.days = append(p.days, d.Format(time.DateOnly))
	}
	return p
}

// isDistrict tells a local education agency from a school.
func (p *population) isDistrict(org uint64) bool { return p.orgs > 1 && org%orgsPerDistrict == 0 }

// orgID is the education organization's id: a district has six digits, its schools have three more.
func (p *population) orgID(org uint64) uint64 {
	district := 100_000 + org/orgsPerDistrict
	if p.isDistrict(org) {
		return district
	}
	return district*1000 + org%orgsPerDistrict
}

// school is the organization itself when it is a school, else the district's first.
func (p *population) school(org uint64) uint64 {
	if p.isDistrict(org) && org+1 < p.orgs {
		return org + 1
	}
	return org
}

// district is the organization that programs belong to.
func (p *population) district(org uint64) uint64 { return org - org%orgsPerDistrict }

// studentID is the student's unique id, nine digits in no order.
func (p *population) studentID(student uint64) uint64 {
	return 100_000_000 + student*0x9e3779b1%(1<<29) // multiplication by an odd number is one to one below a power of two
}

func (p *population) staffID(staff uint64) uint64 { return 200_000 + staff }

// cohortOrg is the organization that a cohort belongs to.
func (p *population) cohortOrg(cohort uint64) uint64 { return cohort % p.orgs }

// cohortNumber is the cohort's identifier, as its organization counts.
func (p *population) cohortNumber(cohort uint64) uint64 { return cohort/p.orgs + 1 }

// hasID says whether the Cohort element carries an id, so that a ref can name it.
func (p *population) hasID(cohort uint64) bool { return mix(p.cohortSalt^cohort)%4 == 0 }

// atEnd says whether the Cohort stands after the associations.
func (p *population) atEnd(cohort uint64) bool {
	return mix(p.cohortSalt^cohort)>>32%1000 < forwardReferencesPerMill
}

// association is one of the generated ones. Persons and cohorts are numbered from 0, days are indexes of days.
type association struct {
	staff      bool
	person     uint64
	cohort     uint64
	begin, end int // end is -1 where there is none
	section    int // of the cohort's school, -1 where there is none
	access     int // staff's student record access: -1 absent, 0 false, 1 true
	form       form
}

// association gives number i of those of students or of staff. No two have the same person, cohort and begin date.
func (p *population) association(staff bool, i uint64) association {
	people, salt := p.students, p.studentSalt
	if staff {
		people, salt = p.staff, ^p.studentSalt
	}
	a := association{staff: staff, person: i % people, end: -1, section: -1, access: -1}
	own := mix(salt ^ a.person)
	org := own % p.orgs
	// The organization's cohorts are org, org+orgs, org+2*orgs, ...; each further association of a person takes the next.
	count := (p.cohorts - org + p.orgs - 1) / p.orgs
	a.cohort = org + (own>>32+i/people)%count*p.orgs

	h := mix(salt ^ mix(i))
	days := uint64(len(p.days))
	a.begin = int(h % (days - 1))
	h /= days
	left := days - uint64(a.begin)
	if h%100 < endedPercent {
		a.end = a.begin + int(h>>8%left)
	}
	h = mix(h)
	if staff {
		a.access = int(h%3) - 1
	} else if h%100 < sectionPercent {
		a.section = int(h >> 8 % sectionsPerSchool)
	}
	a.form = p.form(h >> 16)
	if a.form == formRef && !p.hasID(a.cohort) {
		a.form = formComment
	}
	if p.changed > 0 && mix(h+1)%1_000_000 < p.changed {
		// Another end than the one it had, if any; a day that the old one cannot be.
		was := a.end
		a.end = a.begin + int(mix(h+2)%left)
		if a.end == was {
			if a.end = was - 1; a.end < a.begin {
				a.end = was + 1
			}
		}
	}
	return a
}

// form chooses how an entity is written, from a random number.
func (p *population) form(h uint64) form {
	if h%1_000_000 >= p.odd {
		return formPlain
	}
	return 1 + form(h>>20%uint64(forms-1))
}

// Names are invented: no person of these first and last names is meant.
var (
	firstNames = []string{"Abril", "Alden", "Amias", "Bellamy", "Briar", "Caspian", "Clover", "Corwin", "Dahlia", "Delphine", "Emrys", "Fable", "Fennel", "Galen", "Hollis", "Ione", "Jasper", "Juniper", "Kestrel", "Lark", "Linnea", "Maren", "Merritt", "Niamh", "Oriel", "Peregrine", "Quill", "Rowan", "Saffron", "Tamsin", "Umber", "Vesper", "Wren", "Xanthe", "Yarrow", "Zephyr", "José", "Zoë", "Renée", "Søren"}
	lastNames  = []string{"Ashgrove", "Birchwell", "Cindervale", "Dunmarrow", "Elderfen", "Fallowmere", "Greywick", "Halloway", "Inkwright", "Juneberry", "Kettlebrook", "Larkspur", "Mosswood", "Nettlefold", "Oakenhurst", "Pennywhistle", "Quickbeam", "Ravenscar", "Silverlock", "Thistledown", "Underbough", "Vanterpool", "Willowby", "Yellowley", "O'Fernsby", "Márquez-Vell", "Brønholt", "Tidewell"}
)

// person is what the prerequisites say of a student or a member of staff.
type person struct {
	first, last, birth string
	female             bool
}

func (p *population) person(staff bool, n uint64) person {
	h := mix(p.studentSalt ^ mix(n*2+1))
	year, span := 2007, uint64(13*365) // students are 5 to 18 years old
	if staff {
		h, year, span = ^h, 1960, 38*365
	}
	birth := time.Date(year, 9, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(h>>20%span))
	return person{
		first:  firstNames[h%uint64(len(firstNames))],
		last:   lastNames[h>>8%uint64(len(lastNames))],
		birth:  birth.Format(time.DateOnly),
		female: h>>60&1 == 0,
	}
}

func (p *population) orgName(org uint64) string {
	district := lastNames[mix(p.seed^org/orgsPerDistrict)%uint64(len(lastNames))]
	if p.isDistrict(org) {
		return fmt.Sprintf("%s District %d", district, org/orgsPerDistrict+1)
	}
	return fmt.Sprintf("%s School %d-%d", district, org/orgsPerDistrict+1, org%orgsPerDistrict)
}
