-- The tables of both rivals, as the users of such a receiver write them: one for each section, the uuid as a text key.
-- They keep less than healthsink does (no versions, no hardware, no unknown fields), and have no index on time:
-- both favour them.

CREATE TABLE IF NOT EXISTS samples (
    uuid TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    value REAL,
    unit TEXT,
    start_date TEXT NOT NULL,
    end_date TEXT,
    source_name TEXT,
    source_bundle TEXT,
    device_name TEXT,
    metadata TEXT
);

CREATE TABLE IF NOT EXISTS workouts (
    uuid TEXT PRIMARY KEY,
    activity_type INTEGER NOT NULL,
    start_date TEXT NOT NULL,
    end_date TEXT,
    duration_seconds REAL,
    energy_burned REAL,
    distance REAL,
    distance_unit TEXT,
    statistics TEXT,
    events TEXT,
    activities TEXT,
    metadata TEXT
);

-- Routes and their points carry no uuid: a point is known by its place in the upload.
CREATE TABLE IF NOT EXISTS route_points (
    workout_uuid TEXT NOT NULL,
    route INTEGER NOT NULL,
    position INTEGER NOT NULL,
    date TEXT NOT NULL,
    latitude REAL,
    longitude REAL,
    altitude REAL,
    speed REAL,
    course REAL,
    horizontal_accuracy REAL,
    vertical_accuracy REAL,
    PRIMARY KEY (workout_uuid, route, position)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS medication_doses (
    uuid TEXT PRIMARY KEY,
    medication_name TEXT,
    medication_nickname TEXT,
    schedule_type INTEGER,
    log_status INTEGER,
    dose_quantity REAL,
    unit TEXT,
    start_date TEXT NOT NULL,
    end_date TEXT,
    metadata TEXT
);

CREATE TABLE IF NOT EXISTS medications (
    display_text TEXT NOT NULL,
    general_form TEXT NOT NULL,
    nickname TEXT,
    is_archived INTEGER,
    has_schedule INTEGER,
    PRIMARY KEY (display_text, general_form)
);
