package xsd

import (
	"unicode/utf8"
)

// ValueFault says why a value is not of a type.
type ValueFault struct {
	Code     Code   // ValueType, ValueTooLong, ValueTooShort, ValueRange or ValueEnumeration
	Expected string // in words, such as "at most 20 characters"
}

// Value holds one value against the simple type of a leaf's slot, for readers that keep single values of documents whose
// schema is not at hand. It returns the value after white-space processing, which aliases text or the scratch buffer, and
// nil if the tables prove it. What they cannot prove counts as a fault: values of types that they do not know, and legal
// oddities such as a year of five digits. A slot that is no leaf accepts nothing.
func (s *Schema) Value(slot Slot, text []byte, scratch *[]byte) ([]byte, *ValueFault) {
	if slot == 0 || int(slot) >= len(s.nodes) || s.nodes[slot].simple == nil {
		return text, &ValueFault{Code: ValueType, Expected: "no value here"}
	}
	t := s.nodes[slot].simple
	v := t.value(text, scratch)
	if t.proves(v) {
		return v, nil
	}
	return v, &ValueFault{Code: t.faultOf(v), Expected: t.expected()}
}

// faultOf names the rule that a value breaks which the type does not prove.
func (t *simpleType) faultOf(v []byte) Code {
	switch {
	case t.enum != nil:
		return ValueEnumeration
	case t.prim == text && t.maxLen >= 0 && utf8.RuneCount(v) > t.maxLen:
		return ValueTooLong
	case t.prim == text && utf8.RuneCount(v) < t.minLen:
		return ValueTooShort
	case t.prim == integer && isInteger(v):
		return ValueRange
	}
	return ValueType
}
