package xsd

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func files(nameAndText ...string) fs.FS {
	m := fstest.MapFS{}
	for i := 0; i < len(nameAndText); i += 2 {
		m[nameAndText[i]] = &fstest.MapFile{Data: []byte(nameAndText[i+1])}
	}
	return m
}

const head = `<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns="urn:a" targetNamespace="urn:a" elementFormDefault="qualified">`

// library is a schema whose root is a repeated choice of Book and Film; book is the content of the type Book.
func library(book string) string {
	return head + `<xsd:include schemaLocation="sub/types.xsd"/><xsd:import namespace="urn:note" schemaLocation="note.xsd"/>
  <xsd:annotation><xsd:documentation xmlns:n="urn:note"><n:b/></xsd:documentation></xsd:annotation>
  <xsd:element name="Library"><xsd:complexType><xsd:choice maxOccurs="unbounded">
    <xsd:element name="Book" type="Book"/><xsd:element name="Film" type="Title"/></xsd:choice></xsd:complexType></xsd:element>
  <xsd:complexType name="Book">` + book + `</xsd:complexType></xsd:schema>`
}

// types is included by library; it has no target namespace of its own, and other prefixes.
const types = `<?xml version="1.0"?><schema xmlns="http://www.w3.org/2001/XMLSchema" elementFormDefault="unqualified">
  <complexType name="Title"><sequence><element name="Text"><simpleType><restriction base="string"><maxLength value="3"/></restriction></simpleType></element></sequence></complexType></schema>`

func TestCompile_Includes(t *testing.T) {
	fsys := files("x/Library.xsd", library(`<xsd:sequence><xsd:element name="Title" type="Title" maxOccurs="2"/><xsd:element name="Pages" type="xsd:int" minOccurs="0"/></xsd:sequence>`),
		"x/sub/types.xsd", types)
	s, err := Compile(fsys, "x/Library.xsd", "urn:b")
	if err != nil {
		t.Fatal(err)
	}
	if ok, why := s.Tabled(); !ok || s.Root() != "Library" || s.TargetNamespace() != "urn:b" {
		t.Errorf("got %v %s %s %s", ok, why, s.Root(), s.TargetNamespace())
	}
	j := newJudge(t, s)
	for _, tt := range []struct {
		book string
		want bool
	}{
		{`<b:Title><Text>abc</Text></b:Title>`, true},
		{`<b:Title><Text>abc</Text></b:Title><b:Title><Text/></b:Title><b:Pages>1</b:Pages>`, true},
		{`<b:Title><b:Text>abc</b:Text></b:Title>`, false},
		{`<b:Title><Text>abcd</Text></b:Title>`, false},
		{`<b:Title><Text/></b:Title><b:Title><Text/></b:Title><b:Title><Text/></b:Title>`, false},
		{``, false},
	} {
		r, err := drive(s, []byte(`<b:Library xmlns:b="urn:b"><b:Book>`+tt.book+`</b:Book><b:Film><Text/></b:Film></b:Library>`))
		if err != nil {
			t.Fatal(err)
		}
		vs, err := j.Check(context.Background(), r.scope, r.fragments())
		if err != nil {
			t.Fatal(err)
		}
		if got := len(vs) == 0; got != tt.want {
			t.Errorf("%s: valid is %v, want %v: %+v", tt.book, got, tt.want, vs)
		}
		// An element in no namespace is always left to the judge, so that only its absence of proof is seen here.
		if r.children[0].proven && !tt.want {
			t.Errorf("%s: proven", tt.book)
		}
	}
}

// TestCompile_NotTabled: what the tables do not hold is never proven, but the judge knows it, and slots exist.
func TestCompile_NotTabled(t *testing.T) {
	for name, book := range map[string]string{
		"any":          `<xsd:sequence><xsd:element name="A" type="xsd:int"/><xsd:any minOccurs="0" processContents="skip"/></xsd:sequence>`,
		"choice":       `<xsd:choice><xsd:element name="A" type="xsd:int"/><xsd:element name="B" type="xsd:int"/></xsd:choice>`,
		"repeated":     `<xsd:sequence maxOccurs="2"><xsd:element name="A" type="xsd:int"/></xsd:sequence>`,
		"anyAttribute": `<xsd:sequence><xsd:element name="A" type="xsd:int"/></xsd:sequence><xsd:anyAttribute/>`,
		"circle":       `<xsd:sequence><xsd:element name="A" type="xsd:int"/><xsd:element name="Book" type="Book" minOccurs="0"/></xsd:sequence>`,
		"mixed group":  `<xsd:sequence><xsd:sequence><xsd:element name="A" type="xsd:int"/></xsd:sequence></xsd:sequence>`,
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Compile(files("Library.xsd", library(book), "sub/types.xsd", types), "Library.xsd", "")
			if err != nil {
				t.Fatal(err)
			}
			if ok, why := s.Tabled(); ok || why == "" {
				t.Errorf("got tabled %v %q, want a reason", ok, why)
			}
			slot, ok := s.Slot("Book/A")
			if !ok {
				t.Fatal("no slot of Book/A")
			}
			j := newJudge(t, s)
			for v, want := range map[string]bool{" 1 ": true, "x": false} {
				r, err := drive(s, []byte(`<Library xmlns="urn:a"><Book><A>`+v+`</A></Book></Library>`))
				if err != nil {
					t.Fatal(err)
				}
				vs, err := j.Check(context.Background(), r.scope, r.fragments())
				if err != nil {
					t.Fatal(err)
				}
				if k := r.children[0]; k.proven || (len(vs) == 0) != want || k.values[slot] != strings.TrimSpace(v) {
					t.Errorf("%q: got proven %v, violations %+v, value %q", v, k.proven, vs, k.values[slot])
				}
			}
		})
	}
}

// TestCompile_Substitution: an element that others may substitute is left to the judge; among the root's children, which a
// caller must know by name, it is refused.
func TestCompile_Substitution(t *testing.T) {
	globals := `<xsd:element name="Head" type="xsd:int"/><xsd:element name="Member" substitutionGroup="Head"/></xsd:schema>`
	text := strings.ReplaceAll(library(`<xsd:sequence><xsd:element ref="Head" maxOccurs="2"/></xsd:sequence>`), "</xsd:schema>", globals)
	s, err := Compile(files("Library.xsd", text, "sub/types.xsd", types), "Library.xsd", "")
	if err != nil {
		t.Fatal(err)
	}
	if ok, why := s.Tabled(); ok || !strings.Contains(why, "Head") {
		t.Errorf("got tabled %v %q, want a reason that names Head", ok, why)
	}
	j := newJudge(t, s)
	for book, want := range map[string]bool{`<Head>1</Head><Member>2</Member>`: true, `<Member>x</Member>`: false, `<Other>1</Other>`: false} {
		v, err := judgeDocument(s, j, []byte(`<Library xmlns="urn:a"><Book>`+book+`</Book></Library>`))
		if err != nil {
			t.Fatal(err)
		}
		if v.valid() != want || v.proven > 0 {
			t.Errorf("%s: got valid %v (%s) and %d proven, want valid %v and none", book, v.valid(), v.why, v.proven, want)
		}
	}
	text = strings.ReplaceAll(text, `<xsd:element name="Film" type="Title"/>`, `<xsd:element ref="Head"/>`)
	if _, err = Compile(files("Library.xsd", text, "sub/types.xsd", types), "Library.xsd", ""); err == nil || !strings.Contains(err.Error(), "may substitute") {
		t.Errorf("got %v, want an error about the root's children", err)
	}
}

func TestCompile_Errors(t *testing.T) {
	book := `<xsd:sequence/>`
	for _, tt := range []struct{ name, old, new, want string }{
		{"absolute", "sub/types.xsd", "/etc/types.xsd", "relative path"},
		{"above", "sub/types.xsd", "../types.xsd", "relative path"},
		{"url", "sub/types.xsd", "http://example.org/types.xsd", "relative path"},
		{"file url", "note.xsd", "file:///etc/passwd", "relative path"},
		{"missing", "sub/types.xsd", "sub/other.xsd", "not exist"},
		{"single", `<xsd:choice maxOccurs="unbounded">`, `<xsd:choice>`, "repeated choice"},
		{"sequence", `xsd:choice`, `xsd:sequence`, "repeated choice"},
		{"key", `</xsd:complexType></xsd:element>`, `</xsd:complexType><xsd:unique name="u"><xsd:selector xpath="*"/><xsd:field xpath="@x"/></xsd:unique></xsd:element>`, "identity constraint"},
		{"redefine", `xsd:include`, `xsd:redefine`, "redefine"},
		{"foreign", `type="Title"/></xsd:choice>`, `xmlns:n="urn:note" type="n:Title"/></xsd:choice>`, "urn:note"},
		{"doctype", head, `<!DOCTYPE x>` + head, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.ReplaceAll(library(book), tt.old, tt.new)
			_, err := Compile(files("Library.xsd", text, "sub/types.xsd", types), "Library.xsd", "")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestCompile_Embedded(t *testing.T) {
	for _, r := range releases {
		s := compile(t, r)
		if ok, why := s.Tabled(); !ok {
			t.Errorf("%s: not tabled: %s", r.name, why)
		}
		if s.TargetNamespace() != r.namespace || s.Root() != "InterchangeStudentCohort" {
			t.Errorf("%s: got root %s in %s", r.name, s.Root(), s.TargetNamespace())
		}
		for i := 1; i < s.NumSlots(); i++ {
			info := s.Info(Slot(i))
			if slot, ok := s.Slot(s.Path(Slot(i))); !ok || slot != Slot(i) || info.Parent >= slot {
				t.Errorf("%s: slot %d is %+v", r.name, i, info)
			}
		}
	}
}
