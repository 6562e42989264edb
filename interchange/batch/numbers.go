package batch

import (
	"bytes"
	"fmt"
	"slices"

	"cohortx/interchange/dictionary"
)

// numbers gives natural keys of one kind (students, staff, cohorts, sections ...) their dense numbers. Keys of stored rows keep the
// row's number; keys met first in this run get further ones, in the order of the input, so that the result never depends on how
// many goroutines work. stored is only read, by all workers; fresh is written by the one collector.
type numbers struct {
	stored *dictionary.Dictionary
	fresh  *dictionary.Dictionary
	base   uint32 // the largest stored number
}

func newNumbers(stored *dictionary.Dictionary) *numbers {
	return &numbers{stored: stored, fresh: dictionary.New(), base: stored.Next() - 1}
}

// find returns the number of a stored key. Workers may call it.
func (n *numbers) find(key []byte) (uint32, bool) { return n.stored.Find(key) }

// number returns the key's number, a further one if the key is new. Only the collector may call it.
func (n *numbers) number(key []byte) uint32 {
	if stored, ok := n.stored.Find(key); ok {
		return stored
	}
	return n.new(key)
}

// new is number for a key that a worker has not found among the stored ones.
func (n *numbers) new(key []byte) uint32 {
	fresh, _ := n.fresh.Add(key)
	return n.base + fresh // the first is 1
}

// isFresh says whether a number was given in this run; index is then its place among them, from 1.
func (n *numbers) isFresh(number uint32) (index uint32, ok bool) {
	return number - n.base, number > n.base
}

// key is the natural key behind a number.
func (n *numbers) key(number uint32) []byte {
	if index, ok := n.isFresh(number); ok {
		return n.fresh.Key(index)
	}
	return n.stored.Key(number)
}

// near looks for a stored key that differs only by white space, letter case or leading zeros, and says so; "" if there is none. Ids are
// exact strings, so such a key is another one, but mostly it is the one that was meant.
func (n *numbers) near(key []byte) string { return n.nearBehind(nil, key) }

// nearBehind is near for the part of a key that follows a fixed prefix.
func (n *numbers) nearBehind(prefix, key []byte) string {
	for _, try := range alike(key) {
		if _, ok := n.stored.Find(append(append([]byte(nil), prefix...), try...)); ok {
			return isStored(try)
		}
	}
	return ""
}

// alike are other keys that differ from a key only by white space, letter case or leading zeros: those that are looked for.
func alike(key []byte) [][]byte {
	trimmed := bytes.TrimSpace(key)
	bare := bytes.TrimLeft(trimmed, "0")
	tries := [][]byte{trimmed, bytes.ToLower(trimmed), bytes.ToUpper(trimmed), bare}
	const longest = 12 // as long as ids with leading zeros are seen to be
	for padded := bare; len(padded) < longest; {
		padded = append([]byte{'0'}, padded...)
		tries = append(tries, padded)
	}
	return slices.DeleteFunc(tries, func(try []byte) bool { return len(try) == 0 || bytes.Equal(try, key) })
}

// isStored says that a key is stored which may be the one that was meant.
func isStored(key []byte) string {
	return fmt.Sprintf("%s is stored; keys are compared exactly, leading zeros, case and white space included", short(key))
}
