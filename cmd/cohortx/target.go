package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"cohortx/interchange/source"
)

// target is a file that an option of the command has it write.
type target struct{ option, name string }

// targets are the files that the options of a command name. What --report and --rejects write beside the file they name, is among them.
func targets(c *cli.Context) (list []target) {
	for _, option := range []string{"o", "left-out", "report", "rejects", "prometheus", "cpuprofile", "memprofile"} {
		name := c.String(option)
		flag := target{"--" + option, name}
		switch {
		case name == "":
		case option == "o" && (name != "-" || c.Command.Name != "export"): // there it is standard output
			list = append(list, target{"-o", name})
		case option == "report":
			json, page := reportNames(name)
			list = append(list, target{flag.option, json}, target{flag.option, page})
		case option == "rejects":
			list = append(append(list, flag), numbered(flag)...)
		case option != "o":
			list = append(list, flag)
		}
	}
	return list
}

// numbered are the files there that --rejects FILE could write for further inputs: FILE with a number.
func numbered(rejects target) (list []target) {
	dir, base := filepath.Split(rejects.name)
	ext := filepath.Ext(base)
	entries, _ := os.ReadDir(filepath.Clean(dir + ".")) // where it cannot be read, there is nothing to spare
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), strings.TrimSuffix(base, ext)+".")
		number, ends := strings.CutSuffix(rest, ext)
		if _, err := strconv.ParseUint(number, 10, 63); ok && ends && err == nil {
			list = append(list, target{rejects.option, dir + e.Name()})
		}
	}
	return list
}

// guarded has a command look, before it does anything, at what it is to write: what is there under such a name goes, so that must be neither
// the store, nor what the command reads, nor anything but a regular file. A symbolic link is refused, too: the file would take its place.
func guarded(command *cli.Command) {
	action := command.Action
	if action == nil {
		return
	}
	command.Action = func(c *cli.Context) error {
		if err := spare(c, targets(c)); err != nil {
			return err
		}
		return action(c)
	}
}

func spare(c *cli.Context, list []target) error {
	for i, t := range list {
		wrong, err := t.wrong(c)
		for _, before := range list[:i] {
			if wrong == "" && same(t.name, before.name) {
				wrong = fmt.Sprintf("%s and %s name the same file", t.option, before.option)
			}
		}
		if err != nil {
			return fmt.Errorf("%s %s: %w", t.option, t.name, err)
		}
		if wrong != "" {
			return &usageError{wrong, t.try(c)}
		}
	}
	return nil
}

// try is a command that would work.
func (t target) try(c *cli.Context) string {
	name := map[string]string{"-o": "out.xml", "--left-out": "left-out.jsonl", "--report": "report.json", "--rejects": "rejects.xml", "--prometheus": "cohortx.prom",
		"--cpuprofile": "cpu.prof", "--memprofile": "mem.prof"}[t.option]
	if t.option == "-o" && c.Command.Name == "report" {
		name = "report.html"
	}
	if info, err := os.Stat(t.name); err == nil && info.IsDir() {
		name = filepath.Join(t.name, name)
	}
	return "cohortx " + c.Command.Name + " " + t.option + " " + name + " ..."
}

// wrong says what keeps a file from being written: "" if nothing does.
func (t target) wrong(c *cli.Context) (string, error) {
	named := t.option + " " + t.name
	for _, name := range storeFiles(c.String("db")) {
		if same(t.name, name) {
			return named + " is the store, or a file that belongs to it, and would be lost: name another file", nil
		}
	}
	if t.isRead(c) {
		return named + " is what the command reads, and would be lost: name another file", nil
	}
	info, err := os.Lstat(t.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		dir := filepath.Dir(t.name)
		if folder, err := os.Stat(dir); t.option != "--prometheus" && (err != nil || !folder.IsDir()) { // an alert never keeps a run from being done
			return fmt.Sprintf("%s: there is no folder %s: make it, or name another file", named, dir), nil
		}
		return "", nil
	case err != nil:
		if t.option == "--prometheus" {
			return "", nil
		}
		return "", err
	case info.IsDir():
		return named + " is a folder", nil
	case info.Mode()&fs.ModeSymlink != 0:
		to, err := os.Readlink(t.name)
		return fmt.Sprintf("%s is a symbolic link to %s, and the file would take its place: name the file itself, or remove the link", named, to), err
	case !info.Mode().IsRegular():
		return named + " is a pipe, a device or the like, and the file would take its place: name a file", nil
	}
	return "", nil
}

// storeFiles are the files of a store, also where it is reached by a symbolic link.
func storeFiles(store string) (list []string) {
	if store == "" {
		return nil
	}
	for _, name := range []string{store, place(store)} {
		for _, suffix := range []string{"", "-wal", "-shm", "-journal", ".lock"} {
			list = append(list, name+suffix)
		}
	}
	return list
}

// isRead reports whether the file is an input of the command, or in a folder where it would be one.
func (t target) isRead(c *cli.Context) bool {
	read := []string{c.String("config"), c.String("xsd")}
	switch c.Command.Name {
	case "import", "validate":
		read = append(read, c.Args().Slice()...)
	case "drop":
		read = append(read, filepath.Join(c.Args().First(), "inbox"))
	}
	base := filepath.Base(t.name)
	for _, name := range read {
		if name == "" || name == "-" {
			continue
		}
		if same(t.name, name) {
			info, err := os.Stat(name)
			return err == nil && !info.IsDir()
		}
		if _, err := os.Stat(t.name); err == nil && (source.Importable(base) || strings.HasSuffix(base, ".xsd")) && same(filepath.Dir(t.name), name) {
			return true
		}
	}
	return false
}

// same reports whether two names are of one file, be it there already or not.
func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	if errX == nil && errY == nil {
		return os.SameFile(x, y)
	}
	return place(a) == place(b)
}

// place is the path of a file without symbolic links, as far as that is known.
func place(name string) string {
	if full, err := filepath.Abs(name); err == nil {
		name = full
	}
	if real, err := filepath.EvalSymlinks(name); err == nil {
		return real
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(name)); err == nil {
		return filepath.Join(dir, filepath.Base(name))
	}
	return name
}
