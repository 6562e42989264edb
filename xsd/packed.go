package xsd

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"slices"
	"sync"
)

// AppendTables appends to b the tables of a schema in few bytes, from which Restore makes them again. They are of this version of the package
// only: whoever keeps them should have a test that they are what Compile makes of the schema.
func (s *Schema) AppendTables(b []byte) []byte {
	var p packer
	for i := range s.NumSlots() {
		p.node(&s.nodes[i])
	}
	b = appendWord(b, s.root)
	b = appendWord(b, s.namespace)
	b = appendWord(b, s.untabled)
	b = binary.AppendUvarint(b, uint64(len(p.types)))
	for _, t := range p.types {
		b = t.append(b)
	}
	b = binary.AppendUvarint(b, uint64(len(p.attrs)))
	b = append(b, p.packedAttrs...)
	b = binary.AppendUvarint(b, uint64(s.NumSlots()))
	return append(b, p.packedNodes...)
}

// Restore returns the schema that Compile with the same arguments returns, from the tables that AppendTables wrote of it. The file is not read
// before the Source of the schema is asked for.
func Restore(tables string, fsys fs.FS, file, targetNamespace string) (*Schema, error) {
	u := unpacker{rest: tables}
	s := &Schema{root: u.text(), namespace: u.text(), untabled: u.text()}
	if targetNamespace != "" {
		s.namespace = targetNamespace
	}
	types := make([]simpleType, u.count())
	for i := range types {
		u.simpleType(&types[i])
	}
	attrs := make([][]attrDecl, u.count())
	for i := range attrs {
		attrs[i] = u.attrDecls(types)
	}
	n := u.count()
	s.nodes = make([]node, n, n+1)
	for i := range s.nodes {
		u.node(&s.nodes[i], types, attrs)
	}
	if u.damaged || u.rest != "" || !s.sound() {
		return nil, fmt.Errorf("schema %s: the tables made of it are damaged", file)
	}
	s.link()
	s.source = sync.OnceValue(func() []byte {
		full, err := Compile(fsys, file, targetNamespace)
		if err != nil {
			return nil // libxml2 will refuse it; but a schema of which tables were made compiles
		}
		return full.Source()
	})
	return s, nil
}

// sound reports whether every node but the root is a child, of one before it.
func (s *Schema) sound() bool {
	next := 1
	for i := range s.nodes {
		n := int(s.nodes[i].children)
		if n > 0 && next <= i {
			return false
		}
		next += n
	}
	return next == len(s.nodes)
}

// packer collects what nodes share.
type packer struct {
	types       []*simpleType
	attrs       [][]attrDecl
	packedNodes []byte
	packedAttrs []byte
}

// Flags of a node.
const (
	flagDoubtful = 1 << iota
	flagUnqualified
	flagMixed
	flagEmpty
	flagContent
)

// Flags of a simple type.
const (
	flagUnsure = 1 << iota
	flagUnsigned
)

func bitIf(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

func (p *packer) node(nd *node) {
	b := appendWord(p.packedNodes, nd.name)
	b = appendWord(b, nd.typeName)
	b = append(b, bitIf(nd.doubtful, flagDoubtful)|bitIf(nd.unqualified, flagUnqualified)|bitIf(nd.mixed, flagMixed)|bitIf(nd.empty, flagEmpty)|bitIf(nd.content, flagContent))
	for _, n := range []uint64{uint64(nd.min), uint64(nd.max), uint64(nd.children), p.simpleType(nd.simple), p.attrDecls(nd.attrs)} {
		b = binary.AppendUvarint(b, n)
	}
	p.packedNodes = b
}

// simpleType returns 1 + the place of a type, 0 for none.
func (p *packer) simpleType(t *simpleType) uint64 {
	if t == nil {
		return 0
	}
	i := slices.Index(p.types, t)
	if i < 0 {
		i = len(p.types)
		p.types = append(p.types, t)
	}
	return uint64(i + 1)
}

// attrDecls returns 1 + the place of a list of attributes, 0 for none.
func (p *packer) attrDecls(list []attrDecl) uint64 {
	if len(list) == 0 {
		return 0
	}
	i := slices.IndexFunc(p.attrs, func(known []attrDecl) bool { return slices.Equal(known, list) })
	if i < 0 {
		i = len(p.attrs)
		p.attrs = append(p.attrs, list)
		b := binary.AppendUvarint(p.packedAttrs, uint64(len(list)))
		for _, a := range list {
			b = appendWord(b, a.name)
			b = append(b, bitIf(a.required, 1))
			b = binary.AppendUvarint(b, p.simpleType(a.typ))
		}
		p.packedAttrs = b
	}
	return uint64(i + 1)
}

func (t *simpleType) append(b []byte) []byte {
	b = appendWord(b, t.name)
	b = appendWord(b, t.builtin)
	b = append(b, byte(t.prim), byte(t.white), bitIf(t.unsure, flagUnsure)|bitIf(t.unsigned, flagUnsigned))
	for _, n := range []int64{int64(t.minLen), int64(t.maxLen), t.lo, t.hi} {
		b = binary.AppendVarint(b, n)
	}
	for _, list := range [][]string{t.enum, t.patterns} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, s := range list {
			b = appendWord(b, s)
		}
	}
	return b
}

func appendWord(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// unpacker reads what a packer wrote. Texts are not copied.
type unpacker struct {
	rest    string
	damaged bool
}

func (u *unpacker) byte() byte {
	if u.rest == "" {
		u.damaged = true
		return 0
	}
	c := u.rest[0]
	u.rest = u.rest[1:]
	return c
}

func (u *unpacker) number() (n uint64) {
	for shift := 0; shift < 64; shift += 7 {
		c := u.byte()
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	u.damaged = true
	return 0
}

func (u *unpacker) signed() int64 {
	n := u.number()
	return int64(n>>1) ^ -int64(n&1)
}

// count is a number of things of at least a byte each.
func (u *unpacker) count() int {
	n := u.number()
	if n > uint64(len(u.rest)) {
		u.damaged, u.rest = true, ""
		return 0
	}
	return int(n)
}

func (u *unpacker) text() string {
	n := u.count()
	s := u.rest[:n]
	u.rest = u.rest[n:]
	return s
}

func (u *unpacker) texts() []string {
	n := u.count()
	if n == 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = u.text()
	}
	return list
}

// place reads 1 + the place of one of n things; -1 for none.
func (u *unpacker) place(n int) int {
	i := u.number()
	if i > uint64(n) {
		u.damaged = true
		return -1
	}
	return int(i) - 1
}

func (u *unpacker) simpleType(t *simpleType) {
	t.name, t.builtin = u.text(), u.text()
	t.prim, t.white = primitive(u.byte()), whiteSpace(u.byte())
	flags := u.byte()
	t.unsure, t.unsigned = flags&flagUnsure != 0, flags&flagUnsigned != 0
	t.minLen, t.maxLen, t.lo, t.hi = int(u.signed()), int(u.signed()), u.signed(), u.signed()
	t.enum, t.patterns = u.texts(), u.texts()
}

func (u *unpacker) attrDecls(types []simpleType) []attrDecl {
	list := make([]attrDecl, u.count())
	for i := range list {
		list[i].name, list[i].required = u.text(), u.byte() != 0
		at := u.place(len(types))
		if at < 0 {
			u.damaged = true
			return nil
		}
		list[i].typ = &types[at]
	}
	return list
}

func (u *unpacker) node(nd *node, types []simpleType, attrs [][]attrDecl) {
	nd.name, nd.typeName = u.text(), u.text()
	flags := u.byte()
	nd.doubtful, nd.unqualified, nd.mixed = flags&flagDoubtful != 0, flags&flagUnqualified != 0, flags&flagMixed != 0
	nd.empty, nd.content = flags&flagEmpty != 0, flags&flagContent != 0
	nd.min, nd.max, nd.children = uint32(u.number()), uint32(u.number()), uint16(u.number())
	if i := u.place(len(types)); i >= 0 {
		nd.simple = &types[i]
	}
	if i := u.place(len(attrs)); i >= 0 {
		nd.attrs = attrs[i]
	}
}
