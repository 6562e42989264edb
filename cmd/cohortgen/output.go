package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// outputChunk is how much is gathered before it is written.
const outputChunk = 1 << 20

// output is a file being written. Its contents gather in buf; call spill between entities. The file has its name only
// once it is whole.
type output struct {
	buf   []byte
	ctx   context.Context
	file  *os.File
	path  string
	bytes int64
}

func create(ctx context.Context, path string) (*output, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, err
	}
	return &output{buf: make([]byte, 0, outputChunk+64<<10), ctx: ctx, file: f, path: path}, nil
}

// spill writes what has gathered, once it is enough.
func (o *output) spill() error {
	if len(o.buf) < outputChunk {
		return nil
	}
	if err := o.ctx.Err(); err != nil {
		return err
	}
	return o.flush()
}

func (o *output) flush() error {
	n, err := o.file.Write(o.buf)
	o.bytes += int64(n)
	o.buf = o.buf[:0]
	return err
}

// close finishes the file, or removes it when err, the error of writing it, is not nil.
func (o *output) close(err error) error {
	if err == nil {
		err = o.flush()
	}
	if err == nil {
		err = o.file.Chmod(0o644)
	}
	if e := o.file.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(o.file.Name(), o.path)
	}
	if err != nil {
		os.Remove(o.file.Name())
		return fmt.Errorf("write %s: %w", o.path, err)
	}
	return nil
}

func (o *output) text(s string)   { o.buf = append(o.buf, s...) }
func (o *output) number(n uint64) { o.buf = strconv.AppendUint(o.buf, n, 10) }

// writeFile makes a file of what write gathers.
func writeFile(ctx context.Context, path string, write func(*output) error) (int64, error) {
	o, err := create(ctx, path)
	if err != nil {
		return 0, fmt.Errorf("create %s: %w", path, err)
	}
	err = o.close(write(o))
	return o.bytes, err
}
