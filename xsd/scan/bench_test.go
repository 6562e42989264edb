package scan_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"

	"cohortx/xsd/scan"
)

// roster is a document like those that student information systems write, of at least size bytes: indented, few attributes, short values.
func roster(size int) []byte {
	var doc bytes.Buffer
	doc.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InterchangeStudentEnrollment xmlns=\"http://ed-fi.org/0200\">\n")
	for i := 0; doc.Len() < size; i++ {
		fmt.Fprintf(&doc, `  <StudentSchoolAssociation id="SSA-%d">
    <StudentReference>
      <StudentIdentity>
        <StudentUniqueId>%d</StudentUniqueId>
      </StudentIdentity>
    </StudentReference>
    <SchoolReference>
      <SchoolIdentity>
        <SchoolId>255901001</SchoolId>
      </SchoolIdentity>
    </SchoolReference>
    <EntryDate>2025-08-%02d</EntryDate>
    <EntryGradeLevel>
      <CodeValue>Ninth grade</CodeValue>
    </EntryGradeLevel>
    <RepeatGradeIndicator>false</RepeatGradeIndicator>
  </StudentSchoolAssociation>
`, i, 604000+i, 1+i%28)
	}
	doc.WriteString("</InterchangeStudentEnrollment>\n")
	return doc.Bytes()
}

const benchmarkSize = 8 << 20

// benchmarkDocs are documents of different nature.
func benchmarkDocs() map[string][]byte {
	plain := roster(benchmarkSize)
	return map[string][]byte{
		"Roster":  plain,
		"Compact": bytes.ReplaceAll(plain, []byte("\n"), nil),
		"CRLF":    bytes.ReplaceAll(plain, []byte("\n"), []byte("\r\n")),
		"Prefix":  []byte(strings.NewReplacer("</", "</n:", "<S", "<n:S", "<E", "<n:E", "<C", "<n:C", "<R", "<n:R", "<I", "<n:I", "xmlns=", "xmlns:n=").Replace(string(plain))),
	}
}

func BenchmarkSplitter_Next(b *testing.B) {
	for name, doc := range benchmarkDocs() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				splitter, err := scan.Split(context.Background(), bytes.NewReader(doc), scan.Options{})
				if err != nil {
					b.Fatal(err)
				}
				for {
					block, err := splitter.Next()
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					block.Release()
				}
			}
		})
	}
}

func BenchmarkScanner_Next(b *testing.B) {
	for name, doc := range benchmarkDocs() {
		b.Run(name, func(b *testing.B) {
			blocks := blocksOf(b, doc)
			var s scan.Scanner
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				for _, block := range blocks {
					s.Reset(block)
					for {
						kind, err := s.Next()
						if err != nil {
							b.Fatal(err)
						}
						if kind == scan.EndOfBlock {
							break
						}
					}
				}
			}
		})
	}
}

// BenchmarkEncodingXML is what the numbers of the others are to be compared with.
func BenchmarkEncodingXML(b *testing.B) {
	doc := roster(benchmarkSize / 8)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		d := xml.NewDecoder(bytes.NewReader(doc))
		for {
			if _, err := d.RawToken(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// blocksOf returns the blocks of a well-formed document.
func blocksOf(t testing.TB, doc []byte) []*scan.Block {
	t.Helper()
	splitter, err := scan.Split(context.Background(), bytes.NewReader(doc), scan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var blocks []*scan.Block
	for {
		b, err := splitter.Next()
		if err == io.EOF {
			return blocks
		}
		if err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, b)
	}
}
