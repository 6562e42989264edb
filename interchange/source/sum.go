package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"hash"
	"io"

	"github.com/zeebo/xxh3"
)

// mostAgain is the size up to which an input is read a second time for its SHA256: so much the operating system has kept in memory since it
// was read. SHA-256 takes as long as all other work on a byte, so that it is left for when a processor is idle.
const mostAgain = 2 << 30

// sums are the hashes of an input as it is stored; of an archive's member, as it is when unpacked.
type sums struct {
	fingerprint *xxh3.Hasher
	sha256      hash.Hash // nil: see Input.SHA256
}

func (s *sums) Write(p []byte) (int, error) {
	_, _ = s.fingerprint.Write(p) // a hash takes everything
	if s.sha256 != nil {
		s.sha256.Write(p)
	}
	return len(p), nil
}

// again reports whether the input can be read a second time at little cost.
func (in *Input) again() bool { return in.Size >= 0 && in.Size <= mostAgain }

// Fingerprint is the XXH3 hash of the input as stored, 128 bits, after the end has been read; nil without Options.Hash. It tells files apart as
// surely as any hash of that length, unless somebody makes two of them alike on purpose.
func (s *Stream) Fingerprint() []byte {
	if s.sums == nil {
		return nil
	}
	sum := s.sums.fingerprint.Sum128().Bytes()
	return sum[:]
}

// SHA256 is the hash of the input as stored, after the end has been read. It is nil without Options.Hash, and when there is time for it later, see
// [Input.SHA256].
func (s *Stream) SHA256() []byte {
	if s.sums == nil || s.sums.sha256 == nil {
		return nil
	}
	return s.sums.sha256.Sum(nil)
}

// Fingerprint reads the input for its fingerprint.
func (in *Input) Fingerprint(ctx context.Context) ([]byte, error) {
	s, err := in.sum(ctx, &sums{fingerprint: xxh3.New()})
	if err != nil {
		return nil, err
	}
	return s.Fingerprint(), nil
}

// SHA256 reads the input for its SHA-256. With a fingerprint, that of an earlier reading, the hash is that of the bytes that were read then, or nil
// when they have changed since.
func (in *Input) SHA256(ctx context.Context, fingerprint []byte) ([]byte, error) {
	s, err := in.sum(ctx, &sums{fingerprint: xxh3.New(), sha256: sha256.New()})
	if err != nil || fingerprint != nil && !bytes.Equal(fingerprint, s.Fingerprint()) {
		return nil, err
	}
	return s.SHA256(), nil
}

// sum reads the bytes as stored, and nothing of what they mean.
func (in *Input) sum(ctx context.Context, to *sums) (*Stream, error) {
	s := &Stream{sums: to, stored: &counter{}}
	defer s.Close()
	raw, err := in.raw(ctx, s)
	if err != nil {
		return nil, err
	}
	raw = &cancelled{ctx, raw}
	for piece := make([]byte, readAhead); ; {
		n, err := raw.Read(piece)
		_, _ = to.Write(piece[:n])
		switch {
		case err == io.EOF:
			return s, nil
		case err != nil:
			return nil, err
		}
	}
}
