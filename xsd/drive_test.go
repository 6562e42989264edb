package xsd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"cohortx/xsd/edfi"
	"cohortx/xsd/scan"
)

// read is a document as a caller of this package reads it.
type read struct {
	scope    *scan.Scope
	children []child
	stray    bool // characters between the children
}

// child is one child of the root.
type child struct {
	Fragment
	proven  bool
	ids     []string
	refs    []string
	slots   []Slot
	values  map[Slot]string
	unknown int // elements without a slot
}

// drive reads a document and has the checker follow it. The error says why it is not well-formed.
func drive(s *Schema, doc []byte) (*read, error) {
	split, err := scan.Split(context.Background(), bytes.NewReader(doc), scan.Options{})
	if err != nil {
		return nil, err
	}
	r := &read{scope: split.Scope()}
	c := s.NewChecker(r.scope)
	var scanner scan.Scanner
	for {
		block, err := split.Next()
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		if err != nil {
			return nil, err
		}
		scanner.Reset(block)
		depth, start := 0, 0
		var slots []Slot
		var text []byte
		var k child
	tokens:
		for {
			kind, err := scanner.Next()
			if err != nil {
				return nil, err
			}
			switch kind {
			case scan.EndOfBlock:
				break tokens
			case scan.StartElement:
				if depth == 0 {
					start = scanner.Offset()
					k = child{values: map[Slot]string{}}
					c.Reset()
				}
				depth++
				slot := c.Start(scanner.Name(), scanner.Attrs(), len(scanner.Decls()) > 0)
				if slot == 0 {
					k.unknown++
				}
				k.slots = append(k.slots, slot)
				slots = append(slots, slot)
				text = text[:0]
				if v, ok := c.ID(); ok {
					k.ids = append(k.ids, string(v))
				}
				if v, ok := c.Ref(); ok {
					k.refs = append(k.refs, string(v))
				}
			case scan.EndElement:
				depth--
				slot := slots[len(slots)-1]
				v := c.End(text)
				if s.Info(slot).Leaf {
					k.values[slot] = string(v)
				}
				slots = slots[:len(slots)-1]
				text = text[:0]
				if depth == 0 {
					k.proven = c.Proven()
					k.Fragment = Fragment{Raw: append([]byte(nil), block.Bytes[start:scanner.EndOffset()]...)}
					r.children = append(r.children, k)
				}
			case scan.Text, scan.CData:
				if depth == 0 {
					r.stray = r.stray || !scanner.IsSpace()
				} else if s.Info(slots[len(slots)-1]).Leaf {
					text = append(text, scanner.Text()...)
				} else {
					c.Text(!scanner.IsSpace())
				}
			}
		}
		block.Release()
	}
}

// fragments returns the children as the judge takes them.
func (r *read) fragments() []Fragment {
	var out []Fragment
	for _, k := range r.children {
		out = append(out, k.Fragment)
	}
	return out
}

// release names the schema of a release of the Ed-Fi Data Standard.
type release struct{ name, file, namespace string }

var releases = []release{
	{"v2.0.0", "2.0.xsd", "http://ed-fi.org/0200"},
	{"v2.2.0", "2.2.xsd", "http://ed-fi.org/0220"},
	{"v3.1.0", "3.1.xsd", "http://ed-fi.org/0310"},
	{"v3.2.0-c", "3.1.xsd", "http://ed-fi.org/3.2.0-c"},
	{"v3.3.1-b", "3.1.xsd", "http://ed-fi.org/3.3.1-b"},
	{"v4.0.0", "3.1.xsd", "http://ed-fi.org/4.0.0"},
	{"v5.0.0", "5.0.xsd", "http://ed-fi.org/5.0.0"},
	{"v5.1.0", "5.1.xsd", "http://ed-fi.org/5.1.0"},
	{"v5.2.0", "5.1.xsd", "http://ed-fi.org/5.2.0"},
}

func compile(t testing.TB, r release) *Schema {
	t.Helper()
	s, err := Compile(edfi.Files, r.file, r.namespace)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newJudge(t testing.TB, s *Schema) *Judge {
	t.Helper()
	j, err := NewJudge(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	return j
}

// shared returns a folder of the reference data that lies beside the project on some machines, and skips where it does not.
func shared(t testing.TB, name string) string {
	t.Helper()
	dirs := []string{os.Getenv("COHORTX_SHARED")}
	if wd, err := os.Getwd(); err == nil {
		for d := wd; d != filepath.Dir(d); d = filepath.Dir(d) {
			dirs = append(dirs, filepath.Join(d, "shared"))
		}
	}
	for _, d := range dirs {
		if d == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(d, name)); err == nil {
			return filepath.Join(d, name)
		}
	}
	t.Skipf("no folder shared/%s above the working directory; set COHORTX_SHARED", name)
	return ""
}
