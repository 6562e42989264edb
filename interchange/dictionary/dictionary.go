// Package dictionary numbers byte strings: natural keys, XML ids.
//
//	d := dictionary.New()
//	n, added := d.Add([]byte("604821")) // 1, true
//	n, ok := d.Find([]byte("604821"))   // 1, true
//
// It is compact, without a pointer per entry: keys lie one behind the other in an arena, and are found through slots of 16 bytes. A slot
// holds a short key itself, as the unique ids of people mostly are, so that finding it is one look into memory. Keys are compared exactly.
// A Dictionary that nobody writes to may be read by many goroutines.
package dictionary

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// Dictionary maps keys to numbers and back. The zero value is not usable, see [New].
type Dictionary struct {
	slots  []slot
	arena  []byte   // each key behind its length as a varint; behind a long key its number, 4 bytes
	places []uint32 // by number: 1 + the offset of its key in the arena in units of 4 bytes; 0 for none
	count  int
	next   uint32
}

// New returns an empty dictionary, whose first added key gets the number 1.
func New() *Dictionary { return &Dictionary{slots: make([]slot, 16), next: 1} }

// Grow makes room for n more keys of together size bytes, so that adding them moves nothing.
func (d *Dictionary) Grow(n, size int) {
	if slots := (d.count+n)*4/3 + 1; slots > len(d.slots) {
		d.rehash(slots)
	}
	d.arena = room(d.arena, size+n*(unit+1+numberBytes))
	d.places = room(d.places, n+1)
}

// room is slices.Grow, but the room stays as the system gives it: what is not used after all costs nothing.
func room[E any](s []E, n int) []E {
	if cap(s)-len(s) >= n {
		return s
	}
	return append(make([]E, 0, len(s)+n), s...)
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
	s := d.slot(key, searched(key))
	if s.empty() {
		return 0, false
	}
	return d.number(s), true
}

// TouchMost is how many keys [Dictionary.Touch] takes at a time.
const TouchMost = 32

// Touch reads the memory in which keys, TouchMost at most, are going to be found or added: the processor waits for all of it at once, where Find and Add
// would have it wait for one key after the other. It changes nothing. What it returns means nothing; it keeps the compiler from leaving the reading out.
//
//go:noinline
func (d *Dictionary) Touch(keys [][]byte) (nothing uint64) {
	if len(d.slots) == 0 {
		return 0
	}
	keys = keys[:min(len(keys), TouchMost)]
	var tails [TouchMost]uint64
	for i, key := range keys {
		tails[i] = d.slots[searched(key).home(len(d.slots))].tail
		nothing += tails[i]
	}
	for _, tail := range tails[:len(keys)] {
		if at := tail >> 32; tail&math.MaxUint32 == long && at != 0 {
			nothing += uint64(d.arena[(at-1)*unit])
		}
	}
	return nothing
}

// Add returns the key's number, a new one if the dictionary does not have it yet.
func (d *Dictionary) Add(key []byte) (number uint32, added bool) {
	k := searched(key)
	s := d.slot(key, k)
	if !s.empty() {
		return d.number(s), false
	}
	return d.insert(s, key, k, d.next), true
}

// Put gives the key a number of the caller's choice. A key that is there gets the new number.
func (d *Dictionary) Put(key []byte, number uint32) {
	k := searched(key)
	s := d.slot(key, k)
	if s.empty() {
		d.insert(s, key, k, number)
		return
	}
	at := d.places[d.number(s)]
	if k.tail == long {
		binary.LittleEndian.PutUint32(d.behind(d.keyAt(at)), number)
	} else {
		s.tail = k.tail | uint64(number)<<32
	}
	d.place(number, at)
	d.Reserve(number)
}

// Key returns the key with a number, nil if there is none. It is valid until the next Add or Put and must not be changed.
func (d *Dictionary) Key(number uint32) []byte {
	if int64(number) >= int64(len(d.places)) || d.places[number] == 0 {
		return nil
	}
	return slices.Clip(d.keyAt(d.places[number]))
}

// unit is what offsets in the arena count in: with 4 bytes, 32 bits reach 16 GiB of keys.
const unit = 4

func (d *Dictionary) keyAt(at uint32) []byte {
	start := (uint64(at) - 1) * unit
	n, w := uint64(d.arena[start]), 1
	if n >= 0x80 {
		n, w = binary.Uvarint(d.arena[start:])
	}
	from := start + uint64(w)
	return d.arena[from : from+n]
}

// behind is the number behind a long key, as it lies in the arena.
func (d *Dictionary) behind(key []byte) []byte { return key[len(key) : len(key)+numberBytes] }

const numberBytes = 4

// number is that of a slot's key.
func (d *Dictionary) number(s *slot) uint32 {
	n := uint32(s.tail >> 32)
	if s.tail&math.MaxUint32 != long {
		return n
	}
	return binary.LittleEndian.Uint32(d.behind(d.keyAt(n)))
}

// slot returns the key's slot, or the empty one where it belongs.
func (d *Dictionary) slot(key []byte, k search) *slot {
	for i := k.home(len(d.slots)); ; {
		s := &d.slots[i]
		if s.empty() || s.head == k.head && uint32(s.tail) == uint32(k.tail) && (k.tail != long || string(d.keyAt(uint32(s.tail>>32))) == string(key)) {
			return s
		}
		if i++; i == len(d.slots) {
			i = 0
		}
	}
}

func (d *Dictionary) insert(s *slot, key []byte, k search, number uint32) uint32 {
	for len(d.arena)%unit != 0 {
		d.arena = append(d.arena, 0)
	}
	at := uint32(len(d.arena)/unit) + 1
	d.arena = binary.AppendUvarint(d.arena, uint64(len(key)))
	d.arena = append(d.arena, key...)
	if k.tail == long {
		d.arena = binary.LittleEndian.AppendUint32(d.arena, number)
		*s = slot{k.head, k.tail | uint64(at)<<32}
	} else {
		*s = slot{k.head, k.tail | uint64(number)<<32}
	}
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

// pageSlots is how many slots the smallest page of memory holds.
const pageSlots = 4096 / 16

func (d *Dictionary) rehash(size int) {
	old := d.slots
	d.slots = make([]slot, size)
	// Linux gives a page that is read before it is written twice: a common one of zeros, then one of its own, which all processors have to be told.
	for i := 0; i < size; i += pageSlots {
		d.slots[i] = slot{}
	}
	for _, s := range old {
		if s.empty() {
			continue
		}
		i := s.search().home(size)
		for !d.slots[i].empty() {
			if i++; i == size {
				i = 0
			}
		}
		d.slots[i] = s
	}
}

// slot is one place of the hash table: a short key and its number; of a long one, its hash and where in the arena it lies, with its number.
type slot struct {
	head uint64
	tail uint64 // the lower half as in search; in the upper, the number or the place
}

func (s *slot) empty() bool    { return uint32(s.tail) == 0 }
func (s *slot) search() search { return search{s.head, s.tail & math.MaxUint32} }

// search is what a key is compared by: its own bytes when it is short, then nothing else need be looked at; else its hash.
type search struct {
	head uint64 // the first 8 bytes, or the hash
	tail uint64 // bytes 9 to 11, above them 1 + the length; or long
}

const (
	longest = 11 // keys up to this length are in their slots
	long    = uint64(0xff) << 24
)

func searched(key []byte) search {
	n := len(key)
	if n > longest {
		return search{xxhash.Sum64(key), long}
	}
	k := search{tail: uint64(n+1) << 24}
	switch {
	case n >= 8:
		k.head = binary.LittleEndian.Uint64(key)
		for i, b := range key[8:] {
			k.tail |= uint64(b) << (8 * i)
		}
	case n >= 4: // two halves, which overlap in the middle
		k.head = uint64(binary.LittleEndian.Uint32(key)) | uint64(binary.LittleEndian.Uint32(key[n-4:]))<<(8*(n-4))
	default:
		for i, b := range key {
			k.head |= uint64(b) << (8 * i)
		}
	}
	return k
}

// home is where the key's slot is looked for first. The two factors are odd and without a pattern (from the golden ratio and the square root of 2).
func (k search) home(slots int) int {
	hi, lo := bits.Mul64(k.head^0x6a09e667f3bcc909, (k.tail<<8)^0x9e3779b97f4a7c15)
	at, _ := bits.Mul64(hi^lo, uint64(slots))
	return int(at)
}
