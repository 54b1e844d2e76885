-- Makes version 7 from the empty tables of version 8. `check` compares databases of version 7 with it, and tests migrate them.

ALTER TABLE source_groups DROP COLUMN sources;
