package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/xsd"
	"cohortx/xsd/scan"
)

// exportCheck checks an export while it is written: the bytes of its start, of pieces with whole entities, and of its end. That each piece
// proves well-formed from between two entities to between two entities is what makes the whole well-formed; what follows from several
// pieces, such as an id that two have, is noted as they are taken, in order.
type exportCheck struct {
	ctx context.Context
	g   *engine
	v   *validation
}

// newExportCheck checks what comes before the first entity.
func newExportCheck(ctx context.Context, start []byte, r *interchange.Release, schema *xsd.Schema) (*exportCheck, error) {
	split, err := scan.Split(ctx, bytes.NewReader(append(bytes.Clone(start), endTag(schema)...)), scan.Options{})
	if err != nil {
		return nil, fmt.Errorf("the start of the export: %w", err)
	}
	scope := split.Scope()
	if !plainRoot(scope, schema) || len(bytes.TrimSpace(start[int(scope.At.Offset)+len(scope.Tag):])) > 0 {
		return nil, errors.New("the root is not that of the release: please report this; nothing was written")
	}
	return &exportCheck{
		ctx: ctx, g: &engine{schema: schema, release: r, scope: scope},
		v: &validation{opt: &ValidateOptions{}, file: report.ValidatedFile{Codes: map[interchange.Code]int64{}}, ids: newDocumentIDs("")},
	}, nil
}

func endTag(schema *xsd.Schema) string { return "</" + schema.Root() + ">\n" }

// newWorker returns a function for one goroutine that checks a piece.
func (c *exportCheck) newWorker() func(piece []byte) *checked {
	work := c.g.newChecker(c.ctx)
	return func(piece []byte) *checked { return work.check(&scan.Block{Bytes: piece, Scope: c.g.scope}) }
}

// take notes what was found in the next piece.
func (c *exportCheck) take(found *checked) error {
	c.v.merge(found, c.v.found)
	c.v.file.Entities += found.entities
	return found.err
}

// finish checks what comes after the last entity, and that there were as many as the encoder has counted. It returns an error unless the
// whole is valid; an empty root apart, in which there is nothing to check.
func (c *exportCheck) finish(end []byte, entities int64) error {
	if string(end) != endTag(c.g.schema) {
		return errors.New("the export has no end: please report this; nothing was written")
	}
	c.v.dangling()
	if n := c.v.file.Violations; n > 0 {
		return fmt.Errorf("the export is not valid (%d violations): please report this; nothing was written", n)
	}
	if found := c.v.file.Entities; found != entities {
		return fmt.Errorf("the export has %d entities, not the %d that were to be written: please report this; nothing was written", found, entities)
	}
	return nil
}
