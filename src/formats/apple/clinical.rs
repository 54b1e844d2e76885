//! `clinical-records/*.json`: FHIR resources, kept whole.

use std::io::{self, Read};

use super::Reader;
use super::summary::keep_owned;
use crate::formats::output::{Output, Place};
use crate::model::error::{Result, from_io};
use crate::model::limits::{BATCH_TEXT_LARGE_BYTES, CLINICAL_FILE_BYTES_MAX, READ_BUFFER_BYTES};

impl Reader<'_> {
    /// Reads a resource; one that is too long or no JSON is rejected.
    pub(crate) fn clinical(&mut self, path: &str, source: impl Read, output: &mut Output<'_>) -> Result<()> {
        let mut source = source.take(CLINICAL_FILE_BYTES_MAX as u64 + 1);
        let mut text = Vec::with_capacity(READ_BUFFER_BYTES);
        let mut chunk = vec![0; READ_BUFFER_BYTES];
        loop {
            match source.read(&mut chunk) {
                Ok(0) => break,
                Ok(bytes) => {
                    // Room for the longest file at once: doubling would leave as much again behind, and memory that is
                    // not written to costs nothing.
                    if text.capacity() - text.len() < bytes {
                        text.reserve_exact(CLINICAL_FILE_BYTES_MAX + READ_BUFFER_BYTES - text.len());
                    }
                    text.extend_from_slice(&chunk[..bytes]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(from_io(error).at(None, Some(path), None)),
            }
        }
        self.bytes += text.len() as u64;
        let flaw = (text.len() > CLINICAL_FILE_BYTES_MAX).then(|| "it is longer than an element may be".to_owned());
        // The text itself is kept: a decimal's last zero says how precise it is.
        let json = match (flaw, std::str::from_utf8(&text)) {
            (Some(flaw), _) => Err(flaw),
            (None, Err(_)) => Err("not UTF-8".to_owned()),
            (None, Ok(whole)) => {
                let json = whole.trim_start_matches('\u{feff}').trim_ascii();
                let is_json = serde_json::from_str::<serde::de::IgnoredAny>(json);
                let start = json.as_ptr() as usize - whole.as_ptr() as usize;
                is_json.map(|_| start..start + json.len()).map_err(|error| format!("not JSON: {error}"))
            }
        };
        let place = Place { file: path, line: 1, offset: 0 };
        match json {
            Ok(json) => {
                if text.len() >= BATCH_TEXT_LARGE_BYTES && !output.batch.is_empty() {
                    output.hand_on()?;
                }
                text.truncate(json.end);
                text.drain(..json.start);
                // Above, it was UTF-8.
                let json = String::from_utf8(text).unwrap_or_default();
                keep_owned("clinical-records", json, output);
                output.make_room()
            }
            Err(flaw) => output.reject(place, &flaw, &text, text.len() as u64),
        }
    }
}
