package batch

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"cohortx/interchange"
)

// waitingRoom holds what can only be resolved when the whole document has been read: a ref may point forward, and an id that is
// defined once so far may be defined again. It is a temporary file without a name, written and read once from start to end, so that
// millions of waiting associations cost no memory.
type waitingRoom struct {
	dir  string
	file *os.File
	out  *bufio.Writer
	buf  []byte
	n    int64
}

// waiter is one association whose cohort is named by an xml id.
type waiter struct {
	kind   interchange.Kind
	id     uint32 // number of the id in documentIDs
	cohort uint32 // by identity, when the reference has one too; 0: it has none
	r      record // its cohort is not set
}

func (w *waitingRoom) add(x waiter, sections []interchange.SectionUse) error {
	if w.file == nil {
		f, err := unnamedFile(w.dir)
		if err != nil {
			return err
		}
		w.file, w.out = f, bufio.NewWriterSize(f, 1<<18)
	}
	le := binary.LittleEndian
	w.buf = append(w.buf[:0], byte(x.kind))
	w.buf = le.AppendUint32(w.buf, x.id)
	w.buf = le.AppendUint32(w.buf, x.cohort)
	w.buf = appendRecord(w.buf, &x.r, sections)
	if _, err := w.out.Write(w.buf); err != nil {
		return fmt.Errorf("write waiting association: %w", err)
	}
	w.n++
	return nil
}

// each gives all waiters in the order in which they came, then forgets them.
func (w *waitingRoom) each(f func(x waiter, sections []interchange.SectionUse) error) error {
	if w.file == nil {
		return nil
	}
	defer w.close()
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("write waiting association: %w", err)
	}
	if _, err := w.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read waiting association: %w", err)
	}
	in := bufio.NewReaderSize(w.file, 1<<18)
	var sections []interchange.SectionUse
	for range w.n {
		head, err := in.Peek(9)
		if err != nil {
			return fmt.Errorf("read waiting association: %w", err)
		}
		le := binary.LittleEndian
		x := waiter{kind: interchange.Kind(head[0]), id: le.Uint32(head[1:]), cohort: le.Uint32(head[5:])}
		_, _ = in.Discard(9) // cannot fail: these bytes were peeked
		if sections, err = readRecord(in, &x.r, sections[:0]); err != nil {
			return fmt.Errorf("read waiting association: %w", err)
		}
		if err := f(x, sections); err != nil {
			return err
		}
	}
	return nil
}

func (w *waitingRoom) close() {
	if w.file != nil {
		w.file.Close()
		w.file, w.out, w.n = nil, nil, 0
	}
}
