package reference

import (
	"context"
	"errors"

	"cohortx/interchange"
)

// Mention completes what a rejected association says of its key: a person or a cohort that is named by a lookup, or by a ref to another
// reference. What cannot be found stays unknown; the error is never about the entity.
func (r *Resolver) Mention(ctx context.Context, e *interchange.Entity, m *interchange.Mention) error {
	person, cohort := 0, 0 // the only reference of its kind; -1: there are several
	for i := 1; i < len(e.Nodes); i = int(e.Nodes[i].Next) {
		switch e.Nodes[i].Field {
		case interchange.FieldStudentReference, interchange.FieldStaffReference:
			person = once(person, i)
		case interchange.FieldCohortReference:
			cohort = once(cohort, i)
		}
	}
	if person > 0 && m.UniqueID == nil {
		t, err := r.tolerant(ctx, e, person)
		if err != nil {
			return err
		}
		if t.UniqueID != "" {
			m.UniqueID = []byte(t.UniqueID)
		}
	}
	if cohort > 0 && m.CohortRef == nil && !m.HasCohort() {
		t, err := r.tolerant(ctx, e, cohort)
		if err != nil {
			return err
		}
		if t.Cohort.CohortIdentifier != "" {
			m.EducationOrganizationID, m.HasOrganization, m.CohortIdentifier = t.Cohort.EducationOrganizationID, true, []byte(t.Cohort.CohortIdentifier)
		}
	}
	return nil
}

func once(already, node int) int {
	if already != 0 {
		return -1
	}
	return node
}

// tolerant resolves a reference as far as that is possible.
func (r *Resolver) tolerant(ctx context.Context, e *interchange.Entity, node int) (Target, error) {
	t, err := r.at(ctx, e, node)
	var f *Fault
	if errors.As(err, &f) {
		return Target{}, nil
	}
	return t, err
}
