// The app's documented Express receiver, storing what it receives in PostgreSQL with pg: a rival in scripts/compare.
// Written as a competent user would: the body parsed whole by express.json, rows in statements with many VALUES, one
// transaction for each upload. A statement has at most 65,535 parameters.
// Environment: PORT, DATABASE (an address), BODY_LIMIT (bytes, or as "50mb").

"use strict";

const express = require("express");
const { Pool } = require("pg");

const PORT = Number(process.env.PORT ?? 3000);
const ROWS_PER_STATEMENT = 1000;
const SPECIAL_SECTIONS = new Set(["workouts", "medicationDoseEvents", "medications"]);

// The tables of the other rivals, in PostgreSQL's types.
const SCHEMA = `
CREATE TABLE IF NOT EXISTS samples (
  uuid uuid PRIMARY KEY, type text NOT NULL, value double precision, unit text, start_date timestamptz NOT NULL,
  end_date timestamptz, source_name text, source_bundle text, device_name text, metadata jsonb);
CREATE TABLE IF NOT EXISTS workouts (
  uuid uuid PRIMARY KEY, activity_type integer NOT NULL, start_date timestamptz NOT NULL, end_date timestamptz,
  duration_seconds double precision, energy_burned double precision, distance double precision, distance_unit text,
  statistics jsonb, events jsonb, activities jsonb, metadata jsonb);
CREATE TABLE IF NOT EXISTS route_points (
  workout_uuid uuid NOT NULL, route integer NOT NULL, position integer NOT NULL, date timestamptz NOT NULL,
  latitude double precision, longitude double precision, altitude double precision, speed double precision,
  course double precision, horizontal_accuracy double precision, vertical_accuracy double precision,
  PRIMARY KEY (workout_uuid, route, position));
CREATE TABLE IF NOT EXISTS medication_doses (
  uuid uuid PRIMARY KEY, medication_name text, medication_nickname text, schedule_type integer, log_status integer,
  dose_quantity double precision, unit text, start_date timestamptz NOT NULL, end_date timestamptz, metadata jsonb);
CREATE TABLE IF NOT EXISTS medications (
  display_text text NOT NULL, general_form text NOT NULL, nickname text, is_archived boolean, has_schedule boolean,
  PRIMARY KEY (display_text, general_form));`;

const pool = new Pool({ connectionString: process.env.DATABASE, max: 8 });

function json(value) {
  return value == null ? null : JSON.stringify(value);
}

async function insert(client, table, rows) {
  for (let first = 0; first < rows.length; first += ROWS_PER_STATEMENT) {
    const some = rows.slice(first, first + ROWS_PER_STATEMENT);
    let place = 0;
    const values = some.map((row) => `(${row.map(() => `$${++place}`).join(", ")})`).join(", ");
    await client.query(`INSERT INTO ${table} VALUES ${values} ON CONFLICT DO NOTHING`, some.flat());
  }
}

function samplesOf(type, samples) {
  return samples.map((s) => {
    const source = s.sourceRevision?.source;
    return [
      s.uuid, type, s.value, s.unit, s.startDate, s.endDate,
      source?.name, source?.bundleIdentifier, s.device?.name, json(s.metadata),
    ];
  });
}

function workoutsOf(workouts) {
  return workouts.map((w) => [
    w.uuid, w.workoutActivityType, w.startDate, w.endDate, w.durationSeconds,
    w.totalEnergyBurned, w.totalDistance, w.totalDistanceUnit,
    json(w.allStatistics), json(w.events), json(w.activities), json(w.metadata),
  ]);
}

function pointsOf(workoutUuid, routes) {
  return routes.flatMap((route, routeIndex) =>
    (route.locations ?? []).map((p, position) => [
      workoutUuid, routeIndex, position, p.date, p.latitude, p.longitude, p.altitude,
      p.speed, p.course, p.horizontalAccuracy, p.verticalAccuracy,
    ]));
}

function dosesOf(doses) {
  return doses.map((d) => [
    d.uuid, d.medicationName, d.medicationNickname, d.scheduleType, d.logStatus,
    d.doseQuantity, d.unit, d.startDate, d.endDate, json(d.metadata),
  ]);
}

async function storeUpload({ data = {}, workoutRoutes = {} }) {
  const { workouts = [], medicationDoseEvents: doses = [], medications = [] } = data;
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    let measurements = 0;
    for (const [type, samples] of Object.entries(data)) {
      if (SPECIAL_SECTIONS.has(type)) continue;
      await insert(client, "samples", samplesOf(type, samples));
      measurements += samples.length;
    }
    await insert(client, "workouts", workoutsOf(workouts));
    await insert(client, "medication_doses", dosesOf(doses));
    await insert(client, "medications", medications.map((m) => [
      m.displayText, m.generalForm ?? "", m.nickname, m.isArchived ?? false, m.hasSchedule ?? false,
    ]));
    for (const [workoutUuid, routes] of Object.entries(workoutRoutes)) {
      await insert(client, "route_points", pointsOf(workoutUuid, routes));
    }
    await client.query("COMMIT");
    return { measurements, medications: doses.length, workouts: workouts.length };
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}

const app = express();
app.use(express.json({ limit: process.env.BODY_LIMIT ?? "50mb" }));

app.post("/api/health-data", async (req, res) => {
  const inserted = await storeUpload(req.body);
  res.json({ ok: true, count: inserted.measurements + inserted.medications + inserted.workouts, inserted });
});

pool.query(SCHEMA).then(() => app.listen(PORT, "127.0.0.1", () => console.error(`listening on 127.0.0.1:${PORT}`)));
