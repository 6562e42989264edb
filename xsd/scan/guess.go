package scan

import (
	"bytes"
	"errors"
)

// To know where a block can end, a Splitter looks at every tag. That is as much work as a reader does who recognises most of what he reads,
// and cannot be shared among goroutines. But where a block scans without an error from its start to its end, its end is between two children of
// the root, if its start was. So a Splitter may guess: it cuts behind the last end tag that looks like that of a child of the root, and
// learns from what becomes of the block whether it was right.

// ErrUnsure is what [Splitter.Next] returns instead of a block that it cannot guess, while there are guesses of which nothing is known yet.
var ErrUnsure = errors.New("the blocks so far were cut by guess")

// nearEnd is how far from the end of a block the end tag is looked for.
const nearEnd = 64 << 10

// Guess allows the splitter to guess. It obliges the caller to scan every block with Guessed set, to its end. If all blocks so far had no
// error, [Splitter.Confirm] says so, which [ErrUnsure] asks for. If one of them had an error, whatever it is, then that block and all that
// follow go back by [Splitter.TakeBack], and everything that was found in them is void.
//
// Splitters with sizes so small that a guess could hide what is too large, and with Options.Cut, do not guess.
func (s *Splitter) Guess() {
	s.guess = s.opt.Cut == nil && s.limits.entity >= 2*(s.opt.BlockSize+slack)
}

// Confirm says that all blocks so far were scanned without an error.
func (s *Splitter) Confirm() { s.unsure = false }

// TakeBack returns blocks to the splitter: one with an error that was cut by guess, and all blocks after it, in their order. Next gives their
// bytes again, in other blocks. It guesses no more in this document. Their memory is released.
func (s *Splitter) TakeBack(blocks []*Block) {
	n := len(s.buf.b)
	for _, b := range blocks {
		n += len(b.Bytes)
	}
	all := newBuffer(n + slack)
	for _, b := range blocks {
		all.b = append(all.b, b.Bytes...)
	}
	all.b = append(all.b, s.buf.b...)
	s.buf, s.at, s.seq = all, blocks[0].At, blocks[0].Seq
	for _, b := range blocks {
		b.Release()
	}
	s.guess, s.unsure = false, false
	s.restart()
}

// restart forgets the structure of buf, which begins between two children of the root.
func (s *Splitter) restart() { s.pos, s.depth, s.item, s.cut = 0, 1, 0, 0 }

// guessed returns where a block of that size probably ends, 0 if there is nothing to go by.
func (s *Splitter) guessed(size int) int {
	b := s.buf.b
	if !s.guess || len(s.likely) == 0 || len(b) < size {
		return 0
	}
	from := max(len(b)-nearEnd, 0)
	n := bytes.LastIndex(b[from:], s.likely)
	if n < 0 {
		return 0
	}
	return from + n + len(s.likely)
}

// learn notes the end tag that a block ends with.
func (s *Splitter) learn(block []byte) {
	if !s.guess {
		return
	}
	n := bytes.LastIndexByte(block, '<')
	if tag := block[max(n, 0):]; bytes.HasPrefix(tag, []byte("</")) && tag[len(tag)-1] == '>' {
		s.likely = append(s.likely[:0], tag...)
	}
}
