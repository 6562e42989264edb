package interchange

// Outcome is what happened to an entity.
type Outcome uint8

// The outcomes. The first nine are of the table of [Decide] and [Settle], the two after them of [Absence]. The history in a store has their
// numbers: they stay as they are.
const (
	Created Outcome = iota + 1
	Unchanged
	Ended
	Redated
	Reopened
	Updated
	Duplicate
	Superseded
	Rejected
	EndedByAbsence // a complete set lacks it
	Withdrawn      // likewise, and it would never have been active: removed; or removed by hand
	Reverted       // put back to what it was before a run
)

// Outcomes lists all outcomes in the order of reports.
var Outcomes = []Outcome{Created, Ended, Redated, Reopened, Updated, EndedByAbsence, Withdrawn, Reverted, Unchanged, Duplicate, Superseded, Rejected}

var outcomeNames = [...]string{
	Created: "created", Unchanged: "unchanged", Ended: "ended", Redated: "redated", Reopened: "reopened", Updated: "updated",
	Duplicate: "duplicate", Superseded: "superseded", Rejected: "rejected", EndedByAbsence: "ended_by_absence", Withdrawn: "withdrawn", Reverted: "reverted",
}

// String returns the word of reports, such as "created"; "" for no outcome.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return ""
}

// MarshalText implements [encoding.TextMarshaler] as String does.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Writes reports whether the outcome changes the store.
func (o Outcome) Writes() bool {
	switch o {
	case Created, Ended, Redated, Reopened, Updated, EndedByAbsence, Withdrawn, Reverted:
		return true
	}
	return false
}

// Dates are the dates of an association. For a cohort, which has none, use the zero value.
type Dates struct{ Begin, End Date }

// Decide compares what is stored under a natural key with what the file says. stored is of no interest unless known; sameRest says
// whether everything but the dates is equal: sections, record access, the fields of a cohort.
//
//	key                      no such key      created (with an end date too)
//	key, same values         same             unchanged
//	key + end date           no end date      ended
//	key + another end date   end date         redated
//	key, no end date         end date         reopened
//	key, other values        same dates       updated
func Decide(known bool, stored, incoming Dates, sameRest bool) Outcome {
	switch {
	case !known:
		return Created
	case stored.End == incoming.End && sameRest:
		return Unchanged
	case stored.End == incoming.End:
		return Updated
	case stored.End == NoDate:
		return Ended
	case incoming.End == NoDate:
		return Reopened
	}
	return Redated
}
