-- From version 3 to 4. A new database has all of this from tables.sql.

-- From this time on a token is refused; NULL if it does not expire.
ALTER TABLE tokens ADD COLUMN expires_ms INTEGER;
