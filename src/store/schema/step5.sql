-- From version 4 to 5. A new database has all of this from tables.sql.

-- What a token allows: send, read, or admin, which is both.
ALTER TABLE tokens ADD COLUMN scope TEXT NOT NULL DEFAULT 'send';

-- 1 if it reads the data of all persons, 0 if only its person's.
ALTER TABLE tokens ADD COLUMN all_people INTEGER NOT NULL DEFAULT 0;
