"""What a receiver has stored, from its database after its end."""

import sqlite3
from contextlib import closing

# The names of these tables in healthsink, in both rivals, and in the generator's counts.
TABLES = ("samples", "workouts", "medication_doses", "route_points")


def checkpoint(database):
    """Moves the WAL into the database, so that its size is the whole size."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def row_counts(database):
    with closing(sqlite3.connect(database)) as connection:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


def difference(stored, expected):
    """Returns what is missing or too much, as text, or None."""
    wrong = [f"{stored[t]:,} of {expected[t]:,} {t}" for t in TABLES if stored[t] != expected[t]]
    return "stored " + ", ".join(wrong) if wrong else None


def remove_database(database):
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
