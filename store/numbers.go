package store

// bits is a growing set of numbers.
type bits []uint64

func (b bits) has(n uint32) bool {
	i := int(n >> 6)
	return i < len(b) && b[i]&(1<<(n&63)) != 0
}

func (b *bits) add(n uint32) {
	i := int(n >> 6)
	for i >= len(*b) {
		*b = append(*b, 0)
	}
	(*b)[i] |= 1 << (n & 63)
}

func (b bits) remove(n uint32) { b[n>>6] &^= 1 << (n & 63) }

// maxNumber is the highest number of a student or staff member: with two days of 17 bits it makes one positive 64-bit integer, as
// which the merge reads a stored row. The lowest is 1, so that callers can use 0 for none.
const maxNumber = 1<<29 - 1

// table is one of the tables whose rows have numbers.
type table uint8

const (
	students table = iota
	staff
	cohorts
	sections
	programs
	numbered // how many there are
)

// name is the table's name.
func (t table) name() string {
	return [...]string{"student", "staff_member", "cohort", "section", "program"}[t]
}

// keyBytes is how long the table's keys mostly are, for making room beforehand.
func (t table) keyBytes() int { return [...]int{7, 7, 16, 110, 60}[t] }

// what names a row of the table in an error.
func (t table) what() string {
	return [...]string{"student", "staff member", "cohort", "section", "program"}[t]
}

// known is which rows exist: the foreign keys that SQLite does not check while a Tx writes.
type known struct {
	organizations map[int64]struct{}
	rows          [numbered]bits
}

// added is what a Tx has added to known, to be taken back when it is rolled back.
type added struct {
	organizations []int64
	rows          [numbered][]uint32
}

func (tx *Tx) knows(t table, n uint32) bool { return tx.db.known.rows[t].has(n) }

func (tx *Tx) learn(t table, n uint32) {
	tx.db.known.rows[t].add(n)
	tx.added.rows[t] = append(tx.added.rows[t], n)
	tx.history.born(t.history(), int64(n))
}

func (tx *Tx) must(t table, n uint32) error {
	if !tx.knows(t, n) {
		return &UnknownNumberError{t.what(), int64(n)}
	}
	return nil
}

func (tx *Tx) mustOrganization(id int64) error {
	if _, ok := tx.db.known.organizations[id]; !ok {
		return &UnknownNumberError{"education organization", id}
	}
	return nil
}

func (tx *Tx) unlearn() {
	for _, id := range tx.added.organizations {
		delete(tx.db.known.organizations, id)
	}
	for t, list := range tx.added.rows {
		for _, n := range list {
			tx.db.known.rows[t].remove(n)
		}
	}
	tx.added = added{}
}
