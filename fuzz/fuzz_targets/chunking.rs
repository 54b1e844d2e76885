//! See `healthsink_fuzz::chunking`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::chunking::check);
