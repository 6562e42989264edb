package edfi

import _ "embed"

// To make the tables of a schema takes longer than to check a small file by them. So they are made beforehand, of the very files that libxml2
// reads; a test holds the two together.
//
//go:generate go test -run TestTables -update

var (
	//go:embed 2.0.tables
	tables20 string
	//go:embed 2.2.tables
	tables22 string
	//go:embed 3.1.tables
	tables31 string
	//go:embed 5.0.tables
	tables50 string
	//go:embed 5.1.tables
	tables51 string
)

// Tables returns what xsd.Restore makes the tables of a schema from, such as those of "5.1.xsd"; "" if Files does not have it.
func Tables(file string) string {
	switch file {
	case "2.0.xsd":
		return tables20
	case "2.2.xsd":
		return tables22
	case "3.1.xsd":
		return tables31
	case "5.0.xsd":
		return tables50
	case "5.1.xsd":
		return tables51
	}
	return ""
}
