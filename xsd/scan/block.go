package scan

import "sync"

// Block is a piece of a document: whole children of the root and what stands between them.
type Block struct {
	Bytes []byte
	At    Pos    // where Bytes starts
	Seq   int    // 0, 1, 2 ... in the order of the document
	Scope *Scope // nil for a piece of XML that stands alone
	// Truncated: the document breaks in or after this block. A Scanner at the end of the block, or of what is whole in it, returns the
	// error that Splitter.Next will return, unless it finds an earlier one.
	Truncated bool
	Guessed   bool // where it ends, and where it starts, may be wrong: see [Splitter.Guess]

	err error // with Truncated
	buf *buffer
}

// NewBlock returns a block of n bytes that may hold anything, for readers of other formats that are cut into blocks too. Release gives its
// memory back.
func NewBlock(n int) *Block {
	buf := newBuffer(n)
	return &Block{Bytes: buf.b[:n], buf: buf}
}

// PosAt returns the place of Bytes[off]. It looks at all bytes before it: for errors, not for every token.
func (b *Block) PosAt(off int) Pos {
	return b.At.after(b.Bytes[:min(max(off, 0), len(b.Bytes))])
}

// Release gives the memory back for other blocks. Neither Bytes nor anything that a Scanner gave may be used afterwards. A block that is
// never released is left to the garbage collector.
func (b *Block) Release() {
	buf := b.buf
	b.buf, b.Bytes = nil, nil
	if buf != nil && cap(buf.b) <= largestKept {
		buffers.Put(buf)
	}
}

// buffer is the memory of a block. A pointer to it goes into the pool without an allocation.
type buffer struct{ b []byte }

// largestKept keeps the rare buffer of a huge entity from staying in the pool.
const largestKept = 2 << 20

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// newBuffer returns a buffer of length 0 with room for n bytes.
func newBuffer(n int) *buffer {
	buf := buffers.Get().(*buffer)
	if cap(buf.b) < n {
		buf.b = make([]byte, 0, n)
	}
	buf.b = buf.b[:0]
	return buf
}
