package batch

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/interchange/roster"
	"cohortx/interchange/source"
	"cohortx/xsd/scan"
)

// element is a root's child of an input: where it stands and how long it is.
type element struct {
	at   scan.Pos
	size int
}

// locate reads the inputs that have rejects or warnings again: for the places of what was found late, for the excerpts of examples, and for
// the reject files. In a dry run no file is written.
func (im *importer) locate(ctx context.Context, examples []*example) (map[interchange.Place]element, error) {
	places := map[interchange.Place]element{}
	wanted := map[int][]int64{} // by file
	rejects := map[int]bool{}
	for _, at := range im.log.index {
		wanted[at.place.File()] = append(wanted[at.place.File()], at.place.Offset())
		rejects[at.place.File()] = true
	}
	if im.warnings != nil {
		for _, list := range im.warnings.places {
			for _, at := range list {
				wanted[at.File()] = append(wanted[at.File()], at.Offset())
			}
		}
	}
	for _, in := range im.inputs {
		if len(wanted[in.number]) == 0 || in.report.Refusal != nil && in.report.Refusal.Code != interchange.CodeTooManyRejects {
			continue // what is not well-formed cannot be cut out; the file itself is what must be mended
		}
		if in.content != roster.JSONLines && in.release == nil {
			if err := im.rejectLines(ctx, in); err != nil {
				return places, err
			}
			continue
		}
		x, err := fetch(ctx, im.dir, in, im.opt.source(), wanted[in.number])
		if err != nil {
			return places, err
		}
		for offset, e := range x.found {
			places[interchange.PlaceOf(in.number, offset)] = element{e.at, e.size}
		}
		err = x.show(in, examples)
		if err == nil && rejects[in.number] && !im.opt.DryRun {
			err = im.writeRejects(ctx, in, x)
		}
		x.close()
		if err != nil {
			return places, err
		}
	}
	return places, nil
}

// rejectName is the name of an input's reject file: what --rejects says, else beside the store, after the input and the run. When several
// inputs have rejects, --rejects gets the input's number too.
func (im *importer) rejectName(in *input, ending string) string {
	if name := im.opt.Rejects; name != "" {
		if len(im.rep.RejectFiles) == 0 {
			return name
		}
		ext := filepath.Ext(name)
		return fmt.Sprintf("%s.%d%s", strings.TrimSuffix(name, ext), in.number+1, ext)
	}
	base := strings.NewReplacer(":", "-", "/", "-").Replace(in.Label())
	if base == "-" {
		base = "stdin"
	}
	stem := source.Stem(base)
	// Inputs of different folders may have one name, and so may runs of different stores: no reject file takes the place of another.
	for n := 1; ; n++ {
		again := ""
		if n > 1 {
			again = fmt.Sprintf(".%d", n)
		}
		name := filepath.Join(im.rejectsDir(), fmt.Sprintf("%s.run%d%s.rejects%s", stem, im.rep.Run, again, ending))
		if _, err := os.Lstat(name); err != nil {
			return name // there is none, or the folder cannot be read, and writing will say so
		}
	}
}

// rejectFile writes the rejected entities of an input in the characters of the input, each with its reason above it, and before it the
// elements that its refs reach: a document that imports when it is mended.
func (im *importer) rejectFile(ctx context.Context, in *input, x *excerpts) error {
	contexts, err := im.contexts(ctx, in, x)
	if err != nil {
		return err
	}
	if contexts != nil {
		defer contexts.close()
	}
	name := im.rejectName(in, ".xml")
	return writeFile(name, func(w *bufio.Writer) error {
		im.rep.RejectFiles = append(im.rep.RejectFiles, name)
		out := report.NewRejectWriter(w, x.root, in.Name, im.rep.Run)
		written := map[int64]bool{}
		for i, at := range im.log.index {
			if at.place.File() != in.number || written[at.place.Offset()] {
				continue
			}
			written[at.place.Offset()] = true
			l, err := im.log.at(i)
			if err != nil {
				return err
			}
			raw, err := x.text(x.found[at.place.Offset()])
			if err != nil {
				return err
			}
			if contexts != nil {
				if err := im.writeContexts(out, in, raw, x, contexts, written); err != nil {
					return err
				}
			}
			f := im.fault(at.place, l, map[interchange.Place]element{at.place: {at: x.found[at.place.Offset()].at}})
			also := make([]report.Fault, 0, len(l.Also))
			for _, v := range l.Also {
				also = append(also, faultOf(in.Name, v))
			}
			if err := out.Reject(&f, also, raw); err != nil {
				return err
			}
		}
		return out.Close()
	})
}

// refsOf returns the values of the ref attributes in an element.
func refsOf(raw []byte, scope *scan.Scope) []string {
	if !bytes.Contains(raw, []byte("ref")) {
		return nil // and so no attribute of that name
	}
	var refs []string
	var s scan.Scanner
	s.Reset(&scan.Block{Bytes: raw, At: scan.Pos{Line: 1, Column: 1}, Scope: scope})
	for {
		kind, err := s.Next()
		if err != nil || kind == scan.EndOfBlock {
			return refs
		}
		if kind != scan.StartElement {
			continue
		}
		for _, a := range s.Attrs() {
			if a.Name.Space == scan.NoSpace && string(a.Name.Local) == "ref" {
				refs = append(refs, strings.TrimSpace(string(a.Value)))
			}
		}
	}
}

// targets returns the offsets of the root's children that define an id: none, one, or two that make it ambiguous.
func (im *importer) targets(in *input, id string) []int64 {
	ids := im.ids[in.number]
	if ids == nil {
		return nil
	}
	n, ok := ids.names.Find([]byte(id))
	if !ok || ids.state(n).target == noTarget {
		return nil
	}
	list := []int64{ids.state(n).entity}
	if second, ok := ids.again[n]; ok {
		list = append(list, second)
	}
	return list
}

// contexts fetches what the refs of the rejected entities reach, and what the refs of those reach, and so on. nil: nothing.
func (im *importer) contexts(ctx context.Context, in *input, x *excerpts) (*excerpts, error) {
	if im.ids[in.number] == nil {
		return nil, nil
	}
	rejected := map[int64]bool{} // x has the elements with warnings too
	for _, at := range im.log.index {
		if at.place.File() == in.number {
			rejected[at.place.Offset()] = true
		}
	}
	wanted := map[int64]bool{}
	follow := func(from *excerpts) (more bool, err error) {
		for offset, e := range from.found {
			if from == x && !rejected[offset] {
				continue
			}
			raw, err := from.text(e)
			if err != nil {
				return false, err
			}
			for _, id := range refsOf(raw, x.scope) {
				for _, offset := range im.targets(in, id) {
					if !rejected[offset] && !wanted[offset] {
						wanted[offset], more = true, true
					}
				}
			}
		}
		return more, nil
	}
	more, err := follow(x)
	if err != nil || !more {
		return nil, err
	}
	for {
		list := make([]int64, 0, len(wanted))
		for offset := range wanted {
			list = append(list, offset)
		}
		c, err := fetch(ctx, im.dir, in, im.opt.source(), list)
		if err != nil {
			return nil, err
		}
		if more, err = follow(c); err != nil || !more {
			return c, err
		}
		c.close()
	}
}

// writeContexts writes the elements that the refs in raw reach, those that they refer to first, each once.
func (im *importer) writeContexts(out *report.RejectWriter, in *input, raw []byte, x, contexts *excerpts, written map[int64]bool) error {
	for _, id := range refsOf(raw, x.scope) {
		for _, offset := range im.targets(in, id) {
			e, ok := contexts.found[offset]
			if !ok || written[offset] {
				continue // written, or a reject itself with its own place in the file
			}
			written[offset] = true
			text, err := contexts.text(e)
			if err != nil {
				return err
			}
			if err := im.writeContexts(out, in, text, x, contexts, written); err != nil {
				return err
			}
			if err := out.Context(text, e.at.Line); err != nil {
				return err
			}
		}
	}
	return nil
}

// rejectLines writes the rejected records of a CSV file behind the header.
func (im *importer) rejectLines(ctx context.Context, in *input) error {
	if im.opt.DryRun {
		return nil
	}
	stream, err := in.Open(ctx, im.opt.source())
	if err != nil {
		return err
	}
	defer stream.Close()
	name := im.rejectName(in, ".csv")
	return writeFile(name, func(w *bufio.Writer) error {
		im.rep.RejectFiles = append(im.rep.RejectFiles, name)
		text := bufio.NewReader(stream)
		header, err := text.ReadBytes('\n')
		if err != nil {
			return err
		}
		if _, err := w.Write(header); err != nil {
			return err
		}
		done := int64(len(header))
		for i, at := range im.log.index {
			if at.place.File() != in.number || at.place.Offset() < done {
				continue
			}
			l, err := im.log.at(i)
			if err != nil {
				return err
			}
			skipped, err := text.Discard(int(at.place.Offset() - done))
			if err != nil {
				return err
			}
			line := make([]byte, l.End-at.place.Offset())
			n, err := readFull(text, line)
			if err != nil {
				return err
			}
			done += int64(skipped + n)
			if _, err := w.Write(append(slices.Clip(line[:n]), eol(line[:n])...)); err != nil {
				return err
			}
		}
		return nil
	})
}

// eol is the line end that a record of a CSV file lacks.
func eol(line []byte) string {
	if len(line) > 0 && line[len(line)-1] == '\n' {
		return ""
	}
	return "\n"
}

func readFull(r *bufio.Reader, p []byte) (n int, err error) {
	for n < len(p) {
		k, err := r.Read(p[n:])
		n += k
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// writeFile writes a file that only its owner can read.
func writeFile(name string, f func(w *bufio.Writer) error) error {
	if err := report.Replace(name, 0o600, f); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
