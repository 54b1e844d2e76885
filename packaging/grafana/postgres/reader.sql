-- A user that Grafana reads with: figures, samples and the ledger, no tokens, and nothing that it could change. Run it as the owner
-- of the tables, after `healthsink migrate`, as often as you like:
--   POSTGRES_READER_PASSWORD=… psql --set=ON_ERROR_STOP=1 --file=reader.sql --file=activities.sql ADDRESS
-- It needs psql 15 or later.
\getenv password POSTGRES_READER_PASSWORD

SELECT 'CREATE ROLE grafana LOGIN' WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'grafana') \gexec

ALTER ROLE grafana WITH LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
ALTER ROLE grafana SET default_transaction_read_only = on;
-- A panel over ten years is slow. It must not hold up the receivers.
ALTER ROLE grafana SET statement_timeout = '20s';

CREATE SCHEMA IF NOT EXISTS grafana;
GRANT USAGE ON SCHEMA public, grafana TO grafana;
GRANT SELECT ON persons, types, units, sources, source_groups, samples, workouts, workout_aliases, route_points, medication_doses, uploads,
  rejects, changes, derived_state, zones, days, hours, nights, night_segments, workout_days, dose_days TO grafana;

-- Names of HealthKit's numbers of activities. activities.sql fills it.
CREATE TABLE IF NOT EXISTS grafana.workout_activity_types (
  value bigint PRIMARY KEY,
  name text NOT NULL
);

GRANT SELECT ON grafana.workout_activity_types TO grafana;
