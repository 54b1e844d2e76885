//! See `healthsink_testkit::properties::auto_export`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::properties::auto_export::check);
