"""The app's documented Flask receiver, storing what it receives with sqlite3: a rival in scripts/compare.

Written as a competent user would: the whole body parsed by request.get_json, then executemany in one transaction.
Served by app.run as documented: waitress, measured beside it, was slower, since it spools the body in a file.
Environment: PORT, DATABASE (a file), BODY_LIMIT (bytes).
"""

import json
import os
import sqlite3
import threading
from pathlib import Path

from flask import Flask, jsonify, request

PORT = int(os.environ.get("PORT", "3000"))
SPECIAL_SECTIONS = {"workouts", "medicationDoseEvents", "medications"}


def open_database(path):
    """One connection for all of the server's threads; `write_lock` lets one of them in at a time."""
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.executescript((Path(__file__).parent.parent / "schema.sql").read_text())
    return connection


app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = int(os.environ.get("BODY_LIMIT", "50000000"))
database = open_database(os.environ.get("DATABASE", "health.db"))
write_lock = threading.Lock()


def as_json(value):
    return None if value is None else json.dumps(value)


def sample_rows(sample_type, samples):
    for s in samples:
        source = (s.get("sourceRevision") or {}).get("source") or {}
        yield (
            s["uuid"], sample_type, s.get("value"), s.get("unit"), s["startDate"], s.get("endDate"),
            source.get("name"), source.get("bundleIdentifier"), (s.get("device") or {}).get("name"),
            as_json(s.get("metadata")),
        )


def workout_rows(workouts):
    for w in workouts:
        yield (
            w["uuid"], w["workoutActivityType"], w["startDate"], w.get("endDate"), w.get("durationSeconds"),
            w.get("totalEnergyBurned"), w.get("totalDistance"), w.get("totalDistanceUnit"),
            as_json(w.get("allStatistics")), as_json(w.get("events")), as_json(w.get("activities")),
            as_json(w.get("metadata")),
        )


def point_rows(workout_routes):
    for workout_uuid, routes in workout_routes.items():
        for route_index, route in enumerate(routes):
            for position, p in enumerate(route.get("locations") or []):
                yield (
                    workout_uuid, route_index, position, p["date"], p.get("latitude"), p.get("longitude"),
                    p.get("altitude"), p.get("speed"), p.get("course"), p.get("horizontalAccuracy"),
                    p.get("verticalAccuracy"),
                )


def dose_rows(doses):
    for d in doses:
        yield (
            d["uuid"], d.get("medicationName"), d.get("medicationNickname"), d.get("scheduleType"),
            d.get("logStatus"), d.get("doseQuantity"), d.get("unit"), d["startDate"], d.get("endDate"),
            as_json(d.get("metadata")),
        )


def medication_rows(medications):
    for m in medications:
        yield (
            m["displayText"], m.get("generalForm") or "", m.get("nickname"), m.get("isArchived"), m.get("hasSchedule")
        )


def insert(verb, table, columns, rows):
    placeholders = ", ".join("?" * columns)
    database.executemany(f"{verb} INTO {table} VALUES ({placeholders})", rows)


def store_upload(payload):
    """Everything in one transaction; answers how many records of each kind the upload held."""
    data = payload.get("data") or {}
    workouts = data.get("workouts") or []
    doses = data.get("medicationDoseEvents") or []
    measurements = 0
    with write_lock, database:
        for sample_type, samples in data.items():
            if sample_type in SPECIAL_SECTIONS:
                continue
            insert("INSERT OR IGNORE", "samples", 10, sample_rows(sample_type, samples))
            measurements += len(samples)
        insert("INSERT OR IGNORE", "workouts", 12, workout_rows(workouts))
        insert("INSERT OR IGNORE", "medication_doses", 10, dose_rows(doses))
        insert("INSERT OR REPLACE", "medications", 5, medication_rows(data.get("medications") or []))
        insert("INSERT OR IGNORE", "route_points", 11, point_rows(payload.get("workoutRoutes") or {}))
    return {"measurements": measurements, "medications": len(doses), "workouts": len(workouts)}


@app.route("/api/health-data", methods=["POST"])
def receive_health_data():
    inserted = store_upload(request.get_json())
    return jsonify({"ok": True, "count": sum(inserted.values()), "inserted": inserted})


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=PORT)
