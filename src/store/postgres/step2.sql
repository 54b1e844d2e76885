CREATE INDEX uploads_id ON uploads (id);

CREATE INDEX changes_number ON changes (number);

CREATE TABLE followers (
  name text NOT NULL,
  content bytea NOT NULL,
  written_at timestamptz NOT NULL,
  PRIMARY KEY (name)
);
