package batch

import (
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"cohortx/interchange"
)

// Whatever the chunk size, and whether runs lie in memory or on disk, the same records come back in the same order with the
// sections they were added with.
func TestSorter(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	type added struct {
		r        record
		sections []interchange.SectionUse
	}
	var all []added
	for i := range 5000 {
		a := added{r: record{
			pair:   uint64(rnd.IntN(50))<<32 | uint64(rnd.IntN(20)),
			place:  interchange.Place(i),
			begin:  interchange.Date(20000 + rnd.IntN(3)),
			end:    interchange.Date(20100),
			access: uint8(rnd.IntN(3)),
		}}
		for range rnd.IntN(3) {
			a.sections = append(a.sections, interchange.SectionUse{Section: rnd.Uint32(), Begin: []interchange.Date{interchange.UnsaidDate, interchange.NoDate, 20000}[rnd.IntN(3)]})
		}
		all = append(all, a)
	}
	want := slices.Clone(all)
	slices.SortFunc(want, func(a, b added) int { return compareRecords(&a.r, &b.r) })

	for _, shape := range []struct{ size, keep int }{{1, 0}, {7, 3}, {100, 0}, {999, 2}, {5000, 1}, {5001, 1}, {1 << 19, 4}} {
		s := newSorter(t.TempDir())
		s.size, s.keep = shape.size, shape.keep
		for _, a := range all {
			if err := s.add(a.r, a.sections); err != nil {
				t.Fatal(err)
			}
		}
		m, err := s.merge()
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range want {
			r, sections, err := m.next()
			if err != nil {
				t.Fatalf("size %d, keep %d: record %d: %v", shape.size, shape.keep, i, err)
			}
			if compareRecords(r, &w.r) != 0 || r.end != w.r.end || r.access != w.r.access || !slices.Equal(sections, w.sections) {
				t.Fatalf("size %d, keep %d: record %d: got %+v %v, want %+v %v", shape.size, shape.keep, i, *r, sections, w.r, w.sections)
			}
		}
		if _, _, err := m.next(); !errors.Is(err, io.EOF) {
			t.Fatalf("size %d, keep %d: after the last record: %v", shape.size, shape.keep, err)
		}
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSorter_Empty(t *testing.T) {
	s := newSorter(t.TempDir())
	m, err := s.merge()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.next(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

func BenchmarkSorter(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	records := make([]record, 1_000_000)
	for i := range records {
		records[i] = record{pair: uint64(rnd.IntN(50_000))<<32 | uint64(rnd.IntN(350_000)), place: interchange.Place(i)}
	}
	b.ReportAllocs()
	for b.Loop() {
		s := newSorter(b.TempDir())
		for _, r := range records {
			if err := s.add(r, nil); err != nil {
				b.Fatal(err)
			}
		}
		m, err := s.merge()
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, _, err := m.next(); err != nil {
				break
			}
		}
		s.close()
	}
}
