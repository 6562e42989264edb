package batch

import (
	"cmp"
	"encoding/binary"
	"slices"

	"cohortx/interchange"
)

// definition is one Cohort element: which cohort, where in the input, and where its values are.
type definition struct {
	place  interchange.Place
	from   int64 // in the definitions' file
	number uint32
	size   uint32
}

// definitions keeps the Cohort elements of a set until pass 2: 24 bytes each in memory, the values in a temporary file without a name.
type definitions struct {
	spill
	list []definition
	buf  []byte
}

// add keeps a cohort. Its key is not kept: the number stands for it.
func (d *definitions) add(number uint32, place interchange.Place, c *interchange.Cohort) error {
	d.buf = appendCohort(d.buf[:0], c)
	from, err := d.spill.add(d.buf)
	d.list = append(d.list, definition{place, from, number, uint32(len(d.buf))})
	return err
}

// settle forgets the definitions for which gone answers true and orders the others: by number, equal numbers as they stand in the input.
func (d *definitions) settle(gone func(interchange.Place) bool) {
	d.list = slices.DeleteFunc(d.list, func(x definition) bool { return gone(x.place) })
	slices.SortFunc(d.list, func(a, b definition) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.place, b.place))
	})
}

// definitionReader reads definitions, which mostly lie one behind the other.
type definitionReader struct{ file follower }

func (d *definitions) reader() *definitionReader { return &definitionReader{follower{of: &d.spill}} }

// read returns the values of a definition, as bytes that are equal if and only if the values are. They are valid until the next call with the
// same buf.
func (r *definitionReader) read(x definition, buf []byte) ([]byte, error) {
	buf = slices.Grow(buf[:0], int(x.size))[:x.size]
	return buf, r.file.read(buf, x.from)
}

// appendCohort appends the values of a cohort without its key. Programs are put in order, since their order in the file means nothing.
func appendCohort(dst []byte, c *interchange.Cohort) []byte {
	text := func(s string) {
		dst = binary.AppendUvarint(dst, uint64(len(s)))
		dst = append(dst, s...)
	}
	flags := byte(0)
	if c.Descriptors {
		flags |= 1
	}
	if c.CohortDescription != nil {
		flags |= 2
	}
	dst = append(dst, flags)
	text(c.CohortType)
	text(c.CohortScope)
	text(c.AcademicSubject)
	text(c.AcademicSubjectNamespace)
	if c.CohortDescription != nil {
		text(*c.CohortDescription)
	}
	keys := make([]string, 0, len(c.Programs))
	for _, k := range c.Programs {
		keys = append(keys, string(binary.BigEndian.AppendUint64(nil, uint64(k.EducationOrganizationID)))+k.ProgramName+"\x00"+k.ProgramType)
	}
	slices.Sort(keys)
	for _, k := range slices.Compact(keys) {
		text(k)
	}
	return dst
}

// sameDefinition reports whether two definitions of one cohort say the same, maybe in the forms of different releases.
func sameDefinition(a, b []byte) bool {
	c, d := readCohort(a, interchange.CohortKey{}), readCohort(b, interchange.CohortKey{})
	return c.Equal(&d)
}

// readCohort is the inverse of appendCohort.
func readCohort(b []byte, key interchange.CohortKey) interchange.Cohort {
	text := func() string {
		n, w := binary.Uvarint(b)
		s := string(b[w : w+int(n)])
		b = b[w+int(n):]
		return s
	}
	flags := b[0]
	b = b[1:]
	c := interchange.Cohort{CohortKey: key, Descriptors: flags&1 != 0}
	c.CohortType, c.CohortScope, c.AcademicSubject, c.AcademicSubjectNamespace = text(), text(), text(), text()
	if flags&2 != 0 {
		s := text()
		c.CohortDescription = &s
	}
	for len(b) > 0 {
		k := text()
		id := int64(binary.BigEndian.Uint64([]byte(k[:8])))
		rest := k[8:]
		for i := range len(rest) {
			if rest[i] == 0 { // no XML text holds a NUL
				c.Programs = append(c.Programs, interchange.ProgramKey{EducationOrganizationID: id, ProgramName: rest[:i], ProgramType: rest[i+1:]})
				break
			}
		}
	}
	return c
}
