package scan_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing/iotest"

	"cohortx/xsd/scan"
)

// listing is everything that a document's tokens say, one a line, and its error. Places are those in the document, so that listings of one
// document cut differently can be compared.
func listing(doc string, opt scan.Options) (string, error) {
	return listingOf(strings.NewReader(doc), opt)
}

func listingOf(r io.Reader, opt scan.Options) (string, error) {
	var out strings.Builder
	splitter, err := scan.Split(context.Background(), r, opt)
	if err != nil {
		return "", err
	}
	scope := splitter.Scope()
	fmt.Fprintf(&out, "root %s %+v\n", scope.Tag, scope.At)
	name := func(uri string, n scan.Name) string {
		return fmt.Sprintf("{%s}%s:%s", uri, n.Prefix, n.Local)
	}
	fmt.Fprintln(&out, name(scope.URI(scope.Name.Space), scope.Name))
	for _, a := range scope.Attrs {
		fmt.Fprintf(&out, " @%s=%q %d\n", name(scope.URI(a.Name.Space), a.Name), a.Value, a.Offset)
	}
	for _, d := range scope.Decls {
		fmt.Fprintf(&out, " ns %s=%s\n", d.Prefix, d.URI)
	}
	var s scan.Scanner
	for {
		b, err := splitter.Next()
		if err == io.EOF {
			fmt.Fprintf(&out, "end %+v\n", splitter.End())
			return out.String(), nil
		}
		if err != nil {
			return out.String(), err
		}
		s.Reset(b)
		for {
			kind, err := s.Next()
			if err != nil {
				return out.String(), err
			}
			if kind == scan.EndOfBlock {
				break
			}
			from, to := b.PosAt(s.Offset()), b.PosAt(s.EndOffset())
			fmt.Fprintf(&out, "%d %d:%d-%d:%d depth %d ", kind, from.Line, from.Column, to.Line, to.Column, s.Depth())
			switch kind {
			case scan.StartElement:
				fmt.Fprintf(&out, "%s %v\n", name(s.URI(s.Name().Space), s.Name()), s.SelfClosing())
				for _, a := range s.Attrs() {
					fmt.Fprintf(&out, " @%s=%q %+v\n", name(s.URI(a.Name.Space), a.Name), a.Value, b.PosAt(a.Offset))
				}
				for _, d := range s.Decls() {
					fmt.Fprintf(&out, " ns %s=%s\n", d.Prefix, d.URI)
				}
			case scan.EndElement:
				fmt.Fprintln(&out, name(s.URI(s.Name().Space), s.Name()))
			default:
				fmt.Fprintf(&out, "%q %v %v\n", s.Text(), s.Plain(), s.IsSpace())
			}
		}
		b.Release()
	}
}

// slowly reads doc byte by byte in small blocks.
func slowly(doc string, size int) (string, error) {
	return listingOf(iotest.OneByteReader(strings.NewReader(doc)), scan.Options{Cut: func(int) int { return size }})
}

// content returns the text of a document, with the structure in brackets: what a reader of values would see.
func contentOf(doc string) (string, error) {
	splitter, err := scan.Split(context.Background(), strings.NewReader(doc), scan.Options{})
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	var s scan.Scanner
	for {
		b, err := splitter.Next()
		if errors.Is(err, io.EOF) {
			return out.String(), nil
		}
		if err != nil {
			return "", err
		}
		s.Reset(b)
		for {
			kind, err := s.Next()
			if err != nil {
				return "", err
			}
			if kind == scan.EndOfBlock {
				break
			}
			switch kind {
			case scan.StartElement:
				fmt.Fprintf(&out, "[%s", s.Name().Local)
				for _, a := range s.Attrs() {
					fmt.Fprintf(&out, " %s=%q", a.Name.Local, a.Value)
				}
				out.WriteByte(':')
			case scan.EndElement:
				out.WriteByte(']')
			case scan.Text, scan.CData:
				out.Write(s.Text())
			}
		}
	}
}
