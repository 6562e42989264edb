package store

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"

	"cohortx/interchange"
)

// ahead reads incoming records and the stored ones beside them, a few blocks before the merge. One goroutine fills blocks with incoming
// records; others, each with a connection of its own, add the stored rows to a block each. Their snapshots are the store as it was at
// Begin, since nobody else can write meanwhile. The blocks come out of full in order; a block is ready when its channel says so.
type ahead struct {
	ctx   context.Context
	db    *DB
	shape *shape
	in    Staged
	full  chan *block
	empty chan *block
	todo  chan *block
	stop  context.CancelFunc

	next    *StagedRecord // read but not yet in a block
	readers sync.WaitGroup
}

// mostReaders bounds the connections that read stored rows. Two keep up with the merge of a file in which little has changed.
const mostReaders = 4

// readAhead starts the goroutines. Whoever calls it takes every block from full, gives it back to empty, and calls close at last.
func readAhead(ctx context.Context, db *DB, s *shape, in Staged) *ahead {
	readers := min(mostReaders, runtime.GOMAXPROCS(0))
	a := &ahead{db: db, shape: s, in: in}
	a.ctx, a.stop = context.WithCancel(ctx)
	a.full, a.todo, a.empty = make(chan *block, readers+1), make(chan *block), make(chan *block, readers+3)
	for range cap(a.empty) {
		a.empty <- &block{ready: make(chan struct{}, 1)}
	}
	go a.run(readers)
	return a
}

// close ends the goroutines and waits for them: nobody may use in afterwards.
func (a *ahead) close() {
	a.stop()
	for b := range a.full {
		<-b.ready
	}
	a.readers.Wait()
}

func (a *ahead) run(readers int) {
	defer close(a.full)
	defer close(a.todo)
	started := 0
	for {
		var b *block
		select {
		case b = <-a.empty:
		case <-a.ctx.Done():
			return
		}
		more, err := a.fill(b)
		b.err = err
		select {
		case a.full <- b:
		case <-a.ctx.Done():
			return
		}
		if err != nil || len(b.records) == 0 {
			b.ready <- struct{}{}
			return
		}
		if started < readers { // a small file has work for one
			started++
			a.readers.Add(1)
			go a.read()
		}
		a.todo <- b // a reader takes it even when the context has ended
		if !more {
			return
		}
	}
}

// read adds the stored rows to blocks.
func (a *ahead) read() {
	defer a.readers.Done()
	var r *storedReader
	c, err := a.db.connect(false)
	if err == nil {
		defer c.Close()
		if r, err = newStoredReader(c, a.shape); err == nil {
			defer r.close()
		}
	}
	for b := range a.todo {
		if b.err = err; err == nil {
			b.err = r.read(a.ctx, b)
		}
		b.ready <- struct{}{}
	}
}

// fill takes the next incoming records; more is false at their end.
func (a *ahead) fill(b *block) (more bool, err error) {
	b.groups, b.records, b.arena, b.cohorts = b.groups[:0], b.records[:0], b.arena[:0], b.cohorts[:0]
	b.stored, b.sections = b.stored[:0], b.sections[:0]
	for {
		r := a.next
		a.next = nil
		if r == nil {
			if r, err = a.in.Next(); err == io.EOF {
				return false, nil
			} else if err != nil {
				return false, fmt.Errorf("read staged associations: %w", err)
			}
		}
		at := pairOf(r.Cohort, r.Person)
		n := len(b.groups)
		if n == 0 || b.groups[n-1].pair != at {
			if len(b.records) >= blockRecords {
				a.next = r
				return true, nil
			}
			b.groups = append(b.groups, group{at, len(b.records), len(b.records)})
			n++
			if k := len(b.cohorts); k > 0 && b.cohorts[k-1].cohort == r.Cohort {
				b.cohorts[k-1].last = r.Person
			} else {
				b.cohorts = append(b.cohorts, span{r.Cohort, r.Person, r.Person})
			}
		}
		rec := r.Record
		if !storable(rec.Begin) || rec.End != interchange.NoDate && !storable(rec.End) {
			return false, fmt.Errorf("an association's date is outside of 1900-2199: begin %d, end %d", rec.Begin, rec.End)
		}
		if len(rec.Sections) > 0 {
			from := len(b.arena)
			b.arena = append(b.arena, rec.Sections...)
			// An arena that moves leaves earlier slices on the old one, which is as good.
			rec.Sections = b.arena[from:len(b.arena):len(b.arena)]
		} else {
			rec.Sections = nil
		}
		b.records = append(b.records, rec)
		b.groups[n-1].to = len(b.records)
	}
}
