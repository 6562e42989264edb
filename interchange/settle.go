package interchange

import (
	"math"
	"slices"
)

// Place says where in the input of a run an entity's start tag stands: the number of the file in 16 bits, then its offset in the decoded
// stream in 48 bits. Places compare as the entities follow each other.
type Place uint64

// PlaceOf makes a Place.
func PlaceOf(file int, offset int64) Place { return Place(file)<<48 | Place(offset)&(1<<48-1) }

// File returns the number of the file.
func (p Place) File() int { return int(p >> 48) }

// Offset returns the offset in the file's decoded stream.
func (p Place) Offset() int64 { return int64(p & (1<<48 - 1)) }

// Record is one association of a (cohort, person) pair, stored or incoming.
type Record struct {
	Begin, End Date
	Access     uint8        // AccessAbsent, AccessFalse, AccessTrue
	Sections   []SectionUse // by number, each once
	Place      Place        // of an incoming record
}

// Policy says what to do about something doubtful.
type Policy uint8

// The policies.
const (
	WarnPolicy   Policy = iota // apply it and say so
	AllowPolicy                // apply it
	RejectPolicy               // do not apply it
)

// String returns the word of the command line; "" for no policy.
func (p Policy) String() string {
	switch p {
	case WarnPolicy:
		return "warn"
	case AllowPolicy:
		return "allow"
	case RejectPolicy:
		return "reject"
	}
	return ""
}

// ParsePolicy reads "allow", "warn" or "reject".
func ParsePolicy(s string) (Policy, bool) {
	for _, p := range []Policy{WarnPolicy, AllowPolicy, RejectPolicy} {
		if p.String() == s {
			return p, true
		}
	}
	return 0, false
}

// Policies are the choices of an import.
type Policies struct {
	Overlap Policy // dates that overlap another association of the same person and cohort
	Reopen  Policy // no end date in the file where the store has one
	// EndExclusive is the store's setting: an end date is the first day out of the cohort. Otherwise it is the last day in.
	EndExclusive bool
}

// Settled is what becomes of one incoming record.
type Settled struct {
	Incoming int // index in incoming
	Stored   int // index in stored of the row with the same key; -1: none
	Outcome  Outcome
	Write    bool // the store must be changed: the record takes the place of the stored row, or is a new one
	Was      Date // end date of the stored row; NoDate when that is open, or there is none
	// Code is why the record was rejected, or a warning; "" when there is nothing to say. Other is the index in incoming of the record
	// that a warning or reject of overlap is about, or -1 when that one is stored.
	Code  Code
	Other int
}

// Settle decides about all records of one (cohort, person) pair. Both slices are ordered by begin date; incoming ones of the same begin
// date by place. The results are appended to dst in the order of incoming.
//
// Of incoming records with equal keys the last in file order wins; the earlier are Duplicate when they equal the one after them,
// Superseded when not. Then each is compared with its stored row ([Decide]). Under the policy to reject overlaps, stored rows that the
// incoming records do not name stand, then the incoming ones in the order of begin dates; what overlaps those is rejected. A rejected
// record leaves its stored row as it is, so a record gives way to a stored row that a later one names, too, if it overlaps both: whatever
// becomes of the later one, the days would be taken twice. What is stored already is not rejected.
//
// Begin dates of sections that a record cannot say (UnsaidDate) are replaced, in place, by what they stand for.
func Settle(stored, incoming []Record, p Policies, dst []Settled) []Settled {
	saySections(stored, incoming)
	first := len(dst)
	s := 0
	for i := range incoming {
		r := &incoming[i]
		for s < len(stored) && stored[s].Begin < r.Begin {
			s++
		}
		t := Settled{Incoming: i, Stored: -1, Was: NoDate, Other: -1}
		if s < len(stored) && stored[s].Begin == r.Begin {
			t.Stored = s
		}
		if i+1 < len(incoming) && incoming[i+1].Begin == r.Begin {
			t.Outcome = Superseded
			if sameValues(r, &incoming[i+1]) {
				t.Outcome = Duplicate
			}
			dst = append(dst, t)
			continue
		}
		if t.Stored < 0 {
			t.Outcome = Created
		} else {
			old := &stored[t.Stored]
			t.Was = old.End
			t.Outcome = Decide(true, Dates{old.Begin, old.End}, Dates{r.Begin, r.End}, old.Access == r.Access && slices.Equal(old.Sections, r.Sections))
		}
		if t.Outcome == Reopened {
			switch p.Reopen {
			case WarnPolicy:
				t.Code = CodeReopened
			case RejectPolicy:
				t.Outcome, t.Code = Rejected, CodeReopen
			}
		}
		t.Write = t.Outcome.Writes()
		dst = append(dst, t)
	}
	if p.Overlap != AllowPolicy && len(stored)+len(incoming) > 1 {
		overlaps(stored, incoming, p, dst[first:])
	}
	return dst
}

func sameValues(a, b *Record) bool {
	return a.End == b.End && a.Access == b.Access && slices.Equal(a.Sections, b.Sections)
}

// stands reports whether an incoming record is one that the store will hold, or holds already.
func (t *Settled) stands() bool {
	switch t.Outcome {
	case Duplicate, Superseded, Rejected:
		return false
	}
	return true
}

// overlaps looks for records whose days another association of the pair has too. Pairs have few records, so comparing each with each
// is cheaper than being clever.
func overlaps(stored, incoming []Record, p Policies, settled []Settled) {
	for i := range settled {
		t := &settled[i]
		if !t.Write {
			continue // what the store holds already is no news, and cannot be rejected
		}
		r := &incoming[t.Incoming]
		clash, other := false, -1
		for s := range stored {
			if s == t.Stored || !Overlap(*r, stored[s], p.EndExclusive) {
				continue
			}
			// Under the policy to warn, the later of two that overlap is the one that says so.
			by := taker(settled, s)
			if by < 0 || by > i && p.Overlap == RejectPolicy && Overlap(*r, incoming[by], p.EndExclusive) {
				clash = true
			}
		}
		for j := range settled[:i] {
			if e := &settled[j]; !clash && e.stands() && Overlap(*r, incoming[e.Incoming], p.EndExclusive) {
				clash, other = true, e.Incoming
			}
		}
		if !clash {
			continue
		}
		t.Other = other
		if p.Overlap == RejectPolicy {
			t.Outcome, t.Write, t.Code = Rejected, false, CodeOverlap
		} else if t.Code == "" {
			t.Code = CodeOverlaps
		}
	}
}

// taker is the index in settled of the record that stands and takes the place of stored row s, -1 if there is none.
func taker(settled []Settled, s int) int {
	for i := range settled {
		if settled[i].Stored == s && settled[i].stands() {
			return i
		}
	}
	return -1
}

// Overlap reports whether two associations have a day in common. A record that ends on the day it begins has one day when end dates are
// inclusive and none when they are exclusive.
func Overlap(a, b Record, endExclusive bool) bool {
	lastA, lastB := a.lastDay(endExclusive), b.lastDay(endExclusive)
	return a.Begin <= lastA && b.Begin <= lastB && a.Begin <= lastB && b.Begin <= lastA
}

// lastDay is the last day in the cohort.
func (r *Record) lastDay(endExclusive bool) Date {
	switch {
	case r.End == NoDate:
		return math.MaxInt32
	case endExclusive:
		return r.End - 1
	}
	return r.End
}
