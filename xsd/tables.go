package xsd

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"cohortx/xsd/scan"
)

// node is what the tables hold of a slot: the element as a particle of its parent, and its type. The children of a node
// have consecutive slots, in the order of the schema. What the checker looks at for every element comes first: a node takes
// two cache lines, of which it mostly needs the first.
type node struct {
	key          string // local name of an element of the target namespace, "" if it is in none
	min, max     uint32 // occurrences within the parent
	first        Slot   // slot of the first child
	children     uint16 // how many
	lastRequired Slot   // slot of the last child that is required; 0 if none is
	required     uint16 // how many of attrs are required
	doubtful     bool   // something about it the tables do not hold: never proven
	plain        bool   // a string with no facets but lengths, and no white-space processing
	minLen, span uint   // of a plain string: from minLen to minLen+span bytes are as many characters as allowed, surely
	simple       *simpleType
	attrs        []attrDecl
	name         string
	typeName     string // see SlotInfo
	unqualified  bool   // the element is in no namespace
	mixed        bool   // text is allowed between its children
	empty        bool   // not even white space is allowed within it
	content      bool   // element content: white space between the children does not matter
	parent       Slot
}

// setType notes the type of an element: a *simpleType, a *complexType, or nil for any content.
func (nd *node) setType(typ any) {
	switch typ := typ.(type) {
	case *simpleType:
		nd.simple = typ
	case *complexType:
		nd.simple, nd.attrs, nd.mixed = typ.simple, typ.attrs, typ.mixed
		nd.doubtful = nd.doubtful || typ.doubtful != ""
		nd.empty = typ.simple == nil && !typ.mixed && !typ.hasModel && typ.doubtful == ""
		nd.content = typ.simple == nil && !typ.mixed && typ.hasModel
	default:
		nd.doubtful = true
	}
	if nd.empty {
		nd.doubtful = true // not even white space would be allowed, which the checker is not told about
	}
}

// settle notes what follows from the rest of the node.
func (nd *node) settle() {
	if !nd.unqualified {
		nd.key = nd.name
	}
	for _, a := range nd.attrs {
		if a.required {
			nd.required++
		}
	}
	nd.setPlain()
}

// setPlain notes what End needs to prove most strings without a look at their type. With a minimum above 1, bytes do not
// tell whether there are enough characters.
func (nd *node) setPlain() {
	t := nd.simple
	if t == nil || t.prim != text || t.white != preserve || t.enum != nil || t.unsure || t.minLen > 1 {
		return
	}
	nd.plain = true
	nd.minLen = uint(t.minLen)
	nd.span = math.MaxUint / 2
	if t.maxLen >= t.minLen {
		nd.span = uint(t.maxLen - t.minLen)
	} else if t.maxLen >= 0 {
		nd.plain = false // no value at all
	}
}

// attrDecl is an attribute that an element may have.
type attrDecl struct {
	name     string
	typ      *simpleType
	required bool
}

// attribute returns the declaration of an attribute, nil if there is none. Attributes in namespaces are not tabled.
func (nd *node) attribute(n scan.Name) *attrDecl {
	if n.Space != scan.NoSpace {
		return nil
	}
	for i := range nd.attrs {
		if nd.attrs[i].name == string(n.Local) {
			return &nd.attrs[i]
		}
	}
	return nil
}

const (
	unbounded = math.MaxUint32
	maxSlots  = 60000 // far more than any Ed-Fi interchange needs; a Slot is 16 bits
)

// complexType is a complex type with the content of its ancestors.
type complexType struct {
	name      string
	particles []particle
	attrs     []attrDecl
	simple    *simpleType // simple content
	mixed     bool
	doubtful  string // why it cannot be tabled; "" if it can
	hasModel  bool   // there is a content model, however empty
}

// particle is an element within a content model.
type particle struct {
	name        string
	typ         any // *simpleType, *complexType, or nil: any content
	typeName    string
	min, max    uint32
	unqualified bool
	doubtful    string
}

// tabler turns a flattened schema into tables.
type tabler struct {
	set      *schemaSet
	builtins map[string]*simpleType // by name without prefix
	simple   map[string]*simpleType
	complex  map[string]*complexType
	open     map[component]bool // being read, to notice circles
	untabled string
}

// component is a type or a group: the two have names of their own.
type component struct{ kind, name string }

func (t *tabler) doubt(format string, args ...any) string {
	why := fmt.Sprintf(format, args...)
	if t.untabled == "" {
		t.untabled = why
	}
	return why
}

// tables fills in the schema's nodes, breadth first, so that siblings have consecutive slots.
func (s *Schema) tables(set *schemaSet, root *element) error {
	t := &tabler{
		set: set, builtins: map[string]*simpleType{}, open: map[component]bool{},
		simple: make(map[string]*simpleType, len(set.types)/2), complex: make(map[string]*complexType, len(set.types)/2),
	}
	_, children, err := t.rootChildren(root)
	if err != nil {
		return err
	}
	type pending struct {
		slot Slot
		typ  *complexType
		up   []*complexType // the types on the way from the root, to notice circles
	}
	const usual = 512 // slots; more only cost a copy
	s.nodes = append(make([]node, 0, usual), node{name: s.root, content: true})
	var queue []pending
	add := func(parent Slot, ps []particle, up []*complexType) {
		if len(s.nodes)+len(ps) > maxSlots {
			t.doubt("the schema has more than %d element paths", maxSlots)
			return
		}
		s.nodes[parent].children = uint16(len(ps))
		for _, p := range ps {
			slot := Slot(len(s.nodes))
			nd := node{name: p.name, typeName: p.typeName, min: p.min, max: p.max, unqualified: p.unqualified, doubtful: p.doubtful != ""}
			nd.setType(p.typ)
			if typ, ok := p.typ.(*complexType); ok {
				if slices.Contains(up, typ) {
					nd.doubtful = true
					t.doubt("the type %s contains itself", typ.name)
				} else if len(typ.particles) > 0 {
					queue = append(queue, pending{slot, typ, append(up[:len(up):len(up)], typ)})
				}
			}
			s.nodes = append(s.nodes, nd)
		}
	}
	add(0, children, nil)
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		add(p.slot, p.typ.particles, p.up)
	}
	s.untabled = t.untabled
	s.link()
	return nil
}

// link notes what follows from the order of the nodes: where children begin, which belong to whom, and which is the last that is required. It adds
// a node beyond the last, so that one beyond the last particle can be looked at.
func (s *Schema) link() {
	next := Slot(1)
	for i := range s.nodes {
		up := &s.nodes[i]
		up.settle()
		if up.children == 0 {
			continue
		}
		up.first = next
		for ; next < up.first+Slot(up.children); next++ {
			s.nodes[next].parent = Slot(i)
			if s.nodes[next].min > 0 {
				up.lastRequired = next
			}
		}
	}
	s.nodes = append(s.nodes, node{})
}

// rootChildren reads the root's content: a choice, or a sequence of one choice, that may repeat.
func (t *tabler) rootChildren(root *element) (*element, []particle, error) {
	typ := root.child("complexType")
	if name := root.attr("type"); name != "" {
		typ = t.set.types[t.set.local(root, name)]
	}
	refuse := func(why string) error {
		return fmt.Errorf("root element %s: found %s; expected a repeated choice of elements, so that each child can be judged alone", root.attr("name"), why)
	}
	if typ == nil || typ.name != "complexType" {
		return nil, nil, refuse("no complex type")
	}
	var model *element
	for _, k := range typ.children {
		switch k.name {
		case "choice", "sequence":
			model = k
		case "attribute", "attributeGroup", "anyAttribute":
		default:
			return nil, nil, refuse("xs:" + k.name)
		}
	}
	if model == nil {
		return nil, nil, refuse("no content model")
	}
	choice := model
	if model.name == "sequence" {
		if len(model.children) != 1 || model.children[0].name != "choice" || model.children[0].attr("maxOccurs") != "" {
			return nil, nil, refuse("xs:sequence")
		}
		choice = model.children[0]
	}
	if model.attr("maxOccurs") != "unbounded" {
		return nil, nil, refuse("xs:" + model.name + " without maxOccurs=\"unbounded\"")
	}
	var ps []particle
	for _, k := range choice.children {
		if k.name != "element" || k.attr("maxOccurs") != "" || k.attr("minOccurs") != "" {
			return nil, nil, refuse("xs:" + k.name + " that is no single element within the choice")
		}
		p := t.particle(k)
		if k.attr("ref") != "" && len(t.set.substitutions) > 0 {
			return nil, nil, refuse("the element " + p.name + ", which others may substitute")
		}
		p.min, p.max = 0, unbounded
		ps = append(ps, p)
	}
	return choice, ps, nil
}

// particle reads an xs:element within a content model.
func (t *tabler) particle(e *element) particle {
	p := particle{min: occurs(e, "minOccurs"), max: occurs(e, "maxOccurs")}
	decl := e
	if ref := e.attr("ref"); ref != "" {
		name := t.set.local(e, ref)
		decl = t.set.elements[name]
		if decl == nil {
			p.name, p.doubtful = name, t.doubt("no element %s", name)
			return p
		}
		if decl.attr("abstract") == "true" || len(t.set.substitutions) > 0 {
			p.doubtful = t.doubt("the element %s may be substituted", name)
		}
	} else {
		p.unqualified = t.set.namespace != "" && !e.qualified()
	}
	p.name = decl.attr("name")
	if decl.attr("default") != "" || decl.attr("fixed") != "" || decl.child("key") != nil {
		p.doubtful = "default or fixed"
	}
	switch {
	case decl.attr("type") != "":
		p.typ, p.typeName = t.named(decl, decl.attr("type"))
		if c, ok := p.typ.(*complexType); ok && t.set.types[c.name].attr("abstract") == "true" {
			p.doubtful = "abstract type"
		}
	case decl.child("simpleType") != nil:
		p.typ = t.simpleDef(decl.child("simpleType"), "")
	case decl.child("complexType") != nil:
		p.typ = t.complexDef(decl.child("complexType"), "")
	default:
		p.typeName = "xs:anyType"
		p.doubtful = "any content"
	}
	return p
}

func occurs(e *element, name string) uint32 {
	v := e.attr(name)
	switch {
	case v == "":
		return 1
	case v == "unbounded":
		return unbounded
	}
	n, ok := parseInteger([]byte(strings.TrimSpace(v)))
	if !ok || n < 0 || n >= unbounded {
		return unbounded
	}
	return uint32(n)
}

// named returns the type that a QName names, and the name for people.
func (t *tabler) named(e *element, qname string) (any, string) {
	space, local := e.resolve(qname)
	if space == schemaSpace {
		if local == "anyType" {
			return nil, "xs:anyType"
		}
		s := t.builtin(local)
		return s, s.name
	}
	def := t.set.types[local]
	switch {
	case def == nil:
		t.doubt("no type %s", local)
		return nil, local
	case def.name == "simpleType":
		if s, ok := t.simple[local]; ok {
			return s, local
		}
		return t.simpleDef(def, local), local
	}
	if c, ok := t.complex[local]; ok {
		return c, local
	}
	return t.complexDef(def, local), local
}

func (t *tabler) builtin(name string) *simpleType {
	if s, ok := t.builtins[name]; ok {
		return s
	}
	s := builtinType(name)
	t.builtins[name] = s
	return s
}

// simpleDef reads an xs:simpleType.
func (t *tabler) simpleDef(def *element, name string) *simpleType {
	out := &simpleType{name: name, prim: opaque, white: collapse, maxLen: -1}
	if name != "" {
		this := component{"type", name}
		if t.open[this] {
			t.doubt("the type %s is derived from itself", name)
			return out
		}
		t.open[this] = true
		defer delete(t.open, this)
		t.simple[name] = out
	}
	r := def.child("restriction")
	if r == nil {
		out.unsure = true // list or union; lists collapse, and so do unions as far as it matters to us
		out.white = preserve
		return out
	}
	var base *simpleType
	if b := r.attr("base"); b != "" {
		typ, _ := t.named(r, b)
		base, _ = typ.(*simpleType)
	} else if k := r.child("simpleType"); k != nil {
		base = t.simpleDef(k, "")
	}
	if base == nil {
		t.doubt("the simple type %s has no simple base", name)
		return out
	}
	t.restrict(out, base, r)
	if out.name == "" {
		out.name = base.name
	}
	return out
}

// restrict gives out the facets of base and those of the restriction.
func (t *tabler) restrict(out, base *simpleType, r *element) {
	name := out.name
	*out = *base
	out.name = name
	var enum, patterns []string
	var scratch []byte
	for _, k := range r.children {
		v := k.attr("value")
		switch k.name {
		case "simpleType", "attribute", "attributeGroup", "anyAttribute":
			continue
		case "enumeration":
			if out.white != preserve {
				v = string(out.value([]byte(v), &scratch))
			}
			if enum == nil {
				enum = make([]string, 0, len(r.children))
			}
			enum = append(enum, v)
			out.unsure = out.unsure || out.prim != text
			continue
		case "whiteSpace":
			switch v {
			case "collapse":
				out.white = collapse
			case "replace":
				out.white = replace
			}
			out.unsure = true // rare enough to be left to the judge
			continue
		case "pattern":
			out.unsure = true
			patterns = append(patterns, v)
			continue
		}
		n, isNumber := parseInteger([]byte(strings.TrimSpace(v)))
		switch {
		case !isNumber:
			out.unsure = true
		case k.name == "minLength" && out.prim == text && n >= 0 && n <= math.MaxInt32:
			out.minLen = max(out.minLen, int(n))
		case k.name == "maxLength" && out.prim == text && n >= 0 && n <= math.MaxInt32:
			if out.maxLen < 0 || int(n) < out.maxLen {
				out.maxLen = int(n)
			}
		case k.name == "minInclusive" && out.prim == integer:
			out.lo = max(out.lo, n)
		case k.name == "maxInclusive" && out.prim == integer:
			out.hi = min(out.hi, n)
		default:
			out.unsure = true
		}
	}
	if patterns != nil { // those of one restriction are alternatives; the base's hold, too
		out.patterns = append(base.patterns[:len(base.patterns):len(base.patterns)], strings.Join(patterns, "|"))
	}
	if enum != nil {
		if base.enum != nil {
			out.unsure = true
		}
		out.enum = enum
	}
}

// complexDef reads an xs:complexType.
func (t *tabler) complexDef(def *element, name string) *complexType {
	out := &complexType{name: name, mixed: def.attr("mixed") == "true"}
	if name != "" {
		this := component{"type", name}
		if t.open[this] {
			// An element of its own type, somewhere within: tables notices the circle when it meets the same type again.
			return t.complex[name]
		}
		t.open[this] = true
		defer delete(t.open, this)
		t.complex[name] = out
	}
	for _, k := range def.children {
		switch k.name {
		case "complexContent":
			out.mixed = out.mixed || k.attr("mixed") == "true"
			t.derive(out, k, true)
		case "simpleContent":
			t.derive(out, k, false)
		default:
			t.content(out, k)
		}
	}
	return out
}

// derive reads the extension or restriction within complexContent or simpleContent.
func (t *tabler) derive(out *complexType, content *element, isComplex bool) {
	for _, k := range content.children {
		typ, baseName := t.named(k, k.attr("base"))
		if b, ok := typ.(*complexType); ok {
			if b == out {
				out.doubtful = t.doubt("the type %s is derived from itself", out.name)
				return
			}
			out.attrs = append(out.attrs, b.attrs...)
			out.simple = b.simple
			out.doubtful = b.doubtful
			if k.name == "extension" {
				out.particles = append(out.particles, b.particles...)
				out.hasModel = b.hasModel
				out.mixed = out.mixed || b.mixed
			}
		} else if s, ok := typ.(*simpleType); ok {
			out.simple = s
		} else if baseName != "xs:anyType" {
			out.doubtful = t.doubt("the type %s has no base", out.name)
		}
		if k.name == "restriction" && (!isComplex || baseName != "xs:anyType") {
			out.doubtful = t.doubt("the type %s restricts %s", out.name, baseName)
			if out.simple != nil {
				s := &simpleType{name: out.simple.name}
				t.restrict(s, out.simple, k)
				out.simple = s
			}
		}
		for _, c := range k.children {
			if isComplex || c.name == "attribute" || c.name == "attributeGroup" || c.name == "anyAttribute" {
				t.content(out, c)
			}
		}
	}
}

// content reads one part of a complex type: its content model, or an attribute.
func (t *tabler) content(out *complexType, e *element) {
	switch e.name {
	case "sequence":
		out.hasModel = true
		if e.attr("minOccurs") != "" || e.attr("maxOccurs") != "" {
			out.doubtful = t.doubt("the type %s repeats a sequence", out.name)
		}
		out.particles = slices.Grow(out.particles, len(e.children))
		for _, k := range e.children {
			t.member(out, k)
		}
	case "choice", "all", "group":
		out.hasModel = true
		out.doubtful = t.doubt("the type %s has xs:%s", out.name, e.name)
		t.member(out, e)
	case "attribute":
		t.attribute(out, e)
	default:
		out.doubtful = t.doubt("the type %s has xs:%s", out.name, e.name)
	}
}

// member reads a particle of a content model. Of what is no element, only the elements within are kept, for their slots.
func (t *tabler) member(out *complexType, e *element) {
	switch e.name {
	case "element":
		p := t.particle(e)
		if p.max == 0 {
			return
		}
		for _, q := range out.particles {
			if q.name == p.name {
				if out.doubtful == "" {
					out.doubtful = t.doubt("the type %s has the element %s twice", out.name, p.name)
				}
				return
			}
		}
		out.particles = append(out.particles, p)
	case "group":
		if ref := e.attr("ref"); ref != "" {
			this := component{"group", t.set.local(e, ref)}
			g := t.set.groups[this.name]
			if g != nil && !t.open[this] {
				t.open[this] = true
				t.member(out, g)
				delete(t.open, this)
			}
		} else {
			for _, k := range e.children {
				t.member(out, k)
			}
		}
		out.doubtful = t.doubt("the type %s has xs:group", out.name)
	default:
		out.doubtful = t.doubt("the type %s has a nested xs:%s", out.name, e.name)
		for _, k := range e.children {
			t.member(out, k)
		}
	}
}

// attribute reads an xs:attribute.
func (t *tabler) attribute(out *complexType, e *element) {
	name := e.attr("name")
	if e.attr("ref") != "" || e.attr("form") == "qualified" || e.attr("fixed") != "" || e.attr("default") != "" || e.attr("use") == "prohibited" {
		out.doubtful = t.doubt("the type %s has an attribute that is a reference, qualified, fixed, defaulted or prohibited", out.name)
		return
	}
	a := attrDecl{name: name, required: e.attr("use") == "required", typ: t.builtin("anySimpleType")}
	if q := e.attr("type"); q != "" {
		if typ, _ := t.named(e, q); typ != nil {
			if s, ok := typ.(*simpleType); ok {
				a.typ = s
			}
		}
	} else if k := e.child("simpleType"); k != nil {
		a.typ = t.simpleDef(k, "")
	}
	out.attrs = append(out.attrs, a)
}
