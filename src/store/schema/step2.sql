-- From version 1 to 2. A new database has all of this from tables.sql. The views are dropped before and made again afterwards.

-- Texts of samples and locations that are long together: a search in a table without rowid reads each row that it compares as a
-- whole. `other` of such a row is the id here, in digits: JSON begins with a bracket. A row's metadata stays with it if it is short
-- enough to be shared. Each text belongs to one row, and the triggers delete it with its row.
CREATE TABLE long_texts (
  id INTEGER PRIMARY KEY,
  metadata TEXT,
  other TEXT
) STRICT;

CREATE TRIGGER samples_delete_long_text AFTER DELETE ON samples WHEN CAST(old.other AS INTEGER) > 0 BEGIN
  DELETE FROM long_texts WHERE id = CAST(old.other AS INTEGER);
END;

CREATE TRIGGER samples_replace_long_text AFTER UPDATE OF other ON samples
WHEN CAST(old.other AS INTEGER) > 0 AND new.other IS NOT old.other BEGIN
  DELETE FROM long_texts WHERE id = CAST(old.other AS INTEGER);
END;

-- The bounds are LONG_TEXT_BYTES and METADATA_SHARED_BYTES_MAX of the program.
CREATE TABLE moved (
  id INTEGER PRIMARY KEY,
  person_id INTEGER NOT NULL,
  type_id INTEGER NOT NULL,
  start_ms INTEGER NOT NULL,
  uuid BLOB NOT NULL
) STRICT;

INSERT INTO moved (person_id, type_id, start_ms, uuid)
SELECT person_id, type_id, start_ms, uuid FROM samples
WHERE iif(octet_length(metadata) > 160, octet_length(metadata), 0) + coalesce(octet_length(other), 0) > 4096;

INSERT INTO long_texts (id, metadata, other)
SELECT m.id, iif(octet_length(s.metadata) > 160, s.metadata, NULL), s.other
FROM moved m JOIN samples s USING (person_id, type_id, start_ms, uuid);

UPDATE samples SET metadata = iif(octet_length(metadata) > 160, NULL, metadata), other = m.id FROM moved m
WHERE samples.person_id = m.person_id AND samples.type_id = m.type_id AND samples.start_ms = m.start_ms
  AND samples.uuid = m.uuid;

DROP TABLE moved;

-- A number for each row that an import has brought or matched, counted up from 1: an import remembers by it which rows its
-- records have claimed. NULL for rows that no import has seen since version 2.
ALTER TABLE samples ADD COLUMN import_number INTEGER;
ALTER TABLE correlations ADD COLUMN import_number INTEGER;

-- The last number, in one row.
CREATE TABLE import_numbers (
  last INTEGER NOT NULL
) STRICT;

INSERT INTO import_numbers (last) VALUES (0);

-- The same tables with rowids, so that their texts are not part of the tree of keys.
CREATE TABLE merged_samples_2 (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type_id INTEGER NOT NULL REFERENCES types (id),
  start_ms INTEGER NOT NULL,
  uuid BLOB NOT NULL,
  metadata TEXT,
  other TEXT,
  PRIMARY KEY (person_id, type_id, start_ms, uuid)
) STRICT;

INSERT INTO merged_samples_2 SELECT person_id, type_id, start_ms, uuid, metadata, other FROM merged_samples;
DROP TABLE merged_samples;
ALTER TABLE merged_samples_2 RENAME TO merged_samples;

CREATE TABLE workout_aliases_2 (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  derived BLOB NOT NULL,
  uuid BLOB NOT NULL,
  duration_s REAL,
  energy_kcal REAL,
  distance REAL,
  distance_unit TEXT,
  statistics TEXT,
  events TEXT,
  activities TEXT,
  metadata TEXT,
  source_id INTEGER REFERENCES sources (id),
  other TEXT,
  PRIMARY KEY (person_id, derived)
) STRICT;

INSERT INTO workout_aliases_2
SELECT person_id, derived, uuid, duration_s, energy_kcal, distance, distance_unit, statistics, events, activities, metadata,
  source_id, other
FROM workout_aliases;
DROP TABLE workout_aliases;
ALTER TABLE workout_aliases_2 RENAME TO workout_aliases;
CREATE INDEX workout_aliases_uuid ON workout_aliases (person_id, uuid);

-- The rows of all SIDE_TABLES of the program at this upload's last commit. No other count covers them.
ALTER TABLE uploads ADD COLUMN side_rows INTEGER NOT NULL DEFAULT 0;
