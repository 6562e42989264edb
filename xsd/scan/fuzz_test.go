package scan_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"cohortx/xsd/scan"
)

// seeds are for both fuzzers.
var seeds = []string{
	"<?>0", "<r/>", "<r></r>", "<r>&#x41;</r>", "<r><a x='1' y=\"2\"/>x<b/></r>", "<r><![CDATA[]]]]><![CDATA[>]]></r>", "<r><!----><?p?></r>",
	"<p:r xmlns:p='u' xmlns='v'><a xmlns=''><p:b p:x='' x=''/></a></p:r>", "\ufeff<?xml version='1.0' encoding='UTF-8'?><!--a--><r/> <?b?>\n",
	"<r>a\r\nb\rc</r>", "<r a='&lt;\r\n\t'></r>", "<r><a></b></r>", "<!DOCTYPE r><r/>", "<r>]]></r>", "<r>\xff</r>", "<é/>", "<r><a/><b><c></b></r>",
	"<r><a>&\x00</a></r>", "<r><a><!-</a></r>", "<r><![CDATA[", "<r/><", "<r></r", "<r><1/></r>",
}

// FuzzSplit: whatever the input, nothing panics, and what comes out does not depend on how it is cut and read.
func FuzzSplit(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s), uint8(7))
	}
	f.Fuzz(func(t *testing.T, in []byte, size uint8) {
		want, wantErr := listing(string(in), scan.Options{})
		got, err := slowly(string(in), int(size))
		if got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("%q cut at %d: found %v\n%s\nexpected %v", in, size, err, difference(got, want), wantErr)
		}
		var e *scan.Error
		if errors.As(wantErr, &e) {
			text := bytes.TrimPrefix(in, []byte("\ufeff"))
			if e.At.Offset < 0 || e.At.Offset > int64(len(text)) || e.At.Line != 1+bytes.Count(text[:e.At.Offset], []byte{'\n'}) || e.Code == "" || e.Found == "" || e.Expected == "" {
				t.Fatalf("%q: found error %+v", in, *e)
			}
		} else if wantErr != nil {
			t.Fatalf("%q: found %T, expected a *scan.Error", in, wantErr)
		}
	})
}

// FuzzGuess: a splitter that guesses gives the same in the end. Blocks are scanned some time after they were given, as several goroutines
// would do.
func FuzzGuess(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s), uint8(1), uint8(2))
	}
	for _, s := range guesses {
		f.Add([]byte(s), uint8(1), uint8(2))
	}
	f.Fuzz(func(t *testing.T, in []byte, size, late uint8) {
		// What is guessed is searched for in some kilobytes: the document's children are repeated to make up more than that.
		doc := in
		if from, to := bytes.IndexByte(in, '>')+1, bytes.LastIndex(in, []byte("</")); from > 0 && to > from {
			doc = bytes.Join([][]byte{in[:from], bytes.Repeat(in[from:to], 1+12000/(to-from)), in[to:]}, nil)
		}
		want, wantErr := listing(string(doc), scan.Options{})
		got, err := guessing(string(doc), scan.Options{BlockSize: 1 + int(size)}, int(late))
		if got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("%q cut at %d: found %v\n%s\nexpected %v", in, size, err, difference(got, want), wantErr)
		}
	})
}

// guesses are documents in which the last end tag that looks right is not where a child of the root ends.
var guesses = []string{
	"<r><a><a></a></a></r>", "<r><a/><a></a><!--</a>--></r>", "<r><a></a><![CDATA[</a>]]></r>", "<r><a></a><?p </a>?></r>", "<a><a></a></a>", "<a><a></a></a><!--</a>-->",
	"<r><a></a><b><a></a></b></r>", "<r><a></a><b x='</a>'/></r>", "<r><a></a><b x='>'/></r>", "<r><a></a></r><!--</a>-->", "<r><a></a></r></a>", "<r><a></a>]]></a></r>",
}

// guessedBlocks counts the blocks that are given by guess before the first question.
func guessedBlocks(t *testing.T, doc string) (n int) {
	splitter, err := scan.Split(t.Context(), strings.NewReader(doc), scan.Options{BlockSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	splitter.Guess()
	for {
		b, err := splitter.Next()
		if err != nil {
			return n
		}
		if b.Guessed {
			n++
		}
	}
}

func TestSplitter_Guess(t *testing.T) {
	for _, in := range guesses {
		at, end := strings.IndexByte(in, '>')+1, strings.LastIndex(in, "</")
		if i := strings.LastIndex(in, "</r>"); i > 0 {
			end = i
		}
		doc := in[:at] + strings.Repeat("<a>1</a>\n", 1200) + in[at:end] + strings.Repeat("<a>2</a>", 1200) + in[end:]
		if n := guessedBlocks(t, doc); n == 0 {
			t.Errorf("%q: no block was cut by guess", in)
		}
		want, wantErr := listing(doc, scan.Options{})
		for _, late := range []int{0, 1, 5} {
			got, err := guessing(doc, scan.Options{BlockSize: 100}, late)
			if got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Errorf("%q: found %v\n%s\nexpected %v", in, err, difference(got, want), wantErr)
			}
		}
	}
}

// FuzzScanner compares with encoding/xml: what this package accepts, that one accepts and reads the same content from. It is laxer in
// many things, so the other direction does not hold.
func FuzzScanner(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		got, err := contentOf(doc)
		if err != nil {
			return
		}
		if !utf8.ValidString(doc) || strings.ContainsRune(doc, 0) {
			t.Fatalf("%q is accepted", doc)
		}
		want, err := contentByStandardLibrary(strings.TrimPrefix(doc, "\ufeff"))
		if err != nil {
			var e *xml.SyntaxError
			if errors.As(err, &e) && (strings.Contains(e.Msg, "invalid XML name") || strings.Contains(e.Msg, "expected element name") || strings.Contains(e.Msg, "expected attribute name") || strings.Contains(e.Msg, "expected target name") || strings.Contains(e.Msg, "illegal character code")) {
				return // names by the fourth edition
			}
			t.Fatalf("%q is accepted; encoding/xml: %v", doc, err)
		}
		if got != want {
			t.Fatalf("%q\nfound    %q\nexpected %q", doc, got, want)
		}
	})
}

// contentByStandardLibrary gives what contentOf gives.
func contentByStandardLibrary(doc string) (string, error) {
	d := xml.NewDecoder(strings.NewReader(doc))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var out strings.Builder
	depth := 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			return out.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				continue
			}
			fmt.Fprintf(&out, "[%s", token.Name.Local)
			for _, a := range token.Attr {
				if a.Name.Space != "xmlns" && (a.Name.Space != "" || a.Name.Local != "xmlns") {
					fmt.Fprintf(&out, " %s=%q", a.Name.Local, a.Value)
				}
			}
			out.WriteByte(':')
		case xml.EndElement:
			if depth--; depth > 0 {
				out.WriteByte(']')
			}
		case xml.CharData:
			if depth > 0 {
				out.Write(token)
			}
		}
	}
}

// difference is the first line in which two listings differ.
func difference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d\nfound    %s\nexpected %s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, expected %d", len(a), len(b))
}
