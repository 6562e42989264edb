package batch

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"cohortx/interchange"
	"cohortx/interchange/resource"
	"cohortx/interchange/roster"
	"cohortx/xsd/scan"
)

// What is different when a file is JSON, a resource a line, and not XML.

// blocks cuts the input into what workers take.
func (o *opened) blocks(opt *ReadOptions) blockReader {
	if o.Content == roster.JSONLines {
		return resource.Split(o.Stream, opt.Scan)
	}
	return o.Splitter
}

// path is where a node stands, as messages have it.
func (v *validator) path(n *interchange.Node) string {
	if v.lines != nil {
		return resource.Path(n)
	}
	return v.schema.Info(n.Slot).Path
}

// releaseOf is the release in whose form the values of an entity are written.
func (v *validator) releaseOf(e *interchange.Entity) *interchange.Release {
	if v.lines != nil {
		return resource.ReleaseOf(e)
	}
	return v.release
}

// sectionBegin is the begin date of section i of the association that was read last.
func (r *reader) sectionBegin(i int) interchange.Date {
	if i < len(r.plain.SectionBegins) {
		return r.plain.SectionBegins[i]
	}
	return interchange.UnsaidDate
}

// fetch copies the entities of an input that start at the wanted offsets.
func (im *importer) fetch(ctx context.Context, in *input, wanted []int64) (*excerpts, error) {
	if in.content == roster.JSONLines {
		return im.fetchLines(ctx, in, wanted)
	}
	return fetch(ctx, im.dir, in.Input, im.opt.source(), wanted)
}

// fetchLines is fetch for lines. An input that has changed since it was first read is an error.
func (im *importer) fetchLines(ctx context.Context, in *input, wanted []int64) (x *excerpts, err error) {
	wanted = slices.Clone(wanted)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	stream, err := in.Open(ctx, im.opt.source())
	if err != nil {
		return nil, fmt.Errorf("read %s again: %w", in.Name, err)
	}
	defer stream.Close()
	x = &excerpts{found: make(map[int64]excerpt, len(wanted))}
	if x.file, err = unnamedFile(im.dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			x.close()
			x = nil
		}
	}()
	for splitter := resource.Split(stream, scan.Options{}); len(wanted) > 0; {
		block, err := splitter.Next()
		if errors.Is(err, io.EOF) {
			return x, fmt.Errorf("read %s again: it is not the file it was a moment ago (nothing starts at byte %d)", in.Name, wanted[0])
		}
		if err != nil {
			return x, fmt.Errorf("read %s again: %w", in.Name, err)
		}
		if wanted, err = x.takeLines(block, wanted); err != nil {
			return x, fmt.Errorf("read %s again: %w", in.Name, err)
		}
		block.Release()
	}
	return x, nil
}

// takeLines copies the wanted objects of one block, without the white space behind them, and returns what is still wanted after it.
func (x *excerpts) takeLines(block *scan.Block, wanted []int64) ([]int64, error) {
	last, at := 0, block.At // places grow: no line is counted twice
	for len(wanted) > 0 && wanted[0] < block.At.Offset+int64(len(block.Bytes)) {
		start := int(wanted[0] - block.At.Offset)
		if start < 0 {
			return wanted, errors.New("it is not the file it was a moment ago")
		}
		raw, _, _ := bytes.Cut(block.Bytes[start:], []byte{'\n'})
		raw = bytes.TrimRight(raw, " \t\r")
		if _, err := x.file.WriteAt(raw, x.end); err != nil {
			return wanted, err
		}
		part := scan.Block{Bytes: block.Bytes[last:], At: at}
		last, at = start, part.PosAt(start-last)
		x.found[wanted[0]] = excerpt{at, x.end, len(raw)}
		x.end += int64(len(raw))
		wanted = wanted[1:]
	}
	return wanted, nil
}

// writeRejects writes the reject file of an input.
func (im *importer) writeRejects(ctx context.Context, in *input, x *excerpts) error {
	if in.content != roster.JSONLines {
		return im.rejectFile(ctx, in, x)
	}
	name := im.rejectName(in, ".jsonl")
	return writeFile(name, func(w *bufio.Writer) error {
		im.rep.RejectFiles = append(im.rep.RejectFiles, name)
		last := int64(-1)
		for _, at := range im.log.index {
			offset := at.place.Offset()
			if at.place.File() != in.number || offset == last {
				continue
			}
			last = offset
			raw, err := x.text(x.found[offset])
			if err != nil {
				return err
			}
			if _, err := w.Write(append(raw, '\n')); err != nil {
				return err
			}
		}
		return nil
	})
}
