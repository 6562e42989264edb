package scan

// Space is the number of a namespace. The constants are the same everywhere; others mean something only together with the [Scope] of the
// document or, for namespaces that the root does not declare, with the [Scanner] that gave them and until its next child of the root.
type Space uint16

// The namespaces with fixed numbers.
const (
	NoSpace    Space = iota // no namespace
	XMLSpace                // prefix xml
	XMLNSSpace              // prefix xmlns
	XSISpace                // http://www.w3.org/2001/XMLSchema-instance, under any prefix
	firstSpace              // the first that a document brings
)

// fixed are the names of the namespaces with fixed numbers.
var fixed = [firstSpace]string{"", xmlURI, xmlnsURI, "http://www.w3.org/2001/XMLSchema-instance"}

const (
	xmlURI   = "http://www.w3.org/XML/1998/namespace"
	xmlnsURI = "http://www.w3.org/2000/xmlns/"
)

// Name is the name of an element or attribute. Two names are equal when Space and Local are.
type Name struct {
	Space         Space
	Prefix, Local []byte // Prefix is empty when there is none
}

// Attr is an attribute that is no namespace declaration.
type Attr struct {
	Name   Name
	Value  []byte // references resolved and white space normalised as XML 1.0 section 3.3.3 has it for CDATA
	Offset int    // of the attribute's name in the block; of a Scope's attribute, in Tag
}

// Decl is a namespace declaration. Prefix is empty for the default namespace, URI when that is taken back.
type Decl struct{ Prefix, URI []byte }

// binding is a declaration in scope.
type binding struct {
	prefix []byte
	space  Space
}

// Scope is the start tag of the root element, which all children of the root live in. It never changes and is shared by all goroutines.
type Scope struct {
	Name  Name
	Attrs []Attr
	Decls []Decl
	Tag   []byte // as it stands in the document, from < to >
	At    Pos    // of Tag

	uris   []string
	bind   []binding
	limits limits
}

// URI returns the name of a namespace that the root declares or that has a fixed number; "" for others.
func (s *Scope) URI(x Space) string {
	if int(x) < len(s.uris) {
		return s.uris[x]
	}
	return ""
}

// Lookup returns the number of a namespace that the root declares or that has a fixed number.
func (s *Scope) Lookup(uri string) (Space, bool) {
	for i, u := range s.uris {
		if u == uri {
			return Space(i), true
		}
	}
	return 0, false
}
