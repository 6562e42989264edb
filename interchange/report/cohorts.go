package report

import "cohortx/interchange"

// Cohorts is what a run changed in the cohorts.
type Cohorts struct {
	Day     interchange.Date `json:"day"`     // members are associations that are active on this day
	Changed int64            `json:"changed"` // cohorts whose members changed
	First   []CohortChange   `json:"first"`   // those that changed most, the most changed one first
}

// CohortChange is one cohort before and after a run.
type CohortChange struct {
	EducationOrganizationID int64   `json:"education_organization_id"`
	CohortIdentifier        string  `json:"cohort_identifier"`
	Students                Members `json:"students"`
	Staff                   Members `json:"staff"`
}

// Members counts associations of one kind: Before + Joined - Left = After.
type Members struct {
	Before int64 `json:"before"`
	Joined int64 `json:"joined"` // active now and not before
	Left   int64 `json:"left"`   // active before and not any more
	After  int64 `json:"after"`
}
