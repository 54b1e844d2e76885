-- Distributes the tables by person, on Citus. Run once on the coordinator, after `healthsink migrate`:
--   psql -v ON_ERROR_STOP=1 -f citus.sql "postgres://health@db.example.com/health"
-- Small tables are on every node, and all rows of a person are on one.

SELECT create_reference_table('persons');
SELECT create_reference_table('tokens');
SELECT create_reference_table('sessions');
SELECT create_reference_table('sign_in_codes');
SELECT create_reference_table('types');
SELECT create_reference_table('units');
SELECT create_reference_table('sources');
SELECT create_reference_table('shared_metadata');
SELECT create_reference_table('zones');
SELECT create_reference_table('followers');
SELECT create_reference_table('healthsink_version');

-- All others have the column `person_id`.
SELECT create_distributed_table(c.oid::regclass::text, 'person_id')
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'person_id'
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname <> 'tokens'
ORDER BY c.relname;
