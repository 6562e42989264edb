package reference

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cohortx/interchange"
	"cohortx/xsd"
)

// ErrNotKept says that a lookup names something by which nothing can be found. Errors that wrap it make a reject of the entity.
var ErrNotKept = errors.New("lookups cannot use this value")

// Store finds what lookups mean. Kind is the name of the reference element: "StudentReference". It returns one of the rows that match all
// criteria, and how many there are.
type Store interface {
	Find(ctx context.Context, kind string, criteria []interchange.Criterion) (Target, int, error)
}

// Document knows the xml ids of one document.
type Document interface {
	// Definition returns what the document says of an id.
	Definition(id []byte) (Definition, error)
}

// Definition is what stands behind an xml id.
type Definition struct {
	Line      int      // of the element
	Element   *Element // a reference element
	Cohort    bool     // a Cohort
	Entity    bool     // a Cohort or an association
	Missing   bool     // no element has the id
	Ambiguous bool     // several have it
	Rejected  bool     // the entity that the element belongs to was rejected
}

// Fault says why a reference does not name one thing.
type Fault struct {
	Code            interchange.Code
	Node            int // index in the entity's nodes
	Found, Expected string
	Detail          string
	Consequence     bool // only because another element was rejected
}

func (f *Fault) Error() string { return string(f.Code) + ": " + f.Found + "; " + f.Detail }

// Resolver resolves the references of one document. For one goroutine.
type Resolver struct {
	Schema   *xsd.Schema
	Release  *interchange.Release
	Store    Store
	Document Document

	cache map[string]answer // of the store, by kind and criteria
	key   []byte
}

type answer struct {
	target Target
	n      int
	err    error
}

// mostAnswers bounds the cache; when it is full it is begun anew.
const mostAnswers = 1 << 14

// Association completes an association: what ReadPlain could not read by itself.
func (r *Resolver) Association(ctx context.Context, e *interchange.Entity, p *interchange.Plain) error {
	if reading, fault := e.ReadPlain(p); reading == interchange.ReadFault {
		return &Fault{Code: fault.Code, Node: fault.Node, Found: fault.Found, Expected: fault.Expected}
	}
	p.Sections = p.Sections[:0]
	for i := 1; i < len(e.Nodes); i = int(e.Nodes[i].Next) {
		switch e.Nodes[i].Field {
		case interchange.FieldStudentReference, interchange.FieldStaffReference:
			t, err := r.at(ctx, e, i)
			if err != nil {
				return err
			}
			p.UniqueID = []byte(t.UniqueID)
		case interchange.FieldCohortReference:
			t, err := r.at(ctx, e, i)
			if err != nil {
				return err
			}
			p.CohortRef, p.HasCohort = nil, t.Cohort != interchange.CohortKey{}
			p.EducationOrganizationID, p.CohortIdentifier = t.Cohort.EducationOrganizationID, []byte(t.Cohort.CohortIdentifier)
			if t.CohortRef != "" {
				p.CohortRef = []byte(t.CohortRef)
			}
		case interchange.FieldSectionReference:
			t, err := r.at(ctx, e, i)
			if err != nil {
				return err
			}
			p.Sections = append(p.Sections, t.Section)
		}
	}
	return nil
}

// Cohort reads a Cohort whose references need the store or the rest of the document.
func (r *Resolver) Cohort(ctx context.Context, e *interchange.Entity) (interchange.Cohort, error) {
	c, reading, fault := e.ReadCohort(r.Release)
	if reading == interchange.ReadFault {
		return c, &Fault{Code: fault.Code, Node: fault.Node, Found: fault.Found, Expected: fault.Expected}
	}
	c.Programs = nil
	for i := 1; i < len(e.Nodes); i = int(e.Nodes[i].Next) {
		switch e.Nodes[i].Field {
		case interchange.FieldEducationOrganizationReference:
			t, err := r.at(ctx, e, i)
			if err != nil {
				return c, err
			}
			c.EducationOrganizationID = t.Organization
		case interchange.FieldProgramReference:
			t, err := r.at(ctx, e, i)
			if err != nil {
				return c, err
			}
			c.Programs = append(c.Programs, t.Program)
		case interchange.FieldOtherReference: // a descriptor of release 2.x
			x := Read(e, i, r.Schema)
			if err := r.descriptor(&x, nil); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

// CohortBehind resolves the CohortReference that has an xml id, for an association that refers to it.
func (r *Resolver) CohortBehind(ctx context.Context, id []byte) (Target, error) {
	return r.behind(ctx, &Element{Name: "CohortReference", Ref: id}, nil)
}

func (r *Resolver) at(ctx context.Context, e *interchange.Entity, node int) (Target, error) {
	x := Read(e, node, r.Schema)
	return r.resolve(ctx, &x, nil)
}

// resolve finds out what a reference names. seen are the ids that were followed to come here.
func (r *Resolver) resolve(ctx context.Context, x *Element, seen []string) (Target, error) {
	var found []Target
	if x.Ref != nil {
		t, err := r.behind(ctx, x, seen)
		if err != nil {
			return t, err
		}
		found = append(found, t)
	}
	var identity, lookup []*Element
	for i := range x.Children {
		switch c := &x.Children[i]; {
		case c.Name == naming(x.Name)+"Lookup" && isKey(c):
			identity = append(identity, &c.Children[0])
		case c.Name == naming(x.Name)+"Lookup":
			lookup = append(lookup, c)
		default:
			identity = append(identity, c)
		}
	}
	if len(identity) > 0 {
		t, err := r.identity(ctx, x, identity, seen)
		if err != nil {
			return t, err
		}
		found = append(found, t)
	}
	for _, l := range lookup {
		t, err := r.lookup(ctx, x, l, seen)
		if err != nil {
			return t, err
		}
		found = append(found, t)
	}
	return r.agree(x, found)
}

// isKey says whether a Lookup holds nothing but the key of what is looked up. Files of releases 2.x like to write it so; it is as good as an
// Identity.
func isKey(l *Element) bool {
	if len(l.Children) != 1 {
		return false
	}
	switch l.Children[0].Name {
	case "StudentUniqueId", "StaffUniqueId", "EducationOrganizationId", "SchoolId":
		return true
	}
	return false
}

// agree makes one target of what the ref, the identity and the lookup of a reference say.
func (r *Resolver) agree(x *Element, found []Target) (Target, error) {
	if len(found) == 0 {
		return Target{}, &Fault{Code: interchange.CodeReferenceEmpty, Node: x.Node, Found: "nothing that names a target", Expected: "an Identity, a Lookup or a ref"}
	}
	t := found[0]
	for i := range found[1:] {
		o := found[1+i]
		if t.CohortRef != "" && t.Cohort == (interchange.CohortKey{}) {
			t.Cohort = o.Cohort // whether the Cohort is that one is seen when the whole document has been read
			continue
		}
		if same, mine, theirs := t.same(x.Name, &o); !same {
			return t, &Fault{Code: interchange.CodeReferenceConflict, Node: x.Node, Found: "two ways to name it that disagree: " + mine + " and " + theirs,
				Expected: "one " + naming(x.Name)}
		}
	}
	return t, nil
}

// behind follows a ref.
func (r *Resolver) behind(ctx context.Context, x *Element, seen []string) (Target, error) {
	id := string(x.Ref)
	fault := &Fault{Node: x.Node, Found: "ref " + quoted(id), Expected: "the id of one sound " + x.Name + " of this file"}
	kind := x.Name
	if kind == "CohortReference" {
		kind = "Cohort and no CohortReference"
		fault.Expected = "the id of one sound Cohort or CohortReference of this file"
	}
	if slices.Contains(seen, id) {
		fault.Code, fault.Detail = interchange.CodeReferenceCycle, "the references refer to each other in a circle"
		return Target{}, fault
	}
	d, err := r.Document.Definition(x.Ref)
	if err != nil {
		return Target{}, err
	}
	switch {
	case d.Missing:
		fault.Code = interchange.CodeRefDangling
	case d.Ambiguous:
		fault.Code, fault.Detail = interchange.CodeRefAmbiguous, fmt.Sprintf("first defined at line %d", d.Line)
	case d.Cohort && x.Name == "CohortReference":
		return Target{CohortRef: id}, nil // what becomes of the Cohort is the caller's
	case !d.Entity && d.Element == nil && d.Rejected: // of a rejected entity nothing is kept
		fault.Code, fault.Consequence = interchange.CodeRefTargetRejected, true
		fault.Detail = fmt.Sprintf("the element at line %d is part of an entity that was rejected", d.Line)
	case d.Element == nil || d.Element.Name != x.Name:
		fault.Code, fault.Detail = interchange.CodeReferenceWrongKind, fmt.Sprintf("the element at line %d is no %s", d.Line, kind)
	case d.Rejected:
		fault.Code, fault.Consequence = interchange.CodeRefTargetRejected, true
		fault.Detail = fmt.Sprintf("the %s at line %d is part of an entity that was rejected", x.Name, d.Line)
	default:
		t, err := r.resolve(ctx, d.Element, append(seen, id))
		var inner *Fault
		if !errors.As(err, &inner) {
			return t, err
		}
		if inner.Code == interchange.CodeReferenceCycle {
			fault.Code, fault.Detail = inner.Code, inner.Detail
			return t, fault
		}
		fault.Code, fault.Consequence = interchange.CodeRefTargetRejected, true
		fault.Detail = fmt.Sprintf("the %s at line %d names nothing that can be found (%s)", x.Name, d.Line, inner.Code)
		return t, fault
	}
	return Target{}, fault
}

// lookup asks the store.
func (r *Resolver) lookup(ctx context.Context, x, l *Element, seen []string) (Target, error) {
	var criteria []interchange.Criterion
	for i := range l.Children {
		c := &l.Children[i]
		switch {
		case c.Leaf:
			criteria = append(criteria, interchange.Criterion{Field: strings.TrimPrefix(c.Path, l.Path+"/"), Value: string(c.Value)})
		case isDescriptor(c):
			if err := r.descriptor(c, seen); err != nil {
				return Target{}, err
			}
			for _, v := range c.Children {
				criteria = append(criteria, interchange.Criterion{Field: strings.TrimPrefix(v.Path, l.Path+"/"), Value: string(v.Value)})
			}
		default:
			t, err := r.resolve(ctx, c, seen)
			if err != nil {
				return Target{}, err
			}
			criteria = append(criteria, t.criteria(c.Name)...)
		}
	}
	if len(criteria) == 0 {
		return Target{}, &Fault{Code: interchange.CodeReferenceEmpty, Node: l.Node, Found: "a Lookup without a value", Expected: "a value to look for"}
	}
	t, n, err := r.find(ctx, x.Name, criteria)
	fault := &Fault{Node: l.Node, Found: "a lookup by " + fields(criteria), Expected: "values that one stored " + naming(x.Name) + " has"}
	switch {
	case errors.Is(err, ErrNotKept):
		fault.Code, fault.Detail = interchange.CodeLookupNoMatch, err.Error()
	case err != nil:
		return t, err
	case n == 0:
		fault.Code, fault.Detail = interchange.CodeLookupNoMatch, "no stored row has all of them"
	case n > 1:
		fault.Code, fault.Detail = interchange.CodeLookupAmbiguous, fmt.Sprintf("%d stored rows have all of them", n)
	default:
		if x.Name == "SessionReference" { // it is known by its name or by its term, and the store has both
			if r.Release.SectionForm == interchange.SectionByPeriod {
				t.Section.SessionName = ""
			} else {
				t.Section.TermDescriptor, t.Section.TermNamespace = "", ""
			}
		}
		return t, nil
	}
	return t, fault
}

// find asks the store once for equal lookups that come soon after each other.
func (r *Resolver) find(ctx context.Context, kind string, criteria []interchange.Criterion) (Target, int, error) {
	r.key = append(append(r.key[:0], kind...), 0)
	for _, c := range criteria {
		r.key = append(append(append(append(r.key, c.Field...), 0), c.Value...), 0)
	}
	if a, ok := r.cache[string(r.key)]; ok {
		return a.target, a.n, a.err
	}
	t, n, err := r.Store.Find(ctx, kind, criteria)
	if err != nil && !errors.Is(err, ErrNotKept) {
		return t, n, err
	}
	if r.cache == nil || len(r.cache) >= mostAnswers {
		r.cache = make(map[string]answer)
	}
	r.cache[string(r.key)] = answer{t, n, err}
	return t, n, err
}

// fields names the criteria without their values, which may be about people.
func fields(criteria []interchange.Criterion) string {
	var names []string
	for _, c := range criteria {
		names = append(names, c.Field)
	}
	return strings.Join(names, ", ")
}
