-- Makes version 6 from the empty tables of version 7. `check` compares databases of version 6 with it, and tests migrate them.

DROP INDEX medication_doses_due;
ALTER TABLE tokens DROP COLUMN used_rejects;
ALTER TABLE tokens DROP COLUMN used_bytes;
ALTER TABLE tokens DROP COLUMN used_day;
ALTER TABLE tokens DROP COLUMN rejects_per_day;
ALTER TABLE tokens DROP COLUMN bytes_per_day;
