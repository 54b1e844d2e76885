-- Views by the names that people look for. The program makes them again when their text differs, so they need no step. Samples
-- and locations are reached by their keys: CROSS JOIN keeps the order, since older versions of SQLite choose a scan. A view that
-- leaves out rows says so here.
--
-- docs/data.md is made from these comments. Columns of several views:
--   person: whose it is.
--   start_time, end_time: UTC, in ISO 8601.
--   start_ms: milliseconds since 1970; filter and sort by it, since the tables have it in their keys.
--   end_ms: milliseconds since 1970.
--   value: as sent.
--   unit: of the value, as sent.
--   source: the app or device that wrote it, with plain spaces where Apple writes U+00A0.
--   metadata: JSON by HealthKit's keys.
--   other: JSON of fields without a column.
--   uuid: HealthKit's, or derived from the content if an export has none.
--   duration_s: seconds.
--   day: local date.
--   partial: 1 if the day is not over.
--   minimum: least value of the samples that start then.
--   maximum: greatest value of them.
--   last: value of the last of them.
--   samples: samples that count.
--   sessions: stretches of covered time that begin then.
--   time_weighted: the mean that weighs each value by the time that it holds.
--   zone: time zone of the day; NULL if unknown, the day is then that of UTC.
--   start: old name of `start_time`, for one version.
--   end: old name of `end_time`, for one version
.
-- Samples of every type, also of those without a view.
CREATE VIEW sample_details AS
SELECT
  p.name AS person,
  t.name AS type, -- HealthKit's identifier
  strftime('%Y-%m-%dT%H:%M:%fZ', s.start_ms / 1000.0, 'unixepoch') AS start_time,
  strftime('%Y-%m-%dT%H:%M:%fZ', s.end_ms / 1000.0, 'unixepoch') AS end_time,
  s.value,
  u.name AS unit,
  iif(u.name = '%', round(s.value * 100, 6), NULL) AS percent, -- 97 where `value` is 0.97 and `unit` is %; else NULL
  replace(o.name, "char"(160), ' ') AS source,
  o.product_type, -- the device's model, such as Watch7,1
  coalesce(m.json, s.metadata, l.metadata) AS metadata,
  iif(l.id IS NULL, s.other, l.other) AS other,
  upper(substr(hex(s.uuid), 1, 8) || '-' || substr(hex(s.uuid), 9, 4) || '-' || substr(hex(s.uuid), 13, 4) || '-' || substr(hex(s.uuid), 17, 4) || '-' || substr(hex(s.uuid), 21)) AS uuid,
  s.start_ms, s.end_ms,
  strftime('%Y-%m-%dT%H:%M:%fZ', s.start_ms / 1000.0, 'unixepoch') AS start,
  strftime('%Y-%m-%dT%H:%M:%fZ', s.end_ms / 1000.0, 'unixepoch') AS "end"
FROM persons p
CROSS JOIN types t
CROSS JOIN samples s
LEFT JOIN units u ON u.id = s.unit_id
LEFT JOIN sources o ON o.id = s.source_id
LEFT JOIN shared_metadata m ON m.id = s.metadata_id
LEFT JOIN long_texts l ON l.id = CAST(s.other AS INTEGER)
WHERE s.person_id = p.id AND s.type_id = t.id;

-- Beats per minute.
CREATE VIEW heart_rate AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierHeartRate';

-- One value a day.
CREATE VIEW resting_heart_rate AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierRestingHeartRate';

-- One value a day.
CREATE VIEW walking_heart_rate_average AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierWalkingHeartRateAverage';

-- SDNN, the deviation of the times between heart beats.
CREATE VIEW heart_rate_variability AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierHeartRateVariabilitySDNN';

-- A phone and a watch count the same steps: never add up two sources.
CREATE VIEW steps AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierStepCount';

CREATE VIEW distance_walking_running AS
SELECT person, start_time, end_time, value, unit,
  value * CASE unit WHEN 'km' THEN 1 WHEN 'm' THEN 0.001 WHEN 'cm' THEN 0.00001 WHEN 'mi' THEN 1.609344 WHEN 'yd' THEN 0.0009144
    WHEN 'ft' THEN 0.0003048 WHEN 'in' THEN 0.0000254 END AS distance_km, -- kilometres, whatever the unit
  source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierDistanceWalkingRunning';

CREATE VIEW distance_cycling AS
SELECT person, start_time, end_time, value, unit,
  value * CASE unit WHEN 'km' THEN 1 WHEN 'm' THEN 0.001 WHEN 'cm' THEN 0.00001 WHEN 'mi' THEN 1.609344 WHEN 'yd' THEN 0.0009144
    WHEN 'ft' THEN 0.0003048 WHEN 'in' THEN 0.0000254 END AS distance_km, -- kilometres, whatever the unit
  source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierDistanceCycling';

CREATE VIEW flights_climbed AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierFlightsClimbed';

-- Energy of movement; `basal_energy` is the rest of the day's energy.
CREATE VIEW active_energy AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierActiveEnergyBurned';

CREATE VIEW basal_energy AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierBasalEnergyBurned';

CREATE VIEW exercise_time AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierAppleExerciseTime';

CREATE VIEW stand_time AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierAppleStandTime';

-- A fraction, as HealthKit has it, with the unit %.
CREATE VIEW oxygen_saturation AS
SELECT person, start_time, end_time, value, unit,
  percent, -- 97 where `value` is 0.97
  source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierOxygenSaturation';

CREATE VIEW respiratory_rate AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierRespiratoryRate';

CREATE VIEW body_temperature AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierBodyTemperature';

-- One value a night.
CREATE VIEW sleeping_wrist_temperature AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierAppleSleepingWristTemperature';

-- Weight.
CREATE VIEW body_mass AS
SELECT person, start_time, end_time, value, unit,
  value * CASE unit WHEN 'kg' THEN 1 WHEN 'g' THEN 0.001 WHEN 'lb' THEN 0.45359237 WHEN 'st' THEN 6.35029318
    WHEN 'oz' THEN 0.028349523125 END AS weight_kg, -- kilograms, whatever the unit
  source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierBodyMass';

-- A fraction, as HealthKit has it, with the unit %.
CREATE VIEW body_fat_percentage AS
SELECT person, start_time, end_time, value, unit,
  percent, -- 97 where `value` is 0.97
  source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierBodyFatPercentage';

CREATE VIEW height AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierHeight';

-- Cardio fitness.
CREATE VIEW vo2_max AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierVO2Max';

-- `blood_pressure` has both values in one row.
CREATE VIEW blood_pressure_systolic AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierBloodPressureSystolic';

-- `blood_pressure` has both values in one row.
CREATE VIEW blood_pressure_diastolic AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierBloodPressureDiastolic';

CREATE VIEW blood_glucose AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierBloodGlucose';

CREATE VIEW dietary_energy AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierDietaryEnergyConsumed';

CREATE VIEW dietary_water AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierDietaryWater';

CREATE VIEW dietary_caffeine AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierDietaryCaffeine';

-- Sound around the watch.
CREATE VIEW audio_exposure AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierEnvironmentalAudioExposure';

CREATE VIEW time_in_daylight AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierTimeInDaylight';

CREATE VIEW walking_speed AS
SELECT person, start_time, end_time, value, unit, source, metadata, uuid, start_ms, end_ms, start, "end"
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierWalkingSpeed';

-- Samples of every category type, with the value's name.
CREATE VIEW category_details AS
SELECT
  d.person,
  d.type, -- HealthKit's identifier
  d.start_time, d.end_time,
  (d.end_ms - d.start_ms) / 1000.0 AS duration_s,
  d.value, -- HealthKit's number
  c.name, -- the number's name, such as asleepREM
  d.source, d.metadata,
  d.uuid, d.start_ms, d.end_ms, d.start, d."end"
FROM sample_details d
LEFT JOIN category_values c ON c.type = d.type AND c.value = d.value
WHERE substr(d.type, 1, 24) = 'HKCategoryTypeIdentifier';

-- `inBed` overlaps the other stages: add up only the asleep stages. Several sources may report the same night.
CREATE VIEW sleep AS
SELECT
  person, start_time, end_time, duration_s,
  name AS stage, -- inBed, awake, asleepCore, asleepDeep, asleepREM, asleepUnspecified
  value, -- the stage's number
  source, metadata,
  uuid, start_ms, end_ms, start, "end"
FROM category_details WHERE type = 'HKCategoryTypeIdentifierSleepAnalysis';

CREATE VIEW stand_hours AS
SELECT
  person, start_time, end_time,
  name AS state, -- stood, idle
  value, -- the state's number
  source,
  uuid, start_ms, end_ms, start, "end"
FROM category_details WHERE type = 'HKCategoryTypeIdentifierAppleStandHour';

CREATE VIEW mindful_sessions AS
SELECT person, start_time, end_time, duration_s, source, uuid, start_ms, end_ms, start, "end"
FROM category_details WHERE type = 'HKCategoryTypeIdentifierMindfulSession';

-- Goes with the next version: `steps_per_day` has local days and counts each step once. One row for each source; never add them up.
CREATE VIEW steps_by_day AS
SELECT
  person,
  strftime('%Y-%m-%d', start_ms / 1000, 'unixepoch') AS day, -- UTC
  source,
  sum(value) AS steps, -- their sum
  count(start_ms) AS samples -- their number
FROM steps GROUP BY person, day, source;

CREATE VIEW workout_details AS
SELECT
  p.name AS person,
  a.name AS activity, -- such as running
  w.activity_type, -- HealthKit's number of the activity
  strftime('%Y-%m-%dT%H:%M:%fZ', w.start_ms / 1000.0, 'unixepoch') AS start_time,
  strftime('%Y-%m-%dT%H:%M:%fZ', w.end_ms / 1000.0, 'unixepoch') AS end_time,
  w.duration_s, -- seconds without pauses
  w.energy_kcal, -- active energy, kilocalories
  w.distance, -- as sent
  w.distance_unit, -- of `distance`
  w.distance * k.km AS distance_km, -- kilometres, whatever the unit
  w.duration_s / 60 / nullif(w.distance * k.km, 0) AS pace_min_per_km, -- minutes for a kilometre
  replace(o.name, "char"(160), ' ') AS source,
  w.statistics, -- JSON: sums, averages and extremes by type
  w.events, -- JSON: pauses, laps, segments
  w.activities, -- JSON: the parts of a multisport workout
  w.metadata, w.other,
  upper(substr(hex(w.uuid), 1, 8) || '-' || substr(hex(w.uuid), 9, 4) || '-' || substr(hex(w.uuid), 13, 4) || '-' || substr(hex(w.uuid), 17, 4) || '-' || substr(hex(w.uuid), 21)) AS uuid,
  EXISTS (SELECT 1 FROM route_points r WHERE r.person_id = w.person_id AND r.workout = w.uuid) OR EXISTS (
    SELECT 1 FROM workout_aliases i CROSS JOIN route_points r
    WHERE i.person_id = w.person_id AND i.uuid = w.uuid AND r.person_id = i.person_id AND r.workout = i.derived
  ) AS has_route, -- 1 if `route_details` has its locations
  w.start_ms, w.end_ms,
  strftime('%Y-%m-%dT%H:%M:%fZ', w.start_ms / 1000.0, 'unixepoch') AS start,
  strftime('%Y-%m-%dT%H:%M:%fZ', w.end_ms / 1000.0, 'unixepoch') AS "end"
FROM workouts w
JOIN persons p ON p.id = w.person_id
LEFT JOIN workout_activity_types a ON a.value = w.activity_type
LEFT JOIN sources o ON o.id = w.source_id
LEFT JOIN (
  SELECT column1 AS unit, column2 AS km
  FROM (VALUES ('km', 1.0), ('m', 0.001), ('mi', 1.609344), ('yd', 0.0009144), ('ft', 0.0003048), ('cm', 0.00001), ('in', 0.0000254))
) k ON k.unit = w.distance_unit;

-- Goes with the next version: `workouts_per_day` has local days.
CREATE VIEW workouts_by_day AS
SELECT
  person,
  strftime('%Y-%m-%d', start_ms / 1000, 'unixepoch') AS day, -- UTC
  activity, -- such as running
  count(start_ms) AS workouts, -- their number
  sum(duration_s) AS duration_s,
  sum(energy_kcal) AS energy_kcal, -- kilocalories
  sum(distance_km) AS distance_km -- kilometres
FROM workout_details GROUP BY person, day, activity;

-- The routes are counted up by the key of `route_points`, so a route is reached by its workout. HealthKit writes -1 for a speed or
-- course that is not valid. It is NULL here; the table has it as sent. In the order of the file: ORDER BY time_ms, route, place.
CREATE VIEW route_details AS
WITH RECURSIVE routes (person_id, workout) AS (
  SELECT p.id, (SELECT min(r.workout) FROM route_points r WHERE r.person_id = p.id) FROM persons p
  UNION ALL
  SELECT n.person_id, (SELECT min(r.workout) FROM route_points r WHERE r.person_id = n.person_id AND r.workout > n.workout)
  FROM routes n WHERE n.workout IS NOT NULL
),
named (person_id, workout, uuid) AS (
  SELECT n.person_id, n.workout, hex(coalesce(a.uuid, n.workout))
  FROM routes n LEFT JOIN workout_aliases a ON a.person_id = n.person_id AND a.derived = n.workout
)
SELECT
  p.name AS person,
  substr(n.uuid, 1, 8) || '-' || substr(n.uuid, 9, 4) || '-' || substr(n.uuid, 13, 4) || '-' || substr(n.uuid, 17, 4) || '-' || substr(n.uuid, 21) AS workout, -- the workout's `uuid`; the workout itself may be missing
  r.route, -- number of the route within its workout, from 0
  strftime('%Y-%m-%dT%H:%M:%fZ', r.time_ms / 1000.0, 'unixepoch') AS time, -- UTC, in ISO 8601
  r.latitude, -- degrees
  r.longitude, -- degrees
  r.altitude_m, -- metres
  nullif(r.speed_m_s, -1.0) AS speed_m_s, -- metres per second
  nullif(r.course_deg, -1.0) AS course_deg, -- degrees from north
  r.horizontal_accuracy_m, -- metres
  r.vertical_accuracy_m, -- metres
  r.place, -- order of the locations of one time
  r.time_ms -- milliseconds since 1970
FROM named n
CROSS JOIN persons p
CROSS JOIN route_points r
WHERE p.id = n.person_id AND r.person_id = n.person_id AND r.workout = n.workout;

-- A dose with `scheduled` was due then; one without was logged when it was needed.
CREATE VIEW medication_log AS
SELECT
  p.name AS person,
  d.medication, -- as the phone names it
  d.nickname, -- as its owner names it
  CASE d.log_status
    WHEN 1 THEN 'notInteracted' WHEN 2 THEN 'notificationNotSent' WHEN 3 THEN 'snoozed'
    WHEN 4 THEN 'taken' WHEN 5 THEN 'skipped' WHEN 6 THEN 'notLogged'
  END AS status, -- taken, skipped, snoozed, notInteracted, notLogged, notificationNotSent
  d.log_status, -- HealthKit's number of the status
  d.quantity, -- as sent
  d.unit, -- of `quantity`
  strftime('%Y-%m-%dT%H:%M:%fZ', d.start_ms / 1000.0, 'unixepoch') AS start_time,
  strftime('%Y-%m-%dT%H:%M:%fZ', d.scheduled_ms / 1000.0, 'unixepoch') AS scheduled, -- UTC, in ISO 8601
  d.start_ms,
  strftime('%Y-%m-%dT%H:%M:%fZ', d.start_ms / 1000.0, 'unixepoch') AS start
FROM medication_doses d
JOIN persons p ON p.id = d.person_id;

-- Only the doses that were logged as taken.
CREATE VIEW medication_intakes AS
SELECT
  person,
  medication, -- as the phone names it
  nickname, -- as its owner names it
  quantity, -- as sent
  unit, -- of `quantity`
  start_time, start_ms, start
FROM medication_log WHERE log_status = 4;

-- The ledger: what was sent or imported, and what became of it.
CREATE VIEW upload_details AS
SELECT
  u.id, -- its number
  p.name AS person,
  u.state, -- running, done, aborted, interrupted
  u.origin, -- http, import, merge (of another person's data), forget
  u.sender, -- the client's address, or the file's name
  u.token_id, -- the token that it was sent with
  strftime('%Y-%m-%dT%H:%M:%fZ', u.started_ms / 1000.0, 'unixepoch') AS started, -- UTC, in ISO 8601
  strftime('%Y-%m-%dT%H:%M:%fZ', u.finished_ms / 1000.0, 'unixepoch') AS finished, -- UTC, in ISO 8601
  u.sync_source, -- what made the app send
  strftime('%Y-%m-%dT%H:%M:%fZ', u.start_ms / 1000.0, 'unixepoch') AS range_start, -- the period that the app exported
  strftime('%Y-%m-%dT%H:%M:%fZ', u.end_ms / 1000.0, 'unixepoch') AS range_end, -- its end
  u.body_bytes, -- bytes that were read
  u.measurements + u.medications + u.workouts + u.other AS records, -- stored records
  u.route_points, -- stored locations
  u.new, -- new among both
  u.updated, -- updated among both
  u.unchanged, -- unchanged among both
  u.merged, -- records that another exporter had brought
  u.rejected, -- elements in `rejects`
  u.error -- why it was aborted
FROM uploads u
JOIN persons p ON p.id = u.person_id;

-- Both members of a blood pressure in one row; only Apple's export has them together.
CREATE VIEW blood_pressure AS
SELECT
  p.name AS person,
  strftime('%Y-%m-%dT%H:%M:%fZ', c.start_ms / 1000.0, 'unixepoch') AS start_time,
  max(iif(m.value ->> '$.type' = 'HKQuantityTypeIdentifierBloodPressureSystolic', m.value ->> '$.value', NULL)) AS systolic, -- as sent
  max(iif(m.value ->> '$.type' = 'HKQuantityTypeIdentifierBloodPressureDiastolic', m.value ->> '$.value', NULL)) AS diastolic, -- as sent
  max(m.value ->> '$.unit') AS unit, -- of both
  replace(o.name, "char"(160), ' ') AS source,
  c.metadata,
  c.start_ms,
  strftime('%Y-%m-%dT%H:%M:%fZ', c.start_ms / 1000.0, 'unixepoch') AS start
FROM correlations c
JOIN persons p ON p.id = c.person_id
CROSS JOIN json_each(c.members) m
LEFT JOIN sources o ON o.id = c.source_id
WHERE c.type = 'HKCorrelationTypeIdentifierBloodPressure'
GROUP BY c.person_id, c.type, c.start_ms, c.uuid;

-- One row for each beat of `beat_lists`. `time` is as Apple writes it, in the phone's zone and language.
CREATE VIEW heart_beats AS
SELECT
  p.name AS person,
  strftime('%Y-%m-%dT%H:%M:%fZ', b.start_ms / 1000.0, 'unixepoch') AS start_time, -- of the list
  e.key AS beat, -- number within the list, from 0
  e.value ->> '$.bpm' AS bpm, -- beats per minute
  e.value ->> '$.time' AS time, -- time of day, as text
  replace(o.name, "char"(160), ' ') AS source,
  b.start_ms, -- of the list
  strftime('%Y-%m-%dT%H:%M:%fZ', b.start_ms / 1000.0, 'unixepoch') AS start
FROM beat_lists b
JOIN persons p ON p.id = b.person_id
CROSS JOIN json_each(b.beats) e
LEFT JOIN sources o ON o.id = b.source_id;

-- One row a day, of Apple's export.
CREATE VIEW activity_rings AS
SELECT
  p.name AS person,
  a.day, -- in the phone's zone
  a.active_energy, -- as sent
  a.active_energy_goal, -- as sent
  a.energy_unit, -- of both
  a.move_min, -- minutes
  a.move_goal_min, -- minutes
  a.exercise_min, -- minutes
  a.exercise_goal_min, -- minutes
  a.stand_hours, -- hours
  a.stand_goal_hours -- hours
FROM activity_summaries a
JOIN persons p ON p.id = a.person_id;

CREATE VIEW ecg AS
SELECT
  p.name AS person,
  strftime('%Y-%m-%dT%H:%M:%fZ', e.start_ms / 1000.0, 'unixepoch') AS start_time,
  e.classification, -- as Apple writes it, in the phone's language
  e.rate_hz, -- voltages a second
  e.unit, -- of the voltages
  json_array_length(e.voltages) AS samples, -- number of voltages
  e.voltages, -- JSON array
  e.header, -- JSON of the file's first lines
  e.start_ms,
  strftime('%Y-%m-%dT%H:%M:%fZ', e.start_ms / 1000.0, 'unixepoch') AS start
FROM electrocardiograms e
JOIN persons p ON p.id = e.person_id;

-- The figures of each local day and type, as docs/truth.md describes them: each source is counted once. A day without samples has
-- no row.
CREATE VIEW day_details AS
SELECT
  p.name AS person,
  t.name AS type, -- HealthKit's identifier
  d.day, -- local date
  d.value, -- sum, mean, hours with a stand, or minutes, as the type has it
  u.name AS unit, -- of all values; the same for all days of a type
  unixepoch() * 1000 < d.end_ms AS partial, -- 1 if the day is not over
  d.minimum, -- least value of the samples that start in the day
  d.maximum, -- greatest of them
  d.last, -- value of the last of them
  d.time_weighted, -- the mean that weighs each value by the time that it holds
  d.count AS samples, -- samples that count
  d.covered_ms / 60000.0 AS covered_min, -- minutes in which one of them counts
  d.sessions, -- stretches of covered time that begin in the day
  d.naive, -- the sum of all rows, as if no source had seen what another one has
  g.name AS source, -- the only source that counts; NULL for several
  d.details, -- JSON: parts by source, values of a category, kinds of insulin
  z.name AS zone, -- time zone of the day; NULL if unknown, the day is then that of UTC
  d.has_long, -- 1 if a sample longer than a day counts
  d.is_approximate -- 1 if too many samples overlapped
FROM persons p
CROSS JOIN types t
CROSS JOIN days d
LEFT JOIN units u ON u.id = d.unit_id
LEFT JOIN zones z ON z.id = d.zone_id
LEFT JOIN source_groups g ON g.id = d.group_id
WHERE d.person_id = p.id AND d.type_id = t.id;

-- The plain mean; `time_weighted` is the mean that weighs each value by the time that it holds.
CREATE VIEW heart_rate_per_day AS
SELECT person, day,
  value, -- the mean of the day
  unit, source, partial, time_weighted, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierHeartRate';

-- The mean of the day; `last` is what the watch wrote last.
CREATE VIEW resting_heart_rate_per_day AS
SELECT person, day,
  value, -- the mean of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierRestingHeartRate';

CREATE VIEW walking_heart_rate_average_per_day AS
SELECT person, day,
  value, -- the mean of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierWalkingHeartRateAverage';

CREATE VIEW heart_rate_variability_per_day AS
SELECT person, day,
  value, -- the mean of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierHeartRateVariabilitySDNN';

-- Phone and watch are counted once.
CREATE VIEW steps_per_day AS
SELECT person, day,
  value, -- the sum of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierStepCount';

CREATE VIEW distance_walking_running_per_day AS
SELECT person, day,
  value, -- the sum of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierDistanceWalkingRunning';

CREATE VIEW distance_cycling_per_day AS
SELECT person, day,
  value, -- the sum of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierDistanceCycling';

CREATE VIEW flights_climbed_per_day AS
SELECT person, day,
  value, -- the sum of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierFlightsClimbed';

-- Energy of movement, each source counted once.
CREATE VIEW active_energy_per_day AS
SELECT person, day,
  value, -- the sum of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierActiveEnergyBurned';

CREATE VIEW basal_energy_per_day AS
SELECT person, day,
  value, -- the sum of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierBasalEnergyBurned';

CREATE VIEW exercise_time_per_day AS
SELECT person, day,
  value, -- the sum of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierAppleExerciseTime';

CREATE VIEW stand_time_per_day AS
SELECT person, day,
  value, -- the sum of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierAppleStandTime';

CREATE VIEW oxygen_saturation_per_day AS
SELECT person, day,
  value, -- the mean of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierOxygenSaturation';

CREATE VIEW respiratory_rate_per_day AS
SELECT person, day,
  value, -- the mean of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierRespiratoryRate';

CREATE VIEW body_temperature_per_day AS
SELECT person, day,
  value, -- the mean of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierBodyTemperature';

CREATE VIEW sleeping_wrist_temperature_per_day AS
SELECT person, day,
  value, -- the mean of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierAppleSleepingWristTemperature';

-- The mean of the day; `last` is the last one.
CREATE VIEW body_mass_per_day AS
SELECT person, day,
  value, -- the mean of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierBodyMass';

CREATE VIEW body_fat_percentage_per_day AS
SELECT person, day,
  value, -- the mean of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierBodyFatPercentage';

CREATE VIEW height_per_day AS
SELECT person, day,
  value, -- the mean of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierHeight';

CREATE VIEW vo2_max_per_day AS
SELECT person, day,
  value, -- the mean of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierVO2Max';

CREATE VIEW blood_pressure_systolic_per_day AS
SELECT person, day,
  value, -- the mean of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierBloodPressureSystolic';

CREATE VIEW blood_pressure_diastolic_per_day AS
SELECT person, day,
  value, -- the mean of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierBloodPressureDiastolic';

CREATE VIEW blood_glucose_per_day AS
SELECT person, day,
  value, -- the mean of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierBloodGlucose';

CREATE VIEW dietary_energy_per_day AS
SELECT person, day,
  value, -- the sum of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierDietaryEnergyConsumed';

CREATE VIEW dietary_water_per_day AS
SELECT person, day,
  value, -- the sum of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierDietaryWater';

CREATE VIEW dietary_caffeine_per_day AS
SELECT person, day,
  value, -- the sum of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierDietaryCaffeine';

-- The level of the mean sound energy.
CREATE VIEW audio_exposure_per_day AS
SELECT person, day,
  value, -- the level of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierEnvironmentalAudioExposure';

CREATE VIEW time_in_daylight_per_day AS
SELECT person, day,
  value, -- the sum of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierTimeInDaylight';

CREATE VIEW walking_speed_per_day AS
SELECT person, day,
  value, -- the mean of the day
  unit, source, partial, minimum, maximum, last, samples, zone
FROM day_details WHERE type = 'HKQuantityTypeIdentifierWalkingSpeed';

-- Local hours with a stand.
CREATE VIEW stand_hours_per_day AS
SELECT person, day,
  value, -- hours with a stand
  unit, partial, samples, zone
FROM day_details WHERE type = 'HKCategoryTypeIdentifierAppleStandHour';

-- Covered minutes, each once.
CREATE VIEW mindful_minutes_per_day AS
SELECT person, day,
  value, -- covered minutes
  unit, partial, sessions, samples, zone
FROM day_details WHERE type = 'HKCategoryTypeIdentifierMindfulSession';

-- Local hours; in autumn two rows have the same hour.
CREATE VIEW heart_rate_per_hour AS
SELECT
  p.name AS person,
  h.day, -- local date
  h.hour, -- local hour, from 0
  h.value, -- mean of the samples that start in the hour
  'count/min' AS unit, -- beats per minute
  unixepoch() * 1000 < h.end_ms AS partial, -- 1 if the hour is not over
  h.minimum, -- least value
  h.maximum, -- greatest value
  h.count AS samples, -- their number
  h.start_ms
FROM persons p
CROSS JOIN types t
CROSS JOIN hours h
WHERE h.person_id = p.id AND h.type_id = t.id AND t.name = 'HKQuantityTypeIdentifierHeartRate';

-- Sleep by the date of the morning. Sources and stages are counted once; naps are included.
CREATE VIEW sleep_nights AS
SELECT
  p.name AS person,
  n.night, -- local date of the morning; it begins at 18:00 of the day before
  n.asleep_ms / 60000.0 AS asleep_min, -- minutes asleep; NULL if no sample reports sleep
  n.in_bed_ms / 60000.0 AS in_bed_min, -- minutes in bed
  n.core_ms / 60000.0 AS core_min, -- minutes of core sleep
  n.deep_ms / 60000.0 AS deep_min, -- minutes of deep sleep
  n.rem_ms / 60000.0 AS rem_min, -- minutes of REM sleep
  n.unspecified_ms / 60000.0 AS unspecified_min, -- minutes asleep without a stage
  n.awake_ms / 60000.0 AS awake_min, -- minutes awake among sleep
  n.bedtime, -- local time at which the longest period begins
  n.wake_time, -- local time at which its sleep ends
  n.awakenings, -- how often awake between two parts of sleep
  n.naps, -- their number
  n.is_in_bed_estimated, -- 1 if no sample reports time in bed
  unixepoch() * 1000 < n.end_ms AS partial, -- 1 if the night is not over
  z.name AS zone -- time zone of the longest period; NULL if unknown
FROM nights n
JOIN persons p ON p.id = n.person_id
LEFT JOIN zones z ON z.id = n.zone_id;

-- Workouts by the local day on which they start.
CREATE VIEW workouts_per_day AS
SELECT
  p.name AS person,
  w.day, -- local date
  a.name AS activity, -- such as running
  w.duration_s / 60 AS value, -- minutes
  'min' AS unit, -- minutes
  w.day >= date('now', '-1 day') AND coalesce((
    SELECT unixepoch() * 1000 < max(d.end_ms) FROM types t CROSS JOIN days d
    WHERE d.person_id = w.person_id AND d.type_id = t.id AND d.day = w.day
  ), w.day >= date('now')) AS partial, -- 1 if the day is not over
  w.workouts, -- their number
  w.duration_s,
  w.energy_kcal, -- kilocalories
  w.distance_m / 1000 AS distance_km -- kilometres
FROM workout_days w
JOIN persons p ON p.id = w.person_id
LEFT JOIN workout_activity_types a ON a.value = w.activity_type;

-- Workouts by week. A week has the date of its Monday.
CREATE VIEW workouts_per_week AS
SELECT
  person,
  date(day, 'weekday 0', '-6 days') AS week, -- local date of its Monday
  activity, -- such as running
  sum(workouts) AS workouts, -- their number
  sum(duration_s) AS duration_s,
  sum(energy_kcal) AS energy_kcal, -- kilocalories
  sum(distance_km) AS distance_km -- kilometres
FROM workouts_per_day GROUP BY person, week, activity;

-- Doses of a month that were due, and how many of them were taken.
CREATE VIEW medication_adherence_per_month AS
SELECT
  p.name AS person,
  substr(d.day, 1, 7) AS month, -- local month
  d.medication, -- as the phone names it
  sum(d.due) AS due, -- doses that were due
  sum(d.taken) AS taken, -- of these, taken
  sum(d.skipped) AS skipped, -- of these, skipped
  round(100.0 * sum(d.taken) / nullif(sum(d.due), 0), 1) AS percent, -- taken of those that were due
  sum(d.as_needed) AS as_needed -- taken without being due
FROM dose_days d
JOIN persons p ON p.id = d.person_id
GROUP BY p.name, substr(d.day, 1, 7), d.medication;
