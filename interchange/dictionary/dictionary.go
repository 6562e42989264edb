// Package dictionary numbers byte strings: natural keys, XML ids.
//
//	d := dictionary.New()
//	n, added := d.Add([]byte("604821")) // 1, true
//	n, ok := d.Find([]byte("604821"))   // 1, true
//
// It is compact: keys lie one behind the other in an arena, without a pointer per entry, and are found through slots of 8
// bytes. Keys are compared exactly. A Dictionary that nobody writes to may be read by many goroutines.
package dictionary

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// slot is one place of the hash table. at is 1 + the key's offset in the arena in units of 4 bytes, so that the zero slot is empty.
type slot struct {
	at     uint32
	number uint32
}

// Dictionary maps keys to numbers and back. The zero value is not usable, see [New].
type Dictionary struct {
	slots  []slot
	arena  []byte   // each key behind its length as a varint
	places []uint32 // by number: as slot.at, 0 for none
	count  int
	next   uint32
}

// New returns an empty dictionary, whose first added key gets the number 1.
func New() *Dictionary { return &Dictionary{slots: make([]slot, 16), next: 1} }

// Grow makes room for n more keys of together size bytes, so that adding them moves nothing.
func (d *Dictionary) Grow(n, size int) {
	slots := len(d.slots)
	for (d.count+n)*4 > slots*3 {
		slots *= 2
	}
	if slots > len(d.slots) {
		d.rehash(slots)
	}
	d.arena = slices.Grow(d.arena, size+n*(unit+1))
	d.places = slices.Grow(d.places, n+1)
}

// Freeze gives back the memory by which keys are found. From then on only Key and Len work; Find finds nothing, and Add and Put must not be
// called.
func (d *Dictionary) Freeze() { d.slots = nil }

// Len is the number of keys.
func (d *Dictionary) Len() int { return d.count }

// Next is the number that the next new key will get: one more than the highest so far.
func (d *Dictionary) Next() uint32 { return d.next }

// Reserve keeps the numbers up to n from being given to new keys.
func (d *Dictionary) Reserve(n uint32) { d.next = max(d.next, n+1) }

// Find returns the key's number.
func (d *Dictionary) Find(key []byte) (number uint32, ok bool) {
	if d.slots == nil {
		return 0, false
	}
	s := d.slot(key, xxhash.Sum64(key))
	return s.number, s.at != 0
}

// Add returns the key's number, a new one if the dictionary does not have it yet.
func (d *Dictionary) Add(key []byte) (number uint32, added bool) {
	s := d.slot(key, xxhash.Sum64(key))
	if s.at != 0 {
		return s.number, false
	}
	return d.insert(s, key, d.next), true
}

// Put gives the key a number of the caller's choice. A key that is there gets the new number.
func (d *Dictionary) Put(key []byte, number uint32) {
	s := d.slot(key, xxhash.Sum64(key))
	if s.at != 0 {
		s.number = number
		d.place(number, s.at)
		return
	}
	d.insert(s, key, number)
}

// Key returns the key with a number, nil if there is none. It is valid until the next Add or Put and must not be changed.
func (d *Dictionary) Key(number uint32) []byte {
	if int64(number) >= int64(len(d.places)) || d.places[number] == 0 {
		return nil
	}
	return d.keyAt(d.places[number])
}

// unit is what offsets in the arena count in: with 4 bytes, 32 bits reach 16 GiB of keys.
const unit = 4

func (d *Dictionary) keyAt(at uint32) []byte {
	start := (uint64(at) - 1) * unit
	n, w := binary.Uvarint(d.arena[start:])
	from := start + uint64(w)
	return d.arena[from : from+n : from+n]
}

// slot returns the key's slot, or the empty one where it belongs.
func (d *Dictionary) slot(key []byte, hash uint64) *slot {
	mask := uint64(len(d.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := &d.slots[i]
		if s.at == 0 || string(d.keyAt(s.at)) == string(key) {
			return s
		}
	}
}

func (d *Dictionary) insert(s *slot, key []byte, number uint32) uint32 {
	for len(d.arena)%unit != 0 {
		d.arena = append(d.arena, 0)
	}
	at := uint32(len(d.arena)/unit) + 1
	d.arena = binary.AppendUvarint(d.arena, uint64(len(key)))
	d.arena = append(d.arena, key...)
	*s = slot{at, number}
	d.place(number, at)
	if number >= d.next && number < math.MaxUint32 {
		d.next = number + 1
	}
	d.count++
	if d.count*4 > len(d.slots)*3 {
		d.rehash(2 * len(d.slots))
	}
	return number
}

// place notes where the key of a number is. Numbers are dense, so a slice serves; one far beyond the others costs what lies between.
func (d *Dictionary) place(number uint32, at uint32) {
	for int64(number) >= int64(len(d.places)) {
		d.places = append(d.places, 0)
	}
	d.places[number] = at
}

func (d *Dictionary) rehash(size int) {
	old := d.slots
	d.slots = make([]slot, size)
	mask := uint64(len(d.slots) - 1)
	for _, s := range old {
		if s.at == 0 {
			continue
		}
		i := xxhash.Sum64(d.keyAt(s.at)) & mask
		for d.slots[i].at != 0 {
			i = (i + 1) & mask
		}
		d.slots[i] = s
	}
}
