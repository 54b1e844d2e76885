// The app's documented Express receiver, storing what it receives with better-sqlite3: a rival in scripts/compare.
// Written as a competent user would: the body parsed whole by express.json, prepared statements in one transaction.
// Environment: PORT, DATABASE (a file), BODY_LIMIT (bytes, or as "50mb").

"use strict";

const fs = require("node:fs");
const path = require("node:path");
const Database = require("better-sqlite3");
const express = require("express");

const PORT = Number(process.env.PORT ?? 3000);
const SPECIAL_SECTIONS = new Set(["workouts", "medicationDoseEvents", "medications"]);

const db = new Database(process.env.DATABASE ?? "health.db");
db.pragma("journal_mode = WAL");
// better-sqlite3 is compiled with NORMAL for WAL; a 200 has to survive a power cut here as it does in healthsink.
db.pragma("synchronous = FULL");
db.exec(fs.readFileSync(path.join(__dirname, "..", "schema.sql"), "utf8"));

const insertSample = db.prepare("INSERT OR IGNORE INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
const insertWorkout = db.prepare("INSERT OR IGNORE INTO workouts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
const insertPoint = db.prepare("INSERT OR IGNORE INTO route_points VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
const insertDose = db.prepare("INSERT OR IGNORE INTO medication_doses VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
const upsertMedication = db.prepare("INSERT OR REPLACE INTO medications VALUES (?, ?, ?, ?, ?)");

function json(value) {
  return value == null ? null : JSON.stringify(value);
}

function storeSamples(type, samples) {
  for (const s of samples) {
    const source = s.sourceRevision?.source;
    insertSample.run(
      s.uuid, type, s.value, s.unit, s.startDate, s.endDate,
      source?.name, source?.bundleIdentifier, s.device?.name, json(s.metadata),
    );
  }
}

function storeWorkouts(workouts) {
  for (const w of workouts) {
    insertWorkout.run(
      w.uuid, w.workoutActivityType, w.startDate, w.endDate, w.durationSeconds,
      w.totalEnergyBurned, w.totalDistance, w.totalDistanceUnit,
      json(w.allStatistics), json(w.events), json(w.activities), json(w.metadata),
    );
  }
}

function storeRoutes(workoutUuid, routes) {
  routes.forEach((route, routeIndex) => {
    (route.locations ?? []).forEach((p, position) => {
      insertPoint.run(
        workoutUuid, routeIndex, position, p.date, p.latitude, p.longitude, p.altitude,
        p.speed, p.course, p.horizontalAccuracy, p.verticalAccuracy,
      );
    });
  });
}

function storeDoses(doses) {
  for (const d of doses) {
    insertDose.run(
      d.uuid, d.medicationName, d.medicationNickname, d.scheduleType, d.logStatus,
      d.doseQuantity, d.unit, d.startDate, d.endDate, json(d.metadata),
    );
  }
}

function storeMedications(medications) {
  for (const m of medications) {
    upsertMedication.run(
      m.displayText, m.generalForm ?? "", m.nickname, Number(m.isArchived ?? false), Number(m.hasSchedule ?? false),
    );
  }
}

const storeUpload = db.transaction(({ data = {}, workoutRoutes = {} }) => {
  const { workouts = [], medicationDoseEvents: doses = [], medications = [] } = data;
  let measurements = 0;
  for (const [type, samples] of Object.entries(data)) {
    if (SPECIAL_SECTIONS.has(type)) continue;
    storeSamples(type, samples);
    measurements += samples.length;
  }
  storeWorkouts(workouts);
  storeDoses(doses);
  storeMedications(medications);
  for (const [workoutUuid, routes] of Object.entries(workoutRoutes)) storeRoutes(workoutUuid, routes);
  return { measurements, medications: doses.length, workouts: workouts.length };
});

const app = express();
app.use(express.json({ limit: process.env.BODY_LIMIT ?? "50mb" }));

app.post("/api/health-data", (req, res) => {
  const inserted = storeUpload(req.body);
  res.json({ ok: true, count: inserted.measurements + inserted.medications + inserted.workouts, inserted });
});

app.listen(PORT, "127.0.0.1", () => console.error(`listening on 127.0.0.1:${PORT}`));
