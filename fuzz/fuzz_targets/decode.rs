//! See `healthsink_fuzz::decode`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::decode::check);
