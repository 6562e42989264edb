package batch

import (
	"slices"

	"cohortx/interchange"
)

// warningExamples is how many places are kept of each warning; the counts are of all.
const warningExamples = 5

// warnings counts what was applied but is worth a look.
type warnings struct {
	counts map[interchange.Code]int64
	places map[interchange.Code][]interchange.Place
}

func newWarnings() *warnings {
	return &warnings{map[interchange.Code]int64{}, map[interchange.Code][]interchange.Place{}}
}

// add counts a warning; the places kept are the first ones in the order of the input.
func (w *warnings) add(code interchange.Code, at interchange.Place) {
	w.counts[code]++
	list := w.places[code]
	i, _ := slices.BinarySearch(list, at)
	if i >= warningExamples {
		return
	}
	list = slices.Insert(list, i, at)
	if len(list) > warningExamples {
		list = list[:warningExamples]
	}
	w.places[code] = list
}
