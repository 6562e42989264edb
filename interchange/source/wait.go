package source

import (
	"context"
	"io"
	"os"
)

// A read from a pipe, and even opening one, can wait for ever for the other end. What stands here waits for the end of the context too: a
// goroutine is left behind then, for nothing can call it back, and ends with the process.

// openAwaited opens a file that may be a pipe without a writer.
func openAwaited(ctx context.Context, name string) (*os.File, error) {
	type opened struct {
		f   *os.File
		err error
	}
	done := make(chan opened, 1)
	go func() {
		f, err := os.Open(name)
		done <- opened{f, err}
	}()
	select {
	case o := <-done:
		return o.f, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// awaited reads from a pipe.
type awaited struct {
	ctx context.Context
	in  io.Reader
	buf []byte // not the caller's: a read that is left behind may still write to it
}

type awaitedRead struct {
	n   int
	err error
}

func (a *awaited) Read(p []byte) (int, error) {
	if err := a.ctx.Err(); err != nil {
		return 0, err
	}
	if len(a.buf) < len(p) {
		a.buf = make([]byte, len(p))
	}
	buf, done := a.buf[:len(p)], make(chan awaitedRead, 1)
	go func() {
		n, err := a.in.Read(buf)
		done <- awaitedRead{n, err}
	}()
	select {
	case r := <-done:
		return copy(p, buf[:r.n]), r.err
	case <-a.ctx.Done():
		return 0, a.ctx.Err()
	}
}
