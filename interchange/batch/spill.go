package batch

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
)

// spill is a temporary file without a name to which pieces are appended, to be read back by their place or all in a row. What a small input
// brings stays in memory: the file is made when there is more than that. Its zero value needs dir and what.
type spill struct {
	dir  string
	what string // of what the pieces are, in errors
	file *os.File
	held []byte // pieces that are not in the file yet
	end  int64
}

// spillHeld is how much is held before it is written.
const spillHeld = 1 << 16

// add appends a piece and returns where it lies.
func (s *spill) add(piece []byte) (from int64, err error) {
	from = s.end
	s.held = append(s.held, piece...)
	s.end += int64(len(piece))
	if len(s.held) < spillHeld {
		return from, nil
	}
	return from, s.flush()
}

// read fills piece with what lies from there on.
func (s *spill) read(piece []byte, from int64) error {
	if written := s.end - int64(len(s.held)); from >= written {
		copy(piece, s.held[from-written:])
		return nil
	}
	if _, err := s.file.ReadAt(piece, from); err != nil {
		return fmt.Errorf("read %s: %w", s.what, err)
	}
	return nil
}

// follower reads pieces that mostly lie one behind the other: with one that does, those behind it are read.
type follower struct {
	of     *spill
	window []byte
	from   int64 // of the window
	next   int64 // behind the last piece
}

func (f *follower) read(piece []byte, from int64) error {
	follows, end := from == f.next, from+int64(len(piece))
	f.next = end
	if from < f.from || end > f.from+int64(len(f.window)) {
		ahead := min(spillHeld, f.of.end-int64(len(f.of.held))-from)
		if !follows || int64(len(piece)) > ahead {
			return f.of.read(piece, from)
		}
		f.window, f.from = slices.Grow(f.window[:0], int(ahead))[:ahead], from
		if err := f.of.read(f.window, from); err != nil {
			f.window = f.window[:0]
			return err
		}
	}
	copy(piece, f.window[from-f.from:])
	return nil
}

// rewind returns a reader of all pieces, nil if there are none.
func (s *spill) rewind() (*bufio.Reader, error) {
	switch {
	case s.end == 0:
		return nil, nil
	case s.file == nil:
		return bufio.NewReader(bytes.NewReader(s.held)), nil
	}
	if err := s.flush(); err != nil {
		return nil, err
	}
	return bufio.NewReaderSize(io.NewSectionReader(s.file, 0, s.end), 1<<18), nil
}

func (s *spill) flush() (err error) {
	if s.file == nil {
		if s.file, err = unnamedFile(s.dir); err != nil {
			return err
		}
	}
	if _, err := s.file.WriteAt(s.held, s.end-int64(len(s.held))); err != nil {
		return fmt.Errorf("write %s: %w", s.what, err)
	}
	s.held = s.held[:0]
	return nil
}

// close forgets all pieces.
func (s *spill) close() (err error) {
	if s.file != nil {
		err = s.file.Close()
	}
	*s = spill{dir: s.dir, what: s.what}
	return err
}

// unnamedFile opens a temporary file in dir that only this process can reach and that is gone with it.
func unnamedFile(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, ".cohortx-*") // 0600
	if err != nil {
		return nil, fmt.Errorf("create temporary file: %w", err)
	}
	// Where an open file cannot be unlinked it keeps its name until it is removed by hand; nothing else depends on it.
	_ = os.Remove(f.Name())
	return f, nil
}
