package batch

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"cohortx/interchange"
)

// The cohorts that changed most, against a sum of all of them, however their changes come.
func TestMoves_Cohorts(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, cohorts := range []int{1, mostCohorts, mostCohorts + 1, 1000} {
		m := newMoves(0, false, 0, nil)
		want := map[uint32]*changed{}
		for range 20 * cohorts {
			k, n := rnd.IntN(2), uint32(1+rnd.IntN(cohorts))
			c := want[n]
			if c == nil {
				c = &changed{cohort: n}
				want[n] = c
			}
			switch rnd.IntN(3) {
			case 0:
				m.by[interchange.AssociationKinds[k]].add(n, false, true)
				c.by[k].joined++
			case 1:
				m.by[interchange.AssociationKinds[k]].add(n, true, false)
				c.by[k].left++
			default:
				m.by[interchange.AssociationKinds[k]].add(n, true, true)
			}
		}
		var list []changed
		for _, c := range want {
			if c.size() > 0 {
				list = append(list, *c)
			}
		}
		slices.SortFunc(list, func(a, b changed) int {
			return cmp.Or(cmp.Compare(b.size(), a.size()), cmp.Compare(a.cohort, b.cohort))
		})
		top, n := m.cohorts()
		if n != int64(len(list)) {
			t.Errorf("%d cohorts: %d changed, want %d", cohorts, n, len(list))
		}
		for i, c := range list[:min(len(list), mostCohorts)] {
			got := top[i]
			for k := range got.by {
				got.by[k].cohort = 0
			}
			if got != c {
				t.Errorf("%d cohorts: number %d is %+v, want %+v", cohorts, i, got, c)
			}
		}
	}
}
