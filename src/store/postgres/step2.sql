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
