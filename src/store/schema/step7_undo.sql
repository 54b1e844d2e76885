-- Makes version 6 from the empty tables of version 7. `check` compares databases of version 6 with it, and tests migrate them.

DROP INDEX medication_doses_due;
