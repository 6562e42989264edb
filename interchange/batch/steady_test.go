package batch

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// What a steadyWriter lets go of is in the file all the same.
func TestSteadyWriter(t *testing.T) {
	rnd := rand.NewChaCha8([32]byte{7})
	for _, keep := range []bool{false, true} {
		f, err := os.Create(filepath.Join(t.TempDir(), "file"))
		if err != nil {
			t.Fatal(err)
		}
		w := &steadyWriter{f: f, keep: keep}
		want := sha256.New()
		piece := make([]byte, stride/5+17)
		for range 19 { // nearly four strides
			_, _ = rnd.Read(piece[:4096])
			if n, err := w.Write(piece); n != len(piece) || err != nil {
				t.Fatal(n, err)
			}
			want.Write(piece)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		all, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if got := sha256.Sum256(all); !bytes.Equal(got[:], want.Sum(nil)) {
			t.Error("the file has other bytes than were written")
		}
		if (w.gone == 0) != keep {
			t.Errorf("keep %v: let go of %d bytes", keep, w.gone)
		}
		if _, err := w.Write(piece); err == nil {
			t.Error("a write to a closed file is no error")
		}
	}
}
