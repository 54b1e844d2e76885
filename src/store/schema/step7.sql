-- From version 6 to 7. A new database has all of this from tables.sql.

-- Doses by when they were due.
CREATE INDEX medication_doses_due ON medication_doses (person_id, coalesce(scheduled_ms, start_ms));

-- What a token may send in a day, and what it has sent.
ALTER TABLE tokens ADD COLUMN bytes_per_day INTEGER;
ALTER TABLE tokens ADD COLUMN rejects_per_day INTEGER;
ALTER TABLE tokens ADD COLUMN used_day INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN used_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN used_rejects INTEGER NOT NULL DEFAULT 0;
