package source

import (
	"context"
	"crypto/sha256"
	"hash"
	"io"

	"github.com/zeebo/blake3"
)

// BLAKE3 is the hash of the input as stored, 32 bytes, of an archive's member as it is when unpacked, after the end has been read; nil without
// Options.Hash. A file is known again by it.
func (s *Stream) BLAKE3() []byte {
	if s.hash == nil {
		return nil
	}
	return s.hash.Sum(nil)
}

// BLAKE3 reads the input for its hash.
func (in *Input) BLAKE3(ctx context.Context) ([]byte, error) { return in.sum(ctx, blake3.New()) }

// SHA256 reads the input for its SHA-256, which manifests name.
func (in *Input) SHA256(ctx context.Context) ([]byte, error) { return in.sum(ctx, sha256.New()) }

// sum hashes the bytes as stored, and reads them ahead meanwhile.
func (in *Input) sum(ctx context.Context, h hash.Hash) ([]byte, error) {
	s := &Stream{stored: &counter{}}
	defer s.Close()
	raw, err := in.raw(ctx, s)
	if err != nil {
		return nil, err
	}
	pieces := ahead(ctx, &cancelled{ctx, raw})
	s.closers = append(s.closers, pieces)
	if _, err := io.CopyBuffer(h, struct{ io.Reader }{pieces}, make([]byte, readAhead)); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}
