package xsd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sort"
	"strings"
	"sync"

	"cohortx/xsd/scan"
)

const schemaSpace = "http://www.w3.org/2001/XMLSchema"

// element is an element of a schema document in the schema namespace. Annotations, and what is in other namespaces, are
// left out when a document is read.
type element struct {
	name     string // local name
	attrs    []attribute
	children []*element
	prefixes *prefixes // in scope
	doc      *document
}

type attribute struct{ name, value string }

// prefixes is a chain of namespace declarations, innermost first.
type prefixes struct {
	prefix, uri string
	outer       *prefixes
}

// document is one schema file.
type document struct {
	file      string
	namespace string // targetNamespace, of an including file where it has none
	root      *element
}

func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

func (e *element) child(name string) *element {
	for _, k := range e.children {
		if k.name == name {
			return k
		}
	}
	return nil
}

// qualified reports whether a local xs:element declares an element of the target namespace.
func (e *element) qualified() bool {
	if form := e.attr("form"); form != "" {
		return form == "qualified"
	}
	return e.doc.root.attr("elementFormDefault") == "qualified"
}

// resolve splits a QName into namespace and local name.
func (e *element) resolve(qname string) (space, local string) {
	qname = strings.TrimSpace(qname)
	prefix, local, ok := strings.Cut(qname, ":")
	if !ok {
		prefix, local = "", qname
	}
	for p := e.prefixes; p != nil; p = p.outer {
		if p.prefix == prefix {
			space = p.uri
			break
		}
	}
	if space == "" && prefix == "" {
		// A file without a target namespace takes that of the file that includes it, its references too.
		space = e.doc.namespace
	}
	return space, local
}

// schemaSet is a schema with all that it includes.
type schemaSet struct {
	namespace     string // of the main file
	docs          []*document
	elements      map[string]*element
	types         map[string]*element
	groups        map[string]*element
	substitutions []string
}

// local returns the local part of a QName.
func (s *schemaSet) local(e *element, qname string) string {
	_, local := e.resolve(qname)
	return local
}

// Compile reads a schema file and the files that it includes, all from fsys, and compiles them to one schema whose root is
// the file's first global element. If targetNamespace is not empty, it takes the place of the schema's own, wherever that
// stands: schemas that differ in nothing else can share a file.
//
// Only relative locations within fsys are followed, and nothing is ever fetched. Imports are checked but not followed, as
// the components of another namespace cannot be used (annotations, which often are the reason for an import, are dropped).
// libxml2 does not see the schema before [NewJudge].
func Compile(fsys fs.FS, file, targetNamespace string) (*Schema, error) {
	set := &schemaSet{elements: map[string]*element{}, groups: map[string]*element{}}
	if err := set.load(fsys, file, nil, map[string]bool{}); err != nil {
		return nil, fmt.Errorf("schema %s: %w", file, err)
	}
	var root *element
	for _, k := range set.docs[0].root.children {
		if k.name == "element" {
			root = k
			break
		}
	}
	if root == nil {
		return nil, fmt.Errorf("schema %s: found no global element; expected the root element of the documents", file)
	}
	if err := set.index(); err != nil {
		return nil, fmt.Errorf("schema %s: %w", file, err)
	}
	s := &Schema{root: root.attr("name"), namespace: set.namespace}
	if targetNamespace != "" {
		s.namespace = targetNamespace
	}
	if err := s.tables(set, root); err != nil {
		return nil, fmt.Errorf("schema %s: %w", file, err)
	}
	// Most runs prove everything: libxml2 is not asked, and nobody reads the source.
	s.source = sync.OnceValue(func() []byte { return set.print(s.namespace, root) })
	return s, nil
}

// load reads a file and what it includes.
func (s *schemaSet) load(fsys fs.FS, file string, from *document, seen map[string]bool) error {
	if seen[file] {
		return nil
	}
	seen[file] = true
	doc, err := readDocument(fsys, file)
	if err != nil {
		return err
	}
	doc.namespace = doc.root.attr("targetNamespace")
	if from == nil {
		s.namespace = doc.namespace
	} else if doc.namespace == "" {
		doc.namespace = from.namespace
	} else if doc.namespace != s.namespace {
		return fmt.Errorf("%s is included: found target namespace %s, expected %s", file, doc.namespace, s.namespace)
	}
	s.docs = append(s.docs, doc)
	for _, k := range doc.root.children {
		switch k.name {
		case "redefine":
			return fmt.Errorf("%s: xs:redefine is not supported", file)
		case "include", "import":
			location := k.attr("schemaLocation")
			if location == "" && k.name == "import" {
				continue
			}
			next := path.Join(path.Dir(file), location)
			if location == "" || path.IsAbs(location) || strings.ContainsAny(location, ":\\") || !fs.ValidPath(next) {
				return fmt.Errorf("%s: found xs:%s of %q; expected a relative path within the schema folder", file, k.name, location)
			}
			if k.name == "include" {
				if err := s.load(fsys, next, doc, seen); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// index finds the global components and refuses what cannot be judged child by child.
func (s *schemaSet) index() error {
	s.types = make(map[string]*element, len(s.docs[0].root.children))
	for _, doc := range s.docs {
		for _, k := range doc.root.children {
			name := k.attr("name")
			switch k.name {
			case "element":
				s.elements[name] = k
				if k.attr("substitutionGroup") != "" {
					s.substitutions = append(s.substitutions, name)
				}
			case "simpleType", "complexType":
				s.types[name] = k
			case "group":
				s.groups[name] = k
			}
		}
		if err := s.refuse(doc.root); err != nil {
			return fmt.Errorf("%s: %w", doc.file, err)
		}
	}
	return nil
}

// holdsQNames tells the attributes of schema elements that hold QNames; memberTypes holds several.
func (a *attribute) holdsQNames() bool {
	switch a.name {
	case "type", "base", "ref", "itemType", "memberTypes", "substitutionGroup":
		return true
	}
	return false
}

func (s *schemaSet) refuse(e *element) error {
	switch e.name {
	case "key", "keyref", "unique":
		return fmt.Errorf("found xs:%s %s; identity constraints over a whole document are not supported", e.name, e.attr("name"))
	}
	for i := range e.attrs {
		a := &e.attrs[i]
		if !a.holdsQNames() {
			continue
		}
		for q := range strings.FieldsSeq(a.value) {
			if space, local := e.resolve(q); space != schemaSpace && space != s.namespace {
				return fmt.Errorf("found a use of %s in namespace %q; only the schema's own namespace %q can be used", local, space, s.namespace)
			}
		}
	}
	for _, k := range e.children {
		if err := s.refuse(k); err != nil {
			return err
		}
	}
	return nil
}

// readDocument reads one schema file.
func readDocument(fsys fs.FS, file string) (*document, error) {
	f, err := fsys.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := int(info.Size())
	split, err := scan.Split(context.Background(), f, scan.Options{BlockSize: max(size, 1)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	scope := split.Scope()
	doc := &document{file: file}
	if scope.URI(scope.Name.Space) != schemaSpace || string(scope.Name.Local) != "schema" {
		return nil, fmt.Errorf("%s: found root element %s; expected xs:schema", file, scope.Name.Local)
	}
	var m maker
	m.text.Grow(size)
	doc.root = m.element(doc, nil, scope.Name, scope.Attrs, scope.Decls)
	open := []*element{doc.root}
	var scanner scan.Scanner
	for {
		block, err := split.Next()
		if errors.Is(err, io.EOF) {
			return doc, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		scanner.Reset(block)
		for {
			kind, err := scanner.Next()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if kind == scan.EndOfBlock {
				break
			}
			switch kind {
			case scan.StartElement:
				name := scanner.Name()
				up := open[len(open)-1]
				var e *element // nil: not kept, nor what it contains
				if up != nil && scanner.URI(name.Space) == schemaSpace && string(name.Local) != "annotation" {
					e = m.element(doc, up.prefixes, name, scanner.Attrs(), scanner.Decls())
					up.children = append(up.children, e)
				}
				open = append(open, e)
			case scan.EndElement:
				open = open[:len(open)-1]
			}
		}
		block.Release()
	}
}

// maker makes the elements of a document in few pieces of memory: a schema is read at every start of a program, in less time than as many
// small ones would take.
type maker struct {
	text     strings.Builder // all names and values
	elements []element
	attrs    []attribute
}

// word keeps a name or value.
func (m *maker) word(b []byte) string {
	n := m.text.Len()
	m.text.Write(b)
	return m.text.String()[n:]
}

// some is how many elements or attributes share a piece of memory.
const some = 128

func (m *maker) element(doc *document, outer *prefixes, name scan.Name, attrs []scan.Attr, decls []scan.Decl) *element {
	if len(m.elements) == cap(m.elements) {
		m.elements = make([]element, 0, some)
	}
	m.elements = append(m.elements, element{name: m.word(name.Local), prefixes: outer, doc: doc})
	e := &m.elements[len(m.elements)-1]
	for _, d := range decls {
		e.prefixes = &prefixes{prefix: m.word(d.Prefix), uri: m.word(d.URI), outer: e.prefixes}
	}
	if len(m.attrs)+len(attrs) > cap(m.attrs) {
		m.attrs = make([]attribute, 0, max(some, len(attrs)))
	}
	first := len(m.attrs)
	for _, a := range attrs {
		if a.Name.Space == scan.NoSpace {
			m.attrs = append(m.attrs, attribute{m.word(a.Name.Local), m.word(a.Value)})
		}
	}
	e.attrs = m.attrs[first:len(m.attrs):len(m.attrs)]
	return e
}

// print writes the whole set as one document with the given target namespace. References become "t:Name" or "xs:name".
func (s *schemaSet) print(namespace string, root *element) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<xs:schema xmlns:xs="` + schemaSpace + `"`)
	if namespace != "" {
		b.WriteString(` xmlns:t="`)
		escape(&b, namespace)
		b.WriteString(`" targetNamespace="`)
		escape(&b, namespace)
		b.WriteString(`"`)
	}
	main := s.docs[0].root
	for _, name := range []string{"elementFormDefault", "attributeFormDefault", "blockDefault", "finalDefault"} {
		if v := main.attr(name); v != "" {
			b.WriteString(" " + name + `="`)
			escape(&b, v)
			b.WriteString(`"`)
		}
	}
	b.WriteString(">\n")
	for _, doc := range s.docs {
		for _, k := range doc.root.children {
			if k.name != "include" && k.name != "import" {
				s.printElement(&b, k, root, namespace, true)
			}
		}
	}
	b.WriteString("</xs:schema>\n")
	return b.Bytes()
}

func (s *schemaSet) printElement(b *bytes.Buffer, e, root *element, namespace string, global bool) {
	b.WriteString("<xs:" + e.name)
	main := s.docs[0].root
	attrs := append([]attribute(nil), e.attrs...)
	// What a file says about all its local declarations is said again where the main file says otherwise.
	if !global && (e.name == "element" || e.name == "attribute") && e.attr("form") == "" && e.attr("ref") == "" {
		if v := e.doc.root.attr(e.name + "FormDefault"); v != main.attr(e.name+"FormDefault") {
			if v == "" {
				v = "unqualified"
			}
			attrs = append(attrs, attribute{"form", v})
		}
	}
	sort.SliceStable(attrs, func(i, j int) bool { return attrs[i].name < attrs[j].name })
	for _, a := range attrs {
		v := a.value
		if a.holdsQNames() {
			names := strings.Fields(v)
			for i, q := range names {
				space, local := e.resolve(q)
				switch {
				case space == schemaSpace:
					names[i] = "xs:" + local
				case namespace != "":
					names[i] = "t:" + local
				default:
					names[i] = local
				}
			}
			v = strings.Join(names, " ")
		}
		b.WriteString(" " + a.name + `="`)
		escape(b, v)
		b.WriteString(`"`)
	}
	if len(e.children) == 0 {
		b.WriteString("/>\n")
		return
	}
	b.WriteString(">\n")
	for _, k := range e.children {
		if k.name == "choice" && k.attr("maxOccurs") == "unbounded" && k.attr("minOccurs") == "" && s.isRootModel(k, root) {
			// The same language, but libxml2 needs no memory per child for it.
			plain := *k
			plain.attrs = nil
			b.WriteString(`<xs:sequence maxOccurs="unbounded">` + "\n")
			s.printElement(b, &plain, root, namespace, false)
			b.WriteString("</xs:sequence>\n")
			continue
		}
		s.printElement(b, k, root, namespace, false)
	}
	b.WriteString("</xs:" + e.name + ">\n")
}

// isRootModel reports whether e is the content model of the root.
func (s *schemaSet) isRootModel(e, root *element) bool {
	typ := root.child("complexType")
	if name := root.attr("type"); name != "" {
		typ = s.types[s.local(root, name)]
	}
	if typ == nil {
		return false
	}
	for _, k := range typ.children {
		if k == e {
			return true
		}
	}
	return false
}

// escape writes an attribute's value.
func escape(b *bytes.Buffer, v string) { b.Write(appendAttr(nil, []byte(v))) }
