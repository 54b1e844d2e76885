-- Views by the names that people look for, with readable times (UTC). The tables have more columns. A view that leaves out rows
-- says so here.

CREATE VIEW sample_details AS
SELECT
  p.name AS person,
  t.name AS type,
  strftime('%Y-%m-%dT%H:%M:%fZ', s.start_ms / 1000.0, 'unixepoch') AS start,
  strftime('%Y-%m-%dT%H:%M:%fZ', s.end_ms / 1000.0, 'unixepoch') AS "end",
  s.value,
  u.name AS unit,
  o.name AS source,
  o.product_type,
  coalesce(m.json, s.metadata, l.metadata) AS metadata,
  iif(l.id IS NULL, s.other, l.other) AS other,
  upper(substr(hex(s.uuid), 1, 8) || '-' || substr(hex(s.uuid), 9, 4) || '-' || substr(hex(s.uuid), 13, 4) || '-' || substr(hex(s.uuid), 17, 4) || '-' || substr(hex(s.uuid), 21)) AS uuid,
  s.start_ms,
  s.end_ms
FROM persons p
CROSS JOIN types t
JOIN samples s ON s.person_id = p.id AND s.type_id = t.id
LEFT JOIN units u ON u.id = s.unit_id
LEFT JOIN sources o ON o.id = s.source_id
LEFT JOIN shared_metadata m ON m.id = s.metadata_id
LEFT JOIN long_texts l ON l.id = CAST(s.other AS INTEGER);

CREATE VIEW heart_rate AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierHeartRate';

CREATE VIEW resting_heart_rate AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierRestingHeartRate';

CREATE VIEW walking_heart_rate_average AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierWalkingHeartRateAverage';

CREATE VIEW heart_rate_variability AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierHeartRateVariabilitySDNN';

CREATE VIEW steps AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierStepCount';

CREATE VIEW distance_walking_running AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierDistanceWalkingRunning';

CREATE VIEW distance_cycling AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierDistanceCycling';

CREATE VIEW flights_climbed AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierFlightsClimbed';

CREATE VIEW active_energy AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierActiveEnergyBurned';

CREATE VIEW basal_energy AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierBasalEnergyBurned';

CREATE VIEW exercise_time AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierAppleExerciseTime';

CREATE VIEW stand_time AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierAppleStandTime';

CREATE VIEW oxygen_saturation AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierOxygenSaturation';

CREATE VIEW respiratory_rate AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierRespiratoryRate';

CREATE VIEW body_temperature AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierBodyTemperature';

CREATE VIEW sleeping_wrist_temperature AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierAppleSleepingWristTemperature';

CREATE VIEW body_mass AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierBodyMass';

CREATE VIEW body_fat_percentage AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierBodyFatPercentage';

CREATE VIEW height AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierHeight';

CREATE VIEW vo2_max AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierVO2Max';

CREATE VIEW blood_pressure_systolic AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierBloodPressureSystolic';

CREATE VIEW blood_pressure_diastolic AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierBloodPressureDiastolic';

CREATE VIEW blood_glucose AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierBloodGlucose';

CREATE VIEW dietary_energy AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierDietaryEnergyConsumed';

CREATE VIEW dietary_water AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierDietaryWater';

CREATE VIEW dietary_caffeine AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierDietaryCaffeine';

CREATE VIEW audio_exposure AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierEnvironmentalAudioExposure';

CREATE VIEW time_in_daylight AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierTimeInDaylight';

CREATE VIEW walking_speed AS
SELECT person, start, "end", value, unit, source, metadata, uuid, start_ms, end_ms
FROM sample_details WHERE type = 'HKQuantityTypeIdentifierWalkingSpeed';

CREATE VIEW category_details AS
SELECT d.person, d.type, d.start, d."end", (d.end_ms - d.start_ms) / 1000.0 AS duration_s, d.value, c.name, d.source, d.metadata,
  d.uuid, d.start_ms, d.end_ms
FROM sample_details d
LEFT JOIN category_values c ON c.type = d.type AND c.value = d.value
WHERE d.type GLOB 'HKCategoryTypeIdentifier*';

-- `inBed` overlaps the other stages: add up only the asleep stages. Several sources may report the same night.
CREATE VIEW sleep AS
SELECT person, start, "end", duration_s, name AS stage, value, source, metadata, uuid, start_ms, end_ms
FROM category_details WHERE type = 'HKCategoryTypeIdentifierSleepAnalysis';

CREATE VIEW stand_hours AS
SELECT person, start, "end", name AS state, value, source, uuid, start_ms, end_ms
FROM category_details WHERE type = 'HKCategoryTypeIdentifierAppleStandHour';

CREATE VIEW mindful_sessions AS
SELECT person, start, "end", duration_s, source, uuid, start_ms, end_ms
FROM category_details WHERE type = 'HKCategoryTypeIdentifierMindfulSession';

-- One row for each source: a phone and a watch count the same steps, so never add up their sums.
CREATE VIEW steps_by_day AS
SELECT person, date(start_ms / 1000, 'unixepoch') AS day, source, sum(value) AS steps, count(*) AS samples
FROM steps GROUP BY person, day, source;

CREATE VIEW workout_details AS
SELECT
  p.name AS person,
  a.name AS activity,
  w.activity_type,
  strftime('%Y-%m-%dT%H:%M:%fZ', w.start_ms / 1000.0, 'unixepoch') AS start,
  strftime('%Y-%m-%dT%H:%M:%fZ', w.end_ms / 1000.0, 'unixepoch') AS "end",
  w.duration_s,
  w.energy_kcal,
  w.distance,
  w.distance_unit,
  o.name AS source,
  w.statistics,
  w.events,
  w.activities,
  w.metadata,
  w.other,
  upper(substr(hex(w.uuid), 1, 8) || '-' || substr(hex(w.uuid), 9, 4) || '-' || substr(hex(w.uuid), 13, 4) || '-' || substr(hex(w.uuid), 17, 4) || '-' || substr(hex(w.uuid), 21)) AS uuid,
  w.start_ms,
  w.end_ms
FROM workouts w
JOIN persons p ON p.id = w.person_id
LEFT JOIN workout_activity_types a ON a.value = w.activity_type
LEFT JOIN sources o ON o.id = w.source_id;

CREATE VIEW workouts_by_day AS
SELECT person, date(start_ms / 1000, 'unixepoch') AS day, activity, count(*) AS workouts, sum(duration_s) AS duration_s,
  sum(energy_kcal) AS energy_kcal
FROM workout_details GROUP BY person, day, activity;

-- HealthKit writes -1 for a speed or course that is not valid. It is NULL here; the table has it as sent.
-- In the order of the file: ORDER BY time_ms, route, place.
CREATE VIEW route_details AS
SELECT
  p.name AS person,
  upper(substr(hex(coalesce(a.uuid, r.workout)), 1, 8) || '-' || substr(hex(coalesce(a.uuid, r.workout)), 9, 4) || '-' || substr(hex(coalesce(a.uuid, r.workout)), 13, 4) || '-' || substr(hex(coalesce(a.uuid, r.workout)), 17, 4) || '-' || substr(hex(coalesce(a.uuid, r.workout)), 21)) AS workout,
  r.route,
  strftime('%Y-%m-%dT%H:%M:%fZ', r.time_ms / 1000.0, 'unixepoch') AS time,
  r.latitude,
  r.longitude,
  r.altitude_m,
  nullif(r.speed_m_s, -1.0) AS speed_m_s,
  nullif(r.course_deg, -1.0) AS course_deg,
  r.horizontal_accuracy_m,
  r.vertical_accuracy_m,
  r.place,
  r.time_ms
FROM route_points r
JOIN persons p ON p.id = r.person_id
LEFT JOIN workout_aliases a ON a.person_id = r.person_id AND a.derived = r.workout;

CREATE VIEW medication_log AS
SELECT
  p.name AS person,
  d.medication,
  d.nickname,
  CASE d.log_status
    WHEN 1 THEN 'notInteracted' WHEN 2 THEN 'notificationNotSent' WHEN 3 THEN 'snoozed'
    WHEN 4 THEN 'taken' WHEN 5 THEN 'skipped' WHEN 6 THEN 'notLogged'
  END AS status,
  d.log_status,
  d.quantity,
  d.unit,
  strftime('%Y-%m-%dT%H:%M:%fZ', d.start_ms / 1000.0, 'unixepoch') AS start,
  strftime('%Y-%m-%dT%H:%M:%fZ', d.scheduled_ms / 1000.0, 'unixepoch') AS scheduled,
  d.start_ms
FROM medication_doses d
JOIN persons p ON p.id = d.person_id;

-- Only the doses that were logged as taken.
CREATE VIEW medication_intakes AS
SELECT person, medication, nickname, quantity, unit, start, start_ms FROM medication_log WHERE log_status = 4;

CREATE VIEW upload_details AS
SELECT
  u.id,
  p.name AS person,
  u.state,
  u.origin,
  u.sender,
  u.token_id,
  strftime('%Y-%m-%dT%H:%M:%fZ', u.started_ms / 1000.0, 'unixepoch') AS started,
  strftime('%Y-%m-%dT%H:%M:%fZ', u.finished_ms / 1000.0, 'unixepoch') AS finished,
  u.sync_source,
  strftime('%Y-%m-%dT%H:%M:%fZ', u.start_ms / 1000.0, 'unixepoch') AS range_start,
  strftime('%Y-%m-%dT%H:%M:%fZ', u.end_ms / 1000.0, 'unixepoch') AS range_end,
  u.body_bytes,
  u.measurements + u.medications + u.workouts + u.other AS records,
  u.route_points,
  u.new,
  u.updated,
  u.unchanged,
  u.merged,
  u.rejected,
  u.error
FROM uploads u
JOIN persons p ON p.id = u.person_id;

-- Both members of a blood pressure in one row.
CREATE VIEW blood_pressure AS
SELECT
  p.name AS person,
  strftime('%Y-%m-%dT%H:%M:%fZ', c.start_ms / 1000.0, 'unixepoch') AS start,
  max(iif(m.value ->> '$.type' = 'HKQuantityTypeIdentifierBloodPressureSystolic', m.value ->> '$.value', NULL)) AS systolic,
  max(iif(m.value ->> '$.type' = 'HKQuantityTypeIdentifierBloodPressureDiastolic', m.value ->> '$.value', NULL)) AS diastolic,
  max(m.value ->> '$.unit') AS unit,
  o.name AS source,
  c.metadata,
  c.start_ms
FROM correlations c
JOIN persons p ON p.id = c.person_id
JOIN json_each(c.members) m
LEFT JOIN sources o ON o.id = c.source_id
WHERE c.type = 'HKCorrelationTypeIdentifierBloodPressure'
GROUP BY c.person_id, c.type, c.start_ms, c.uuid;

-- One row for each beat of `beat_lists`. `time` is as Apple writes it, in the phone's zone and language.
CREATE VIEW heart_beats AS
SELECT p.name AS person, strftime('%Y-%m-%dT%H:%M:%fZ', b.start_ms / 1000.0, 'unixepoch') AS start, e.key AS beat,
  e.value ->> '$.bpm' AS bpm, e.value ->> '$.time' AS time, o.name AS source, b.start_ms
FROM beat_lists b
JOIN persons p ON p.id = b.person_id
JOIN json_each(b.beats) e
LEFT JOIN sources o ON o.id = b.source_id;

CREATE VIEW activity_rings AS
SELECT p.name AS person, a.day, a.active_energy, a.active_energy_goal, a.energy_unit, a.move_min, a.move_goal_min,
  a.exercise_min, a.exercise_goal_min, a.stand_hours, a.stand_goal_hours
FROM activity_summaries a
JOIN persons p ON p.id = a.person_id;

CREATE VIEW ecg AS
SELECT p.name AS person, strftime('%Y-%m-%dT%H:%M:%fZ', e.start_ms / 1000.0, 'unixepoch') AS start, e.classification,
  e.rate_hz, e.unit, json_array_length(e.voltages) AS samples, e.voltages, e.header, e.start_ms
FROM electrocardiograms e
JOIN persons p ON p.id = e.person_id;
