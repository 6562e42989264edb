package xsd

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"unicode/utf8"

	"cohortx/xsd/scan"
)

// batchSize is the size of the documents that libxml2 is given, in bytes. From here on up to ten times as much the time
// per child is the same; the tree takes some ten bytes per byte.
const batchSize = 64 << 10

// foundLimit is how many characters of a value a Violation keeps.
const foundLimit = 200

// Judge has libxml2 decide. It may be used by several goroutines at once.
type Judge struct {
	schema *Schema
	lib    *libSchema
	pool   sync.Pool // of *canonical
}

// NewJudge compiles the schema with libxml2. Close frees what libxml2 allocated.
func NewJudge(s *Schema) (*Judge, error) {
	lib, err := compileLib(s.Source())
	if err != nil {
		return nil, err
	}
	return &Judge{schema: s, lib: lib}, nil
}

// Close frees the compiled schema. No other call may be under way, or follow.
func (j *Judge) Close() { j.lib.free() }

// Check judges children of a root with that start tag and returns the violations in document order, none if all are
// valid. Only the first fault in the content model of an element is found. The error is about the judging itself: a
// fragment that is not well-formed, a root that is not the schema's (see CheckRoot), a context that has ended, libxml2 out
// of memory.
func (j *Judge) Check(ctx context.Context, scope *scan.Scope, fragments []Fragment) ([]Violation, error) {
	if !j.isRoot(scope) {
		return nil, fmt.Errorf("found root element %s, expected %s", rootName(scope), j.rootName())
	}
	c, _ := j.pool.Get().(*canonical)
	if c == nil || c.scope != scope {
		c = newCanonical(j.schema, scope)
	}
	defer func() {
		if cap(c.doc) <= 8*batchSize {
			j.pool.Put(c)
		}
	}()
	var all []Violation
	for i := 0; i < len(fragments); {
		if err := ctx.Err(); err != nil {
			return all, err
		}
		first := i
		c.reset()
		for i < len(fragments) && (i == first || len(c.doc)+len(fragments[i].Raw) <= batchSize) {
			if err := c.add(i, fragments[i]); err != nil {
				return all, err
			}
			i++
		}
		found, err := j.judge(c)
		if errors.Is(err, errParse) && i-first > 1 {
			// One of them is to blame: judge each alone.
			for k := first; k < i; k++ {
				c.reset()
				if err := c.add(k, fragments[k]); err != nil {
					return all, err
				}
				one, err := j.judge(c)
				if errors.Is(err, errParse) {
					one, err = []Violation{j.unreadable(c, err)}, nil
				}
				if err != nil {
					return all, err
				}
				all = append(all, one...)
			}
			continue
		}
		if errors.Is(err, errParse) {
			found, err = []Violation{j.unreadable(c, err)}, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, found...)
		// libxml2 looks at nothing behind a child that the root cannot have: judge what comes after it once more.
		if n := len(found) - 1; n >= 0 && found[n].unknownChild() {
			i = found[n].Fragment + 1
		}
	}
	return all, nil
}

// unknownChild reports whether the fault is that the schema knows no such child of the root.
func (v *Violation) unknownChild() bool {
	return v.Code == ElementUnknown && v.Slot == 0 && !strings.Contains(v.Path, "/")
}

// CheckRoot judges the root's start tag: its name, namespace and attributes. That there is at least one child is for the
// caller to see.
func (j *Judge) CheckRoot(scope *scan.Scope) ([]Violation, error) {
	if !j.isRoot(scope) {
		return []Violation{{Fragment: -1, Code: RootUnexpected, Path: string(scope.Name.Local), Found: rootName(scope), Expected: j.rootName()}}, nil
	}
	var doc []byte
	c := newCanonical(j.schema, scope)
	c.doc = c.doc[:len(c.doc)-1]
	for _, a := range scope.Attrs {
		c.attr(a.Name, a.Value)
	}
	c.doc = append(c.doc, '>')
	c.elems[0].start = int32(len(c.doc))
	doc = c.finish()
	faults, err := j.lib.validate(doc)
	if errors.Is(err, errParse) {
		return []Violation{{Fragment: -1, Code: TooLarge, Path: j.schema.root, Expected: "a start tag that libxml2 can read: " + err.Error()}}, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Violation
	for _, f := range faults {
		if f.rule == ruleContent && f.missing {
			continue // it has no child here
		}
		v := Violation{Fragment: -1, Code: RootAttribute, Path: j.schema.root, Attr: f.attr, Found: c.undeclared(&c.elems[0], f.attr), Expected: "no attributes but xsi:schemaLocation"}
		switch f.rule {
		case ruleNil:
			v.Code, v.Attr, v.Found, v.Expected = NilNotAllowed, "nil", "xsi:nil", "no xsi:nil"
		case ruleXSIType, ruleXSIType2, ruleXSIType3:
			v.Code, v.Attr, v.Found, v.Expected = TypeNotAllowed, "type", "xsi:type", "no xsi:type"
		}
		if len(out) == 0 || out[len(out)-1] != v {
			out = append(out, v)
		}
	}
	return out, nil
}

func (j *Judge) isRoot(scope *scan.Scope) bool {
	return string(scope.Name.Local) == j.schema.root && scope.URI(scope.Name.Space) == j.schema.namespace
}

func rootName(scope *scan.Scope) string {
	return withSpace(string(scope.Name.Local), scope.URI(scope.Name.Space))
}

func (j *Judge) rootName() string { return withSpace(j.schema.root, j.schema.namespace) }

func withSpace(local, space string) string {
	if space == "" {
		return local + " in no namespace"
	}
	return local + " in namespace " + space
}

// unreadable is the violation for a single child that libxml2 cannot read, though it is well-formed.
func (j *Judge) unreadable(c *canonical, err error) Violation {
	v := j.at(c, 1)
	v.Code = TooLarge
	v.Found = fmt.Sprintf("%d bytes", len(c.doc))
	v.Expected = "an element that libxml2 can read; its limit for one attribute is 10,000,000 bytes (" + err.Error() + ")"
	return v
}

// at returns a violation with the place of an element of the document.
func (j *Judge) at(c *canonical, index int) Violation {
	e := &c.elems[index]
	return Violation{Fragment: int(e.fragment), Offset: int(e.offset), Slot: e.slot, Path: j.path(c, index)}
}

func (j *Judge) path(c *canonical, index int) string {
	e := &c.elems[index]
	switch {
	case e.slot != 0:
		return j.schema.Path(e.slot)
	case e.parent < 0:
		return j.schema.root
	case e.parent == 0:
		return c.localName(e)
	}
	var names []string
	for ; index > 0; index = int(c.elems[index].parent) {
		names = append(names, c.localName(&c.elems[index]))
	}
	for a, b := 0, len(names)-1; a < b; a, b = a+1, b-1 {
		names[a], names[b] = names[b], names[a]
	}
	return strings.Join(names, "/")
}

// judge validates the canonical document.
func (j *Judge) judge(c *canonical) ([]Violation, error) {
	doc := c.finish()
	if len(doc) > math.MaxInt32 {
		return nil, fmt.Errorf("found %d bytes to judge at once, expected less than 2 GiB", len(doc))
	}
	faults, err := j.lib.validate(doc)
	if err != nil {
		return nil, err
	}
	var out []Violation
	last := fault{elem: -1}
	for _, f := range faults {
		if f.elem < 0 || f.elem >= len(c.elems) {
			return nil, fmt.Errorf("libxml2 found a fault (%d) without its place", f.rule)
		}
		// libxml2 says the facet first, and then once more that the value is wrong; and it goes on to the value where an
		// element has a child in place of one, or an xsi:nil.
		if f.elem == last.elem && isValue(f.rule) &&
			(f.attr == last.attr && isValue(last.rule) || f.attr == "" && (last.rule == ruleSimpleChild || last.rule == ruleSimple || last.rule == ruleNil)) {
			continue
		}
		if f.rule == ruleAttrMissing && last.rule == ruleAttrMissing && f.elem == last.elem {
			continue // libxml2 does not say which attribute it is; the first violation names all
		}
		last = f
		out = append(out, j.violation(c, f))
	}
	return out, nil
}

func isValue(r rule) bool {
	switch r {
	case ruleValue, ruleValueList, ruleValueUnion, ruleLength, ruleMinLength, ruleMaxLength, ruleMinInclusive, ruleMaxInclusive,
		ruleMinExclusive, ruleMaxExclusive, ruleFacet, rulePattern, ruleEnumeration, ruleAttrValue:
		return true
	}
	return false
}

// violation puts a fault of libxml2 into words, with the help of the tables.
func (j *Judge) violation(c *canonical, f fault) Violation {
	v := j.at(c, f.elem)
	e := &c.elems[f.elem]
	nd := c.node(e.slot)
	v.Attr = f.attr
	name := c.localName(e)
	if e.foreign != "" {
		name = withSpace(name, strings.TrimPrefix(e.foreign, "none"))
	}
	switch {
	case f.rule == ruleContent && f.missing:
		v.Code = ElementMissing
		v.Found = "the end of " + name
		v.Expected = j.expectedChildren(c, f.elem, len(c.elems))
	case f.rule == ruleContent && f.elem == 0:
		v.Code = SchemaViolation
	case f.rule == ruleContent:
		v.Code = ElementUnexpected
		if e.slot == 0 {
			v.Code = ElementUnknown
		}
		v.Found = name
		v.Expected = j.expectedChildren(c, int(e.parent), f.elem)
	case f.rule == ruleSimpleChild, f.rule == ruleSimple:
		v.Code = ElementUnexpected
		v.Found = "an element within " + name
		v.Expected = "a value without elements"
		if k := f.elem + 1; k < len(c.elems) && int(c.elems[k].parent) == f.elem {
			child := j.at(c, k)
			child.Code, child.Found, child.Expected = ElementUnknown, c.localName(&c.elems[k]), v.Expected
			v = child
		}
	case f.rule == ruleText:
		v.Code = TextNotAllowed
		v.Found = "text between elements"
		v.Expected = "elements only"
	case f.rule == ruleEmpty:
		v.Code = TextNotAllowed
		v.Found = "content"
		v.Expected = "an empty element"
	case f.rule == ruleNil, f.attr == "nil":
		v.Code, v.Attr, v.Found, v.Expected = NilNotAllowed, "nil", "xsi:nil", "no xsi:nil"
	case f.rule == ruleXSIType, f.rule == ruleXSIType2, f.rule == ruleXSIType3, f.rule == ruleAbstract:
		v.Code, v.Attr, v.Expected = TypeNotAllowed, "type", "no xsi:type"
		if e.slot != 0 && j.schema.nodes[e.slot].typeName != "" {
			v.Expected += ", or " + j.schema.nodes[e.slot].typeName
		}
		if t, ok := c.attrValue(e, f.elem, "type"); ok {
			v.Found = "xsi:type " + shorten(t)
		}
	case f.rule == ruleAttrUnknown, f.rule == ruleAttrUnknown2, f.rule == ruleSimpleAttr:
		v.Code = AttributeUnknown
		v.Found = c.undeclared(e, f.attr)
		v.Expected = expectedAttrs(nd)
	case f.rule == ruleAttrMissing:
		v.Code = AttributeMissing
		v.Found, v.Expected = c.missingAttrs(e, nd)
	case f.attr != "" && isValue(f.rule):
		v.Code = AttributeValue
		value, _ := c.attrValue(e, f.elem, f.attr)
		v.value(value)
		v.Expected = "a value of the type that the schema has for the attribute " + f.attr
		if d := nd.declared(f.attr); d != nil {
			v.Expected = d.typ.expected()
			switch d.typ.prim {
			case id:
				v.Code = IDInvalid
			case idref:
				v.Code = RefInvalid
			}
		} else if expected, ok := instanceAttrs[f.attr]; ok {
			v.Expected = expected
		}
	case isValue(f.rule):
		v.Code = valueCode(f.rule)
		v.value(c.value(e))
		if nd != nil && nd.simple != nil {
			v.Expected = nd.simple.expected()
			switch {
			case v.Code == ValuePattern && nd.simple.form() != "":
				v.Expected = nd.simple.form()
			case v.Code != ValueType:
			case nd.simple.enum != nil:
				v.Code = ValueEnumeration
			case nd.simple.prim == integer:
				if isInteger(c.value(e)) {
					v.Code = ValueRange
				}
			}
		}
	default:
		v.Code = SchemaViolation
		v.Found = name
		v.Expected = fmt.Sprintf("what the schema allows (rule %d of libxml2)", f.rule)
	}
	return v
}

// instanceAttrs says what the attributes of XML Schema's own namespace for documents (xsi) hold, which every element may have.
var instanceAttrs = map[string]string{
	"type":                      "no xsi:type, or the name of a type",
	"schemaLocation":            "a list of URIs, each namespace with the place of its schema",
	"noNamespaceSchemaLocation": "a URI",
}

// missingAttrs says which required attributes an element lacks, and what they must be.
func (c *canonical) missingAttrs(e *elem, nd *node) (found, expected string) {
	var names, types []string
	if nd != nil {
		for _, d := range nd.attrs {
			if _, there := c.attrValue(e, 0, d.name); d.required && !there {
				names, types = append(names, d.name), append(types, d.name+", "+d.typ.expected())
			}
		}
	}
	if names == nil {
		return "fewer attributes", "all attributes that the schema requires"
	}
	return "no attribute " + strings.Join(names, ", "), strings.Join(types, "; ")
}

// declared is the declaration of an attribute without a namespace, nil if the tables have none. nd may be nil.
func (nd *node) declared(local string) *attrDecl {
	if nd == nil {
		return nil
	}
	return nd.attribute(scan.Name{Local: []byte(local)})
}

// value sets what was found to a value of the document.
func (v *Violation) value(value []byte) {
	v.Value = true
	v.FoundLen = utf8.RuneCount(value)
	v.Found = shorten(value)
}

func shorten(value []byte) string {
	n := 0
	for i := range string(value) {
		if n == foundLimit {
			return string(value[:i]) + "..."
		}
		n++
	}
	return string(value)
}

func valueCode(r rule) Code {
	switch r {
	case ruleMinLength:
		return ValueTooShort
	case ruleMaxLength:
		return ValueTooLong
	case ruleMinInclusive, ruleMaxInclusive, ruleMinExclusive, ruleMaxExclusive:
		return ValueRange
	case ruleEnumeration:
		return ValueEnumeration
	case rulePattern:
		return ValuePattern
	}
	return ValueType
}

// isInteger reports whether v is an integer of any size.
func isInteger(v []byte) bool {
	if len(v) > 0 && (v[0] == '-' || v[0] == '+') {
		v = v[1:]
	}
	for _, c := range v {
		if c-'0' > 9 {
			return false
		}
	}
	return len(v) > 0
}

// expectedChildren says which elements may stand in the element with index parent before the element with index until.
func (j *Judge) expectedChildren(c *canonical, parent, until int) string {
	p := &c.elems[parent]
	if parent != 0 && p.slot == 0 {
		return "another element"
	}
	nd := &j.schema.nodes[p.slot]
	if nd.doubtful {
		return "what the schema allows in " + nd.name
	}
	children := j.schema.nodes[nd.first : nd.first+Slot(nd.children)]
	var names []string
	if parent == 0 {
		for i := range children {
			names = append(names, children[i].name)
		}
		return oneOf(names)
	}
	// Follow the content model up to there; what comes before is as it should be, or libxml2 would have said so.
	next, count := 0, uint32(0)
	for k := parent + 1; k < until && int(c.elems[k].parent) >= parent; k++ {
		e := &c.elems[k]
		if int(e.parent) != parent {
			continue
		}
		if e.slot == 0 {
			break
		}
		if i := int(e.slot - nd.first); i != next {
			next, count = i, 0
		}
		count++
	}
	for i := next; i < len(children); i++ {
		k := &children[i]
		if count < k.max {
			names = append(names, k.name)
		}
		if count < k.min {
			break
		}
		count = 0
	}
	if len(names) == 0 {
		return "the end of " + nd.name
	}
	return oneOf(names)
}

func expectedAttrs(nd *node) string {
	if nd == nil || len(nd.attrs) == 0 {
		return "no attributes"
	}
	var names []string
	for _, a := range nd.attrs {
		names = append(names, a.name)
	}
	if len(names) == 1 {
		return "no other attribute than " + names[0]
	}
	return "no other attributes than " + strings.Join(names, ", ")
}
