package xsd

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"cohortx/xsd/scan"
)

func TestChecker_Slots(t *testing.T) {
	s := compile(t, releases[8])
	doc := fmt.Sprintf(`<InterchangeStudentCohort xmlns="%s">
  <StaffCohortAssociation id=" A1 "><CohortReference ref="C1"/><StaffReference><StaffIdentity><StaffUniqueId> 7 </StaffUniqueId></StaffIdentity></StaffReference>
  <Foo><BeginDate/></Foo><BeginDate> 2025-09-14
  </BeginDate></StaffCohortAssociation></InterchangeStudentCohort>`, s.TargetNamespace())
	r, err := drive(s, []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	k := r.children[0]
	if k.proven {
		t.Error("proven although the order is wrong")
	}
	if k.unknown != 2 {
		t.Errorf("found %d elements without a slot, expected 2", k.unknown)
	}
	for path, want := range map[string]string{
		"StaffCohortAssociation/BeginDate":                                  "2025-09-14",
		"StaffCohortAssociation/StaffReference/StaffIdentity/StaffUniqueId": " 7 ",
	} {
		slot, ok := s.Slot(path)
		if got := k.values[slot]; !ok || got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
		if s.Path(slot) != path || !s.Info(slot).Leaf {
			t.Errorf("%s: got %s, info %+v", path, s.Path(slot), s.Info(slot))
		}
	}
	if fmt.Sprint(k.ids, k.refs) != "[A1] [C1]" {
		t.Errorf("got ids and refs %v %v", k.ids, k.refs)
	}
}

// TestChecker_Depth: elements nested more deeply than the checker follows are never proven, and do no harm.
func TestChecker_Depth(t *testing.T) {
	s := compile(t, releases[8])
	r, err := drive(s, interchange(s, "", "<Cohort/>"))
	if err != nil {
		t.Fatal(err)
	}
	c := s.NewChecker(r.scope)
	space, _ := r.scope.Lookup(s.TargetNamespace())
	for range 3 * maxDepth {
		c.Start(scan.Name{Space: space, Local: []byte("Cohort")}, nil, false)
	}
	for range 3*maxDepth + 2 {
		c.End(nil)
	}
	if c.Proven() {
		t.Error("proven")
	}
}

// TestChecker_Interrupted: Proven is for after the end tag only, and Reset forgets everything.
func TestChecker_Interrupted(t *testing.T) {
	s := compile(t, releases[8])
	r, err := drive(s, interchange(s, "", "<Cohort/>"))
	if err != nil {
		t.Fatal(err)
	}
	c := s.NewChecker(r.scope)
	if c.Proven() {
		t.Error("proven without an element")
	}
	space, _ := r.scope.Lookup(s.TargetNamespace())
	name := func(local string) scan.Name { return scan.Name{Space: space, Local: []byte(local)} }
	whole := func(stop int) {
		step := 0
		for _, path := range []string{"StaffCohortAssociation", "StaffReference", "/", "CohortReference", "/", "BeginDate", "/", "/"} {
			if step++; step > stop {
				return
			}
			if path == "/" {
				c.End([]byte("2025-09-14"))
			} else {
				c.Start(name(path), nil, false)
			}
		}
	}
	for stop := 0; stop <= 8; stop++ {
		c.Reset()
		whole(stop)
		if c.Proven() != (stop == 8) {
			t.Errorf("proven is %v after %d calls", c.Proven(), stop)
		}
	}
}

// FuzzCheckerAgainstJudge looks for an element that the checker proves and libxml2 refuses.
func FuzzCheckerAgainstJudge(f *testing.F) {
	type engine struct {
		s *Schema
		j *Judge
	}
	var engines []engine
	for _, r := range []release{releases[0], releases[8]} {
		s := compile(f, r)
		engines = append(engines, engine{s, newJudge(f, s)})
		g := newGenerator(embeddedGrammar(f, r), 3)
		for i := range 6 {
			doc := g.valid()
			doc.prefix, doc.kids = "", []*item{g.element(g.children[i%3], nil, 3)}
			g.refer(doc)
			g.decorate(doc)
			r, err := drive(s, g.write(doc, repair{}))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(r.children[0].Raw)
		}
		for range 2 * len(mutations) {
			doc := g.valid()
			doc.prefix, doc.kids = "", doc.kids[:1]
			g.mutate(doc)
			r, err := drive(s, g.write(doc, repair{}))
			if err == nil && len(r.children) > 0 && len(r.children[0].Raw) < 2000 {
				f.Add(r.children[0].Raw)
			}
		}
	}
	f.Fuzz(func(t *testing.T, child []byte) {
		for _, e := range engines {
			doc := append([]byte(`<InterchangeStudentCohort xmlns="`+e.s.TargetNamespace()+`" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`), child...)
			r, err := drive(e.s, append(doc, "</InterchangeStudentCohort>"...))
			if err != nil {
				continue
			}
			vs, err := e.j.Check(context.Background(), r.scope, r.fragments())
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			for _, v := range vs {
				if r.children[v.Fragment].proven {
					t.Fatalf("proven, but the judge says %+v", v)
				}
				if v.Offset < 0 || v.Offset >= len(r.children[v.Fragment].Raw) || r.children[v.Fragment].Raw[v.Offset] != '<' {
					t.Fatalf("the offset %d is no tag's", v.Offset)
				}
			}
		}
	})
}
