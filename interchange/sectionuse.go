package interchange

import "math"

// UnsaidDate is the begin date of a section in a record that cannot say one: no XML release has a place for it. So XML neither sets nor
// clears such a date; what the store has stands.
const UnsaidDate Date = math.MinInt32 + 1

// SectionUse is a section of an association.
type SectionUse struct {
	Section uint32 // number
	Begin   Date   // NoDate: none; UnsaidDate: incoming, and not to be changed
}

// CompareSectionUses orders by number. A record has a section once.
func CompareSectionUses(a, b SectionUse) int {
	switch {
	case a.Section < b.Section:
		return -1
	case a.Section > b.Section:
		return 1
	}
	return 0
}

// saySections replaces what incoming records cannot say of their sections by what an earlier record of the same association says, or the
// stored row. Both are ordered as those of [Settle].
func saySections(stored, incoming []Record) {
	for i := range incoming {
		r := &incoming[i]
		if len(r.Sections) == 0 {
			continue
		}
		var earlier []SectionUse
		if i > 0 && incoming[i-1].Begin == r.Begin {
			earlier = incoming[i-1].Sections
		} else {
			for s := range stored {
				if stored[s].Begin == r.Begin {
					earlier = stored[s].Sections
				}
			}
		}
		inherit(r.Sections, earlier)
	}
}

// inherit gives the sections that cannot say their begin date the one that they have in an earlier record of the same association, or none.
// Both are ordered.
func inherit(uses, earlier []SectionUse) {
	for i := range uses {
		u := &uses[i]
		if u.Begin != UnsaidDate {
			continue
		}
		for len(earlier) > 0 && earlier[0].Section < u.Section {
			earlier = earlier[1:]
		}
		u.Begin = NoDate
		if len(earlier) > 0 && earlier[0].Section == u.Section {
			u.Begin = earlier[0].Begin
		}
	}
}
