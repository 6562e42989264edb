// Package store keeps cohorts, the people in them and every run of the program in one SQLite file.
//
// A run over a set of files uses it so:
//
//	db, err := store.Open(ctx, "cohorts.db", store.Options{})
//	lock, err := db.Lock(ctx)                     // one run at a time; *LockedError names the other
//	run, err := db.StartRun(ctx, store.RunInfo{}) // written at once: a killed run leaves its row behind
//	dict, err := db.Dictionaries(ctx)             // natural key -> number, for pass 1
//	tx, err := db.Begin(ctx)                      // pass 2; *ChangedError if someone else wrote meanwhile
//	outcomes, err := tx.PutCohorts(ctx, cohorts)
//	err = tx.MergeAssociations(ctx, interchange.StudentCohortAssociationKind, sorted, policies, sink)
//	err = tx.FinishRun(ctx, run, result)          // the run's outcome and rejects, with the data
//	err = tx.Commit(ctx)
//
// A complete set (--mode full) goes on, before FinishRun, with Active, which gives what is stored and may be missing in the set,
// RemoveAbsent, which ends or withdraws what is, and a HeldLedger for what a guard holds back.
//
// # History
//
// A Tx that is begun while a run is under way (from StartRun to FinishRun) records what it changes, and DB.History, Tx.Revert and Tx.Remove work
// with that. A new row is not written twice: that it came with this run and file is known by ranges of numbers, for associations by
// the range of cohorts that the run was the first to put any into. Everything else is a row of the table of changes, with what was there
// before; see migration 0005. A row found unchanged confirms the changes of it that are still open, which are read beside the rows of
// a merge, or the range that it came with. Of what runs do to others than associations, triggers tell.
//
// # Promises
//
// A Tx is applied wholly or not at all, also after a kill or with a full disk; what is committed is on disk. Readers, such as a
// person at an SQL prompt, neither block it nor see half of it (SQLite's WAL). Files are 0600. Rows that only a reference named
// (--allow-missing) are marked in the column verified. A store of a newer program is refused (*NewerStoreError).
//
// # Numbers
//
// Students, staff, cohorts, sections and programs have dense numbers, which are their SQLite rowids. The caller resolves keys
// through Dictionaries, gives numbers to new keys itself (the dictionary's next), and hands over rows with these numbers; so no
// key is looked up in SQL. An education organization's number is its id.
//
// SQLite does not check foreign keys while a Tx writes: for a million associations that was measured to take 2.1 s instead of
// 0.6 s. The Tx checks every number itself against those that exist, in memory, and refuses a row with any other
// (*UnknownNumberError).
package store
