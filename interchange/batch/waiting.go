package batch

import (
	"encoding/binary"
	"fmt"
	"io"

	"cohortx/interchange"
)

// waitingRoom holds what can only be resolved when the whole document has been read: a ref may point forward, and an id that is
// defined once so far may be defined again. It is a temporary file without a name, written and read once from start to end, so that
// millions of waiting associations cost no memory.
type waitingRoom struct {
	spill
	buf []byte
}

// waiter is one association whose cohort is named by an xml id.
type waiter struct {
	kind   interchange.Kind
	id     uint32 // number of the id in documentIDs
	cohort uint32 // by identity, when the reference has one too; 0: it has none
	r      record // its cohort is not set
}

func (w *waitingRoom) add(x waiter, sections []interchange.SectionUse) error {
	le := binary.LittleEndian
	w.buf = append(w.buf[:0], byte(x.kind))
	w.buf = le.AppendUint32(w.buf, x.id)
	w.buf = le.AppendUint32(w.buf, x.cohort)
	w.buf = appendRecord(w.buf, &x.r, sections)
	_, err := w.spill.add(w.buf)
	return err
}

// each gives all waiters in the order in which they came, then forgets them.
func (w *waitingRoom) each(f func(x waiter, sections []interchange.SectionUse) error) error {
	in, err := w.rewind()
	if in == nil || err != nil {
		return err
	}
	defer w.close()
	var sections []interchange.SectionUse
	for {
		head, err := in.Peek(9)
		if err == io.EOF && len(head) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", w.what, err)
		}
		le := binary.LittleEndian
		x := waiter{kind: interchange.Kind(head[0]), id: le.Uint32(head[1:]), cohort: le.Uint32(head[5:])}
		_, _ = in.Discard(9) // cannot fail: these bytes were peeked
		if sections, err = readRecord(in, &x.r, sections[:0]); err != nil {
			return fmt.Errorf("read %s: %w", w.what, err)
		}
		if err := f(x, sections); err != nil {
			return err
		}
	}
}
