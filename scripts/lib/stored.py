"""What a receiver really stored, asked from its database after it has ended."""

import sqlite3
from contextlib import closing

# healthsink and both rivals call these tables alike, and so does the generator in its counts.
TABLES = ("samples", "workouts", "medication_doses", "route_points")


def checkpoint(database):
    """Moves the write-ahead log into the database, so that its size is the whole size."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def row_counts(database):
    with closing(sqlite3.connect(database)) as connection:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


def difference(stored, expected):
    """What is missing or too much, as text; None if the counts are the same."""
    wrong = [f"{stored[t]:,} of {expected[t]:,} {t}" for t in TABLES if stored[t] != expected[t]]
    return "stored " + ", ".join(wrong) if wrong else None


def remove_database(database):
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
