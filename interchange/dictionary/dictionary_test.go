package dictionary_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"cohortx/interchange/dictionary"
)

// A dictionary does what a map would, whatever the order of Add, Put and Find.
func TestDictionary(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	d := dictionary.New()
	want := map[string]uint32{}
	next := uint32(1)
	for range 200_000 {
		key := fmt.Sprint(rnd.IntN(60_000))
		if len(key)%2 == 0 {
			key += "/longer than a slot holds"
		}
		if rnd.IntN(10) == 0 {
			key = "" // the empty key is one like any other
		}
		known, ok := want[key]
		if n, found := d.Find([]byte(key)); found != ok || found && n != known {
			t.Fatalf("Find(%q) = %d, %v; want %d, %v", key, n, found, known, ok)
		}
		if rnd.IntN(3) == 0 {
			continue
		}
		n, added := d.Add([]byte(key))
		if added == ok || ok && n != known || !ok && n != next {
			t.Fatalf("Add(%q) = %d, %v; known %v, next %d", key, n, added, ok, next)
		}
		if !ok {
			want[key] = n
			if next++; rnd.IntN(100) == 0 {
				next += 5 // as after rows of a store that were removed
				gap := fmt.Sprint("gap", next)
				if next%2 == 0 {
					gap = key // it gets another number
				}
				d.Put([]byte(gap), next)
				want[gap] = next
				next++
			}
		}
	}
	if d.Len() != len(want) || d.Next() != next {
		t.Fatalf("Len %d, Next %d; want %d, %d", d.Len(), d.Next(), len(want), next)
	}
	for key, n := range want {
		if got := d.Key(n); string(got) != key {
			t.Fatalf("Key(%d) = %q, want %q", n, got, key)
		}
	}
	d.Freeze()
	for key, n := range want {
		if _, found := d.Find([]byte(key)); found {
			t.Fatal("a frozen dictionary finds")
		}
		if string(d.Key(n)) != key {
			t.Fatal("a frozen dictionary has lost a key")
		}
	}
}

// Touch may be called at any time, with keys that are there and others.
func TestDictionary_Touch(t *testing.T) {
	d := dictionary.New()
	var keys [][]byte
	for i := range 2 * dictionary.TouchMost {
		keys = append(keys, fmt.Append(nil, i), fmt.Append(nil, i, "/longer than a slot holds"))
		d.Touch(keys)
		d.Touch(keys[:1])
		d.Touch(nil)
		d.Add(keys[i])
	}
	for i := range keys[:2*dictionary.TouchMost] {
		if n, ok := d.Find(keys[i]); !ok || n != uint32(i+1) {
			t.Fatal(i, n, ok)
		}
	}
	d.Freeze()
	d.Touch(keys)
}

func TestDictionary_Grow(t *testing.T) {
	d := dictionary.New()
	d.Add([]byte("before"))
	d.Grow(1000, 4000)
	for i := range 1000 {
		if n, added := d.Add(fmt.Append(nil, i)); !added || n != uint32(i+2) {
			t.Fatal(i, n, added)
		}
	}
	if n, ok := d.Find([]byte("before")); !ok || n != 1 {
		t.Fatal(n, ok)
	}
}

func BenchmarkDictionary_Add(b *testing.B) {
	keys := make([][]byte, 1_000_000)
	for i := range keys {
		keys[i] = fmt.Append(nil, 600_000+i)
	}
	b.ReportAllocs()
	for b.Loop() {
		d := dictionary.New()
		for _, k := range keys {
			d.Add(k)
		}
	}
}
