package main

import (
	"strings"
	"testing"
	"time"

	"cohortx/interchange/batch"
)

func TestBar_line(t *testing.T) {
	for name, tt := range map[string]struct {
		total, bytes int64
		spent        time.Duration
		columns      int
		want         string
	}{
		"Start":     {1000, 0, 0, 80, "5 entities  0% [" + strings.Repeat(" ", 41) + "] 0 B of 1.0 kB, 0 B/s"},
		"Half":      {20e6, 10e6, 2 * time.Second, 80, "5 entities  50% [" + strings.Repeat("=", 11) + strings.Repeat(" ", 12) + "] 10.0 MB of 20.0 MB, 5.0 MB/s, 2s left"},
		"Done":      {999, 999, time.Second, 80, "5 entities  100% [" + strings.Repeat("=", 27) + "] 999 B of 999 B, 999 B/s, 0s left"},
		"Grown":     {1000, 3000, time.Second, 70, "5 entities  100% [" + strings.Repeat("=", 14) + "] 3.0 kB of 1.0 kB, 3.0 kB/s, 0s left"},
		"Unknown":   {-1, 2.5e9, 10 * time.Second, 80, "5 entities 2.5 GB, 250.0 MB/s"},
		"NoRoom":    {20e6, 10e6, 2 * time.Second, 30, "5 entities  50% 10.0 MB of 20"},
		"NoColumns": {20e6, 10e6, 2 * time.Second, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := &bar{total: tt.total}
			if got := b.line(tt.bytes, tt.spent, "5 entities", tt.columns); got != tt.want {
				t.Errorf("found    %q (%d)\nexpected %q (%d)", got, len(got), tt.want, len(tt.want))
			}
		})
	}
}

// TestBar_move: a step is shown at once, bytes once in a while, those of files before the present one counted.
func TestBar_move(t *testing.T) {
	var out strings.Builder
	now := time.Now()
	b := &bar{out: &out, columns: func() int { return 60 }, total: -1, started: now, shown: now.Add(time.Hour)}
	b.progress()(batch.Progress{File: "a", Bytes: 100, Entities: 7})
	if out.Len() > 0 {
		t.Errorf("found %q before its time", out.String())
	}
	b.progress()(batch.Progress{File: "b", Bytes: 50, Entities: 1})
	b.progress()(batch.Progress{Step: "apply"})
	if got := out.String(); !strings.HasPrefix(got, "\r\x1b[K8 entities, apply 150 B, ") {
		t.Errorf("found %q, expected the step and what both files have", got)
	}
	out.Reset()
	b.finish()
	if out.String() != "\r\x1b[K" {
		t.Errorf("found %q at the end, expected an empty line", out.String())
	}
	none := &bar{}
	none.clear()
	none.finish()
	if none.progress() != nil {
		t.Error("found progress without a terminal")
	}
}
