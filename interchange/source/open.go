package source

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"

	"cohortx/xsd/scan"
)

// DefaultMaxRatio is how many bytes one byte of a compressed file may become.
const DefaultMaxRatio = 500

// ratioFrom is how much output there must be before the ratio counts: short files of repetition are harmless.
const ratioFrom = 64 << 20

// The codes of errors about compression: a file that grows beyond measure when it is decompressed; one that is cut off or damaged.
const (
	CompressionRatio  scan.Code = "compression_ratio"
	CompressionBroken scan.Code = "compression_broken"
)

// Options of Open. The zero value is good.
type Options struct {
	MaxRatio float64       // 0: DefaultMaxRatio
	Hash     bool          // compute Fingerprint; only then it is known at the end
	Progress func(n int64) // called now and then with the bytes of the stored file read so far; by one goroutine at a time
}

// Stream is the text of an input in UTF-8, without a byte-order mark.
type Stream struct {
	io.Reader
	encoding string
	closers  []io.Closer
	hash     hash.Hash
	stored   *counter
	raw      io.Reader // what is left of the stored bytes
}

// Encoding is the encoding that the input was in.
func (s *Stream) Encoding() string { return s.encoding }

// Stored is how many bytes of the stored file have been read.
func (s *Stream) Stored() int64 { return s.stored.n.Load() }

// Close closes the files. It may be called before the end.
func (s *Stream) Close() error {
	var first error
	for i := len(s.closers) - 1; i >= 0; i-- {
		if err := s.closers[i].Close(); err != nil && first == nil {
			first = err
		}
	}
	s.closers = nil
	return first
}

// readAhead is the size of the pieces in which files are read.
const readAhead = 256 << 10

// Open starts reading. Errors about the content (encodings, the compression ratio) are *scan.Error, also those of later reads.
func (in *Input) Open(ctx context.Context, opt Options) (_ *Stream, err error) {
	if opt.MaxRatio == 0 {
		opt.MaxRatio = DefaultMaxRatio
	}
	s := &Stream{}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	s.stored = &counter{progress: opt.Progress}
	raw, err := in.raw(ctx, s)
	if err != nil {
		return nil, err
	}
	if opt.Hash {
		s.hash = newFingerprint()
		raw = io.TeeReader(raw, s.hash)
	}
	s.raw = raw
	raw = &cancelled{ctx, raw}
	if in.member != "" {
		raw = &guard{in: raw, packed: in.Size, most: opt.MaxRatio}
	}
	head := bufio.NewReaderSize(raw, readAhead)
	unpacked := io.Reader(head)
	if magic, _ := head.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(head)
		if err != nil {
			return nil, damaged(err)
		}
		inflated := &guard{in: z, stored: s.stored, most: opt.MaxRatio}
		if in.member != "" {
			inflated.stored, inflated.packed = nil, in.Size // of both compressions together
		}
		g := ahead(ctx, inflated)
		s.closers = append(s.closers, g)
		unpacked = g
	}
	if s.Reader, s.encoding, err = toUTF8(unpacked); err != nil {
		return nil, err
	}
	return s, nil
}

// raw opens the bytes as stored; of a member of an archive, what it holds.
func (in *Input) raw(ctx context.Context, s *Stream) (io.Reader, error) {
	if in.member == "" && in.Size < 0 {
		r, err := in.once(ctx, s)
		return &countedReader{r, s.stored}, err
	}
	f, err := os.Open(in.Path)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, f)
	if in.member == "" {
		return &countedReader{f, s.stored}, nil
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	at := &countedReaderAt{in: f}
	z, err := zip.NewReader(at, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.Path, err)
	}
	for _, m := range z.File {
		if m.Name == in.member {
			r, err := m.Open()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", in.Name, err)
			}
			s.closers = append(s.closers, r)
			at.to = s.stored // from here on the member is read, not the directory
			return r, nil
		}
	}
	return nil, fmt.Errorf("%s: the archive has changed: the member is gone", in.Name)
}

// once reads what can be read once only, and keeps it for the next time.
func (in *Input) once(ctx context.Context, s *Stream) (io.Reader, error) {
	if in.spool != nil {
		if !in.whole {
			return nil, fmt.Errorf("%s was not read to its end and cannot be read again", in.Name)
		}
		if _, err := in.spool.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		return in.spool, nil
	}
	f := os.Stdin
	if in.Path != "-" {
		var err error
		if f, err = openAwaited(ctx, in.Path); err != nil {
			return nil, err
		}
		s.closers = append(s.closers, f)
	}
	spool, err := os.CreateTemp("", ".cohortx-*") // 0600
	if err != nil {
		return nil, fmt.Errorf("keep %s: %w", in.Name, err)
	}
	_ = os.Remove(spool.Name()) // where an open file cannot be removed it stays until the folder is cleaned
	in.spool = spool
	return &spooling{in, &awaited{ctx: ctx, in: f}}, nil
}

// spooling copies what it reads into the input's spool.
type spooling struct {
	in *Input
	r  io.Reader
}

func (s *spooling) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if _, werr := s.in.spool.Write(p[:n]); werr != nil {
		return n, fmt.Errorf("keep %s: %w", s.in.Name, werr)
	}
	if err == io.EOF {
		s.in.whole = true
	}
	return n, err
}

// counter counts the bytes of the stored file.
type counter struct {
	n        atomic.Int64 // read by others for progress
	progress func(int64)
}

func (c *counter) add(n int) {
	total := c.n.Add(int64(n))
	if c.progress != nil {
		c.progress(total)
	}
}

type countedReader struct {
	in io.Reader
	to *counter
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.to.add(n)
	return n, err
}

// countedReaderAt counts once to is set.
type countedReaderAt struct {
	in io.ReaderAt
	to *counter
}

func (c *countedReaderAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.in.ReadAt(p, off)
	if c.to != nil {
		c.to.add(n)
	}
	return n, err
}

// cancelled ends reading when the context does.
type cancelled struct {
	ctx context.Context
	in  io.Reader
}

func (c *cancelled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.in.Read(p)
}

// guard ends a decompression that makes more of its input than an honest file could.
type guard struct {
	in     io.Reader
	stored *counter
	packed int64 // instead of stored: the whole compressed size
	most   float64
	n      int64
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.in.Read(p)
	g.n += int64(n)
	packed := g.packed
	if g.stored != nil {
		packed = g.stored.n.Load()
	}
	if g.n > ratioFrom && float64(g.n) > g.most*float64(packed) {
		return 0, &scan.Error{
			At: scan.Pos{Line: 1, Column: 1}, Code: CompressionRatio,
			Found:    fmt.Sprintf("%d bytes out of %d compressed ones", g.n, packed),
			Expected: fmt.Sprintf("at most %g times as many; --max-ratio sets the limit", g.most),
		}
	}
	return n, damaged(err)
}

// damaged gives the errors of broken compression a code.
func damaged(err error) error {
	var corrupt flate.CorruptInputError
	for _, is := range []error{io.ErrUnexpectedEOF, gzip.ErrChecksum, gzip.ErrHeader, zip.ErrChecksum, zip.ErrFormat} {
		if errors.Is(err, is) || errors.As(err, &corrupt) {
			return &scan.Error{At: scan.Pos{Line: 1, Column: 1}, Code: CompressionBroken, Found: err.Error(), Expected: "a whole compressed file; send it again"}
		}
	}
	return err
}

// pieces is a reader whose source is read on a goroutine of its own, a few pieces ahead.
type pieces struct {
	full  chan piece
	empty chan []byte
	stop  context.CancelFunc
	cur   []byte
	buf   []byte
	err   error
}

type piece struct {
	b   []byte
	err error
}

func ahead(ctx context.Context, r io.Reader) *pieces {
	ctx, stop := context.WithCancel(ctx)
	p := &pieces{full: make(chan piece, 2), empty: make(chan []byte, 3), stop: stop}
	for range cap(p.empty) {
		p.empty <- make([]byte, readAhead)
	}
	go func() {
		defer close(p.full)
		for {
			var b []byte
			select {
			case b = <-p.empty:
			case <-ctx.Done():
				return
			}
			n, err := io.ReadFull(r, b)
			if err == io.ErrUnexpectedEOF {
				err = io.EOF // ReadFull's word for a last piece that is short
			}
			select {
			case p.full <- piece{b[:n], err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return p
}

func (p *pieces) Read(dst []byte) (int, error) {
	for len(p.cur) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		if p.buf != nil {
			p.empty <- p.buf[:cap(p.buf)]
			p.buf = nil
		}
		next, ok := <-p.full
		if !ok {
			return 0, context.Canceled
		}
		p.buf, p.cur, p.err = next.b, next.b, next.err
	}
	n := copy(dst, p.cur)
	p.cur = p.cur[n:]
	return n, nil
}

// Close ends the goroutine and waits for it: the file under it is closed next.
func (p *pieces) Close() error {
	p.stop()
	for range p.full {
	}
	return nil
}

// Drain reads the rest of a stream that can be read once only, so that the input can be opened again.
func (in *Input) Drain(s *Stream) error {
	if in.Size >= 0 || in.whole {
		return nil
	}
	for _, c := range s.closers {
		if g, ok := c.(*pieces); ok { // the one other reader of the stored bytes
			g.Close()
		}
	}
	_, err := io.Copy(io.Discard, s.raw)
	return err
}
