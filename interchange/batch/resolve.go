package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cohortx/interchange"
	"cohortx/interchange/reference"
	"cohortx/store"
	"cohortx/xsd/scan"
)

// resolution is the end of pass 1 over a document: entities whose references need the store or the rest of the document.
type resolution struct {
	ctx      context.Context
	document *document
	reader   *reader
	resolver *reference.Resolver
	parsed   *parsed
	entities []interchange.Entity
	behind   map[string]cohortAnswer // by the id of a CohortReference
}

type cohortAnswer struct {
	number uint32
	why    late
}

// mostBehind bounds resolution.behind; when it is full it is begun anew.
const mostBehind = 1 << 16

func (d *document) newResolution(ctx context.Context, g *engine, find *finder) *resolution {
	return &resolution{
		ctx: ctx, document: d,
		reader:   &reader{validator: g.newValidator(), ctx: ctx, set: d.set},
		resolver: &reference.Resolver{Schema: g.schema, Release: g.release, Store: find, Document: d},
		parsed:   &parsed{}, behind: map[string]cohortAnswer{},
	}
}

// decode reads an entity again whose text was kept: one that was found valid and deferred, or a rejected one whose key is doubtful.
func (r *resolution) decode(at scan.Pos, raw []byte) (*interchange.Entity, error) {
	var err error
	b := &scan.Block{Bytes: raw, At: at, Scope: r.reader.scope}
	if r.reader.lines != nil {
		r.entities, err = r.reader.lines.Decode(b, r.entities[:0])
	} else {
		r.entities, err = r.reader.decoder.Decode(b, r.entities[:0])
	}
	if err == nil && len(r.entities) != 1 {
		err = fmt.Errorf("found %d entities", len(r.entities))
	}
	if err != nil {
		return nil, fmt.Errorf("read deferred entity of line %d: %w", at.Line, err)
	}
	r.parsed.reset()
	return &r.entities[0], r.ctx.Err()
}

// association resolves one association.
func (r *resolution) association(at scan.Pos, raw []byte) error {
	e, err := r.decode(at, raw)
	if err != nil {
		return err
	}
	if err := r.resolver.Association(r.ctx, e, &r.reader.plain); err != nil {
		return r.reject(e, err)
	}
	r.reader.association(e, r.parsed)
	if len(r.parsed.rejects) > 0 {
		r.reader.mention(e, r.parsed, r.reader.plain.Mention())
	}
	return r.document.collect(r.parsed)
}

// cohort resolves one Cohort.
func (r *resolution) cohort(at scan.Pos, raw []byte) error {
	e, err := r.decode(at, raw)
	if err != nil {
		return err
	}
	c, err := r.resolver.Cohort(r.ctx, e)
	if err != nil {
		return r.reject(e, err)
	}
	r.reader.cohort(e, r.parsed, c)
	if len(r.parsed.rejects) > 0 {
		r.document.spoil(e)
	}
	if err := r.document.collect(r.parsed); err != nil {
		return err
	}
	if state := r.document.own(e); state != nil && len(r.parsed.cohorts) > 0 {
		state.behind = r.parsed.cohorts[0].number
	}
	return nil
}

// reject rejects an entity, unless the error is none of the entity's.
func (r *resolution) reject(e *interchange.Entity, err error) error {
	var f *reference.Fault
	if !errors.As(err, &f) {
		return err
	}
	l := r.reader.rejected(e)
	l.At, l.Code, l.Found, l.Expected, l.Detail, l.Consequence = e.Place(f.Node), f.Code, f.Found, f.Expected, f.Detail, f.Consequence
	l.Path = r.reader.schema.Path(e.Nodes[f.Node].Slot)
	if f.Consequence {
		r.document.set.consequences++
	}
	r.document.spoil(e)
	if err := r.document.reject(&l); err != nil || e.Kind == interchange.CohortKind {
		return err
	}
	return r.mention(e)
}

// own is what is known of the entity's own id, nil if it has none or another element had it first.
func (d *document) own(e *interchange.Entity) *idState {
	id := e.ID(0)
	if id == nil {
		return nil
	}
	n, ok := d.ids.names.Find(id)
	if !ok {
		return nil
	}
	if s := d.ids.state(n); s.entity == e.At.Offset && s.target != referenceTarget {
		return s
	}
	return nil
}

// spoil notes that an entity was rejected after all.
func (d *document) spoil(e *interchange.Entity) {
	if s := d.own(e); s != nil {
		s.rejected = true
	}
}

// cohortBehind is the cohort that the CohortReference with an id names, or why it names none.
func (r *resolution) cohortBehind(id []byte) (uint32, late, error) {
	if a, ok := r.behind[string(id)]; ok {
		return a.number, a.why, nil
	}
	number, why, err := r.followCohort(id)
	if err == nil {
		if len(r.behind) >= mostBehind {
			clear(r.behind)
		}
		r.behind[string(id)] = cohortAnswer{number, why}
	}
	return number, why, err
}

func (r *resolution) followCohort(id []byte) (uint32, late, error) {
	why := late{found: "ref " + short(id), expected: "the id of one sound Cohort or CohortReference of this file"}
	t, err := r.resolver.CohortBehind(r.ctx, id)
	var f *reference.Fault
	switch {
	case errors.As(err, &f):
		return 0, late{f.Code, f.Found, f.Expected, f.Detail, f.Consequence}, nil
	case err != nil:
		return 0, why, err
	}
	s := r.document.set
	number := uint32(0)
	if t.Cohort != (interchange.CohortKey{}) {
		number = s.cohorts.number(t.Cohort.AppendKey(nil))
	}
	if t.CohortRef == "" {
		return number, why, nil
	}
	n, _ := r.document.ids.names.Find([]byte(t.CohortRef))
	state := r.document.ids.state(n)
	why.cohort(state, number)
	return state.behind, why, nil
}

// Definition implements [reference.Document].
func (d *document) Definition(id []byte) (out reference.Definition, err error) {
	n, ok := d.ids.names.Find(id)
	if !ok || d.ids.state(n).target == noTarget {
		out.Missing = true
		return out, nil
	}
	s := d.ids.state(n)
	out = reference.Definition{Line: int(s.line), Cohort: s.target == cohortTarget, Entity: s.target != referenceTarget, Ambiguous: s.twice, Rejected: s.rejected}
	if s.target == referenceTarget && s.behind != 0 {
		body, err := d.ids.elements.read(s.behind)
		if err != nil {
			return out, err
		}
		x, err := reference.Parse(body, d.schema)
		if err != nil {
			return out, err
		}
		out.Element = &x
	}
	return out, nil
}

// finder looks things up in the store, and opens it for that when the first lookup comes.
type finder struct {
	open  func() (*store.Finder, error)
	store *store.Finder
}

func (f *finder) close() error {
	if f.store == nil {
		return nil
	}
	err := f.store.Close()
	f.store = nil
	return err
}

// Find implements [reference.Store].
func (f *finder) Find(ctx context.Context, kind string, list []interchange.Criterion) (t reference.Target, n int, err error) {
	if f.store == nil {
		if f.store, err = f.open(); err != nil {
			return t, 0, err
		}
	}
	switch kind {
	case "StudentReference":
		t.UniqueID, n, err = f.store.Students(ctx, withoutOrganization(list))
	case "StaffReference":
		t.UniqueID, n, err = f.store.Staff(ctx, withoutOrganization(list))
	case "EducationOrganizationReference", "SchoolReference":
		t.Organization, n, err = f.store.EducationOrganizations(ctx, list)
	case "ProgramReference":
		t.Program, n, err = f.store.Programs(ctx, list)
	case "SectionReference":
		t.Section, n, err = f.store.Sections(ctx, list)
	case "SessionReference":
		var s store.SessionRow
		s, n, err = f.store.Sessions(ctx, list)
		t = reference.SessionTarget(s.SchoolID, s.SchoolYear, s.SessionName, s.Term, s.TermNamespace)
	default:
		err = &store.UnknownCriterionError{Field: kind}
	}
	var unknown *store.UnknownCriterionError
	if errors.As(err, &unknown) {
		err = fmt.Errorf("%w: %w", reference.ErrNotKept, err)
	}
	return t, n, err
}

// withoutOrganization drops the education organization of a person from a lookup that has an identifying code too. The store does not know
// who belongs to which organization; a name and a birth date alone may mean different people in different ones.
func withoutOrganization(list []interchange.Criterion) []interchange.Criterion {
	if !slices.ContainsFunc(list, identifies) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(c interchange.Criterion) bool { return c.Field == "EducationOrganizationId" })
}

// identifies says whether a criterion finds a person alone.
func identifies(c interchange.Criterion) bool {
	switch c.Field {
	case "StudentUniqueId", "StaffUniqueId", "StudentIdentificationCode/IdentificationCode", "StaffIdentificationCode/IdentificationCode":
		return true
	}
	return false
}
