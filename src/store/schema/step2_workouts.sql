-- The part of the step from version 1 to 2 that is about workouts and their routes.

-- When HealthKit received the workout; only Apple's export has this.
ALTER TABLE workouts ADD COLUMN creation_ms INTEGER;
ALTER TABLE workout_aliases ADD COLUMN creation_ms INTEGER;

-- The workouts of one activity that start and end in the same seconds, derived ones apart. All of its terms are equal in a search,
-- so the rows come in the order of their rowids. The activity is last: a workout without one may be of any.
CREATE INDEX workouts_match ON workouts
  (person_id, (start_ms / 1000), (end_ms / 1000), (substr(uuid, 1, 2) = x'6873' AND substr(uuid, 7, 1) >= x'80' AND substr(uuid, 7, 1) < x'90'), activity_type);

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

-- `place` orders the locations of one time as in their file. `ordinal` counts those that are also equal in place; for an import's
-- route it begins at the route's number times 2^32, so that two routes share no row.
CREATE TABLE route_points_2 (
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

-- Long texts are in `long_texts`, as those of samples. The bound is LONG_TEXT_BYTES of the program.
CREATE TABLE moved (
  person_id INTEGER NOT NULL,
  workout BLOB NOT NULL,
  time_ms INTEGER NOT NULL,
  latitude REAL NOT NULL,
  longitude REAL NOT NULL,
  id INTEGER NOT NULL,
  PRIMARY KEY (person_id, workout, time_ms, latitude, longitude)
) STRICT, WITHOUT ROWID;

INSERT INTO moved
SELECT person_id, workout, time_ms, latitude, longitude, (SELECT coalesce(max(id), 0) FROM long_texts) + row_number() OVER ()
FROM route_points WHERE octet_length(other) > 4096;

INSERT INTO long_texts (id, other)
SELECT m.id, p.other FROM moved m JOIN route_points p USING (person_id, workout, time_ms, latitude, longitude);

INSERT INTO route_points_2
SELECT person_id, workout, time_ms, latitude, longitude,
  iif(substr(workout, 1, 2) = x'6873' AND substr(workout, 7, 1) >= x'80' AND substr(workout, 7, 1) < x'90', route << 32, 0),
  row_number() OVER (PARTITION BY person_id, workout, time_ms ORDER BY latitude, longitude) - 1,
  route, altitude_m, speed_m_s, course_deg, horizontal_accuracy_m, vertical_accuracy_m, coalesce(m.id, p.other)
FROM route_points p LEFT JOIN moved m USING (person_id, workout, time_ms, latitude, longitude);

DROP TABLE moved;

-- Routes that came without their workouts. Their files are not known.
INSERT INTO route_files
SELECT person_id, substr(workout, 11), min(time_ms) / 1000, workout, 0 FROM route_points_2 r
WHERE substr(workout, 1, 2) = x'6873' AND substr(workout, 7, 1) >= x'80' AND substr(workout, 7, 1) < x'90'
  AND NOT EXISTS (SELECT 1 FROM workouts w WHERE w.person_id = r.person_id AND w.uuid = r.workout)
  AND NOT EXISTS (SELECT 1 FROM workout_aliases a WHERE a.person_id = r.person_id AND a.derived = r.workout)
GROUP BY person_id, workout;

DROP TABLE route_points;
ALTER TABLE route_points_2 RENAME TO route_points;

CREATE TRIGGER route_points_delete_long_text AFTER DELETE ON route_points WHEN CAST(old.other AS INTEGER) > 0 BEGIN
  DELETE FROM long_texts WHERE id = CAST(old.other AS INTEGER);
END;

CREATE TRIGGER route_points_replace_long_text AFTER UPDATE OF other ON route_points
WHEN CAST(old.other AS INTEGER) > 0 AND new.other IS NOT old.other BEGIN
  DELETE FROM long_texts WHERE id = CAST(old.other AS INTEGER);
END;
