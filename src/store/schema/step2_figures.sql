-- Also from version 1 to 2: what makes a figure, a medication and a record without a table one.

-- `interval` is part of what a figure is: minute, hour, day, week, month, year, or '' if its sender does not say it. Rows of
-- version 1 have 'unknown'. `number` distinguishes figures of one time: the first has 0, further ones a digest of their content,
-- and those of version 1 the number that stood behind their label. `earlier` has the digests of values that a larger one has
-- replaced, 8 bytes each.
CREATE TABLE aggregates_2 (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  metric TEXT NOT NULL,
  start_ms INTEGER NOT NULL,
  label TEXT NOT NULL,
  source TEXT NOT NULL,
  number INTEGER NOT NULL,
  interval TEXT NOT NULL,
  end_ms INTEGER,
  unit TEXT,
  value REAL,
  minimum REAL,
  average REAL,
  maximum REAL,
  other TEXT,
  earlier BLOB,
  PRIMARY KEY (person_id, metric, start_ms, label, source, number, interval)
) STRICT, WITHOUT ROWID;

INSERT INTO aggregates_2
SELECT person_id, metric, start_ms,
  iif(is_numbered, substr(rtrim(label, '0123456789'), 1, length(rtrim(label, '0123456789')) - 1), label),
  source,
  iif(is_numbered, CAST(substr(label, length(rtrim(label, '0123456789')) + 1) AS INTEGER), 0),
  'unknown', end_ms, unit, value, minimum, average, maximum, other, NULL
FROM (SELECT *, label GLOB '*#[2-9]' OR label GLOB '*#[1-9][0-9]' OR label GLOB '*#[1-9][0-9][0-9]' AS is_numbered FROM aggregates);

DROP TABLE aggregates;
ALTER TABLE aggregates_2 RENAME TO aggregates;

-- A medication is its texts and whether it is archived: two that differ only in the nickname are two.
CREATE TABLE medications_2 (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  display_text TEXT NOT NULL,
  general_form TEXT NOT NULL,
  nickname TEXT,
  is_archived INTEGER,
  has_schedule INTEGER,
  other TEXT
) STRICT;

INSERT INTO medications_2 SELECT person_id, display_text, general_form, nickname, is_archived, has_schedule, other FROM medications;

DROP TABLE medications;
ALTER TABLE medications_2 RENAME TO medications;

-- No text is a blob, and no truth is -1.
CREATE UNIQUE INDEX medications_identity
ON medications (person_id, display_text, general_form, coalesce(nickname, x''), coalesce(is_archived, -1));

-- If a record's content identifies it, `hash` is made of what does not change, and of a number that counts equal ones. `content`
-- then has two digests: of all that the record has, and of `json`. It is NULL if `hash` is the digest of `json`, as in all rows of version 1.
ALTER TABLE other_records ADD COLUMN content BLOB;
