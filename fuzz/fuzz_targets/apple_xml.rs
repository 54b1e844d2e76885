//! See `healthsink_testkit::properties::apple_xml`.

#![cfg_attr(fuzzing, no_main)]

healthsink_fuzz::target!(healthsink_fuzz::properties::apple_xml::check);
