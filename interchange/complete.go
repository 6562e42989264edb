package interchange

// A complete set (--mode full) names every association of its education organizations. What is stored, active, and not in the set is
// ended or withdrawn, unless a guard holds it back. The rules are here; they look at numbers and dates only.

// ActiveFrom reports whether an association with these dates is active on asOf or on any later day.
func ActiveFrom(stored Dates, asOf Date, endExclusive bool) bool {
	r := Record{Begin: stored.Begin, End: stored.End}
	last := r.lastDay(endExclusive)
	return last >= asOf && last >= stored.Begin
}

// ActiveOn reports whether an association with these dates is active on a day.
func ActiveOn(d Dates, day Date, endExclusive bool) bool {
	return d.Begin <= day && ActiveFrom(d, day, endExclusive)
}

// Absence says what becomes of a stored association that a complete set as of asOf lacks. The outcome is [EndedByAbsence] with its end
// date, so that the day before asOf is the last one in the cohort; [Withdrawn] when that would leave it no day at all; 0 when it is not
// active on asOf or later, so that nothing is to be done.
func Absence(stored Dates, asOf Date, endExclusive bool) (end Date, o Outcome) {
	switch {
	case !ActiveFrom(stored, asOf, endExclusive):
		return stored.End, 0
	case stored.Begin >= asOf:
		return NoDate, Withdrawn
	case endExclusive:
		return asOf, EndedByAbsence
	}
	return asOf - 1, EndedByAbsence
}

// FewRemovals is how many removals of one kind in one education organization are never too many, whatever share they are.
const FewRemovals = 5

// Guards are the limits beyond which the removals of a complete set are held back.
type Guards struct {
	MaxRemovals float64 // percent of the active associations: of an education organization, and of all
	MaxDrift    float64 // percent by which the number of associations in the set may be off from the last complete run
}

// DefaultGuards are 10 % and 50 %.
var DefaultGuards = Guards{MaxRemovals: 10, MaxDrift: 50}

// Presence is how the associations of one kind in one education organization of the scope compare with a complete set.
type Presence struct {
	Kind                    Kind
	EducationOrganizationID int64
	Named                   int64 // in the set: each key once, those of rejected entities too
	Active                  int64 // stored and active on the as-of date or later, before the set was applied
	Absent                  int64 // of the active, those that the set does not name
	Last                    int64 // Named in the last complete run whose removals were not held back; -1: there is none
	Held                    Code  // why nothing is removed; "" when Absent associations are
}

// Doubts are reasons why a set may lack less than it seems to.
type Doubts struct {
	FileRefused bool               // a file of the set was not read to its end
	None        map[Kind]bool      // the set has no association of this kind
	KeyUnknown  map[int64]struct{} // organizations of rejected entities whose key cannot be known
	AnyUnknown  bool               // such an entity does not tell its organization either
}

// Hold decides which removals are held back, and says so in the Held of each. The first reason in this order counts: a refused file, no
// association of the kind, a reject without a key, drift, too many of the organization, too many in total. Without an absent association
// there is nothing to hold back.
func (g Guards) Hold(list []Presence, d Doubts) {
	drift := g.drifted(list)
	for i := range list {
		p := &list[i]
		_, unknown := d.KeyUnknown[p.EducationOrganizationID]
		switch {
		case p.Absent == 0:
		case d.FileRefused:
			p.Held = CodeSetFileRefused
		case d.None[p.Kind]:
			p.Held = CodeNoAssociations
		case unknown || d.AnyUnknown:
			p.Held = CodeRejectKeyUnknown
		}
	}
	total := map[Kind]bool{}
	for _, kind := range Kinds {
		total[kind] = g.tooManyInTotal(list, kind)
	}
	for i := range list {
		p := &list[i]
		switch {
		case p.Absent == 0 || p.Held != "":
		case drift:
			p.Held = CodeSetDrift
		case p.Absent > FewRemovals && g.tooMany(p.Absent, p.Active):
			p.Held = CodeTooManyRemovals
		case total[p.Kind]:
			p.Held = CodeTooManyRemovalsTotal
		}
	}
}

func (g Guards) tooMany(absent, active int64) bool {
	return float64(absent)*100 > g.MaxRemovals*float64(active)
}

// tooManyInTotal measures what no doubt holds back already. As long as every organization is within the few that are always allowed,
// so is the whole.
func (g Guards) tooManyInTotal(list []Presence, kind Kind) bool {
	absent, active, most := int64(0), int64(0), int64(0)
	for i := range list {
		if p := &list[i]; p.Kind == kind && p.Held == "" {
			absent, active, most = absent+p.Absent, active+p.Active, max(most, p.Absent)
		}
	}
	return most > FewRemovals && g.tooMany(absent, active)
}

// drifted compares the size of the set with that of the last complete run, over the organizations that had one.
func (g Guards) drifted(list []Presence) bool {
	named, last := int64(0), int64(0)
	for i := range list {
		if p := &list[i]; p.Last >= 0 {
			named, last = named+p.Named, last+p.Last
		}
	}
	off := named - last
	if off < 0 {
		off = -off
	}
	return last > 0 && float64(off)*100 > g.MaxDrift*float64(last)
}
