package interchange

import "bytes"

// Mention is what an association says of its own key, however broken it may be otherwise. Slices are the entity's.
type Mention struct {
	EducationOrganizationID int64
	HasOrganization         bool
	CohortIdentifier        []byte // nil: unknown
	CohortRef               []byte // xml id; nil if there is none
	UniqueID                []byte // nil: unknown
	BeginDate               Date   // NoDate: unknown
}

// Mention reads the key of an association that was rejected. A part that is missing, blank, no value of its type, or there twice with
// different values is unknown.
func (e *Entity) Mention() Mention {
	m := Mention{BeginDate: NoDate}
	persons, cohorts, begins := 0, 0, 0
	for i := 1; i < len(e.Nodes); i = int(e.Nodes[i].Next) {
		switch n := &e.Nodes[i]; n.Field {
		case FieldStudentReference, FieldStaffReference:
			persons++
			m.UniqueID = e.only(i, FieldUniqueID)
		case FieldCohortReference:
			cohorts++
			m.CohortRef = e.Ref(i)
			m.CohortIdentifier = e.only(i, FieldCohortIdentifier)
			m.EducationOrganizationID, m.HasOrganization = e.onlyOrganization(i)
		case FieldBeginDate:
			begins++
			m.BeginDate, _, _ = ParseDate(n.Value) // NoDate with an error
		}
	}
	if persons > 1 {
		m.UniqueID = nil
	}
	if begins > 1 {
		m.BeginDate = NoDate
	}
	if cohorts > 1 {
		m.CohortIdentifier, m.CohortRef, m.HasOrganization = nil, nil, false
	}
	return m
}

// Whole reports whether the mention names one association, as soon as it is known what CohortRef refers to.
func (m *Mention) Whole() bool {
	return m.UniqueID != nil && m.BeginDate != NoDate && (m.CohortRef != nil || m.HasCohort())
}

// HasCohort reports whether the mention names its cohort by the natural key.
func (m *Mention) HasCohort() bool { return m.HasOrganization && m.CohortIdentifier != nil }

// Mention is what a whole association says of its key.
func (p *Plain) Mention() Mention {
	m := Mention{UniqueID: p.UniqueID, BeginDate: p.BeginDate, CohortRef: p.CohortRef}
	if p.HasCohort {
		m.EducationOrganizationID, m.HasOrganization, m.CohortIdentifier = p.EducationOrganizationID, true, p.CohortIdentifier
	}
	return m
}

// only returns the one value that a field has below node i; nil if it is blank, missing, or there are several.
func (e *Entity) only(i int, f Field) []byte {
	var value []byte
	for j := i + 1; j < int(e.Nodes[i].Next); j++ {
		n := &e.Nodes[j]
		if n.Field != f {
			continue
		}
		if blank(n.Value) || value != nil && !bytes.Equal(value, n.Value) {
			return nil
		}
		value = n.Value
	}
	return value
}

func (e *Entity) onlyOrganization(i int) (id int64, ok bool) {
	for j := i + 1; j < int(e.Nodes[i].Next); j++ {
		if e.Nodes[j].Field != FieldEducationOrganizationID {
			continue
		}
		n, err := ParseOrganizationID(e.Nodes[j].Value)
		if err != nil || ok && n != id {
			return 0, false
		}
		id, ok = n, true
	}
	return id, ok
}
