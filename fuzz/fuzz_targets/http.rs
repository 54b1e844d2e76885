//! See `healthsink_fuzz::http`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::http::check);
