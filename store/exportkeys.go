package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"cohortx/interchange"
)

// exportKeys are the natural keys behind the numbers in associations of a kind. It is only read once it is made.
type exportKeys struct {
	shape    *shape
	persons  *orderedKeys
	sections *orderedKeys // interchange.SectionKey.AppendKey; nil: there are none
}

func (e *Export) keys(ctx context.Context, kind interchange.Kind) (*exportKeys, error) {
	shape, persons, err := shapeOf(kind)
	if err != nil {
		return nil, err
	}
	k := &exportKeys{shape: shape}
	if k.persons, err = e.orderedKeys(ctx, persons, "unique_id", ""); err != nil || shape.sections == "" {
		return k, err
	}
	if k.sections, err = e.orderedKeys(ctx, sections, "key", []byte{}); err == nil && k.sections.len() == 0 {
		k.sections = nil
	}
	return k, err
}

// orderedKeys holds all keys of a table in bytewise order. Numbers depend on what was imported first; keys do not, so that equal data are
// exported as equal bytes.
type orderedKeys struct {
	table table
	text  string
	ends  []uint32 // ends[i+1] is the end of the i-th key, ends[i] its start
	ranks []uint32 // by number: 1 + the place in the order; 0: no row has the number
}

func (k *orderedKeys) len() int { return len(k.ends) - 1 }

// rank returns the place of a row's key in the order of all.
func (k *orderedKeys) rank(number uint32) (uint32, error) {
	if int(number) >= len(k.ranks) || k.ranks[number] == 0 {
		return 0, fmt.Errorf("an association names %s number %d, which is not there", k.table.what(), number)
	}
	return k.ranks[number] - 1, nil
}

// at returns the key at a place in the order.
func (k *orderedKeys) at(rank uint32) string { return k.text[k.ends[rank]:k.ends[rank+1]] }

// keysAtOnce is how many keys are read as one row.
const keysAtOnce = 4096

// orderedKeys reads all keys by the index on them, which has them in order, with few calls into SQLite. lowest is less than every key.
func (e *Export) orderedKeys(ctx context.Context, t table, column string, lowest driver.Value) (*orderedKeys, error) {
	count, err := e.conn.integer("SELECT count(*) FROM " + t.name())
	if err != nil {
		return nil, err
	}
	k := &orderedKeys{table: t, ends: make([]uint32, 1, count+1), ranks: make([]uint32, count+1)}
	var text strings.Builder
	query, err := e.conn.prepare(fmt.Sprintf("SELECT group_concat(id || ',' || octet_length(%[1]s)), group_concat(%[1]s, ''), max(%[1]s) FROM "+
		"(SELECT id, %[1]s FROM %[2]s WHERE %[1]s > ? ORDER BY %[1]s LIMIT %[3]d)", column, t.name(), keysAtOnce))
	if err != nil {
		return nil, err
	}
	defer query.Close()
	for last := lowest; last != nil; {
		from := last
		err := query.each(ctx, []driver.Value{from}, func(row []driver.Value) error {
			last = row[2]
			piece := str(row[1])
			if text.Len() == 0 {
				text.Grow(len(piece) * (1 + int(count)/keysAtOnce))
			}
			text.WriteString(piece)
			return k.add(integers{str(row[0])})
		})
		if err != nil {
			return nil, err
		}
	}
	if text.Len() != int(k.ends[k.len()]) {
		return nil, fmt.Errorf("SQLite gave %d bytes of keys of every %s, not the %d that it said", text.Len(), t.what(), k.ends[k.len()])
	}
	k.text = text.String()
	return k, nil
}

// add takes a list of numbers and lengths.
func (k *orderedKeys) add(list integers) error {
	for {
		id, ok := list.next()
		if !ok {
			return nil
		}
		length, _ := list.next()
		if id < 1 || id > maxNumber {
			return fmt.Errorf("a %s has number %d; expected 1 to %d", k.table.what(), id, maxNumber)
		}
		if grown := int(id) + 1 - len(k.ranks); grown > 0 {
			k.ranks = append(k.ranks, make([]uint32, grown)...)
		}
		k.ranks[id] = uint32(len(k.ends))
		k.ends = append(k.ends, k.ends[k.len()]+uint32(length))
	}
}
