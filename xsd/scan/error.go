package scan

import "fmt"

// Code names the kind of an error. Codes are stable: scripts may rely on them.
type Code string

// The codes of this package.
const (
	NotWellFormed     Code = "not_well_formed"     // any rule of XML 1.0 or Namespaces 1.0 that has no code of its own
	DoctypeRefused    Code = "doctype_refused"     // no DTD is ever read
	NULByte           Code = "nul_byte"            // a byte 0
	XMLVersion        Code = "xml_version"         // a version other than 1.0
	InvalidCharacter  Code = "invalid_character"   // a character that XML 1.0 does not allow, also by character reference
	InvalidEncoding   Code = "invalid_encoding"    // bytes that are not of the encoding that the text is in
	TooDeep           Code = "too_deep"            // more than Options.MaxDepth open elements
	EntityTooLarge    Code = "entity_too_large"    // a child of the root larger than Options.MaxEntity
	NameTooLong       Code = "name_too_long"       // a name longer than Options.MaxName
	AttributeTooLong  Code = "attribute_too_long"  // an attribute's value longer than Options.MaxValue
	TooManyNamespaces Code = "too_many_namespaces" // more than 256 namespace declarations in scope
)

// Error says where text is not well-formed or why it is refused. Found quotes names and single characters, never values.
type Error struct {
	At              Pos
	Code            Code
	Found, Expected string
}

// Error gives place, code, what was found and what was expected.
func (e *Error) Error() string {
	return fmt.Sprintf("%d:%d: %s: found %s, expected %s", e.At.Line, e.At.Column, e.Code, e.Found, e.Expected)
}
