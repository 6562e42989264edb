// Package early does what is to be done before other packages get ready: it is initialised among the first, since it imports none, and its path
// comes before those of most others.
package early

import "runtime"

func init() { growStack() }

// growStack makes the stack, on which all packages get ready and main runs, as large as it will be, in one step while there is little on it: growing by
// doubling, it would be copied again and again.
//
//go:noinline
func growStack() {
	var room [32 << 10]byte
	runtime.KeepAlive(&room)
}
