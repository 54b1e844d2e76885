//! `healthsink import`: what apps and Apple export, through the same writer as uploads, one input after another.
//!
//! `container` finds the files and `format` tells what each of them is; `apple` and `hae` read what other exporters
//! write, and `decode` what Health Export Pro sends. `output` keeps the account, `report` prints it.

mod apple;
mod archive;
mod bounds;
mod container;
mod format;
mod hae;
mod output;
mod progress;
mod report;

use std::path::Path;
use std::time::Instant;

use crate::batch::Batch;
use crate::config::Import;
use crate::decode::{Decoded, Options, Sink, decode};
use crate::error::{Error, ErrorKind, Result, from_io};
use crate::ingest::{Aborted, Origin, Summary, ingest_with};
use crate::record::Envelope;
use crate::writer::Writer;
use container::Container;
use format::{Format, peek, sniff};
use output::{Counting, Nowhere, Output, Tally};
use progress::Progress;
use report::Report;

/// Ingests the inputs. True if all of them were ingested whole.
///
/// # Errors
///
/// Whatever keeps the database from being opened or closed; an input's own error is reported and the next goes on.
pub fn import(config: &Import) -> Result<bool> {
    let writer = if config.dry_run { None } else { Some(Writer::start(&config.db)?) };
    let started = Instant::now();
    let mut report = Report::new(config.dry_run);
    for path in &config.files {
        let importer = Importer { config, writer: writer.as_ref() };
        importer.path(path, &mut report);
    }
    if let Some(writer) = writer {
        writer.stop()?;
    }
    report.finish(started.elapsed());
    report
        .print(config.json)
        .map_err(|error| Error::new(ErrorKind::Io, format!("cannot print the summary: {error}")))?;
    Ok(report.ok)
}

struct Importer<'a> {
    config: &'a Import,
    writer: Option<&'a Writer>,
}

/// Passes batches on, and shows how far it is.
struct Watched<'a> {
    sink: &'a mut dyn Sink,
    progress: &'a Progress,
    records: u64,
}

impl Sink for Watched<'_> {
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        self.records += batch.rows() as u64;
        self.progress.records(self.records);
        self.sink.submit(batch)
    }
}

impl Importer<'_> {
    /// Imports what a path names: an export as one upload, each JSON document as one of its own.
    fn path(&self, path: &Path, report: &mut Report) {
        let name = path.display().to_string();
        let container = match Container::open(path) {
            Ok(container) => container,
            Err(error) => {
                return report.add(&name, &Tally::default(), Err(Aborted { error, summary: None }));
            }
        };
        let progress = Progress::new(&name, container.bytes());
        if matches!(container, Container::Stdin | Container::File(_)) {
            return self.file(&container, &name, &progress, report);
        }
        let files = Files::sort(&container);
        let begun = report.files.len();
        for file in &files.documents {
            let name = [&name, "/", file.as_str()].concat();
            let mut tally = Tally::default();
            let outcome = self.ingest(&name, &progress, |batch, sink| {
                document(&container, file, &name, &progress, batch, sink, &mut tally)
            });
            report.add(&name, &tally, outcome);
        }
        if !files.export.is_empty() || report.files.len() == begun {
            let mut tally = Tally::default();
            let outcome = self.ingest(&name, &progress, |batch, sink| {
                Ok(read_export(&container, &files, &progress, batch, sink, &mut tally))
            });
            report.add(&name, &tally, outcome);
        }
    }

    /// One file, or standard input.
    fn file(&self, container: &Container, name: &str, progress: &Progress, report: &mut Report) {
        let mut tally = Tally::default();
        let outcome = self.ingest(name, progress, |batch, sink| {
            let (head, source) = peek(container.read("", progress)?).map_err(from_io)?;
            let mut export = apple::Reader::new();
            export.enter(name);
            let mut output = Output { batch, sink, tally: &mut tally, generation: 0 };
            let outcome = match sniff(&head) {
                Format::AppleXml => export.xml(source, &mut output),
                Format::Gpx => export.gpx(name, source, &mut output),
                Format::Ecg => export.ecg(name, source, &mut output),
                Format::Fhir => export.clinical(name, source, &mut output),
                Format::Payload | Format::Unknown => return Ok(payload(source, batch, sink, &mut tally)),
                Format::Zip => Err(Error::new(
                    ErrorKind::Usage,
                    "an archive cannot be read from standard input or out of another: unpack it, or name its file",
                )),
                Format::AppleCda => {
                    Err(Error::new(ErrorKind::Shape, "a copy of some of export.xml: import that instead"))
                }
                Format::AutoExport if matches!(container, Container::Stdin) => {
                    return Ok(auto_export(source, name, Vec::new(), &mut output));
                }
                Format::AutoExport => {
                    let metrics = hae::metrics(source);
                    return Ok(auto_export(container.read("", &Progress::new("", None))?, name, metrics, &mut output));
                }
            };
            let (envelope, body_bytes) = export.finish(&mut output);
            Ok(Decoded { outcome: outcome.map(|()| envelope), body_bytes })
        });
        report.add(name, &tally, outcome);
    }

    /// Stores what `fill` reads, or only reads it.
    fn ingest(
        &self,
        name: &str,
        progress: &Progress,
        fill: impl FnOnce(&mut Box<Batch>, &mut dyn Sink) -> Result<Decoded>,
    ) -> Result<Summary, Aborted> {
        let fill = |batch: &mut Box<Batch>, sink: &mut dyn Sink| {
            let mut watched = Watched { sink, progress, records: 0 };
            fill(batch, &mut watched).unwrap_or_else(|error| Decoded { outcome: Err(error), body_bytes: 0 })
        };
        let origin =
            Origin { kind: "import", sender: name.to_owned(), person: self.config.person.clone(), token: None };
        match self.writer {
            Some(writer) => ingest_with(origin, writer.handle(), fill),
            None => {
                let Decoded { outcome, body_bytes } = fill(&mut Box::default(), &mut Nowhere);
                let summary = Summary { upload: 0, body_bytes, counts: Default::default() };
                match outcome {
                    Ok(_) => Ok(summary),
                    Err(error) => Err(Aborted { error, summary: Some(summary) }),
                }
            }
        }
    }
}

/// A JSON document among others.
fn document(
    container: &Container,
    file: &str,
    name: &str,
    progress: &Progress,
    batch: &mut Box<Batch>,
    sink: &mut dyn Sink,
    tally: &mut Tally,
) -> Result<Decoded> {
    let (head, source) = peek(container.read(file, progress)?).map_err(from_io)?;
    if sniff(&head) != Format::AutoExport {
        return Ok(payload(source, batch, sink, tally));
    }
    let metrics = hae::metrics(source);
    let mut output = Output { batch, sink, tally, generation: 0 };
    Ok(auto_export(container.read(file, &Progress::new("", None))?, name, metrics, &mut output))
}

/// JSON as Health Export Pro sends it.
fn payload(source: impl std::io::BufRead, batch: &mut Box<Batch>, sink: &mut dyn Sink, tally: &mut Tally) -> Decoded {
    let decoded = decode(source, Options::default(), batch, &mut Counting { sink, tally });
    tally.batch(batch);
    decoded
}

/// JSON of Health Auto Export.
fn auto_export(source: impl std::io::Read, name: &str, metrics: Vec<hae::Metric>, output: &mut Output<'_>) -> Decoded {
    let (outcome, body_bytes) = hae::read(source, name, metrics, output);
    Decoded { outcome: outcome.map(|()| Envelope::default()), body_bytes }
}

/// The files of a container, by what is done with them.
#[derive(Default)]
struct Files {
    /// `export.xml` first, then what stands beside it.
    export: Vec<(String, Format)>,
    /// JSON documents.
    documents: Vec<String>,
    /// Left out, with the reason.
    left: Vec<(String, &'static str)>,
    failed: Option<Error>,
}

impl Files {
    fn sort(container: &Container) -> Self {
        let mut files = Self::default();
        let hidden = Progress::new("", None);
        for name in container.files() {
            if name.split('/').any(|part| part == "__MACOSX" || part.starts_with("._") || part == ".DS_Store") {
                files.left.push((name.to_owned(), "file: of macOS, not of the export"));
                continue;
            }
            let head = container.read(name, &hidden).and_then(|source| peek(source).map_err(from_io));
            let kind = match head {
                Ok((head, _)) => sniff(&head),
                Err(error) => {
                    files.failed.get_or_insert(error.at(None, Some(name), None));
                    continue;
                }
            };
            match kind {
                Format::AppleXml => files.export.insert(0, (name.to_owned(), kind)),
                Format::Gpx | Format::Ecg | Format::Fhir => files.export.push((name.to_owned(), kind)),
                Format::Payload | Format::AutoExport => files.documents.push(name.to_owned()),
                Format::AppleCda => {
                    files
                        .left
                        .push((name.to_owned(), "file: Apple's copy of some of export.xml as a clinical document"));
                }
                Format::Zip => files.left.push((name.to_owned(), "file: an archive within another")),
                Format::Unknown => files.left.push((name.to_owned(), "file: of a kind that is not known")),
            }
        }
        files
    }
}

/// An export's files, as one upload. What can be read is, whatever is wrong with the rest.
fn read_export(
    container: &Container,
    files: &Files,
    progress: &Progress,
    batch: &mut Box<Batch>,
    sink: &mut dyn Sink,
    tally: &mut Tally,
) -> Decoded {
    let mut reader = apple::Reader::new();
    let mut output = Output { batch, sink, tally, generation: 0 };
    let mut failed = files.failed.clone();
    for (name, kind) in &files.export {
        reader.enter(name);
        let read = container.read(name, progress).and_then(|source| match kind {
            Format::Gpx => reader.gpx(name, source, &mut output),
            Format::Ecg => reader.ecg(name, source, &mut output),
            Format::Fhir => reader.clinical(name, source, &mut output),
            _ => reader.xml(source, &mut output),
        });
        if let Err(error) = read {
            let is_fatal = matches!(error.kind(), ErrorKind::Store | ErrorKind::Busy);
            failed.get_or_insert(error.at(None, Some(name), None));
            if is_fatal {
                break;
            }
        }
    }
    for (_, reason) in &files.left {
        output.tally.skip(reason, 1);
    }
    if let Some(at) = container.cut() {
        let message = "the archive is cut: its directory is missing; what came before was read";
        failed.get_or_insert(Error::new(ErrorKind::Encoding, message).at(Some(at), None, None));
    }
    if failed.is_none() && files.export.is_empty() {
        failed = Some(Error::new(ErrorKind::Shape, "there is nothing in it that can be imported"));
    }
    let (envelope, body_bytes): (Envelope, u64) = reader.finish(&mut output);
    Decoded { outcome: failed.map_or(Ok(envelope), Err), body_bytes }
}
