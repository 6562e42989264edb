package xsd

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// primitive is what a simple type is made of, as far as the checker tells apart.
type primitive uint8

const (
	opaque  primitive = iota // no rule of ours: the judge decides
	text                     // xs:string and what restricts it without changing the lexical form
	date                     // xs:date
	integer                  // xs:integer and what is derived from it
	boolean                  // xs:boolean
	id                       // xs:ID
	idref                    // xs:IDREF
	ncname                   // xs:NCName
)

// whiteSpace is the whiteSpace facet.
type whiteSpace uint8

const (
	preserve whiteSpace = iota
	replace
	collapse
)

// simpleType is a simple type with the facets of all its ancestors.
type simpleType struct {
	name    string // for people: "Title", "xs:date"
	builtin string // the built-in type at its root, without prefix
	prim    primitive
	white   whiteSpace
	minLen  int // characters
	maxLen  int // characters; -1: no bound
	lo, hi  int64
	enum    []string // white space processed; nil: any value
	unsure  bool     // has a facet that the checker does not know

	unsigned bool     // of digits alone: the unsigned types have no sign in XML Schema 1.0, not even "+0"
	patterns []string // regular expressions of which a value must match each; only for messages
}

// builtinType returns the built-in simple type of that name; what is not known here by more than its white space is left to the judge.
func builtinType(name string) *simpleType {
	t := &simpleType{name: "xs:" + name, builtin: name, white: collapse, maxLen: -1}
	whole := func(lo, hi int64) { t.prim, t.lo, t.hi = integer, lo, hi }
	switch name {
	case "string":
		t.prim, t.white = text, preserve
	case "normalizedString":
		t.prim, t.white = text, replace
	case "token":
		t.prim = text
	case "anySimpleType":
		t.white = preserve
	case "date":
		t.prim = date
	case "boolean":
		t.prim = boolean
	case "ID":
		t.prim = id
	case "IDREF":
		t.prim = idref
	case "NCName":
		t.prim = ncname
	case "integer", "long":
		whole(math.MinInt64, math.MaxInt64)
	case "int":
		whole(math.MinInt32, math.MaxInt32)
	case "short":
		whole(math.MinInt16, math.MaxInt16)
	case "byte":
		whole(math.MinInt8, math.MaxInt8)
	case "nonNegativeInteger":
		whole(0, math.MaxInt64)
	case "positiveInteger":
		whole(1, math.MaxInt64)
	case "unsignedInt":
		whole(0, math.MaxUint32)
		t.unsigned = true
	case "unsignedShort":
		whole(0, math.MaxUint16)
		t.unsigned = true
	case "unsignedByte":
		whole(0, math.MaxUint8)
		t.unsigned = true
	}
	return t
}

// value applies the type's white-space processing. The result aliases text or the scratch buffer, which is grown as needed.
func (t *simpleType) value(text []byte, scratch *[]byte) []byte {
	switch t.white {
	case collapse:
		return collapseSpace(text, scratch)
	case replace:
		if !bytes.ContainsAny(text, "\t\n\r") {
			return text
		}
		b := append((*scratch)[:0], text...)
		for i, c := range b {
			if isSpace(c) {
				b[i] = ' '
			}
		}
		*scratch = b
		return b
	}
	return text
}

// proves reports whether v, after white-space processing, is certainly in the type's value space. False means that the
// checker cannot tell.
func (t *simpleType) proves(v []byte) bool {
	switch t.prim {
	case text:
		if t.maxLen >= 0 && len(v) > t.maxLen && utf8.RuneCount(v) > t.maxLen {
			return false
		}
		if len(v) < t.minLen || t.minLen > 1 && utf8.RuneCount(v) < t.minLen {
			return false
		}
		if t.enum != nil {
			if !t.enumerates(v) {
				return false
			}
		}
	case date:
		if !isDate(v) {
			return false
		}
	case integer:
		n, ok := parseInteger(v)
		if !ok || n < t.lo || n > t.hi || t.unsigned && v[0]-'0' > 9 {
			return false
		}
	case boolean:
		switch string(v) {
		case "true", "false", "1", "0":
		default:
			return false
		}
	case id, idref, ncname:
		if !isPlainNCName(v) {
			return false
		}
	default:
		return false
	}
	return !t.unsure
}

// enumerates reports whether v is one of the values. There are tens of them at most, which a look at their lengths tells apart.
func (t *simpleType) enumerates(v []byte) bool {
	for _, x := range t.enum {
		if x == string(v) {
			return true
		}
	}
	return false
}

// form says in words which patterns the type has, "" if none.
func (t *simpleType) form() string {
	if len(t.patterns) == 0 {
		return ""
	}
	return "a value of the pattern " + strings.Join(t.patterns, " and of the pattern ")
}

// expected says in words what the type accepts.
func (t *simpleType) expected() string {
	switch base, form := t.bounds(), t.form(); {
	case form == "":
		return base
	case t.enum == nil && (t.prim == opaque || t.prim == text && t.minLen == 0 && t.maxLen < 0):
		return form
	default:
		return base + ", " + strings.TrimPrefix(form, "a value ")
	}
}

// bounds says in words what the type accepts, patterns apart.
func (t *simpleType) bounds() string {
	switch {
	case t.enum != nil:
		return oneOf(t.enum)
	case t.prim == date:
		return "a date such as 2025-09-14"
	case t.prim == boolean:
		return "true, false, 1 or 0"
	case t.prim == integer:
		switch {
		case t.lo == math.MinInt64 && t.hi == math.MaxInt64:
			if t.builtin == "integer" {
				return "an integer"
			}
			return fmt.Sprintf("an integer from %d to %d", int64(math.MinInt64), int64(math.MaxInt64))
		case t.hi == math.MaxInt64 || t.builtin == "int" && t.lo > math.MinInt32 && t.hi == math.MaxInt32:
			return fmt.Sprintf("an integer of at least %d", t.lo)
		}
		return fmt.Sprintf("an integer from %d to %d", t.lo, t.hi)
	case t.prim == id, t.prim == idref, t.prim == ncname:
		return "a name of letters, digits, '.', '-' and '_' that starts with a letter or '_'"
	case t.prim == text && t.maxLen >= 0 && t.minLen > 0:
		return fmt.Sprintf("%d to %d characters", t.minLen, t.maxLen)
	case t.prim == text && t.maxLen >= 0:
		return fmt.Sprintf("at most %d characters", t.maxLen)
	case t.prim == text && t.minLen > 0:
		return fmt.Sprintf("at least %d characters", t.minLen)
	}
	return "a value of type " + t.name
}

// oneOf lists choices: all of a few, the first of many.
func oneOf(names []string) string {
	const shown = 12
	switch {
	case len(names) == 1:
		return names[0]
	case len(names) <= shown:
		return "one of: " + strings.Join(names, "; ")
	}
	return fmt.Sprintf("one of: %s; ... (%d values)", strings.Join(names[:shown], "; "), len(names))
}
