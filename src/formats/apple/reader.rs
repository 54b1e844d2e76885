//! The files of one export, and what one leaves for the next: routes belong to workouts of the XML.

use std::io::{BufRead, Read};

use super::document::{Children, Fate, Place, read_document, read_one};
use super::element::{Element, Tree, plain};
use super::frames::Frames;
use super::kept::{keep_beside, write_content, write_element};
use super::members::TopLevel;
use super::number::Numbers;
use super::record::Records;
use super::seen::Seen;
use super::waiting::Waiting;
use super::{clinical, correlation, ecg, gpx, summary, workout};
use crate::formats::equals::Equals;
use crate::formats::flaw::Flaw;
use crate::formats::output::Output;
use crate::model::envelope::Envelope;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::identity::digest;
use crate::model::locale::parse_date;
use crate::model::record::Content;

/// The root of `export.xml`.
const ROOT: &str = "HealthData";

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
    numbers: Numbers,
    /// Elements with a number that has two readings.
    waiting: Waiting,
    /// Whether names are read without their prefixes.
    has_idle_prefixes: bool,
    /// Documents that have begun.
    documents: u32,
}

impl Reader {
    /// Learns the names of all files of routes, and which of them are guessed, and those of clinical records, before anything is
    /// read.
    pub(crate) fn expect<'n>(
        &mut self,
        routes: impl Iterator<Item = (&'n str, bool)>,
        clinical: impl Iterator<Item = &'n str>,
    ) {
        self.top.seen.routes.expect(routes, clinical);
    }

    /// Reads `export.xml`.
    pub(crate) fn xml(&mut self, file: &str, source: impl Read, output: &mut Output<'_>) -> Result<()> {
        let Self { top, bytes } = self;
        let frames = Frames::new(source, ROOT, &[]);
        let read = read_document(frames, file, bytes, output, top);
        // Also behind an error: what was read before it is stored.
        let settled = top.settle(file, output).and_then(|()| top.check_numbers(file));
        // The files behind it need the memory.
        top.seen.equals = Equals::default();
        top.seen.top_level = TopLevel::default();
        top.numbers = Numbers::default();
        let stray_bytes = read?;
        settled?;
        top.envelope.is_whole = top.documents == 1 && stray_bytes == 0;
        Ok(())
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
    pub(crate) fn finish(self, output: &mut Output<'_>) -> (Result<Envelope>, u64) {
        self.top.seen.within.finish(output);
        let finished = self.top.seen.routes.finish(output);
        (finished.map(|()| self.top.envelope), self.bytes)
    }
}

impl Children for Top {
    fn begin(&mut self, file: &str, output: &mut Output<'_>) -> Result<()> {
        self.settle(file, output)?;
        self.check_numbers(file)?;
        self.documents += 1;
        self.envelope.is_whole = false;
        self.numbers = Numbers::default();
        self.seen.equals = Equals::default();
        output.begin_document()
    }

    fn open(&mut self, element: Element<'_>, _: Place<'_>, output: &mut Output<'_>) {
        self.has_idle_prefixes = element.has_idle_prefixes();
        if element.attributes().next().is_some() || !element.is_plain() {
            keep_beside(element, output);
        } else if element.name() != ROOT {
            output.within(element.name(), 1);
        }
    }

    fn read(&mut self, element: Element<'_>, place: Place<'_>, output: &mut Output<'_>) -> Result<Fate, Flaw> {
        let Self { seen, records, numbers, .. } = self;
        let line = place.line;
        match element.name() {
            "Record" => return records.read(element, line, numbers, seen, output),
            "Correlation" if numbers.look_at_members(element, line) => return Ok(Fate::Waits),
            "Correlation" => correlation::read(element, numbers.style(), seen, output),
            "Workout" if numbers.look_at_workout(element, line) => return Ok(Fate::Waits),
            "Workout" => workout::read(element, numbers.style(), seen, output),
            "ActivitySummary" if numbers.look_within(element, &summary::KNOWN, line) => return Ok(Fate::Waits),
            "ActivitySummary" => summary::read(element, numbers.style(), output),
            _ => self.read_other(element, output),
        }?;
        Ok(Fate::Read)
    }

    fn wait(&mut self, text: &[u8], place: Place<'_>, output: &mut Output<'_>) -> Result<()> {
        if self.waiting.push(text, place.line, place.offset, self.numbers.waiting_bytes_max()) {
            return Ok(());
        }
        self.settle(place.file, output)?;
        read_one(text, place, &mut self.tree(), self, output)
    }
}

impl Top {
    /// A tree for what has waited.
    fn tree(&self) -> Tree {
        let mut tree = Tree::default();
        tree.set_idle_prefixes(self.has_idle_prefixes);
        tree
    }

    /// Reads what waits, by what is known now.
    fn settle(&mut self, file: &str, output: &mut Output<'_>) -> Result<()> {
        self.numbers.settle();
        let (waiting, mut tree) = (std::mem::take(&mut self.waiting), self.tree());
        waiting
            .elements()
            .try_for_each(|(line, offset, text)| read_one(text, Place { file, line, offset }, &mut tree, self, output))
    }

    /// Fails if a number contradicts how earlier ones were read.
    fn check_numbers(&self, file: &str) -> Result<()> {
        let Some((line, read_as)) = self.numbers.contradicted() else {
            return Ok(());
        };
        let message = format!(
            "line {line} writes numbers in another form than the lines before it, of which numbers such as `1.234` are stored as \
             {read_as}: if they mean something else, restore a backup, write all numbers of the file in one form, and import it again"
        );
        Err(Error::new(ErrorKind::Syntax, message).at(None, Some(file), None))
    }

    fn read_other(&mut self, element: Element<'_>, output: &mut Output<'_>) -> Result<(), Flaw> {
        match element.name() {
            "Me" => {
                summary::read_characteristics(element, output);
                output.skip("Me: kept in the table of characteristics", 1);
                Ok(())
            }
            "ExportDate" => {
                let value = element.get("value").ok_or(Flaw::Missing("value"))?;
                let date = parse_date(&plain(value)).ok_or_else(|| Flaw::not_a_date("value", &plain(value)))?;
                let before = self.envelope.export_ms.replace(date);
                // An upload has one date.
                if before.is_some_and(|before| before != date)
                    || element.attributes().count() > 1
                    || !element.is_plain()
                {
                    keep_beside(element, output);
                }
                output.skip("ExportDate: kept with the upload", 1);
                Ok(())
            }
            // Audiograms, vision prescriptions, and what a later iOS may add.
            name => {
                if name == "ClinicalRecord"
                    && let Some(path) = element.get("resourceFilePath")
                {
                    self.seen.routes.look_for_clinical(&plain(path), output);
                }
                let mut json = String::new();
                write_content(element, &mut json);
                let identity = digest(&[name.as_bytes(), json.as_bytes()]);
                let nth = Some(self.seen.equals.count(identity).number);
                json.clear();
                write_element(element, &mut json);
                let content = Content { identity, nth, whole: digest(&[json.as_bytes()]) };
                output.keep_matched(name, json, content);
                for child in element.children() {
                    self.seen.within.add(child);
                }
                Ok(())
            }
        }
    }
}
