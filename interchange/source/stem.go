package source

import (
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// Cut cuts a file's name before the endings that we know, else before its last one: cohorts.xml.gz into cohorts and .xml.gz.
func Cut(name string) (stem, ending string) {
	lower := strings.ToLower(name)
	endings := Endings()
	slices.SortFunc(endings, func(a, b string) int { return len(b) - len(a) }) // .xml.gz before .gz
	ending = filepath.Ext(name)
	for _, e := range endings {
		if strings.HasSuffix(lower, e) {
			ending = name[len(name)-len(e):]
			break
		}
	}
	return strings.TrimSuffix(name, ending), ending
}

// mostStem is how many bytes of a name what is made from it has in its own, so that all that is added fits into the 255 of a file system.
const mostStem = 200

// Stem is how what is written or put away for a file begins to be named: its name without the ending, and no longer than leaves room for more.
func Stem(name string) string {
	stem, _ := Cut(name)
	if len(stem) <= mostStem {
		return stem
	}
	end := mostStem
	for end > mostStem-utf8.UTFMax && !utf8.RuneStart(stem[end]) { // not in the midst of a character
		end--
	}
	return stem[:end]
}
