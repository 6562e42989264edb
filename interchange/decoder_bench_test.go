package interchange_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"cohortx/interchange"
	"cohortx/xsd/scan"
)

// document writes n plain associations as Ed-Fi's samples are indented.
func document(r *interchange.Release, n int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InterchangeStudentCohort xmlns=\"%s\">\n", r.Namespace)
	for i := range n {
		fmt.Fprintf(&b, `  <StudentCohortAssociation>
    <StudentReference>
      <StudentIdentity>
        <StudentUniqueId>%d</StudentUniqueId>
      </StudentIdentity>
    </StudentReference>
    <CohortReference>
      <CohortIdentity>
        <CohortIdentifier>C%d</CohortIdentifier>
        <EducationOrganizationReference>
          <EducationOrganizationIdentity>
            <EducationOrganizationId>%d</EducationOrganizationId>
          </EducationOrganizationIdentity>
        </EducationOrganizationReference>
      </CohortIdentity>
    </CohortReference>
    <BeginDate>2025-09-%02d</BeginDate>
  </StudentCohortAssociation>
`, 604821+i, i%97, 255901000+i%200, 1+i%28)
	}
	b.WriteString("</InterchangeStudentCohort>\n")
	return b.Bytes()
}

// BenchmarkDecoder is one pass over the bytes: tokenizing, proving and capturing.
func BenchmarkDecoder(b *testing.B) {
	r, _ := interchange.ReleaseNamed("2.0")
	schema, err := interchange.LoadSchema(r, "")
	if err != nil {
		b.Fatal(err)
	}
	text := document(r, 10_000)
	splitter, err := scan.Split(context.Background(), bytes.NewReader(text), scan.Options{})
	if err != nil {
		b.Fatal(err)
	}
	var blocks []*scan.Block
	for {
		block, err := splitter.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		blocks = append(blocks, block)
	}
	decoder := interchange.NewDecoder(schema, splitter.Scope())
	var entities []interchange.Entity
	var plain interchange.Plain
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for _, block := range blocks {
			if entities, err = decoder.Decode(block, entities[:0]); err != nil {
				b.Fatal(err)
			}
			for i := range entities {
				if !entities[i].Proven {
					b.Fatal("not proven")
				}
				if reading, _ := entities[i].ReadPlain(&plain); reading != interchange.ReadWhole {
					b.Fatal(reading)
				}
			}
		}
	}
}
