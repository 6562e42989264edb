// Package edfi embeds the schemas of Ed-Fi's Interchange-StudentCohort, one self-contained file for each structure that
// the interchange has had:
//
//	2.0.xsd  release 2.0
//	2.2.xsd  release 2.2
//	3.1.xsd  releases 3.1, 3.2, 3.3 and 4.0
//	5.0.xsd  release 5.0
//	5.1.xsd  releases 5.1 and 5.2
//
// Releases that share a structure differ in their target namespace alone; whoever compiles a file names the one it wants:
//
//	schema, err := xsd.Compile(edfi.Files, "5.1.xsd", "http://ed-fi.org/5.2.0")
//
// Each file holds the root element InterchangeStudentCohort and every type that it reaches, those of the Lookup elements
// included, with the names, order, cardinalities and facets of the Ed-Fi Data Standard, and without its annotations.
package edfi

import "embed"

// Files holds the schemas at its top level.
//
//go:embed *.xsd
var Files embed.FS
