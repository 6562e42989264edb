package drop

import (
	"context"
	"log/slog"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Watch looks whenever something happens in the inbox, and every poll even if nothing is heard: network file systems tell nothing. It calls
// each after every look. One that failed is tried again, ever more rarely, see [pause]. It ends when ctx does: with nil between two runs, with
// the context's error in the midst of one.
func (d *Drop) Watch(ctx context.Context, poll time.Duration, each func(*Look, error)) error {
	ears := d.listen()
	defer ears.close()
	for failures := 0; ; {
		ears.open()
		look, err := d.Once(ctx)
		if ctx.Err() != nil {
			if len(look.Runs) == 0 {
				return nil
			}
			each(look, nil)
			return err
		}
		each(look, err)
		if err == nil && look.growing() {
			continue // Once has waited, so this is no busy loop; it ends when the file has arrived
		}
		heard := ears.heard
		if failures++; err == nil {
			failures = 0
		} else {
			heard = nil // what fails is tried again at its pace, not as fast as its own moves are heard
		}
		timer := time.NewTimer(pause(poll, failures))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-heard:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// longestPause is how long what fails is at most left alone, where the poll is shorter.
const longestPause = time.Hour

// pause is how long to wait for the next look after so many in a row have failed: the poll, and after each further failure twice as long, so that
// a disk that is full all night costs neither a thousand runs nor as many alerts.
func pause(poll time.Duration, failures int) time.Duration {
	p := poll
	for ; failures > 1 && p < longestPause; failures-- {
		p *= 2
	}
	return max(poll, min(p, longestPause))
}

// growing reports whether a file was left only because it grew.
func (l *Look) growing() bool {
	for _, left := range l.Left {
		if left.Why == stillGrowing {
			return true
		}
	}
	return false
}

// ears hear of what happens in the inbox: heard gets one message, however much happens until it is read.
type ears struct {
	inbox   string
	watcher *fsnotify.Watcher // nil: the system does not tell
	heard   chan struct{}
}

func (d *Drop) listen() *ears {
	e := &ears{inbox: d.path(inbox), heard: make(chan struct{}, 1)}
	w, err := fsnotify.NewWatcher()
	if err == nil {
		e.watcher = w
		err = w.Add(e.inbox)
		go e.listen()
	}
	if err != nil {
		slog.Warn("the system does not tell when files arrive; looking now and then", "folder", e.inbox, "why", err)
	}
	return e
}

// open makes sure that it is the inbox of now that is listened to: somebody may have removed the folder and made it again.
func (e *ears) open() {
	if e.watcher != nil {
		_ = e.watcher.Add(e.inbox) // what is wrong with the folder is the next look's to say
	}
}

func (e *ears) close() {
	if e.watcher != nil {
		e.watcher.Close()
	}
}

func (e *ears) listen() {
	for {
		select {
		case _, ok := <-e.watcher.Events:
			if !ok {
				return
			}
		case err, ok := <-e.watcher.Errors:
			if !ok {
				return
			}
			slog.Warn("listening to the inbox", "why", err) // what was missed is found by the next look
		}
		select {
		case e.heard <- struct{}{}:
		default:
		}
	}
}
