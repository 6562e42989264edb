package xsd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"cohortx/xsd/scan"
)

// nightly is a document of n associations as student information systems write them: a third with an end date, a tenth
// with a section.
func nightly(s *Schema, n int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InterchangeStudentCohort xmlns=\"%s\">\n", s.TargetNamespace())
	for i := range n {
		fmt.Fprintf(&b, `  <StudentCohortAssociation>
    <StudentReference>
      <StudentIdentity>
        <StudentUniqueId>%d</StudentUniqueId>
      </StudentIdentity>
    </StudentReference>
    <CohortReference>
      <CohortIdentity>
        <CohortIdentifier>COH-%d</CohortIdentifier>
        <EducationOrganizationReference>
          <EducationOrganizationIdentity>
            <EducationOrganizationId>%d</EducationOrganizationId>
          </EducationOrganizationIdentity>
        </EducationOrganizationReference>
      </CohortIdentity>
    </CohortReference>
    <BeginDate>2025-09-%02d</BeginDate>
`, 600000+i, i%500, 255901000+i%200, 1+i%30)
		if i%3 == 0 {
			b.WriteString("    <EndDate>2026-06-12</EndDate>\n")
		}
		if i%10 == 0 {
			b.WriteString("    <SectionReference>\n      <SectionIdentity>\n        <SectionIdentifier>25590100102Trad220ALG112011</SectionIdentifier>\n        <CourseOfferingReference/>\n      </SectionIdentity>\n    </SectionReference>\n")
		}
		b.WriteString("  </StudentCohortAssociation>\n")
	}
	b.WriteString("</InterchangeStudentCohort>\n")
	return b.Bytes()
}

// BenchmarkCheck scans, checks and captures every value, as the decoder does, and prints how many times faster that is
// than libxml2 on the same document, measured in the same run.
func BenchmarkCheck(b *testing.B) {
	s := compile(b, releases[8])
	doc := nightly(s, 20000)
	j := newJudge(b, s)
	start := time.Now()
	if faults, err := j.lib.validate(doc); err != nil || len(faults) > 0 {
		b.Fatal(faults, err)
	}
	libxml2 := time.Since(start)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	begin, _ := s.Slot("StudentCohortAssociation/BeginDate")
	for b.Loop() {
		if n, captured := pass(b, s, doc, begin); n != 20000 || captured != 200000 {
			b.Fatalf("proved %d, captured %d bytes of dates", n, captured)
		}
	}
	b.ReportMetric(libxml2.Seconds()/(b.Elapsed().Seconds()/float64(b.N)), "x-libxml2")
}

// pass reads a document once and returns how many children were proven, and the length of one slot's values.
func pass(b *testing.B, s *Schema, doc []byte, watch Slot) (proven, captured int) {
	split, err := scan.Split(context.Background(), bytes.NewReader(doc), scan.Options{})
	if err != nil {
		b.Fatal(err)
	}
	c := s.NewChecker(split.Scope())
	leaf := make([]bool, s.NumSlots())
	for i := range leaf {
		leaf[i] = s.Info(Slot(i)).Leaf
	}
	var scanner scan.Scanner
	var slots [maxDepth]Slot
	for {
		block, err := split.Next()
		if errors.Is(err, io.EOF) {
			return proven, captured
		}
		if err != nil {
			b.Fatal(err)
		}
		scanner.Reset(block)
		depth := 0
		var text []byte
	tokens:
		for {
			kind, err := scanner.Next()
			if err != nil {
				b.Fatal(err)
			}
			switch kind {
			case scan.EndOfBlock:
				break tokens
			case scan.StartElement:
				if depth == 0 {
					c.Reset()
				}
				depth++
				slots[depth] = c.Start(scanner.Name(), scanner.Attrs(), len(scanner.Decls()) > 0)
				text = nil
			case scan.EndElement:
				v := c.End(text)
				if slots[depth] == watch {
					captured += len(v)
				}
				text = nil
				depth--
				if depth == 0 && c.Proven() {
					proven++
				}
			case scan.Text:
				if leaf[slots[depth]] {
					text = scanner.Text()
				} else if depth > 0 {
					c.Text(!scanner.IsSpace())
				}
			}
		}
		block.Release()
	}
}

// BenchmarkChecker follows the tables alone, without the tokenizer; its MB/s are those of the document that the calls
// stand for.
func BenchmarkChecker(b *testing.B) {
	s := compile(b, releases[8])
	doc := nightly(s, 30)
	split, err := scan.Split(context.Background(), bytes.NewReader(doc), scan.Options{})
	if err != nil {
		b.Fatal(err)
	}
	type call struct {
		kind  scan.Kind
		name  scan.Name
		text  []byte
		first bool
	}
	var calls []call
	block, err := split.Next()
	if err != nil {
		b.Fatal(err)
	}
	var scanner scan.Scanner
	scanner.Reset(block)
	depth := 0
	var text []byte
	for {
		kind, err := scanner.Next()
		if err != nil {
			b.Fatal(err)
		}
		if kind == scan.EndOfBlock {
			break
		}
		switch kind {
		case scan.StartElement:
			n := scanner.Name()
			calls = append(calls, call{kind: kind, name: scan.Name{Space: n.Space, Local: bytes.Clone(n.Local)}, first: depth == 0})
			depth++
			text = nil
		case scan.EndElement:
			depth--
			calls = append(calls, call{kind: kind, text: text, first: depth == 0})
			text = nil
		case scan.Text:
			if !scanner.IsSpace() {
				text = bytes.Clone(scanner.Text())
			}
		}
	}
	c := s.NewChecker(split.Scope())
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		for i := range calls {
			k := &calls[i]
			if k.kind == scan.StartElement {
				if k.first {
					c.Reset()
				}
				c.Start(k.name, nil, false)
			} else {
				c.End(k.text)
				if k.first && !c.Proven() {
					b.Fatal("not proven")
				}
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(calls)/2), "ns/element")
}

// BenchmarkJudge prints what share of its time is libxml2's own, for the same document as a whole.
func BenchmarkJudge(b *testing.B) {
	s := compile(b, releases[8])
	j := newJudge(b, s)
	doc := nightly(s, 2000)
	start := time.Now()
	if _, err := j.lib.validate(doc); err != nil {
		b.Fatal(err)
	}
	libxml2 := time.Since(start)
	r, err := drive(s, doc)
	if err != nil {
		b.Fatal(err)
	}
	fragments := r.fragments()
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		vs, err := j.Check(context.Background(), r.scope, fragments)
		if err != nil || len(vs) > 0 {
			b.Fatal(vs, err)
		}
	}
	b.ReportMetric(libxml2.Seconds()/(b.Elapsed().Seconds()/float64(b.N)), "x-libxml2")
}
