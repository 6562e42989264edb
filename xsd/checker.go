package xsd

import "cohortx/xsd/scan"

// Checker follows one child of the root at a time through the schema's tables. It has two answers, "proven valid" and
// "cannot tell"; [Checker.Proven] gives them. It allocates nothing per element and is for one goroutine.
//
// The order of calls follows the tokens: Start, then Text or nothing for character data, then End. An element that was
// self-closing gets its End too.
type Checker struct {
	schema *Schema
	nodes  []node
	space  scan.Space // of the target namespace
	known  bool       // the scope declares it

	doubt   bool // cannot tell any more, until Reset
	ended   bool // the child's end tag has been seen
	depth   int
	stack   [maxDepth]frame
	id, ref []byte // of the element just started, collapsed; nil if absent
	idOK    bool
	refOK   bool

	idBuf, refBuf, valueBuf []byte
}

// maxDepth is one more than the depth to which the checker follows; package scan refuses what is deeper than that.
const maxDepth = 66

// frame is an open element: where its content stands.
type frame struct {
	slot  Slot
	next  uint16 // particle that is expected first, counted from 0 among the children
	count uint32 // how often that particle has occurred
}

// Reset makes the checker ready for the next child of the root.
func (c *Checker) Reset() {
	c.doubt = !c.known || c.schema.untabled != ""
	c.ended = false
	c.depth = 0
	c.id, c.ref = nil, nil
}

// Start tells the checker of a start tag: its name, its attributes (namespace declarations not among them), and whether
// it declares namespaces. It returns the element's slot, also when it cannot tell any more, as long as the element is one
// that its parent may have.
func (c *Checker) Start(n scan.Name, attrs []scan.Attr, decls bool) Slot {
	c.id, c.ref = nil, nil
	c.depth++
	if c.depth >= maxDepth {
		c.doubt = true
		return 0
	}
	var slot Slot
	if c.depth == 1 {
		c.doubt = c.doubt || c.ended // two children without a Reset
		slot = c.child(0, n)
	} else {
		slot = c.next(&c.stack[c.depth-1], n)
	}
	f := &c.stack[c.depth]
	f.slot, f.next, f.count = slot, 0, 0
	if slot == 0 {
		c.doubt = true
		return 0
	}
	nd := &c.nodes[slot]
	if nd.doubtful || decls {
		c.doubt = true
	}
	if len(attrs) != 0 || nd.required != 0 {
		c.attributes(nd, attrs)
	}
	return slot
}

// next returns the slot of the child with that name of an open element, and moves the element's frame on.
func (c *Checker) next(f *frame, n scan.Name) Slot {
	if f.slot == 0 {
		return 0
	}
	p := &c.nodes[f.slot]
	if n.Space == c.space {
		// The usual case: the particle that is expected, or an optional one further on.
		children := c.nodes[p.first : p.first+Slot(p.children)]
		count := f.count
		for i := int(f.next); i < len(children); i++ {
			k := &children[i]
			if k.name == string(n.Local) && !k.unqualified {
				count++
				if count > k.max {
					c.doubt = true
				}
				f.next, f.count = uint16(i), count
				return p.first + Slot(i)
			}
			if count < k.min {
				break
			}
			count = 0
		}
	}
	c.doubt = true
	slot := c.child(f.slot, n)
	if slot != 0 {
		f.next, f.count = uint16(slot-p.first), 1
	}
	return slot
}

// child returns the slot of the child with that name, wherever it may stand, of the element of a slot or (0) of the root.
func (c *Checker) child(parent Slot, n scan.Name) Slot {
	p := &c.nodes[parent]
	children := c.nodes[p.first : p.first+Slot(p.children)]
	for i := range children {
		k := &children[i]
		if k.name == string(n.Local) && (n.Space == c.space && !k.unqualified || n.Space == scan.NoSpace && k.unqualified) {
			return p.first + Slot(i)
		}
	}
	return 0
}

// attributes checks the attributes of an element that has some, or should have.
func (c *Checker) attributes(nd *node, attrs []scan.Attr) {
	required := nd.required
	for i := range attrs {
		a := &attrs[i]
		decl := nd.attribute(a.Name)
		if decl == nil {
			c.doubt = true // unknown, or xsi:type, xsi:nil, xml:lang ...
			continue
		}
		if decl.required {
			required--
		}
		switch decl.typ.prim {
		case id:
			c.id = collapseSpace(a.Value, &c.idBuf)
			c.idOK = decl.typ.proves(c.id)
			if !c.idOK {
				c.doubt, c.idOK = true, isNCName(c.id)
			}
		case idref:
			c.ref = collapseSpace(a.Value, &c.refBuf)
			c.refOK = decl.typ.proves(c.ref)
			if !c.refOK {
				c.doubt, c.refOK = true, isNCName(c.ref)
			}
		default:
			if !decl.typ.proves(decl.typ.value(a.Value, &c.valueBuf)) {
				c.doubt = true
			}
		}
	}
	if required != 0 {
		c.doubt = true
	}
}

// ID returns the attribute of type xs:ID of the element just started, white space collapsed. It returns false if there is
// none, or if its value is no name without a colon. The bytes are valid until the next call of Start.
func (c *Checker) ID() ([]byte, bool) { return c.id, c.id != nil && c.idOK }

// Ref returns the attribute of type xs:IDREF, like [Checker.ID].
func (c *Checker) Ref() ([]byte, bool) { return c.ref, c.ref != nil && c.refOK }

// Text tells the checker of character data directly within an element with element content. White space there is of no
// interest, so that only the first call with nonSpace matters.
func (c *Checker) Text(nonSpace bool) {
	if nonSpace {
		c.doubt = true
	}
}

// End tells the checker of an end tag, with the whole text of the element if it is a leaf (comments and the like taken
// out, references resolved). It returns the value after the type's white-space processing; for other elements, the text as
// it is. The result aliases text or a buffer that the next call overwrites.
func (c *Checker) End(text []byte) (value []byte) {
	if c.depth <= 0 {
		c.doubt = true
		return text
	}
	depth := c.depth
	c.depth--
	c.ended = c.depth == 0
	if depth >= maxDepth {
		return text
	}
	f := &c.stack[depth]
	if f.slot == 0 {
		return text
	}
	nd := &c.nodes[f.slot]
	if t := nd.simple; t != nil {
		value = t.value(text, &c.valueBuf)
		if !c.doubt && !t.proves(value) {
			c.doubt = true
		}
		return value
	}
	// What is still to come must be optional. A required particle that was passed over has been noticed in next.
	if f.next < nd.mustReach {
		if f.next+1 < nd.mustReach || f.count < c.nodes[nd.first+Slot(f.next)].min {
			c.doubt = true
		}
	}
	return text
}

// Proven reports, after the end tag of a child of the root, whether the child is proven valid. False means that the
// checker cannot tell: the judge decides.
func (c *Checker) Proven() bool { return c.ended && !c.doubt && c.depth == 0 }
