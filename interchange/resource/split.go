package resource

import (
	"bytes"
	"fmt"
	"io"

	"cohortx/xsd/scan"
)

// Splitter cuts a stream of lines into blocks of whole lines, as scan.Splitter cuts XML between entities.
type Splitter struct {
	in   io.Reader
	opt  scan.Options
	rest []byte // what was read behind the last block
	at   scan.Pos
	seq  int
	end  bool
}

// mostLine is how long a line may be, as an entity in XML.
const mostLine = 16 << 20

// Split begins to read UTF-8 without a byte-order mark. Of the options, BlockSize, MaxEntity (of a line that does not fit into a block) and
// Cut count.
func Split(in io.Reader, opt scan.Options) *Splitter {
	if opt.BlockSize <= 0 {
		opt.BlockSize = scan.DefaultBlockSize
	}
	if opt.MaxEntity <= 0 {
		opt.MaxEntity = mostLine
	}
	return &Splitter{in: in, opt: opt, at: scan.Pos{Line: 1, Column: 1}}
}

// Next returns the next block, and at the end io.EOF. A line that is too long is a *scan.Error.
func (s *Splitter) Next() (*scan.Block, error) {
	size := s.opt.BlockSize
	if s.opt.Cut != nil {
		size = max(1, s.opt.Cut(size))
	}
	size = max(size, len(s.rest)+1)
	for !s.end || len(s.rest) > 0 {
		b, err := s.fill(size)
		if err != nil {
			return nil, err
		}
		last := bytes.LastIndexByte(b.Bytes, '\n')
		if last < 0 && s.end {
			last = len(b.Bytes) - 1
		}
		if last < 0 {
			if len(b.Bytes) > s.opt.MaxEntity {
				return nil, &scan.Error{At: s.at, Code: scan.EntityTooLarge, Found: fmt.Sprintf("a line of more than %d bytes", s.opt.MaxEntity), Expected: "one resource a line"}
			}
			s.rest = append(s.rest[:0], b.Bytes...)
			b.Release()
			size *= 2
			continue
		}
		s.rest = append(s.rest[:0], b.Bytes[last+1:]...)
		b.Bytes = b.Bytes[:last+1]
		b.At, b.Seq = s.at, s.seq
		s.seq++
		s.at.Offset += int64(len(b.Bytes))
		s.at.Line += bytes.Count(b.Bytes, newline)
		return b, nil
	}
	return nil, io.EOF
}

// fill returns a block of size bytes, or of what is left: the rest of the last one and what is read behind it.
func (s *Splitter) fill(size int) (*scan.Block, error) {
	b := scan.NewBlock(size)
	n := copy(b.Bytes, s.rest)
	for n < size && !s.end {
		k, err := s.in.Read(b.Bytes[n:])
		n += k
		if err == io.EOF {
			s.end = true
		} else if err != nil {
			return nil, err
		}
	}
	b.Bytes = b.Bytes[:n]
	return b, nil
}

var newline = []byte{'\n'}
