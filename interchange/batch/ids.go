package batch

import (
	"cohortx/interchange/dictionary"
)

// idState is what one document says of one xml id, 24 bytes.
type idState struct {
	entity   int64  // offset of the root's child that defines it
	line     int32  // of the first definition; of the first use while there is no definition
	column   int32  // likewise
	behind   uint32 // the number of the Cohort, when target is cohortTarget; of the element in documentIDs.elements, when it is referenceTarget
	target   idTarget
	twice    bool // defined more than once
	rejected bool // the defining entity was rejected
}

// idTarget is what kind of element carries an id.
type idTarget uint8

const (
	noTarget idTarget = iota // used, not (yet) defined
	cohortTarget
	associationTarget
	referenceTarget
)

// documentIDs tracks the xml ids of one document exactly (by their characters, not by a hash): xs:ID values are unique in the
// document and xs:IDREF values name one of them (XML Schema 1.0 part 2, 3.3.8 and 3.3.9). Ids are numbered from 1 as they are met.
type documentIDs struct {
	names  *dictionary.Dictionary
	states []idState
	// elements holds the reference elements that have ids, for those that refer to them.
	elements elementRoom
	again    map[uint32]int64 // by the number of an id that is defined more than once: where the second element that has it starts
}

func newDocumentIDs(dir string) *documentIDs {
	return &documentIDs{names: dictionary.New(), elements: elementRoom{spill: spill{dir: dir, what: "reference element"}}}
}

// number returns the id's number.
func (d *documentIDs) number(id []byte) uint32 {
	n, added := d.names.Add(id)
	if added {
		d.states = append(d.states, idState{})
	}
	return n
}

// state is what is known of the id with that number.
func (d *documentIDs) state(n uint32) *idState { return &d.states[n-1] }

// define notes a definition. first is false when the document has defined the id before.
func (d *documentIDs) define(id []byte, s idState) (n uint32, first bool) {
	n = d.number(id)
	known := d.state(n)
	if known.target != noTarget {
		if !known.twice {
			if d.again == nil {
				d.again = map[uint32]int64{}
			}
			d.again[n] = s.entity
		}
		known.twice = true
		return n, false
	}
	*known = s
	return n, true
}

// use notes a reference.
func (d *documentIDs) use(id []byte, line, column int) uint32 {
	n := d.number(id)
	if s := d.state(n); s.target == noTarget && s.line == 0 {
		s.line, s.column = int32(line), int32(column)
	}
	return n
}
