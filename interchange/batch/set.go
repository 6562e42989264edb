package batch

import (
	"cohortx/interchange"
	"cohortx/interchange/dictionary"
	"cohortx/interchange/report"
	"cohortx/store"
	"cohortx/xsd"
)

// set is the StudentCohort files of a run: read one after the other, each by several workers, and applied together. One goroutine,
// the collector, owns it while files are read.
type set struct {
	allow    Missing
	policies interchange.Policies
	dir      string // for temporary files

	organizations map[int64]struct{} // stored
	missing       struct {           // unknown targets that were accepted, by number or id
		organizations map[int64]struct{}
		students      map[uint32]struct{}
		staff         map[uint32]struct{}
		cohorts       []uint32
	}
	students, staff, cohorts *numbers
	sections, programs       *numbers

	associations [4]*sorter // by kind
	definitions  definitions
	lines        lines
	defined      bits // numbers of the cohorts that are written in pass 2
	// rejectedCohorts holds the line of a rejected Cohort element by the number of its natural key.
	rejectedCohorts map[uint32]int
	refused         map[int]bool // files
	log             rejectLog
	warnings        *warnings
	counts          report.Counts
	consequences    int64
	ids             map[int]*documentIDs     // by file, of documents with refs
	list            []interchange.SectionUse // scratch
	keys            [][]byte                 // scratch

	named    bits                       // cohorts of accepted associations
	accepted map[interchange.Kind]int64 // associations
	doubts   interchange.Doubts
	moves    *moves
}

func newSet(dict *store.Dictionaries, dir string, allow Missing, policies interchange.Policies) *set {
	s := &set{
		allow: allow, policies: policies, dir: dir,
		organizations: dict.EducationOrganizations,
		students:      newNumbers(dict.Students), staff: newNumbers(dict.Staff), cohorts: newNumbers(dict.Cohorts),
		sections: newNumbers(dict.Sections), programs: newNumbers(dict.Programs),
		associations: [4]*sorter{
			interchange.StudentCohortAssociationKind: newSorter(dir),
			interchange.StaffCohortAssociationKind:   newSorter(dir),
		},
		rejectedCohorts: map[uint32]int{},
		accepted:        map[interchange.Kind]int64{},
		doubts:          interchange.Doubts{KeyUnknown: map[int64]struct{}{}},
		refused:         map[int]bool{},
		definitions:     definitions{spill: spill{dir: dir, what: "cohort"}},
		lines:           lines{spill: spill{dir: dir, what: "line"}},
		log:             newRejectLog(dir),
		warnings:        newWarnings(),
		counts:          report.Counts{},
		ids:             map[int]*documentIDs{},
	}
	s.missing.organizations = map[int64]struct{}{}
	s.missing.students = map[uint32]struct{}{}
	s.missing.staff = map[uint32]struct{}{}
	return s
}

func (s *set) close() {
	for _, kind := range interchange.AssociationKinds {
		s.associations[kind].close()
	}
	s.log.close()
	s.lines.close()
	s.definitions.close()
}

// document is the collector's state for one file of a set.
type document struct {
	set      *set
	schema   *xsd.Schema
	file     int
	name     string
	ids      *documentIDs
	waiting  waitingRoom
	cohorts  deferredRoom // Cohort elements, and associations, that need the whole document or the store
	members  deferredRoom
	doubtful deferredRoom // rejected associations whose key is not known yet
	// rejectedAt holds the number of the natural key of a rejected Cohort by the offset of the element.
	rejectedAt map[int64]uint32
	named      bits     // cohorts of accepted associations
	accepted   [4]int64 // by kind
	entities   [4]int64
	judged     int64
	zoned      int64
	root       []interchange.Violation
	rejects    [4]int64 // by kind
	refs       bool     // the document has refs
}

func (s *set) newDeferredRoom() deferredRoom {
	return deferredRoom{spill: spill{dir: s.dir, what: "deferred entity"}}
}

func (s *set) newDocument(file int, name string, schema *xsd.Schema) *document {
	return &document{
		set: s, schema: schema, file: file, name: name, ids: newDocumentIDs(s.dir),
		waiting: waitingRoom{spill: spill{dir: s.dir, what: "waiting association"}},
		cohorts: s.newDeferredRoom(), members: s.newDeferredRoom(), doubtful: s.newDeferredRoom(),
		rejectedAt: map[int64]uint32{},
	}
}

// collect takes in what a worker made of a block.
func (d *document) collect(p *parsed) error {
	s := d.set
	if p.err != nil {
		return p.err
	}
	for k, n := range p.entities {
		d.entities[k] += n
	}
	d.judged += p.judged
	if err := s.lines.add(d.file, &p.lines); err != nil {
		return err
	}
	if p.zoned > 0 && d.zoned == 0 {
		s.warnings.add(interchange.CodeZoneDropped, interchange.PlaceOf(d.file, p.firstAt.Offset))
	}
	d.zoned += p.zoned
	d.root = append(d.root, p.root...)
	for i := range p.rejects {
		if err := d.reject(&p.rejects[i]); err != nil {
			return err
		}
	}
	for i := range p.cohorts {
		c := &p.cohorts[i]
		s.missOrganizations(&c.cohort)
		number := s.cohorts.number(c.cohort.CohortKey.AppendKey(nil))
		if err := s.definitions.add(number, interchange.PlaceOf(d.file, c.offset), &c.cohort); err != nil {
			return err
		}
		c.number = number
	}
	if err := d.define(p); err != nil {
		return err
	}
	for i := range p.deferred {
		x := &p.deferred[i]
		room := &d.members
		if x.kind == interchange.CohortKind {
			room = &d.cohorts
		}
		if err := room.add(x.at, p.bytes(x.raw)); err != nil {
			return err
		}
	}
	for i := range p.doubtful {
		x := &p.doubtful[i]
		if err := d.doubtful.add(x.at, p.bytes(x.raw)); err != nil {
			return err
		}
	}
	for i := range p.marks {
		if err := d.mark(p, &p.marks[i]); err != nil {
			return err
		}
	}
	for i := range p.items {
		if i%dictionary.TouchMost == 0 {
			s.touch(p, p.items[i:])
		}
		if err := d.stage(p, &p.items[i]); err != nil {
			return err
		}
	}
	return nil
}

// touch makes ready to number the cohorts of the next items.
func (s *set) touch(p *parsed, items []item) {
	s.keys = s.keys[:0]
	for i := range items[:min(len(items), dictionary.TouchMost)] {
		if it := &items[i]; it.cohort == 0 && !it.cohortKey.empty() {
			s.keys = append(s.keys, p.bytes(it.cohortKey))
		}
	}
	s.cohorts.fresh.Touch(s.keys)
}

// missOrganizations notes the organizations of a cohort that are not stored but accepted (--allow-missing).
func (s *set) missOrganizations(c *interchange.Cohort) {
	miss := func(id int64) {
		if _, ok := s.organizations[id]; !ok {
			s.missing.organizations[id] = struct{}{}
		}
	}
	miss(c.EducationOrganizationID)
	for i := range c.Programs {
		miss(c.Programs[i].EducationOrganizationID)
	}
}
