package xsd

import (
	"encoding/xml"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing"

	"cohortx/xsd/edfi"
)

// grammar is what the generator of documents knows of a schema: every element path below the root. It never comes from the
// compiled tables, which it is to test, but from the reference model or from the XSD by way of the standard library.
type grammar struct {
	namespace string
	root      string
	children  []*decl
	paths     []*decl // all, parents first
}

// decl is an element at its place.
type decl struct {
	name, path string
	parent     *decl // nil for a child of the root
	min, max   int   // max -1: unbounded
	children   []*decl
	value      *simpleType // of a leaf
	id, ref    bool        // has the attribute
}

func (d *decl) child(name string) *decl {
	for _, k := range d.children {
		if k.name == name {
			return k
		}
	}
	return nil
}

// within reports whether d is up or stands below it.
func (d *decl) within(up *decl) bool {
	for ; d != nil; d = d.parent {
		if d == up {
			return true
		}
	}
	return false
}

// String lists a grammar, for comparisons.
func (g *grammar) String() string {
	var b strings.Builder
	for _, d := range g.paths {
		fmt.Fprintf(&b, "%s %d..%d id=%v ref=%v", d.path, d.min, d.max, d.id, d.ref)
		if v := d.value; v != nil {
			fmt.Fprintf(&b, " %s %d..%d %d..%d %q", v.builtin, v.minLen, v.maxLen, v.lo, v.hi, v.enum)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// newGrammar expands types from the root's children down.
func newGrammar(namespace, root string, children []member, types map[string]*modelType) (*grammar, error) {
	g := &grammar{namespace: namespace, root: root}
	var expand func(parent *decl, m member) error
	expand = func(parent *decl, m member) error {
		d := &decl{name: m.Name, path: m.Name, parent: parent, min: m.Min, max: -1}
		if n, ok := m.Max.(float64); ok {
			d.max = int(n)
		}
		if parent == nil {
			g.children = append(g.children, d)
		} else {
			d.path = parent.path + "/" + d.name
			parent.children = append(parent.children, d)
		}
		g.paths = append(g.paths, d)
		t := types[m.Type]
		if t == nil && !strings.HasPrefix(m.Type, "xs:") {
			return fmt.Errorf("%s: no type %s", d.path, m.Type)
		}
		if t == nil || t.Kind == "simple" {
			for x := t; x != nil; x = types[x.Base] {
				if x.Unknown != "" {
					return fmt.Errorf("%s: the type %s has %s", d.path, m.Type, x.Unknown)
				}
			}
			d.value = &simpleType{}
			facets(d.value, types, m.Type)
			return nil
		}
		sequence := t.Sequence
		for x := t; x != nil; x = types[x.Base] {
			if x.Unknown != "" {
				return fmt.Errorf("%s: the type %s has %s", d.path, m.Type, x.Unknown)
			}
			for _, a := range x.Attributes {
				d.id = d.id || a.Type == "xs:ID"
				d.ref = d.ref || a.Type == "xs:IDREF"
			}
			if x != t {
				sequence = append(x.Sequence[:len(x.Sequence):len(x.Sequence)], sequence...)
			}
		}
		for _, k := range sequence {
			if err := expand(d, k); err != nil {
				return err
			}
		}
		return nil
	}
	for _, m := range children {
		if err := expand(nil, m); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// modelGrammar reads the reference model of a release.
func modelGrammar(t testing.TB, r release) *grammar {
	t.Helper()
	model := readModel(t, r)
	var children []member
	for _, name := range []string{"Cohort", "StudentCohortAssociation", "StaffCohortAssociation"} {
		children = append(children, member{Name: name, Type: name, Min: 0, Max: "unbounded"})
	}
	g, err := newGrammar(model.TargetNamespace, "InterchangeStudentCohort", children, model.Types)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// embeddedGrammar reads the embedded schema of a release, without this package's own reader.
func embeddedGrammar(t testing.TB, r release) *grammar {
	t.Helper()
	g, err := schemaGrammar(edfi.Files, r.file)
	if err != nil {
		t.Fatal(err)
	}
	g.namespace = r.namespace
	return g
}

// xmlSchema is a schema file as encoding/xml reads it: the constructs that Ed-Fi uses. Whatever else there is, is noticed.
type xmlSchema struct {
	TargetNamespace string `xml:"targetNamespace,attr"`
	Include         []struct {
		Location string `xml:"schemaLocation,attr"`
	} `xml:"include"`
	Elements []struct {
		Name   string `xml:"name,attr"`
		Choice struct {
			Elements []xmlElement `xml:"element"`
		} `xml:"complexType>choice"`
	} `xml:"element"`
	Complex []xmlComplex `xml:"complexType"`
	Simple  []xmlSimple  `xml:"simpleType"`
}

type xmlElement struct {
	Name string `xml:"name,attr"`
	Type string `xml:"type,attr"`
	Min  string `xml:"minOccurs,attr"`
	Max  string `xml:"maxOccurs,attr"`
}

type xmlAny struct{ XMLName xml.Name }

type xmlContent struct {
	Base     string `xml:"base,attr"`
	Sequence []struct {
		Elements []xmlElement `xml:"element"`
		Other    []xmlAny     `xml:",any"`
	} `xml:"sequence"`
	Attributes []struct {
		Name string `xml:"name,attr"`
		Type string `xml:"type,attr"`
		Use  string `xml:"use,attr"`
	} `xml:"attribute"`
	Other []xmlAny `xml:",any"`
}

type xmlComplex struct {
	Name      string       `xml:"name,attr"`
	Extension []xmlContent `xml:"complexContent>extension"`
	xmlContent
}

type xmlSimple struct {
	Name        string `xml:"name,attr"`
	Restriction struct {
		Base   string `xml:"base,attr"`
		Facets []struct {
			XMLName xml.Name
			Value   string `xml:"value,attr"`
		} `xml:",any"`
	} `xml:"restriction"`
}

// schemaGrammar reads an XSD and what it includes.
func schemaGrammar(fsys fs.FS, file string) (*grammar, error) {
	types := map[string]*modelType{}
	namespace, root := "", ""
	var children []member
	var load func(file string) error
	load = func(file string) error {
		data, err := fs.ReadFile(fsys, file)
		if err != nil {
			return err
		}
		var x xmlSchema
		if err := xml.Unmarshal(data, &x); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if namespace == "" && len(x.Elements) > 0 {
			namespace, root = x.TargetNamespace, x.Elements[0].Name
			for _, e := range x.Elements[0].Choice.Elements {
				children = append(children, member{Name: e.Name, Type: e.Type, Max: "unbounded"})
			}
		}
		for i := range x.Complex {
			types[x.Complex[i].Name] = x.Complex[i].model()
		}
		for i := range x.Simple {
			types[x.Simple[i].Name] = x.Simple[i].model()
		}
		for _, i := range x.Include {
			if err := load(path.Join(path.Dir(file), i.Location)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := load(file); err != nil {
		return nil, err
	}
	return newGrammar(namespace, root, children, types)
}

func (c *xmlComplex) model() *modelType {
	m := &modelType{Kind: "complex"}
	parts := append([]xmlContent{c.xmlContent}, c.Extension...)
	for _, p := range parts {
		if p.Base != "" {
			m.Base = p.Base
		}
		for _, o := range p.Other {
			if o.XMLName.Local != "annotation" && o.XMLName.Local != "complexContent" {
				m.Unknown = "xs:" + o.XMLName.Local
			}
		}
		for _, s := range p.Sequence {
			for _, o := range s.Other {
				if o.XMLName.Local != "annotation" {
					m.Unknown = "a sequence with xs:" + o.XMLName.Local
				}
			}
			for _, e := range s.Elements {
				k := member{Name: e.Name, Type: e.Type, Min: 1, Max: 1.0}
				if e.Min != "" {
					k.Min, _ = strconv.Atoi(e.Min)
				}
				if n, err := strconv.Atoi(e.Max); err == nil {
					k.Max = float64(n)
				} else if e.Max == "unbounded" {
					k.Max = e.Max
				}
				m.Sequence = append(m.Sequence, k)
			}
		}
		for _, a := range p.Attributes {
			m.Attributes = append(m.Attributes, modelAttribute{a.Name, a.Type})
			if a.Use != "" && a.Use != "optional" {
				m.Unknown = "a " + a.Use + " attribute"
			}
		}
	}
	return m
}

func (s *xmlSimple) model() *modelType {
	m := &modelType{Kind: "simple", Base: s.Restriction.Base}
	for _, f := range s.Restriction.Facets {
		n, _ := strconv.ParseInt(f.Value, 10, 64)
		length := int(n)
		switch f.XMLName.Local {
		case "annotation":
		case "enumeration":
			m.Enumeration = append(m.Enumeration, f.Value)
		case "minLength":
			m.MinLength = &length
		case "maxLength":
			m.MaxLength = &length
		case "minInclusive":
			m.MinInclusive = &n
		case "maxInclusive":
			m.MaxInclusive = &n
		default:
			m.Unknown = "xs:" + f.XMLName.Local
		}
	}
	return m
}

// TestGrammar holds the two sources of documents against each other: the reference model, and the embedded schemas as
// encoding/xml reads them.
func TestGrammar(t *testing.T) {
	for _, r := range releases {
		got, want := embeddedGrammar(t, r).String(), modelGrammar(t, r).String()
		if got != want {
			t.Errorf("%s: the embedded schema is not the model's:\n%s", r.name, difference(got, want))
		}
	}
}

// difference shows the first lines that differ.
func difference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			other := "(nothing)"
			if i < len(b) {
				other = b[i]
			}
			return fmt.Sprintf("got  %s\nwant %s", a[i], other)
		}
	}
	return fmt.Sprintf("got %d lines, want %d", len(a), len(b))
}
