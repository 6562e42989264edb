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
	set := &schemaSet{elements: map[string]*element{}, types: map[string]*element{}, groups: map[string]*element{}}
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
	s.slots = sync.OnceValue(s.byPath)
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

// qnameAttrs are the attributes of schema elements that hold QNames; memberTypes holds several.
var qnameAttrs = map[string]bool{"type": true, "base": true, "ref": true, "itemType": true, "memberTypes": true, "substitutionGroup": true}

func (s *schemaSet) refuse(e *element) error {
	switch e.name {
	case "key", "keyref", "unique":
		return fmt.Errorf("found xs:%s %s; identity constraints over a whole document are not supported", e.name, e.attr("name"))
	}
	for _, a := range e.attrs {
		if !qnameAttrs[a.name] {
			continue
		}
		for _, q := range strings.Fields(a.value) {
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
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	split, err := scan.Split(context.Background(), bytes.NewReader(data), scan.Options{BlockSize: max(len(data), 1)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	scope := split.Scope()
	doc := &document{file: file}
	words := make(interned, 1024)
	if scope.URI(scope.Name.Space) != schemaSpace || string(scope.Name.Local) != "schema" {
		return nil, fmt.Errorf("%s: found root element %s; expected xs:schema", file, scope.Name.Local)
	}
	doc.root = words.element(doc, nil, scope.Name, scope.Attrs, scope.Decls)
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
				if up != nil {
					e = words.element(doc, up.prefixes, name, scanner.Attrs(), scanner.Decls())
					if scanner.URI(name.Space) != schemaSpace || e.name == "annotation" {
						e = nil
					} else {
						up.children = append(up.children, e)
					}
				}
				open = append(open, e)
			case scan.EndElement:
				open = open[:len(open)-1]
			}
		}
		block.Release()
	}
}

// interned holds each name and value once: a schema says the same few words over and over.
type interned map[string]string

func (w interned) word(b []byte) string {
	if s, ok := w[string(b)]; ok {
		return s
	}
	s := string(b)
	w[s] = s
	return s
}

func (w interned) element(doc *document, outer *prefixes, name scan.Name, attrs []scan.Attr, decls []scan.Decl) *element {
	e := &element{name: w.word(name.Local), prefixes: outer, doc: doc}
	for _, d := range decls {
		e.prefixes = &prefixes{prefix: w.word(d.Prefix), uri: w.word(d.URI), outer: e.prefixes}
	}
	if len(attrs) > 0 {
		e.attrs = make([]attribute, 0, len(attrs))
	}
	for _, a := range attrs {
		if a.Name.Space == scan.NoSpace {
			e.attrs = append(e.attrs, attribute{w.word(a.Name.Local), w.word(a.Value)})
		}
	}
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
		if qnameAttrs[a.name] {
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
