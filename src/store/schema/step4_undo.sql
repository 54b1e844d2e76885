-- Makes version 3 from the empty tables of version 4. `check` compares databases of version 3 with it, and tests migrate them.

ALTER TABLE tokens DROP COLUMN expires_ms;
