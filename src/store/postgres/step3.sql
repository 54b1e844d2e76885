-- From version 2 to 3. A new database has all of this from schema.sql.

-- Source groups know a sample of each source, so that they go when their samples do. All are met once more.
ALTER TABLE source_groups ADD COLUMN sources text NOT NULL DEFAULT '';

DELETE FROM derived_state;
