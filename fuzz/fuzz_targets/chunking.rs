//! See `healthsink_testkit::properties::chunking`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::properties::chunking::check);
