package batch

import (
	"cmp"
	"context"
	"math"
	"slices"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/store"
)

// moves counts who comes into which cohort, and who goes: what a run's report says of its cohorts, before and after.
type moves struct {
	day          interchange.Date // on which an association counts if it is active
	endExclusive bool
	key          func(cohort uint32) []byte // natural key of a cohort
	stored       uint32                     // cohorts with larger numbers were not in the store before the run
	by           map[interchange.Kind]*movements
}

func newMoves(day interchange.Date, endExclusive bool, stored uint32, key func(uint32) []byte) *moves {
	m := &moves{day: day, endExclusive: endExclusive, stored: stored, key: key, by: map[interchange.Kind]*movements{}}
	for _, kind := range interchange.AssociationKinds {
		m.by[kind] = &movements{}
	}
	return m
}

// active reports whether an association with these dates counts.
func (m *moves) active(begin, end interchange.Date) bool {
	return interchange.ActiveOn(interchange.Dates{Begin: begin, End: end}, m.day, m.endExclusive)
}

// movements are those of one kind. They come in the order of cohorts, so that a cohort is looked for in no map: once from what is merged, and,
// for complete files, once more from what is missing.
type movements []movement

func (m *movements) inOrder() movements {
	order := func(a, b movement) int { return cmp.Compare(a.cohort, b.cohort) }
	if !slices.IsSortedFunc(*m, order) {
		slices.SortFunc(*m, order)
	}
	return *m
}

type movement struct {
	cohort       uint32
	joined, left int64
}

// add takes one association that was, or is, active.
func (m *movements) add(cohort uint32, was, is bool) {
	if was == is {
		return
	}
	if n := len(*m); n == 0 || (*m)[n-1].cohort != cohort {
		*m = append(*m, movement{cohort: cohort})
	}
	last := &(*m)[len(*m)-1]
	if is {
		last.joined++
	} else {
		last.left++
	}
}

// changed is what moved in one cohort, by the place of the kind in interchange.AssociationKinds.
type changed struct {
	cohort uint32
	by     [2]movement
}

func (c *changed) size() int64 {
	return c.by[0].joined + c.by[0].left + c.by[1].joined + c.by[1].left
}

// mostCohorts is how many cohorts the report lists, those that changed most; it counts all.
const mostCohorts = 50

// cohorts gives the cohorts that changed most, the most changed one first, and how many changed in all.
func (m *moves) cohorts() (top []changed, n int64) {
	more := func(a, b changed) int {
		return cmp.Or(cmp.Compare(b.size(), a.size()), cmp.Compare(a.cohort, b.cohort))
	}
	var lists [2]movements // what is left of them
	for k, kind := range interchange.AssociationKinds {
		lists[k] = m.by[kind].inOrder()
	}
	for {
		c := changed{cohort: math.MaxUint32}
		for _, l := range lists {
			if len(l) > 0 {
				c.cohort = min(c.cohort, l[0].cohort)
			}
		}
		found := false
		for k := range lists {
			for l := &lists[k]; len(*l) > 0 && (*l)[0].cohort == c.cohort; *l = (*l)[1:] {
				c.by[k].joined += (*l)[0].joined
				c.by[k].left += (*l)[0].left
				found = true
			}
		}
		if !found {
			return top, n
		}
		n++
		if len(top) == mostCohorts && more(top[mostCohorts-1], c) < 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, c, more)
		top = slices.Insert(top, at, c)
		top = top[:min(len(top), mostCohorts)]
	}
}

// report says what changed in the cohorts. Only for those that are listed, and were in the store before, is the store asked how many
// associations they have.
func (m *moves) report(ctx context.Context, tx *store.Tx) (*report.Cohorts, error) {
	list, n := m.cohorts()
	out := &report.Cohorts{Day: m.day, Changed: n, First: []report.CohortChange{}}
	for _, c := range list {
		key, err := interchange.ParseCohortKey(m.key(c.cohort))
		if err != nil {
			return nil, err
		}
		x := report.CohortChange{EducationOrganizationID: key.EducationOrganizationID, CohortIdentifier: key.CohortIdentifier}
		for k, kind := range interchange.AssociationKinds {
			moved := c.by[k]
			after := moved.joined - moved.left
			if c.cohort <= m.stored {
				if after, err = tx.CountActive(ctx, kind, c.cohort, m.day); err != nil {
					return nil, err
				}
			}
			members := report.Members{Before: after - moved.joined + moved.left, Joined: moved.joined, Left: moved.left, After: after}
			if kind == interchange.StudentCohortAssociationKind {
				x.Students = members
			} else {
				x.Staff = members
			}
		}
		out.First = append(out.First, x)
	}
	return out, nil
}
