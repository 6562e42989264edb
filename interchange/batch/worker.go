package batch

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"cohortx/interchange"
	"cohortx/interchange/dictionary"
	"cohortx/interchange/reference"
	"cohortx/interchange/resource"
	"cohortx/xsd"
	"cohortx/xsd/scan"
)

// engine is what all workers on one document share.
type engine struct {
	schema   *xsd.Schema
	release  *interchange.Release
	scope    *scan.Scope
	distrust bool // --judge libxml2: the judge decides about every entity

	resources *resource.Types // of JSON, a resource a line: schema and scope are nil then
}

// validator decodes blocks and has every entity that is not proven judged. It is for one goroutine.
type validator struct {
	*engine
	decoder   *interchange.Decoder
	lines     *resource.Decoder // instead of decoder
	entities  []interchange.Entity
	fragments []xsd.Fragment
	judged    []int // entities behind the fragments
}

func (g *engine) newValidator() *validator {
	if g.resources != nil {
		return &validator{engine: g, lines: g.resources.NewDecoder()}
	}
	return &validator{engine: g, decoder: interchange.NewDecoder(g.schema, g.scope)}
}

// skim has the decoder leave out what block need not return when a document is only checked.
func (v *validator) skim() {
	if v.decoder != nil && !v.distrust {
		v.decoder.Skim()
	}
}

// lean has the decoder leave out what a reader needs only of what it rejects.
func (v *validator) lean() *validator {
	if v.decoder != nil && !v.distrust {
		v.decoder.Lean()
	}
	return v
}

// skimmed is how many proven entities the last block had beyond those returned.
func (v *validator) skimmed() int {
	if v.decoder == nil {
		return 0
	}
	return v.decoder.Skimmed()
}

// block decodes one block. The entities, with their violations, and the root's violations are valid until the next call. What comes
// before the place where the block breaks is returned with the error.
func (v *validator) block(ctx context.Context, b *scan.Block) (entities []interchange.Entity, root []interchange.Violation, judged int, err error) {
	var broken error
	if v.lines != nil {
		v.entities, broken = v.lines.Decode(b, v.entities[:0])
		return v.entities, nil, 0, broken
	}
	v.entities, broken = v.decoder.Decode(b, v.entities[:0])
	v.fragments, v.judged = v.fragments[:0], v.judged[:0]
	for i := range v.entities {
		e := &v.entities[i]
		if !e.Proven || v.distrust {
			v.fragments = append(v.fragments, xsd.Fragment{Raw: e.Raw, At: e.At})
			v.judged = append(v.judged, i)
		}
	}
	if len(v.fragments) > 0 {
		judge, err := judgeOf(v.schema)
		if err != nil {
			return nil, nil, 0, fmt.Errorf("schema: %w", err)
		}
		found, err := judge.Check(ctx, v.scope, v.fragments)
		if err != nil {
			return nil, nil, 0, fmt.Errorf("libxml2: %w", err)
		}
		for _, x := range found {
			e := &v.entities[v.judged[x.Fragment]]
			e.Violations = append(e.Violations, e.Localise(x))
		}
	}
	return v.entities, v.decoder.Root(), len(v.fragments), broken
}

// reader turns the entities of blocks into what an import needs of them. It is for one goroutine.
type reader struct {
	*validator
	ctx   context.Context
	set   *set // only what does not change while files are read: the dictionaries of stored rows, and what is allowed
	plain interchange.Plain
	key   []byte
	keys  [][]byte
}

// read is the work of an import on one block.
func (r *reader) read(b *scan.Block, p *parsed) {
	p.reset()
	entities, root, judged, err := r.block(r.ctx, b)
	p.err, p.judged = err, int64(judged)
	p.root = append(p.root, root...)
	for i := range entities {
		if i%dictionary.TouchMost == 0 {
			r.touch(entities[i:])
		}
		e := &entities[i]
		p.entities[e.Kind]++
		p.lines.add(e.At)
		before := len(p.rejects)
		r.entity(e, p)
		rejected := len(p.rejects) > before
		if rejected && e.Kind != interchange.CohortKind {
			r.mention(e, p, e.Mention())
		}
		r.ids(e, p, rejected)
	}
}

// touch makes ready to find the students of the next entities.
func (r *reader) touch(entities []interchange.Entity) {
	r.keys = r.keys[:0]
	for i := range entities[:min(len(entities), dictionary.TouchMost)] {
		if id := entities[i].StudentOfLean(); id != nil {
			r.keys = append(r.keys, id)
		}
	}
	r.set.students.stored.Touch(r.keys)
}

// entity sorts one entity: good, waiting for the end of the document, or rejected.
func (r *reader) entity(e *interchange.Entity, p *parsed) {
	if len(e.Violations) > 0 {
		r.invalid(e, p)
		return
	}
	if e.Kind == interchange.CohortKind {
		c, reading, fault := e.ReadCohort(r.releaseOf(e))
		switch reading {
		case interchange.ReadFault:
			r.fault(e, p, fault)
		case interchange.ReadLookup:
			r.deferred(e, p)
		default:
			r.cohort(e, p, c)
		}
		return
	}
	reading, fault := e.ReadPlain(&r.plain)
	switch reading {
	case interchange.ReadFault:
		r.fault(e, p, fault)
	case interchange.ReadLookup:
		r.deferred(e, p)
	default:
		r.association(e, p)
	}
}

// deferred keeps an entity until the whole document has been read: it names a target by a lookup, or by a ref to another reference.
func (r *reader) deferred(e *interchange.Entity, p *parsed) {
	p.deferred = append(p.deferred, deferredEntity{kind: e.Kind, at: e.At, raw: p.keep(e.Raw)})
}

// cohort takes a good Cohort whose organizations are known.
func (r *reader) cohort(e *interchange.Entity, p *parsed, c interchange.Cohort) {
	if id, ok := r.unknownOrganization(&c); ok {
		r.notFound(e, p, interchange.CodeEducationOrganizationNotFound, fmt.Sprintf("education organization %d", id), "")
		return
	}
	if k, ok := r.unknownProgram(&c); ok {
		r.notFound(e, p, interchange.CodeProgramNotFound, fmt.Sprintf("program %s of education organization %d",
			short([]byte(k.ProgramName)), k.EducationOrganizationID), "")
		return
	}
	p.cohorts = append(p.cohorts, cohortItem{offset: e.At.Offset, at: e.At, cohort: c})
}

// unknownOrganization returns an education organization of the cohort or its programs that is neither stored nor allowed to be missing.
func (r *reader) unknownOrganization(c *interchange.Cohort) (int64, bool) {
	if r.set.allow.EducationOrganizations {
		return 0, false
	}
	if _, ok := r.set.organizations[c.EducationOrganizationID]; !ok {
		return c.EducationOrganizationID, true
	}
	for _, k := range c.Programs {
		if _, ok := r.set.organizations[k.EducationOrganizationID]; !ok {
			return k.EducationOrganizationID, true
		}
	}
	return 0, false
}

// unknownProgram returns a program of the cohort that is neither stored nor allowed to be missing.
func (r *reader) unknownProgram(c *interchange.Cohort) (interchange.ProgramKey, bool) {
	if r.set.allow.Programs {
		return interchange.ProgramKey{}, false
	}
	for _, k := range c.Programs {
		r.key = k.AppendKey(r.key[:0])
		if _, ok := r.set.programs.find(r.key); !ok {
			return k, true
		}
	}
	return interchange.ProgramKey{}, false
}

// association takes a good association.
func (r *reader) association(e *interchange.Entity, p *parsed) {
	a := &r.plain
	it := item{
		kind: e.Kind, access: a.Access, begin: a.BeginDate, end: a.EndDate, offset: e.At.Offset,
	}
	persons, allowed, missing := r.set.students, r.set.allow.Students, interchange.CodeStudentNotFound
	if e.Kind == interchange.StaffCohortAssociationKind {
		persons, allowed, missing = r.set.staff, r.set.allow.Staff, interchange.CodeStaffNotFound
	}
	number, ok := persons.find(a.UniqueID)
	switch {
	case ok:
		it.person = number
	case allowed:
		it.personKey = p.keep(a.UniqueID)
	default:
		r.notFound(e, p, missing, "unique id "+short(a.UniqueID), persons.near(a.UniqueID))
		return
	}
	if a.HasCohort {
		r.key = interchange.AppendCohortKey(r.key[:0], a.EducationOrganizationID, a.CohortIdentifier)
		if it.cohort, ok = r.set.cohorts.find(r.key); !ok {
			it.cohortKey = p.keep(r.key)
		}
	}
	if a.CohortRef != nil {
		it.ref = p.keep(a.CohortRef)
	}
	if len(a.Sections) > 0 {
		if it.sections, ok = r.sections(e, p, a.Sections); !ok {
			return
		}
	}
	if a.Zoned {
		if p.zoned == 0 {
			p.firstAt = e.At
		}
		p.zoned++
	}
	p.items = append(p.items, it)
}

// sections finds the sections of an association. Unless they may be missing, one that is not stored makes a reject.
func (r *reader) sections(e *interchange.Entity, p *parsed, keys []interchange.SectionKey) (span, bool) {
	from := uint32(len(p.sections))
	for i := range keys {
		r.key = keys[i].AppendKey(r.key[:0])
		number, ok := r.set.sections.find(r.key)
		switch {
		case ok:
			p.sections = append(p.sections, sectionItem{number: number, begin: r.sectionBegin(i)})
		case r.set.allow.Sections:
			p.sections = append(p.sections, sectionItem{key: p.keep(r.key), begin: r.sectionBegin(i)})
		default:
			r.notFound(e, p, interchange.CodeSectionNotFound, "section "+sectionName(&keys[i]), "")
			return span{}, false
		}
	}
	return span{from, uint32(len(p.sections))}, true
}

// sectionName is the key of a section in a message.
func sectionName(k *interchange.SectionKey) string {
	parts := []string{strconv.FormatInt(k.SchoolID, 10), k.SchoolYear.String(), k.TermDescriptor + k.SessionName, k.LocalCourseCode, k.SectionIdentifier + k.UniqueSectionCode}
	if k.Form == interchange.SectionByPeriod {
		parts = append(parts, strconv.Itoa(k.SequenceOfCourse), k.ClassPeriodName, k.ClassroomIdentificationCode)
	}
	return short([]byte(strings.Join(parts, "/")))
}

// short is a key in a message.
func short(key []byte) string {
	const most = 60
	if r := []rune(string(key)); len(r) > most {
		return fmt.Sprintf("%q...", string(r[:most]))
	}
	return fmt.Sprintf("%q", key)
}

// invalid rejects an entity for what the schema says of it.
func (r *reader) invalid(e *interchange.Entity, p *parsed) {
	v := e.Violations[0]
	l := r.rejected(e)
	l.At, l.Code, l.Path, l.Found, l.Expected = v.At, v.Code, v.Path, v.Found, v.Expected
	l.Also = append(l.Also, e.Violations[1:]...)
	p.rejects = append(p.rejects, l)
}

func (r *reader) fault(e *interchange.Entity, p *parsed, f *interchange.Fault) {
	l := r.rejected(e)
	l.At, l.Code, l.Found, l.Expected = e.Place(f.Node), f.Code, f.Found, f.Expected
	l.Path = r.path(&e.Nodes[f.Node])
	p.rejects = append(p.rejects, l)
}

func (r *reader) notFound(e *interchange.Entity, p *parsed, code interchange.Code, found, hint string) {
	l := r.rejected(e)
	l.At, l.Code, l.Found, l.Expected, l.Detail = e.At, code, found, "a row of the store", hint
	p.rejects = append(p.rejects, l)
}

// rejected is what is common to all rejects of an entity.
func (r *reader) rejected(e *interchange.Entity) logged {
	if r.decoder != nil {
		r.decoder.Expand(e)
	}
	l := logged{EntityName: e.Kind.String(), Start: e.At}
	l.Kind, l.End = e.Kind, e.End()
	l.Key, l.Person = e.Key(), e.Person()
	if e.Kind == interchange.CohortKind {
		if key, ok := e.CohortKey(); ok {
			l.Cohort = key.AppendKey(nil)
		}
	}
	return l
}

// ids notes the xml ids that the entity defines and uses.
func (r *reader) ids(e *interchange.Entity, p *parsed, rejected bool) {
	if !e.Marked() {
		return
	}
	for i := range e.Nodes {
		id, ref := e.ID(i), e.Ref(i)
		if id == nil && ref == nil {
			continue
		}
		at := e.At
		if i > 0 {
			at = e.Place(i)
		}
		if id != nil {
			x := definedID{id: p.keep(id), entity: e.At.Offset, at: at, rejected: rejected, cohort: -1, target: referenceTarget}
			if i == 0 {
				x.target = associationTarget
				if e.Kind == interchange.CohortKind {
					x.target = cohortTarget
					if !rejected && len(p.cohorts) > 0 && p.cohorts[len(p.cohorts)-1].offset == e.At.Offset {
						x.cohort = len(p.cohorts) - 1
					}
				}
			}
			if x.target == referenceTarget && !rejected {
				from := uint32(len(p.arena))
				p.arena = reference.Append(p.arena, e, i)
				x.body = span{from, uint32(len(p.arena))}
			}
			p.ids = append(p.ids, x)
		}
		if ref != nil {
			p.uses = append(p.uses, usedID{id: p.keep(ref), entity: e.At.Offset, at: at})
		}
	}
}
