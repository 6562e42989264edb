package main

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"cohortx/interchange/batch"
)

// bar shows on a terminal how far a command is: bytes, rate, entities, time left. Elsewhere it shows nothing.
type bar struct {
	mu    sync.Mutex
	b     *progressbar.ProgressBar
	file  string
	done  int64 // bytes of the files before this one
	last  int64
	shown time.Time
}

func newBar(c *cli.Context, files []string) *bar {
	stderr, ok := c.App.ErrWriter.(*os.File)
	if !ok || !term.IsTerminal(int(stderr.Fd())) || c.Bool("quiet") || c.Bool("json") {
		return &bar{}
	}
	total := int64(0)
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			total = -1 // a folder, a pipe: the end is not known
			break
		}
		total += info.Size()
	}
	return &bar{b: progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(stderr), progressbar.OptionShowBytes(true), progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth())}
}

func (b *bar) progress() func(batch.Progress) {
	if b.b == nil {
		return nil
	}
	return func(p batch.Progress) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if p.File != b.file {
			b.done += b.last
			b.file = p.File
		}
		b.last = p.Bytes
		if now := time.Now(); now.Sub(b.shown) > 100*time.Millisecond {
			b.shown = now
			b.b.Describe(fmt.Sprintf("%d entities", p.Entities))
		}
		_ = b.b.Set64(b.done + p.Bytes) // an ornament: what goes wrong with it is not worth a word
	}
}

func (b *bar) finish() {
	if b.b != nil {
		_ = b.b.Finish()
	}
}
