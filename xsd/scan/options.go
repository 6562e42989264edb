package scan

// Options of [Split]. The zero value is good.
type Options struct {
	BlockSize int // blocks end at the first end of a child of the root after so many bytes; 0: 512 KiB
	MaxEntity int // bytes of one child of the root, or of one text, comment or processing instruction beside it; 0: 16 MiB
	MaxDepth  int // open elements, the root included; 0: 64
	MaxName   int // bytes of a name, prefix included; 0: 1000
	MaxValue  int // bytes of an attribute's value as it is written; 0: 1 MiB

	// Cut, for tests, is asked before each block for its size instead of BlockSize, which it gets.
	Cut func(size int) int
}

// DefaultBlockSize is large enough to make the cost per block vanish, and small enough to keep a few blocks per core in the cache.
const DefaultBlockSize = 512 << 10

// maxNamespaces limits the declarations in scope, which are searched one by one. No honest document comes near it.
const maxNamespaces = 256

type limits struct{ entity, depth, name, value int }

var defaultLimits = Options{}.limits()

func (o Options) limits() limits {
	or := func(n, otherwise int) int {
		if n > 0 {
			return n
		}
		return otherwise
	}
	return limits{entity: or(o.MaxEntity, 16<<20), depth: or(o.MaxDepth, 64), name: or(o.MaxName, 1000), value: or(o.MaxValue, 1<<20)}
}
