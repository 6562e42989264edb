package main

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// SIGINT ends an import that waits for a pipe, whether nobody writes to it or the writer says nothing.
func TestInterrupt_Waiting(t *testing.T) {
	for name, written := range map[string]bool{"NoWriter": false, "SilentWriter": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			pipe := filepath.Join(dir, "pipe.xml")
			if err := unix.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			if written {
				f, err := os.OpenFile(pipe, os.O_RDWR, 0) // does not wait for a reader
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
			}
			c := startChild(t, "import", "--log-format", "json", "--db", filepath.Join(dir, "cohorts.db"), pipe)
			for s := range c.steps {
				if s == "look at files" {
					break
				}
			}
			if err := c.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			for range c.steps {
			}
			if status, killed := c.end(t); status != 130 || killed {
				t.Errorf("exit status %d, want 130", status)
			}
		})
	}
}
