package batch

import (
	"context"
	"errors"
	"io"

	"golang.org/x/sync/errgroup"

	"cohortx/xsd/scan"
)

// blockReader gives the blocks of one input: a scan.Splitter.
type blockReader interface {
	Next() (*scan.Block, error)
}

// inOrder works on the blocks of in with as many goroutines as jobs says and hands the results to collect in the order of the
// blocks, one at a time. At most 2 * jobs results wait, so memory stays bounded when collect is slow. newWorker is
// called once per goroutine. The blocks are released here after collect has seen the result.
//
// The reader's own error comes last: what a worker found in an earlier block (collect returns it) is nearer to the cause.
func inOrder[T any](ctx context.Context, in blockReader, jobs int, newWorker func() func(*scan.Block) T, collect func(T) error) error {
	type job struct {
		block *scan.Block
		done  chan T
	}
	if jobs < 1 {
		jobs = 1
	}
	group, ctx := errgroup.WithContext(ctx)
	queue := make(chan *job, 2*jobs) // in the order of the input
	todo := make(chan *job)
	var broken error // why reading ended early; read after group.Wait

	group.Go(func() error {
		defer close(queue)
		defer close(todo)
		for {
			block, err := in.Next()
			if block != nil {
				j := &job{block, make(chan T, 1)}
				select {
				case queue <- j:
				case <-ctx.Done():
					return ctx.Err()
				}
				select {
				case todo <- j:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					broken = err
				}
				return nil
			}
		}
	})
	for range jobs {
		group.Go(func() error {
			work := newWorker()
			for j := range todo {
				j.done <- work(j.block)
			}
			return nil
		})
	}
	group.Go(func() error {
		for j := range queue {
			select {
			case result := <-j.done:
				if err := collect(result); err != nil {
					return err
				}
				j.block.Release()
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return broken
}
