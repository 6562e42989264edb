package interchange

// lean is what ReadPlain says of an association whose references are by identity and that names no section: what nearly all are. It is read from
// the values of a form as they are recognised, without nodes.
type lean struct {
	uniqueID, cohortIdentifier []byte
	organization               int64
	begin, end                 Date
	access                     uint8
	zoned                      bool
}

// leanForm tells which of a form's values are which: 1 + the index, 0 for what it lacks.
type leanForm struct{ uniqueID, cohortIdentifier, organization, begin, end, access uint8 }

// leanOf returns nil for a form that must be read by its nodes.
func leanOf(kind Kind, nodes []formNode) *leanForm {
	if kind != StudentCohortAssociationKind && kind != StaffCohortAssociationKind {
		return nil
	}
	f := &leanForm{}
	cohort, cohortEnd := 0, 0 // the nodes of the CohortReference
	for i := 1; i < len(nodes); i++ {
		n := &nodes[i]
		var at *uint8
		switch n.Field {
		case FieldStudentReference, FieldStaffReference, FieldEducationOrganizationReference, NoField:
			continue
		case FieldCohortReference:
			if cohort != 0 {
				return nil
			}
			cohort, cohortEnd = i, int(n.Next)
			continue
		case FieldUniqueID:
			at = &f.uniqueID
		case FieldCohortIdentifier:
			at = &f.cohortIdentifier
		case FieldEducationOrganizationID:
			at = &f.organization
		case FieldBeginDate:
			at = &f.begin
		case FieldEndDate:
			at = &f.end
		case FieldStudentRecordAccess:
			at = &f.access
		default:
			return nil // a section, a lookup
		}
		inCohort := n.Field == FieldCohortIdentifier || n.Field == FieldEducationOrganizationID
		if *at != 0 || n.value == 0 || inCohort != (cohort < i && i < cohortEnd) {
			return nil
		}
		*at = n.value
	}
	if f.uniqueID == 0 || f.cohortIdentifier == 0 || f.organization == 0 || f.begin == 0 {
		return nil
	}
	return f
}

// read reads the values of an entity. ok is false if something is the matter with one: its nodes then say what.
func (f *leanForm) read(values []leafValue) (l lean, ok bool) {
	l = lean{
		uniqueID: values[f.uniqueID-1].value, cohortIdentifier: values[f.cohortIdentifier-1].value, end: NoDate,
	}
	var err error
	if l.organization, err = ParseOrganizationID(values[f.organization-1].value); err != nil || blank(l.uniqueID) || blank(l.cohortIdentifier) {
		return l, false
	}
	if l.begin, l.zoned, err = ParseDate(values[f.begin-1].value); err != nil {
		return l, false
	}
	if f.end != 0 {
		var zoned bool
		if l.end, zoned, err = ParseDate(values[f.end-1].value); err != nil || l.end < l.begin {
			return l, false
		}
		l.zoned = l.zoned || zoned
	}
	if f.access != 0 {
		l.access = accessOf(values[f.access-1].value)
	}
	return l, true
}

// Lean makes Decode leave out the nodes of associations that [Entity.ReadPlain] can do without. [Decoder.Expand] gives them.
func (d *Decoder) Lean() { d.lean = true }

// Expand gives an entity of the last Decode its nodes, unless it has them.
func (d *Decoder) Expand(e *Entity) {
	if e.lean == nil {
		return
	}
	known, _, ok := d.match(e.Raw, 0)
	if !ok {
		panic("interchange: an entity has lost its form") // forms are only added to while a document is read
	}
	x := d.formed(known, e.Raw)
	e.lean, e.Nodes = nil, d.nodes[x.first:x.last:x.last]
}

// plain is ReadPlain of a lean entity.
func (l *lean) plain(p *Plain) {
	p.UniqueID, p.HasCohort, p.EducationOrganizationID, p.CohortIdentifier = l.uniqueID, true, l.organization, l.cohortIdentifier
	p.BeginDate, p.EndDate, p.Access, p.Zoned = l.begin, l.end, l.access, l.zoned
}

// StudentOfLean is the unique id in a student association that has no nodes, as a slice of the block; nil for other entities.
func (e *Entity) StudentOfLean() []byte {
	if e.lean == nil || e.Kind != StudentCohortAssociationKind {
		return nil
	}
	return e.lean.uniqueID
}
