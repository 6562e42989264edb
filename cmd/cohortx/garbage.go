package main

import (
	"runtime"
	"runtime/debug"
	gauges "runtime/metrics"
)

// garbage is how much of it there may be before it is collected. What is large (dictionaries, sorted runs) lives as long as the run and holds
// no pointers, so that collecting is cheap, but not free: a few megabytes more each time make an import a tenth quicker.
const garbage = 48 << 20

// boundGarbage keeps the peak of memory near what is in use. Go's own rule, as much garbage as there is in use, would double it for large files.
// After each collection it says anew by how many percent the heap may grow; the first comes at 4 MB, so that small files are never collected.
func boundGarbage() {
	const least, most = 10, 100
	sentinel := new([16]byte) // gone with the next collection
	runtime.AddCleanup(sentinel, func(struct{}) {
		live := []gauges.Sample{{Name: "/gc/heap/live:bytes"}}
		gauges.Read(live)
		if live[0].Value.Kind() == gauges.KindUint64 {
			debug.SetGCPercent(int(min(max(garbage*100/max(live[0].Value.Uint64(), 1), least), most)))
		}
		boundGarbage()
	}, struct{}{})
}
