//! `clinical-records/*.json`: FHIR resources, kept whole.

use std::io::{self, Read};
use std::ops::Range;

use crate::formats::flaw::Flaw;
use crate::formats::output::{Location, Output};
use crate::model::error::{Result, from_io};
use crate::model::limits::{BATCH_TEXT_LARGE_BYTES, CLINICAL_FILE_BYTES_MAX, READ_BUFFER_BYTES};

/// Reads a resource, and rejects one that is too long or not JSON. Adds the bytes of the file to `bytes`.
pub(super) fn read(file: &str, source: impl Read, bytes: &mut u64, output: &mut Output<'_>) -> Result<()> {
    let mut text = read_bounded(source).map_err(|error| from_io(error).at(None, Some(file), None))?;
    *bytes += text.len() as u64;
    match json_in(&text) {
        Ok(json) => {
            if text.len() >= BATCH_TEXT_LARGE_BYTES && !output.batch.is_empty() {
                output.hand_over()?;
            }
            text.truncate(json.end);
            text.drain(..json.start);
            // `json_in` found that it is UTF-8.
            output.keep("clinical-records", String::from_utf8(text).unwrap_or_default());
            output.hand_over_if_full()
        }
        Err(flaw) => {
            let location = Location { section: file, part: "", index: None, offset: 0 };
            output.reject(location, &flaw, text.as_slice().into())
        }
    }
}

/// Reads a file, or one byte more than it may have.
fn read_bounded(source: impl Read) -> io::Result<Vec<u8>> {
    let mut source = source.take(CLINICAL_FILE_BYTES_MAX as u64 + 1);
    let mut text = Vec::with_capacity(READ_BUFFER_BYTES);
    let mut chunk = vec![0; READ_BUFFER_BYTES];
    loop {
        match source.read(&mut chunk) {
            Ok(0) => return Ok(text),
            Ok(bytes) => {
                // Reserves for the longest file at once: doubling would leave as much again behind, and memory that
                // nobody writes to costs nothing.
                if text.capacity() - text.len() < bytes {
                    text.reserve_exact(CLINICAL_FILE_BYTES_MAX + READ_BUFFER_BYTES - text.len());
                }
                text.extend_from_slice(&chunk[..bytes]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Where the JSON is in a file. Its text is kept as it is: a decimal's last zero says how precise it is.
fn json_in(text: &[u8]) -> Result<Range<usize>, Flaw> {
    if text.len() > CLINICAL_FILE_BYTES_MAX {
        return Err(Flaw::TooLong(CLINICAL_FILE_BYTES_MAX as u64));
    }
    let whole = std::str::from_utf8(text).map_err(|_| Flaw::NotUtf8)?;
    let json = whole.trim_start_matches('\u{feff}').trim_ascii();
    serde_json::from_str::<serde::de::IgnoredAny>(json).map_err(|error| Flaw::NotJson(error.to_string()))?;
    let start = json.as_ptr() as usize - whole.as_ptr() as usize;
    Ok(start..start + json.len())
}
