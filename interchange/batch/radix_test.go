package batch

import (
	"math/rand/v2"
	"slices"
	"testing"

	"cohortx/interchange"
)

func randomRecords(rnd *rand.Rand, n int, cohorts, persons uint64) []record {
	list := make([]record, n)
	for i := range list {
		list[i] = record{
			pair: (1+rnd.Uint64N(cohorts))<<32 | 1 + rnd.Uint64N(persons), begin: interchange.Date(rnd.IntN(20)),
			place: interchange.PlaceOf(0, int64(i)), access: uint8(i % 3),
		}
	}
	return list
}

// The order is that of comparing, whatever bits of the numbers differ.
func TestSortRecords(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 3))
	for _, tt := range []struct {
		n                int
		cohorts, persons uint64
	}{
		{0, 1, 1}, {1, 1, 1}, {2, 1, 1}, {500, 1, 1}, {500, 1, 3}, {500, 3, 1}, {3000, 1 << 31, 1 << 31}, {3000, 40, 1 << 29}, {3000, 1 << 29, 2}, {3000, 1000, 1000},
	} {
		got := randomRecords(rnd, tt.n, tt.cohorts, tt.persons)
		if tt.n == 3000 {
			rnd.Shuffle(tt.n, func(i, j int) { got[i], got[j] = got[j], got[i] })
			got[7].pair, got[8].pair = 1<<63|1, 1<<63|1
		}
		want := slices.Clone(got)
		slices.SortFunc(want, func(a, b record) int { return compareRecords(&a, &b) })
		if got = sortRecords(got, make([]record, len(got))); !slices.Equal(got, want) {
			t.Errorf("%d records of %d cohorts and %d persons are not in order", tt.n, tt.cohorts, tt.persons)
		}
	}
}

func BenchmarkSortRecords(b *testing.B) {
	rnd := rand.New(rand.NewPCG(3, 3))
	source := randomRecords(rnd, chunkRecords, 50_000, 350_000)
	list, scratch := make([]record, len(source)), make([]record, len(source))
	b.Run("radix", func(b *testing.B) {
		for b.Loop() {
			copy(list, source)
			sortRecords(list, scratch)
		}
	})
	b.Run("compare", func(b *testing.B) {
		for b.Loop() {
			copy(list, source)
			slices.SortFunc(list, func(a, b record) int { return compareRecords(&a, &b) })
		}
	})
}
