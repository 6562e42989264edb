package xsd

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "make the documents of testdata/generated anew; needs ORACLE_XSD, see TestOracle")

// generatedReleases are those of which nobody else has documents with verdicts.
var generatedReleases = []release{releases[2], releases[5], releases[7]}

const generatedFolder = "testdata/generated"

// generatedIndex is the list of the documents of a release: file, VALID or INVALID, what was done to it, and what libxml2 2.9
// gets wrong about it.
func generatedIndex(r release) string { return filepath.Join(generatedFolder, r.name, "INDEX.tsv") }

// TestGenerated holds our verdicts against those that libxml2 gave by the official schemas, on documents that were generated
// once: valid ones with every element that the release has, and one or more for every kind of fault.
func TestGenerated(t *testing.T) {
	for i, r := range generatedReleases {
		t.Run(r.name, func(t *testing.T) {
			if *update {
				writeGenerated(t, r, uint64(100+i))
			}
			index, err := os.ReadFile(generatedIndex(r))
			if err != nil {
				t.Fatal(err)
			}
			s := compile(t, r)
			j := newJudge(t, s)
			entities, proven := 0, 0
			paths := map[Slot]bool{}
			for _, line := range strings.Split(strings.TrimSpace(string(index)), "\n")[1:] {
				fields := strings.Split(line, "\t")
				doc, err := os.ReadFile(filepath.Join(generatedFolder, r.name, fields[0]))
				if err != nil {
					t.Fatal(err)
				}
				v, err := judgeDocument(s, j, doc)
				if err != nil {
					t.Fatalf("%s: %v", fields[0], err)
				}
				if v.valid() != (fields[1] == "VALID") {
					t.Errorf("%s: got valid=%v %s, want %s (%s)", fields[0], v.valid(), v.why, fields[1], fields[2])
				}
				if fields[1] == "VALID" {
					entities += len(v.entities)
					proven += v.proven
					children, err := drive(s, doc)
					if err != nil {
						t.Fatal(err)
					}
					for _, k := range children.children {
						for _, slot := range k.slots {
							paths[slot] = true
						}
					}
				}
			}
			if len(paths) != s.NumSlots()-1 {
				t.Errorf("the valid documents have %d of %d elements", len(paths), s.NumSlots()-1)
			}
			if proven*100 < entities*90 {
				t.Errorf("proved %d of the %d entities of valid documents, expected at least 90 %%", proven, entities)
			}
		})
	}
}

// writeGenerated makes the documents of a release. The verdicts are libxml2's, by the official schema.
func writeGenerated(t *testing.T, r release, seed uint64) {
	t.Helper()
	file, ok := findOfficial(t, os.Getenv("ORACLE_XSD"))[r.namespace]
	if !ok {
		t.Fatalf("no official schema of %s below ORACLE_XSD", r.name)
	}
	d, err := newOracle(t, r, file, seed)
	if err != nil {
		t.Fatal(err)
	}
	d.reset()
	folder := filepath.Join(generatedFolder, r.name)
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	index := "file\texpected\twhat\tlibxml2\n"
	save := func(name, what string, s *sample) {
		o := d.outline(s.tree)
		if s.damaged {
			o = nil
		}
		raw, err := askLibxml2(d.libxml2, s.doc, o)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := judgeDocument(d.ours, d.judge, s.doc)
		if err != nil {
			t.Fatal(err)
		}
		valid, note := raw.valid(), ""
		if !ours.agrees(raw) {
			kinds, err := d.explain(s, o, ours, raw)
			if err != nil || len(kinds) == 0 {
				t.Fatalf("%s: undocumented disagreement (%v)\n%s", name, err, s.doc)
			}
			note = "wrong about " + strings.Join(kinds, ", ")
			valid = ours.valid()
		}
		verdict := "INVALID"
		if valid {
			verdict = "VALID"
		}
		if err := os.WriteFile(filepath.Join(folder, name), s.doc, 0o644); err != nil {
			t.Fatal(err)
		}
		index += fmt.Sprintf("%s\t%s\t%s\t%s\n", name, verdict, what, note)
	}
	all := d.full()
	save("full.xml", "every element", &sample{tree: all, doc: d.write(all, repair{})})
	n := 0
	small := func(kind string, right func(*sample) bool) {
		n++
		for {
			s := d.next()
			if len(s.doc) < 2500 && right(s) {
				save(fmt.Sprintf("%02d-%s.xml", n, strings.NewReplacer(",", "", " ", "-", ":", "-").Replace(kind)), kind, s)
				return
			}
		}
	}
	alone := func(s *sample, kind string) bool { return len(s.kinds) == 1 && s.kinds[0] == kind }
	explained := func(s *sample, kind string) bool {
		ours, _ := judgeDocument(d.ours, d.judge, s.doc)
		raw, err := askLibxml2(d.libxml2, s.doc, d.outline(s.tree))
		if err != nil || s.damaged || ours.agrees(raw) {
			return false
		}
		kinds, _ := d.explain(s, d.outline(s.tree), ours, raw)
		return slices.Contains(kinds, kind)
	}
	for _, kind := range []string{defectPadding, defectCData} {
		small(kind, func(s *sample) bool { return len(s.kinds) == 0 && explained(s, kind) })
	}
	small(defectIDREF, func(s *sample) bool { return explained(s, defectIDREF) })
	for range 6 {
		small("valid", func(s *sample) bool { return len(s.kinds) == 0 && len(s.tree.kids) > 1 })
	}
	for _, m := range mutations {
		small(m.name, func(s *sample) bool {
			ours, _ := judgeDocument(d.ours, d.judge, s.doc)
			return alone(s, m.name) && !ours.valid()
		})
	}
	small("ill-formed", func(s *sample) bool { return s.damaged })
	if err := os.WriteFile(generatedIndex(r), []byte(index), 0o644); err != nil {
		t.Fatal(err)
	}
}

// full makes a document of as few entities as have every element that the schema allows.
func (g *generator) full() *tree {
	t := &tree{name: g.root, space: g.namespace, newline: "\n"}
	g.visited = map[*decl]bool{}
	for i := len(g.paths) - 1; i >= 0; i-- {
		want := g.paths[i]
		if g.visited[want] {
			continue
		}
		top := want
		for top.parent != nil {
			top = top.parent
		}
		t.kids = append(t.kids, g.element(top, want, 0))
	}
	g.refer(t)
	return t
}
