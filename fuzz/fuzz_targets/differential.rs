//! See `healthsink_fuzz::differential`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::differential::check);
