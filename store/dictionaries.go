package store

import (
	"bytes"
	"context"
	"database/sql/driver"
	"fmt"
	"strconv"

	"github.com/mattn/go-sqlite3"
	"golang.org/x/sync/errgroup"

	"cohortx/interchange"
	"cohortx/interchange/dictionary"
)

// Dictionaries give the numbers of natural keys, as of one moment. The caller may add to them; a key that it adds and whose row it
// then puts into a Tx keeps its number.
type Dictionaries struct {
	// EducationOrganizations holds the ids. A number is the id itself.
	EducationOrganizations map[int64]struct{}
	Students               *dictionary.Dictionary // student unique id
	Staff                  *dictionary.Dictionary // staff unique id
	Cohorts                *dictionary.Dictionary // interchange.CohortKey.AppendKey
	Sections               *dictionary.Dictionary // interchange.SectionKey.AppendKey
	Programs               *dictionary.Dictionary // interchange.ProgramKey.AppendKey
}

// Dictionaries reads all natural keys. What a later Tx is given is checked against them, and its Begin makes sure that no other
// program has changed the store in between.
func (db *DB) Dictionaries(ctx context.Context) (*Dictionaries, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.known = nil
	if _, err := db.w.exec("BEGIN"); err != nil {
		return nil, db.named("read keys", err)
	}
	defer db.w.exec("ROLLBACK") // it has only read
	d := &Dictionaries{
		EducationOrganizations: map[int64]struct{}{},
		Students:               dictionary.New(),
		Staff:                  dictionary.New(),
		Cohorts:                dictionary.New(),
		Sections:               dictionary.New(),
		Programs:               dictionary.New(),
	}
	k := &known{organizations: map[int64]struct{}{}}
	err := db.w.each(ctx, "SELECT id FROM education_organization", nil, func(row []driver.Value) error {
		d.EducationOrganizations[num(row[0])] = struct{}{}
		k.organizations[num(row[0])] = struct{}{}
		return nil
	})
	if err != nil {
		return nil, db.named("read education organizations", err)
	}
	if err := db.readKeys(ctx, k, []keysOf{
		{students, d.Students, "unique_id"},
		{staff, d.Staff, "unique_id"},
		{cohorts, d.Cohorts, "education_organization_id || ':' || cohort_identifier"},
		{sections, d.Sections, "key"},
		{programs, d.Programs, "key"},
	}); err != nil {
		return nil, err
	}
	if db.version, err = db.w.integer("PRAGMA data_version"); err != nil {
		return nil, db.named("read data version", err)
	}
	db.known = k
	// The pages that were read are in the dictionaries now.
	if _, err := db.w.exec("PRAGMA shrink_memory"); err != nil {
		return nil, db.named("shrink memory", err)
	}
	return d, nil
}

// keysOf is one dictionary to fill.
type keysOf struct {
	table table
	into  *dictionary.Dictionary
	key   string // the expression for a row's key
}

// manyStudents is how many students make it worth while to read them on a connection of their own while the other keys are read.
const manyStudents = 10_000

// readKeys fills dictionaries in the transaction of db.w. The first part may be read on another connection. Its view of the store is the
// same or newer; where it is newer, the data version that Dictionaries remembers is out of date, and Begin says so.
func (db *DB) readKeys(ctx context.Context, k *known, parts []keysOf) error {
	first := parts[0]
	last, err := db.w.integer("SELECT coalesce(max(id), 0) FROM " + first.table.name())
	if err != nil {
		return db.named("count keys of every "+first.table.what(), err)
	}
	group, ctx := errgroup.WithContext(ctx)
	if last >= manyStudents {
		group.Go(func() error {
			c, err := db.connect(false)
			if err != nil {
				return err
			}
			defer c.Close()
			if _, err := c.exec("BEGIN"); err != nil {
				return db.named("read keys", err)
			}
			return db.named("read keys of every "+first.table.what(), first.read(ctx, c, k))
		})
		parts = parts[1:]
	}
	for _, p := range parts {
		if err = p.read(ctx, db.w, k); err != nil {
			err = db.named("read keys of every "+p.table.what(), err)
			break
		}
	}
	if first := group.Wait(); first != nil {
		return first // it ended the others: their errors say no more than that
	}
	return err
}

// numbersAtOnce is how many numbers, with the keys of the rows that have them, are read as one row. A million keys take a quarter of the
// time that they take a row at a time.
const numbersAtOnce = 1024

func (p keysOf) read(ctx context.Context, c *conn, k *known) error {
	var count, first, last int64
	// Asked for together, they would be found by reading every row.
	one := func(what string) string { return "(SELECT " + what + " FROM " + p.table.name() + ")" }
	if err := c.each(ctx, "SELECT "+one("count(*)")+", "+one("coalesce(min(id), 1)")+", "+one("coalesce(max(id), 0)"), nil, func(row []driver.Value) error {
		count, first, last = num(row[0]), num(row[1]), num(row[2])
		return nil
	}); err != nil {
		return err
	}
	if first < 1 || last > maxNumber {
		return fmt.Errorf("a %s has a number outside of 1 to %d: the first is %d, the last %d", p.table.what(), maxNumber, first, last)
	}
	// What the table holds is known beforehand, so the dictionary is made as large as it gets.
	p.into.Grow(int(count), int(count)*p.table.keyBytes())
	// Where no number is left out, as in most stores, the rows need not say theirs.
	dense, list := count == last-first+1, "octet_length(k)"
	if !dense {
		list = "id || ',' || " + list
	}
	s, err := c.prepare("SELECT group_concat(" + list + "), group_concat(k, '') FROM (SELECT id, " + p.key + " AS k FROM " + p.table.name() +
		" WHERE id BETWEEN ? AND ? ORDER BY id)")
	if err != nil {
		return err
	}
	defer s.Close()
	// The keys go into the dictionary while the next ones are read.
	type piece struct {
		from, rows    int64 // of dense numbers: the first, and how many
		numbers, keys string
	}
	pieces := make(chan piece, 2)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		for x := range pieces {
			before := p.into.Len()
			if err := p.add(x.from, dense, integers{x.numbers}, []byte(x.keys), k); err != nil {
				return err
			}
			if got := int64(p.into.Len() - before); dense && got != x.rows {
				return fmt.Errorf("of %d rows from number %d on, %d have a key of their own: %w", x.rows, x.from, got, sqlite3.Error{Code: sqlite3.ErrCorrupt})
			}
		}
		return nil
	})
	group.Go(func() error {
		defer close(pieces)
		for from := first; from <= last; from += numbersAtOnce {
			err := s.each(ctx, []driver.Value{from, from + numbersAtOnce - 1}, func(row []driver.Value) error {
				select {
				case pieces <- piece{from, min(numbersAtOnce, last-from+1), str(row[0]), str(row[1])}:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	// The number of a row that was there once is not given again: the history would take the two for one.
	used, err := c.integer("SELECT coalesce(max(last), 0) FROM origin WHERE kind = ?", p.table.history())
	p.into.Reserve(uint32(used))
	return err
}

// add takes a list of numbers and lengths, of lengths only where the numbers are dense and begin with from, and the keys one behind the other.
func (p keysOf) add(from int64, dense bool, list integers, text []byte, k *known) error {
	var numbers [dictionary.TouchMost]uint32
	keys := make([][]byte, 0, len(numbers))
	var made []byte // keys that are not as SQLite gives them
	put := func() {
		p.into.Touch(keys)
		for i, key := range keys {
			p.into.Put(key, numbers[i])
			k.rows[p.table].add(numbers[i])
		}
		made, keys = made[:0], keys[:0]
	}
	for id := uint64(from); ; id++ {
		if !dense {
			id, _ = list.next()
		}
		length, ok := list.next()
		if !ok {
			put()
			return nil
		}
		if length > uint64(len(text)) {
			return fmt.Errorf("SQLite gave fewer bytes of keys than it said, before number %d", id)
		}
		key := text[:length]
		text = text[length:]
		if p.table == cohorts {
			organization, identifier, _ := bytes.Cut(key, []byte(":"))
			n, err := strconv.ParseInt(string(organization), 10, 64)
			if err != nil {
				return err
			}
			at := len(made)
			made = interchange.AppendCohortKey(made, n, identifier)
			key = made[at:]
		}
		numbers[len(keys)] = uint32(id)
		if keys = append(keys, key); len(keys) == len(numbers) {
			put()
		}
	}
}
