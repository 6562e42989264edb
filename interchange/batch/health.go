package batch

import (
	"context"

	"cohortx/store"
)

// Health is what the runs of a store say about how it is kept up to date. Only runs that load files count.
type Health struct {
	LastSuccess *store.RunRecord // the last run that succeeded, see [Succeeded], a skipped one too; nil: none
	LastFailure *store.RunRecord // the last one that did not; nil: none
	Running     *store.RunRecord // one under way, or one that died and that no later run has found yet; nil: none
}

// HealthOf looks at the runs of a store.
func HealthOf(ctx context.Context, db *store.DB) (h Health, err error) {
	runs, err := db.Runs(ctx) // the newest first
	if err != nil {
		return h, err
	}
	first := func(slot **store.RunRecord, r *store.RunRecord) {
		if *slot == nil {
			*slot = r
		}
	}
	for i := range runs {
		r := &runs[i]
		switch {
		case r.Command != "import" && r.Command != "drop":
		case r.State == store.Running:
			first(&h.Running, r)
		case Succeeded(r.ExitStatus):
			first(&h.LastSuccess, r)
		default:
			first(&h.LastFailure, r)
		}
	}
	return h, nil
}
