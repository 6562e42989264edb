package batch

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"cohortx/interchange"
	"cohortx/xsd/scan"
)

// logged is what the log keeps of one reject.
type logged struct {
	interchange.Reject
	EntityName string                  `json:",omitempty"` // the element's name
	Start      scan.Pos                // of the entity; only the offset is known when Late
	Late       bool                    `json:",omitempty"` // found after the entity's block was gone
	Also       []interchange.Violation `json:",omitempty"` // further reasons
	Cohort     []byte                  `json:",omitempty"` // dictionary key of a rejected Cohort
}

// rejectLog collects the rejects of a run in any order and gives them back in the order of the input. In memory it holds 32 bytes
// a reject; the rest is in a temporary file without a name.
type rejectLog struct {
	spill
	index []loggedAt
}

func newRejectLog(dir string) rejectLog { return rejectLog{spill: spill{dir: dir, what: "reject"}} }

// loggedAt is where a reject lies, and what is asked of all of them.
type loggedAt struct {
	place       interchange.Place
	from        int64
	size        int32
	code        uint16 // index in interchange.Catalogue
	kind        interchange.Kind
	late        bool
	consequence bool
}

// codeIndex gives the place of a code in the catalogue.
var codeIndex = sync.OnceValue(func() map[interchange.Code]uint16 {
	index := make(map[interchange.Code]uint16, len(interchange.Catalogue))
	for i, e := range interchange.Catalogue {
		index[e.Code] = uint16(i)
	}
	return index
})

func (at *loggedAt) Code() interchange.Code { return interchange.Catalogue[at.code].Code }

// Len is the number of rejects.
func (l *rejectLog) Len() int { return len(l.index) }

// add appends a reject. place says where its entity starts.
func (l *rejectLog) add(place interchange.Place, r *logged) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode reject: %w", err)
	}
	from, err := l.spill.add(text)
	if err != nil {
		return err
	}
	l.index = append(l.index, loggedAt{place, from, int32(len(text)), codeIndex()[r.Code], r.Kind, r.Late, r.Consequence})
	return nil
}

// sort puts the rejects into the order of the input. Rejects of one place stay as they were added.
func (l *rejectLog) sort() {
	slices.SortStableFunc(l.index, func(a, b loggedAt) int { return cmp.Compare(a.place, b.place) })
}

// at reads reject number i.
func (l *rejectLog) at(i int) (*logged, error) {
	text := make([]byte, l.index[i].size)
	if err := l.read(text, l.index[i].from); err != nil {
		return nil, err
	}
	r := &logged{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("read reject: %w", err)
	}
	return r, nil
}

// drop forgets the rejects for which gone answers true.
func (l *rejectLog) drop(gone func(interchange.Place) bool) {
	l.index = slices.DeleteFunc(l.index, func(at loggedAt) bool { return gone(at.place) })
}

// take moves the rejects of another log to the end of this one.
func (l *rejectLog) take(other *rejectLog) error {
	var text []byte
	for _, at := range other.index {
		text = slices.Grow(text[:0], int(at.size))[:at.size]
		err := other.read(text, at.from)
		if err == nil {
			at.from, err = l.spill.add(text)
		}
		if err != nil {
			return err
		}
		l.index = append(l.index, at)
	}
	return nil
}
