package interchange_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"unicode/utf8"

	"cohortx/interchange"
	"cohortx/xsd/scan"
)

// decoded is what a document says, as typed values.
type decoded struct {
	release      *interchange.Release
	cohorts      []interchange.Cohort
	associations []interchange.Association
}

// decode reads a document of any known release. Entities that the tables do not prove, or that name something by ref or lookup, are left
// out. false: it is not well-formed, or no StudentCohort interchange.
func decode(t testing.TB, text []byte) (d decoded, ok bool) {
	splitter, err := scan.Split(context.Background(), bytes.NewReader(text), scan.Options{})
	if err != nil {
		return d, false
	}
	scope := splitter.Scope()
	if d.release, err = interchange.ReleaseOf(scope.URI(scope.Name.Space)); err != nil {
		return d, false
	}
	schema, err := interchange.LoadSchema(d.release, "")
	if err != nil {
		t.Fatal(err)
	}
	decoder := interchange.NewDecoder(schema, scope)
	for {
		block, err := splitter.Next()
		if errors.Is(err, io.EOF) {
			return d, true
		}
		if err != nil {
			return d, false
		}
		entities, err := decoder.Decode(block, nil)
		if err != nil {
			return d, false
		}
		for i := range entities {
			d.take(t, block, &entities[i])
		}
		block.Release()
	}
}

func (d *decoded) take(t testing.TB, block *scan.Block, e *interchange.Entity) {
	if from := int(e.At.Offset - block.At.Offset); !bytes.Equal(block.Bytes[from:from+len(e.Raw)], e.Raw) || e.Raw[0] != '<' || e.Raw[len(e.Raw)-1] != '>' {
		t.Fatalf("the entity at %+v is not what stands there: %q", e.At, e.Raw)
	}
	if at := block.PosAt(int(e.At.Offset - block.At.Offset)); at != e.At {
		t.Fatalf("the entity is at %+v, not at %+v", at, e.At)
	}
	if !e.Proven {
		return
	}
	if e.Kind == interchange.CohortKind {
		if c, reading, _ := e.ReadCohort(d.release); reading == interchange.ReadWhole {
			d.cohorts = append(d.cohorts, c)
		}
		return
	}
	var p interchange.Plain
	if reading, _ := e.ReadPlain(&p); reading != interchange.ReadWhole || !p.HasCohort {
		return
	}
	a := interchange.Association{
		Kind: e.Kind, CohortKey: interchange.CohortKey{EducationOrganizationID: p.EducationOrganizationID, CohortIdentifier: string(p.CohortIdentifier)},
		PersonUniqueID: string(p.UniqueID), BeginDate: p.BeginDate, EndDate: p.EndDate,
	}
	if p.Access != interchange.AccessAbsent {
		access := p.Access == interchange.AccessTrue
		a.StudentRecordAccess = &access
	}
	a.Sections = append(a.Sections, p.Sections...)
	d.associations = append(d.associations, a)
}

// ownPrograms makes descriptors of program types without a namespace, as the encoder does: a program is written by the key that it is stored
// under, which knows no form.
func (d *decoded) ownPrograms() {
	for i := range d.cohorts {
		for j := range d.cohorts[i].Programs {
			k := &d.cohorts[i].Programs[j]
			as := interchange.ProgramTypeDescriptor.URI(k.ProgramType)
			if d.release.Descriptors && !interchange.IsURI(k.ProgramType) && utf8.RuneCountInString(as) <= 255 {
				k.ProgramType = as
			}
		}
	}
}

// encode writes what was decoded in the same release.
func (d *decoded) encode(t testing.TB) []byte {
	schema, err := interchange.LoadSchema(d.release, "")
	if err != nil {
		t.Fatal(err)
	}
	e := &encoded{Encoder: interchange.NewEncoder(d.release, schema)}
	e.out = e.AppendStart(nil)
	for i := range d.cohorts {
		if err := e.cohort(&d.cohorts[i]); err != nil {
			t.Fatalf("encode what release %s has given: %v", d.release.Name, err)
		}
	}
	for i := range d.associations {
		if err := e.association(&d.associations[i]); err != nil {
			t.Fatalf("encode what release %s has given: %v", d.release.Name, err)
		}
	}
	return e.close()
}

func seeds(f *testing.F) {
	names, err := filepath.Glob(filepath.Join("testdata", "instances", "*", "*.xml"))
	if err != nil {
		f.Fatal(err)
	}
	more, err := filepath.Glob(filepath.Join("testdata", "instances", "*", "valid", "*.xml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(names, more...) {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	if len(names) == 0 {
		f.Fatal("no seeds in testdata/instances")
	}
}

// No input makes the decoder panic, and every entity it gives is in the characters and at the place of the input.
func FuzzDecode(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) { decode(t, text) })
}

// What is read from a document can be written in its release, is valid, and read again gives the same.
func FuzzRoundTrip(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		first, ok := decode(t, text)
		if !ok || len(first.cohorts)+len(first.associations) == 0 {
			return
		}
		written := first.encode(t)
		second, ok := decode(t, written)
		if !ok {
			t.Fatalf("not well-formed: %s", written)
		}
		first.ownPrograms()
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("read again it is another document:\n%+v\n%+v\n%s", first, second, written)
		}
		if again := second.encode(t); !bytes.Equal(written, again) {
			t.Fatalf("written again it has other bytes:\n%s\n%s", written, again)
		}
	})
}

// What the encoder writes, libxml2 accepts: for every release, from the valid documents of the corpus's nearest version.
func TestEncoder_Valid(t *testing.T) {
	texts := map[bool]string{false: "v2.0.0", true: "v5.2.0"}
	for _, r := range interchange.Releases {
		t.Run(r.Name, func(t *testing.T) {
			from, _ := interchange.ReleaseNamed(map[bool]string{false: "2.0", true: "5.2"}[r.Descriptors])
			names, err := filepath.Glob(filepath.Join("testdata", "instances", texts[r.Descriptors], "valid", "*.xml"))
			if err != nil {
				t.Fatal(err)
			}
			d := decoded{release: r}
			for _, name := range append(names, filepath.Join("testdata", "instances", texts[r.Descriptors], "full.xml")) {
				text, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if one, ok := decode(t, bytes.ReplaceAll(text, []byte(from.Namespace), []byte(r.Namespace))); ok {
					d.cohorts, d.associations = append(d.cohorts, one.cohorts...), append(d.associations, one.associations...)
				}
			}
			if len(d.cohorts) < 5 || len(d.associations) < 20 {
				t.Fatalf("only %d cohorts and %d associations decoded", len(d.cohorts), len(d.associations))
			}
			judged(t, r, d.encode(t))
		})
	}
}
