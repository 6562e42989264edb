package xsd

import (
	"bytes"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"cohortx/xsd/edfi"
)

// TestRestore makes tables again from what was written of them, of every schema and of a few that the tables hold only in part.
func TestRestore(t *testing.T) {
	in := func(book string) fs.FS { return files("a.xsd", library(book), "sub/types.xsd", types) }
	for _, tt := range []struct {
		fsys fs.FS
		file string
	}{
		{edfi.Files, "2.0.xsd"}, {edfi.Files, "2.2.xsd"}, {edfi.Files, "3.1.xsd"}, {edfi.Files, "5.0.xsd"}, {edfi.Files, "5.1.xsd"},
		{in(`<xsd:sequence><xsd:element name="Title" type="Title" maxOccurs="2"/></xsd:sequence><xsd:attribute name="id" type="xsd:ID" use="required"/>`), "a.xsd"},
		{in(`<xsd:choice><xsd:element name="A"/><xsd:element name="B" type="Book"/></xsd:choice><xsd:attribute name="ref" type="xsd:IDREF"/>`), "a.xsd"},
		{in(`<xsd:sequence><xsd:element name="A"><xsd:simpleType><xsd:restriction base="xsd:int"><xsd:minInclusive value="-5"/><xsd:pattern value="a|b"/></xsd:restriction></xsd:simpleType></xsd:element></xsd:sequence>`), "a.xsd"},
	} {
		fsys, file := tt.fsys, tt.file
		want, err := Compile(fsys, file, "urn:another")
		if err != nil {
			t.Fatal(err)
		}
		tables := string(want.AppendTables(nil))
		got, err := Restore(tables, fsys, file, "urn:another")
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.nodes, want.nodes) || got.root != want.root || got.namespace != want.namespace || got.untabled != want.untabled {
			t.Errorf("%s: the tables are not what they were made of", file)
		}
		if !bytes.Equal(got.Source(), want.Source()) {
			t.Errorf("%s: found another source", file)
		}
		if own, err := Restore(tables, fsys, file, ""); err != nil || own.TargetNamespace() != "urn:another" {
			t.Errorf("%s: found namespace %q, %v; expected the one it was written with", file, own.TargetNamespace(), err)
		}
	}
}

// TestRestore_Damaged cuts tables off, and changes some of their bytes: that is an error, or a schema that can be used.
func TestRestore_Damaged(t *testing.T) {
	s, err := Compile(edfi.Files, "5.1.xsd", "")
	if err != nil {
		t.Fatal(err)
	}
	tables := s.AppendTables(nil)
	for i := 0; i < len(tables); i += 7 {
		if _, err := Restore(string(tables[:i]), edfi.Files, "5.1.xsd", ""); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Fatalf("found error %v for the first %d of %d bytes", err, i, len(tables))
		}
		was := tables[i]
		tables[i] ^= 0xff
		if s, err := Restore(string(tables), edfi.Files, "5.1.xsd", ""); err == nil {
			for slot := range s.NumSlots() {
				_ = s.Path(Slot(slot)) // ends
			}
		}
		tables[i] = was
	}
	if _, err := Restore(string(tables)+"x", edfi.Files, "5.1.xsd", ""); err == nil {
		t.Error("found no error for a byte too many")
	}
}
