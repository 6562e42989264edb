package batch

import (
	"context"
	"fmt"
	"slices"

	"cohortx/interchange"
)

// define takes in the ids that a block defines and uses. A second definition is a broken rule of the document; it makes refs to the id
// ambiguous, and the entity that has it is still applied.
func (d *document) define(p *parsed) error {
	for i := range p.ids {
		x := &p.ids[i]
		state := idState{entity: x.entity, line: int32(x.at.Line), column: int32(x.at.Column), target: x.target, rejected: x.rejected}
		if x.target == cohortTarget && x.cohort >= 0 {
			state.behind = p.cohorts[x.cohort].number
		}
		n, first := d.ids.define(p.bytes(x.id), state)
		if !first {
			d.set.warnings.add(interchange.CodeIDDuplicate, interchange.PlaceOf(d.file, x.entity))
		} else if !x.body.empty() {
			behind, err := d.ids.elements.add(p.bytes(x.body))
			if err != nil {
				return err
			}
			d.ids.state(n).behind = behind
		}
	}
	for i := range p.uses {
		x := &p.uses[i]
		d.ids.use(p.bytes(x.id), x.at.Line, x.at.Column)
		d.refs = true
	}
	return nil
}

// stage puts one association where it waits for pass 2: into the sorted runs, or into the waiting room if an xml id names its cohort.
func (d *document) stage(p *parsed, it *item) error {
	s := d.set
	person := it.person
	if person == 0 {
		person = s.missingPerson(it.kind, p.bytes(it.personKey))
	}
	cohort := it.cohort
	if cohort == 0 && !it.cohortKey.empty() {
		cohort = s.cohorts.new(p.bytes(it.cohortKey))
	}
	r := record{
		pair: uint64(person), place: interchange.PlaceOf(d.file, it.offset),
		begin: it.begin, end: it.end, access: it.access,
	}
	sections := s.sectionUses(p, it.sections)
	if !it.ref.empty() {
		return d.waiting.add(waiter{kind: it.kind, id: d.ids.number(p.bytes(it.ref)), cohort: cohort, r: r}, sections)
	}
	r.pair |= uint64(cohort) << 32
	return d.accept(it.kind, r, sections)
}

// accept stages an association that nothing speaks against so far.
func (d *document) accept(kind interchange.Kind, r record, sections []interchange.SectionUse) error {
	d.named.add(r.cohort())
	d.accepted[kind]++
	return d.set.associations[kind].add(r, sections)
}

// missingPerson gives a number to a person that is not stored but accepted (--allow-missing).
func (s *set) missingPerson(kind interchange.Kind, key []byte) uint32 {
	if kind == interchange.StaffCohortAssociationKind {
		n := s.staff.new(key)
		s.missing.staff[n] = struct{}{}
		return n
	}
	n := s.students.new(key)
	s.missing.students[n] = struct{}{}
	return n
}

// sectionUses returns an association's sections by number, each once. They are valid until the next call.
func (s *set) sectionUses(p *parsed, items span) []interchange.SectionUse {
	if items.empty() {
		return nil
	}
	list := s.list[:0]
	for _, x := range p.sections[items.from:items.to] {
		if x.number == 0 {
			x.number = s.sections.new(p.bytes(x.key))
		}
		list = append(list, interchange.SectionUse{Section: x.number, Begin: x.begin})
	}
	slices.SortFunc(list, interchange.CompareSectionUses)
	s.list = list
	return slices.Compact(list)
}

// settle ends a document that has proved well-formed: what waited for the rest of it is resolved now. Cohorts come first, as associations
// may refer to them.
func (d *document) settle(ctx context.Context, g *engine, find *finder) error {
	if d.refs {
		d.set.ids[d.file] = d.ids // the reject file shows what refs reach
	}
	defer d.ids.elements.close() // the reject file needs the ids, not what stands behind them
	r := d.newResolution(ctx, g, find)
	if err := d.cohorts.each(r.cohort); err != nil {
		return err
	}
	if err := d.members.each(r.association); err != nil {
		return err
	}
	if err := d.doubtful.each(r.doubtful); err != nil {
		return err
	}
	if err := d.waiting.each(r.waiter); err != nil {
		return err
	}
	d.set.named.join(d.named)
	for kind, n := range d.accepted {
		d.set.accepted[interchange.Kind(kind)] += n
	}
	return nil
}

// waiter finds the cohort behind the ref of an association that names it in no other way than perhaps its key.
func (r *resolution) waiter(x waiter, sections []interchange.SectionUse) error {
	d := r.document
	target := d.ids.state(x.id)
	why := late{found: "ref " + short(d.ids.names.Key(x.id)), expected: "the id of one sound Cohort of this file"}
	cohort := target.behind
	switch {
	case target.target == noTarget:
		why.code = interchange.CodeRefDangling
	case target.twice:
		cohort = 0
		why.code, why.detail = interchange.CodeRefAmbiguous, fmt.Sprintf("first defined at line %d", target.line)
	case target.target == referenceTarget:
		var err error
		if cohort, why, err = r.cohortBehind(d.ids.names.Key(x.id)); err != nil {
			return err
		}
		if why.code == "" && x.cohort != 0 && x.cohort != cohort {
			why.code, why.detail = interchange.CodeReferenceConflict, fmt.Sprintf("the CohortReference at line %d names another one than the identity", target.line)
		}
	case target.target != cohortTarget:
		why.code, why.detail = interchange.CodeReferenceWrongKind, fmt.Sprintf("the element at line %d is no Cohort", target.line)
	default:
		if target.rejected {
			cohort = d.rejectedAt[target.entity]
		}
		why.cohort(target, x.cohort)
	}
	if x.r.access == presence {
		return d.present(&x, cohort)
	}
	if why.code == "" {
		x.r.pair |= uint64(cohort) << 32
		return d.accept(x.kind, x.r, sections)
	}
	if err := d.present(&x, cohort); err != nil {
		return err
	}
	x.r.pair |= uint64(x.cohort) << 32
	return d.set.rejectLate(x.kind, &x.r, why)
}

// late is why an association is rejected after it had been staged.
type late struct {
	code                    interchange.Code
	found, expected, detail string
	consequence             bool
}

// cohort says what is wrong with a Cohort that a ref names, if anything: named is the number of the one that an identity beside the ref names,
// 0 if there is none.
func (l *late) cohort(target *idState, named uint32) {
	switch {
	case target.rejected:
		l.code, l.consequence = interchange.CodeRefTargetRejected, true
		l.detail = fmt.Sprintf("the Cohort at line %d was rejected", target.line)
	case named != 0 && named != target.behind:
		l.code, l.detail = interchange.CodeReferenceConflict, fmt.Sprintf("the Cohort at line %d is another one than the identity names", target.line)
	}
}

// rejectLate logs the reject of an association that had already been staged. Its line, column and text are looked up when the
// rejects are written; of what it says, the numbers are enough to name its natural key.
func (s *set) rejectLate(kind interchange.Kind, r *record, why late) error {
	l := &logged{Late: true, EntityName: kind.String()}
	l.Kind, l.Code, l.Found, l.Expected, l.Detail, l.Consequence = kind, why.code, why.found, why.expected, why.detail, why.consequence
	l.Key = s.associationKey(kind, r.cohort(), r.person(), r.begin)
	if r.person() != 0 {
		l.Person = string(s.persons(kind).key(r.person()))
	}
	l.At.Offset, l.Start.Offset = r.place.Offset(), r.place.Offset()
	if why.consequence {
		s.consequences++
	}
	s.counts.Add(kind.String(), interchange.Rejected, 1)
	return s.log.add(r.place, l)
}

// associationKey is the natural key of an association as messages have it: organization/cohort/person/begin date.
func (s *set) associationKey(kind interchange.Kind, cohort, person uint32, begin interchange.Date) string {
	who := "?"
	if person != 0 {
		who = string(s.persons(kind).key(person))
	}
	return s.cohortKey(cohort) + "/" + who + "/" + begin.String()
}

// organizationOf is the education organization of a cohort, by its number.
func (s *set) organizationOf(cohort uint32) int64 {
	return interchange.OrganizationOfCohortKey(s.cohorts.key(cohort))
}

// cohortKey is the natural key of a cohort as messages have it: organization/cohort.
func (s *set) cohortKey(cohort uint32) string {
	if cohort == 0 {
		return "?/?"
	}
	k, err := interchange.ParseCohortKey(s.cohorts.key(cohort))
	if err != nil {
		return "?/?"
	}
	return interchange.CohortName(k)
}

// reject logs what a worker has rejected.
func (d *document) reject(l *logged) error {
	s := d.set
	if l.Cohort != nil {
		number := s.cohorts.number(l.Cohort)
		s.rejectedCohorts[number] = l.Start.Line
		d.rejectedAt[l.Start.Offset] = number
	}
	d.rejects[l.Kind]++
	return s.log.add(interchange.PlaceOf(d.file, l.Start.Offset), l)
}

// total is how many entities have been read.
func (d *document) total() (n int64) {
	for _, k := range d.entities {
		n += k
	}
	return n
}

// close ends a document that is not applied.
func (d *document) close() error {
	d.waiting.close()
	d.cohorts.close()
	d.members.close()
	d.doubtful.close()
	d.ids.elements.close()
	return nil
}
