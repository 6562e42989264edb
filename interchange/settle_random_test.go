package interchange_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"cohortx/interchange"
)

// Whatever the records: one answer each, in order, appended to what is there; the answer that [interchange.Decide] gives, unless a policy
// rejects; and under the policy to reject overlaps, nothing is written that overlaps what the store then holds.
func TestSettle_Random(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 100000 {
		p := interchange.Policies{Overlap: interchange.Policy(r.IntN(3)), Reopen: interchange.Policy(r.IntN(3)), EndExclusive: r.IntN(2) == 0}
		stored := slices.CompactFunc(randomRecords(r, 4), func(a, b interchange.Record) bool { return a.Begin == b.Begin })
		for i := range stored {
			for j := range stored[i].Sections {
				if u := &stored[i].Sections[j]; u.Begin == interchange.UnsaidDate {
					u.Begin = interchange.NoDate // what is stored is said
				}
			}
		}
		incoming := randomRecords(r, 5)
		said := saying(stored, incoming)
		all := interchange.Settle(stored, incoming, p, []interchange.Settled{{Incoming: 99}})
		if len(all) != 1+len(incoming) || all[0].Incoming != 99 {
			t.Fatalf("%d answers for %d records", len(all)-1, len(incoming))
		}
		for i := range incoming {
			if !slices.Equal(incoming[i].Sections, said[i].Sections) {
				t.Fatalf("record %d: sections %v, want %v\nstored %+v", i, incoming[i].Sections, said[i].Sections, stored)
			}
		}
		got := all[1:]
		for i, s := range got {
			if want := expected(stored, incoming, i, p); s.Incoming != i || !slices.Contains(want, s.Outcome) || s.Write != s.Outcome.Writes() {
				t.Fatalf("record %d: %+v, want one of %v\nstored %+v\nincoming %+v", i, s, want, stored, incoming)
			}
			if (s.Outcome == interchange.Rejected) != (s.Code == interchange.CodeOverlap || s.Code == interchange.CodeReopen) {
				t.Fatalf("record %d: %s with the code %q", i, s.Outcome, s.Code)
			}
			if p.Overlap != interchange.RejectPolicy || !s.Write {
				continue
			}
			for j, row := range stored {
				taken := slices.ContainsFunc(got, func(o interchange.Settled) bool { return o.Stored == j && o.Write })
				if !taken && interchange.Overlap(incoming[i], row, p.EndExclusive) {
					t.Fatalf("record %d was written and overlaps %+v, which is still stored\nstored %+v\nincoming %+v\n%+v", i, row, stored, incoming, got)
				}
			}
			for j, o := range got[:i] {
				if o.Write && interchange.Overlap(incoming[i], incoming[j], p.EndExclusive) {
					t.Fatalf("records %d and %d were written and overlap\nstored %+v\nincoming %+v\n%+v", j, i, stored, incoming, got)
				}
			}
		}
	}
}

// randomRecords makes up to n records of few days, so that they often meet, in order.
func randomRecords(r *rand.Rand, n int) (list []interchange.Record) {
	for i := range r.IntN(n + 1) {
		x := interchange.Record{Begin: interchange.Date(r.IntN(8)), End: interchange.NoDate, Access: uint8(r.IntN(3)), Place: interchange.Place(i + 1)}
		if r.IntN(2) == 0 {
			x.End = x.Begin + interchange.Date(r.IntN(4))
		}
		if r.IntN(3) == 0 {
			x.Sections = []interchange.SectionUse{{Section: 1 + r.Uint32N(2), Begin: []interchange.Date{interchange.NoDate, interchange.UnsaidDate, 3}[r.IntN(3)]}}
		}
		list = append(list, x)
	}
	slices.SortStableFunc(list, func(a, b interchange.Record) int { return int(a.Begin) - int(b.Begin) })
	return list
}

// saying is what incoming records mean: a begin date of a section that a record cannot say is what it was before.
func saying(stored, incoming []interchange.Record) []interchange.Record {
	type key struct {
		begin   interchange.Date
		section uint32
	}
	was := map[key]interchange.Date{}
	put := func(r interchange.Record) {
		for k := range was {
			if k.begin == r.Begin {
				delete(was, k)
			}
		}
		for _, u := range r.Sections {
			was[key{r.Begin, u.Section}] = u.Begin
		}
	}
	for _, r := range stored {
		put(r)
	}
	var out []interchange.Record
	for _, r := range incoming {
		r.Sections = slices.Clone(r.Sections)
		for i := range r.Sections {
			u := &r.Sections[i]
			if u.Begin == interchange.UnsaidDate {
				u.Begin = interchange.NoDate
				if d, ok := was[key{r.Begin, u.Section}]; ok {
					u.Begin = d
				}
			}
		}
		put(r)
		out = append(out, r)
	}
	return out
}

// expected are the outcomes that a record may have.
func expected(stored, incoming []interchange.Record, i int, p interchange.Policies) []interchange.Outcome {
	same := func(a, b interchange.Record) bool {
		return a.Access == b.Access && slices.Equal(a.Sections, b.Sections)
	}
	x := incoming[i]
	if i+1 < len(incoming) && incoming[i+1].Begin == x.Begin {
		if next := incoming[i+1]; next.End == x.End && same(x, next) {
			return []interchange.Outcome{interchange.Duplicate}
		}
		return []interchange.Outcome{interchange.Superseded}
	}
	s := slices.IndexFunc(stored, func(row interchange.Record) bool { return row.Begin == x.Begin })
	decided := interchange.Created
	if s >= 0 {
		decided = interchange.Decide(true, interchange.Dates{Begin: x.Begin, End: stored[s].End}, interchange.Dates{Begin: x.Begin, End: x.End}, same(x, stored[s]))
	}
	switch {
	case decided == interchange.Reopened && p.Reopen == interchange.RejectPolicy:
		return []interchange.Outcome{interchange.Rejected}
	case p.Overlap == interchange.RejectPolicy:
		return []interchange.Outcome{decided, interchange.Rejected}
	}
	return []interchange.Outcome{decided}
}
