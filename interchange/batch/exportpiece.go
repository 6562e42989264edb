package batch

import (
	"context"
	"iter"

	"golang.org/x/sync/errgroup"

	"cohortx/interchange"
	"cohortx/interchange/report"
)

// piece is some of an export's entities on their way: encoded, checked, to be written.
type piece struct {
	text  []byte
	count int64 // entities in it
	left  []report.NotCarried
	gone  []interchange.CohortKey // cohorts that are left out
	found *checked                // nil: it is not checked
	done  chan error              // of the work on it
}

func (p *piece) reset() {
	p.text, p.count, p.left, p.gone, p.found = p.text[:0], 0, p.left[:0], p.gone[:0], nil
}

// pieceWorker makes pieces, on one goroutine.
type pieceWorker struct {
	enc   encoder
	check func(piece []byte) *checked // nil: the pieces are not checked
}

// pieces encodes, checks and writes a list of entities of a kind: reading, working and writing go on at the same time, in bounded memory, and what is written is
// in the list's order. The list is read by one goroutine; all have ended when pieces returns.
func pieces[T any](ctx context.Context, x *exporter, kind interchange.Kind, list func(context.Context) iter.Seq2[T, error], encode func(*pieceWorker, *piece, T) error) error {
	type job struct {
		of    T
		piece *piece
	}
	group, ctx := errgroup.WithContext(ctx)
	free, order, todo := make(chan *piece, len(x.pieces)), make(chan *piece, len(x.pieces)), make(chan job)
	for _, p := range x.pieces {
		free <- p
	}
	group.Go(func() error {
		defer close(order)
		defer close(todo)
		for of, err := range list(ctx) {
			if err != nil {
				return err
			}
			select {
			case p := <-free:
				order <- p // there is room for all
				select {
				case todo <- job{of, p}:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	for _, w := range x.workers {
		group.Go(func() error {
			for j := range todo {
				j.piece.reset()
				err := encode(w, j.piece, j.of)
				if err == nil && w.check != nil && len(j.piece.text) > 0 {
					j.piece.found = w.check(j.piece.text)
				}
				j.piece.done <- err
			}
			return nil
		})
	}
	group.Go(func() error {
		for p := range order {
			select {
			case err := <-p.done:
				if err == nil {
					err = x.take(kind, p)
				}
				if err != nil {
					return err
				}
				free <- p
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	return group.Wait()
}

// take writes a piece and notes what is in it.
func (x *exporter) take(kind interchange.Kind, p *piece) error {
	if p.found != nil {
		if err := x.check.take(p.found); err != nil {
			return err
		}
	}
	if p.count > 0 {
		x.out.Counts[kind.String()] += p.count
	}
	for _, key := range p.gone {
		x.left.cohorts[key] = struct{}{}
	}
	for i := range p.left {
		x.left.add(p.left[i])
	}
	return x.write(p.text)
}

// write writes the start of the document before its first entity.
func (x *exporter) write(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if !x.started {
		x.started = true
		if _, err := x.w.Write(x.start); err != nil {
			return err
		}
	}
	_, err := x.w.Write(text)
	return err
}
