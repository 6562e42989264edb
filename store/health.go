package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Sizes is how much a store holds.
type Sizes struct {
	Bytes                   int64 `json:"bytes"` // of the file and its write-ahead log
	Students                int64 `json:"students"`
	Staff                   int64 `json:"staff"`
	Cohorts                 int64 `json:"cohorts"`
	StudentAssociations     int64 `json:"student_associations"`
	OpenStudentAssociations int64 `json:"open_student_associations"` // without an end date
	StaffAssociations       int64 `json:"staff_associations"`
}

// Sizes counts what the store holds.
func (db *DB) Sizes(ctx context.Context) (s Sizes, err error) {
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(db.path + suffix); err == nil {
			s.Bytes += info.Size()
		}
	}
	c, err := db.connect(false)
	if err != nil {
		return s, err
	}
	defer c.Close()
	for _, q := range []struct {
		into *int64
		from string
	}{
		{&s.Students, "student"}, {&s.Staff, "staff_member"}, {&s.Cohorts, "cohort"},
		{&s.StudentAssociations, "student_cohort_association"}, {&s.OpenStudentAssociations, "student_cohort_association WHERE end_date IS NULL"},
		{&s.StaffAssociations, "staff_cohort_association"},
	} {
		err := c.each(ctx, "SELECT count(*) FROM "+q.from, nil, func(row []driver.Value) error {
			*q.into = num(row[0])
			return nil
		})
		if err != nil {
			return s, db.named("count "+q.from, err)
		}
	}
	return s, nil
}

// mostDamage is how many damages Check names.
const mostDamage = 20

// Check looks for damage: SQLite's own integrity check, and references to rows that are not there. It reads the whole file. It returns what is
// damaged, nothing for a sound store.
func (db *DB) Check(ctx context.Context) ([]string, error) {
	c, err := db.connect(false)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var damage []string
	err = c.each(ctx, fmt.Sprintf("PRAGMA integrity_check(%d)", mostDamage), nil, func(row []driver.Value) error {
		if text := str(row[0]); text != "ok" {
			damage = append(damage, strings.Split(strings.TrimSpace(text), "\n")...) // one row may tell of several damages
		}
		return nil
	})
	if err != nil {
		return damage, db.named("integrity check", err)
	}
	enough := errors.New("enough")
	err = c.each(ctx, "PRAGMA foreign_key_check", nil, func(row []driver.Value) error {
		if len(damage) >= mostDamage {
			return enough
		}
		damage = append(damage, fmt.Sprintf("a row of %s refers to a row of %s that is not there", str(row[0]), str(row[2])))
		return nil
	})
	if err != nil && err != enough {
		return damage, db.named("reference check", err)
	}
	return damage, nil
}
