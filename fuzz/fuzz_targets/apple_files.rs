//! See `healthsink_testkit::properties::apple_files`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::properties::apple_files::check);
