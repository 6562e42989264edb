package batch

// bits is a growing set of dense numbers.
type bits []uint64

func (b bits) has(n uint32) bool {
	i := int(n >> 6)
	return i < len(b) && b[i]&(1<<(n&63)) != 0
}

// join adds all numbers of another set.
func (b *bits) join(o bits) {
	if len(*b) < len(o) {
		*b = append(*b, make([]uint64, len(o)-len(*b))...)
	}
	for i, w := range o {
		(*b)[i] |= w
	}
}

func (b *bits) add(n uint32) {
	i := int(n >> 6)
	if i >= len(*b) {
		*b = append(*b, make([]uint64, i+1-len(*b))...)
	}
	(*b)[i] |= 1 << (n & 63)
}
