package xsd

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"cohortx/xsd/scan"
)

// TestChecker_AgainstJudge makes documents from the tables, breaks most of them, and holds the checker's proofs against
// libxml2: once against the judge, and for documents without the peculiarities that the judge irons out, against libxml2
// and the untouched document too.
func TestChecker_AgainstJudge(t *testing.T) {
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	for _, r := range []release{releases[0], releases[1], releases[2], releases[6], releases[8]} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s := compile(t, r)
			j := newJudge(t, s)
			g := &generator{Rand: rand.New(rand.NewPCG(7, 1)), schema: s}
			plain, plainProven, broken, brokenValid, brokenProven := 0, 0, 0, 0, 0
			for i := range rounds {
				g.style = style{prefix: []string{"", "", "ef"}[g.IntN(3)], newline: []string{"", "\n  ", "\r\n"}[g.IntN(3)], odd: g.IntN(3) == 0}
				it := g.element(Slot(1+g.IntN(int(s.nodes[0].children))), 0)
				mutations := i % 4
				for range mutations {
					g.mutate(it)
				}
				doc := g.document([]*item{it})
				read, err := drive(s, doc)
				if err != nil {
					if mutations == 0 {
						t.Fatalf("generated a document that is not well-formed: %v\n%s", err, doc)
					}
					continue // such as two attributes of one name
				}
				vs, err := j.Check(context.Background(), read.scope, read.fragments())
				if err != nil {
					t.Fatalf("%v\n%s", err, doc)
				}
				proven := len(read.children) == 1 && read.children[0].proven
				if proven && len(vs) > 0 {
					t.Fatalf("proven, but the judge says %+v\n%s", vs, doc)
				}
				if !g.style.odd && proven {
					faults, err := j.lib.validate(doc)
					if err != nil {
						t.Fatal(err)
					}
					for _, f := range faults {
						// Padding that libxml2 wrongly refuses, and uniqueness of ids, are known differences.
						if f.rule != ruleValue {
							t.Fatalf("proven, but libxml2 says %+v of the document itself\n%s", f, doc)
						}
					}
				}
				if mutations == 0 {
					plain++
					if len(vs) > 0 {
						t.Fatalf("generated as valid, but the judge says %+v\n%s", vs, doc)
					}
					if proven {
						plainProven++
					}
				} else {
					broken++
					if len(vs) == 0 {
						brokenValid++
						if proven {
							brokenProven++
						}
					}
				}
			}
			t.Logf("valid: %d, proven %d; mutated: %d, still valid %d, of them proven %d", plain, plainProven, broken, brokenValid, brokenProven)
			if plainProven*100 < plain*95 {
				t.Errorf("proved %d of %d valid documents, expected at least 95 %%", plainProven, plain)
			}
			if broken-brokenValid < broken/3 {
				t.Errorf("%d of %d mutated documents are invalid, expected more", broken-brokenValid, broken)
			}
		})
	}
}

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
		if info := s.Info(slot); info.Path != path || !info.Leaf {
			t.Errorf("%s: got info %+v", path, info)
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
		g := &generator{Rand: rand.New(rand.NewPCG(3, 3)), schema: s, style: style{newline: "\n", odd: true}}
		for i := range 6 {
			r, err := drive(s, g.document([]*item{g.element(Slot(1+i%3), 3)}))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(r.children[0].Raw)
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
