//! See `healthsink_testkit::properties::http`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::properties::http::check);
