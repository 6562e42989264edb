package main

import (
	"runtime"
	"runtime/debug"
)

// garbage is how much of it there may be before it is collected. What is large (dictionaries, sorted runs) lives as long as the run and holds
// no pointers, so that collecting is cheap, but not free: a few megabytes more each time make an import a tenth quicker.
const garbage = 48 << 20

// boundGarbage keeps the peak of memory near what is in use. Go's own rule, as much garbage as there is in use, would double it for large files.
// After each collection it says anew by how many percent the heap may grow; the first comes at 4 MB, so that small files are never collected.
func boundGarbage() { nextGarbage(100) }

// nextGarbage does so after the next collection, which leaves a heap that may grow by so many percent. What is in use then follows from the size
// at which the heap will be collected again. Package runtime/metrics would name it, but gets ready at every start, for a fiftieth of its time.
func nextGarbage(percent uint64) {
	const least, most = 10, 100
	sentinel := new([16]byte) // gone with the next collection
	runtime.AddCleanup(sentinel, func(percent uint64) {
		var heap runtime.MemStats
		runtime.ReadMemStats(&heap)
		live := heap.NextGC * 100 / (100 + percent)
		percent = min(max(garbage*100/max(live, 1), least), most)
		debug.SetGCPercent(int(percent))
		nextGarbage(percent)
	}, percent)
}
