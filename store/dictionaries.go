package store

import (
	"context"
	"database/sql/driver"
	"fmt"

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
	var key []byte
	for _, part := range []struct {
		table table
		into  *dictionary.Dictionary
		query string
		key   func(row []driver.Value)
	}{
		{students, d.Students, "SELECT id, unique_id FROM student ORDER BY id", func(row []driver.Value) { key = append(key[:0], str(row[1])...) }},
		{staff, d.Staff, "SELECT id, unique_id FROM staff_member ORDER BY id", func(row []driver.Value) { key = append(key[:0], str(row[1])...) }},
		{cohorts, d.Cohorts, "SELECT id, cohort_identifier, education_organization_id FROM cohort ORDER BY id", func(row []driver.Value) {
			key = interchange.CohortKey{EducationOrganizationID: num(row[2]), CohortIdentifier: str(row[1])}.AppendKey(key[:0])
		}},
		{sections, d.Sections, "SELECT id, key FROM section ORDER BY id", func(row []driver.Value) { key = append(key[:0], blob(row[1])...) }},
		{programs, d.Programs, "SELECT id, key FROM program ORDER BY id", func(row []driver.Value) { key = append(key[:0], blob(row[1])...) }},
	} {
		// What the table holds is known beforehand, so the dictionary is made as large as it gets.
		count, err := db.w.integer("SELECT count(*) FROM " + part.table.name())
		if err != nil {
			return nil, db.named("count keys of every "+part.table.what(), err)
		}
		part.into.Grow(int(count), int(count)*part.table.keyBytes())
		err = db.w.each(ctx, part.query, nil, func(row []driver.Value) error {
			id := num(row[0])
			if id < 1 || id > maxNumber {
				return fmt.Errorf("a %s has number %d; expected 1 to %d", part.table.what(), id, maxNumber)
			}
			part.key(row)
			part.into.Put(key, uint32(id))
			k.rows[part.table].add(uint32(id))
			return nil
		})
		if err != nil {
			return nil, db.named("read keys of every "+part.table.what(), err)
		}
		// The number of a row that was there once is not given again: the history would take the two for one.
		used, err := db.w.integer("SELECT coalesce(max(last), 0) FROM origin WHERE kind = ?", part.table.history())
		if err != nil {
			return nil, db.named("read the history", err)
		}
		part.into.Reserve(uint32(used))
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

func blob(v driver.Value) []byte {
	b, _ := v.([]byte)
	return b
}
