package drop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"cohortx/interchange"
	"cohortx/interchange/report"
	"cohortx/interchange/source"
)

// manifestName is the file that says which files belong to a drop, and what their SHA-256 is.
const manifestName = "manifest.csv"

// mostManifest is how large a manifest may be: a line for each of as many files as a run takes, and to spare.
const mostManifest = 16 << 20

// manifest is what manifest.csv says.
type manifest struct {
	sums  map[string][sha256.Size]byte // by file
	names []string                     // in its order
}

// withManifest narrows down what has arrived to what a manifest names. While a file that it names is missing, the others wait for it; what
// it does not name waits until it is gone. A manifest that cannot be read refuses everything that has arrived with it.
func (d *Drop) withManifest(a arrived, s snapshot, look *Look, leave func(why string, but ...string) (arrived, error)) (arrived, error) {
	at := slices.IndexFunc(a.files, func(f found) bool { return f.name == manifestName })
	if at < 0 {
		for _, l := range s.left {
			if l.File == manifestName {
				return leave("it waits for " + manifestName)
			}
		}
		if d.opt.RequireManifest {
			return leave("it waits for " + manifestName)
		}
		return a, nil
	}
	m, fault, err := readManifest(d.path(inbox, manifestName), a.files[at].info)
	if err != nil {
		return arrived{}, err
	}
	if fault != nil {
		a.refusal = fault
		return a, nil
	}
	a.manifest = m
	for _, name := range m.names {
		if !slices.ContainsFunc(a.files, func(f found) bool { return f.name == name }) {
			return leave(fmt.Sprintf("%s names %s, which has not arrived", manifestName, name))
		}
	}
	a.files = slices.DeleteFunc(slices.Clone(a.files), func(f found) bool {
		_, named := m.sums[f.name]
		if !named && f.name != manifestName {
			look.Left = append(look.Left, Left{f.name, manifestName + " does not name it"})
			return true
		}
		return false
	})
	return a, nil
}

// readManifest reads a manifest, a CSV file with the columns file and sha256. What is wrong with it is a fault, not an error.
func readManifest(path string, info os.FileInfo) (*manifest, *report.Fault, error) {
	fault := func(line, column int, found, expected string) (*manifest, *report.Fault, error) {
		return nil, &report.Fault{File: manifestName, Line: line, Column: column, Code: interchange.CodeManifestInvalid, Found: found, Expected: expected}, nil
	}
	if !info.Mode().IsRegular() {
		return fault(1, 1, info.Mode().Type().String(), "a regular file")
	}
	if info.Size() > mostManifest {
		return fault(1, 1, fmt.Sprintf("%d bytes", info.Size()), fmt.Sprintf("at most %d bytes", mostManifest))
	}
	text, err := readRegular(path)
	if err != nil {
		return nil, nil, err
	}
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF"))))
	m := &manifest{sums: map[string][sha256.Size]byte{}}
	for first := true; ; first = false {
		record, err := in.Read()
		var broken *csv.ParseError
		switch {
		case err == io.EOF && first:
			return fault(1, 1, "an empty file", "the header file,sha256")
		case err == io.EOF && len(m.names) == 0:
			return fault(1, 1, "a header and no file", "a line for each file")
		case err == io.EOF:
			return m, nil, nil
		case errors.As(err, &broken):
			return fault(broken.Line, broken.Column, broken.Err.Error(), "file,sha256")
		case err != nil:
			return nil, nil, err
		}
		line, column := in.FieldPos(0)
		if first {
			if !slices.Equal(record, []string{"file", "sha256"}) {
				return fault(line, column, strings.Join(record, ","), "the header file,sha256")
			}
			continue
		}
		name := record[0]
		if name == "" || strings.ContainsAny(name, `/\`) || name == manifestName || !source.Importable(name) {
			return fault(line, column, fmt.Sprintf("%q", name), "the name of a file in this folder, ending in one of "+strings.Join(source.Endings(), ", "))
		}
		if _, twice := m.sums[name]; twice {
			return fault(line, column, fmt.Sprintf("%q for a second time", name), "each file once")
		}
		sum, err := hex.DecodeString(record[1])
		if err != nil || len(sum) != sha256.Size {
			line, column := in.FieldPos(1)
			return fault(line, column, fmt.Sprintf("%q", record[1]), "a SHA-256: 64 hexadecimal digits")
		}
		m.sums[name] = [sha256.Size]byte(sum)
		m.names = append(m.names, name)
	}
}

// readRegular reads a file of the inbox, where somebody may put a link in its place at any moment.
func readRegular(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%s is no longer a regular file", path))
	}
	return io.ReadAll(io.LimitReader(f, mostManifest))
}

// verify holds a file against the manifest.
func (m *manifest) verify(ctx context.Context, name, path string) (*report.Fault, error) {
	in := source.Input{Name: name, Path: path}
	sum, err := in.SHA256(ctx)
	if err != nil {
		return nil, err
	}
	if want := m.sums[name]; !bytes.Equal(sum, want[:]) {
		return &report.Fault{File: name, Line: 1, Column: 1, Code: interchange.CodeManifestMismatch,
			Found: "SHA-256 " + hex.EncodeToString(sum), Expected: hex.EncodeToString(want[:]) + ", as in " + manifestName}, nil
	}
	return nil, nil
}
