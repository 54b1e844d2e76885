-- Makes version 5 from the empty tables of version 6. `check` compares databases of version 5 with it, and tests migrate them.

DROP TABLE sign_in_codes;
DROP TABLE sessions;
