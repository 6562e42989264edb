package interchange_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"

	"cohortx/interchange"
	"cohortx/xsd/scan"
)

// told is everything that a decoder tells of an entity, as text.
func told(e *interchange.Entity) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%v %v %+v %q", e.Kind, e.Proven, e.At, e.Raw)
	for i := range e.Nodes {
		n := &e.Nodes[i]
		fmt.Fprintf(&b, "\n%d %d %d %d %q %q %q", n.Slot, n.Field, n.Offset, n.Next, n.Value, e.ID(i), e.Ref(i))
	}
	return b.String()
}

// tell decodes a document and returns what is told of each entity and of what stands between them, and the error at its end. With alone, every entity has a decoder of its
// own, which knows no form of another.
func tell(t testing.TB, text []byte, alone bool) (out, root []string, fault string) {
	opt := scan.Options{}
	if alone {
		opt.Cut = func(int) int { return 1 }
	}
	splitter, err := scan.Split(context.Background(), bytes.NewReader(text), opt)
	if err != nil {
		return nil, nil, err.Error()
	}
	release, err := interchange.ReleaseOf(splitter.Scope().URI(splitter.Scope().Name.Space))
	if err != nil {
		return nil, nil, err.Error()
	}
	schema, err := interchange.LoadSchema(release, "")
	if err != nil {
		t.Fatal(err)
	}
	decoder, lean := interchange.NewDecoder(schema, splitter.Scope()), interchange.NewDecoder(schema, splitter.Scope())
	lean.Lean()
	for {
		block, err := splitter.Next()
		if errors.Is(err, io.EOF) {
			return out, root, ""
		}
		if err != nil {
			return out, root, err.Error()
		}
		if alone {
			decoder = interchange.NewDecoder(schema, splitter.Scope())
		}
		entities, err := decoder.Decode(block, nil)
		for i := range entities {
			out = append(out, told(&entities[i]))
		}
		sameWhenLean(t, lean, block, entities)
		for _, v := range decoder.Root() {
			root = append(root, fmt.Sprintf("%+v", v))
		}
		if err != nil {
			return out, root, err.Error()
		}
		block.Release()
	}
}

// sameWhenLean holds what a decoder says of entities that it has given no nodes against what another has said of them.
func sameWhenLean(t testing.TB, lean *interchange.Decoder, block *scan.Block, entities []interchange.Entity) {
	t.Helper()
	list, _ := lean.Decode(block, nil)
	if len(list) != len(entities) {
		t.Fatalf("lean: %d entities, otherwise %d", len(list), len(entities))
	}
	for i := range list {
		e, l := &entities[i], &list[i]
		if e.Proven && e.Kind != interchange.CohortKind {
			var want, got interchange.Plain
			reading, fault := e.ReadPlain(&want)
			leanReading, leanFault := l.ReadPlain(&got)
			if reading != leanReading || !reflect.DeepEqual(fault, leanFault) || !reflect.DeepEqual(want, got) {
				t.Fatalf("lean: %v %+v %+v\notherwise: %v %+v %+v\n%s", leanReading, leanFault, got, reading, fault, want, e.Raw)
			}
		}
		lean.Expand(l)
		if a, b := told(e), told(l); a != b {
			t.Fatalf("lean:\n%s\notherwise:\n%s", b, a)
		}
	}
}

// FuzzForms holds what a decoder recognises by the form of an earlier entity against what it finds by reading: the children of a root come
// twice, the second time with a byte changed or a piece left out.
func FuzzForms(f *testing.F) {
	seeds(f)
	for _, name := range []string{"2.0", "5.2"} {
		r, _ := interchange.ReleaseNamed(name)
		f.Add(document(r, 3))
	}
	f.Fuzz(func(t *testing.T, seed []byte) {
		text, change := seed, []byte{0, 0, 0, 0}
		if n := len(seed); n > 4 {
			text, change = seed[:n-4], seed[n-4:]
		}
		splitter, err := scan.Split(context.Background(), bytes.NewReader(text), scan.Options{})
		if err != nil {
			return
		}
		from := bytes.Index(text, splitter.Scope().Tag) + len(splitter.Scope().Tag)
		to := bytes.LastIndex(text, []byte("</"))
		if to < from {
			return
		}
		body := bytes.Clone(text[from:to])
		if len(body) > 0 {
			at := (int(change[0])<<8 | int(change[1])) % len(body)
			if change[2] == 0 {
				body = append(body[:at], body[min(at+int(change[3]), len(body)):]...)
			} else {
				body[at] = change[2]
			}
		}
		twice := append(bytes.Clone(text[:to]), body...)
		twice = append(twice, text[to:]...)
		got, gotRoot, gotErr := tell(t, twice, false)
		want, wantRoot, wantErr := tell(t, twice, true)
		same(t, got, want)
		same(t, gotRoot, wantRoot)
		if (gotErr == "") != (wantErr == "") {
			t.Errorf("the decoder that knows forms ends with %q, the one that does not with %q", gotErr, wantErr)
		}
	})
}

// same fails unless one list begins with the other: where a document breaks, smaller blocks may have told more of it.
func same(t *testing.T, got, want []string) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("entity %d by its form:\n%s\nby reading:\n%s", i, got[i], want[i])
		}
	}
}

// Values must be proven each time, wherever the markup is the same.
func TestDecoder_Forms(t *testing.T) {
	r, _ := interchange.ReleaseNamed("2.0")
	text := document(r, 4)
	for _, change := range []struct{ name, old, new string }{
		{"a date that is none", "<BeginDate>2025-09-04<", "<BeginDate>2025-09-31<"},
		{"a date with white space around it", "<BeginDate>2025-09-04<", "<BeginDate> 2025-09-04 <"},
		{"an empty value", "<CohortIdentifier>C3<", "<CohortIdentifier><"},
		{"an empty-element tag", "<CohortIdentifier>C3</CohortIdentifier>", "<CohortIdentifier/>"},
		{"a value that is too long", "<CohortIdentifier>C3<", "<CohortIdentifier>C34567890123456789012345678901234567<"},
		{"a reference", "<CohortIdentifier>C3<", "<CohortIdentifier>&#67;3<"},
		{"a CDATA section", "<CohortIdentifier>C3<", "<CohortIdentifier><![CDATA[C3]]><"},
		{"a comment in a value", "<CohortIdentifier>C3<", "<CohortIdentifier>C<!-- 3 -->3<"},
		{"no ASCII", "<CohortIdentifier>C3<", "<CohortIdentifier>\u00c73<"},
		{"no number", "<EducationOrganizationId>255901003<", "<EducationOrganizationId>255901003x<"},
		{"another indentation", "    <BeginDate>2025-09-04<", "\t<BeginDate>2025-09-04<"},
		{"an end date", "<BeginDate>2025-09-04</BeginDate>", "<BeginDate>2025-09-04</BeginDate><EndDate>2025-10-01</EndDate>"},
		{"no begin date", "<BeginDate>2025-09-04</BeginDate>", ""},
		{"an id", "<StudentReference>", "<StudentReference id=\"a\">"},
		{"a namespace", "<StudentReference>", "<StudentReference xmlns=\"http://example.org\">"},
	} {
		t.Run(change.name, func(t *testing.T) {
			changed := bytes.ReplaceAll(text, []byte(change.old), []byte(change.new))
			if bytes.Equal(changed, text) {
				t.Fatal("nothing was changed")
			}
			got, _, fault := tell(t, changed, false)
			want, _, _ := tell(t, changed, true)
			if fault != "" || len(got) != 4 || len(want) != 4 {
				t.Fatalf("%d and %d entities, %s; expected 4 both times", len(got), len(want), fault)
			}
			same(t, got, want)
		})
	}
}

// Most associations have no nodes when a decoder is lean.
func TestDecoder_Lean(t *testing.T) {
	for _, name := range []string{"2.0", "5.2"} {
		r, _ := interchange.ReleaseNamed(name)
		splitter, err := scan.Split(t.Context(), bytes.NewReader(document(r, 100)), scan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		schema, err := interchange.LoadSchema(r, "")
		if err != nil {
			t.Fatal(err)
		}
		decoder := interchange.NewDecoder(schema, splitter.Scope())
		decoder.Lean()
		block, err := splitter.Next()
		if err != nil {
			t.Fatal(err)
		}
		entities, err := decoder.Decode(block, nil)
		if err != nil {
			t.Fatal(err)
		}
		without := 0
		for i := range entities {
			if entities[i].Nodes == nil {
				without++
			}
		}
		if without < len(entities)/2 {
			t.Errorf("release %s: %d of %d entities have no nodes", name, without, len(entities))
		}
	}
}
