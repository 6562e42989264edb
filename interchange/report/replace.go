package report

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
)

// Unfinished is how the names of files begin that are not whole yet.
const Unfinished = ".cohortx-"

// Replace writes a file under a temporary name and renames it when it is on disk, so that nobody ever finds half of it.
func Replace(name string, mode fs.FileMode, write func(*bufio.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), Unfinished+"*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // once it has its name there is nothing to remove
	w := bufio.NewWriter(f)
	if err = write(w); err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
