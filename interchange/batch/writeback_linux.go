package batch

import (
	"os"

	"golang.org/x/sys/unix"
)

// writeback asks the system to begin writing part of a file to the disk, so that less is left to wait for at its end. It is only a hint:
// what has to be on the disk is synced.
func writeback(f *os.File, from, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), from, n, unix.SYNC_FILE_RANGE_WRITE)
}
