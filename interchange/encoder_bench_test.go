package interchange_test

import (
	"fmt"
	"testing"

	"cohortx/interchange"
)

// members are associations as an export has them: of a few cohorts, some ended, some with a section.
func members(tb testing.TB, r *interchange.Release, n int) []interchange.Association {
	_, list := example(tb, r)
	out := make([]interchange.Association, n)
	for i := range out {
		a := &out[i]
		*a = list[0]
		a.CohortIdentifier, a.PersonUniqueID = fmt.Sprintf("C%03d", i/20), fmt.Sprintf("%09d", i)
		a.BeginDate += interchange.Date(i)
		if i%3 == 0 {
			a.EndDate = a.BeginDate + 30
		}
		a.Sections = nil
		if i%10 == 0 {
			a.Sections = list[0].Sections[:1+i%2]
		}
	}
	return out
}

// Once it has seen the sections, an encoder needs no memory for an association, whichever it is.
func TestEncoder_NoAllocations(t *testing.T) {
	for _, name := range []string{"2.0", "5.2"} {
		e := newEncoder(t, name)
		r, _ := interchange.ReleaseNamed(name)
		list := members(t, r, 1000)
		var out []byte
		all := func() {
			out = out[:0]
			for i := range list {
				var err error
				if out, err = e.AppendAssociation(out, &list[i]); err != nil {
					t.Fatal(err)
				}
			}
		}
		all()
		if n := testing.AllocsPerRun(10, all); n > 0 {
			t.Errorf("release %s: %v allocations for %d associations, expected none", name, n, len(list))
		}
	}
}

func BenchmarkEncoder_Association(b *testing.B) {
	for _, name := range []string{"2.0", "5.2"} {
		b.Run(name, func(b *testing.B) {
			e := newEncoder(b, name)
			r, _ := interchange.ReleaseNamed(name)
			list := members(b, r, 1000)
			var out []byte
			b.ReportAllocs()
			for b.Loop() {
				out = out[:0]
				for i := range list {
					var err error
					if out, err = e.AppendAssociation(out, &list[i]); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.SetBytes(int64(len(out)))
			b.ReportMetric(float64(len(list))*float64(b.N)/b.Elapsed().Seconds(), "associations/s")
		})
	}
}
