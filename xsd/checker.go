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
	started bool // an element has been seen since Reset
	hasID   bool // the element just started has the attribute
	hasRef  bool
	idOK    bool // and it is a name
	refOK   bool
	depth   int // of open elements; stack[depth] is the innermost, stack[0] the root
	stack   [maxDepth]frame
	id, ref []byte

	idBuf, refBuf, valueBuf []byte
}

// maxDepth is one more than the depth to which the checker follows; package scan refuses what is deeper than that.
const maxDepth = 66

// frame is an open element: where its content stands. For the root, expect is the kind of the last child, which the next
// one probably shares.
type frame struct {
	slot   Slot
	expect Slot   // the particle that may come first
	end    Slot   // one more than the last particle
	count  uint32 // how often the expected particle has occurred; less than its maximum
}

// Reset makes the checker ready for the next child of the root.
func (c *Checker) Reset() {
	c.doubt = !c.known || c.schema.untabled != ""
	c.started = false
	c.hasID, c.hasRef = false, false
	c.depth = 0
	c.stack[0].count = 0
}

// Start tells the checker of a start tag: its name, its attributes (namespace declarations not among them), and whether
// it declares namespaces. It returns the element's slot, also when it cannot tell any more, as long as the element is one
// that its parent may have.
func (c *Checker) Start(n scan.Name, attrs []scan.Attr, decls bool) Slot {
	c.started, c.hasID, c.hasRef = true, false, false
	if uint(c.depth) >= maxDepth-1 {
		return c.tooDeep()
	}
	up := &c.stack[c.depth]
	c.depth++
	slot := up.expect
	nd := &c.nodes[slot]
	if slot < up.end && nd.key == string(n.Local) && n.Space == c.space {
		up.count++
		if up.count == nd.max {
			up.expect, up.count = slot+1, 0
		}
	} else {
		slot = c.find(up, n)
		nd = &c.nodes[slot]
	}
	f := &c.stack[c.depth]
	*f = frame{slot: slot, expect: nd.first, end: nd.first + Slot(nd.children)}
	if slot == 0 {
		f.end = f.expect // an unknown element: so is everything within
		c.doubt = true
		return 0
	}
	if nd.doubtful || decls {
		c.doubt = true
	}
	if len(attrs) != 0 || nd.required != 0 {
		c.attributes(nd, attrs)
	}
	return slot
}

func (c *Checker) tooDeep() Slot {
	c.depth++
	c.doubt = true
	return 0
}

// find returns the slot of a child that is not the expected one, and moves the frame on.
func (c *Checker) find(f *frame, n scan.Name) Slot {
	if c.depth == 1 { // a child of the root, where any kind may follow any other
		slot := c.child(0, n)
		if slot != 0 {
			f.expect, f.end, f.count = slot, c.nodes[0].first+Slot(c.nodes[0].children), 1
		}
		return slot
	}
	if f.slot == 0 {
		return 0
	}
	if n.Space == c.space {
		count := f.count
		for slot := f.expect; slot < f.end; slot++ {
			k := &c.nodes[slot]
			if k.key == string(n.Local) {
				count++
				if count == k.max {
					f.expect, f.count = slot+1, 0
				} else {
					f.expect, f.count = slot, count
				}
				return slot
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
		f.expect, f.count = slot, 0 // no matter, but for finding what follows it quickly
	}
	return slot
}

// child returns the slot of the child with that name, wherever it may stand, of the element of a slot or (0) of the root.
func (c *Checker) child(parent Slot, n scan.Name) Slot {
	p := &c.nodes[parent]
	for slot := p.first; slot < p.first+Slot(p.children); slot++ {
		k := &c.nodes[slot]
		if k.name == string(n.Local) && (n.Space == c.space && !k.unqualified || n.Space == scan.NoSpace && k.unqualified) {
			return slot
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
			c.id, c.hasID = collapseSpace(a.Value, &c.idBuf), true
			c.idOK = decl.typ.proves(c.id)
			if !c.idOK {
				c.doubt, c.idOK = true, isNCName(c.id)
			}
		case idref:
			c.ref, c.hasRef = collapseSpace(a.Value, &c.refBuf), true
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
func (c *Checker) ID() ([]byte, bool) { return c.id, c.hasID && c.idOK }

// Ref returns the attribute of type xs:IDREF, like [Checker.ID].
func (c *Checker) Ref() ([]byte, bool) { return c.ref, c.hasRef && c.refOK }

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
	depth := c.depth
	if depth <= 0 {
		c.doubt = true
		return text
	}
	c.depth--
	if depth >= maxDepth {
		return text
	}
	f := &c.stack[depth]
	nd := &c.nodes[f.slot]
	switch {
	case f.slot == 0:
	case nd.plain: // a string without peculiarities, whose bytes fit even if each were a character
		if uint(len(text))-nd.minLen > nd.span && !nd.simple.proves(text) {
			c.doubt = true
		}
	case nd.simple != nil:
		value = nd.simple.value(text, &c.valueBuf)
		if !c.doubt && !nd.simple.proves(value) {
			c.doubt = true
		}
		return value
	// What is still to come must be optional. A required particle that was passed over has been noticed in find.
	case f.expect <= nd.lastRequired && (f.expect < nd.lastRequired || f.count < c.nodes[f.expect].min):
		c.doubt = true
	}
	return text
}

// Leaf holds a text against the type of a leaf's slot, whatever the checker has been told of: proven says that an element of that slot,
// without attributes or if it may have those that it has, is valid with this text. The value is as [Checker.End] gives it. A slot that is
// no leaf proves nothing.
func (c *Checker) Leaf(slot Slot, text []byte) (value []byte, proven bool) {
	nd := &c.nodes[slot]
	switch {
	case nd.plain:
		return text, uint(len(text))-nd.minLen <= nd.span || nd.simple.proves(text)
	case nd.simple != nil:
		value = nd.simple.value(text, &c.valueBuf)
		return value, nd.simple.proves(value)
	}
	return text, false
}

// Proven reports, after the end tag of a child of the root, whether the child is proven valid. False means that the
// checker cannot tell: the judge decides.
func (c *Checker) Proven() bool { return c.started && !c.doubt && c.depth == 0 }
