-- Makes version 2 from the empty tables of version 3.

DROP TABLE changes;
DROP TABLE derived_state;
DROP TABLE zones;
DROP TABLE zone_changes;
DROP TABLE zone_entries;
DROP TABLE home_zones;
DROP TABLE source_groups;
DROP TABLE source_orders;
DROP TABLE sample_lengths;
DROP TABLE shadowed_samples;
DROP TABLE missing_samples;
DROP TABLE days;
DROP TABLE hours;
DROP TABLE nights;
DROP TABLE night_segments;
DROP TABLE workout_days;
DROP TABLE dose_days;
