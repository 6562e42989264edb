package source_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/minio/highwayhash"

	"cohortx/interchange/source"
	"cohortx/xsd/scan"
)

func write(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func gzipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t *testing.T, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.Create(members[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, members[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func wide(order binary.AppendByteOrder, text string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

// read opens the one input behind path and reads it to its end.
func read(t *testing.T, path string, opt source.Options) (text, encoding string, err error) {
	t.Helper()
	inputs, err := source.Expand([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	if len(inputs) != 1 {
		t.Fatalf("found %d inputs, expected one", len(inputs))
	}
	var texts [2]string
	for i, reader := range []func(io.Reader) io.Reader{iotest.OneByteReader, func(r io.Reader) io.Reader { return r }} {
		s, err := inputs[0].Open(context.Background(), opt)
		if err != nil {
			return "", "", err
		}
		b, err := io.ReadAll(reader(s))
		s.Close()
		if err != nil {
			return "", "", err
		}
		texts[i], encoding = string(b), s.Encoding()
	}
	if texts[0] != texts[1] {
		t.Errorf("byte by byte, %d other bytes are read than at once, %d", len(texts[0]), len(texts[1]))
	}
	return texts[0], encoding, nil
}

func TestInput_Open_Encodings(t *testing.T) {
	text := func(name string) string {
		return "<?xml version=\"1.0\" encoding=\"" + name + "\"?>\n<r>José Ærø</r>\n"
	}
	latin := func(s string) []byte {
		var b []byte
		for _, r := range s {
			b = append(b, byte(r))
		}
		return b
	}
	long := "\ufeff<?xml version='1.0'?><r>" + strings.Repeat("é\U0001F600\r\n\u20ac", 200_000) + "</r>"
	for name, tt := range map[string]struct {
		in       []byte
		want     string
		encoding string
	}{
		"UTF8":             {[]byte(text("UTF-8")), text("UTF-8"), "UTF-8"},
		"UTF8Mark":         {[]byte("\ufeff" + text("utf-8")), text("utf-8"), "UTF-8"},
		"NoDeclaration":    {[]byte("<r>é</r>"), "<r>é</r>", "UTF-8"},
		"CSVMark":          {[]byte("\ufeffa,b\n"), "a,b\n", "UTF-8"},
		"Empty":            {nil, "", "UTF-8"},
		"UTF16BE":          {wide(binary.BigEndian, "\ufeff"+text("UTF-16")), text("UTF-16"), "UTF-16BE"},
		"UTF16LE":          {wide(binary.LittleEndian, "\ufeff"+text("utf-16")), text("utf-16"), "UTF-16LE"},
		"UTF16LENamed":     {wide(binary.LittleEndian, "\ufeff"+text("UTF-16LE")), text("UTF-16LE"), "UTF-16LE"},
		"UTF16Long":        {wide(binary.LittleEndian, long), strings.TrimPrefix(long, "\ufeff"), "UTF-16LE"},
		"ISO88591":         {latin(text("ISO-8859-1")), text("ISO-8859-1"), "ISO-8859-1"},
		"ISO88591Control":  {[]byte("<?xml version='1.0' encoding='latin1'?><r>\x85</r>"), "<?xml version='1.0' encoding='latin1'?><r>\u0085</r>", "ISO-8859-1"},
		"Windows1252":      {append([]byte("<?xml version='1.0' encoding='windows-1252'?><r>"), "\x80\x8a\xe9</r>"...), "<?xml version='1.0' encoding='windows-1252'?><r>€Šé</r>", "Windows-1252"},
		"ASCII":            {[]byte("<?xml version='1.0' encoding='US-ASCII'?><r>x</r>"), "<?xml version='1.0' encoding='US-ASCII'?><r>x</r>", "US-ASCII"},
		"Gzipped":          {gzipped(t, []byte(text("UTF-8"))), text("UTF-8"), "UTF-8"},
		"GzippedUTF16":     {gzipped(t, wide(binary.BigEndian, "\ufeff"+text("UTF-16"))), text("UTF-16"), "UTF-16BE"},
		"GzippedTwoParts":  {append(gzipped(t, []byte("<r>")), gzipped(t, []byte("</r>"))...), "<r></r>", "UTF-8"},
		"ZippedMember":     {zipped(t, "a/b.xml", text("UTF-8")), text("UTF-8"), "UTF-8"},
		"ZippedAndGzipped": {zipped(t, "b.xml.gz", string(gzipped(t, []byte(text("UTF-8"))))), text("UTF-8"), "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			got, encoding, err := read(t, write(t, t.TempDir(), "in", tt.in), source.Options{})
			if err != nil || got != tt.want || encoding != tt.encoding {
				t.Errorf("found %.200q in %s, %v; expected %.200q in %s", got, encoding, err, tt.want, tt.encoding)
			}
		})
	}
}

func TestInput_Open_Errors(t *testing.T) {
	whole := gzipped(t, []byte(strings.Repeat("<r>text</r>", 10_000)))
	for name, tt := range map[string]struct {
		in   []byte
		code scan.Code
		at   scan.Pos
	}{
		"UnknownEncoding":    {[]byte("<?xml version='1.0' encoding='EBCDIC'?><r/>"), source.EncodingUnknown, scan.Pos{Offset: 30, Line: 1, Column: 31}},
		"UTF16InBytes":       {[]byte("<?xml version='1.0' encoding='UTF-16'?><r/>"), source.EncodingMismatch, scan.Pos{Offset: 30, Line: 1, Column: 31}},
		"MarkAgainst":        {[]byte("\ufeff<?xml version='1.0' encoding='ISO-8859-1'?><r/>"), source.EncodingMismatch, scan.Pos{Offset: 30, Line: 1, Column: 31}},
		"UTF8InWide":         {wide(binary.LittleEndian, "\ufeff<?xml version='1.0' encoding='UTF-8'?><r/>"), source.EncodingMismatch, scan.Pos{Offset: 30, Line: 1, Column: 31}},
		"OtherEnd":           {wide(binary.LittleEndian, "\ufeff<?xml version='1.0' encoding='UTF-16BE'?><r/>"), source.EncodingMismatch, scan.Pos{Offset: 30, Line: 1, Column: 31}},
		"NoMarkBE":           {wide(binary.BigEndian, "<r/>"), source.EncodingUnknown, scan.Pos{Line: 1, Column: 1}},
		"NoMarkLE":           {wide(binary.LittleEndian, "<r/>"), source.EncodingUnknown, scan.Pos{Line: 1, Column: 1}},
		"NoMarkCSV":          {wide(binary.LittleEndian, "id,name"), source.EncodingUnknown, scan.Pos{Line: 1, Column: 1}},
		"UTF32":              {[]byte("\xff\xfe\x00\x00<\x00\x00\x00"), source.EncodingUnknown, scan.Pos{Line: 1, Column: 1}},
		"UTF32NoMark":        {[]byte("\x00\x00\x00<\x00\x00\x00r"), source.EncodingUnknown, scan.Pos{Line: 1, Column: 1}},
		"HighSurrogate":      {binary.LittleEndian.AppendUint16(wide(binary.LittleEndian, "\ufeff<r>\né"), 0xd800), scan.InvalidEncoding, scan.Pos{Offset: 6, Line: 2, Column: 2}},
		"HighSurrogateAlone": {append(binary.BigEndian.AppendUint16(wide(binary.BigEndian, "\ufeff<r>"), 0xdbff), 0, 'x'), scan.InvalidEncoding, scan.Pos{Offset: 3, Line: 1, Column: 4}},
		"LowSurrogate":       {append(binary.BigEndian.AppendUint16(wide(binary.BigEndian, "\ufeff<r>"), 0xdc00), 0, 'x'), scan.InvalidEncoding, scan.Pos{Offset: 3, Line: 1, Column: 4}},
		"HalfUnit":           {append(wide(binary.BigEndian, "\ufeff<r>"), 0), scan.InvalidEncoding, scan.Pos{Offset: 3, Line: 1, Column: 4}},
		"Undefined1252":      {[]byte("<?xml version='1.0' encoding='windows-1252'?>\n<r>\x81"), scan.InvalidEncoding, scan.Pos{Offset: 49, Line: 2, Column: 4}},
		"NoASCII":            {[]byte("<?xml version='1.0' encoding='US-ASCII'?>\n<r>\xe9"), scan.InvalidEncoding, scan.Pos{Offset: 45, Line: 2, Column: 4}},
		"GzipCutOff":         {whole[:len(whole)-20], source.CompressionBroken, scan.Pos{Line: 1, Column: 1}},
		"GzipHeaderCutOff":   {whole[:5], source.CompressionBroken, scan.Pos{Line: 1, Column: 1}},
		"GzipWrongSum":       {slices.Concat(whole[:len(whole)-8], []byte("12345678")), source.CompressionBroken, scan.Pos{Line: 1, Column: 1}},
		"GzipDamaged":        {slices.Concat(whole[:10], []byte("\xff\xff\xff\xff\xff"), whole[15:]), source.CompressionBroken, scan.Pos{Line: 1, Column: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := read(t, write(t, t.TempDir(), "in", tt.in), source.Options{})
			var e *scan.Error
			if !errors.As(err, &e) {
				t.Fatalf("found error %v, expected a *scan.Error", err)
			}
			if e.Code != tt.code || e.At != tt.at {
				t.Errorf("found %v at %+v, expected %s at %+v", e, e.At, tt.code, tt.at)
			}
		})
	}
}

func TestInput_Open_Ratio(t *testing.T) {
	spaces := strings.Repeat(" ", 80<<20)
	dir := t.TempDir()
	gz := gzipped(t, []byte(spaces))
	for name, path := range map[string]string{
		"Gzip":      write(t, dir, "a.xml.gz", gz),
		"Zip":       write(t, dir, "a.zip", zipped(t, "a.xml", spaces)),
		"GzipInZip": write(t, dir, "b.zip", zipped(t, "a.xml.gz", string(gz))),
	} {
		_, err := length(t, path, source.Options{})
		var e *scan.Error
		if !errors.As(err, &e) || e.Code != source.CompressionRatio {
			t.Errorf("%s: found error %v, expected %s", name, err, source.CompressionRatio)
		}
		if n, err := length(t, path, source.Options{MaxRatio: 1e6}); err != nil || n != 80<<20 {
			t.Errorf("%s: found %d bytes, %v; expected 80 MiB when the limit is higher", name, n, err)
		}
	}
	if n, err := length(t, write(t, dir, "c.xml.gz", gzipped(t, []byte(spaces[:60<<20]))), source.Options{}); err != nil || n != 60<<20 {
		t.Errorf("found %d bytes, %v; expected 60 MiB, from which on the ratio does not count yet", n, err)
	}
}

func length(t *testing.T, path string, opt source.Options) (int64, error) {
	t.Helper()
	inputs, err := source.Expand([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	s, err := inputs[0].Open(context.Background(), opt)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	return io.Copy(io.Discard, s)
}

func TestExpand(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.xml", "a.xml.gz", "C.XML", "d.csv", "e.jsonl", ".f.xml", "g.xml.part", "h.tmp", "i.xml.filepart", "j.txt"} {
		write(t, dir, name, []byte("<r/>"))
	}
	write(t, dir, "k.zip", zipped(t, "z/2.xml", "<r/>", "../../1.xml", "<r/>", ".3.xml", "", "4.txt", ""))
	if err := os.MkdirAll(filepath.Join(dir, "sub.xml"), 0o700); err != nil {
		t.Fatal(err)
	}
	inputs, err := source.Expand([]string{"-", dir, filepath.Join(dir, "j.txt")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, in := range inputs {
		name, _ := strings.CutPrefix(in.Name, dir+"/")
		got = append(got, name)
	}
	if want := []string{"-", "C.XML", "a.xml.gz", "b.xml", "d.csv", "e.jsonl", "k.zip:1.xml", "k.zip:2.xml", "j.txt"}; !slices.Equal(got, want) {
		t.Errorf("found %q, expected %q", got, want)
	}
	if inputs[0].Size != -1 || inputs[3].Size != 4 || inputs[6].Path != filepath.Join(dir, "k.zip") {
		t.Errorf("found inputs %+v, %+v, %+v", inputs[0], inputs[3], inputs[6])
	}
}

func TestExpand_Errors(t *testing.T) {
	dir := t.TempDir()
	for name, path := range map[string]string{
		"no file":         filepath.Join(dir, "absent.xml"),
		"holds no file":   t.TempDir(),
		"another":         write(t, dir, "nested.zip", zipped(t, "a.xml", "<r/>", "in/b.ZIP", "")),
		"holds no":        write(t, dir, "other.zip", zipped(t, "a.txt", "")),
		"twice":           write(t, dir, "twice.zip", zipped(t, "a.xml", "", "a.xml", "")),
		"not a valid zip": write(t, dir, "broken.zip", []byte("PK\x03\x04 and nothing else")),
	} {
		if _, err := source.Expand([]string{path}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("found error %v, expected one with %q", err, name)
		}
	}
}

// The hashes are of the bytes as stored.
func TestInput_Fingerprint(t *testing.T) {
	stored := gzipped(t, []byte("<r/>"))
	inputs, err := source.Expand([]string{write(t, t.TempDir(), "a.xml.gz", stored)})
	if err != nil {
		t.Fatal(err)
	}
	var last int64
	s, err := inputs[0].Open(context.Background(), source.Options{Hash: true, Progress: func(n int64) { last = n }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := io.Copy(io.Discard, s); err != nil {
		t.Fatal(err)
	}
	if last != int64(len(stored)) || s.Stored() != last {
		t.Errorf("found %d bytes of progress, %d stored; expected %d", last, s.Stored(), len(stored))
	}
	want := highwayhash.Sum(stored, []byte("cohortx knows a file again by it"))
	if !bytes.Equal(s.Fingerprint(), want[:]) {
		t.Errorf("found hash %x, expected %x", s.Fingerprint(), want)
	}
	if sum, err := inputs[0].Fingerprint(context.Background()); err != nil || !bytes.Equal(sum, want[:]) {
		t.Errorf("found hash %x, %v; expected %x", sum, err, want)
	}
	sha := sha256.Sum256(stored)
	if sum, err := inputs[0].SHA256(context.Background()); err != nil || !bytes.Equal(sum, sha[:]) {
		t.Errorf("found SHA-256 %x, %v; expected %x", sum, err, sha)
	}
}

// TestInput_Open_Again reads standard input twice.
func TestInput_Open_Again(t *testing.T) {
	doc := "<r>" + strings.Repeat("text ", 100_000) + "</r>"
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin := os.Stdin
	os.Stdin = r
	defer func() { os.Stdin = stdin; r.Close() }()
	go func() {
		_, _ = io.WriteString(w, doc)
		w.Close()
	}()
	t.Setenv("TMPDIR", t.TempDir())
	inputs, err := source.Expand([]string{"-"})
	if err != nil {
		t.Fatal(err)
	}
	in := inputs[0]
	first, err := in.Open(context.Background(), source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 10)
	if _, err := io.ReadFull(first, head); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Open(context.Background(), source.Options{}); err == nil {
		t.Error("standard input was opened again before it had been read")
	}
	if err := in.Drain(first); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s, err := in.Open(context.Background(), source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(s)
		if err != nil || string(got) != doc {
			t.Errorf("found %d bytes, %v; expected the %d of before", len(got), err, len(doc))
		}
		s.Close()
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("found %v left behind", left)
	}
}

func TestInput_Open_Context(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{write(t, dir, "a.xml", bytes.Repeat([]byte("text"), 1<<20)), write(t, dir, "a.xml.gz", gzipped(t, bytes.Repeat([]byte("text"), 1<<20)))} {
		inputs, err := source.Expand([]string{path})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		s, err := inputs[0].Open(ctx, source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(s, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := io.Copy(io.Discard, s); !errors.Is(err, context.Canceled) && path != filepath.Join(dir, "a.xml.gz") {
			t.Errorf("%s: found error %v, expected that the context ends it", path, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
