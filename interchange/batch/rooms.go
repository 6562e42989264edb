package batch

import (
	"encoding/binary"
	"fmt"
	"io"

	"cohortx/xsd/scan"
)

// deferredRoom holds the text of entities that can only be read when the whole document has been.
type deferredRoom struct {
	spill
	buf []byte
}

func (d *deferredRoom) add(at scan.Pos, raw []byte) error {
	d.buf = binary.AppendUvarint(d.buf[:0], uint64(at.Offset))
	d.buf = binary.AppendUvarint(d.buf, uint64(at.Line))
	d.buf = binary.AppendUvarint(d.buf, uint64(at.Column))
	d.buf = binary.AppendUvarint(d.buf, uint64(len(raw)))
	d.buf = append(d.buf, raw...)
	_, err := d.spill.add(d.buf)
	return err
}

// each gives all entities in the order in which they came, then forgets them. raw is valid until f returns.
func (d *deferredRoom) each(f func(at scan.Pos, raw []byte) error) error {
	in, err := d.rewind()
	if in == nil || err != nil {
		return err
	}
	defer d.close()
	var raw []byte
	for {
		var head [4]uint64
		for i := range head {
			n, err := binary.ReadUvarint(in)
			if err == io.EOF && i == 0 {
				return nil
			}
			if err != nil {
				return fmt.Errorf("read %s: %w", d.what, err)
			}
			head[i] = n
		}
		if uint64(cap(raw)) < head[3] {
			raw = make([]byte, head[3])
		}
		raw = raw[:head[3]]
		if _, err := io.ReadFull(in, raw); err != nil {
			return fmt.Errorf("read %s: %w", d.what, err)
		}
		if err := f(scan.Pos{Offset: int64(head[0]), Line: int(head[1]), Column: int(head[2])}, raw); err != nil {
			return err
		}
	}
}

// elementRoom holds reference elements that have an xml id: 8 bytes each in memory.
type elementRoom struct {
	spill
	starts []int64
}

// add keeps an element and returns its number, from 1.
func (r *elementRoom) add(body []byte) (uint32, error) {
	from, err := r.spill.add(body)
	r.starts = append(r.starts, from)
	return uint32(len(r.starts)), err
}

// read returns an element by its number.
func (r *elementRoom) read(number uint32) ([]byte, error) {
	from, end := r.starts[number-1], r.end
	if int(number) < len(r.starts) {
		end = r.starts[number]
	}
	body := make([]byte, end-from)
	return body, r.spill.read(body, from)
}
