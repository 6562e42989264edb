package batch

import (
	"bufio"
	"context"

	"cohortx/interchange"
	"cohortx/interchange/resource"
	"cohortx/interchange/roster"
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
	return v.schema.Path(n.Slot)
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
