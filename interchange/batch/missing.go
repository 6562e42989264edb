package batch

// Missing says which unknown targets of references are accepted and kept as unverified rows (--allow-missing).
type Missing struct {
	Students, Staff, Cohorts, EducationOrganizations, Sections, Programs bool
}
