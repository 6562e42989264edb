package store

import (
	"database/sql/driver"
	"sync"
)

// background executes full statements of bulks on a goroutine of its own, in the order in which they come, while the merge settles the rows of
// the next ones. Everything else that is done with the connection waits until it is idle, see conn.settle.
type background struct {
	todo chan statement
	work sync.WaitGroup // statements that have not been executed
	err  error          // of the first that failed; the later ones are not executed. Read when work is done.
}

// statement is a full one, and where its arguments go when it has been executed.
type statement struct {
	run  *stmt
	args []driver.NamedValue
	free chan<- []driver.NamedValue
}

// inBackground has bulks of the connection executed by another goroutine until stop is called.
func (c *conn) inBackground() (stop func()) {
	b := &background{todo: make(chan statement, mostLent)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for s := range b.todo {
			if b.err == nil {
				b.err = c.runNamed(s.run, s.args)
			}
			s.free <- s.args
			b.work.Done()
		}
	}()
	c.behind = b
	return func() {
		close(b.todo)
		<-ended
		c.behind = nil
	}
}

// submit gives a statement away.
func (b *background) submit(s statement) {
	b.work.Add(1)
	b.todo <- s
}

// settle waits until nothing of what was given away is left, and says what failed.
func (c *conn) settle() error {
	if c.behind == nil {
		return nil
	}
	c.behind.work.Wait()
	return c.behind.err
}
