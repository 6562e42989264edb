package batch

import (
	"cohortx/interchange"
	"cohortx/xsd/scan"
)

// A rejected association still stands in the file. In a complete set it must not be taken for missing, so its key is staged beside the
// accepted ones, as a presence mark; where the key cannot be known, a doubt keeps removals back.

// presence is the record access of a presence mark, which no association has.
const presence = interchange.AccessTrue + 1

// mark is a rejected association whose key is known: of a person that is stored, and of a cohort that is stored or that a ref names.
type mark struct {
	kind   interchange.Kind
	offset int64
	begin  interchange.Date
	person uint32
	cohort uint32 // 0: only the ref names it
	ref    span   // xml id; empty when there is none
}

// mention notes what a rejected association says of its key. What nothing is stored of needs no note.
func (r *reader) mention(e *interchange.Entity, p *parsed, m interchange.Mention) {
	if !m.Whole() {
		p.doubtful = append(p.doubtful, deferredEntity{kind: e.Kind, at: e.At, raw: p.keep(e.Raw)})
		return
	}
	person, ok := r.set.persons(e.Kind).find(m.UniqueID)
	if !ok {
		return
	}
	x := mark{kind: e.Kind, offset: e.At.Offset, begin: m.BeginDate, person: person}
	if m.HasCohort() {
		r.key = interchange.AppendCohortKey(r.key[:0], m.EducationOrganizationID, m.CohortIdentifier)
		x.cohort, _ = r.set.cohorts.find(r.key)
	}
	if m.CohortRef != nil {
		x.ref = p.keep(m.CohortRef)
	}
	if x.cohort == 0 && x.ref.empty() {
		return
	}
	p.marks = append(p.marks, x)
}

// persons are those that associations of a kind are about.
func (s *set) persons(kind interchange.Kind) *numbers {
	if kind == interchange.StaffCohortAssociationKind {
		return s.staff
	}
	return s.students
}

// mark stages a presence mark, or lets it wait for what its ref names.
func (d *document) mark(p *parsed, x *mark) error {
	r := record{pair: uint64(x.cohort)<<32 | uint64(x.person), place: interchange.PlaceOf(d.file, x.offset), begin: x.begin, end: interchange.NoDate, access: presence}
	if x.ref.empty() {
		return d.set.associations[x.kind].add(r, nil)
	}
	r.pair = uint64(x.person)
	return d.waiting.add(waiter{kind: x.kind, id: d.ids.number(p.bytes(x.ref)), cohort: x.cohort, r: r}, nil)
}

// present notes that an association was rejected which is of the cohort that its identity names, or of the one that its ref names, as far as
// there are such; 0 is none.
func (d *document) present(x *waiter, byRef uint32) error {
	if x.cohort == 0 && byRef == 0 {
		d.set.doubts.AnyUnknown = true
		return nil
	}
	for _, cohort := range [2]uint32{x.cohort, byRef} {
		if cohort == 0 {
			continue
		}
		r := x.r
		r.pair, r.end, r.access = uint64(cohort)<<32|uint64(r.person()), interchange.NoDate, presence
		if err := d.set.associations[x.kind].add(r, nil); err != nil {
			return err
		}
	}
	return nil
}

// doubtful looks once more at a rejected association whose key could not be read by itself.
func (r *resolution) doubtful(at scan.Pos, raw []byte) error {
	e, err := r.decode(at, raw)
	if err != nil {
		return err
	}
	return r.mention(e)
}

// mention finds the key of a rejected association by all that the document and the store know.
func (r *resolution) mention(e *interchange.Entity) error {
	m := e.Mention()
	if !m.Whole() && r.reader.lines == nil { // JSON resources name their targets by key only
		if err := r.resolver.Mention(r.ctx, e, &m); err != nil {
			return err
		}
	}
	if !m.Whole() {
		r.document.doubt(&m)
		return nil
	}
	r.parsed.reset()
	r.reader.mention(e, r.parsed, m)
	return r.document.collect(r.parsed)
}

// doubt notes a rejected association whose key cannot be known.
func (d *document) doubt(m *interchange.Mention) {
	doubts := &d.set.doubts
	if m.HasOrganization {
		doubts.KeyUnknown[m.EducationOrganizationID] = struct{}{}
		return
	}
	if n, ok := d.ids.names.Find(m.CohortRef); ok && m.CohortRef != nil {
		if s := d.ids.state(n); s.target == cohortTarget && !s.twice && s.behind != 0 {
			doubts.KeyUnknown[d.set.organizationOf(s.behind)] = struct{}{}
			return
		}
	}
	doubts.AnyUnknown = true
}
