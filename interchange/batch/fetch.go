package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"cohortx/interchange/source"
	"cohortx/xsd/scan"
)

// excerpts holds elements of one input in the characters of the input, fetched in a second reading. Rejects and the elements that
// their references reach are few, so reading the input again costs less than keeping every entity's text just in case.
type excerpts struct {
	file  *os.File
	end   int64
	found map[int64]excerpt // by the offset of the start tag in the decoded stream
	root  []byte            // the root's start tag as it stands in the input
	scope *scan.Scope
}

type excerpt struct {
	at   scan.Pos
	from int64 // in file
	size int
}

// fetch reads in again and copies the root's children that start at the wanted offsets. An input that has changed since it was
// first read is an error: the offsets would point at something else.
func fetch(ctx context.Context, dir string, in *source.Input, opt source.Options, wanted []int64) (x *excerpts, err error) {
	wanted = slices.Clone(wanted)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	stream, err := in.Open(ctx, opt)
	if err != nil {
		return nil, fmt.Errorf("read %s again: %w", in.Name, err)
	}
	defer stream.Close()
	splitter, err := scan.Split(ctx, stream, scan.Options{})
	if err != nil {
		return nil, fmt.Errorf("read %s again: %w", in.Name, err)
	}
	x = &excerpts{found: make(map[int64]excerpt, len(wanted)), root: slices.Clone(splitter.Scope().Tag), scope: splitter.Scope()}
	defer func() {
		if err != nil {
			x.close()
			x = nil
		}
	}()
	if x.file, err = unnamedFile(dir); err != nil {
		return x, err
	}
	var scanner scan.Scanner
	for len(wanted) > 0 {
		block, err := splitter.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return x, fmt.Errorf("read %s again: %w", in.Name, err)
		}
		if wanted[0] < block.At.Offset+int64(len(block.Bytes)) {
			if wanted, err = x.take(&scanner, block, wanted); err != nil {
				return x, fmt.Errorf("read %s again: %w", in.Name, err)
			}
		}
		block.Release()
	}
	if len(wanted) > 0 {
		return x, fmt.Errorf("read %s again: it is not the file it was a moment ago (nothing starts at byte %d)", in.Name, wanted[0])
	}
	return x, nil
}

// take copies the wanted elements of one block and returns what is still wanted after it.
func (x *excerpts) take(s *scan.Scanner, block *scan.Block, wanted []int64) ([]int64, error) {
	s.Reset(block)
	depth, start := 0, 0
	for len(wanted) > 0 {
		kind, err := s.Next()
		if err != nil {
			return wanted, err
		}
		switch kind {
		case scan.EndOfBlock:
			return wanted, nil
		case scan.StartElement:
			if depth == 0 {
				start = s.Offset()
			}
			depth++
		case scan.EndElement:
			depth--
			offset := block.At.Offset + int64(start)
			if depth > 0 || offset != wanted[0] {
				continue
			}
			wanted = wanted[1:]
			raw := block.Bytes[start:s.EndOffset()]
			if _, err := x.file.WriteAt(raw, x.end); err != nil {
				return wanted, err
			}
			x.found[offset] = excerpt{block.PosAt(start), x.end, len(raw)}
			x.end += int64(len(raw))
		}
	}
	return wanted, nil
}

// text reads one fetched element.
func (x *excerpts) text(e excerpt) ([]byte, error) {
	raw := make([]byte, e.size)
	_, err := io.ReadFull(io.NewSectionReader(x.file, e.from, int64(e.size)), raw)
	return raw, err
}

func (x *excerpts) close() {
	if x.file != nil {
		x.file.Close()
	}
}
