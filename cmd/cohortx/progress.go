package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/urfave/cli/v2"

	"cohortx/interchange/batch"
	"cohortx/interchange/source"
)

// bar shows on a terminal how far a command is: bytes, rate, entities, time left, and the step when nothing is being read. Elsewhere it
// shows nothing.
type bar struct {
	mu    sync.Mutex
	b     *progressbar.ProgressBar
	total int64 // bytes of all files; -1 when not known
	shown time.Time

	file                      string
	bytes, entities           int64 // of the file
	doneBytes, beforeEntities int64 // of the files before it
}

// refresh is how often a bar changes: often enough to move, seldom enough to cost nothing.
const refresh = 100 * time.Millisecond

func newBar(c *cli.Context, files []string) *bar {
	stderr := c.App.ErrWriter
	if !isTerminal(stderr) || c.Bool("quiet") || c.Bool("json") {
		return &bar{}
	}
	total := int64(0)
	inputs, err := source.Expand(files)
	if err != nil {
		return &bar{} // the command itself will say so
	}
	for _, in := range inputs {
		if in.Size < 0 {
			total = -1 // a pipe: the end is not known
			break
		}
		total += in.Size
	}
	b := &bar{total: total, shown: time.Now(), b: progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(stderr), progressbar.OptionShowBytes(true), progressbar.OptionSetPredictTime(true),
		progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth())}
	b.b.StartWithoutRender() // rates are counted from here on
	return b
}

func (b *bar) progress() func(batch.Progress) {
	if b.b == nil {
		return nil
	}
	return b.move
}

func (b *bar) move(p batch.Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.Step == "" {
		if p.File != b.file {
			b.doneBytes, b.beforeEntities = b.doneBytes+b.bytes, b.beforeEntities+b.entities
			b.file = p.File
		}
		b.bytes, b.entities = p.Bytes, p.Entities
	}
	// A step is shown at once, for it may be long and say nothing.
	now := time.Now()
	if p.Step == "" && now.Sub(b.shown) < refresh {
		return
	}
	b.shown = now
	text := fmt.Sprintf("%d entities", b.beforeEntities+b.entities)
	if p.Step != "" {
		text += ", " + p.Step
	}
	// A bar that has reached its end shows nothing more, but what was read must still be applied.
	at := b.doneBytes + b.bytes
	if b.total >= 0 {
		at = min(at, b.total-1)
	}
	_ = b.b.Set64(max(at, 0)) // an ornament: what goes wrong with it is not worth a word
	b.b.Describe(text)
}

// clear makes room for a line of output on the same terminal. The bar comes back with its next move.
func (b *bar) clear() {
	if b.b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		_ = b.b.Clear()
	}
}

func (b *bar) finish() {
	if b.b != nil {
		_ = b.b.Finish()
	}
}
