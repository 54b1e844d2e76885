//! The files of one export, and what one leaves for the next: routes belong to workouts of the XML.

use std::io::{BufRead, Read};

use super::document::read_children;
use super::element::{Element, plain};
use super::frames::Frames;
use super::kept::write_element;
use super::record::Records;
use super::seen::Seen;
use super::{clinical, correlation, ecg, gpx, summary, workout};
use crate::formats::equals::Equals;
use crate::formats::flaw::Flaw;
use crate::formats::output::Output;
use crate::model::error::Result;
use crate::model::locale::parse_date;
use crate::model::record::Envelope;

/// Reads the files of one export. Rejects and errors name a file by its path within the export.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    top: Top,
    bytes: u64,
}

/// Reads the elements at the top level of `export.xml`.
#[derive(Debug, Default)]
struct Top {
    seen: Seen,
    records: Records,
    envelope: Envelope,
}

impl Reader {
    /// Reads `export.xml`.
    pub(crate) fn xml(&mut self, file: &str, source: impl Read, output: &mut Output<'_>) -> Result<()> {
        let Self { top, bytes } = self;
        let frames = Frames::new(source, "HealthData", &[]);
        let read = read_children(frames, file, bytes, output, |element, output| top.read(element, output));
        // The files behind it need the memory.
        top.seen.equals = Equals::default();
        read
    }

    /// Reads the locations of a route.
    pub(crate) fn gpx(&mut self, file: &str, source: impl Read, output: &mut Output<'_>) -> Result<()> {
        gpx::read(file, source, &mut self.top.seen.routes, &mut self.bytes, output)
    }

    /// Reads an electrocardiogram.
    pub(crate) fn ecg(&mut self, file: &str, source: impl BufRead, output: &mut Output<'_>) -> Result<()> {
        ecg::read(file, source, &mut self.bytes, output)
    }

    /// Reads a clinical record.
    pub(crate) fn clinical(&mut self, file: &str, source: impl Read, output: &mut Output<'_>) -> Result<()> {
        clinical::read(file, source, &mut self.bytes, output)
    }

    /// Returns what the export says of itself, and how many bytes were read.
    pub(crate) fn finish(self, output: &mut Output<'_>) -> (Envelope, u64) {
        self.top.seen.within.finish(output);
        self.top.seen.routes.finish(output);
        (self.top.envelope, self.bytes)
    }
}

impl Top {
    fn read(&mut self, element: Element<'_>, output: &mut Output<'_>) -> Result<(), Flaw> {
        let seen = &mut self.seen;
        match element.name() {
            "Record" => self.records.read(element, seen, output),
            "Correlation" => correlation::read(element, seen, output),
            "Workout" => workout::read(element, seen, output),
            "ActivitySummary" => summary::read(element, output),
            "Me" => {
                summary::read_characteristics(element, output);
                output.skip("Me: kept in the table of characteristics", 1);
                Ok(())
            }
            "ExportDate" => {
                let value = element.get("value").ok_or(Flaw::Missing("value"))?;
                self.envelope.export_ms = Some(parse_date(&plain(value)).ok_or(Flaw::NotADate("value"))?);
                output.skip("ExportDate: kept with the upload", 1);
                Ok(())
            }
            // Audiograms, vision prescriptions, and what a later iOS may add.
            name => {
                let mut json = String::new();
                write_element(element, &mut json);
                output.keep(name, json);
                for child in element.children() {
                    seen.within.add(child);
                }
                Ok(())
            }
        }
    }
}
