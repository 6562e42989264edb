-- Complete sets (--mode full): what they said of each education organization, and which removals a guard held back.

CREATE TABLE complete_organization (
    education_organization_id INTEGER NOT NULL REFERENCES education_organization (id),
    kind         INTEGER NOT NULL,    -- 2: student associations, 3: staff associations
    run_id       INTEGER NOT NULL REFERENCES run (id),
    as_of        INTEGER NOT NULL,    -- day since 1970-01-01
    named        INTEGER NOT NULL,    -- associations in the set: each key once, those of rejected entities too
    active       INTEGER NOT NULL,    -- stored ones, active on as_of or later, before the set was applied
    absent       INTEGER NOT NULL,    -- of the active, those that the set lacked
    held         TEXT,                -- code of the guard that held the removals back; NULL: none did
    approved_run INTEGER REFERENCES run (id), -- the run that then removed them after all
    PRIMARY KEY (education_organization_id, kind, run_id)
) WITHOUT ROWID;

-- An association has one row at most: it was held back in since_run and in every later run up to last_run that looked at its education
-- organization. A later run that names it, in any mode, takes the row away.
CREATE TABLE held_removal (
    kind       INTEGER NOT NULL,
    cohort_id  INTEGER NOT NULL REFERENCES cohort (id),
    person_id  INTEGER NOT NULL,      -- student.id or staff_member.id
    begin_date INTEGER NOT NULL,
    since_run  INTEGER NOT NULL REFERENCES run (id),
    last_run   INTEGER NOT NULL REFERENCES run (id),
    PRIMARY KEY (kind, cohort_id, person_id, begin_date)
) WITHOUT ROWID;

CREATE VIEW held_removals AS
SELECT CASE h.kind WHEN 2 THEN 'StudentCohortAssociation' ELSE 'StaffCohortAssociation' END AS kind,
       c.education_organization_id              AS education_organization_id,
       c.cohort_identifier                      AS cohort_identifier,
       CASE h.kind WHEN 2 THEN (SELECT unique_id FROM student WHERE id = h.person_id)
                   ELSE (SELECT unique_id FROM staff_member WHERE id = h.person_id) END AS unique_id,
       date(h.begin_date * 86400, 'unixepoch')  AS begin_date,
       h.since_run                              AS since_run, -- held back from this run on,
       h.last_run                               AS last_run   -- last in this one, which `cohortx runs approve` takes
FROM held_removal h
JOIN cohort c ON c.id = h.cohort_id;
