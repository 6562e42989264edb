package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// conn is one connection to SQLite, used by one goroutine at a time. It is the driver's own: database/sql would put a lock, a
// conversion and an allocation between every row and us.
type conn struct {
	raw    *sqlite3.SQLiteConn
	behind *background // nil: everything is executed by whoever asks for it
}

// uriPath writes a path so that SQLite's URI parser takes every character of it as it is.
var uriPath = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")

func dial(path, mode string) (*conn, error) {
	// One goroutine at a time uses a connection, so it needs no lock of its own around every call.
	c, err := (&sqlite3.SQLiteDriver{}).Open("file:" + uriPath.Replace(path) + "?mode=" + mode + "&_mutex=no")
	if err != nil {
		return nil, err
	}
	return &conn{raw: c.(*sqlite3.SQLiteConn)}, nil
}

func (c *conn) Close() error { return c.raw.Close() }

// exec runs one or more statements to their end and returns how many rows the last one changed.
func (c *conn) exec(query string, args ...driver.Value) (int64, error) {
	if err := c.settle(); err != nil {
		return 0, err
	}
	r, err := c.raw.Exec(query, args)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// each calls f with every row of a query. The row is valid until f returns; its strings and bytes stay.
func (c *conn) each(ctx context.Context, query string, args []driver.Value, f func(row []driver.Value) error) error {
	if err := c.settle(); err != nil {
		return err
	}
	rows, err := c.raw.Query(query, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	return drain(ctx, rows, f)
}

func drain(ctx context.Context, rows driver.Rows, f func(row []driver.Value) error) error {
	row := make([]driver.Value, len(rows.Columns()))
	for n := 0; ; n++ {
		if n&1023 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if err := rows.Next(row); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := f(row); err != nil {
			return err
		}
	}
}

// integer returns the single integer that a query gives.
func (c *conn) integer(query string, args ...driver.Value) (n int64, err error) {
	found := false
	err = c.each(context.Background(), query, args, func(row []driver.Value) error {
		var ok bool
		if n, ok = row[0].(int64); !ok {
			return fmt.Errorf("%s: found %T, expected an integer", query, row[0])
		}
		found = true
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("%s: no row", query)
	}
	return n, err
}

// any reports whether a table has a row.
func (c *conn) any(table string) (bool, error) {
	n, err := c.integer("SELECT EXISTS (SELECT 1 FROM " + table + ")")
	return n == 1, err
}

// stmt is a prepared statement that is run many times.
type stmt struct {
	raw  *sqlite3.SQLiteStmt
	conn *conn
}

func (c *conn) prepare(query string) (*stmt, error) {
	if err := c.settle(); err != nil {
		return nil, err
	}
	s, err := c.raw.Prepare(query)
	if err != nil {
		return nil, err
	}
	return &stmt{s.(*sqlite3.SQLiteStmt), c}, nil
}

func (s *stmt) Close() error {
	_ = s.conn.settle() // whoever gave statements away asks for their errors
	return s.raw.Close()
}

// run executes a statement that changes rows. It goes through the driver's Query, which binds all arguments and takes the step in
// one call into C, where its Exec makes one call for each argument.
func (s *stmt) run(args []driver.Value) error {
	if err := s.conn.settle(); err != nil {
		return err
	}
	rows, err := s.raw.Query(args)
	if err != nil {
		return err
	}
	return rows.Close()
}

// each runs a statement and calls f with every row.
func (s *stmt) each(ctx context.Context, args []driver.Value, f func(row []driver.Value) error) error {
	if err := s.conn.settle(); err != nil {
		return err
	}
	rows, err := s.raw.Query(args)
	if err != nil {
		return err
	}
	defer rows.Close()
	return drain(ctx, rows, f)
}

// text gives a string or NULL for "".
func text(s string) driver.Value {
	if s == "" {
		return nil
	}
	return s
}

// str is the inverse of text.
func str(v driver.Value) string {
	s, _ := v.(string)
	return s
}

func num(v driver.Value) int64 {
	n, _ := v.(int64)
	return n
}

func flag(b bool) driver.Value {
	if b {
		return int64(1)
	}
	return int64(0)
}

// values is a list of n parenthesised groups of k parameters.
func values(n, k int) string {
	group := "(" + strings.TrimSuffix(strings.Repeat("?,", k), ",") + ")"
	return strings.TrimSuffix(strings.Repeat(group+",", n), ",")
}

func blob(v driver.Value) []byte {
	b, _ := v.([]byte)
	return b
}
