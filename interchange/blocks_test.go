package interchange_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"cohortx/interchange"
	"cohortx/xsd"
	"cohortx/xsd/scan"
)

// contents is all that a document gives: a line per entity, value and violation, in the order of the document; and where entities end.
type contents struct {
	lines []string
	ends  []int64
	split int // blocks
}

// readCut reads a document as an import does: blocks, entities, and what the judge says of those that are not proven. cut gives the size of
// the block that starts at an offset.
func readCut(t *testing.T, judges map[*xsd.Schema]*xsd.Judge, text string, cut func(from int64) int) contents {
	t.Helper()
	from := int64(0)
	splitter, schema := split(t, text, scan.Options{Cut: func(size int) int {
		if cut == nil {
			return size
		}
		return cut(from)
	}})
	scope := splitter.Scope()
	if judges[schema] == nil {
		var err error
		if judges[schema], err = xsd.NewJudge(schema); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(judges[schema].Close)
	}
	decoder := interchange.NewDecoder(schema, scope)
	var d contents
	for {
		block, err := splitter.Next()
		if err == io.EOF {
			return d
		}
		if err != nil {
			t.Fatal(err)
		}
		d.split++
		from = block.At.Offset + int64(len(block.Bytes))
		entities, err := decoder.Decode(block, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range entities {
			e := &entities[i]
			d.ends = append(d.ends, e.End())
			d.lines = append(d.lines, fmt.Sprintf("%09d entity %v at %+v, proven %v: %q", e.At.Offset, e.Kind, e.At, e.Proven, e.Raw))
			for n := range e.Nodes {
				d.lines = append(d.lines, fmt.Sprintf("%09d node %d: %d %d %d %d %q id %q ref %q", e.At.Offset, n, e.Nodes[n].Slot, e.Nodes[n].Field, e.Nodes[n].Offset, e.Nodes[n].Next, e.Nodes[n].Value, e.ID(n), e.Ref(n)))
			}
			if e.Proven {
				continue
			}
			found, err := judges[schema].Check(context.Background(), scope, []xsd.Fragment{{Raw: e.Raw, At: e.At}})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range found {
				d.lines = append(d.lines, fmt.Sprintf("%09d violation %+v", e.At.Offset, e.Localise(v)))
			}
		}
		for _, v := range decoder.Root() {
			d.lines = append(d.lines, fmt.Sprintf("%09d between: %+v", v.At.Offset, v))
		}
		block.Release()
	}
}

// awkward has at the ends of its entities what might be taken for other ends.
const awkward = `<?xml version="1.0"?><!-- <InterchangeStudentCohort> -->
<InterchangeStudentCohort xmlns="http://ed-fi.org/0200" xmlns:a="urn:a">` +
	`<Cohort/><!-- </Cohort><Cohort> --><Cohort></Cohort ><?p </Cohort> ?>text between<![CDATA[</Cohort> and <Cohort>]]>` +
	`<StaffCohortAssociation id="A1"><!-- </StaffCohortAssociation> --><BeginDate>2025-<![CDATA[09]]>-1&#52;</BeginDate><Foo><StaffCohortAssociation></StaffCohortAssociation></Foo></StaffCohortAssociation>` + "\r\n" +
	`<Unknown><Cohort/></Unknown><a:Cohort a:x="&lt;/Cohort>"/>é字𝄞<StudentCohortAssociation a:y='>'><CohortReference ref=" A1 "/></StudentCohortAssociation>` +
	"\t<!-- - - end -->\n" + `<Cohort><CohortIdentifier> &lt;/Cohort&gt; </CohortIdentifier></Cohort></InterchangeStudentCohort><!-- </Cohort> -->`

// TestDecoder_Blocks: wherever a document is cut into blocks, up to 200 bytes behind the end of any entity, its entities, their places and
// values, what the tables prove and what the judge says are the same.
func TestDecoder_Blocks(t *testing.T) {
	docs := map[string]string{"awkward": awkward}
	for _, pattern := range []string{"testdata/instances/*/full.xml", "../xsd/testdata/generated/*/0[1-9]*.xml", "../xsd/testdata/generated/*/3[0-5]*.xml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			docs[file] = string(text)
		}
	}
	judges := map[*xsd.Schema]*xsd.Judge{}
	for name, text := range docs {
		t.Run(name, func(t *testing.T) {
			whole := readCut(t, judges, text, nil)
			if whole.split > 1 {
				t.Fatalf("%d blocks without a cut", whole.split)
			}
			slices.Sort(whole.lines)
			for past := range 201 {
				// Each block is to end so many bytes behind the end of the entity that it starts with.
				d := readCut(t, judges, text, func(from int64) int {
					for _, end := range whole.ends {
						if end > from {
							return int(end-from) + past
						}
					}
					return 1
				})
				slices.Sort(d.lines)
				for i, line := range whole.lines {
					if i >= len(d.lines) || d.lines[i] != line {
						t.Fatalf("cut %d bytes past the entities (%d blocks): got\n%s\nwant\n%s", past, d.split, append(d.lines, "nothing")[min(i, len(d.lines))], line)
					}
				}
				if len(d.lines) != len(whole.lines) {
					t.Fatalf("cut %d bytes past the entities: got %d lines, want %d: %s", past, len(d.lines), len(whole.lines), d.lines[len(whole.lines)])
				}
				if past == 0 && len(whole.ends) > 3 && d.split < 3 {
					t.Errorf("only %d blocks", d.split)
				}
			}
		})
	}
}
