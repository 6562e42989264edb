package interchange

import "cohortx/xsd/scan"

// Reject is an entity that was not applied, with its reason. Values of people stand in it as their length only.
type Reject struct {
	File        string
	At          scan.Pos // of what is at fault; of the entity when nothing in it is
	End         int64    // offset after the entity's end tag
	Kind        Kind     // 0 for entities of other interchanges
	Code        Code
	Key         string // natural key, as far as known
	Person      string // of the key: unique id of the student or staff member, as far as known
	Path        string // of the element at fault
	Found       string
	Expected    string
	Detail      string
	Consequence bool // rejected only because another entity was
}
