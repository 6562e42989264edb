package batch

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"

	"cohortx/interchange"
)

// record is one staged association, 32 bytes: who, in which cohort, from when to when, and where in the input it stands.
type record struct {
	pair       uint64 // cohort number << 32 | person number: the first part of the stored primary key
	place      interchange.Place
	begin, end interchange.Date
	sections   uint32 // 1 + index of its section list in the chunk's arena; 0: no sections
	access     uint8  // StudentRecordAccess: 0 absent, 1 false, 2 true
}

func (r *record) cohort() uint32 { return uint32(r.pair >> 32) }
func (r *record) person() uint32 { return uint32(r.pair) }

// compareRecords orders records as the store's primary key does, equal keys as they stand in the input.
func compareRecords(a, b *record) int {
	if a.pair != b.pair {
		return cmp.Compare(a.pair, b.pair)
	}
	if a.begin != b.begin {
		return cmp.Compare(a.begin, b.begin)
	}
	return cmp.Compare(a.place, b.place)
}

const (
	// chunkRecords is how many records are sorted at once: 4 MiB. Larger chunks merge from fewer runs but hold more memory.
	chunkRecords = 1 << 17
	// chunksInMemory is how many sorted chunks, together 32 MiB, stay in memory; when there are more, all go to disk.
	chunksInMemory = 8
)

// chunk is a bounded number of records with the section lists that they point at, each list led by its length in place of a number.
type chunk struct {
	records []record
	arena   []interchange.SectionUse
}

func (c *chunk) add(r record, sections []interchange.SectionUse) {
	if len(sections) > 0 {
		r.sections = uint32(len(c.arena)) + 1
		c.arena = append(c.arena, interchange.SectionUse{Section: uint32(len(sections))})
		c.arena = append(c.arena, sections...)
	}
	c.records = append(c.records, r)
}

func (c *chunk) list(r *record) []interchange.SectionUse {
	if r.sections == 0 {
		return nil
	}
	at := r.sections - 1
	n := c.arena[at].Section
	return c.arena[at+1 : at+1+n]
}

// sorter takes records in any order and gives them back in the order of the store's primary key. It holds a bounded number of
// them in memory and the rest in sorted runs in one temporary file that has no name (a killed process leaves nothing behind).
type sorter struct {
	dir     string // where the temporary file goes
	size    int    // records a chunk
	keep    int    // sorted chunks held in memory
	open    *chunk
	sorted  []*chunk
	file    *os.File
	regions []region
	end     int64
	busy    chan error // the one sort under way, nil when there is none
	scratch []record   // of that sort
	n       int64
}

// region is one sorted run in the temporary file.
type region struct{ from, to int64 }

func newSorter(dir string) *sorter {
	return &sorter{dir: dir, size: chunkRecords, keep: chunksInMemory}
}

// Len is the number of records added.
func (s *sorter) Len() int64 { return s.n }

// add stages one record. The sections are copied.
func (s *sorter) add(r record, sections []interchange.SectionUse) error {
	if s.open == nil {
		s.open = &chunk{}
		if s.n > 0 { // the input is large: what the second chunk needs is known
			s.open.records = make([]record, 0, s.size)
		}
	}
	s.open.add(r, sections)
	s.n++
	if len(s.open.records) >= s.size {
		return s.flush()
	}
	return nil
}

// flush hands the open chunk to a goroutine that sorts it, and writes it to disk if enough are in memory, while the next one fills.
func (s *sorter) flush() error {
	if err := s.wait(); err != nil {
		return err
	}
	c := s.open
	s.open = nil
	if c == nil || len(c.records) == 0 {
		return nil
	}
	done := make(chan error, 1)
	s.busy = done
	go func() {
		s.sort(c)
		if len(s.sorted) < s.keep && len(s.regions) == 0 {
			s.sorted = append(s.sorted, c)
			done <- nil
			return
		}
		done <- s.spillAll(c)
	}()
	return nil
}

// sort orders a chunk. What it sorts into is the chunk then, and the chunk's own records are what the next one is sorted into.
func (s *sorter) sort(c *chunk) {
	if len(s.scratch) < len(c.records) {
		s.scratch = make([]record, len(c.records))
	}
	n := len(c.records)
	sorted := sortRecords(c.records, s.scratch[:n])
	if &sorted[0] != &c.records[0] {
		c.records, s.scratch = sorted, c.records
	}
}

// wait ends when no sort is under way.
func (s *sorter) wait() error {
	if s.busy == nil {
		return nil
	}
	err := <-s.busy
	s.busy = nil
	return err
}

// spillAll writes a chunk to disk, and what was kept in memory too: an input that is too large for memory leaves it to others.
func (s *sorter) spillAll(c *chunk) error {
	kept := s.sorted
	s.sorted = nil
	for _, k := range kept {
		if err := s.spill(k); err != nil {
			return err
		}
	}
	return s.spill(c)
}

func (s *sorter) spill(c *chunk) error {
	if s.file == nil {
		f, err := unnamedFile(s.dir)
		if err != nil {
			return err
		}
		s.file = f
	}
	w := bufio.NewWriterSize(io.NewOffsetWriter(s.file, s.end), 1<<20)
	var buf []byte
	from := s.end
	for i := range c.records {
		buf = appendRecord(buf[:0], &c.records[i], c.list(&c.records[i]))
		if _, err := w.Write(buf); err != nil {
			return fmt.Errorf("write sorted run: %w", err)
		}
		s.end += int64(len(buf))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write sorted run: %w", err)
	}
	s.regions = append(s.regions, region{from, s.end})
	return nil
}

// recordBytes is the size of a record in a run, without its sections.
const recordBytes = 8 + 8 + 4 + 4 + 4

// dated marks a record of which some section has something to say about its begin date; the others are written without.
const dated = 1 << 2

func appendRecord(dst []byte, r *record, sections []interchange.SectionUse) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint64(dst, r.pair)
	dst = le.AppendUint64(dst, uint64(r.place))
	dst = le.AppendUint32(dst, uint32(r.begin))
	dst = le.AppendUint32(dst, uint32(r.end))
	tail := uint32(len(sections))<<3 | uint32(r.access)
	if slices.ContainsFunc(sections, func(u interchange.SectionUse) bool { return u.Begin != interchange.UnsaidDate }) {
		tail |= dated
	}
	dst = le.AppendUint32(dst, tail)
	for _, u := range sections {
		dst = le.AppendUint32(dst, u.Section)
		if tail&dated != 0 {
			dst = le.AppendUint32(dst, uint32(u.Begin))
		}
	}
	return dst
}

// readRecord reads what appendRecord wrote; the sections are appended to lists.
func readRecord(in *bufio.Reader, r *record, lists []interchange.SectionUse) ([]interchange.SectionUse, error) {
	head, err := in.Peek(recordBytes)
	if err != nil {
		if len(head) == 0 {
			return lists, io.EOF
		}
		return lists, fmt.Errorf("read sorted run: %w", err)
	}
	le := binary.LittleEndian
	r.pair = le.Uint64(head)
	r.place = interchange.Place(le.Uint64(head[8:]))
	r.begin = interchange.Date(le.Uint32(head[16:]))
	r.end = interchange.Date(le.Uint32(head[20:]))
	tail := le.Uint32(head[24:])
	r.access = uint8(tail & 3)
	_, _ = in.Discard(recordBytes) // cannot fail: these bytes were peeked
	size := 4
	if tail&dated != 0 {
		size = 8
	}
	for range tail >> 3 {
		word, err := in.Peek(size)
		if err != nil {
			return lists, fmt.Errorf("read sorted run: %w", err)
		}
		u := interchange.SectionUse{Section: le.Uint32(word), Begin: interchange.UnsaidDate}
		if size == 8 {
			u.Begin = interchange.Date(le.Uint32(word[4:]))
		}
		lists = append(lists, u)
		_, _ = in.Discard(size)
	}
	return lists, nil
}

// cursor is one sorted run while it is merged: a chunk in memory or a region of the file.
type cursor struct {
	chunk *chunk
	next  int
	in    *bufio.Reader
	head  record
	lists []interchange.SectionUse
}

func (s *cursor) advance() error {
	if s.chunk != nil {
		if s.next == len(s.chunk.records) {
			return io.EOF
		}
		s.head = s.chunk.records[s.next]
		s.lists = s.chunk.list(&s.head)
		s.next++
		return nil
	}
	var err error
	s.lists, err = readRecord(s.in, &s.head, s.lists[:0])
	return err
}

// merged gives the records of all runs in order. It is a binary heap of sources, the smallest head on top.
type merged struct {
	heap  []*cursor
	stale bool // the top's head was given out and must be advanced first
}

// merge ends the adding of records and returns them in order.
func (s *sorter) merge() (*merged, error) {
	if err := s.flush(); err != nil {
		return nil, err
	}
	if err := s.wait(); err != nil {
		return nil, err
	}
	s.scratch = nil
	m := &merged{}
	for _, c := range s.sorted {
		m.heap = append(m.heap, &cursor{chunk: c})
	}
	for _, r := range s.regions {
		in := bufio.NewReaderSize(io.NewSectionReader(s.file, r.from, r.to-r.from), 1<<16)
		m.heap = append(m.heap, &cursor{in: in})
	}
	for _, src := range m.heap {
		if err := src.advance(); err != nil { // no run is empty
			return nil, err
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	return m, nil
}

// next returns the next record and its sections, both valid until the call after; io.EOF at the end.
func (m *merged) next() (*record, []interchange.SectionUse, error) {
	if m.stale {
		m.stale = false
		switch err := m.heap[0].advance(); err {
		case nil:
		case io.EOF:
			last := len(m.heap) - 1
			m.heap[0] = m.heap[last]
			m.heap = m.heap[:last]
		default:
			return nil, nil, err
		}
		m.sink(0)
	}
	if len(m.heap) == 0 {
		return nil, nil, io.EOF
	}
	m.stale = true
	top := m.heap[0]
	return &top.head, top.lists, nil
}

// sink moves the source at i down to its place.
func (m *merged) sink(i int) {
	for {
		least := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(m.heap) && compareRecords(&m.heap[child].head, &m.heap[least].head) < 0 {
				least = child
			}
		}
		if least == i {
			return
		}
		m.heap[i], m.heap[least] = m.heap[least], m.heap[i]
		i = least
	}
}

// close frees the memory and the temporary file.
func (s *sorter) close() error {
	err := s.wait()
	s.open, s.sorted, s.scratch = nil, nil, nil
	if s.file != nil {
		if cerr := s.file.Close(); err == nil {
			err = cerr
		}
		s.file = nil
	}
	return err
}
