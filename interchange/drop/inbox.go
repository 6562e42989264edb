package drop

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"cohortx/interchange/report"
	"cohortx/interchange/source"
)

// arrived is what lies ready to be taken.
type arrived struct {
	files    []found
	manifest *manifest     // nil: none
	refusal  *report.Fault // of the manifest, and so of everything that came with it
}

// found is a file of the inbox as it was seen.
type found struct {
	name   string
	info   fs.FileInfo
	marker bool // name and the done suffix lies beside it
}

// same reports whether a file is as it was seen before.
func (f found) same(info fs.FileInfo) bool {
	return os.SameFile(f.info, info) && f.info.Size() == info.Size() && f.info.ModTime().Equal(info.ModTime()) && f.info.Mode().Type() == info.Mode().Type()
}

// look finds what has arrived. A file has arrived when its marker lies beside it, or when two looks, Settle apart, see the same.
func (d *Drop) look(ctx context.Context, look *Look) (a arrived, err error) {
	s, err := d.list()
	if err != nil {
		return a, err
	}
	if d.opt.Settle > 0 && slices.ContainsFunc(s.files, func(f found) bool { return !f.marker }) {
		before := s
		if err := d.opt.Wait(ctx, d.opt.Settle); err != nil {
			return a, err
		}
		if s, err = d.list(); err != nil {
			return a, err
		}
		s.keepSettled(before)
	}
	look.Left = append(look.Left, s.left...)
	leave := func(why string, but ...string) (arrived, error) {
		for _, f := range s.files {
			if !slices.Contains(but, f.name) {
				look.Left = append(look.Left, Left{f.name, why})
			}
		}
		return arrived{}, nil
	}
	if d.opt.Whole && s.onTheWay != "" {
		return leave(fmt.Sprintf("the files of a complete set are taken together, and %s is still on its way", s.onTheWay))
	}
	a.files = s.files
	return d.withManifest(a, s, look, leave)
}

// snapshot is the inbox at one moment.
type snapshot struct {
	files    []found
	left     []Left
	onTheWay string // a file that has not yet arrived
}

func (s *snapshot) wait(name, why string) {
	s.left = append(s.left, Left{name, why})
	s.onTheWay = name
}

// list reads the inbox. Dotfiles are nobody's business.
func (d *Drop) list() (s snapshot, err error) {
	entries, err := os.ReadDir(d.path(inbox)) // sorted by name
	if err != nil {
		return s, err
	}
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = e.Type().IsRegular()
	}
	suffix := d.opt.DoneSuffix
	for _, e := range entries {
		name := e.Name()
		switch {
		case strings.HasPrefix(name, "."):
		case source.Passing(name):
			s.wait(name, "it is still on its way")
		case suffix != "" && strings.HasSuffix(name, suffix) && source.Importable(strings.TrimSuffix(name, suffix)):
			if _, there := names[strings.TrimSuffix(name, suffix)]; !there {
				s.wait(name, "its file is not here yet")
			}
		case e.IsDir():
			s.left = append(s.left, Left{name, "it is a folder"})
		case !source.Importable(name):
			s.left = append(s.left, Left{name, "its name ends in none of " + strings.Join(source.Endings(), ", ")})
		case suffix != "" && name != manifestName && !names[name+suffix]:
			s.wait(name, fmt.Sprintf("it waits for %s", name+suffix))
		default:
			info, err := os.Lstat(d.path(inbox, name))
			if err != nil {
				continue // gone again
			}
			s.files = append(s.files, found{name, info, suffix != "" && names[name+suffix]})
		}
	}
	return s, nil
}

// keepSettled keeps the files that were the same before.
func (s *snapshot) keepSettled(before snapshot) {
	s.files = slices.DeleteFunc(s.files, func(f found) bool {
		if f.marker || slices.ContainsFunc(before.files, func(b found) bool { return b.name == f.name && b.same(f.info) }) {
			return false
		}
		s.wait(f.name, stillGrowing)
		return true
	})
}

const stillGrowing = "it is still growing"
