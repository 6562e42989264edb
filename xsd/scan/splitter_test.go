package scan_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"cohortx/xsd/scan"
)

// TestSplitter_Cut cuts documents at every size from 1 to 200, valid ones and broken ones, and finds the same tokens and errors always.
func TestSplitter_Cut(t *testing.T) {
	docs := corpus(t, "v*/*.xml")
	maps.Copy(docs, corpus(t, "v2.0.0/valid/0[0-4]*.xml"))
	maps.Copy(docs, corpus(t, "*/invalid/*-wf-*.xml"))
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		doc := string(docs[name])
		want, wantErr := listing(doc, scan.Options{})
		step := 1
		if testing.Short() {
			step = 17
		}
		for size := 1; size <= 200; size += step {
			got, err := listing(doc, scan.Options{Cut: func(int) int { return size }})
			if got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("%s cut at %d: found\n%s%v\nexpected\n%s%v", name, size, got, err, want, wantErr)
			}
		}
		if got, err := slowly(doc, 10); got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Errorf("%s read byte by byte: found\n%s%v\nexpected\n%s%v", name, got, err, want, wantErr)
		}
	}
}

func TestSplitter_Next(t *testing.T) {
	doc := "<?xml version='1.0'?>\n<r>\n  <a>1</a>\n  <!-- <b> --><b/>\n  <c x='</c>'>é</c> <d/></r><!-- end -->\n"
	splitter, err := scan.Split(context.Background(), strings.NewReader(doc), scan.Options{Cut: func(int) int { return 1 }})
	if err != nil {
		t.Fatal(err)
	}
	if tag := string(splitter.Scope().Tag); tag != "<r>" || splitter.Scope().At != (scan.Pos{Offset: 22, Line: 2, Column: 1}) {
		t.Errorf("found root %s at %+v", tag, splitter.Scope().At)
	}
	want := []struct {
		text string
		at   scan.Pos
	}{
		{"\n  <a>1</a>", scan.Pos{Offset: 25, Line: 2, Column: 4}},
		{"\n  <!-- <b> --><b/>", scan.Pos{Offset: 36, Line: 3, Column: 11}},
		{"\n  <c x='</c>'>é</c>", scan.Pos{Offset: 55, Line: 4, Column: 19}},
		{" <d/>", scan.Pos{Offset: 76, Line: 5, Column: 20}},
	}
	for i, w := range want {
		b, err := splitter.Next()
		if err != nil {
			t.Fatal(err)
		}
		if string(b.Bytes) != w.text || b.At != w.at || b.Seq != i || b.Truncated {
			t.Errorf("found block %d %q at %+v, expected %d %q at %+v", b.Seq, b.Bytes, b.At, i, w.text, w.at)
		}
		b.Release()
	}
	for range 2 {
		if _, err := splitter.Next(); err != io.EOF {
			t.Errorf("found error %v, expected io.EOF", err)
		}
	}
	if end := splitter.End(); end != (scan.Pos{Offset: 81, Line: 5, Column: 25}) {
		t.Errorf("found the end tag at %+v", end)
	}
}

// TestSplitter_Blocks sees that blocks have about the size that is asked for, and that nothing is lost between them.
func TestSplitter_Blocks(t *testing.T) {
	doc := "<r>" + strings.Repeat("<a><b>text</b></a>\n", 200_000) + "</r>"
	splitter, err := scan.Split(context.Background(), strings.NewReader(doc), scan.Options{BlockSize: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	got := "<r>"
	var out strings.Builder
	for {
		b, err := splitter.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if n := len(b.Bytes); n < 100_000 && int(b.At.Offset)+n < len(doc)-4 || n > 100_100 {
			t.Errorf("found a block of %d bytes", n)
		}
		if int(b.At.Offset) != 3+out.Len() {
			t.Errorf("found a block at %d, expected %d", b.At.Offset, 3+out.Len())
		}
		out.Write(b.Bytes)
		b.Release()
	}
	if got+out.String()+"</r>" != doc {
		t.Error("the blocks are not the document")
	}
}

// tokenError reads a document to its end and returns the first error that a scanner finds, and the one that the splitter ends with.
func tokenError(r io.Reader, opt scan.Options) (inBlock, atEnd error) {
	splitter, err := scan.Split(context.Background(), r, opt)
	if err != nil {
		return nil, err
	}
	var s scan.Scanner
	for {
		b, err := splitter.Next()
		if err != nil {
			return inBlock, err
		}
		s.Reset(b)
		for inBlock == nil {
			kind, err := s.Next()
			if kind == scan.EndOfBlock {
				inBlock = err
				break
			}
		}
		b.Release()
	}
}

func TestSplitter_Truncated(t *testing.T) {
	broken := errors.New("the disk is gone")
	doc := "<r><a>1</a><b>2"
	inBlock, atEnd := tokenError(io.MultiReader(strings.NewReader(doc), iotest.ErrReader(broken)), scan.Options{})
	if inBlock != broken || atEnd != broken {
		t.Errorf("found %v in the block and %v at the end, expected %v", inBlock, atEnd, broken)
	}
	inBlock, atEnd = tokenError(io.MultiReader(strings.NewReader("<r><a>1</b><b>2"), iotest.ErrReader(broken)), scan.Options{})
	var e *scan.Error
	if !errors.As(inBlock, &e) || e.At.Column != 8 || atEnd != broken {
		t.Errorf("found %v in the block and %v at the end, expected the wrong end tag first", inBlock, atEnd)
	}
	for _, doc := range []string{"", "<r", "<!-- "} {
		if _, err := tokenError(io.MultiReader(strings.NewReader(doc), iotest.ErrReader(broken)), scan.Options{}); err != broken {
			t.Errorf("%q: found %v, expected %v", doc, err, broken)
		}
	}
	for _, doc := range []string{"<r/>", "<r></r", "<r></r><!-- "} {
		if _, err := tokenError(io.MultiReader(strings.NewReader(doc), iotest.ErrReader(broken)), scan.Options{}); err != broken {
			t.Errorf("%q: found %v, expected %v", doc, err, broken)
		}
	}
}

// repeated is a long text that needs no memory.
type repeated struct {
	text string
	left int
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) && r.left > 0 {
		k := copy(p[n:], r.text[r.at:])
		n, r.at = n+k, r.at+k
		if r.at == len(r.text) {
			r.at = 0
			r.left--
		}
	}
	return n, nil
}

func TestSplitter_Limits(t *testing.T) {
	x := strings.Repeat("x", 1024)
	for name, tt := range map[string]struct {
		before, repeated, after string
		times                   int
		refused                 bool
	}{
		"LargestEntity":  {"<r> <a>", x, "</a></r>", 16<<10 - 1, false},
		"TooLargeEntity": {"<r> <a>", x, "</a></r>", 16 << 10, true},
		"ManyElements":   {"<r> <a>", "<b>" + x + "</b>", "</a></r>", 16 << 10, true},
		"NeverClosed":    {"<r> <a>", "<b>" + x + "</b>", "", 20 << 10, true},
		"Comment":        {"<r> <!--", x, "--></r>", 16 << 10, true},
		"Instruction":    {"<r> <?p ", x, "?></r>", 16 << 10, true},
		"Section":        {"<r> <![CDATA[", x, "]]></r>", 16 << 10, true},
		"SmallComments":  {"<r> ", "<!--" + x + "-->", "</r>", 20 << 10, false},
		"Prolog":         {"<!--", x, "--><r/>", 40 << 10, true},
		"Epilog":         {"<r/><!--", x, "-->", 40 << 10, true},
		"EpilogComments": {"<r/>", "<!--" + x + "-->", "", 40 << 10, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{0, 100} {
				doc := io.MultiReader(strings.NewReader(tt.before), &repeated{text: tt.repeated, left: tt.times}, strings.NewReader(tt.after))
				inBlock, err := tokenError(doc, scan.Options{BlockSize: size})
				if inBlock != nil {
					err = inBlock
				}
				if !tt.refused {
					if err != io.EOF {
						t.Errorf("found error %v, expected none", err)
					}
					continue
				}
				var e *scan.Error
				if !errors.As(err, &e) || e.Code != scan.EntityTooLarge {
					t.Fatalf("found %v, expected %s", err, scan.EntityTooLarge)
				}
				if strings.HasPrefix(tt.before, "<r> ") && e.At.Column != 5 {
					t.Errorf("found it at column %d, expected 5", e.At.Column)
				}
			}
		})
	}
	t.Run("Text", func(t *testing.T) {
		doc := io.MultiReader(strings.NewReader("<r>"), &repeated{text: strings.Repeat(" ", 1024), left: 17 << 10}, strings.NewReader("</r>"))
		_, err := tokenError(doc, scan.Options{})
		var e *scan.Error
		if !errors.As(err, &e) || e.Code != scan.EntityTooLarge {
			t.Errorf("found %v, expected %s", err, scan.EntityTooLarge)
		}
	})
}

func TestSplitter_Context(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	splitter, err := scan.Split(ctx, io.MultiReader(strings.NewReader("<r>"), &repeated{text: "<a/>", left: 1 << 30}), scan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := splitter.Next(); err != nil {
		t.Fatal(err)
	}
	cancel()
	for range 2 {
		if _, err := splitter.Next(); err != context.Canceled {
			t.Errorf("found %v, expected that the context ends it", err)
		}
	}
	if _, err := scan.Split(ctx, strings.NewReader("<r/>"), scan.Options{}); err != context.Canceled {
		t.Errorf("found %v, expected that the context ends it", err)
	}
}

// TestScanner_Allocations holds a scanner that has warmed up to allocating nothing.
func TestScanner_Allocations(t *testing.T) {
	doc := "<r xmlns='u' xmlns:p='v'>" + strings.Repeat("<p:a id='x&amp;y'>1<b xmlns='w' xmlns:q='z'>&#65;\r\n</b><!-- --><![CDATA[\r]]><q:c xmlns:q='y'/></p:a>\n", 100) + "</r>"
	splitter, err := scan.Split(context.Background(), strings.NewReader(doc), scan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := splitter.Next()
	if err != nil {
		t.Fatal(err)
	}
	var s scan.Scanner
	run := func() {
		s.Reset(b)
		for {
			kind, err := s.Next()
			if err != nil {
				t.Fatal(err)
			}
			switch kind {
			case scan.EndOfBlock:
				return
			case scan.StartElement:
				if bytes.Equal(s.Name().Local, s.Name().Prefix) {
					t.Fatal("not in this document")
				}
			case scan.Text, scan.CData:
				s.Text()
			}
		}
	}
	if n := testing.AllocsPerRun(10, run); n > 0 {
		t.Errorf("found %v allocations per block, expected none", n)
	}
}
