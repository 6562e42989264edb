package interchange

import "strconv"

// Key is the natural key of an entity as messages have it, as far as it can be read: organization/cohort of a Cohort,
// organization/cohort/person/begin date of an association, with "?" for what is not there. It holds nothing about a person but the
// unique id.
func (e *Entity) Key() string {
	organization, identifier, person, begin := e.keyParts()
	if e.Kind == CohortKind {
		return organization + "/" + identifier
	}
	return organization + "/" + identifier + "/" + person + "/" + begin
}

// Person is the unique id in the key of an association, as far as it can be read.
func (e *Entity) Person() string {
	_, _, person, _ := e.keyParts()
	if e.Kind == CohortKind || person == "?" {
		return ""
	}
	return person
}

func (e *Entity) keyParts() (organization, identifier, person, begin string) {
	organization, identifier, person, begin = "?", "?", "?", "?"
	for i := 1; i < len(e.Nodes); i++ {
		n := &e.Nodes[i]
		switch n.Field {
		case FieldSectionReference, FieldProgramReference:
			i = int(n.Next) - 1
		case FieldCohortIdentifier:
			identifier = shorten(string(n.Value))
		case FieldEducationOrganizationID:
			organization = shorten(string(n.Value))
			if id, err := ParseOrganizationID(n.Value); err == nil {
				organization = strconv.FormatInt(id, 10)
			}
		case FieldUniqueID:
			person = shorten(string(n.Value))
		case FieldBeginDate:
			begin = shorten(string(n.Value))
		}
	}
	return organization, identifier, person, begin
}

// CohortKey is the natural key of a Cohort, if it can be read whatever else is wrong with the entity.
func (e *Entity) CohortKey() (k CohortKey, ok bool) {
	organization := false
	for i := 1; i < len(e.Nodes); i++ {
		n := &e.Nodes[i]
		switch n.Field {
		case FieldProgramReference:
			i = int(n.Next) - 1
		case FieldCohortIdentifier:
			k.CohortIdentifier = string(n.Value)
		case FieldEducationOrganizationID:
			id, err := ParseOrganizationID(n.Value)
			k.EducationOrganizationID, organization = id, err == nil
		}
	}
	return k, organization && !blank([]byte(k.CohortIdentifier))
}
