package batch

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// spill is a temporary file without a name to which pieces are appended, to be read back by their place or all in a row. The file is made
// with the first piece. Its zero value needs dir and what.
type spill struct {
	dir  string
	what string // of what the pieces are, in errors
	file *os.File
	out  *bufio.Writer
	end  int64
}

// add appends a piece and returns where it lies.
func (s *spill) add(piece []byte) (from int64, err error) {
	if s.file == nil {
		f, err := unnamedFile(s.dir)
		if err != nil {
			return 0, err
		}
		s.file, s.out = f, bufio.NewWriterSize(f, 1<<16)
	}
	if _, err := s.out.Write(piece); err != nil {
		return 0, fmt.Errorf("write %s: %w", s.what, err)
	}
	from = s.end
	s.end += int64(len(piece))
	return from, nil
}

// read fills piece with what lies from there on.
func (s *spill) read(piece []byte, from int64) error {
	if err := s.flush(); err != nil {
		return err
	}
	if _, err := s.file.ReadAt(piece, from); err != nil {
		return fmt.Errorf("read %s: %w", s.what, err)
	}
	return nil
}

// rewind returns a reader of all pieces, nil if there are none.
func (s *spill) rewind() (*bufio.Reader, error) {
	if s.file == nil {
		return nil, nil
	}
	if err := s.flush(); err != nil {
		return nil, err
	}
	return bufio.NewReaderSize(io.NewSectionReader(s.file, 0, s.end), 1<<18), nil
}

func (s *spill) flush() error {
	if s.out == nil {
		return nil
	}
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", s.what, err)
	}
	return nil
}

// close forgets all pieces.
func (s *spill) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
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
