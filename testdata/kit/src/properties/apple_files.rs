//! The files beside `export.xml`: routes, electrocardiograms, clinical records. The first byte selects one of them:
//! `g`, `e`, `c`. The rest is a recipe, as for `decode`.

use healthsink::import::Format;

use super::decode::cooked;
use super::reading;

/// Asserts the properties of `reading`.
pub fn check(input: &[u8]) {
    let Some((kind, recipe)) = input.split_first() else {
        return;
    };
    let format = match kind % 3 {
        0 => Format::Fhir,
        1 => Format::Gpx,
        _ => Format::Ecg,
    };
    reading::check(format, &cooked(recipe, reading::BODY_BYTES_MAX));
}
