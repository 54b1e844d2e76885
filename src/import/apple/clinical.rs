//! `clinical-records/*.json`: FHIR resources, kept whole.

use std::io::Read;

use super::Reader;
use super::summary::keep;
use crate::error::{Result, from_io};
use crate::import::output::{Output, Place};
use crate::limits::{IMPORT_FILE_BYTES_MAX, READ_BUFFER_BYTES};

impl Reader<'_> {
    /// Reads a resource; one that is too long or no JSON is rejected.
    pub(crate) fn clinical(&mut self, path: &str, mut source: impl Read, output: &mut Output<'_>) -> Result<()> {
        let mut text = Vec::new();
        let mut chunk = vec![0; READ_BUFFER_BYTES];
        let flaw = loop {
            let bytes = source.read(&mut chunk).map_err(|error| from_io(error).at(None, Some(path), None))?;
            if bytes == 0 {
                break None;
            }
            text.extend_from_slice(&chunk[..bytes]);
            self.bytes += bytes as u64;
            if text.len() > IMPORT_FILE_BYTES_MAX {
                break Some("it is longer than an element may be".to_owned());
            }
        };
        let json = match flaw {
            Some(flaw) => Err(flaw),
            // serde_json's maps are in order, so the same resource is the same text.
            None => serde_json::from_slice::<serde_json::Value>(&text).map_err(|error| format!("not JSON: {error}")),
        };
        match json {
            Ok(json) => {
                keep("clinical-records", &json.to_string(), output);
                output.make_room()
            }
            Err(flaw) => output.reject(Place { file: path, line: 1, offset: 0 }, &flaw, &text, text.len() as u64),
        }
    }
}
