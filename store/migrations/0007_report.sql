-- The report of a run as it was when the run's outcome was written: what the columns of run, source_file and reject do not hold, such as
-- durations by step, before and after per cohort, excerpts.

ALTER TABLE run ADD COLUMN report TEXT; -- JSON; NULL: the run is under way, was interrupted, or is older than this column
