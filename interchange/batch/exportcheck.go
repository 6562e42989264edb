package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/xsd"
	"cohortx/xsd/scan"
)

// exportCheck checks and writes an export on a goroutine of its own: everything that goes to w, as an encoder gives it. A piece
// holds whole entities, the first after the root's start tag; the last piece is the end tag. That each piece proves well-formed from between
// two entities to between two entities is what makes the whole well-formed.
type exportCheck struct {
	w       io.Writer
	schema  *xsd.Schema
	release *interchange.Release
	endTag  []byte

	ctx   context.Context
	group *errgroup.Group
	full  chan []byte // to be checked
	empty chan []byte

	// of the goroutine, until the group has ended
	v     *validation
	work  *reader
	at    scan.Pos // of the next piece
	seq   int
	ended bool
}

// newExportCheck starts the goroutine; call finish.
func newExportCheck(ctx context.Context, w io.Writer, r *interchange.Release, schema *xsd.Schema) *exportCheck {
	const ahead = 3 // pieces that may wait
	c := &exportCheck{
		w: w, schema: schema, release: r, endTag: []byte("</" + schema.Root() + ">\n"),
		full: make(chan []byte, ahead), empty: make(chan []byte, ahead+1),
		v: &validation{opt: &ValidateOptions{}, file: report.ValidatedFile{Codes: map[interchange.Code]int64{}}, ids: newDocumentIDs("")},
	}
	for range cap(c.empty) {
		c.empty <- nil
	}
	c.group, c.ctx = errgroup.WithContext(ctx)
	c.group.Go(func() error {
		for p := range c.full {
			if err := c.check(p); err != nil {
				return err
			}
			if _, err := c.w.Write(p); err != nil {
				return err
			}
			c.empty <- p
		}
		return nil
	})
	return c
}

// Write hands a piece on. It returns the error of a piece before it, if there was one.
func (c *exportCheck) Write(p []byte) (int, error) {
	select {
	case buf := <-c.empty:
		c.full <- append(buf[:0], p...) // there are no more buffers than it has room for
	case <-c.ctx.Done():
		return 0, context.Cause(c.ctx)
	}
	return len(p), nil
}

// finish waits until everything is written. It returns an error unless it all is, and is valid; an empty root apart, in which there is nothing
// to check.
func (c *exportCheck) finish() error {
	close(c.full)
	if err := c.group.Wait(); err != nil {
		return err
	}
	if !c.ended {
		return errors.New("the document has no end")
	}
	c.v.dangling()
	if n := c.v.file.Violations; n > 0 {
		return fmt.Errorf("the export is not valid (%d violations): please report this; nothing was written", n)
	}
	return nil
}

func (c *exportCheck) check(p []byte) error {
	b := &scan.Block{Bytes: p, At: c.at, Seq: c.seq}
	if c.work == nil {
		if err := c.start(b); err != nil {
			return err
		}
	}
	if c.ended {
		return fmt.Errorf("%d bytes after the end of the document", len(p))
	}
	if bytes.Equal(p, c.endTag) {
		c.ended = true
		return nil
	}
	b.Scope = c.work.scope
	found := c.work.check(b)
	c.v.merge(found, c.v.found)
	c.v.file.Entities += found.entities
	c.at, c.seq = b.PosAt(len(b.Bytes)), c.seq+1
	return found.err
}

// start reads what comes before the first entity and takes it off the piece.
func (c *exportCheck) start(b *scan.Block) error {
	b.At = scan.Pos{Line: 1, Column: 1}
	split, err := scan.Split(c.ctx, bytes.NewReader(slices.Concat(b.Bytes, c.endTag)), scan.Options{})
	if err != nil {
		return err
	}
	scope := split.Scope()
	if !plainRoot(scope, c.schema) {
		return errors.New("the root is not that of the release: please report this; nothing was written")
	}
	head := int(scope.At.Offset) + len(scope.Tag)
	b.At = b.PosAt(head)
	b.Bytes = b.Bytes[head:]
	g := &engine{schema: c.schema, release: c.release, scope: scope}
	c.work = &reader{validator: g.newValidator(), ctx: c.ctx}
	return nil
}
