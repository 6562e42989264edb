package source

import (
	"context"
	"crypto/sha256"
	"io"

	"github.com/zeebo/xxh3"
)

// XXH128 is the hash of the input as stored, 16 bytes as xxh128sum prints them, of an archive's member as it is when unpacked, after the end has
// been read; nil without Options.Hash. A file is known again by it: two files differ in it as surely as in any hash of that length, unless
// somebody makes them alike on purpose, who could as well have written what he likes into either. A cryptographic hash would take an eighth of
// an import (BLAKE3), or a quarter (SHA-256).
func (s *Stream) XXH128() []byte {
	if s.hash == nil {
		return nil
	}
	return xxh128(s.hash)
}

func xxh128(h *xxh3.Hasher) []byte {
	sum := h.Sum128().Bytes()
	return sum[:]
}

// XXH128 reads the input for its hash.
func (in *Input) XXH128(ctx context.Context) ([]byte, error) {
	h := xxh3.New()
	err := in.sum(ctx, h)
	return xxh128(h), err
}

// SHA256 reads the input for its SHA-256, which manifests name.
func (in *Input) SHA256(ctx context.Context) ([]byte, error) {
	h := sha256.New()
	err := in.sum(ctx, h)
	return h.Sum(nil), err
}

// sum gives a hash the bytes as stored, and reads them ahead meanwhile.
func (in *Input) sum(ctx context.Context, h io.Writer) error {
	s := &Stream{stored: &counter{}}
	defer s.Close()
	raw, err := in.raw(ctx, s)
	if err != nil {
		return err
	}
	pieces := ahead(ctx, &cancelled{ctx, raw})
	s.closers = append(s.closers, pieces)
	_, err = io.CopyBuffer(h, struct{ io.Reader }{pieces}, make([]byte, readAhead))
	return err
}
