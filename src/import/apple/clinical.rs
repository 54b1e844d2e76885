//! `clinical-records/*.json`: FHIR resources, kept whole.

use std::io::{self, Read};

use super::Reader;
use super::summary::keep;
use crate::error::{Result, from_io};
use crate::import::output::{Output, Place};
use crate::limits::{IMPORT_FILE_BYTES_MAX, READ_BUFFER_BYTES};

impl Reader<'_> {
    /// Reads a resource; one that is too long or no JSON is rejected.
    pub(crate) fn clinical(&mut self, path: &str, source: impl Read, output: &mut Output<'_>) -> Result<()> {
        let mut source = source.take(IMPORT_FILE_BYTES_MAX as u64 + 1);
        let mut text = Vec::new();
        let mut chunk = vec![0; READ_BUFFER_BYTES];
        loop {
            match source.read(&mut chunk) {
                Ok(0) => break,
                Ok(bytes) => text.extend_from_slice(&chunk[..bytes]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(from_io(error).at(None, Some(path), None)),
            }
        }
        self.bytes += text.len() as u64;
        let flaw = (text.len() > IMPORT_FILE_BYTES_MAX).then(|| "it is longer than an element may be".to_owned());
        // The text itself is kept: a decimal's last zero says how precise it is.
        let json = match (flaw, std::str::from_utf8(&text)) {
            (Some(flaw), _) => Err(flaw),
            (None, Err(_)) => Err("not UTF-8".to_owned()),
            (None, Ok(json)) => {
                let json = json.trim_start_matches('\u{feff}').trim_ascii();
                let is_json = serde_json::from_str::<serde::de::IgnoredAny>(json);
                is_json.map(|_| json).map_err(|error| format!("not JSON: {error}"))
            }
        };
        match json {
            Ok(json) => {
                keep("clinical-records", json, output);
                output.make_room()
            }
            Err(flaw) => output.reject(Place { file: path, line: 1, offset: 0 }, &flaw, &text, text.len() as u64),
        }
    }
}
