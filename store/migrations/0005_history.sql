-- What each run changed, so that it can be shown and reverted.
--
-- Kinds are the history's own: 1 cohort, 2 student association, 3 staff association, 4 student, 5 staff member, 6 education organization,
-- 7 section, 8 program, 9 session; 12 and 13 removals of associations (2 and 3) that are held back; kind + 20 and kind + 30 the lists of
-- a row of that kind: programs of a cohort, codes and details of people and organizations.

-- Where rows come from that have no change that says otherwise. A range is one of numbers: of rows, or, for associations, of cohorts, which
-- the run was the first to put associations into. So a first load writes a few rows here, however many associations it brings.
CREATE TABLE origin (
    kind          INTEGER NOT NULL,
    first         INTEGER NOT NULL,
    last          INTEGER NOT NULL,
    run_id        INTEGER NOT NULL,      -- 0: before there was a history
    position      INTEGER,               -- of the file, see source_file; NULL: several, or none
    confirmed_run INTEGER,               -- the first later run that found a row of the range unchanged
    closed_run    INTEGER,               -- the run that reverted it: rows that came after it are others
    PRIMARY KEY (kind, first, run_id)
) WITHOUT ROWID;

INSERT INTO origin (kind, first, last, run_id) SELECT 2, min(cohort_id), max(cohort_id), 0 FROM student_cohort_association HAVING count(*) > 0;
INSERT INTO origin (kind, first, last, run_id) SELECT 3, min(cohort_id), max(cohort_id), 0 FROM staff_cohort_association HAVING count(*) > 0;

-- Every change of a row, but for its creation where origin says it; of a run and a row one at most. What the row was before stands in the
-- last columns.
CREATE TABLE change (
    kind                  INTEGER NOT NULL,
    number                INTEGER NOT NULL,           -- of the row; the cohort's, for associations
    person_id             INTEGER NOT NULL DEFAULT 0, -- associations: student.id or staff_member.id
    begin_date            INTEGER NOT NULL DEFAULT 0, -- associations
    run_id                INTEGER NOT NULL REFERENCES run (id),
    outcome               INTEGER NOT NULL DEFAULT 0, -- 1 created, 3 ended, 4 redated, 5 reopened, 6 updated, 10 ended by absence, 11 withdrawn
    position              INTEGER,                    -- of the file, NULL if no file did it
    line                  INTEGER,                    -- of the entity's start tag
    confirmed_run         INTEGER,                    -- the first later run that found the row unchanged; 0: there is no row
    end_date              INTEGER,                    -- held removals: since_run
    student_record_access INTEGER,                    -- held removals: last_run
    rest                  TEXT,                       -- JSON: sections with their begin dates; all columns of another row, or all rows of a list
    PRIMARY KEY (kind, number, person_id, begin_date, run_id)
) WITHOUT ROWID;

-- A merge goes through the changes that no later run has confirmed, to see which of them it confirms.
CREATE INDEX change_unconfirmed ON change (kind, number, person_id, begin_date) WHERE confirmed_run IS NULL;

CREATE TABLE reversal (
    run_id       INTEGER NOT NULL REFERENCES run (id), -- `runs revert`
    reverted_run INTEGER NOT NULL REFERENCES run (id),
    PRIMARY KEY (run_id, reverted_run)
) WITHOUT ROWID;

-- 1: what the run did is undone by a later run, or it is that later run. What it said of complete sets does not count.
ALTER TABLE run ADD COLUMN void INTEGER NOT NULL DEFAULT 0;

-- Sessions get numbers, as all other rows have.
ALTER TABLE session RENAME TO unnumbered_session;
CREATE TABLE session (                -- what a SessionLookup may name; sections carry the key of their session themselves
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    school_id      INTEGER NOT NULL,
    school_year    TEXT NOT NULL,     -- 2025-2026
    session_name   TEXT NOT NULL,
    term           TEXT NOT NULL,
    term_namespace TEXT NOT NULL,     -- 2.x only; empty when none was written
    UNIQUE (school_id, school_year, session_name, term, term_namespace)
);
INSERT INTO session (school_id, school_year, session_name, term, term_namespace)
SELECT school_id, school_year, session_name, term, term_namespace FROM unnumbered_session;
DROP TABLE unnumbered_session;

CREATE VIEW changes AS                -- of associations, but for those that a run put into a cohort that had none before it
SELECT h.run_id                                AS run,
       CASE h.kind WHEN 2 THEN 'StudentCohortAssociation' ELSE 'StaffCohortAssociation' END AS kind,
       c.education_organization_id             AS education_organization_id,
       c.cohort_identifier                     AS cohort_identifier,
       CASE h.kind WHEN 2 THEN (SELECT unique_id FROM student WHERE id = h.person_id)
                   ELSE (SELECT unique_id FROM staff_member WHERE id = h.person_id) END AS unique_id,
       date(h.begin_date * 86400, 'unixepoch') AS begin_date,
       CASE h.outcome WHEN 1 THEN 'created' WHEN 3 THEN 'ended' WHEN 4 THEN 'redated' WHEN 5 THEN 'reopened' WHEN 6 THEN 'updated'
                      WHEN 10 THEN 'ended_by_absence' WHEN 11 THEN 'withdrawn' END AS outcome,
       f.name                                  AS file,     -- NULL: no file did it
       h.line                                  AS line,     -- of the entity's start tag
       date(h.end_date * 86400, 'unixepoch')   AS end_date, -- what was stored before: this, and the two below
       h.student_record_access                 AS student_record_access,
       h.rest                                  AS sections  -- JSON: numbers of sections, with their begin dates as days since 1970-01-01
FROM change h
JOIN cohort c ON c.id = h.number
LEFT JOIN source_file f ON f.run_id = h.run_id AND f.position = h.position
WHERE h.kind IN (2, 3);
