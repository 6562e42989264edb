package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zip"
)

// Input is one file, one member of a zip archive, or standard input.
type Input struct {
	Name string // for messages: the path, drop.zip:member.xml, or "-"
	Path string // of the file or the archive; "-" for standard input
	Size int64  // bytes as stored; -1 when it is not known

	member string // of the archive, "" for none
	inside string // the same for messages
	spool  *os.File
	whole  bool // spool holds all of standard input
}

// taken are the name endings that a folder or an archive is searched for.
var taken = []string{".xml", ".xml.gz", ".csv", ".csv.gz", ".jsonl", ".jsonl.gz"}

// passing are the name endings of files that are still on their way.
var passing = []string{".part", ".tmp", ".filepart"}

func wanted(name string, endings []string) bool {
	lower := strings.ToLower(name)
	return !strings.HasPrefix(name, ".") && slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(lower, e) })
}

// Expand finds the inputs behind command line arguments, in their order; what a folder holds by name, without its subfolders. In a folder
// and in an archive only names ending in .xml, .csv, .jsonl, also with .gz, count (and .zip in a folder), and no dotfiles. A file that is
// named itself may be called anything.
func Expand(args []string) ([]*Input, error) {
	var inputs []*Input
	for _, arg := range args {
		if arg == "-" {
			if slices.ContainsFunc(inputs, func(in *Input) bool { return in.Path == "-" }) {
				return nil, errors.New("standard input (-) is given twice, but can be read only once")
			}
			inputs = append(inputs, &Input{Name: "-", Path: "-", Size: -1})
			continue
		}
		info, err := os.Stat(arg)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("there is no file or folder %s", arg)
			}
			return nil, err
		}
		switch {
		case info.IsDir():
			list, err := folder(arg)
			if err != nil {
				return nil, err
			}
			inputs = append(inputs, list...)
		case !info.Mode().IsRegular():
			inputs = append(inputs, &Input{Name: arg, Path: arg, Size: -1}) // a pipe: read once, like standard input, so nobody looks into it here
		case isZip(arg):
			list, err := archive(arg)
			if err != nil {
				return nil, err
			}
			inputs = append(inputs, list...)
		default:
			inputs = append(inputs, &Input{Name: arg, Path: arg, Size: info.Size()})
		}
	}
	return inputs, nil
}

func folder(dir string) ([]*Input, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, err
	}
	var inputs []*Input
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if !e.Type().IsRegular() || wanted(e.Name(), passing) || !wanted(e.Name(), append([]string{".zip"}, taken...)) {
			continue
		}
		if isZip(name) {
			list, err := archive(name)
			if err != nil {
				return nil, err
			}
			inputs = append(inputs, list...)
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, &Input{Name: name, Path: name, Size: info.Size()})
	}
	if len(inputs) == 0 {
		return nil, fmt.Errorf("the folder %s holds no file ending in .xml, .csv, .jsonl (also with .gz) or .zip", dir)
	}
	return inputs, nil
}

// isZip looks at the content: the signature of a local file header, or of an empty archive.
func isZip(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 4)
	n, _ := f.Read(head)
	return n == 4 && head[0] == 'P' && head[1] == 'K' && (head[2] == 3 && head[3] == 4 || head[2] == 5 && head[3] == 6)
}

func archive(name string) ([]*Input, error) {
	z, err := zip.OpenReader(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer z.Close()
	var inputs []*Input
	seen, bases := map[string]bool{}, map[string]int{}
	for _, m := range z.File {
		base := path.Base(slashed(m.Name)) // a member's folders mean nothing to us, but where they tell two apart
		if strings.HasSuffix(strings.ToLower(base), ".zip") {
			return nil, fmt.Errorf("%s holds another archive (%s): unpack it and give what is in it", name, base)
		}
		if m.FileInfo().IsDir() || !wanted(base, taken) {
			continue
		}
		if seen[m.Name] {
			return nil, fmt.Errorf("%s holds %s twice: unpack it and give the file that is meant", name, base)
		}
		seen[m.Name] = true
		bases[base]++
		inputs = append(inputs, &Input{Path: name, Size: int64(m.CompressedSize64), member: m.Name, inside: base})
	}
	for _, in := range inputs {
		if bases[in.inside] > 1 {
			in.inside = path.Clean("/" + slashed(in.member))[1:] // there is nothing above the archive
		}
		in.Name = name + ":" + in.inside
	}
	if len(inputs) == 0 {
		return nil, fmt.Errorf("the archive %s holds no file ending in .xml, .csv or .jsonl", name)
	}
	slices.SortStableFunc(inputs, func(a, b *Input) int { return strings.Compare(a.Name, b.Name) })
	return inputs, nil
}

// slashed is a member's name with the separators that archives should have.
func slashed(member string) string { return strings.ReplaceAll(member, `\`, "/") }

// Label is the input's name without the folders that it lies in: cohorts.xml, drop.zip:member.xml, or "-".
func (in *Input) Label() string {
	if in.member == "" {
		return filepath.Base(in.Path)
	}
	return filepath.Base(in.Path) + ":" + in.inside
}

// Close removes what an Input has kept. It is needed after standard input only.
func (in *Input) Close() error {
	if in.spool == nil {
		return nil
	}
	err := in.spool.Close()
	in.spool, in.whole = nil, false
	return err
}

// Importable reports whether a file of this name would be found in a folder: it has one of the endings, is no dotfile and not on its way.
func Importable(name string) bool {
	return !Passing(name) && wanted(name, append([]string{".zip"}, taken...))
}

// Passing reports whether a name is that of a file that is still on its way: it ends in .part, .tmp or .filepart.
func Passing(name string) bool { return wanted(name, passing) }

// Endings are the name endings that a folder is searched for.
func Endings() []string { return append(slices.Clone(taken), ".zip") }
