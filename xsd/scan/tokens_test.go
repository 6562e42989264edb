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
	out.WriteString(listScope(splitter.Scope()))
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
		if err := listTokens(&out, &s, b); err != nil {
			return out.String(), err
		}
		b.Release()
	}
}

// listScope is everything that the root's start tag says.
func listScope(scope *scan.Scope) string {
	var out strings.Builder
	fmt.Fprintf(&out, "root %s %+v\n", scope.Tag, scope.At)
	fmt.Fprintln(&out, tokenName(scope.URI(scope.Name.Space), scope.Name))
	for _, a := range scope.Attrs {
		fmt.Fprintf(&out, " @%s=%q %d\n", tokenName(scope.URI(a.Name.Space), a.Name), a.Value, a.Offset)
	}
	for _, d := range scope.Decls {
		fmt.Fprintf(&out, " ns %s=%s\n", d.Prefix, d.URI)
	}
	return out.String()
}

// listTokens writes the tokens of a block.
func listTokens(out *strings.Builder, s *scan.Scanner, b *scan.Block) error {
	s.Reset(b)
	for {
		kind, err := s.Next()
		if err != nil {
			return err
		}
		if kind == scan.EndOfBlock {
			return nil
		}
		from, to := b.PosAt(s.Offset()), b.PosAt(s.EndOffset())
		fmt.Fprintf(out, "%d %d:%d-%d:%d depth %d ", kind, from.Line, from.Column, to.Line, to.Column, s.Depth())
		switch kind {
		case scan.StartElement:
			fmt.Fprintf(out, "%s %v\n", tokenName(s.URI(s.Name().Space), s.Name()), s.SelfClosing())
			for _, a := range s.Attrs() {
				fmt.Fprintf(out, " @%s=%q %+v\n", tokenName(s.URI(a.Name.Space), a.Name), a.Value, b.PosAt(a.Offset))
			}
			for _, d := range s.Decls() {
				fmt.Fprintf(out, " ns %s=%s\n", d.Prefix, d.URI)
			}
		case scan.EndElement:
			fmt.Fprintln(out, tokenName(s.URI(s.Name().Space), s.Name()))
		default:
			fmt.Fprintf(out, "%q %v %v\n", s.Text(), s.Plain(), s.IsSpace())
		}
	}
}

func tokenName(uri string, n scan.Name) string {
	return fmt.Sprintf("{%s}%s:%s", uri, n.Prefix, n.Local)
}

// guessing lists a document with a splitter that guesses. Blocks are looked at after so many more have been given.
func guessing(doc string, opt scan.Options, late int) (string, error) {
	var out strings.Builder
	splitter, err := scan.Split(context.Background(), strings.NewReader(doc), opt)
	if err != nil {
		return "", err
	}
	out.WriteString(listScope(splitter.Scope()))
	splitter.Guess()
	var s scan.Scanner
	var waiting []*scan.Block
	look := func() error {
		b := waiting[0]
		var found strings.Builder
		err := listTokens(&found, &s, b)
		if err != nil && b.Guessed {
			splitter.TakeBack(waiting)
			waiting = nil
			return nil
		}
		out.WriteString(found.String())
		waiting = waiting[1:]
		b.Release()
		return err
	}
	for {
		b, end := splitter.Next()
		if b != nil {
			waiting = append(waiting, b)
		}
		for len(waiting) > 0 && (end != nil || len(waiting) > late) {
			unsure := len(waiting)
			if err := look(); err != nil {
				return out.String(), err
			}
			if waiting == nil && unsure > 0 {
				end = scan.ErrUnsure // taken back: go on
			}
		}
		switch end {
		case nil:
		case scan.ErrUnsure:
			splitter.Confirm()
		case io.EOF:
			fmt.Fprintf(&out, "end %+v\n", splitter.End())
			return out.String(), nil
		default:
			return out.String(), end
		}
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
