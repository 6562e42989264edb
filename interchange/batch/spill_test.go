package batch

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// A follower reads what the spill has, whether pieces come in order, again or from anywhere.
func TestFollower(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 3))
	for _, pieces := range []int{1, 10, 5000} {
		s := &spill{dir: t.TempDir(), what: "piece"}
		var want [][]byte
		var from []int64
		for range pieces {
			piece := make([]byte, rnd.IntN(100))
			if rnd.IntN(1000) == 0 {
				piece = make([]byte, 2*spillHeld)
			}
			for i := range piece {
				piece[i] = byte(rnd.Uint32())
			}
			at, err := s.add(piece)
			if err != nil {
				t.Fatal(err)
			}
			want, from = append(want, piece), append(from, at)
		}
		f := follower{of: s}
		read := func(i int) {
			t.Helper()
			piece := make([]byte, len(want[i]))
			if err := f.read(piece, from[i]); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(piece, want[i]) {
				t.Fatalf("piece %d of %d, %d bytes: read others", i, pieces, len(piece))
			}
		}
		for i := range want {
			read(i)
			if rnd.IntN(20) == 0 {
				read(rnd.IntN(pieces))
				read(i)
			}
		}
		for range pieces {
			read(rnd.IntN(pieces))
		}
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
	}
}
