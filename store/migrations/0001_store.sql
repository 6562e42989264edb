-- The first schema. Days are INTEGER days since 1970-01-01; moments are ISO text in UTC; what a file left out is NULL.
-- verified = 0 marks a row that exists only because something referred to it under --allow-missing.

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,           -- end_date: whether an end date is the last day in (inclusive) or the first day out (exclusive)
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE education_organization (
    id       INTEGER PRIMARY KEY,     -- the education organization id itself
    name     TEXT,                    -- NameOfInstitution
    category TEXT,                    -- EducationOrganizationCategory, as written
    verified INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE education_organization_code (
    education_organization_id INTEGER NOT NULL REFERENCES education_organization (id),
    system                    TEXT NOT NULL, -- EducationOrganizationIdentificationSystem
    namespace                 TEXT NOT NULL, -- of the system's descriptor; empty when none was written
    assigner                  TEXT NOT NULL, -- always empty here: only the codes of persons have one
    code                      TEXT NOT NULL,
    PRIMARY KEY (education_organization_id, system, namespace, assigner, code)
) WITHOUT ROWID;

CREATE TABLE education_organization_detail (
    education_organization_id INTEGER NOT NULL REFERENCES education_organization (id),
    field                     TEXT NOT NULL, -- EducationOrganizationCategory: those after the first
    position                  INTEGER NOT NULL,
    value                     TEXT NOT NULL,
    PRIMARY KEY (education_organization_id, field, position, value)
) WITHOUT ROWID;

CREATE TABLE student (
    id                     INTEGER PRIMARY KEY,
    unique_id              TEXT NOT NULL UNIQUE,
    personal_title_prefix  TEXT,
    first_name             TEXT,
    middle_name            TEXT,
    last_surname           TEXT,
    generation_code_suffix TEXT,
    maiden_name            TEXT,
    birth_date             INTEGER,
    sex                    TEXT,
    hispanic_latino        INTEGER,   -- 0, 1
    verified               INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE student_code (           -- StudentIdentificationCode
    student_id INTEGER NOT NULL REFERENCES student (id),
    system     TEXT NOT NULL,
    namespace  TEXT NOT NULL,
    assigner   TEXT NOT NULL,         -- AssigningOrganizationIdentificationCode; empty when none was written
    code       TEXT NOT NULL,
    PRIMARY KEY (student_id, system, namespace, assigner, code)
) WITHOUT ROWID;

CREATE TABLE student_detail (         -- what else the standard's lookups may name: other names, race, telephones, mail, birth place
    student_id INTEGER NOT NULL REFERENCES student (id),
    field      TEXT NOT NULL,         -- path of the element below Student: OtherName/FirstName
    position   INTEGER NOT NULL,      -- elements of one group (of one other name) have the same position
    value      TEXT NOT NULL,
    PRIMARY KEY (student_id, field, position, value)
) WITHOUT ROWID;

CREATE TABLE staff_member (
    id                     INTEGER PRIMARY KEY,
    unique_id              TEXT NOT NULL UNIQUE,
    personal_title_prefix  TEXT,
    first_name             TEXT,
    middle_name            TEXT,
    last_surname           TEXT,
    generation_code_suffix TEXT,
    maiden_name            TEXT,
    birth_date             INTEGER,
    sex                    TEXT,
    hispanic_latino        INTEGER,
    verified               INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE staff_code (             -- StaffIdentificationCode
    staff_id   INTEGER NOT NULL REFERENCES staff_member (id),
    system     TEXT NOT NULL,
    namespace  TEXT NOT NULL,
    assigner   TEXT NOT NULL,
    code       TEXT NOT NULL,
    PRIMARY KEY (staff_id, system, namespace, assigner, code)
) WITHOUT ROWID;

CREATE TABLE staff_detail (
    staff_id INTEGER NOT NULL REFERENCES staff_member (id),
    field    TEXT NOT NULL,
    position INTEGER NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (staff_id, field, position, value)
) WITHOUT ROWID;

CREATE TABLE program (
    id                        INTEGER PRIMARY KEY,
    key                       BLOB NOT NULL UNIQUE, -- all key fields in one value, as interchange.ProgramKey builds it
    education_organization_id INTEGER NOT NULL REFERENCES education_organization (id),
    program_name              TEXT NOT NULL,
    program_type              TEXT NOT NULL, -- enumeration value or descriptor, as first written
    program_id                TEXT,          -- ProgramId: not part of the key
    verified                  INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE section (
    id                            INTEGER PRIMARY KEY,
    key                           BLOB NOT NULL UNIQUE, -- all key fields of its form in one value, as interchange.SectionKey builds it
    form                          INTEGER NOT NULL,     -- 1: releases 2.0 and 2.2; 2: releases 3.1 to 5.2
    school_id                     INTEGER NOT NULL,
    local_course_code             TEXT,
    school_year                   TEXT,                 -- 2025-2026
    section_identifier            TEXT,                 -- form 2
    session_name                  TEXT,                 -- form 2
    unique_section_code           TEXT,                 -- form 1, and so are all below
    sequence_of_course            INTEGER,
    term                          TEXT,
    term_namespace                TEXT,
    class_period_name             TEXT,
    classroom_identification_code TEXT,
    verified                      INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE session (                -- what a SessionLookup may name; sections carry the key of their session themselves
    school_id      INTEGER NOT NULL,
    school_year    TEXT NOT NULL,     -- 2025-2026
    session_name   TEXT NOT NULL,
    term           TEXT NOT NULL,
    term_namespace TEXT NOT NULL,     -- 2.x only; empty when none was written
    PRIMARY KEY (school_id, school_year, session_name, term, term_namespace)
) WITHOUT ROWID;

CREATE TABLE cohort (
    id                         INTEGER PRIMARY KEY,
    education_organization_id  INTEGER NOT NULL REFERENCES education_organization (id),
    cohort_identifier          TEXT NOT NULL,
    cohort_type                TEXT,      -- as written: Study Hall, or uri://ed-fi.org/CohortTypeDescriptor#Study Hall; NULL only if unverified
    cohort_scope               TEXT,
    academic_subject           TEXT,      -- CodeValue (2.x), or the whole descriptor
    academic_subject_namespace TEXT,      -- 2.x only
    cohort_description         TEXT,
    descriptors                INTEGER NOT NULL DEFAULT 0, -- 1: type, scope and subject were written as descriptors (3.1 and later)
    verified                   INTEGER NOT NULL DEFAULT 1,
    UNIQUE (education_organization_id, cohort_identifier)
);

CREATE TABLE cohort_program (
    cohort_id  INTEGER NOT NULL REFERENCES cohort (id),
    program_id INTEGER NOT NULL REFERENCES program (id),
    PRIMARY KEY (cohort_id, program_id)
) WITHOUT ROWID;

-- Associations have no index beyond the primary key: a merge goes through them in its order, and another index in another order
-- would cost more than everything else in an import. Their days lie in 1900-2199 (interchange's range), so that the merge can read
-- a row as one packed integer; the check was measured to cost nothing.
CREATE TABLE student_cohort_association (
    cohort_id  INTEGER NOT NULL REFERENCES cohort (id),
    student_id INTEGER NOT NULL REFERENCES student (id),
    begin_date INTEGER NOT NULL,
    end_date   INTEGER,
    PRIMARY KEY (cohort_id, student_id, begin_date),
    CHECK (begin_date BETWEEN -25567 AND 84006 AND (end_date IS NULL OR end_date BETWEEN -25567 AND 84006))
) WITHOUT ROWID;

CREATE TABLE student_cohort_association_section (
    cohort_id          INTEGER NOT NULL,
    student_id         INTEGER NOT NULL,
    begin_date         INTEGER NOT NULL,
    section_id         INTEGER NOT NULL REFERENCES section (id),
    section_begin_date INTEGER,         -- the JSON resource form has it, XML cannot carry it
    PRIMARY KEY (cohort_id, student_id, begin_date, section_id),
    FOREIGN KEY (cohort_id, student_id, begin_date) REFERENCES student_cohort_association (cohort_id, student_id, begin_date),
    CHECK (section_begin_date IS NULL OR section_begin_date BETWEEN -25567 AND 84006)
) WITHOUT ROWID;

CREATE TABLE staff_cohort_association (
    cohort_id             INTEGER NOT NULL REFERENCES cohort (id),
    staff_id              INTEGER NOT NULL REFERENCES staff_member (id),
    begin_date            INTEGER NOT NULL,
    end_date              INTEGER,
    student_record_access INTEGER,      -- 0, 1; NULL: not said
    PRIMARY KEY (cohort_id, staff_id, begin_date),
    CHECK (begin_date BETWEEN -25567 AND 84006 AND (end_date IS NULL OR end_date BETWEEN -25567 AND 84006))
) WITHOUT ROWID;

CREATE TABLE run (
    id          INTEGER PRIMARY KEY AUTOINCREMENT, -- a number is never given twice: reports and reject files are named after it
    state       TEXT NOT NULL,                     -- running, applied, held_back, refused, failed, cancelled, interrupted
    command     TEXT NOT NULL,                     -- import
    mode        TEXT NOT NULL,                     -- update, full
    release     TEXT,
    settings    TEXT NOT NULL,                     -- policies and options, as JSON
    version     TEXT NOT NULL,                     -- of the program
    host        TEXT NOT NULL,
    pid         INTEGER NOT NULL,
    started_at  TEXT NOT NULL,
    finished_at TEXT,
    exit_status INTEGER,
    counts      TEXT,                              -- JSON: {"StudentCohortAssociation": {"created": 2}}
    rejects     INTEGER NOT NULL DEFAULT 0,
    detail      TEXT                               -- why it was refused or failed, for people
);

CREATE TABLE source_file (
    run_id   INTEGER NOT NULL REFERENCES run (id),
    position INTEGER NOT NULL,           -- in the order applied, from 1
    name     TEXT NOT NULL,
    kind     TEXT NOT NULL,              -- InterchangeStudentCohort, students.csv ...
    release  TEXT,
    sha256   BLOB,                       -- of the stored bytes; NULL if it was not read to its end
    bytes    INTEGER,
    entities INTEGER NOT NULL DEFAULT 0,
    rejects  INTEGER NOT NULL DEFAULT 0,
    verdict  TEXT,
    detail   TEXT,
    PRIMARY KEY (run_id, position)
) WITHOUT ROWID;

CREATE TABLE reject (
    run_id      INTEGER NOT NULL REFERENCES run (id),
    number      INTEGER NOT NULL,        -- within the run, from 1, in the order of the input
    file        TEXT NOT NULL,
    line        INTEGER NOT NULL,
    col         INTEGER NOT NULL,        -- in characters, from 1
    offset      INTEGER NOT NULL,        -- of the entity's start tag in the decoded stream
    end_offset  INTEGER NOT NULL,
    code        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    key         TEXT,
    path        TEXT,
    found       TEXT,
    expected    TEXT,
    detail      TEXT,
    consequence INTEGER NOT NULL,        -- 1: only because another entity was rejected
    PRIMARY KEY (run_id, number)
) WITHOUT ROWID;

-- The views are for people with an SQL prompt and stay as they are; the tables above may change.

CREATE VIEW education_organizations AS
SELECT id       AS education_organization_id,
       name     AS name,
       category AS category,            -- as written: School, or a descriptor
       verified AS verified             -- 0: known only from a reference (--allow-missing)
FROM education_organization;

CREATE VIEW students AS
SELECT unique_id              AS student_unique_id,
       first_name             AS first_name,
       middle_name            AS middle_name,
       last_surname           AS last_surname,
       generation_code_suffix AS generation_code_suffix,
       date(birth_date * 86400, 'unixepoch') AS birth_date, -- ISO
       sex                    AS sex,
       verified               AS verified
FROM student;

CREATE VIEW staff AS
SELECT unique_id              AS staff_unique_id,
       first_name             AS first_name,
       middle_name            AS middle_name,
       last_surname           AS last_surname,
       generation_code_suffix AS generation_code_suffix,
       date(birth_date * 86400, 'unixepoch') AS birth_date,
       sex                    AS sex,
       verified               AS verified
FROM staff_member;

CREATE VIEW cohorts AS
SELECT education_organization_id AS education_organization_id,
       cohort_identifier         AS cohort_identifier,
       cohort_type               AS cohort_type,      -- as written: Study Hall, or uri://ed-fi.org/CohortTypeDescriptor#Study Hall
       cohort_scope              AS cohort_scope,
       academic_subject          AS academic_subject,
       cohort_description        AS cohort_description
FROM cohort;

CREATE VIEW cohort_programs AS
SELECT c.education_organization_id AS education_organization_id, -- the cohort's
       c.cohort_identifier         AS cohort_identifier,
       p.education_organization_id AS program_education_organization_id,
       p.program_name              AS program_name,
       p.program_type              AS program_type
FROM cohort_program cp
JOIN cohort c ON c.id = cp.cohort_id
JOIN program p ON p.id = cp.program_id;

CREATE VIEW student_cohort_associations AS
SELECT c.education_organization_id              AS education_organization_id,
       c.cohort_identifier                      AS cohort_identifier,
       s.unique_id                              AS student_unique_id,
       date(a.begin_date * 86400, 'unixepoch')  AS begin_date, -- ISO
       date(a.end_date * 86400, 'unixepoch')    AS end_date    -- ISO; NULL: open. Last day in, or first day out: see setting end_date
FROM student_cohort_association a
JOIN cohort c ON c.id = a.cohort_id
JOIN student s ON s.id = a.student_id;

CREATE VIEW student_cohort_association_sections AS
SELECT c.education_organization_id              AS education_organization_id, -- key of the association: these four
       c.cohort_identifier                      AS cohort_identifier,
       s.unique_id                              AS student_unique_id,
       date(a.begin_date * 86400, 'unixepoch')  AS begin_date,
       n.school_id                              AS school_id,            -- key of the section, either form
       n.local_course_code                      AS local_course_code,
       n.school_year                            AS school_year,
       n.section_identifier                     AS section_identifier,   -- releases 3.1 to 5.2
       n.session_name                           AS session_name,
       n.unique_section_code                    AS unique_section_code,  -- releases 2.0 and 2.2
       n.sequence_of_course                     AS sequence_of_course,
       n.term                                   AS term,
       n.term_namespace                         AS term_namespace,
       n.class_period_name                      AS class_period_name,
       n.classroom_identification_code          AS classroom_identification_code,
       date(a.section_begin_date * 86400, 'unixepoch') AS section_begin_date
FROM student_cohort_association_section a
JOIN cohort c ON c.id = a.cohort_id
JOIN student s ON s.id = a.student_id
JOIN section n ON n.id = a.section_id;

CREATE VIEW staff_cohort_associations AS
SELECT c.education_organization_id              AS education_organization_id,
       c.cohort_identifier                      AS cohort_identifier,
       s.unique_id                              AS staff_unique_id,
       date(a.begin_date * 86400, 'unixepoch')  AS begin_date,
       date(a.end_date * 86400, 'unixepoch')    AS end_date,
       a.student_record_access                  AS student_record_access -- 0, 1; NULL: not said
FROM staff_cohort_association a
JOIN cohort c ON c.id = a.cohort_id
JOIN staff_member s ON s.id = a.staff_id;

CREATE VIEW unverified AS               -- what exists only because something referred to it under --allow-missing
SELECT 'education_organization' AS kind, CAST(id AS TEXT) AS key FROM education_organization WHERE verified = 0
UNION ALL SELECT 'student', unique_id FROM student WHERE verified = 0
UNION ALL SELECT 'staff', unique_id FROM staff_member WHERE verified = 0
UNION ALL SELECT 'cohort', education_organization_id || '/' || cohort_identifier FROM cohort WHERE verified = 0
UNION ALL SELECT 'section', coalesce(section_identifier, unique_section_code, '') FROM section WHERE verified = 0
UNION ALL SELECT 'program', education_organization_id || '/' || program_name || '/' || program_type FROM program WHERE verified = 0;

CREATE VIEW runs AS
SELECT id          AS run,
       state       AS state,        -- running, applied, held_back, refused, failed, cancelled, interrupted
       command     AS command,
       mode        AS mode,
       release     AS release,
       started_at  AS started_at,   -- ISO, UTC
       finished_at AS finished_at,
       exit_status AS exit_status,
       counts      AS counts,       -- JSON: {"StudentCohortAssociation": {"created": 2}}
       rejects     AS rejects,
       detail      AS detail
FROM run;

CREATE VIEW rejects AS
SELECT run_id      AS run,
       file        AS file,
       line        AS line,
       col         AS "column",     -- in characters, from 1
       code        AS code,
       kind        AS kind,
       key         AS key,
       path        AS path,
       found       AS found,        -- values of people only as their length
       expected    AS expected,
       detail      AS detail,
       consequence AS consequence   -- 1: only because another entity was rejected
FROM reject;
