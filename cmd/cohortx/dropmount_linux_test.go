package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// Another file system cannot be reached by a rename, which is said before any file is touched.
func TestDrop_FileSystems(t *testing.T) {
	f := newDropFolder(t)
	other, err := os.MkdirTemp("/dev/shm", "cohortx-")
	if err != nil {
		t.Skip("there is no second file system to test with")
	}
	defer os.RemoveAll(other)
	if err := os.Mkdir(filepath.Join(f.dir, "archive"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount(other, filepath.Join(f.dir, "archive"), "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("mount: %v", err)
	}
	defer func() {
		if err := syscall.Unmount(filepath.Join(f.dir, "archive"), 0); err != nil {
			t.Error(err)
		}
	}()
	f.put(filepath.Join(sampleFolder, "scenario1.xml"), "one.xml")
	c := exec.Command(program(t), f.args()...)
	text, _ := c.CombinedOutput()
	if c.ProcessState.ExitCode() != 1 || !strings.Contains(string(text), "archive lies on another file system than the inbox") {
		t.Errorf("exit status %d\n%s", c.ProcessState.ExitCode(), text)
	}
	if left := f.names("inbox"); !slices.Equal(left, []string{"one.xml"}) {
		t.Errorf("inbox has %q", left)
	}
}
