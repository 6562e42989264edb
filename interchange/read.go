package interchange

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
)

// Criterion is one value of a Lookup. Field is the element's path below the Lookup element, such as "Name/LastSurname".
type Criterion struct{ Field, Value string }

// Fault says why an entity that the schema accepts cannot be applied.
type Fault struct {
	Code     Code
	Node     int    // index in Entity.Nodes of the element it is about
	Found    string // "" if there is nothing to show
	Expected string
}

// Plain is an association whose references name their targets by identity, or its cohort by the xml id of a Cohort: what nearly all
// associations are. Its slices are the entity's.
type Plain struct {
	Kind                    Kind
	UniqueID                []byte // of the student or staff member
	HasCohort               bool   // the two that follow are set
	EducationOrganizationID int64
	CohortIdentifier        []byte
	CohortRef               []byte // xml id, nil if there is none
	BeginDate, EndDate      Date
	Access                  uint8        // AccessAbsent, AccessFalse, AccessTrue
	Sections                []SectionKey // reused by the next ReadPlain
	SectionBegins           []Date       // of each section, in an entity that can say them; else empty
	Zoned                   bool         // a date had a time zone, which was dropped

	sections map[SectionKey]int // see firstSection
}

// Reading is how far an entity could be read by itself.
type Reading uint8

// The readings.
const (
	ReadWhole  Reading = iota // everything is known
	ReadFault                 // it cannot be applied, see the Fault
	ReadLookup                // a lookup or a ref stands in a place that needs the store or the rest of the file
)

// ReadPlain reads an association that the schema accepts.
func (e *Entity) ReadPlain(p *Plain) (Reading, *Fault) {
	*p = Plain{Kind: e.Kind, BeginDate: NoDate, EndDate: NoDate, Sections: p.Sections[:0], SectionBegins: p.SectionBegins[:0]}
	if e.lean != nil {
		e.lean.plain(p)
		return ReadWhole, nil
	}
	waits := false
	for i := 1; i < len(e.Nodes); i = int(e.Nodes[i].Next) {
		n := &e.Nodes[i]
		var fault *Fault
		reading := ReadWhole
		switch n.Field {
		case FieldStudentReference, FieldStaffReference:
			reading, fault = e.readPerson(i, p)
		case FieldCohortReference:
			reading, fault = e.readCohortReference(i, p)
		case FieldBeginDate:
			p.BeginDate, fault = e.readDate(i, p)
		case FieldEndDate:
			p.EndDate, fault = e.readDate(i, p)
		case FieldStudentRecordAccess:
			p.Access = accessOf(n.Value)
		case FieldSectionReference:
			var key SectionKey
			if reading, fault = e.ReadSection(i, &key); reading == ReadWhole {
				p.Sections = append(p.Sections, key)
				if e.SectionsDated {
					fault = e.readSectionBegin(i, p)
				}
			}
		}
		if reading == ReadFault || fault != nil {
			return ReadFault, fault
		}
		waits = waits || reading == ReadLookup
	}
	if p.EndDate != NoDate && p.EndDate < p.BeginDate {
		return ReadFault, &Fault{CodeEndBeforeBegin, e.node(FieldEndDate), p.EndDate.String(), "a date from " + p.BeginDate.String() + " on"}
	}
	if waits {
		return ReadLookup, nil
	}
	return ReadWhole, nil
}

func accessOf(value []byte) uint8 {
	if v := string(value); v == "true" || v == "1" {
		return AccessTrue
	}
	return AccessFalse
}

// readSectionBegin reads the begin date of the section that was read last, at node i. A section that is named twice must have one date.
func (e *Entity) readSectionBegin(i int, p *Plain) (fault *Fault) {
	begin := NoDate
	for j := i + 1; j < int(e.Nodes[i].Next); j++ {
		if e.Nodes[j].Field == FieldSectionBeginDate {
			if begin, fault = e.readDate(j, p); fault != nil {
				return fault
			}
		}
	}
	p.SectionBegins = append(p.SectionBegins, begin)
	last := len(p.Sections) - 1
	if first := p.firstSection(p.Sections[last]); p.SectionBegins[first] != begin {
		return &Fault{CodeReferenceConflict, i, "a section a second time, with " + orNone(begin), "one begin date of a section; the first is " + orNone(p.SectionBegins[first])}
	}
	return nil
}

// firstSection is where the section that was read last is named first. Few associations have many sections, and those must not cost the square.
func (p *Plain) firstSection(k SectionKey) int {
	const few = 16
	if len(p.Sections) <= few {
		return slices.Index(p.Sections, k)
	}
	if p.sections == nil {
		p.sections = map[SectionKey]int{}
		for i, other := range slices.Backward(p.Sections) {
			p.sections[other] = i
		}
	}
	first, ok := p.sections[k]
	if !ok {
		first = len(p.Sections) - 1
		p.sections[k] = first
	}
	return first
}

func orNone(d Date) string {
	if d == NoDate {
		return "no begin date"
	}
	return "begin date " + d.String()
}

// node returns the index of the first node with a field, 0 if there is none.
func (e *Entity) node(f Field) int {
	for i := range e.Nodes {
		if e.Nodes[i].Field == f {
			return i
		}
	}
	return 0
}

func (e *Entity) readDate(i int, p *Plain) (Date, *Fault) {
	d, zoned, err := ParseDate(e.Nodes[i].Value)
	p.Zoned = p.Zoned || zoned
	if err != nil {
		return NoDate, &Fault{CodeDateOutOfRange, i, shorten(string(e.Nodes[i].Value)), "a year from 1900 to 2199"}
	}
	return d, nil
}

// reference says what there is of a reference element: a ref; a lookup that names more than the key; an identity, or the key in a lookup.
func (e *Entity) reference(i int) (ref []byte, lookup, identity bool) {
	n := &e.Nodes[i]
	for j := i + 1; j < int(n.Next); j++ {
		switch e.Nodes[j].Field {
		case FieldLookupValue:
			lookup = true
		case FieldLookup, NoField:
		default:
			identity = true
		}
	}
	return e.Ref(i), lookup, identity
}

func empty(i int) (Reading, *Fault) {
	return ReadFault, &Fault{CodeReferenceEmpty, i, "nothing that names a target", "an Identity, a Lookup or a ref"}
}

func (e *Entity) readPerson(i int, p *Plain) (Reading, *Fault) {
	ref, lookup, identity := e.reference(i)
	switch {
	case ref != nil || lookup:
		return ReadLookup, nil
	case !identity:
		return empty(i)
	}
	for j := i + 1; j < int(e.Nodes[i].Next); j++ {
		n := &e.Nodes[j]
		if n.Field != FieldUniqueID {
			continue
		}
		if blank(n.Value) {
			return keyEmpty(j)
		}
		if p.UniqueID != nil && !bytes.Equal(p.UniqueID, n.Value) {
			return ReadFault, &Fault{CodeReferenceConflict, j, shorten(string(n.Value)), shorten(string(p.UniqueID)) + ", as the Identity says"}
		}
		p.UniqueID = n.Value
	}
	return ReadWhole, nil
}

func blank(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}

func keyEmpty(i int) (Reading, *Fault) {
	return ReadFault, &Fault{CodeKeyEmpty, i, "an empty or blank key", "at least one character that is not white space"}
}

func (e *Entity) readCohortReference(i int, p *Plain) (Reading, *Fault) {
	ref, _, identity := e.reference(i)
	p.CohortRef = ref
	if !identity {
		if ref == nil {
			return empty(i)
		}
		return ReadWhole, nil
	}
	p.HasCohort = true
	for j := i + 1; j < int(e.Nodes[i].Next); j++ {
		switch n := &e.Nodes[j]; n.Field {
		case FieldCohortIdentifier:
			p.CohortIdentifier = n.Value
			if blank(n.Value) {
				return keyEmpty(j)
			}
		case FieldEducationOrganizationReference:
			var reading Reading
			var fault *Fault
			if p.EducationOrganizationID, reading, fault = e.ReadOrganization(j); reading != ReadWhole {
				return reading, fault
			}
			j = int(n.Next) - 1
		}
	}
	return ReadWhole, nil
}

// ReadOrganization reads the EducationOrganizationReference at node i.
func (e *Entity) ReadOrganization(i int) (int64, Reading, *Fault) {
	ref, lookup, identity := e.reference(i)
	switch {
	case ref != nil || lookup:
		return 0, ReadLookup, nil
	case !identity:
		reading, fault := empty(i)
		return 0, reading, fault
	}
	var first int64
	found := false
	for j := i + 1; j < int(e.Nodes[i].Next); j++ {
		if e.Nodes[j].Field != FieldEducationOrganizationID {
			continue
		}
		id, _ := ParseOrganizationID(e.Nodes[j].Value) // the schema has accepted it
		if found && id != first {
			return 0, ReadFault, &Fault{CodeReferenceConflict, j, strconv.FormatInt(id, 10), strconv.FormatInt(first, 10) + ", as the Identity says"}
		}
		first, found = id, true
	}
	if !found {
		return 0, ReadLookup, nil
	}
	return first, ReadWhole, nil
}

// ParseOrganizationID reads an education organization id, which compares as an integer: "+1", "001" and "1" are one.
func ParseOrganizationID(value []byte) (int64, error) {
	if len(value) > 0 && value[0] != '+' && value[0] != '-' && len(value) < 19 {
		n := int64(0)
		for _, c := range value {
			if c < '0' || c > '9' {
				return 0, errors.New("no integer")
			}
			n = n*10 + int64(c-'0')
		}
		return n, nil
	}
	return strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
}

// ReadSection reads the SectionReference at node i.
func (e *Entity) ReadSection(i int, key *SectionKey) (Reading, *Fault) {
	ref, lookup, identity := e.reference(i)
	switch {
	case ref != nil || lookup:
		return ReadLookup, nil
	case !identity:
		return empty(i)
	}
	*key = SectionKey{Form: SectionByIdentifier}
	schools := 0
	for j := i + 1; j < int(e.Nodes[i].Next); j++ {
		n := &e.Nodes[j]
		switch n.Field {
		case FieldOtherReference:
			// A ref in the middle of a section's key; a lookup inside it has no school id of its own to offer.
			if ref, lookup, identity := e.reference(j); ref != nil || lookup {
				return ReadLookup, nil
			} else if !identity {
				return empty(j)
			}
		case FieldSchoolID:
			id, _ := ParseOrganizationID(n.Value)
			if schools > 0 && id != key.SchoolID {
				return ReadFault, &Fault{CodeReferenceConflict, j, "school " + strconv.FormatInt(id, 10),
					"the section's other school, " + strconv.FormatInt(key.SchoolID, 10)}
			}
			key.SchoolID = id
			schools++
		case FieldLocalCourseCode:
			key.LocalCourseCode = string(n.Value)
		case FieldSchoolYear:
			key.SchoolYear, _ = ParseSchoolYear(n.Value) // one of the schema's
		case FieldSessionName:
			key.SessionName = string(n.Value)
		case FieldSectionIdentifier:
			key.SectionIdentifier = string(n.Value)
		case FieldSequenceOfCourse:
			key.Form = SectionByPeriod
			key.SequenceOfCourse, _ = strconv.Atoi(string(n.Value))
		case FieldClassPeriodName:
			key.ClassPeriodName = string(n.Value)
		case FieldClassroomIdentificationCode:
			key.ClassroomIdentificationCode = string(n.Value)
		case FieldCodeValue:
			key.TermDescriptor = string(n.Value)
		case FieldNamespace:
			key.TermNamespace = string(n.Value)
		}
		if n.Field == FieldSectionIdentifier || n.Field == FieldLocalCourseCode || n.Field == FieldSessionName {
			if blank(n.Value) {
				return keyEmpty(j)
			}
		}
	}
	if key.Form == SectionByPeriod {
		key.UniqueSectionCode, key.SectionIdentifier = key.SectionIdentifier, ""
	}
	return ReadWhole, nil
}

// ReadProgram reads the ProgramReference at node i.
func (e *Entity) ReadProgram(i int) (key ProgramKey, reading Reading, fault *Fault) {
	ref, lookup, identity := e.reference(i)
	switch {
	case ref != nil || lookup:
		return key, ReadLookup, nil
	case !identity:
		reading, fault = empty(i)
		return key, reading, fault
	}
	for j := i + 1; j < int(e.Nodes[i].Next); j++ {
		switch n := &e.Nodes[j]; n.Field {
		case FieldProgramName:
			key.ProgramName = string(n.Value)
			if blank(n.Value) {
				reading, fault = keyEmpty(j)
				return key, reading, fault
			}
		case FieldProgramType:
			key.ProgramType = string(n.Value)
		case FieldEducationOrganizationReference:
			if key.EducationOrganizationID, reading, fault = e.ReadOrganization(j); reading != ReadWhole {
				return key, reading, fault
			}
			j = int(n.Next) - 1
		}
	}
	return key, ReadWhole, nil
}

// ReadCohort reads a Cohort that the schema accepts.
func (e *Entity) ReadCohort(r *Release) (c Cohort, reading Reading, fault *Fault) {
	c.Descriptors = r.Descriptors
	waits := false
	for i := 1; i < len(e.Nodes); i = int(e.Nodes[i].Next) {
		n := &e.Nodes[i]
		reading, fault = ReadWhole, nil
		switch n.Field {
		case FieldCohortIdentifier:
			c.CohortIdentifier = string(n.Value)
			if blank(n.Value) {
				reading, fault = keyEmpty(i)
			}
		case FieldCohortDescription:
			text := string(n.Value)
			c.CohortDescription = &text
		case FieldCohortType:
			c.CohortType = string(n.Value)
		case FieldCohortScope:
			c.CohortScope = string(n.Value)
		case FieldAcademicSubject:
			c.AcademicSubject = string(n.Value)
		case FieldOtherReference: // AcademicSubject in 2.x
			if e.Ref(i) != nil {
				reading = ReadLookup
			}
			for j := i + 1; j < int(n.Next); j++ {
				switch e.Nodes[j].Field {
				case FieldCodeValue:
					c.AcademicSubject = string(e.Nodes[j].Value)
				case FieldNamespace:
					c.AcademicSubjectNamespace = string(e.Nodes[j].Value)
				}
			}
		case FieldEducationOrganizationReference:
			c.EducationOrganizationID, reading, fault = e.ReadOrganization(i)
		case FieldProgramReference:
			var key ProgramKey
			if key, reading, fault = e.ReadProgram(i); reading == ReadWhole {
				c.Programs = append(c.Programs, key)
			}
		}
		if reading == ReadFault {
			return c, reading, fault
		}
		waits = waits || reading == ReadLookup
	}
	if waits {
		return c, ReadLookup, nil
	}
	return c, ReadWhole, nil
}
