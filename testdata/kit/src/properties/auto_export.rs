//! JSON of Health Auto Export.

use healthsink::import::Format;

use super::reading;

/// Asserts what `reading` says.
pub fn check(body: &[u8]) {
    reading::check(Format::AutoExport, body);
}
