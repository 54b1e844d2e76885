-- From version 5 to 6. A new database has all of this from tables.sql.

-- Sessions of browsers. Each was begun with a token or with a code of it, and ends with that token. `digest` is the BLAKE3 digest of
-- the session's id; the id itself is only in the browser.
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY,
  token_id INTEGER NOT NULL REFERENCES tokens (id),
  digest BLOB NOT NULL UNIQUE,
  created_ms INTEGER NOT NULL,
  -- To the hour.
  last_used_ms INTEGER NOT NULL,
  -- From this time on it is refused; each use moves it.
  expires_ms INTEGER NOT NULL
) STRICT;

-- Codes that begin one session each, with the token that they are of. `digest` is the BLAKE3 digest of a code.
CREATE TABLE sign_in_codes (
  digest BLOB PRIMARY KEY NOT NULL,
  token_id INTEGER NOT NULL REFERENCES tokens (id),
  -- From this time on it is refused.
  expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
