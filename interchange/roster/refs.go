package roster

import (
	"fmt"
	"io"
	"slices"

	"cohortx/interchange"
	"cohortx/xsd/scan"
)

// mostRefs is how many refs may follow each other before they are taken for a circle.
const mostRefs = 32

// target is an element that has an id: what it says, by paths from it down.
type target struct {
	name     string // of the element
	values   []targetValue
	uses     []targetUse
	twice    bool // another element has the same id
	rejected bool
}

type targetValue struct{ path, value string }

type targetUse struct{ path, id string }

// define makes an element known by its id. prefix is the path of the element with a "/", empty for the entity itself.
func (x *xmlRows) define(name string, d def, prefix string) {
	if other, ok := x.targets[d.id]; ok {
		other.twice = true
		return
	}
	t := &target{name: name, rejected: len(x.faults) > 0}
	for _, l := range x.leaves[d.leaf:] {
		if l.node.leaf {
			t.values = append(t.values, targetValue{l.node.path[len(prefix):], string(x.values[l.start:l.end])})
		}
	}
	for _, u := range x.uses[d.use:] {
		if d.node == nil {
			t.uses = append(t.uses, targetUse{u.node.path, u.id})
		} else if u.node == d.node {
			t.uses = append(t.uses, targetUse{"", u.id})
		} else {
			t.uses = append(t.uses, targetUse{u.node.path[len(prefix):], u.id})
		}
	}
	x.targets[d.id] = t
}

// waiting is an entity that refers to an id which has not been seen yet.
type waiting struct {
	plan   *plan
	row    Row
	leaves []leaf
	values []byte
	uses   []use
	faults []Fault
	places []scan.Pos // of uses
}

// known says whether an id and all that it refers to in turn have been seen.
func (x *xmlRows) known(id string, depth int) bool {
	t, ok := x.targets[id]
	if !ok {
		return false
	}
	if depth < mostRefs {
		for _, u := range t.uses {
			if !x.known(u.id, depth+1) {
				return false
			}
		}
	}
	return true
}

// resolve follows the entity's refs, if all their targets are known.
func (x *xmlRows) resolve(p *plan) bool {
	for _, u := range x.uses {
		if !x.known(u.id, 0) {
			return false
		}
	}
	for _, u := range x.uses {
		x.follow(p, u.node, u.id, x.place(u.offset), 0)
	}
	return true
}

// wait keeps the entity until the end of the document.
func (x *xmlRows) wait(p *plan) {
	w := &waiting{plan: p, row: x.row, leaves: slices.Clone(x.leaves), values: slices.Clone(x.values), uses: slices.Clone(x.uses), faults: slices.Clone(x.faults)}
	w.row.Raw = nil
	for i := range w.leaves {
		w.leaves[i].offset = -1
	}
	for _, u := range w.uses {
		w.places = append(w.places, x.place(u.offset))
	}
	x.waiting = append(x.waiting, w)
}

// waited gives the next of the entities that waited.
func (x *xmlRows) waited() (*Row, error) {
	if len(x.waiting) == 0 {
		return nil, io.EOF
	}
	w := x.waiting[0]
	x.waiting = x.waiting[1:]
	x.row, x.leaves, x.values, x.uses, x.faults = w.row, w.leaves, w.values, w.uses, w.faults
	for i, u := range x.uses {
		x.follow(w.plan, u.node, u.id, w.places[i], 0)
	}
	return x.build(w.plan), nil
}

// entityOf says which entity a kind of reference is to.
func entityOf(reference, entity string) bool {
	if reference == "EducationOrganizationReference" {
		return slices.Contains(organizations, entity)
	}
	return reference == entity+"Reference"
}

// follow adds the values of the element with that id to those of the reference n, as if they stood there.
func (x *xmlRows) follow(p *plan, n *node, id string, at scan.Pos, depth int) {
	fault := func(code interchange.Code, found, expected string) {
		x.faults = append(x.faults, Fault{At: at, Code: string(code), Path: p.element + "/" + n.path, Found: fmt.Sprintf("ref %q%s", shortened(id), found), Expected: expected})
	}
	t, ok := x.targets[id]
	switch {
	case depth > mostRefs:
		fault(interchange.CodeReferenceEmpty, ", which leads back to itself or further than 32 refs", "a ref to an element that has its key")
		return
	case !ok:
		fault(interchange.CodeRefDangling, "", "the id of an element of this file")
		return
	case t.twice:
		fault(interchange.CodeRefAmbiguous, ", which several elements have as their id", "an id that one element has")
		return
	case t.rejected:
		fault(interchange.CodeRefTargetRejected, " to an element that is rejected", "a ref to a sound element")
		return
	}
	prefix := ""
	switch {
	case t.name == n.name:
	case entityOf(n.name, t.name):
		prefix = n.name[:len(n.name)-len("Reference")] + "Identity/"
	default:
		fault(interchange.CodeReferenceWrongKind, " to an element "+t.name, "a ref to what a "+n.name+" names")
		return
	}
	for _, v := range t.values {
		path := v.path
		if n.name == "EducationOrganizationReference" && prefix != "" {
			// Each kind of organization has an id element of its own, which is the education organization id.
			if path != t.name+"Id" {
				continue
			}
			path = "EducationOrganizationId"
		}
		if to := n.at(prefix + path); to != nil && to.leaf {
			start := len(x.values)
			x.values = append(x.values, v.value...)
			x.leaves = append(x.leaves, leaf{to, start, len(x.values), -1})
		}
	}
	for _, u := range t.uses {
		to := n
		if u.path != "" {
			to = n.at(prefix + u.path)
		}
		if to != nil {
			x.follow(p, to, u.id, at, depth+1)
		}
	}
}
