package batch

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"cohortx/interchange"
	"cohortx/xsd/scan"
)

// position is the place of an input among the files of its run, as the store counts them.
func position(file int) int { return file + 1 }

// lines finds the line of an entity by its place, for the few that change something: offsets alone are staged. It keeps some three bytes an
// entity in a temporary file.
type lines struct {
	spill
	pieces []lineAt // in the order of the input
	read   int      // 1 + index of the piece in bytes; 0: none
	bytes  []byte
}

// lineAt is the entities of one block.
type lineAt struct {
	place interchange.Place // of the first entity
	line  int               // likewise
	from  int64
	size  int
}

// linePiece is how far each entity of a block lies behind the one before it: in bytes, and in lines.
type linePiece struct {
	first, last scan.Pos
	bytes       []byte
}

// add appends an entity.
func (p *linePiece) add(at scan.Pos) {
	if p.first.Line == 0 {
		p.first, p.last = at, at
		return
	}
	p.bytes = binary.AppendUvarint(p.bytes, uint64(at.Offset-p.last.Offset))
	p.bytes = binary.AppendUvarint(p.bytes, uint64(at.Line-p.last.Line))
	p.last = at
}

// add appends what a worker found in a block of a file.
func (l *lines) add(file int, p *linePiece) error {
	if p.first.Line == 0 {
		return nil
	}
	from, err := l.spill.add(p.bytes)
	l.pieces = append(l.pieces, lineAt{interchange.PlaceOf(file, p.first.Offset), p.first.Line, from, len(p.bytes)})
	return err
}

// line returns the line of the entity at a place.
func (l *lines) line(at interchange.Place) (int, error) {
	i, is := slices.BinarySearchFunc(l.pieces, at, func(p lineAt, at interchange.Place) int { return cmp.Compare(p.place, at) })
	if is {
		return l.pieces[i].line, nil
	}
	if i == 0 {
		return 0, fmt.Errorf("no entity starts at byte %d", at.Offset())
	}
	p := &l.pieces[i-1]
	if l.read != i {
		l.bytes = slices.Grow(l.bytes[:0], p.size)[:p.size]
		if err := l.spill.read(l.bytes, p.from); err != nil {
			return 0, err
		}
		l.read = i
	}
	place, line := p.place, p.line
	for b := l.bytes; len(b) > 0 && place < at; {
		offset, n := binary.Uvarint(b)
		down, m := binary.Uvarint(b[n:])
		place, line, b = place+interchange.Place(offset), line+int(down), b[n+m:]
	}
	if place != at {
		return 0, fmt.Errorf("no entity starts at byte %d", at.Offset())
	}
	return line, nil
}
