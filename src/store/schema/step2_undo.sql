-- Makes version 1 from the empty tables of version 2. `check` compares databases of version 1 with it, and tests migrate them.

DROP TABLE long_texts;
DROP TABLE import_numbers;
DROP TABLE workout_identities;
DROP TABLE workout_routes;
DROP TABLE route_files;
DROP TRIGGER samples_delete_long_text;
DROP TRIGGER samples_replace_long_text;
DROP INDEX workouts_match;

DROP TABLE merged_samples;
CREATE TABLE merged_samples (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type_id INTEGER NOT NULL REFERENCES types (id),
  start_ms INTEGER NOT NULL,
  uuid BLOB NOT NULL,
  metadata TEXT,
  other TEXT,
  PRIMARY KEY (person_id, type_id, start_ms, uuid)
) STRICT, WITHOUT ROWID;

DROP TABLE workout_aliases;
CREATE TABLE workout_aliases (
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
) STRICT, WITHOUT ROWID;
CREATE INDEX workout_aliases_uuid ON workout_aliases (person_id, uuid);

DROP TABLE route_points;
CREATE TABLE route_points (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  workout BLOB NOT NULL,
  time_ms INTEGER NOT NULL,
  latitude REAL NOT NULL,
  longitude REAL NOT NULL,
  route INTEGER NOT NULL,
  altitude_m REAL,
  speed_m_s REAL,
  course_deg REAL,
  horizontal_accuracy_m REAL,
  vertical_accuracy_m REAL,
  other TEXT,
  PRIMARY KEY (person_id, workout, time_ms, latitude, longitude)
) STRICT, WITHOUT ROWID;

DROP TABLE aggregates;
CREATE TABLE aggregates (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  metric TEXT NOT NULL,
  start_ms INTEGER NOT NULL,
  label TEXT NOT NULL,
  source TEXT NOT NULL,
  end_ms INTEGER,
  unit TEXT,
  value REAL,
  minimum REAL,
  average REAL,
  maximum REAL,
  other TEXT,
  PRIMARY KEY (person_id, metric, start_ms, label, source)
) STRICT, WITHOUT ROWID;

DROP TABLE medications;
CREATE TABLE medications (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  display_text TEXT NOT NULL,
  general_form TEXT NOT NULL,
  nickname TEXT,
  is_archived INTEGER,
  has_schedule INTEGER,
  other TEXT,
  PRIMARY KEY (person_id, display_text, general_form)
) STRICT;

ALTER TABLE samples DROP COLUMN import_number;
ALTER TABLE correlations DROP COLUMN import_number;
ALTER TABLE workouts DROP COLUMN creation_ms;
ALTER TABLE other_records DROP COLUMN content;
ALTER TABLE uploads DROP COLUMN side_rows;
