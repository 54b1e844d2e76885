-- From version 2 to 3: what changed, and the derived figures. `tables.sql` explains the tables. Nothing is derived yet.

CREATE TABLE changes (
  number INTEGER PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES persons (id),
  kind TEXT NOT NULL,
  type_id INTEGER REFERENCES types (id),
  from_ms INTEGER,
  to_ms INTEGER,
  removed INTEGER NOT NULL
) STRICT;

CREATE TABLE derived_state (
  person_id INTEGER PRIMARY KEY REFERENCES persons (id),
  change INTEGER NOT NULL,
  rules INTEGER NOT NULL,
  tzdb TEXT NOT NULL,
  home TEXT,
  run INTEGER NOT NULL
) STRICT;

CREATE TABLE zones (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE zone_changes (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  from_ms INTEGER NOT NULL,
  zone_id INTEGER NOT NULL REFERENCES zones (id),
  PRIMARY KEY (person_id, from_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE zone_entries (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  from_ms INTEGER NOT NULL,
  to_ms INTEGER,
  zone TEXT NOT NULL,
  PRIMARY KEY (person_id, from_ms)
) STRICT;

CREATE TABLE home_zones (
  person_id INTEGER PRIMARY KEY REFERENCES persons (id),
  zone TEXT NOT NULL
) STRICT;

CREATE TABLE source_groups (
  id INTEGER PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES persons (id),
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  class TEXT NOT NULL,
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  UNIQUE (person_id, key)
) STRICT;

CREATE TABLE source_orders (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type TEXT NOT NULL,
  key TEXT NOT NULL,
  place INTEGER,
  PRIMARY KEY (person_id, type, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE sample_lengths (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type_id INTEGER NOT NULL REFERENCES types (id),
  longest_ms INTEGER NOT NULL,
  PRIMARY KEY (person_id, type_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE shadowed_samples (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type_id INTEGER NOT NULL REFERENCES types (id),
  start_ms INTEGER NOT NULL,
  uuid BLOB NOT NULL,
  shadowed_by BLOB NOT NULL,
  PRIMARY KEY (person_id, type_id, start_ms, uuid)
) STRICT, WITHOUT ROWID;

CREATE TABLE missing_samples (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type_id INTEGER NOT NULL REFERENCES types (id),
  start_ms INTEGER NOT NULL,
  uuid BLOB NOT NULL,
  missing_since_ms INTEGER NOT NULL,
  PRIMARY KEY (person_id, type_id, start_ms, uuid)
) STRICT, WITHOUT ROWID;

CREATE TABLE days (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type_id INTEGER NOT NULL REFERENCES types (id),
  day TEXT NOT NULL,
  start_ms INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  zone_id INTEGER REFERENCES zones (id),
  unit_id INTEGER REFERENCES units (id),
  value REAL,
  time_weighted REAL,
  minimum REAL,
  maximum REAL,
  last REAL,
  last_ms INTEGER,
  count INTEGER NOT NULL,
  covered_ms INTEGER NOT NULL,
  sessions INTEGER NOT NULL,
  naive REAL,
  group_id INTEGER REFERENCES source_groups (id),
  details TEXT,
  has_long INTEGER NOT NULL,
  is_approximate INTEGER NOT NULL,
  PRIMARY KEY (person_id, type_id, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE hours (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type_id INTEGER NOT NULL REFERENCES types (id),
  start_ms INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  day TEXT NOT NULL,
  hour INTEGER NOT NULL,
  value REAL,
  minimum REAL,
  maximum REAL,
  count INTEGER NOT NULL,
  PRIMARY KEY (person_id, type_id, start_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE nights (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  night TEXT NOT NULL,
  zone_id INTEGER REFERENCES zones (id),
  asleep_ms INTEGER,
  asleep_main_ms INTEGER,
  awake_ms INTEGER NOT NULL,
  core_ms INTEGER NOT NULL,
  deep_ms INTEGER NOT NULL,
  rem_ms INTEGER NOT NULL,
  unspecified_ms INTEGER NOT NULL,
  in_bed_ms INTEGER NOT NULL,
  is_in_bed_estimated INTEGER NOT NULL,
  bedtime_ms INTEGER,
  wake_ms INTEGER,
  bedtime TEXT,
  wake_time TEXT,
  awakenings INTEGER NOT NULL,
  naps INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  is_approximate INTEGER NOT NULL,
  PRIMARY KEY (person_id, night)
) STRICT, WITHOUT ROWID;

CREATE TABLE night_segments (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  night TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  stage INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  group_id INTEGER REFERENCES source_groups (id),
  PRIMARY KEY (person_id, night, from_ms, stage)
) STRICT, WITHOUT ROWID;

CREATE TABLE workout_days (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  day TEXT NOT NULL,
  activity_type INTEGER NOT NULL,
  workouts INTEGER NOT NULL,
  duration_s REAL NOT NULL,
  energy_kcal REAL,
  distance_m REAL,
  PRIMARY KEY (person_id, day, activity_type)
) STRICT, WITHOUT ROWID;

CREATE TABLE dose_days (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  day TEXT NOT NULL,
  medication TEXT NOT NULL,
  due INTEGER NOT NULL,
  taken INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  as_needed INTEGER NOT NULL,
  PRIMARY KEY (person_id, day, medication)
) STRICT, WITHOUT ROWID;

INSERT INTO changes (person_id, kind, removed) SELECT id, 'samples', 0 FROM persons;
