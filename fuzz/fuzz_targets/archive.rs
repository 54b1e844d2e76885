//! See `healthsink_fuzz::archive`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::archive::check);
