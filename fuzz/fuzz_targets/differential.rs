//! See `healthsink_testkit::properties::differential`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::properties::differential::check);
