//! See `healthsink_fuzz::apple_files`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::apple_files::check);
