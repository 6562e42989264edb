package batch

import (
	"runtime"
	"syscall"
)

// peakMemory is the most memory that the process has had so far, in MiB; 0 when the system does not say.
func peakMemory() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	unit := 1024.0 // Linux and the BSDs count in KiB (getrusage(2))
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return float64(u.Maxrss) * unit / (1 << 20)
}
