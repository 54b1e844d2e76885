//! See `healthsink_fuzz::apple_xml`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::apple_xml::check);
