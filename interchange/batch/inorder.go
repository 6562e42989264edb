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

// guesser is a blockReader that can guess where a block ends, as long as it is told of blocks in which that was wrong: a scan.Splitter.
type guesser interface {
	Guess()
	Confirm()
	TakeBack([]*scan.Block)
}

// fallible is a result of which the reader can guess: scanning the whole block is part of the work, and failed says that it met an error.
type fallible interface{ failed() bool }

// inOrder works on the blocks of in with as many goroutines as jobs says and hands the results to collect in the order of the
// blocks, one at a time. At most 2 * jobs results wait, so memory stays bounded when collect is slow. newWorker is
// called once per goroutine that gets work, and once more where a guess of the reader was wrong: results of blocks that do not exist are dropped, collect
// never sees them. The blocks are released here after collect has seen the result.
//
// The reader's own error comes last: what a worker found in an earlier block (collect returns it) is nearer to the cause.
func inOrder[T any](ctx context.Context, in blockReader, jobs int, newWorker func() func(*scan.Block) T, collect func(T) error) error {
	var result T
	guesses, ok := in.(guesser)
	if _, may := any(result).(fallible); ok && may {
		guesses.Guess()
	}
	early := make([]fetched, 1, 2)
	early[0].block, early[0].err = in.Next()
	if first := &early[0]; first.err == nil && !first.block.Guessed {
		block, err := in.Next()
		if block == nil && err == io.EOF {
			// All of a small file, which is done before goroutines for it have started.
			defer first.block.Release()
			return collect(newWorker()(first.block))
		}
		early = append(early, fetched{block, err})
	}
	for {
		o := &ordered[T]{in: in, early: early, queue: make(chan *job[T], 2*max(jobs, 1)), todo: make(chan *job[T]), miscut: make(chan struct{})}
		back, err := o.run(ctx, max(jobs, 1), newWorker, collect)
		if err != nil || back == nil {
			return err
		}
		guesses.TakeBack(back)
		early = nil
	}
}

// fetched is what a blockReader has given.
type fetched struct {
	block *scan.Block
	err   error
}

// job is a block on its way. One without a block asks whether all before it were collected.
type job[T any] struct {
	block *scan.Block
	done  chan T
}

// ordered is the work on blocks up to the end of the input or a wrong guess.
type ordered[T any] struct {
	in     blockReader
	early  []fetched    // read already
	queue  chan *job[T] // in the order of the input
	todo   chan *job[T]
	miscut chan struct{} // closed when a guess was wrong
	broken error         // why reading ended early; read when all goroutines have ended
}

// run returns the blocks that were not collected because of a wrong guess, nil at the end of the input.
func (o *ordered[T]) run(ctx context.Context, jobs int, newWorker func() func(*scan.Block) T, collect func(T) error) (back []*scan.Block, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return o.read(ctx) })
	for range jobs {
		group.Go(func() error {
			var work func(*scan.Block) T
			for j := range o.todo {
				if work == nil { // a small file has work for one
					work = newWorker()
				}
				j.done <- work(j.block)
			}
			return nil
		})
	}
	group.Go(func() (err error) {
		back, err = o.collect(ctx, collect)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if back == nil {
		err = o.broken
	}
	return back, err
}

func (o *ordered[T]) read(ctx context.Context) error {
	defer close(o.queue)
	defer close(o.todo)
	for {
		block, err := o.next()
		if block != nil {
			if goOn, err := o.give(ctx, block); err != nil || !goOn {
				return err
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, scan.ErrUnsure):
			if goOn, err := o.settle(ctx); err != nil || !goOn {
				return err
			}
		case errors.Is(err, io.EOF):
			return nil
		default:
			o.broken = err
			return nil
		}
	}
}

func (o *ordered[T]) next() (*scan.Block, error) {
	if len(o.early) == 0 {
		return o.in.Next()
	}
	r := o.early[0]
	o.early = o.early[1:]
	return r.block, r.err
}

// give sends a block on its way. false: a guess was wrong, and nobody will look at it.
func (o *ordered[T]) give(ctx context.Context, block *scan.Block) (bool, error) {
	j := &job[T]{block, make(chan T, 1)}
	select {
	case o.queue <- j:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	select {
	case o.todo <- j:
		return true, nil
	case <-o.miscut:
		var none T
		j.done <- none
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// settle waits until every block so far has been collected, and tells the reader. false: a guess was wrong.
func (o *ordered[T]) settle(ctx context.Context) (bool, error) {
	j := &job[T]{done: make(chan T, 1)}
	select {
	case o.queue <- j:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	select {
	case <-j.done:
		o.in.(guesser).Confirm()
		return true, nil
	case <-o.miscut:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func (o *ordered[T]) collect(ctx context.Context, collect func(T) error) (back []*scan.Block, err error) {
	for j := range o.queue {
		if j.block == nil {
			var none T
			if back == nil {
				j.done <- none
			}
			continue
		}
		select {
		case result := <-j.done:
			if back != nil {
				back = append(back, j.block)
				continue
			}
			if f, ok := any(result).(fallible); ok && j.block.Guessed && f.failed() {
				back = append(back, j.block)
				close(o.miscut)
				continue
			}
			if err := collect(result); err != nil {
				return nil, err
			}
			j.block.Release()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return back, nil
}
