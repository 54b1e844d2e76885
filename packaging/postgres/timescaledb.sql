-- Cuts the samples into months, on TimescaleDB. Run once after `healthsink migrate`, before the first upload:
--   psql -v ON_ERROR_STOP=1 -f timescaledb.sql "postgres://health@db.example.com/health"
-- Chunks of the default length of a week would be too many for years.

SELECT create_hypertable('samples', 'start_at', chunk_time_interval => interval '1 month', create_default_indexes => false);
SELECT create_hypertable('route_points', 'time_at', chunk_time_interval => interval '1 month', create_default_indexes => false);
