package report

import (
	"time"

	"cohortx/interchange"
)

// HistoryRuns is how many runs a report's history has.
const HistoryRuns = 30

// Past is a run as the history has it. Counts are over all kinds.
type Past struct {
	Run        int64     `json:"run"`
	Started    time.Time `json:"started"`
	State      string    `json:"state"`
	ExitStatus int       `json:"exit_status"` // -1: not finished, or interrupted
	Seconds    float64   `json:"seconds"`
	Created    int64     `json:"created"`
	Ended      int64     `json:"ended"` // by the file or by absence, or withdrawn
	Rejected   int64     `json:"rejected"`
}

// NewPast sums a run up.
func NewPast(run int64, started time.Time, state string, exit int, seconds float64, counts Counts, rejected int64) Past {
	return Past{
		Run: run, Started: started, State: state, ExitStatus: exit, Seconds: seconds, Rejected: rejected,
		Created: counts.Sum(interchange.Created), Ended: counts.Sum(interchange.Ended, interchange.EndedByAbsence, interchange.Withdrawn),
	}
}

// Past is the run as its history has it.
func (r *Run) Past() Past {
	return NewPast(r.Run, r.Started, r.State, r.ExitStatus, r.Seconds, r.Counts, r.Rejected)
}
