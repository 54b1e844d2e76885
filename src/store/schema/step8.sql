-- From version 7 to 8. A new database has all of this from tables.sql.

-- Source groups know a sample of each source, so that they go when their samples do. All are met once more.
ALTER TABLE source_groups ADD COLUMN sources TEXT NOT NULL DEFAULT '';
DELETE FROM derived_state;

-- Readers of samples ask here whether some have a time of creation. Version 1 did not count.
UPDATE import_numbers SET last = 1 WHERE last = 0 AND EXISTS (SELECT 1 FROM samples WHERE creation_ms IS NOT NULL);
