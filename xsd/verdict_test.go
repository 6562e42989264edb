package xsd

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// verdict is what an engine says of a document: of the whole, and of each child of the root.
type verdict struct {
	wellFormed bool
	root       bool   // the root's name, attributes and text are right, and it has a child
	entities   []bool // valid, ids aside
	known      int    // so many of the entities have been looked at
	cut        bool   // libxml2 has looked at nothing behind the first unknown child
	ids        bool   // no xs:ID stands twice
	refs       bool   // no xs:IDREF is without its xs:ID
	proven     int    // entities that the tables proved
	why        string // the first fault, for people
}

// valid is the whole verdict.
func (v *verdict) valid() bool {
	for _, ok := range v.entities {
		if !ok {
			return false
		}
	}
	return v.wellFormed && v.root && v.ids && v.refs
}

func (v *verdict) blame(format string, args ...any) {
	if v.why == "" {
		v.why = fmt.Sprintf(format, args...)
	}
}

// judgeDocument is our verdict, child by child as the product finds it: what the checker does not prove goes to the judge.
// Then the judge looks at all of them, and must find the same; that it does not would be an error.
func judgeDocument(s *Schema, j *Judge, doc []byte) (*verdict, error) {
	v := &verdict{ids: true, refs: true}
	r, err := drive(s, doc)
	if err != nil {
		v.blame("%v", err)
		return v, nil
	}
	v.wellFormed = true
	vs, err := j.CheckRoot(r.scope)
	if err != nil {
		return nil, err
	}
	if len(vs) > 0 && vs[0].Code == RootUnexpected {
		v.blame("%s", vs[0].Code)
		return v, nil
	}
	v.root = len(vs) == 0 && !r.stray && len(r.children) > 0
	if !v.root {
		v.blame("the root's attributes or text, or it is empty")
	}
	var open []Fragment
	var index []int
	v.entities = make([]bool, len(r.children))
	v.known = len(r.children)
	for i, k := range r.children {
		v.entities[i] = true
		if k.proven {
			v.proven++
			continue
		}
		open, index = append(open, k.Fragment), append(index, i)
	}
	if vs, err = j.Check(context.Background(), r.scope, open); err != nil {
		return nil, err
	}
	for _, x := range vs {
		v.entities[index[x.Fragment]] = false
		v.blame("%s %s", x.Code, x.Path)
	}
	// As with --judge libxml2: the judge must find the same in all of them together.
	if vs, err = j.Check(context.Background(), r.scope, r.fragments()); err != nil {
		return nil, err
	}
	refused := make([]bool, len(r.children))
	for _, x := range vs {
		refused[x.Fragment] = true
		if r.children[x.Fragment].proven {
			return nil, fmt.Errorf("proven, but the judge says %+v", x)
		}
	}
	for i, k := range r.children {
		if refused[i] == v.entities[i] {
			return nil, fmt.Errorf("judged with others, refused is %v, and without them valid is %v: %s", refused[i], v.entities[i], k.Raw)
		}
	}
	seen := map[string]bool{}
	for _, k := range r.children {
		for _, id := range k.ids {
			if seen[id] {
				v.ids = false
				v.blame("the id %s twice", id)
			}
			seen[id] = true
		}
	}
	for _, k := range r.children {
		for _, ref := range k.refs {
			if !seen[ref] {
				v.refs = false
				v.blame("no id %s", ref)
			}
		}
	}
	return v, nil
}

// askLibxml2 is libxml2's verdict on a whole document. outline says where its elements stand; it is nil if the document is no
// longer what a generator has made, and then the entities are not told apart.
func askLibxml2(lib *libSchema, doc []byte, outline *outline) (*verdict, error) {
	v := &verdict{ids: true, refs: true}
	faults, err := lib.validate(doc)
	if errors.Is(err, errParse) {
		v.blame("%v", err)
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	v.wellFormed, v.root = true, true
	if outline == nil {
		v.root = len(faults) == 0
		return v, nil
	}
	v.entities = make([]bool, outline.entities)
	for i := range v.entities {
		v.entities[i] = true
	}
	v.known = outline.entities
	for _, f := range faults {
		v.blame("rule %d at element %d, attribute %q", f.rule, f.elem, f.attr)
		switch {
		case f.elem < 0 || f.elem >= len(outline.elements):
			return nil, fmt.Errorf("libxml2 found a fault (%d) without its place", f.rule)
		case f.elem == 0:
			v.root = false
			if f.rule == ruleRoot { // another root: nothing below it was looked at
				v.known = 0
			}
		case outline.twice(f):
			v.ids = false
		default:
			e := outline.elements[f.elem]
			v.entities[e.entity] = false
			if f.rule == ruleContent && e.top {
				v.cut, v.known = true, min(v.known, e.entity+1)
			}
		}
	}
	return v, nil
}

// outline tells for the number of an element which it is.
type outline struct {
	elements []struct {
		*item
		entity int
		top    bool // a child of the root
	}
	entities int
	ids      map[string]int
}

func (g *generator) outline(t *tree) *outline {
	o := &outline{ids: map[string]int{}}
	add := func(it *item, entity int, top bool) {
		o.elements = append(o.elements, struct {
			*item
			entity int
			top    bool
		}{it, entity, top})
	}
	add(&item{attrs: t.attrs}, -1, false)
	for _, p := range g.places(t) {
		if p.parent == nil {
			o.entities++
		}
		add(p.item, o.entities-1, p.parent == nil)
		for _, a := range p.attrs {
			if a[0] == "id" {
				o.ids[strings.Trim(a[1], " \t\r\n")]++
			}
		}
	}
	return o
}

var plainName = regexp.MustCompile(`^[\pL_][\pL\pN\pM._·-]*$`)

// twice reports whether a fault is about an id that stands twice, and not about what it looks like.
func (o *outline) twice(f fault) bool {
	if f.attr != "id" || !isValue(f.rule) {
		return false
	}
	for _, a := range o.elements[f.elem].attrs {
		if a[0] == "id" {
			id := strings.Trim(a[1], " \t\r\n")
			return o.ids[id] > 1 && plainName.MatchString(id)
		}
	}
	return false
}

// agrees reports whether two engines say the same, as far as both have looked. Whether ids and refs are right counts for
// the whole document only, and refs not at all, unless the rest of the document is right.
func (v *verdict) agrees(w *verdict) bool {
	if v.valid() != w.valid() || v.wellFormed != w.wellFormed {
		// Undeclared prefixes are no matter of well-formedness to libxml2; both must refuse them.
		if v.valid() || w.valid() {
			return false
		}
		return true
	}
	if len(w.entities) != len(v.entities) {
		return w.known == 0 || v.known == 0
	}
	if v.known > 0 && w.known > 0 && !w.cut && v.root != w.root {
		return false
	}
	for i := range min(v.known, w.known) {
		if v.entities[i] != w.entities[i] {
			return false
		}
	}
	return true
}
