package interchange

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"cohortx/xsd"
	"cohortx/xsd/scan"
)

// Localise turns what the judge says of an entity into a Violation with its place in the file.
func (e *Entity) Localise(v xsd.Violation) Violation {
	at := scan.Walk(e.At, e.Raw)
	return localise(v, at.To(v.Offset))
}

// LocaliseRoot turns what the judge says of the root into a Violation.
func LocaliseRoot(scope *scan.Scope, v xsd.Violation) Violation { return localise(v, scope.At) }

func localise(v xsd.Violation, at scan.Pos) Violation {
	out := Violation{At: at, Code: Code(v.Code), Path: v.Path, Found: v.Found, Expected: v.Expected}
	if v.Attr != "" {
		out.Path += "/@" + v.Attr
	}
	switch {
	case v.Value && v.FoundLen == 0:
		out.Found = "an empty value"
	case v.Value && isPersonal(v.Path):
		out.Found = fmt.Sprintf("a value of %d characters", v.FoundLen)
	case v.Value:
		out.Found = strconv.Quote(v.Found)
	}
	return out
}

// Place is where the element of a node starts.
func (e *Entity) Place(node int) scan.Pos {
	at := scan.Walk(e.At, e.Raw)
	return at.To(int(e.Nodes[node].Offset))
}

// PersonalLength says of a value only how long it is.
func PersonalLength(value []byte) string {
	return fmt.Sprintf("a value of %d characters", utf8.RuneCount(value))
}
