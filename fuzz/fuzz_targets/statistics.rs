//! See `healthsink_testkit::properties::statistics`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::properties::statistics::check);
