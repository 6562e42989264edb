// Package roster reads what a StudentCohort file refers to: students, staff, education organizations, programs, sections
// and sessions, from the interchanges of their own or from CSV.
//
//	f, err := roster.Sniff(ctx, stream, "students.xml")
//	r, err := f.Rows()
//	for {
//		row, err := r.Next() // io.EOF at the end
//		switch row.Kind {
//		case roster.StudentKind: // row.Person
//		...
//	}
//
// Of each entity only the key is kept and the fields by which a lookup may name it: those that the release's StudentLookup,
// StaffLookup, EducationOrganizationLookup, ProgramLookup, SectionLookup and SessionLookup have. These are held against
// the same types of the release's StudentCohort schema; everything else in the file is checked for well-formedness only.
// An entity whose kept values break a rule becomes a row with faults instead of values.
//
// References that a key needs may be made by the XML id of an element of the same file, before or after it. Rows that wait
// for an id come last, in the order of the file. An id that two elements have makes the refs ambiguous that stand after both.
//
// The releases are those of package interchange. Elements are matched by name within the root's namespace.
package roster
