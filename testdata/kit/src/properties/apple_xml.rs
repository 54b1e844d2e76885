//! Apple's `export.xml`. An input is a recipe, as for `decode`: anything longer than a buffer is long.

use healthsink::import::Format;

use super::decode::cooked;
use super::reading;

/// Asserts the properties of `reading`.
pub fn check(recipe: &[u8]) {
    reading::check(Format::AppleXml, &cooked(recipe, reading::BODY_BYTES_MAX));
}
