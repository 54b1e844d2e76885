-- Times are milliseconds since 1970-01-01 UTC. Values and units are as the phone sent them.
-- `other` and `metadata` are canonical JSON; a clinical record is as in its file. Sources, units and types are stored once, and
-- rows refer to them.

-- Whose the rows are.
CREATE TABLE persons (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

INSERT INTO persons (id, name) VALUES (1, 'me');

-- Tokens of uploads and reads. `digest` is the BLAKE3 digest of a token; the token itself is not stored. Revoked tokens stay: once
-- a database has had a token, every upload needs one.
CREATE TABLE tokens (
  id INTEGER PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES persons (id),
  label TEXT,
  digest BLOB NOT NULL UNIQUE,
  created_ms INTEGER NOT NULL,
  last_used_ms INTEGER,
  revoked_ms INTEGER,
  -- From this time on it is refused; NULL if it does not expire.
  expires_ms INTEGER,
  -- What it allows: send, read, or admin, which is both.
  scope TEXT NOT NULL DEFAULT 'send',
  -- 1 if it reads the data of all persons, 0 if only its person's.
  all_people INTEGER NOT NULL DEFAULT 0,
  -- Bytes and rejects that its uploads may have on a day (UTC); NULL for any number.
  bytes_per_day INTEGER,
  rejects_per_day INTEGER,
  -- The last day, counted from 1970, on which an upload of it ended, and what those of that day had.
  used_day INTEGER NOT NULL DEFAULT 0,
  used_bytes INTEGER NOT NULL DEFAULT 0,
  used_rejects INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Sessions of browsers. Each was begun with a token or with a code of it, and ends with that token. `digest` is the BLAKE3 digest of
-- the session's id; the id itself is only in the browser.
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY,
  token_id INTEGER NOT NULL REFERENCES tokens (id),
  digest BLOB NOT NULL UNIQUE,
  created_ms INTEGER NOT NULL,
  -- To the hour.
  last_used_ms INTEGER NOT NULL,
  -- From this time on it is refused; each use moves it.
  expires_ms INTEGER NOT NULL
) STRICT;

-- Codes that begin one session each, with the token that they are of. `digest` is the BLAKE3 digest of a code.
CREATE TABLE sign_in_codes (
  digest BLOB PRIMARY KEY NOT NULL,
  token_id INTEGER NOT NULL REFERENCES tokens (id),
  -- From this time on it is refused.
  expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- HealthKit's identifiers of types.
CREATE TABLE types (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- Units as sent.
CREATE TABLE units (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- An app with its versions, and the device: 60 % of a sample's JSON. `json` has all of it; the other columns read `json`.
CREATE TABLE sources (
  id INTEGER PRIMARY KEY,
  json TEXT NOT NULL UNIQUE,
  name TEXT AS (json ->> '$.sourceRevision.source.name'),
  bundle_identifier TEXT AS (json ->> '$.sourceRevision.source.bundleIdentifier'),
  version TEXT AS (json ->> '$.sourceRevision.version'),
  operating_system_version TEXT AS (json ->> '$.sourceRevision.operatingSystemVersion'),
  product_type TEXT AS (json ->> '$.sourceRevision.productType'),
  device_name TEXT AS (json ->> '$.device.name'),
  device_manufacturer TEXT AS (json ->> '$.device.manufacturer'),
  device_model TEXT AS (json ->> '$.device.model'),
  device_hardware_version TEXT AS (json ->> '$.device.hardwareVersion'),
  device_software_version TEXT AS (json ->> '$.device.softwareVersion')
) STRICT;

-- Metadata that many samples share, such as the motion context of a heart rate.
CREATE TABLE shared_metadata (
  id INTEGER PRIMARY KEY,
  json TEXT NOT NULL UNIQUE
) STRICT;

-- Texts of samples and locations that are long together: a search in a table without rowid reads each row that it compares as a
-- whole. `other` of such a row is the id here, in digits: JSON begins with a bracket. A row's metadata stays with it if it is short
-- enough to be shared. Each text belongs to one row, and the triggers delete it with its row.
CREATE TABLE long_texts (
  id INTEGER PRIMARY KEY,
  metadata TEXT,
  other TEXT
) STRICT;

-- The identity begins with person, type and time, so new rows are neighbours however large the table is.
-- A sample's metadata is in `shared_metadata` if `metadata_id` is set, in `long_texts` if it is long, else in `metadata`.
CREATE TABLE samples (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type_id INTEGER NOT NULL REFERENCES types (id),
  start_ms INTEGER NOT NULL,
  uuid BLOB NOT NULL,
  end_ms INTEGER,
  value REAL,
  unit_id INTEGER REFERENCES units (id),
  source_id INTEGER REFERENCES sources (id),
  metadata_id INTEGER REFERENCES shared_metadata (id),
  metadata TEXT,
  other TEXT,
  -- When HealthKit received it; only Apple's export has this.
  creation_ms INTEGER,
  -- A number for each row that an import has brought or matched, counted up from 1: an import remembers by it which rows its
  -- records have claimed. NULL for rows that no import has seen since version 2.
  import_number INTEGER,
  PRIMARY KEY (person_id, type_id, start_ms, uuid)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER samples_delete_long_text AFTER DELETE ON samples WHEN CAST(old.other AS INTEGER) > 0 BEGIN
  DELETE FROM long_texts WHERE id = CAST(old.other AS INTEGER);
END;

CREATE TRIGGER samples_replace_long_text AFTER UPDATE OF other ON samples
WHEN CAST(old.other AS INTEGER) > 0 AND new.other IS NOT old.other BEGIN
  DELETE FROM long_texts WHERE id = CAST(old.other AS INTEGER);
END;

-- The last number of `import_number`, in one row.
CREATE TABLE import_numbers (
  last INTEGER NOT NULL
) STRICT;

INSERT INTO import_numbers (last) VALUES (0);

-- Details that only an export has, of samples that the app has also sent: metadata under other names, and fields without a
-- column. Values that the app has corrected since are in `other`, under `earlier values`: an older export has them. The time of
-- creation is in `samples`. With a rowid, since the texts are then not part of the tree of keys.
CREATE TABLE merged_samples (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type_id INTEGER NOT NULL REFERENCES types (id),
  start_ms INTEGER NOT NULL,
  uuid BLOB NOT NULL,
  metadata TEXT,
  other TEXT,
  PRIMARY KEY (person_id, type_id, start_ms, uuid)
) STRICT;

-- The types that have samples with HealthKit's identity, and those that have derived ones (the uuid begins with x'6873' and is of version 8), by
-- unit; 0 for no unit. Only a type that has both, or two units, can have a sample that came twice.
CREATE TABLE sample_origins (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type_id INTEGER NOT NULL REFERENCES types (id),
  is_derived INTEGER NOT NULL,
  unit_id INTEGER NOT NULL,
  PRIMARY KEY (person_id, type_id, is_derived, unit_id)
) STRICT, WITHOUT ROWID;

-- Workouts as their preferred exporter has them.
CREATE TABLE workouts (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  uuid BLOB NOT NULL,
  activity_type INTEGER,
  start_ms INTEGER NOT NULL,
  end_ms INTEGER,
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
  -- When HealthKit received it; only Apple's export has this.
  creation_ms INTEGER,
  PRIMARY KEY (person_id, uuid)
) STRICT;

CREATE INDEX workouts_start ON workouts (person_id, start_ms);

-- The workouts of one activity that start and end in the same seconds, derived ones apart. All of its terms are equal in a search,
-- so the rows come in the order of their rowids. The activity is last: a workout without one may be of any.
CREATE INDEX workouts_match ON workouts
  (person_id, (start_ms / 1000), (end_ms / 1000), (substr(uuid, 1, 2) = x'6873' AND substr(uuid, 7, 1) >= x'80' AND substr(uuid, 7, 1) < x'90'), activity_type);

-- Workouts of imports that a preferred exporter has also brought: the app, or Apple's export before Health Auto Export.
-- `derived` is the import's identity, `uuid` that of the row in `workouts`; the rest is what the import has.
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
  creation_ms INTEGER,
  PRIMARY KEY (person_id, derived)
) STRICT;

CREATE INDEX workout_aliases_uuid ON workout_aliases (person_id, uuid);

-- Identities that imports have derived of a workout from other texts than those at its first import, such as another source
-- name. `workout` is the identity at the first import: that of the row, or `derived` of `workout_aliases`.
CREATE TABLE workout_identities (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  identity BLOB NOT NULL,
  workout BLOB NOT NULL,
  PRIMARY KEY (person_id, identity)
) STRICT;

-- Derived workouts of which an import has brought locations, also if another exporter's are stored instead.
CREATE TABLE workout_routes (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  workout BLOB NOT NULL,
  PRIMARY KEY (person_id, workout)
) STRICT, WITHOUT ROWID;

-- Files of routes, by a digest of their names: the derived workout under which their locations are stored, and the number of the
-- route. A file that came without its workout has a separate derived identity as `workout`. `start_s` is the second of its first
-- location, since names may come again; of a file that is missing, that of its workout.
CREATE TABLE route_files (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  file BLOB NOT NULL,
  start_s INTEGER NOT NULL,
  workout BLOB NOT NULL,
  route INTEGER NOT NULL,
  PRIMARY KEY (person_id, file, start_s)
) STRICT, WITHOUT ROWID;

CREATE INDEX route_files_start ON route_files (person_id, start_s);

CREATE INDEX route_files_workout ON route_files (person_id, workout);

-- `workout` is the uuid of a workout, which may arrive later. `route` numbers the workout's routes as first sent. `place` orders
-- the locations of one time as in their file. `ordinal` counts those that are also equal in place; for an import's route it
-- begins at the route's number times 2^32, so that two routes share no row.
CREATE TABLE route_points (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  workout BLOB NOT NULL,
  time_ms INTEGER NOT NULL,
  latitude REAL NOT NULL,
  longitude REAL NOT NULL,
  ordinal INTEGER NOT NULL,
  place INTEGER NOT NULL,
  route INTEGER NOT NULL,
  altitude_m REAL,
  speed_m_s REAL,
  course_deg REAL,
  horizontal_accuracy_m REAL,
  vertical_accuracy_m REAL,
  other TEXT,
  PRIMARY KEY (person_id, workout, time_ms, latitude, longitude, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER route_points_delete_long_text AFTER DELETE ON route_points WHEN CAST(old.other AS INTEGER) > 0 BEGIN
  DELETE FROM long_texts WHERE id = CAST(old.other AS INTEGER);
END;

CREATE TRIGGER route_points_replace_long_text AFTER UPDATE OF other ON route_points
WHEN CAST(old.other AS INTEGER) > 0 AND new.other IS NOT old.other BEGIN
  DELETE FROM long_texts WHERE id = CAST(old.other AS INTEGER);
END;

-- The beats that a heart rate variability was computed from. They belong to the sample with the same start and source.
CREATE TABLE beat_lists (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  start_ms INTEGER NOT NULL,
  hash BLOB NOT NULL,
  end_ms INTEGER,
  source_id INTEGER REFERENCES sources (id),
  beats TEXT NOT NULL,
  PRIMARY KEY (person_id, start_ms, hash)
) STRICT;

-- Samples that belong together; each member is also in `samples`.
CREATE TABLE correlations (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type TEXT NOT NULL,
  start_ms INTEGER NOT NULL,
  uuid BLOB NOT NULL,
  end_ms INTEGER,
  creation_ms INTEGER,
  source_id INTEGER REFERENCES sources (id),
  metadata TEXT,
  members TEXT NOT NULL,
  other TEXT,
  -- As in `samples`, from the same count.
  import_number INTEGER,
  PRIMARY KEY (person_id, type, start_ms, uuid)
) STRICT;

-- The rings of a day, of Apple's export.
CREATE TABLE activity_summaries (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  day TEXT NOT NULL,
  active_energy REAL,
  active_energy_goal REAL,
  energy_unit TEXT,
  move_min REAL,
  move_goal_min REAL,
  exercise_min REAL,
  exercise_goal_min REAL,
  stand_hours REAL,
  stand_goal_hours REAL,
  other TEXT,
  PRIMARY KEY (person_id, day)
) STRICT;

-- Electrocardiograms of Apple's export and of Health Auto Export.
CREATE TABLE electrocardiograms (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  start_ms INTEGER NOT NULL,
  uuid BLOB NOT NULL,
  classification TEXT,
  rate_hz REAL,
  unit TEXT,
  voltages TEXT NOT NULL,
  header TEXT NOT NULL,
  PRIMARY KEY (person_id, start_ms, uuid)
) STRICT;

-- Figures that another app computed from samples. These samples may be in `samples`, so never add both up.
-- `interval` is part of what a figure is: minute, hour, day, week, month, year, or '' if its sender does not say it. Rows of
-- version 1 have 'unknown'. `number` distinguishes figures of one time: the first has 0, further ones a digest of their content,
-- and those of version 1 the number that stood behind their label. `earlier` has the digests of values that a larger one has
-- replaced, 8 bytes each. A byte before them says which period the figure came with: 1 minute, 2 hour, 3 day.
-- A workout's figure has a 4 and four bytes of the workout's identity there.
CREATE TABLE aggregates (
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

-- Doses that were taken, skipped or due.
CREATE TABLE medication_doses (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  uuid BLOB NOT NULL,
  medication TEXT,
  nickname TEXT,
  schedule_type INTEGER,
  log_status INTEGER,
  quantity REAL,
  unit TEXT,
  start_ms INTEGER NOT NULL,
  end_ms INTEGER,
  scheduled_ms INTEGER,
  metadata TEXT,
  source_id INTEGER REFERENCES sources (id),
  other TEXT,
  PRIMARY KEY (person_id, uuid)
) STRICT;

-- Doses by when they were due.
CREATE INDEX medication_doses_due ON medication_doses (person_id, coalesce(scheduled_ms, start_ms));

-- A medication is its texts and whether it is archived: two that differ only in the nickname are two.
CREATE TABLE medications (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  display_text TEXT NOT NULL,
  general_form TEXT NOT NULL,
  nickname TEXT,
  is_archived INTEGER,
  has_schedule INTEGER,
  other TEXT
) STRICT;

-- No text is a blob, and no truth is -1.
CREATE UNIQUE INDEX medications_identity
ON medications (person_id, display_text, general_form, coalesce(nickname, x''), coalesce(is_archived, -1));

-- `first_seen_ms` and `last_seen_ms`: when payloads with this value arrived.
CREATE TABLE characteristics (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  first_seen_ms INTEGER NOT NULL,
  last_seen_ms INTEGER NOT NULL,
  PRIMARY KEY (person_id, key)
) STRICT;

-- Records of sections that have no table; the ledger counts those of `data`. `hash` is the first half of the BLAKE3 digest of
-- `json`. If a record's content identifies it, `hash` is made of what does not change, and of a number that counts equal ones.
-- `content` then has two digests: of all that the record has, and of `json`.
CREATE TABLE other_records (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  section TEXT NOT NULL,
  hash BLOB NOT NULL,
  json TEXT NOT NULL,
  in_data INTEGER NOT NULL,
  upload_id INTEGER NOT NULL REFERENCES uploads (id),
  content BLOB,
  PRIMARY KEY (person_id, section, hash)
) STRICT;

-- The ledger. `state` is running, done, aborted (the input ended early or failed) or interrupted (the program ended, or
-- its user stopped it). The counts are of stored rows, and grow while an upload runs.
CREATE TABLE uploads (
  id INTEGER PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES persons (id),
  state TEXT NOT NULL,
  origin TEXT NOT NULL,
  sender TEXT,
  -- The token that it was sent with; NULL for imports and for a token of --token-file.
  token_id INTEGER REFERENCES tokens (id),
  started_ms INTEGER NOT NULL,
  finished_ms INTEGER,
  export_ms INTEGER,
  start_ms INTEGER,
  end_ms INTEGER,
  sync_source TEXT,
  body_bytes INTEGER NOT NULL DEFAULT 0,
  measurements INTEGER NOT NULL DEFAULT 0,
  medications INTEGER NOT NULL DEFAULT 0,
  workouts INTEGER NOT NULL DEFAULT 0,
  other INTEGER NOT NULL DEFAULT 0,
  route_points INTEGER NOT NULL DEFAULT 0,
  new INTEGER NOT NULL DEFAULT 0,
  updated INTEGER NOT NULL DEFAULT 0,
  unchanged INTEGER NOT NULL DEFAULT 0,
  merged INTEGER NOT NULL DEFAULT 0,
  -- Earlier rows that were deleted when records became one, beyond those that a row of this upload replaced; rows that a merge
  -- moved or `forget` deleted.
  removed INTEGER NOT NULL DEFAULT 0,
  rejected INTEGER NOT NULL DEFAULT 0,
  error TEXT,
  -- The rows of all SIDE_TABLES of the program at this upload's last commit. No other count covers them.
  side_rows INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Each scrape of the metrics queries when a person's phone sent last.
CREATE INDEX uploads_done ON uploads (person_id, origin, finished_ms) WHERE state = 'done';

-- Elements that could not be stored. One that is sent again moves to the upload that sent it last.
CREATE TABLE rejects (
  upload_id INTEGER NOT NULL REFERENCES uploads (id),
  ordinal INTEGER NOT NULL,
  person_id INTEGER NOT NULL REFERENCES persons (id),
  section TEXT NOT NULL,
  element_index INTEGER,
  byte_offset INTEGER NOT NULL,
  reason TEXT NOT NULL,
  raw TEXT NOT NULL,
  raw_bytes INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (upload_id, ordinal)
) STRICT;

-- The index includes the upload: otherwise each of many equal rejects of an upload would cost a search through all of them.
CREATE INDEX rejects_hash ON rejects (hash, upload_id);

-- What was changed, noted by the transaction that changed it. A program that follows the data remembers the last `number` that it
-- has seen, and reads again what later ones name. Old entries are compacted: the last one of a kind and type then covers them all.
CREATE TABLE changes (
  number INTEGER PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES persons (id),
  -- The table of the rows, `rows` if those of any table may be gone, or `rules` if figures are made in another way: zones, the order
  -- of sources.
  kind TEXT NOT NULL,
  -- NULL for rows without a type, and for those of all types.
  type_id INTEGER REFERENCES types (id),
  -- The first start and the last end of the rows; NULL if all may have changed.
  from_ms INTEGER,
  to_ms INTEGER,
  -- 1 if rows were removed or replaced, 0 if there are only new ones.
  removed INTEGER NOT NULL
) STRICT;

-- Up to which of the `changes` the derived tables of a person are current: `days`, `hours`, `nights` and the others below. Without
-- a row nothing is derived yet. They can be deleted together with this row; the program then makes them again.
CREATE TABLE derived_state (
  person_id INTEGER PRIMARY KEY REFERENCES persons (id),
  change INTEGER NOT NULL,
  -- The version of the rules, and of the tz database. Other versions make other figures.
  rules INTEGER NOT NULL,
  tzdb TEXT NOT NULL,
  -- The zone of a person without evidence, when the figures were made.
  home TEXT,
  -- Who computes now: a number that each computation draws. A later one takes over.
  run INTEGER NOT NULL
) STRICT;

-- Names of time zones that derived tables refer to.
CREATE TABLE zones (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- In which zone a person was from when on, as sleep and workouts report it.
CREATE TABLE zone_changes (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  from_ms INTEGER NOT NULL,
  zone_id INTEGER NOT NULL REFERENCES zones (id),
  PRIMARY KEY (person_id, from_ms)
) STRICT, WITHOUT ROWID;

-- In which zone a person was, as entered by hand. It counts before `zone_changes`. Without `to_ms` it holds for good.
CREATE TABLE zone_entries (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  from_ms INTEGER NOT NULL,
  to_ms INTEGER,
  zone TEXT NOT NULL,
  PRIMARY KEY (person_id, from_ms)
) STRICT;

-- The home zone of a person, for the time without any other evidence.
CREATE TABLE home_zones (
  person_id INTEGER PRIMARY KEY REFERENCES persons (id),
  zone TEXT NOT NULL
) STRICT;

-- What HealthKit calls a source: a bundle identifier, or the name in Apple's export. `class` is manual, gym, watch, phone, app or
-- other; it decides the default rank, and of two of one class the one that began last.
CREATE TABLE source_groups (
  id INTEGER PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES persons (id),
  key TEXT NOT NULL,
  -- The name of one of its sources.
  name TEXT NOT NULL,
  class TEXT NOT NULL,
  -- Start of its first sample of any type, and of its last one.
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  -- JSON: for each of its sources one sample that has it, as source, type, start, and 1 if it was entered by hand. Empty if not known.
  sources TEXT NOT NULL DEFAULT '',
  UNIQUE (person_id, key)
) STRICT;

-- The owner's order of sources. A type of '' is for all types without a separate order.
CREATE TABLE source_orders (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  -- HealthKit's identifier, or ''.
  type TEXT NOT NULL,
  -- As in `source_groups`.
  key TEXT NOT NULL,
  -- 0 for the best one; NULL for a source that does not count.
  place INTEGER,
  PRIMARY KEY (person_id, type, key)
) STRICT, WITHOUT ROWID;

-- The longest sample of each type, up to 400 days: how far before a day its samples may begin.
CREATE TABLE sample_lengths (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type_id INTEGER NOT NULL REFERENCES types (id),
  longest_ms INTEGER NOT NULL,
  PRIMARY KEY (person_id, type_id)
) STRICT, WITHOUT ROWID;

-- Samples that do not count, since others have the same fact: HealthKit has condensed these into one. They stay in `samples`.
CREATE TABLE shadowed_samples (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type_id INTEGER NOT NULL REFERENCES types (id),
  start_ms INTEGER NOT NULL,
  uuid BLOB NOT NULL,
  -- One of the samples that count instead.
  shadowed_by BLOB NOT NULL,
  PRIMARY KEY (person_id, type_id, start_ms, uuid)
) STRICT, WITHOUT ROWID;

-- Samples that a complete export no longer has: they were deleted on the phone. They stay in `samples`, and do not count.
CREATE TABLE missing_samples (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type_id INTEGER NOT NULL REFERENCES types (id),
  start_ms INTEGER NOT NULL,
  uuid BLOB NOT NULL,
  -- When that was noticed.
  missing_since_ms INTEGER NOT NULL,
  PRIMARY KEY (person_id, type_id, start_ms, uuid)
) STRICT, WITHOUT ROWID;

-- The figures of each local day, as `docs/truth.md` describes them. A day without samples has no row.
CREATE TABLE days (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type_id INTEGER NOT NULL REFERENCES types (id),
  day TEXT NOT NULL,
  -- Its first instant, and the one behind it.
  start_ms INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  -- NULL if nothing is known about the person's zone; the day is then that of UTC.
  zone_id INTEGER REFERENCES zones (id),
  -- Of the values: the canonical one of the type.
  unit_id INTEGER REFERENCES units (id),
  -- Sum, mean, level, hours with a stand, or covered minutes, as the type has it.
  value REAL,
  -- The mean that weighs each sample by the time that it holds.
  time_weighted REAL,
  minimum REAL,
  maximum REAL,
  last REAL,
  last_ms INTEGER,
  -- Samples that count.
  count INTEGER NOT NULL,
  -- Time in which at least one of them counts.
  covered_ms INTEGER NOT NULL,
  -- Stretches of covered time that begin in the day.
  sessions INTEGER NOT NULL,
  -- The sum if each source counted: what adding up all rows gives.
  naive REAL,
  -- The only source that counts; NULL if there are several.
  group_id INTEGER REFERENCES source_groups (id),
  -- JSON: what each of several sources adds, each value of a category, basal and bolus of insulin.
  details TEXT,
  -- Whether a sample longer than a day counts.
  has_long INTEGER NOT NULL,
  -- Whether more samples overlapped than are followed at once.
  is_approximate INTEGER NOT NULL,
  PRIMARY KEY (person_id, type_id, day)
) STRICT, WITHOUT ROWID;

-- The same for hours of local clocks, of heart rates only. In autumn two rows have the same hour.
CREATE TABLE hours (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  type_id INTEGER NOT NULL REFERENCES types (id),
  start_ms INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  -- Local date, and hour from 0.
  day TEXT NOT NULL,
  hour INTEGER NOT NULL,
  value REAL,
  minimum REAL,
  maximum REAL,
  count INTEGER NOT NULL,
  PRIMARY KEY (person_id, type_id, start_ms)
) STRICT, WITHOUT ROWID;

-- Sleep, by the date of the morning. A night begins at 18:00. Sums include naps.
CREATE TABLE nights (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  night TEXT NOT NULL,
  zone_id INTEGER REFERENCES zones (id),
  -- NULL if no sample reports sleep.
  asleep_ms INTEGER,
  -- Of the longest period.
  asleep_main_ms INTEGER,
  awake_ms INTEGER NOT NULL,
  core_ms INTEGER NOT NULL,
  deep_ms INTEGER NOT NULL,
  rem_ms INTEGER NOT NULL,
  unspecified_ms INTEGER NOT NULL,
  in_bed_ms INTEGER NOT NULL,
  -- Whether no sample reports time in bed: it then lasts from the first to the last sample.
  is_in_bed_estimated INTEGER NOT NULL,
  -- Start and end of the longest period; the texts are local.
  bedtime_ms INTEGER,
  wake_ms INTEGER,
  bedtime TEXT,
  wake_time TEXT,
  -- How often awake between two parts of sleep.
  awakenings INTEGER NOT NULL,
  naps INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  is_approximate INTEGER NOT NULL,
  PRIMARY KEY (person_id, night)
) STRICT, WITHOUT ROWID;

-- The parts of nights: which stage by which source counted when. Those in bed overlap the others.
CREATE TABLE night_segments (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  night TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  -- HealthKit's number: 0 in bed, 1 asleep, 2 awake, 3 core, 4 deep, 5 REM.
  stage INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  group_id INTEGER REFERENCES source_groups (id),
  PRIMARY KEY (person_id, night, from_ms, stage)
) STRICT, WITHOUT ROWID;

-- Workouts by the local day on which they start; -1 for one without an activity.
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

-- Doses by the local day on which they were due, or logged if they had no time.
CREATE TABLE dose_days (
  person_id INTEGER NOT NULL REFERENCES persons (id),
  day TEXT NOT NULL,
  medication TEXT NOT NULL,
  -- Doses that were due, those of them that were taken, and those that were skipped.
  due INTEGER NOT NULL,
  taken INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  -- Doses that were taken without being due.
  as_needed INTEGER NOT NULL,
  PRIMARY KEY (person_id, day, medication)
) STRICT, WITHOUT ROWID;
