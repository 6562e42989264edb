package batch

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"cohortx/xsd/scan"
)

// deferredRoom holds the text of entities that can only be read when the whole document has been: a temporary file without a name, written
// and read once from start to end.
type deferredRoom struct {
	dir  string
	file *os.File
	out  *bufio.Writer
	buf  []byte
	n    int64
}

func (d *deferredRoom) add(at scan.Pos, raw []byte) error {
	if d.file == nil {
		f, err := unnamedFile(d.dir)
		if err != nil {
			return err
		}
		d.file, d.out = f, bufio.NewWriterSize(f, 1<<18)
	}
	d.buf = binary.AppendUvarint(d.buf[:0], uint64(at.Offset))
	d.buf = binary.AppendUvarint(d.buf, uint64(at.Line))
	d.buf = binary.AppendUvarint(d.buf, uint64(at.Column))
	d.buf = binary.AppendUvarint(d.buf, uint64(len(raw)))
	if _, err := d.out.Write(append(d.buf, raw...)); err != nil {
		return fmt.Errorf("write deferred entity: %w", err)
	}
	d.n++
	return nil
}

// each gives all entities in the order in which they came, then forgets them. raw is valid until f returns.
func (d *deferredRoom) each(f func(at scan.Pos, raw []byte) error) error {
	if d.file == nil {
		return nil
	}
	defer d.close()
	if err := d.out.Flush(); err != nil {
		return fmt.Errorf("write deferred entity: %w", err)
	}
	if _, err := d.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read deferred entity: %w", err)
	}
	in := bufio.NewReaderSize(d.file, 1<<18)
	var raw []byte
	for range d.n {
		var head [4]uint64
		for i := range head {
			n, err := binary.ReadUvarint(in)
			if err != nil {
				return fmt.Errorf("read deferred entity: %w", err)
			}
			head[i] = n
		}
		if uint64(cap(raw)) < head[3] {
			raw = make([]byte, head[3])
		}
		raw = raw[:head[3]]
		if _, err := io.ReadFull(in, raw); err != nil {
			return fmt.Errorf("read deferred entity: %w", err)
		}
		if err := f(scan.Pos{Offset: int64(head[0]), Line: int(head[1]), Column: int(head[2])}, raw); err != nil {
			return err
		}
	}
	return nil
}

func (d *deferredRoom) close() {
	if d.file != nil {
		d.file.Close()
		d.file, d.out, d.n = nil, nil, 0
	}
}

// elementRoom holds reference elements that have an xml id, in a temporary file without a name: 8 bytes each in memory.
type elementRoom struct {
	dir  string
	file *os.File
	out  *bufio.Writer
	ends []int64
}

// add keeps an element and returns its number, from 1.
func (r *elementRoom) add(body []byte) (uint32, error) {
	if r.file == nil {
		f, err := unnamedFile(r.dir)
		if err != nil {
			return 0, err
		}
		r.file, r.out = f, bufio.NewWriterSize(f, 1<<16)
	}
	if _, err := r.out.Write(body); err != nil {
		return 0, fmt.Errorf("write reference element: %w", err)
	}
	end := int64(len(body))
	if n := len(r.ends); n > 0 {
		end += r.ends[n-1]
	}
	r.ends = append(r.ends, end)
	return uint32(len(r.ends)), nil
}

// read returns an element by its number.
func (r *elementRoom) read(number uint32) ([]byte, error) {
	if err := r.out.Flush(); err != nil {
		return nil, fmt.Errorf("write reference element: %w", err)
	}
	from := int64(0)
	if number > 1 {
		from = r.ends[number-2]
	}
	body := make([]byte, r.ends[number-1]-from)
	if _, err := r.file.ReadAt(body, from); err != nil {
		return nil, fmt.Errorf("read reference element: %w", err)
	}
	return body, nil
}

func (r *elementRoom) close() {
	if r.file != nil {
		r.file.Close()
		*r = elementRoom{dir: r.dir}
	}
}
