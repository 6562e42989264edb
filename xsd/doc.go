// Package xsd decides whether XML is valid against a W3C XML Schema (1.0), for documents that are a root element with
// any number of independent children, of any total size.
//
// Two engines share the work. [Compile] turns the schema into tables, and a [Checker] follows them while a document is
// tokenized; it has two answers only, "proven valid" and "cannot tell". What it cannot tell is given to a [Judge], which
// has libxml2 decide and says what is wrong, and where:
//
//	schema, err := xsd.Compile(os.DirFS("schemas"), "Library.xsd", "")
//	checker := schema.NewChecker(scope)     // one per goroutine
//	for each child of the root {
//		checker.Reset()
//		... checker.Start, Text and End for its tokens ...
//		if !checker.Proven() {
//			violations, err := judge.Check(ctx, scope, []xsd.Fragment{{Raw: raw, At: at}})
//		}
//	}
//
// The checker never proves what the schema forbids. Every element path below the root has a number, its [Slot], so that
// a caller knows what it is reading without comparing names.
//
// # Where libxml2 is not followed
//
// The judge hands libxml2 each child in a canonical form, written anew from its tokens. This closes what libxml2 2.9 gets
// wrong: white space around an xs:date, xs:int, xs:long or a type restricting them is legal; so is a CDATA section that
// holds white space only, between elements. Two things are document-wide and therefore not the judge's, which sees a
// batch of children at a time: whether an xs:ID is unique, and whether an xs:IDREF has its target.
//
// # What a schema may contain
//
// The root element must be a repeated choice (or a repeated sequence of one choice) of elements. Content models that are
// flat sequences of elements are checked by the tables; anything else is left to the judge, see [Schema.Tabled].
// Identity constraints (xs:key, xs:unique, xs:keyref), xs:redefine, and components of imported namespaces are refused,
// as they could not be judged child by child; so is a child of the root that others may substitute.
package xsd
