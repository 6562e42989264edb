package source

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync/atomic"

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
	Hash     bool          // compute SHA256; only then it is known at the end
	Progress func(n int64) // called now and then with the bytes of the stored file read so far; by one goroutine at a time
}

// Stream is the text of an input in UTF-8, without a byte-order mark.
type Stream struct {
	io.Reader
	encoding string
	closers  []io.Closer
	hash     hash.Hash
	stored   *counter
}

// Encoding is the encoding that the input was in.
func (s *Stream) Encoding() string { return s.encoding }

// SHA256 is the hash of the input as stored, after the end has been read; nil without Options.Hash.
func (s *Stream) SHA256() []byte {
	if s.hash == nil {
		return nil
	}
	return s.hash.Sum(nil)
}

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
	raw, err := in.raw(s)
	if err != nil {
		return nil, err
	}
	s.stored = &counter{in: raw, progress: opt.Progress}
	if opt.Hash {
		s.hash = sha256.New()
		s.stored.hash = s.hash
	}
	head := bufio.NewReaderSize(&cancelled{ctx, s.stored}, readAhead)
	unpacked := io.Reader(head)
	if magic, _ := head.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(head)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.Name, err)
		}
		g := ahead(ctx, &guard{in: z, stored: s.stored, most: opt.MaxRatio})
		s.closers = append(s.closers, g)
		unpacked = g
	} else if in.member != "" {
		unpacked = &guard{in: head, packed: in.Size, most: opt.MaxRatio}
	}
	if s.Reader, s.encoding, err = toUTF8(unpacked); err != nil {
		return nil, err
	}
	return s, nil
}

// raw opens the bytes as stored; of a member of an archive, the member's.
func (in *Input) raw(s *Stream) (io.Reader, error) {
	switch {
	case in.member != "":
		z, err := zip.OpenReader(in.Path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.Path, err)
		}
		s.closers = append(s.closers, z)
		for _, m := range z.File {
			if m.Name == in.member {
				f, err := m.Open()
				if err != nil {
					return nil, fmt.Errorf("%s: %w", in.Name, err)
				}
				s.closers = append(s.closers, f)
				return f, nil
			}
		}
		return nil, fmt.Errorf("%s: the archive has changed: the member is gone", in.Name)
	case in.Size < 0:
		return in.once(s)
	}
	f, err := os.Open(in.Path)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, f)
	return f, nil
}

// once reads what can be read once only, and keeps it for the next time.
func (in *Input) once(s *Stream) (io.Reader, error) {
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
		if f, err = os.Open(in.Path); err != nil {
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
	return &spooling{in, f}, nil
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

// counter counts and hashes the bytes of the stored file.
type counter struct {
	in       io.Reader
	n        atomic.Int64 // read by others for progress
	hash     hash.Hash
	progress func(int64)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	total := c.n.Add(int64(n))
	if c.hash != nil {
		c.hash.Write(p[:n])
	}
	if c.progress != nil {
		c.progress(total)
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
	switch {
	case err == nil || err == io.EOF:
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrFormat):
		err = &scan.Error{At: scan.Pos{Line: 1, Column: 1}, Code: CompressionBroken, Found: err.Error(), Expected: "a whole compressed file; send it again"}
	}
	return n, err
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
	_, err := io.Copy(io.Discard, s.stored)
	return err
}

// OpenRaw reads the bytes as stored, and nothing of what they mean, for their SHA256.
func (in *Input) OpenRaw(ctx context.Context) (*Stream, error) {
	s := &Stream{hash: sha256.New()}
	raw, err := in.raw(s)
	if err != nil {
		s.Close()
		return nil, err
	}
	s.stored = &counter{in: raw, hash: s.hash}
	s.Reader = &cancelled{ctx, s.stored}
	return s, nil
}
