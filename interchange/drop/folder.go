package drop

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// The folders.
const (
	inbox      = "inbox"
	work       = "work"
	archive    = "archive"
	quarantine = "quarantine"
)

func (d *Drop) path(parts ...string) string {
	return filepath.Join(append([]string{d.opt.Folder}, parts...)...)
}

// makeFolders makes the folders that are not there, for their owner only. What is in work, archive and quarantine is nobody else's business
// also when the folders are older; who may write into the inbox is for whoever made it to say.
func (d *Drop) makeFolders() error {
	info, err := os.Stat(d.opt.Folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %s: make it with `mkdir -m 700 %s`", d.opt.Folder, d.opt.Folder)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is no folder: give the folder that holds the inbox", d.opt.Folder)
	}
	var device uint64 // of the inbox
	for _, name := range []string{inbox, work, archive, quarantine} {
		path := d.path(name)
		if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return fmt.Errorf("%s is no folder (a link to one does not count): files move by rename, so it must lie in %s itself", path, d.opt.Folder)
		}
		if stat := info.Sys().(*syscall.Stat_t); name == inbox {
			device = uint64(stat.Dev)
		} else if uint64(stat.Dev) != device {
			return fmt.Errorf("%s lies on another file system than the inbox: files move by rename, so nothing may be mounted there", path)
		}
		if name != inbox && info.Mode().Perm() != 0o700 {
			if err := os.Chmod(path, 0o700); err != nil {
				return fmt.Errorf("%s can be read by others: %w", path, err)
			}
		}
	}
	return nil
}

// rename moves a file and never takes another's place. That nothing comes in between is certain where only we write: in work, archive and
// quarantine, under the folder's lock.
func rename(from, to string) error {
	switch _, err := os.Lstat(to); {
	case err == nil:
		return fmt.Errorf("%s exists already: %s stays where it is", to, from)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	err := os.Rename(from, to)
	if errors.Is(err, unix.EXDEV) {
		return fmt.Errorf("%w: inbox, work, archive and quarantine must lie on one file system, as files move by rename; nothing may be mounted on one of them", err)
	}
	return err
}

// sync makes the renames in a folder last beyond a power cut. Systems that cannot do it do it by themselves or not at all.
func sync(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = f.Sync()
		f.Close()
	}
}
