package batch

import (
	"context"
	"fmt"

	"cohortx/interchange"
	"cohortx/store"
)

// Unknown says, as an error, which of a person and a cohort (nil: none is asked for) is not stored, and which stored key may have been meant. It
// returns nil where both are stored.
func Unknown(ctx context.Context, db *store.DB, kind interchange.Kind, person string, cohort *interchange.CohortKey) error {
	of := interchange.CohortKey{}
	if cohort != nil {
		of = *cohort
	}
	key, _, err := db.Find(ctx, kind, person, of)
	if err != nil {
		return err
	}
	if key.Person == 0 {
		who := "student"
		if kind == interchange.StaffCohortAssociationKind {
			who = "staff member"
		}
		meant, err := nearest(person, func(try string) (bool, error) {
			k, _, err := db.Find(ctx, kind, try, of)
			return k.Person > 0, err
		})
		if err != nil {
			return err
		}
		return fmt.Errorf("no %s with the unique id %q is stored; %s", who, person, meant)
	}
	if cohort != nil && key.Cohort == 0 {
		meant, err := nearest(of.CohortIdentifier, func(try string) (bool, error) {
			k, _, err := db.Find(ctx, kind, person, interchange.CohortKey{EducationOrganizationID: of.EducationOrganizationID, CohortIdentifier: try})
			return k.Cohort > 0, err
		})
		if err != nil {
			return err
		}
		return fmt.Errorf("no cohort %q of education organization %d is stored; %s", of.CohortIdentifier, of.EducationOrganizationID, meant)
	}
	return nil
}

// nearest looks for a key that may have been meant, and says so; or else how keys are compared.
func nearest(key string, stored func(string) (bool, error)) (string, error) {
	for _, try := range alike([]byte(key)) {
		if found, err := stored(string(try)); found || err != nil {
			return isStored(try), err
		}
	}
	return "keys are compared exactly, leading zeros, case and white space included", nil
}
