package batch

import (
	"context"

	"cohortx/interchange"
	"cohortx/store"
)

// ledger notes which removals of a kind are held back. A dry run notes nothing.
type ledger struct {
	*store.HeldLedger
	any bool // some were held back before
}

func (im *importer) openLedger(ctx context.Context, tx *store.Tx, kind interchange.Kind) (l ledger, err error) {
	if im.run == nil {
		return l, nil
	}
	if l.any, err = tx.AnyHeld(ctx, kind); err == nil {
		l.HeldLedger = tx.HeldLedger(im.run, kind)
	}
	return l, err
}

func (l ledger) hold(k store.AssociationKey) error {
	if l.HeldLedger == nil {
		return nil
	}
	return l.Hold(k)
}

func (l ledger) release(k store.AssociationKey) error {
	if !l.any {
		return nil
	}
	return l.Release(k)
}

func (l ledger) close() error {
	if l.HeldLedger == nil {
		return nil
	}
	return l.Close()
}

// releaseSeen forgets removals that earlier runs held back, where the set names the association again: nobody can approve them any more.
func (im *importer) releaseSeen(ctx context.Context, s *set, tx *store.Tx) error {
	for _, kind := range interchange.AssociationKinds {
		l, err := im.openLedger(ctx, tx, kind)
		if err != nil {
			return err
		}
		if l.any {
			err = s.releaseSeen(ctx, tx, kind, l)
		}
		if cerr := l.close(); err == nil {
			err = cerr
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *set) releaseSeen(ctx context.Context, tx *store.Tx, kind interchange.Kind, l ledger) error {
	seen, err := s.seen(kind)
	if err != nil {
		return err
	}
	for k, err := range tx.Held(ctx, kind, 0, nil) {
		for err == nil && seen.more && seen.key.Compare(k) < 0 {
			err = seen.next()
		}
		if err == nil && seen.more && seen.key == k {
			err = l.release(k)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
