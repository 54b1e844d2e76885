-- Makes version 4 from the empty tables of version 5. `check` compares databases of version 4 with it, and tests migrate them.

ALTER TABLE tokens DROP COLUMN all_people;
ALTER TABLE tokens DROP COLUMN scope;
