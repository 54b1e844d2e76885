-- From version 7 to 8. A new database has all of this from tables.sql.

-- Source groups know a sample of each source, so that they go when their samples do. All are met once more.
ALTER TABLE source_groups ADD COLUMN sources TEXT NOT NULL DEFAULT '';
DELETE FROM derived_state;
