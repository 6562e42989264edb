package xsd

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// modelType is a type of the reference model that was derived from the official schemas.
type modelType struct {
	Kind, Base   string
	Sequence     []member
	Attributes   []modelAttribute
	Enumeration  []string
	MinLength    *int
	MaxLength    *int
	MinInclusive *int64
	MaxInclusive *int64
	Unknown      string // a construct that the reader of the model does not know
}

// member is an element of a sequence.
type member struct {
	Name, Type string
	Min        int
	Max        any // a number, or "unbounded"
}

type modelAttribute struct{ Name, Type string }

// model is the reference model of a release.
type model struct {
	TargetNamespace string
	Types           map[string]*modelType
}

func readModel(t testing.TB, r release) (m model) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(shared(t, "edfi/model"), r.name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestEmbedded_Model follows the reference model of each release from the root's children down, next to the compiled
// tables: same children in the same order, as often, of the same types with the same facets.
func TestEmbedded_Model(t *testing.T) {
	for _, r := range releases {
		t.Run(r.name, func(t *testing.T) {
			model := readModel(t, r)
			if model.TargetNamespace != r.namespace {
				t.Fatalf("the model's namespace is %s", model.TargetNamespace)
			}
			s := compile(t, r)
			compared := 0
			for _, name := range []string{"Cohort", "StudentCohortAssociation", "StaffCohortAssociation"} {
				slot, ok := s.Slot(name)
				if !ok {
					t.Fatalf("no slot of %s", name)
				}
				compared += compareType(t, s, model.Types, slot, name)
			}
			if compared != s.NumSlots()-1 {
				t.Errorf("compared %d of %d slots", compared, s.NumSlots()-1)
			}
		})
	}
}

// compareType returns how many slots it has compared.
func compareType(t *testing.T, s *Schema, types map[string]*modelType, slot Slot, typeName string) int {
	t.Helper()
	info, nd := s.Info(slot), &s.nodes[slot]
	if info.Type != typeName {
		t.Errorf("%s: got type %s, want %s", s.Path(slot), info.Type, typeName)
		return 1
	}
	m := types[typeName]
	if m == nil || m.Kind == "simple" {
		if nd.simple == nil {
			t.Errorf("%s: got no simple type, want %s", s.Path(slot), typeName)
			return 1
		}
		want := &simpleType{}
		facets(want, types, typeName)
		got := nd.simple
		if got.prim != want.prim || got.minLen != want.minLen || got.maxLen != want.maxLen || got.lo != want.lo || got.hi != want.hi || got.unsure {
			t.Errorf("%s: got %+v, want %+v", s.Path(slot), got, want)
		}
		if len(got.enum) != len(want.enum) {
			t.Fatalf("%s: got %d values, want %d", s.Path(slot), len(got.enum), len(want.enum))
		}
		for i := range want.enum {
			if got.enum[i] != want.enum[i] {
				t.Errorf("%s: got value %s, want %s", s.Path(slot), got.enum[i], want.enum[i])
			}
		}
		return 1
	}
	hasID, hasRef := false, false
	sequence := m.Sequence
	for x := m; x != nil; x = types[x.Base] {
		for _, a := range x.Attributes {
			hasID = hasID || a.Type == "xs:ID"
			hasRef = hasRef || a.Type == "xs:IDREF"
		}
		if x != m {
			sequence = append(x.Sequence[:len(x.Sequence):len(x.Sequence)], sequence...)
		}
	}
	if info.HasID != hasID || info.HasRef != hasRef || info.Leaf {
		t.Errorf("%s: got %+v, want id %v, ref %v", s.Path(slot), info, hasID, hasRef)
	}
	if int(nd.children) != len(sequence) {
		t.Errorf("%s: got %d children, want %d", s.Path(slot), nd.children, len(sequence))
		return 1
	}
	n := 1
	for i, want := range sequence {
		k := nd.first + Slot(i)
		occurs := uint32(unbounded)
		if f, ok := want.Max.(float64); ok {
			occurs = uint32(f)
		}
		if got := &s.nodes[k]; got.name != want.Name || got.min != uint32(want.Min) || got.max != occurs {
			t.Errorf("%s: got child %s %d..%d, want %+v", s.Path(slot), got.name, got.min, got.max, want)
			continue
		}
		n += compareType(t, s, types, k, want.Type)
	}
	return n
}

// facets collects the facets of a model's simple type, its bases' first.
func facets(out *simpleType, types map[string]*modelType, name string) {
	m := types[name]
	if m == nil {
		*out = *builtinType(name[len("xs:"):])
		return
	}
	facets(out, types, m.Base)
	if m.MinLength != nil {
		out.minLen = *m.MinLength
	}
	if m.MaxLength != nil {
		out.maxLen = *m.MaxLength
	}
	if m.MinInclusive != nil {
		out.lo = *m.MinInclusive
	}
	if m.MaxInclusive != nil {
		out.hi = *m.MaxInclusive
	}
	if m.Enumeration != nil {
		out.enum = m.Enumeration
	}
}
