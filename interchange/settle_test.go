package interchange_test

import (
	"fmt"
	"strings"
	"testing"

	"cohortx/interchange"
)

// record reads "2025-09-14", "2025-09-14..2025-09-21", with " a" (access true), " s1,2" (sections).
func record(t *testing.T, text string, place int) interchange.Record {
	t.Helper()
	fields := strings.Fields(text)
	begin, end, _ := strings.Cut(fields[0], "..")
	r := interchange.Record{End: interchange.NoDate, Place: interchange.PlaceOf(0, int64(place))}
	if err := r.Begin.UnmarshalText([]byte(begin)); err != nil {
		t.Fatal(err)
	}
	if end != "" {
		if err := r.End.UnmarshalText([]byte(end)); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range fields[1:] {
		switch {
		case f == "a":
			r.Access = interchange.AccessTrue
		case strings.HasPrefix(f, "s"):
			for n := range strings.SplitSeq(f[1:], ",") {
				u := interchange.SectionUse{Begin: interchange.NoDate}
				number, begin, _ := strings.Cut(n, "@")
				if begin == "?" {
					u.Begin = interchange.UnsaidDate
				} else if err := u.Begin.UnmarshalText([]byte(begin)); err != nil {
					t.Fatal(err)
				}
				fmt.Sscan(number, &u.Section)
				r.Sections = append(r.Sections, u)
			}
		}
	}
	return r
}

func TestSettle(t *testing.T) {
	reject := interchange.Policies{Overlap: interchange.RejectPolicy, Reopen: interchange.RejectPolicy}
	exclusive := interchange.Policies{EndExclusive: true}
	for _, tt := range []struct {
		name             string
		policies         interchange.Policies
		stored, incoming []string
		want             string // an outcome per incoming record, with "+" when it is written and its code
	}{
		{name: "no such key", incoming: []string{"2025-09-14"}, want: "created+"},
		{name: "no such key, with an end date", incoming: []string{"2025-09-14..2025-09-21"}, want: "created+"},
		{name: "same values", stored: []string{"2025-09-14"}, incoming: []string{"2025-09-14"}, want: "unchanged"},
		{name: "end date", stored: []string{"2025-09-14"}, incoming: []string{"2025-09-14..2025-09-21"}, want: "ended+"},
		{name: "another end date", stored: []string{"2025-09-14..2025-09-20"}, incoming: []string{"2025-09-14..2025-09-21"}, want: "redated+"},
		{name: "no end date any more", stored: []string{"2025-09-14..2025-09-20"}, incoming: []string{"2025-09-14"}, want: "reopened+ reopened"},
		{name: "no end date any more, allowed", policies: interchange.Policies{Reopen: interchange.AllowPolicy}, stored: []string{"2025-09-14..2025-09-20"}, incoming: []string{"2025-09-14"}, want: "reopened+"},
		{name: "no end date any more, rejected", policies: reject, stored: []string{"2025-09-14..2025-09-20"}, incoming: []string{"2025-09-14"}, want: "rejected reopen"},
		{name: "sections", stored: []string{"2025-09-14 s1"}, incoming: []string{"2025-09-14 s1,2"}, want: "updated+"},
		{name: "sections cleared", stored: []string{"2025-09-14 s1"}, incoming: []string{"2025-09-14"}, want: "updated+"},
		{name: "a section's begin date", stored: []string{"2025-09-14 s1"}, incoming: []string{"2025-09-14 s1@2025-10-01"}, want: "updated+"},
		{name: "another begin date of a section", stored: []string{"2025-09-14 s1@2025-10-01"}, incoming: []string{"2025-09-14 s1@2025-10-02"}, want: "updated+"},
		{name: "no begin date of a section any more", stored: []string{"2025-09-14 s1@2025-10-01"}, incoming: []string{"2025-09-14 s1"}, want: "updated+"},
		{name: "the same begin date of a section", stored: []string{"2025-09-14 s1,2@2025-10-01"}, incoming: []string{"2025-09-14 s1,2@2025-10-01"}, want: "unchanged"},
		{name: "a begin date that cannot be said", stored: []string{"2025-09-14 s1,2@2025-10-01"}, incoming: []string{"2025-09-14 s1@?,2@?"}, want: "unchanged"},
		{name: "one that cannot be said, of a section more", stored: []string{"2025-09-14 s2@2025-10-01"}, incoming: []string{"2025-09-14 s1@?,2@?"}, want: "updated+"},
		{name: "one that cannot be said, after one that says it", incoming: []string{"2025-09-14 s1@2025-10-01", "2025-09-14 s1@?"}, want: "duplicate; created+"},
		{name: "one that says it, after one that cannot", incoming: []string{"2025-09-14 s1@?", "2025-09-14 s1@2025-10-01"}, want: "superseded; created+"},
		{name: "one that cannot be said, twice", stored: []string{"2025-09-14 s1@2025-10-01"}, incoming: []string{"2025-09-14 s1@?", "2025-09-14 s1@?"}, want: "duplicate; unchanged"},
		{name: "record access", stored: []string{"2025-09-14"}, incoming: []string{"2025-09-14 a"}, want: "updated+"},
		{name: "end date and sections", stored: []string{"2025-09-14"}, incoming: []string{"2025-09-14..2025-09-21 s1"}, want: "ended+"},
		{name: "duplicate", incoming: []string{"2025-09-14", "2025-09-14"}, want: "duplicate; created+"},
		{name: "superseded", incoming: []string{"2025-09-14", "2025-09-14..2025-09-21"}, want: "superseded; created+"},
		{name: "the last in file order wins", stored: []string{"2025-09-14"}, incoming: []string{"2025-09-14..2025-09-21", "2025-09-14"}, want: "superseded; unchanged"},
		{name: "another begin date", stored: []string{"2025-01-01..2025-05-31"}, incoming: []string{"2025-09-14"}, want: "created+"},
		{name: "overlaps a stored row", stored: []string{"2025-01-01"}, incoming: []string{"2025-09-14"}, want: "created+ overlaps"},
		{name: "overlaps, allowed", policies: interchange.Policies{Overlap: interchange.AllowPolicy}, stored: []string{"2025-01-01"}, incoming: []string{"2025-09-14"}, want: "created+"},
		{name: "overlaps, rejected", policies: reject, stored: []string{"2025-01-01"}, incoming: []string{"2025-09-14"}, want: "rejected overlap"},
		{name: "the stored row ends in the same set", policies: reject, stored: []string{"2025-01-01"}, incoming: []string{"2025-01-01..2025-09-13", "2025-09-14"}, want: "ended+; created+"},
		{name: "in begin-date order", policies: reject, incoming: []string{"2025-01-01..2025-02-01", "2025-01-15..2025-03-01", "2025-02-10"}, want: "created+; rejected overlap; created+"},
		{name: "a row that is not named stands", policies: reject, stored: []string{"2025-03-01"}, incoming: []string{"2025-01-01", "2025-06-01"}, want: "rejected overlap; rejected overlap"},
		{name: "a row whose update is rejected stands", policies: reject, stored: []string{"2025-01-01..2025-01-31", "2025-03-01"}, incoming: []string{"2025-01-01..2025-04-30", "2025-01-15..2025-02-01"}, want: "rejected overlap; rejected overlap"},
		{name: "before a row whose update is rejected", policies: reject, stored: []string{"2025-01-01..2025-01-31", "2025-03-01"}, incoming: []string{"2024-12-01..2025-01-10", "2025-01-01..2025-04-30"}, want: "rejected overlap; rejected overlap"},
		{name: "before a row that stays", policies: reject, stored: []string{"2025-01-01"}, incoming: []string{"2024-12-01", "2025-01-01"}, want: "rejected overlap; unchanged"},
		{name: "moved into a row that stays", policies: reject, stored: []string{"2024-12-01..2024-12-31", "2025-01-01"}, incoming: []string{"2024-12-01..2025-01-10", "2025-01-01"}, want: "rejected overlap; unchanged"},
		{name: "before a row that is emptied, exclusive", policies: interchange.Policies{Overlap: interchange.RejectPolicy, EndExclusive: true}, stored: []string{"2025-01-01"}, incoming: []string{"2024-12-01", "2025-01-01..2025-01-01"}, want: "created+; ended+"},
		{name: "what is stored is not rejected", policies: reject, stored: []string{"2025-01-01", "2025-09-14"}, incoming: []string{"2025-01-01", "2025-09-14"}, want: "unchanged; unchanged"},
		{name: "before a row that may not be reopened", policies: reject, stored: []string{"2025-01-01..2025-01-31"}, incoming: []string{"2024-12-01..2025-01-10", "2025-01-01"}, want: "rejected overlap; rejected reopen"},
		{name: "reopened into the next", stored: []string{"2025-01-01..2025-01-31", "2025-03-01"}, incoming: []string{"2025-01-01"}, want: "reopened+ reopened"},
		{name: "three of one key", incoming: []string{"2025-09-14", "2025-09-14 s1", "2025-09-14 s1"}, want: "superseded; duplicate; created+"},
		{name: "duplicate of a rejected one", policies: reject, stored: []string{"2025-01-01"}, incoming: []string{"2025-09-14", "2025-09-14"}, want: "duplicate; rejected overlap"},
		{name: "both warnings: the overlap of a new row with a reopened one", stored: []string{"2025-01-01..2025-01-31"}, incoming: []string{"2025-01-01", "2025-06-01"}, want: "reopened+ reopened; created+ overlaps"},
		{name: "end and begin on one day, inclusive", stored: []string{"2025-01-01..2025-09-14"}, incoming: []string{"2025-09-14"}, want: "created+ overlaps"},
		{name: "end and begin on one day, exclusive", policies: exclusive, stored: []string{"2025-01-01..2025-09-14"}, incoming: []string{"2025-09-14"}, want: "created+"},
		{name: "a day without days, exclusive", policies: exclusive, stored: []string{"2025-01-01"}, incoming: []string{"2025-09-14..2025-09-14"}, want: "created+"},
		{name: "what is unchanged is no news", stored: []string{"2025-01-01", "2025-09-14"}, incoming: []string{"2025-01-01", "2025-09-14"}, want: "unchanged; unchanged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stored, incoming []interchange.Record
			for _, s := range tt.stored {
				stored = append(stored, record(t, s, 0))
			}
			for i, s := range tt.incoming {
				incoming = append(incoming, record(t, s, i))
			}
			var got []string
			for i, s := range interchange.Settle(stored, incoming, tt.policies, nil) {
				word := s.Outcome.String()
				if s.Write {
					word += "+"
				}
				if s.Code != "" {
					word += " " + string(s.Code)
				}
				got = append(got, word)
				if s.Incoming != i || s.Stored >= len(stored) {
					t.Errorf("result %d: %+v", i, s)
				}
			}
			if g := strings.Join(got, "; "); g != tt.want {
				t.Errorf("got  %s\nwant %s", g, tt.want)
			}
		})
	}
}

func TestOverlap(t *testing.T) {
	for _, tt := range []struct {
		a, b                 string
		inclusive, exclusive bool
	}{
		{"2025-01-01", "2025-06-01", true, true},
		{"2025-01-01..2025-05-31", "2025-06-01", false, false},
		{"2025-01-01..2025-06-01", "2025-06-01", true, false},
		{"2025-01-01..2025-06-02", "2025-06-01", true, true},
		{"2025-01-01..2025-01-01", "2025-01-01..2025-01-01", true, false},
		{"2025-01-01..2025-12-31", "2025-06-01..2025-06-01", true, false},
		{"2025-01-01..2025-12-31", "2025-06-01..2025-06-02", true, true},
		{"2025-01-01..2025-02-01", "2024-01-01", true, true},
	} {
		a, b := record(t, tt.a, 0), record(t, tt.b, 1)
		for _, pair := range [][2]interchange.Record{{a, b}, {b, a}} {
			if got := interchange.Overlap(pair[0], pair[1], false); got != tt.inclusive {
				t.Errorf("%s and %s, inclusive: %v", tt.a, tt.b, got)
			}
			if got := interchange.Overlap(pair[0], pair[1], true); got != tt.exclusive {
				t.Errorf("%s and %s, exclusive: %v", tt.a, tt.b, got)
			}
		}
	}
}

func TestDecide(t *testing.T) {
	const begin, day, other, none = interchange.Date(0), interchange.Date(5), interchange.Date(6), interchange.NoDate
	for _, tt := range []struct {
		known            bool
		stored, incoming interchange.Date
		sameRest         bool
		want             interchange.Outcome
	}{
		{false, none, none, true, interchange.Created},
		{false, none, day, false, interchange.Created},
		{true, none, none, true, interchange.Unchanged},
		{true, day, day, true, interchange.Unchanged},
		{true, none, day, true, interchange.Ended},
		{true, none, day, false, interchange.Ended},
		{true, day, other, true, interchange.Redated},
		{true, day, other, false, interchange.Redated},
		{true, day, none, true, interchange.Reopened},
		{true, day, none, false, interchange.Reopened},
		{true, none, none, false, interchange.Updated},
		{true, day, day, false, interchange.Updated},
	} {
		got := interchange.Decide(tt.known, interchange.Dates{Begin: begin, End: tt.stored}, interchange.Dates{Begin: begin, End: tt.incoming}, tt.sameRest)
		if got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

// The words of outcomes, kinds and policies are read and written; what is none has none.
func TestWords(t *testing.T) {
	for _, o := range interchange.Outcomes {
		if text, err := o.MarshalText(); err != nil || string(text) != o.String() || o.String() == "" {
			t.Errorf("outcome %d: %q %v", o, text, err)
		}
	}
	if interchange.Outcome(99).String() != "" {
		t.Error("outcome 99 has a word")
	}
	for _, k := range interchange.Kinds {
		var back interchange.Kind
		text, err := k.MarshalText()
		if err != nil || back.UnmarshalText(text) != nil || back != k {
			t.Errorf("kind %d: %q %v", k, text, back)
		}
	}
	if k := interchange.CohortKind; k.UnmarshalText([]byte("Shoe")) != nil || k != 0 || k.String() != "" {
		t.Error(k)
	}
	for _, p := range []interchange.Policy{interchange.WarnPolicy, interchange.AllowPolicy, interchange.RejectPolicy} {
		if back, ok := interchange.ParsePolicy(p.String()); !ok || back != p {
			t.Errorf("policy %d: %v", p, back)
		}
	}
	if _, ok := interchange.ParsePolicy("perhaps"); ok {
		t.Error("a policy perhaps")
	}
	for _, offset := range []int64{0, 1, 1<<48 - 1} {
		if p := interchange.PlaceOf(65535, offset); p.File() != 65535 || p.Offset() != offset || p < interchange.PlaceOf(65534, 1<<48-1) {
			t.Errorf("place %d: %d %d", offset, p.File(), p.Offset())
		}
	}
}
