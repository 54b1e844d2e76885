//! See `healthsink_fuzz::auto_export`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::auto_export::check);
