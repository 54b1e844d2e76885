//! JSON of Health Auto Export.

use healthsink::import::Format;

use super::reading;

/// Asserts the properties of `reading`.
pub fn check(body: &[u8]) {
    reading::check(Format::AutoExport, body);
}
