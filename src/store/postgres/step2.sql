-- From version 1 to 2. A new database has all of this from schema.sql.

CREATE INDEX uploads_id ON uploads (id);

CREATE INDEX changes_number ON changes (number);

CREATE INDEX source_groups_id ON source_groups (id);

ALTER TABLE activity_summaries ALTER COLUMN day TYPE text COLLATE "C";

ALTER TABLE days ALTER COLUMN day TYPE text COLLATE "C";

ALTER TABLE nights ALTER COLUMN night TYPE text COLLATE "C";

ALTER TABLE night_segments ALTER COLUMN night TYPE text COLLATE "C";

ALTER TABLE workout_days ALTER COLUMN day TYPE text COLLATE "C";

ALTER TABLE dose_days ALTER COLUMN day TYPE text COLLATE "C";

CREATE TABLE followers (
  name text NOT NULL,
  content bytea NOT NULL,
  written_at timestamptz NOT NULL,
  PRIMARY KEY (name)
);

-- What a token may send in a day, and what it has sent.
ALTER TABLE tokens
  ADD COLUMN bytes_per_day bigint,
  ADD COLUMN rejects_per_day bigint,
  ADD COLUMN used_day bigint NOT NULL DEFAULT 0,
  ADD COLUMN used_bytes bigint NOT NULL DEFAULT 0,
  ADD COLUMN used_rejects bigint NOT NULL DEFAULT 0;

-- Which persons have rows with a text.
CREATE TABLE person_sources (
  person_id bigint NOT NULL,
  source_id bigint NOT NULL REFERENCES sources (id),
  PRIMARY KEY (person_id, source_id)
);

CREATE INDEX person_sources_source ON person_sources (source_id);

INSERT INTO person_sources (person_id, source_id)
SELECT person_id, source_id FROM samples WHERE source_id IS NOT NULL
UNION SELECT person_id, source_id FROM workouts WHERE source_id IS NOT NULL
UNION SELECT person_id, source_id FROM workout_aliases WHERE source_id IS NOT NULL
UNION SELECT person_id, source_id FROM beat_lists WHERE source_id IS NOT NULL
UNION SELECT person_id, source_id FROM correlations WHERE source_id IS NOT NULL
UNION SELECT person_id, source_id FROM medication_doses WHERE source_id IS NOT NULL;

CREATE TABLE person_metadata (
  person_id bigint NOT NULL,
  metadata_id bigint NOT NULL REFERENCES shared_metadata (id),
  PRIMARY KEY (person_id, metadata_id)
);

CREATE INDEX person_metadata_metadata ON person_metadata (metadata_id);

INSERT INTO person_metadata (person_id, metadata_id)
SELECT DISTINCT person_id, metadata_id FROM samples WHERE metadata_id IS NOT NULL;

-- Counts persons that were erased, so that receivers notice that texts are gone.
CREATE SEQUENCE erasures;
