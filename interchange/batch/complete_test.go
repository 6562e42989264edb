package batch

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "github.com/mattn/go-sqlite3"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/store"
	"cohortx/xsd/scan"
)

// member is the key of an association in the model.
type member struct {
	kind   interchange.Kind
	org    int
	cohort string
	person string
	begin  interchange.Date
}

// group is what guards look at.
type group struct {
	kind interchange.Kind
	org  int
}

func (m member) group() group { return group{m.kind, m.org} }

// line is one association of a file.
type line struct {
	member
	end   interchange.Date
	fault string // "": it is sound; "known": rejected with its key; "begin": its begin date cannot be read; "ref": nothing but person and date are known
	file  int
}

type heldModel struct{ since, last int64 }

type completeModel struct {
	run         int64
	asOf        interchange.Date
	named       int
	held, valid bool // valid: not held back, or approved
}

// model is the naive store: what design says of complete files, in memory and without a thought to speed.
type model struct {
	t         *testing.T
	exclusive bool
	ends      map[member]interchange.Date // what is stored
	held      map[member]heldModel
	complete  map[group][]completeModel
	run       int64
}

func (m *model) lastDay(k member) interchange.Date {
	switch end := m.ends[k]; {
	case end == interchange.NoDate:
		return 1 << 20
	case m.exclusive:
		return end - 1
	default:
		return end
	}
}

func (m *model) active(k member, asOf interchange.Date) bool {
	return m.lastDay(k) >= max(asOf, k.begin)
}

// remove takes a member out from asOf on.
func (m *model) remove(k member, asOf interchange.Date, counts map[string]int64) {
	switch {
	case k.begin >= asOf:
		delete(m.ends, k)
		counts["withdrawn"]++
		return
	case m.exclusive:
		m.ends[k] = asOf
	default:
		m.ends[k] = asOf - 1
	}
	counts["ended_by_absence"]++
}

// night is one run in the model.
type night struct {
	lines  []line
	broken bool // the second file is cut off
	full   bool
	force  bool
	asOf   interchange.Date
	scope  []int
	guards interchange.Guards
}

// verdict is what the run has to report.
type verdict struct {
	Exit    int
	Removed map[string]int64
	Held    map[string]int64 // by code
}

func (m *model) apply(n *night) verdict {
	m.run++
	v := verdict{Removed: map[string]int64{}, Held: map[string]int64{}}
	accepted, seen, orgs := map[member]interchange.Date{}, map[member]bool{}, map[int]bool{}
	kinds, unknown, all, rejects := map[interchange.Kind]bool{}, map[int]bool{}, false, false
	for _, l := range n.lines {
		if n.broken && l.file == 1 {
			continue
		}
		switch l.fault {
		case "":
			accepted[l.member], seen[l.member] = l.end, true
			orgs[l.org], kinds[l.kind] = true, true
		case "known":
			seen[l.member] = true
		case "begin":
			unknown[l.org] = true
		case "ref":
			all = true
		}
		rejects = rejects || l.fault != ""
	}
	if n.full {
		if n.scope != nil {
			orgs = map[int]bool{}
			for _, org := range n.scope {
				orgs[org] = true
			}
		} else if len(accepted) == 0 {
			orgs = map[int]bool{1: true, 2: true, 3: true} // of the cohorts, which every first file defines
		}
		for org := range orgs {
			if list := m.complete[group{interchange.AssociationKinds[0], org}]; len(list) > 0 && list[len(list)-1].asOf > n.asOf && !n.force {
				v.Exit = ExitRefused
				return v
			}
		}
	}
	before := maps.Clone(m.ends)
	maps.Copy(m.ends, accepted)
	for k := range seen {
		delete(m.held, k)
	}
	if n.full {
		old := *m
		old.ends = before
		m.removals(n, &old, seen, orgs, kinds, unknown, all, &v)
	}
	switch {
	case n.broken:
		v.Exit = ExitRefused
	case len(v.Held) > 0:
		v.Exit = ExitHeldBack
	case rejects:
		v.Exit = ExitRejects
	}
	return v
}

func (m *model) removals(n *night, old *model, seen map[member]bool, orgs map[int]bool, kinds map[interchange.Kind]bool, unknown map[int]bool, all bool, v *verdict) {
	absent, active, named := map[group][]member{}, map[group]int{}, map[group]int{}
	for k := range old.ends {
		if orgs[k.org] && old.active(k, n.asOf) {
			active[k.group()]++
			if !seen[k] {
				absent[k.group()] = append(absent[k.group()], k)
			}
		}
	}
	for k := range seen {
		named[k.group()]++
	}
	now, last := 0, 0
	for org := range orgs {
		for _, kind := range interchange.AssociationKinds {
			g := group{kind, org}
			for i := len(m.complete[g]) - 1; i >= 0; i-- {
				if c := m.complete[g][i]; c.valid {
					now, last = now+named[g], last+c.named
					break
				}
			}
		}
	}
	drift := last > 0 && float64(max(now-last, last-now)) > n.guards.MaxDrift/100*float64(last)+1e-9
	codes := map[group]interchange.Code{}
	for g, list := range absent {
		total, totalActive, most := 0, 0, 0
		for org := range orgs {
			if o := (group{g.kind, org}); !(unknown[org] && len(absent[o]) > 0) {
				total, totalActive, most = total+len(absent[o]), totalActive+active[o], max(most, len(absent[o]))
			}
		}
		tooMany := func(of, all int) bool { return float64(of) > n.guards.MaxRemovals/100*float64(all)+1e-9 }
		switch {
		case n.broken:
			codes[g] = interchange.CodeSetFileRefused
		case !kinds[g.kind]:
			codes[g] = interchange.CodeNoAssociations
		case all || unknown[g.org]:
			codes[g] = interchange.CodeRejectKeyUnknown
		case drift:
			codes[g] = interchange.CodeSetDrift
		case len(list) > 5 && tooMany(len(list), active[g]):
			codes[g] = interchange.CodeTooManyRemovals
		case most > 5 && tooMany(total, totalActive):
			codes[g] = interchange.CodeTooManyRemovalsTotal
		}
		for _, k := range list {
			if codes[g] == "" {
				m.remove(k, n.asOf, v.Removed)
				delete(m.held, k)
				continue
			}
			h, ok := m.held[k]
			if !ok {
				h.since = m.run
			}
			h.last = m.run
			m.held[k] = h
			v.Held[string(codes[g])]++
		}
	}
	for org := range orgs {
		for _, kind := range interchange.AssociationKinds {
			g := group{kind, org}
			held := codes[g] != ""
			m.complete[g] = append(m.complete[g], completeModel{m.run, n.asOf, named[g], held, !held})
		}
	}
	if len(kinds) == 0 && len(v.Held) == 0 {
		v.Held[string(interchange.CodeNoAssociations)] = 0
	}
}

// approve is `runs approve` in the model; false when the run held nothing back.
func (m *model) approve(number int64) (map[string]int64, bool) {
	counts, any := map[string]int64{}, false
	for g, list := range m.complete {
		for i := range list {
			if c := &list[i]; c.run == number && c.held {
				any, c.valid = true, true
				for k, h := range m.held {
					if k.group() == g && h.since <= number && h.last >= number {
						delete(m.held, k)
						if _, stored := m.ends[k]; stored && m.active(k, c.asOf) {
							m.remove(k, c.asOf, counts)
						}
					}
				}
			}
		}
	}
	if any {
		m.run++
	}
	return counts, any
}

// documentOf writes the lines of a file as an interchange document of release 5.2.
func documentOf(lines []line, cohorts bool) string {
	var b strings.Builder
	b.WriteString("<InterchangeStudentCohort xmlns=\"http://ed-fi.org/5.2.0\">\n")
	reference := func(org int, cohort string) string {
		return fmt.Sprintf("<CohortIdentifier>%s</CohortIdentifier><EducationOrganizationReference><EducationOrganizationIdentity><EducationOrganizationId>%d</EducationOrganizationId></EducationOrganizationIdentity></EducationOrganizationReference>", cohort, org)
	}
	for org := 1; cohorts && org <= 3; org++ {
		for _, c := range []string{"A", "B"} {
			fmt.Fprintf(&b, "<Cohort id=\"X%d%s\">%s</Cohort>\n", org, c, strings.Replace(reference(org, c), "</CohortIdentifier>", "</CohortIdentifier><CohortType>Study Hall</CohortType>", 1))
		}
	}
	for i, l := range lines {
		person := "Student"
		if l.kind == interchange.StaffCohortAssociationKind {
			person = "Staff"
		}
		named, begin, end := "><CohortIdentity>"+reference(l.org, l.cohort)+"</CohortIdentity>", l.begin.String(), ""
		if cohorts && i%3 == 0 {
			named = fmt.Sprintf(" ref=\"X%d%s\">", l.org, l.cohort) // by ref is as good as by identity
		}
		if l.end != interchange.NoDate {
			end = "<EndDate>" + l.end.String() + "</EndDate>"
		}
		switch l.fault {
		case "known":
			end = "<EndDate>" + (l.begin - 1).String() + "</EndDate>"
		case "begin":
			begin = "2025"
		case "ref":
			named = ` ref="NONE">`
		}
		fmt.Fprintf(&b, "<%sCohortAssociation><%sReference><%sIdentity><%sUniqueId>%s</%sUniqueId></%sIdentity></%sReference><CohortReference%s</CohortReference><BeginDate>%s</BeginDate>%s</%sCohortAssociation>\n",
			person, person, person, person, l.person, person, person, person, named, begin, end, person)
	}
	b.WriteString("</InterchangeStudentCohort>\n")
	return b.String()
}

const firstDay = interchange.Date(20000) // 2024-10-04

// randomNight makes files out of what is stored, with more or less missing, new, or broken.
func randomNight(rnd *rand.Rand, m *model) *night {
	n := &night{full: rnd.IntN(4) > 0, force: rnd.IntN(6) == 0, asOf: firstDay + interchange.Date(m.run) + interchange.Date(rnd.IntN(5)), broken: rnd.IntN(12) == 0,
		guards: interchange.Guards{MaxRemovals: []float64{10, 30, 100}[rnd.IntN(3)], MaxDrift: []float64{50, 1000}[rnd.IntN(2)]}}
	if rnd.IntN(4) == 0 {
		for org := range 3 {
			if rnd.IntN(2) == 0 {
				n.scope = append(n.scope, org+1)
			}
		}
	}
	keep := []float64{0.98, 0.8, 0.4}[rnd.IntN(3)]
	without := rnd.IntN(6) // an organization that the files do not name, mostly none
	noStaff, nothing := rnd.IntN(10) == 0, rnd.IntN(15) == 0
	add := func(k member, end interchange.Date) {
		l := line{member: k, end: end, file: rnd.IntN(2)}
		if x := rnd.IntN(150); x < 4 {
			l.fault = "known"
		} else if x == 5 {
			l.fault = "begin"
		} else if x == 6 && rnd.IntN(3) == 0 {
			l.fault = "ref"
		}
		if k.org != without && !nothing && !(noStaff && k.kind == interchange.StaffCohortAssociationKind) {
			n.lines = append(n.lines, l)
		}
	}
	end := func(k member, end interchange.Date) interchange.Date {
		switch rnd.IntN(12) {
		case 0:
			return interchange.NoDate
		case 1:
			return k.begin + interchange.Date(rnd.IntN(80))
		}
		return end
	}
	stored := slices.Collect(maps.Keys(m.ends))
	slices.SortFunc(stored, func(a, b member) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	for _, k := range stored {
		if rnd.Float64() < keep {
			add(k, end(k, m.ends[k]))
		}
		if rnd.IntN(20) == 0 {
			add(k, m.ends[k]) // a second time, or after all
		}
	}
	for range rnd.IntN(40) {
		k := member{kind: interchange.AssociationKinds[min(rnd.IntN(4), 1)^1], org: 1 + rnd.IntN(3), cohort: []string{"A", "B"}[rnd.IntN(2)], begin: firstDay + interchange.Date(rnd.IntN(60))}
		k.person = fmt.Sprintf("S%d", 1+rnd.IntN(12))
		if k.kind == interchange.StaffCohortAssociationKind {
			k.person = fmt.Sprintf("T%d", 1+rnd.IntN(4))
		}
		add(k, end(k, interchange.NoDate))
	}
	rnd.Shuffle(len(n.lines), func(i, j int) { n.lines[i], n.lines[j] = n.lines[j], n.lines[i] })
	slices.SortStableFunc(n.lines, func(a, b line) int { return a.file - b.file })
	return n
}

// Random nights of files, complete or not, against the naive model: what is stored afterwards, what was removed, what was held back and why.
func TestImport_CompleteModel(t *testing.T) {
	nights := 25
	if testing.Short() {
		nights = 5
	}
	codes := map[string]int64{}
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 11))
			dir := t.TempDir()
			path := filepath.Join(dir, "cohorts.db")
			m := &model{t: t, exclusive: seed%2 == 1, ends: map[member]interchange.Date{}, held: map[member]heldModel{}, complete: map[group][]completeModel{}, run: 1}
			start(t, path, m.exclusive)
			for range nights {
				n := randomNight(rnd, m)
				opt := m.options(t, rnd, dir, path, n)
				if rnd.IntN(5) == 0 { // a dry run says the same and leaves no trace
					copied := m.clone()
					want := copied.apply(n)
					dry := opt
					dry.DryRun = true
					rep, err := Import(context.Background(), dry)
					if diff := cmp.Diff(want, verdictOf(t, rep, err)); diff != "" {
						t.Fatalf("run %d, dry (-want +got):\n%s", m.run+1, diff)
					}
				}
				want := m.apply(n)
				rep, err := Import(context.Background(), opt)
				if diff := cmp.Diff(want, verdictOf(t, rep, err)); diff != "" {
					t.Fatalf("run %d (-want +got):\n%s\n%+v", m.run, diff, rep.HeldBack)
				}
				m.same(path)
				for code := range want.Held {
					codes[code]++
				}
				for o, n := range want.Removed {
					codes[o] += n
				}
				if rnd.IntN(4) == 0 {
					m.approveSome(rnd, path, codes)
				}
			}
		})
	}
	if testing.Short() {
		return
	}
	for _, want := range []string{"ended_by_absence", "withdrawn", "approved", "no_associations", "reject_key_unknown", "set_file_refused", "set_drift", "too_many_removals", "too_many_removals_total"} {
		if codes[want] == 0 {
			t.Errorf("no night had %s: the test has lost its teeth: %v", want, codes)
		}
	}
}

func (m *model) clone() *model {
	c := *m
	c.ends, c.held, c.complete = maps.Clone(m.ends), maps.Clone(m.held), map[group][]completeModel{}
	for g, list := range m.complete {
		c.complete[g] = slices.Clone(list)
	}
	return &c
}

// start makes a store with three organizations, twelve students, four staff members and six cohorts.
func start(t *testing.T, path string, exclusive bool) {
	t.Helper()
	db, err := store.Open(context.Background(), path, store.Options{Create: true, EndExclusive: exclusive})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	var orgs, students, staff bytes.Buffer
	fmt.Fprintln(&orgs, "education_organization_id")
	fmt.Fprintln(&students, "student_unique_id")
	fmt.Fprintln(&staff, "staff_unique_id")
	for i := range 12 {
		if i < 3 {
			fmt.Fprintln(&orgs, i+1)
		}
		if i < 4 {
			fmt.Fprintf(&staff, "T%d\n", i+1)
		}
		fmt.Fprintf(&students, "S%d\n", i+1)
	}
	var files []string
	for name, text := range map[string][]byte{"o.csv": orgs.Bytes(), "s.csv": students.Bytes(), "t.csv": staff.Bytes(), "c.xml": []byte(documentOf(nil, true))} {
		files = append(files, filepath.Join(filepath.Dir(path), name))
		write(t, files[len(files)-1], text)
	}
	rep, err := Import(context.Background(), ImportOptions{Store: path, Files: files, Limit: DefaultLimit, Command: "import"})
	if err != nil || rep.ExitStatus != 0 {
		t.Fatal(err, rep.Verdict, rep.Rejects)
	}
}

// options writes the files of a night.
func (m *model) options(t *testing.T, rnd *rand.Rand, dir, path string, n *night) ImportOptions {
	second := slices.IndexFunc(n.lines, func(l line) bool { return l.file == 1 })
	if second < 0 {
		second = len(n.lines)
	}
	one, two := documentOf(n.lines[:second], true), documentOf(n.lines[second:], false)
	files := []string{filepath.Join(dir, "one.xml"), filepath.Join(dir, "two.xml")}
	if n.broken {
		two = strings.TrimSuffix(two, "</InterchangeStudentCohort>\n")
	}
	if second == len(n.lines) && !n.broken {
		files = files[:1] // an empty document would be refused
	}
	write(t, files[0], []byte(one))
	write(t, filepath.Join(dir, "two.xml"), []byte(two))
	opt := ImportOptions{
		ReadOptions: ReadOptions{Jobs: 1 + rnd.IntN(3), Scan: scan.Options{}}, Store: path, Files: files, Limit: Limit{Percent: 100, Share: true}, Command: "import", Force: n.force,
		Policies: interchange.Policies{Overlap: interchange.AllowPolicy, Reopen: interchange.AllowPolicy}, Rejects: filepath.Join(dir, "rejects.xml"),
	}
	if size := 200 + rnd.IntN(3000); rnd.IntN(2) == 0 {
		opt.Scan.Cut = func(int) int { return size }
	}
	if n.full {
		opt.Complete = &Complete{AsOf: n.asOf, Guards: n.guards}
		for _, org := range n.scope {
			opt.Complete.Scope = append(opt.Complete.Scope, int64(org))
		}
	}
	return opt
}

func verdictOf(t *testing.T, rep *report.Run, err error) verdict {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	v := verdict{Exit: rep.ExitStatus, Removed: map[string]int64{}, Held: map[string]int64{}}
	for _, of := range rep.Counts {
		for _, o := range []interchange.Outcome{interchange.EndedByAbsence, interchange.Withdrawn} {
			if n := of[o.String()]; n > 0 {
				v.Removed[o.String()] += n
			}
		}
	}
	for _, h := range rep.HeldBack {
		v.Held[string(h.Code)] += h.Count
	}
	return v
}

// same holds the store against the model.
func (m *model) same(path string) {
	m.t.Helper()
	var want []string
	for k, end := range m.ends {
		want = append(want, fmt.Sprintf("%s %d/%s/%s/%s %s", k.kind, k.org, k.cohort, k.person, k.begin, end))
	}
	for k, h := range m.held {
		want = append(want, fmt.Sprintf("held %d-%d %s %d/%s/%s/%s", h.since, h.last, k.kind, k.org, k.cohort, k.person, k.begin))
	}
	slices.Sort(want)
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		m.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT 'StudentCohortAssociation ' || education_organization_id || '/' || cohort_identifier || '/' || student_unique_id || '/' || begin_date || ' ' || coalesce(end_date, '') FROM student_cohort_associations
		UNION ALL SELECT 'StaffCohortAssociation ' || education_organization_id || '/' || cohort_identifier || '/' || staff_unique_id || '/' || begin_date || ' ' || coalesce(end_date, '') FROM staff_cohort_associations
		UNION ALL SELECT 'held ' || since_run || '-' || last_run || ' ' || kind || ' ' || education_organization_id || '/' || cohort_identifier || '/' || unique_id || '/' || begin_date FROM held_removals`)
	if err != nil {
		m.t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			m.t.Fatal(err)
		}
		got = append(got, s)
	}
	slices.Sort(got)
	broken := 0
	if err := db.QueryRow("SELECT count(*) FROM pragma_foreign_key_check").Scan(&broken); err != nil || broken > 0 {
		m.t.Fatalf("%d foreign keys do not hold: %v", broken, err)
	}
	if diff := cmp.Diff(want, got); diff != "" || rows.Err() != nil {
		m.t.Fatalf("after run %d (-want +got): %v\n%s", m.run, rows.Err(), diff)
	}
}

// approveSome approves an earlier run.
func (m *model) approveSome(rnd *rand.Rand, path string, codes map[string]int64) {
	m.t.Helper()
	number := max(1, m.run-rnd.Int64N(4))
	want, held := m.approve(number)
	rep, err := Approve(context.Background(), ApproveOptions{Store: path, Run: number})
	if (err == nil) != held {
		m.t.Fatalf("approve run %d: %v, but it held back: %v", number, err, held)
	}
	if err != nil {
		return
	}
	if diff := cmp.Diff(want, verdictOf(m.t, rep, nil).Removed); diff != "" {
		m.t.Fatalf("approve run %d (-want +got):\n%s", number, diff)
	}
	codes["approved"] += int64(len(want))
	m.same(path)
}
