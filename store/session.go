package store

import (
	"context"

	"cohortx/interchange"
)

// SessionRow is a session of a school: a term of a school year.
type SessionRow struct {
	SchoolID      int64
	SchoolYear    interchange.SchoolYear
	SessionName   string
	Term          string // code value (2.x) or descriptor
	TermNamespace string // 2.x only; "" if none was written
}

// PutSessions creates sessions and returns what became of each: Created or Unchanged. A session is nothing but its key.
func (tx *Tx) PutSessions(ctx context.Context, rows []SessionRow) ([]interchange.Outcome, error) {
	if err := tx.usable(ctx); err != nil {
		return nil, err
	}
	if err := tx.history.watch("session"); err != nil {
		return nil, tx.db.named("write sessions", err)
	}
	outcomes := make([]interchange.Outcome, len(rows))
	for i := range rows {
		r := &rows[i]
		n, err := tx.w.exec("INSERT OR IGNORE INTO session (school_id, school_year, session_name, term, term_namespace) VALUES (?, ?, ?, ?, ?)",
			r.SchoolID, r.SchoolYear.String(), r.SessionName, r.Term, r.TermNamespace)
		if err != nil {
			return nil, tx.db.named("write sessions", err)
		}
		outcomes[i] = interchange.Created
		if n == 0 {
			outcomes[i] = interchange.Unchanged
			if err := tx.sameSession(ctx, r); err != nil {
				return nil, tx.db.named("read the history of sessions", err)
			}
		}
	}
	return outcomes, nil
}

// sameSession tells the history that a session was found as it is stored.
func (tx *Tx) sameSession(ctx context.Context, r *SessionRow) error {
	if tx.history == nil {
		return nil
	}
	id, err := tx.w.integer("SELECT id FROM session WHERE (school_id, school_year, session_name, term, term_namespace) = (?, ?, ?, ?, ?)",
		r.SchoolID, r.SchoolYear.String(), r.SessionName, r.Term, r.TermNamespace)
	if err != nil {
		return err
	}
	return tx.history.unchanged(ctx, historySession, id)
}
