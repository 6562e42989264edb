package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"cohortx/interchange/resource"
	"cohortx/interchange/roster"
	"cohortx/interchange/source"
	"cohortx/xsd/scan"
)

// excerpts holds elements of one input in the characters of the input, fetched in a second reading. Rejects and the elements that
// their references reach are few, so reading the input again costs less than keeping every entity's text just in case.
type excerpts struct {
	spill
	found map[int64]excerpt // by the offset of the start tag in the decoded stream
	root  []byte            // the root's start tag as it stands in the input
	scope *scan.Scope
}

type excerpt struct {
	at   scan.Pos
	from int64 // in file
	size int
}

// fetch reads in again and copies the entities that start at the wanted offsets. An input that has changed since it was first read is an
// error: the offsets would point at something else.
func fetch(ctx context.Context, dir string, in *input, opt source.Options, wanted []int64) (x *excerpts, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("read %s again: %w", in.Name, err)
			x.close()
			x = nil
		}
	}()
	x = &excerpts{spill: spill{dir: dir, what: "excerpt"}, found: make(map[int64]excerpt, len(wanted))}
	stream, err := in.Open(ctx, opt)
	if err != nil {
		return x, err
	}
	defer stream.Close()
	var blocks blockReader
	take := x.takeLines
	if in.content == roster.JSONLines {
		blocks = resource.Split(stream, scan.Options{})
	} else {
		splitter, err := scan.Split(ctx, stream, scan.Options{})
		if err != nil {
			return x, err
		}
		var scanner scan.Scanner
		x.root, x.scope = slices.Clone(splitter.Scope().Tag), splitter.Scope()
		blocks, take = splitter, func(b *scan.Block, wanted []int64) ([]int64, error) { return x.take(&scanner, b, wanted) }
	}
	wanted = slices.Clone(wanted)
	slices.Sort(wanted)
	for wanted = slices.Compact(wanted); len(wanted) > 0; {
		block, err := blocks.Next()
		if errors.Is(err, io.EOF) {
			return x, fmt.Errorf("it is not the file it was a moment ago (nothing starts at byte %d)", wanted[0])
		}
		if err != nil {
			return x, err
		}
		if wanted[0] < block.At.Offset+int64(len(block.Bytes)) {
			if wanted, err = take(block, wanted); err != nil {
				return x, err
			}
		}
		block.Release()
	}
	return x, nil
}

// keep copies the text of one entity.
func (x *excerpts) keep(offset int64, at scan.Pos, raw []byte) error {
	from, err := x.add(raw)
	x.found[offset] = excerpt{at, from, len(raw)}
	return err
}

// take copies the wanted elements of one block and returns what is still wanted after it.
func (x *excerpts) take(s *scan.Scanner, block *scan.Block, wanted []int64) ([]int64, error) {
	s.Reset(block)
	depth, start := 0, 0
	places := scan.Walk(block.At, block.Bytes)
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
			if err := x.keep(offset, places.To(start), raw); err != nil {
				return wanted, err
			}
		}
	}
	return wanted, nil
}

// takeLines is take for JSON, an object a line: without the white space behind them.
func (x *excerpts) takeLines(block *scan.Block, wanted []int64) ([]int64, error) {
	places := scan.Walk(block.At, block.Bytes)
	for len(wanted) > 0 && wanted[0] < block.At.Offset+int64(len(block.Bytes)) {
		start := int(wanted[0] - block.At.Offset)
		if start < 0 {
			return wanted, errors.New("it is not the file it was a moment ago")
		}
		raw, _, _ := bytes.Cut(block.Bytes[start:], []byte{'\n'})
		if err := x.keep(wanted[0], places.To(start), bytes.TrimRight(raw, " \t\r")); err != nil {
			return wanted, err
		}
		wanted = wanted[1:]
	}
	return wanted, nil
}

// text reads one fetched entity.
func (x *excerpts) text(e excerpt) ([]byte, error) {
	raw := make([]byte, e.size)
	return raw, x.read(raw, e.from)
}
