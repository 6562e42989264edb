package drop

import (
	"context"
	"log/slog"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Watch looks whenever something happens in the inbox, and every poll even if nothing is heard: network file systems tell nothing. It calls
// each after every look, also after one that failed, which the next one tries again. It ends when ctx does: with nil between two runs, with
// the context's error in the midst of one.
func (d *Drop) Watch(ctx context.Context, poll time.Duration, each func(*Look, error)) error {
	heard, stop := d.listen()
	defer stop()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		look, err := d.Once(ctx)
		if ctx.Err() != nil {
			if err != nil && len(look.Runs) > 0 {
				each(look, nil)
				return err
			}
			return nil
		}
		each(look, err)
		if err == nil && look.growing() {
			continue // Once has waited, so this is no busy loop; it ends when the file has arrived
		}
		listen := heard
		if err != nil {
			listen = nil // what fails is tried again at the poll's pace, not as fast as its own moves are heard
		}
		select {
		case <-ctx.Done():
			return nil
		case <-listen:
		case <-tick.C:
		}
	}
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

// listen tells when something happens in the inbox: one message, however much happens until it is read.
func (d *Drop) listen() (heard <-chan struct{}, stop func()) {
	out := make(chan struct{}, 1)
	w, err := fsnotify.NewWatcher()
	if err == nil {
		if err = w.Add(d.path(inbox)); err != nil {
			w.Close()
		}
	}
	if err != nil {
		slog.Warn("the system does not tell when files arrive; looking now and then", "folder", d.path(inbox), "why", err)
		return out, func() {}
	}
	go func() {
		for {
			select {
			case _, ok := <-w.Events:
				if !ok {
					return
				}
			case err, ok := <-w.Errors:
				if !ok {
					return
				}
				slog.Warn("listening to the inbox", "why", err) // what was missed is found by the next look
			}
			select {
			case out <- struct{}{}:
			default:
			}
		}
	}()
	return out, func() { w.Close() }
}
