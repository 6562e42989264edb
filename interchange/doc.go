// Package interchange is the domain: what an Ed-Fi Interchange-StudentCohort file says, in all its releases.
//
// An interchange document holds entities in any order: cohorts, associations of students with cohorts, and associations of staff
// with cohorts. A [Decoder] turns blocks of bytes into entities whose values are slices of the block; typed accessors
// ([Entity.Plain], [Entity.Association], [Entity.Cohort]) turn an entity into keys, dates and values; an [Encoder] writes them again,
// in the form of any release. What happens to an association is decided by [Decide] and [Settle], pure functions of what is
// stored and what the file says. Everything that can go wrong has a [Code] with a meaning and a remedy in the [Catalogue].
//
// The way of a file:
//
//	release, err := interchange.ReleaseOf(namespace)      // from the root element
//	schema, err := interchange.LoadSchema(release, "")    // embedded, or a folder of official XSDs
//	decoder := interchange.NewDecoder(schema, release, splitter.Scope())
//	entities, err := decoder.Decode(block, nil)           // one block at a time, one decoder per goroutine
//
// Nothing here knows of files, databases or terminals.
package interchange
