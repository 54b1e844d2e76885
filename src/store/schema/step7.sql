-- From version 6 to 7. A new database has all of this from tables.sql.

-- Doses by when they were due.
CREATE INDEX medication_doses_due ON medication_doses (person_id, coalesce(scheduled_ms, start_ms));
