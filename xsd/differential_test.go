package xsd

import (
	"fmt"
	"reflect"
	"sort"
	"strings"
	"testing"

	"cohortx/xsd/edfi"
)

// differential holds our verdicts on generated documents against libxml2's on the whole of each.
type differential struct {
	*generator
	ours    *Schema
	judge   *Judge
	libxml2 *libSchema // whose schema is not flattened by us

	// The official schema as we flatten and compile it (--xsd); nil where it is not at hand. It must say the same as ours.
	official *Schema
	second   *Judge

	documents, valid, invalid, agreed int
	entities, proven                  int            // of the valid documents
	defects                           map[string]int // documented defects of libxml2: in how many documents
	kinds                             map[string]int // mutations: how often
	fatal                             map[string]int // mutations, alone in a document, that made it invalid
	undocumented                      []string       // what we disagree about
}

// sample is one generated document.
type sample struct {
	tree    *tree
	doc     []byte
	kinds   []string
	damaged bool
}

// excerpt is the document, or the beginning of a large one.
func (s *sample) excerpt() []byte {
	const most = 4000
	if len(s.doc) <= most {
		return s.doc
	}
	return fmt.Appendf(s.doc[:most:most], "... (%d bytes)", len(s.doc))
}

// next makes a document: two in five are valid, the others have one or two faults.
func (d *differential) next() *sample {
	s := &sample{tree: d.generator.valid()}
	n := 0
	switch d.IntN(20) {
	case 0, 1, 2:
		n = 2
	case 3, 4, 5, 6, 7, 8, 9, 10, 11:
		n = 1
	}
	for range n {
		if kind := d.mutate(s.tree); kind != "" {
			s.kinds = append(s.kinds, kind)
		}
	}
	if d.IntN(2) == 0 {
		d.decorate(s.tree)
	}
	s.doc = d.write(s.tree, repair{})
	if n > 0 && d.IntN(25) == 0 {
		s.doc, s.damaged = d.damage(d.write(s.tree, repair{padding: true, cdata: true})), true
		s.kinds = []string{"ill-formed"}
	}
	return s
}

// run makes and compares documents until there are as many as asked for.
func (d *differential) run(count int) error {
	d.reset()
	for range count {
		s := d.next()
		if err := d.compare(s); err != nil {
			return fmt.Errorf("%w\n%v\n%s", err, s.kinds, s.excerpt())
		}
	}
	return nil
}

func (d *differential) reset() {
	d.defects, d.kinds, d.fatal = map[string]int{}, map[string]int{}, map[string]int{}
}

func (d *differential) compare(s *sample) error {
	ours, err := judgeDocument(d.ours, d.judge, s.doc)
	if err != nil {
		return err
	}
	var o *outline
	if !s.damaged {
		o = d.outline(s.tree)
	}
	theirs, err := askLibxml2(d.libxml2, s.doc, o)
	if err != nil {
		return err
	}
	d.count(s, ours)
	if len(s.kinds) == 0 && !ours.valid() {
		return fmt.Errorf("generated as valid, but we say %s", ours.why)
	}
	if d.official != nil {
		again, err := judgeDocument(d.official, d.second, s.doc)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(again, ours) {
			d.undocumented = append(d.undocumented, fmt.Sprintf("by the embedded schema: %+v\nby the official one: %+v\n%v\n%s", ours, again, s.kinds, s.excerpt()))
			return nil
		}
	}
	if ours.agrees(theirs) {
		d.agreed++
		return nil
	}
	kinds, err := d.explain(s, o, ours, theirs)
	if err != nil {
		return err
	}
	for _, k := range kinds {
		d.defects[k]++
	}
	if len(kinds) == 0 {
		d.undocumented = append(d.undocumented, fmt.Sprintf("we: valid=%v %v %s\nlibxml2: valid=%v %v %s\n%v\n%s", ours.valid(), ours.entities, ours.why, theirs.valid(), theirs.entities, theirs.why, s.kinds, s.excerpt()))
	}
	return nil
}

func (d *differential) count(s *sample, ours *verdict) {
	d.documents++
	if ours.valid() {
		d.valid++
		d.entities += len(ours.entities)
		d.proven += ours.proven
	} else {
		d.invalid++
	}
	for _, k := range s.kinds {
		d.kinds[k]++
	}
	if len(s.kinds) == 1 && !ours.valid() {
		d.fatal[s.kinds[0]]++
	}
}

// The documented defects of libxml2 2.9.
const (
	defectPadding = "padding"        // white space around an xs:date or a number is refused
	defectCData   = "CDATA"          // so is a CDATA section of nothing but white space between elements
	defectIDREF   = "dangling IDREF" // an xs:IDREF without its xs:ID is accepted
)

// explain says which documented defects of libxml2 are behind a disagreement: those without which we agree. The document is
// written again in a form that the recommendation does not tell from the first but that libxml2 can follow, and then libxml2
// must come to our verdict.
func (d *differential) explain(s *sample, o *outline, ours, theirs *verdict) (kinds []string, err error) {
	if s.damaged {
		return nil, nil
	}
	lenient := *ours
	lenient.refs = true
	ask := func(fix repair) *verdict {
		if err != nil {
			return nil
		}
		var v *verdict
		v, err = askLibxml2(d.libxml2, d.write(s.tree, fix), o)
		return v
	}
	whole, padded, cdata := ask(repair{padding: true, cdata: true}), ask(repair{cdata: true}), ask(repair{padding: true})
	if err != nil || !lenient.agrees(whole) {
		return nil, err
	}
	if !whole.agrees(padded) {
		kinds = append(kinds, defectPadding)
	}
	if !whole.agrees(cdata) {
		kinds = append(kinds, defectCData)
	}
	if !ours.refs && lenient.valid() {
		kinds = append(kinds, defectIDREF)
	}
	return kinds, nil
}

// line is the result in one line.
func (d *differential) line(name string) string {
	var defects []string
	for _, k := range []string{defectPadding, defectCData, defectIDREF} {
		defects = append(defects, fmt.Sprintf("%s %d", k, d.defects[k]))
	}
	return fmt.Sprintf("%-8s %d documents: %d valid, %d invalid; %d agreed, %d with documented defects of libxml2 (%s), %d undocumented disagreements",
		name, d.documents, d.valid, d.invalid, d.agreed, d.documents-d.agreed-len(d.undocumented), strings.Join(defects, ", "), len(d.undocumented))
}

// check fails the test for what a run has found, or has not covered.
func (d *differential) check(t *testing.T) {
	t.Helper()
	for i, u := range d.undocumented {
		if i == 3 {
			t.Errorf("... and %d more", len(d.undocumented)-i)
			break
		}
		t.Errorf("undocumented disagreement:\n%s", u)
	}
	for _, p := range d.paths {
		if !d.visited[p] {
			t.Errorf("no document has had %s", p.path)
		}
		if p.value != nil && p.value.enum != nil {
			if n := d.turn[p.value.name+p.value.enum[0]]; n < len(p.value.enum) {
				t.Errorf("%s: only %d of %d values have had their turn", p.path, n, len(p.value.enum))
			}
		}
	}
	for _, m := range mutations {
		if d.fatal[m.name] == 0 {
			t.Errorf("no document was invalid by %q alone", m.name)
		}
	}
	if d.proven*100 < d.entities*90 {
		t.Errorf("proved %d of the %d entities of valid documents, expected at least 90 %%", d.proven, d.entities)
	}
	if d.valid*10 < d.documents*3 || d.invalid*10 < d.documents*3 {
		t.Errorf("%d documents are valid and %d invalid, expected a better mixture", d.valid, d.invalid)
	}
}

// summary lists how often each mutation stood alone, and made a document invalid.
func (d *differential) summary() string {
	var list []string
	for k, n := range d.kinds {
		list = append(list, fmt.Sprintf("%s %d/%d", k, d.fatal[k], n))
	}
	sort.Strings(list)
	return fmt.Sprintf("proven %d of %d entities of valid documents; %s", d.proven, d.entities, strings.Join(list, ", "))
}

// newDifferential compares the embedded schema, compiled by us, with the same as libxml2 reads it itself.
func newDifferential(t *testing.T, r release, g *grammar, seed uint64) *differential {
	t.Helper()
	source, err := edfi.Files.ReadFile(r.file)
	if err != nil {
		t.Fatal(err)
	}
	s := compile(t, r)
	own, err := Compile(edfi.Files, r.file, "")
	if err != nil {
		t.Fatal(err)
	}
	lib, err := compileLib([]byte(strings.ReplaceAll(string(source), `"`+own.TargetNamespace()+`"`, `"`+r.namespace+`"`)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lib.free)
	return &differential{generator: newGenerator(g, seed), ours: s, judge: newJudge(t, s), libxml2: lib}
}

// TestDifferential holds our verdicts against libxml2's on documents that are made from the embedded schemas as encoding/xml
// reads them, which TestGrammar finds equal to the reference model.
func TestDifferential(t *testing.T) {
	const count = 2500 // enough for every path, value and mutation to have its turn
	for i, r := range releases {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			d := newDifferential(t, r, embeddedGrammar(t, r), uint64(i))
			if err := d.run(count); err != nil {
				t.Fatal(err)
			}
			d.check(t)
			t.Log(d.line(r.name))
			t.Log(d.summary())
		})
	}
}
