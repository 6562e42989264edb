package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"cohortx/interchange/batch"
	"cohortx/interchange/source"
)

// bar shows on a terminal how far a command is: bytes, rate, entities, time left, and the step when nothing is being read. Elsewhere it
// shows nothing.
type bar struct {
	mu      sync.Mutex
	out     io.Writer  // nil: nothing is shown
	columns func() int // of the terminal
	total   int64      // bytes of all files; -1 when not known
	started time.Time
	shown   time.Time

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
	now := time.Now()
	return &bar{out: stderr, columns: func() int { return columns(stderr) }, total: total, started: now, shown: now}
}

// columns is the width of a terminal.
func columns(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			return width
		}
	}
	return 80
}

func (b *bar) progress() func(batch.Progress) {
	if b.out == nil {
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
	b.write(b.line(b.doneBytes+b.bytes, now.Sub(b.started), text, b.columns()))
}

// write shows a line in place of the one before. The bar is an ornament: what goes wrong with it is not worth a word.
func (b *bar) write(line string) { _, _ = io.WriteString(b.out, "\r\x1b[K"+line) }

// line is the bar after that many bytes and that long: text, how much is done, the bar if there is room, bytes, rate, time left. It is one column
// shorter than the terminal, so that it takes one line of it.
func (b *bar) line(bytes int64, spent time.Duration, text string, columns int) string {
	rate := float64(bytes) / max(spent.Seconds(), 1e-3)
	head, tail := text, fmt.Sprintf("%s, %s/s", size(float64(bytes)), size(rate))
	room := 0
	if b.total > 0 {
		done := min(bytes, b.total)
		head += fmt.Sprintf("  %d%%", 100*done/b.total)
		tail = fmt.Sprintf("%s of %s, %s/s", size(float64(bytes)), size(float64(b.total)), size(rate))
		if bytes > 0 {
			tail += fmt.Sprintf(", %v left", (time.Duration(float64(spent) * float64(b.total-done) / float64(done))).Round(time.Second))
		}
		room = columns - 1 - len(head) - len(tail) - len(" [] ")
		if room > 0 {
			full := int(int64(room) * done / b.total)
			head += " [" + strings.Repeat("=", full) + strings.Repeat(" ", room-full) + "]"
		}
	}
	line := head + " " + tail
	return line[:min(len(line), max(columns-1, 0))]
}

// size is a number of bytes for people.
func size(bytes float64) string {
	unit := 0
	for ; bytes >= 1000 && unit < 4; unit++ {
		bytes /= 1000
	}
	if unit == 0 {
		return fmt.Sprintf("%.0f B", bytes)
	}
	return fmt.Sprintf("%.1f %cB", bytes, " kMGT"[unit])
}

// clear makes room for a line of output on the same terminal. The bar comes back with its next move.
func (b *bar) clear() {
	if b.out != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.write("")
	}
}

func (b *bar) finish() { b.clear() }
