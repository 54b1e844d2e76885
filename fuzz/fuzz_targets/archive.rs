//! See `healthsink_testkit::properties::archive`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::properties::archive::check);
