//! See `healthsink_testkit::properties::decode`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::properties::decode::check);
