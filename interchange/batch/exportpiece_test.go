package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"

	"cohortx/interchange"
	"cohortx/interchange/report"
)

// brokenDisk takes so many writes.
type brokenDisk struct{ takes int }

func (d *brokenDisk) Write(p []byte) (int, error) {
	if d.takes--; d.takes < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(p), nil
}

// Pieces are written in their order however many goroutines make them, and whatever breaks, all goroutines have ended when its error comes back.
func TestPieces(t *testing.T) {
	const all = 500
	broken := errors.New("broken")
	for _, jobs := range []int{1, 2, 7} {
		for name, test := range map[string]struct {
			list, encode int // where they break; 0: nowhere
			writes       int // how many the disk takes
			cancel       bool
			want         string
		}{
			"OK":           {writes: all + 1},
			"the store":    {list: 200, writes: all + 1, want: "broken"},
			"the encoder":  {encode: 100, writes: all + 1, want: "broken"},
			"the disk":     {writes: 50, want: "no space left"},
			"at the start": {writes: 0, want: "no space left"},
			"cancelled":    {cancel: true, writes: all + 1, want: "context canceled"},
		} {
			t.Run(fmt.Sprint(name, jobs), func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var out bytes.Buffer
				x := &exporter{out: &report.Export{Counts: map[string]int64{}}, left: &leftOut{}, start: []byte("<"), w: io.MultiWriter(&brokenDisk{test.writes}, &out)}
				for range jobs {
					x.workers = append(x.workers, &pieceWorker{})
					x.pieces = append(x.pieces, &piece{done: make(chan error, 1)}, &piece{done: make(chan error, 1)})
				}
				reading := false
				list := func(ctx context.Context) iter.Seq2[int, error] {
					return func(yield func(int, error) bool) {
						reading = true
						defer func() { reading = false }()
						for i := 1; i <= all; i++ {
							if test.cancel && i == 300 {
								cancel()
							}
							if i == test.list {
								yield(0, broken)
								return
							}
							if !yield(i, nil) {
								return
							}
						}
					}
				}
				err := pieces(ctx, x, interchange.CohortKind, list, func(_ *pieceWorker, p *piece, i int) error {
					if i == test.encode {
						return broken
					}
					p.text = append(p.text, strings.Repeat(fmt.Sprint(i, " "), 1+i*i%7)...) // of unequal lengths
					p.count = 2
					return nil
				})
				if reading {
					t.Error("the list is still being read")
				}
				if test.want != "" {
					if err == nil || !strings.Contains(err.Error(), test.want) {
						t.Errorf("found %v, expected %q", err, test.want)
					}
					return
				}
				want := "<"
				for i := 1; i <= all; i++ {
					want += strings.Repeat(fmt.Sprint(i, " "), 1+i*i%7)
				}
				if err != nil || out.String() != want || x.out.Counts["Cohort"] != 2*all {
					t.Errorf("%v, %d counted, or the pieces are not in order", err, x.out.Counts["Cohort"])
				}
			})
		}
	}
}
