package xsd

import "cohortx/xsd/scan"

// Code names the rule that a violation breaks. Codes are stable: scripts may rely on them.
type Code string

// The codes of violations.
const (
	ElementUnexpected Code = "element_unexpected" // a known element at the wrong place or once too often
	ElementUnknown    Code = "element_unknown"    // an element that its parent cannot have at all
	ElementMissing    Code = "element_missing"    // a required child is absent
	TextNotAllowed    Code = "text_not_allowed"   // characters between elements
	ValueType         Code = "value_type"         // not a date, an integer, a boolean ...
	ValueTooLong      Code = "value_too_long"     // more characters than allowed
	ValueTooShort     Code = "value_too_short"    // fewer characters than required
	ValueRange        Code = "value_range"        // a number below the least or above the greatest
	ValueEnumeration  Code = "value_enumeration"  // not one of the listed values
	ValuePattern      Code = "value_pattern"      // not of the form that a pattern asks for
	AttributeUnknown  Code = "attribute_unknown"  // an attribute that the element cannot have
	AttributeMissing  Code = "attribute_missing"  // a required attribute is absent
	AttributeValue    Code = "attribute_value"    // an attribute's value is not of its type
	IDInvalid         Code = "id_invalid"         // an xs:ID that is no XML name without a colon
	RefInvalid        Code = "ref_invalid"        // an xs:IDREF that is no XML name without a colon
	NilNotAllowed     Code = "nil_not_allowed"    // xsi:nil where nothing is nillable
	TypeNotAllowed    Code = "type_not_allowed"   // xsi:type names no type, or one that does not fit
	RootUnexpected    Code = "root_unexpected"    // another root element, or another namespace
	RootAttribute     Code = "root_attribute"     // an attribute that the root cannot have
	TooLarge          Code = "too_large"          // libxml2 refuses to read it (an attribute of over 10 MB, for instance)
	SchemaViolation   Code = "schema_violation"   // any other rule of the schema
)

// Fragment is one child of the root: the bytes from its start tag's "<" to its end tag's ">", well-formed, as a
// [scan.Scanner] has confirmed. Anything but the element itself around it (white space, comments) does no harm.
type Fragment struct {
	Raw []byte
	At  scan.Pos // where Raw starts
	Seq int      // the caller's own; not looked at
}

// Violation is one fault that the judge has found.
type Violation struct {
	Fragment int    // index into the fragments that were checked; -1 for the root
	Offset   int    // in the fragment's Raw: the start tag of the faulty element, or of the child that stands at the wrong place
	Code     Code   // the rule
	Path     string // of the element, names from the root's child downwards, joined by "/"; the root's name for the root
	Slot     Slot   // of the element, 0 if the schema does not know it there
	Attr     string // local name of the faulty attribute, "" if it is not about one
	Found    string // the value, element or attribute; shortened to some 200 characters. A value may be personal data
	Expected string // in words, such as "at most 20 characters"
	FoundLen int    // length of the whole value in characters, where Found is a value
	Value    bool   // Found is a value from the document, not a name
}
