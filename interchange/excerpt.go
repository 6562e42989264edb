package interchange

import (
	"strings"
	"unicode"
)

// Shown reports whether a report may show the value of an element, or of a member in JSON, of this name: keys, dates and what cohorts are
// said to be. Of what is unknown, or about people, it shows that there is something. In a lookup, and in files about people, nothing but keys
// is shown.
func Shown(name string, keysOnly bool) bool {
	name = strings.TrimSuffix(name, "Descriptor")
	if name != "" { // members of JSON begin with a small letter
		name = string(unicode.ToUpper(rune(name[0]))) + name[1:]
	}
	switch field := leaves[name]; field {
	case NoField:
		return name == "Term" && !keysOnly
	case FieldUniqueID, FieldEducationOrganizationID, FieldSchoolID:
		return true
	default:
		return !keysOnly
	}
}
