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

// letGo waits until a part of a file is on the disk and gives back the memory that the system keeps it in. What is written next takes that memory
// again: so a large file takes little of it, and none that is new, which in a virtual machine can cost more than to write it. The error is one of
// the disk, which the system tells only once.
func letGo(f *os.File, from, n int64) error {
	const wait = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	switch err := unix.SyncFileRange(int(f.Fd()), from, n, wait); err {
	case nil:
		_ = unix.Fadvise(int(f.Fd()), from, n, unix.FADV_DONTNEED)
		return nil
	case unix.EINVAL, unix.ENOSYS, unix.ESPIPE, unix.EOPNOTSUPP, unix.EPERM:
		return nil // not to be had here
	default:
		return os.NewSyscallError("sync_file_range", err)
	}
}
