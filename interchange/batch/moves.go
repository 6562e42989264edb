package batch

import (
	"cmp"
	"context"
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

// movements are those of one kind. They come in runs of one cohort, so that a cohort is looked for in no map.
type movements []movement

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

// changed is what moved in one cohort.
type changed struct {
	cohort uint32
	by     map[interchange.Kind]movement
	size   int64
}

// cohorts sums up by cohort, the largest changes first.
func (m *moves) cohorts() []*changed {
	all := map[uint32]*changed{}
	for kind, list := range m.by {
		for _, x := range *list {
			c := all[x.cohort]
			if c == nil {
				c = &changed{cohort: x.cohort, by: map[interchange.Kind]movement{}}
				all[x.cohort] = c
			}
			sum := c.by[kind]
			sum.joined, sum.left = sum.joined+x.joined, sum.left+x.left
			c.by[kind] = sum
			c.size += x.joined + x.left
		}
	}
	list := make([]*changed, 0, len(all))
	for _, c := range all {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *changed) int { return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.cohort, b.cohort)) })
	return list
}

// mostCohorts is how many cohorts the report lists, those that changed most; it counts all.
const mostCohorts = 50

// report says what changed in the cohorts. Only for those that are listed, and were in the store before, is the store asked how many
// associations they have.
func (m *moves) report(ctx context.Context, tx *store.Tx) (*report.Cohorts, error) {
	list := m.cohorts()
	out := &report.Cohorts{Day: m.day, Changed: int64(len(list)), First: []report.CohortChange{}}
	for _, c := range list[:min(len(list), mostCohorts)] {
		key, err := interchange.ParseCohortKey(m.key(c.cohort))
		if err != nil {
			return nil, err
		}
		x := report.CohortChange{EducationOrganizationID: key.EducationOrganizationID, CohortIdentifier: key.CohortIdentifier}
		for _, of := range []struct {
			kind interchange.Kind
			to   *report.Members
		}{{interchange.StudentCohortAssociationKind, &x.Students}, {interchange.StaffCohortAssociationKind, &x.Staff}} {
			moved := c.by[of.kind]
			after := moved.joined - moved.left
			if c.cohort <= m.stored {
				if after, err = tx.CountActive(ctx, of.kind, c.cohort, m.day); err != nil {
					return nil, err
				}
			}
			*of.to = report.Members{Before: after - moved.joined + moved.left, Joined: moved.joined, Left: moved.left, After: after}
		}
		out.First = append(out.First, x)
	}
	return out, nil
}
