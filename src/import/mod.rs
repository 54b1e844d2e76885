//! `healthsink import`: what apps and Apple export, through the same writer as uploads, one input after another.
//!
//! `container` finds the files, `format` tells what each of them is, and `files` which of them belong together; `apple` and
//! `hae` read what other exporters write, and `decode` what Health Export Pro sends. `output` keeps the account, `report`
//! prints it.
//!
//! [`import`] is the command. [`read_file`] and [`read_archive`] are its readers, without files and without a database.

mod container;
mod inputs;
mod report;

use std::io::{BufRead, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::formats::output::{Counting, Nowhere, Output};
use crate::formats::payload::{Options, decode};
use crate::formats::sniff::{peek, sniff};
use crate::formats::zip::Archive;
use crate::formats::{apple, auto_export};
use crate::model::batch::Batch;
use crate::model::batch::{Decoded, Sink};
use crate::model::error::{Error, ErrorKind, Result, from_io};
use crate::model::record::Envelope;
use crate::progress::Progress;
use crate::store::writer::Writer;
use crate::store::writer::ingest::{Aborted, Origin, Summary, ingest_with};
use container::Container;
use inputs::Files;
use report::Report;

pub use crate::formats::output::{Tally, TypeTally};
pub use crate::formats::sniff::Format;

/// What `import` needs to know.
#[derive(Clone, Debug)]
pub struct Import {
    /// The database.
    pub db: PathBuf,
    /// The inputs; `-` is standard input.
    pub files: Vec<PathBuf>,
    /// Whether the summary is printed as JSON.
    pub json: bool,
    /// Whose records they are; `me` unless said otherwise.
    pub person: Option<String>,
    /// Whether nothing is written.
    pub dry_run: bool,
}

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
        self.records += batch.rows.len() as u64;
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
        each_upload(&container, &files, &name, &progress, |name, fill| {
            let mut tally = Tally::default();
            let outcome = self.ingest(name, &progress, |batch, sink| fill(batch, sink, &mut tally));
            report.add(name, &tally, outcome);
        });
        drop(progress);
        for file in &files.archives {
            if let Some(path) = container.path(file.place) {
                self.path(path, report);
            }
        }
        let (tally, error) = leftover(&container, &files);
        report.leave(&name, &tally, error);
    }

    /// One file, or standard input.
    fn file(&self, container: &Container, name: &str, progress: &Progress, report: &mut Report) {
        let mut tally = Tally::default();
        let outcome = self.ingest(name, progress, |batch, sink| {
            let (head, source) = peek(container.read(0, progress)?).map_err(from_io)?;
            if head.is_empty() {
                return Err(Error::new(ErrorKind::Shape, "it is empty"));
            }
            let mut again = || container.read(0, &Progress::new("", None));
            let again: Again<'_, _> = if container.can_be_read_twice() { Some(&mut again) } else { None };
            Ok(read_file(sniff(&head), name, source, again, batch, sink, &mut tally))
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
            fill(batch, &mut watched).unwrap_or_else(unread)
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

/// Opens a file once more.
type Again<'a, S> = Option<&'a mut dyn FnMut() -> Result<S>>;

/// Fills a batch and hands on the full ones.
type Fill<'a> = &'a mut dyn FnMut(&mut Box<Batch>, &mut dyn Sink, &mut Tally) -> Result<Decoded>;

/// Reads one file of a known format. Full batches go to `sink`, the rest of the rows is in `batch` in the end.
///
/// `again` opens the same file once more, where that can be done: Health Auto Export may name a metric after its data.
pub fn read_file<S: BufRead>(
    format: Format,
    name: &str,
    source: S,
    again: Option<&mut dyn FnMut() -> Result<S>>,
    batch: &mut Box<Batch>,
    sink: &mut dyn Sink,
    tally: &mut Tally,
) -> Decoded {
    let mut export = apple::Reader::new();
    export.enter(name);
    let mut output = Output { batch, sink, tally, generation: 0 };
    let outcome = match format {
        Format::AppleXml => export.xml(source, &mut output),
        Format::Gpx => export.gpx(name, source, &mut output),
        Format::Ecg => export.ecg(name, source, &mut output),
        Format::Fhir => export.clinical(name, source, &mut output),
        Format::Payload => return payload(source, output),
        Format::AutoExport => return hae(source, name, again, &mut output),
        Format::Utf16 => Err(Error::new(ErrorKind::Shape, "it is text in UTF-16: save it as UTF-8")),
        Format::Unknown => Err(Error::new(ErrorKind::Shape, "it is not JSON, and no file of an export that is known")),
        Format::Zip => Err(Error::new(
            ErrorKind::Usage,
            "an archive cannot be read from standard input or out of another: unpack it, or name its file",
        )),
        Format::AppleCda => Err(Error::new(ErrorKind::Shape, "a copy of some of export.xml: import that instead")),
    };
    let (envelope, body_bytes) = export.finish(&mut output);
    Decoded { outcome: outcome.map(|()| envelope), body_bytes }
}

/// Reads an archive wherever it lies, all rows to `sink`: for each upload that it makes, its name, the account, and what came
/// of it; what was left out of all of them comes last.
///
/// `source` is read at many places in turn: its clones may share one position.
///
/// # Errors
///
/// What keeps the archive from being opened.
pub fn read_archive<F: Read + Seek + Clone>(source: F, sink: &mut dyn Sink) -> Result<Vec<(String, Tally, Decoded)>> {
    let archive = Archive::open(&source)?;
    let container = Container::Archive(source, archive);
    let files = Files::sort(&container);
    let (mut uploads, mut batch) = (Vec::new(), Box::<Batch>::default());
    each_upload(&container, &files, "archive", &Progress::new("", None), |name, fill| {
        let mut tally = Tally::default();
        let mut decoded = fill(&mut batch, sink, &mut tally).unwrap_or_else(unread);
        if let Err(error) = sink.submit(&mut batch) {
            decoded.outcome = Err(error);
        }
        uploads.push((name.to_owned(), tally, decoded));
    });
    let (tally, error) = leftover(&container, &files);
    if tally.read > 0 || error.is_some() {
        let outcome = error.map_or_else(|| Ok(Envelope::default()), Err);
        uploads.push(("archive".to_owned(), tally, Decoded { outcome, body_bytes: 0 }));
    }
    Ok(uploads)
}

/// The uploads that the files of a container make: each JSON document is one, each export with all of its files another.
fn each_upload<F: Read + Seek + Clone>(
    container: &Container<F>,
    files: &Files,
    name: &str,
    progress: &Progress,
    mut upload: impl FnMut(&str, Fill<'_>),
) {
    for file in &files.documents {
        let name = [name, "/", file.name.as_str()].concat();
        upload(&name, &mut |batch, sink, tally| document(container, file, &name, progress, batch, sink, tally));
    }
    for export in &files.exports {
        // Several in one folder are told apart by their names.
        let inner = (files.exports.len() > 1).then(|| ["/", export[0].name.as_str()].concat());
        let name = [name, inner.as_deref().unwrap_or_default()].concat();
        upload(&name, &mut |batch, sink, tally| Ok(read_export(container, export, progress, batch, sink, tally)));
    }
}

/// What came of an input that could not be opened.
fn unread(error: Error) -> Decoded {
    Decoded { outcome: Err(error), body_bytes: 0 }
}

/// A JSON document among others.
fn document<F: Read + Seek + Clone>(
    container: &Container<F>,
    file: &inputs::File,
    name: &str,
    progress: &Progress,
    batch: &mut Box<Batch>,
    sink: &mut dyn Sink,
    tally: &mut Tally,
) -> Result<Decoded> {
    let source = container.read(file.place, progress)?;
    let mut again = || container.read(file.place, &Progress::new("", None));
    Ok(read_file(file.format, name, source, Some(&mut again), batch, sink, tally))
}

/// JSON as Health Export Pro sends it.
fn payload(source: impl BufRead, output: Output<'_>) -> Decoded {
    let Output { batch, sink, tally, .. } = output;
    let decoded = decode(source, Options::default(), batch, &mut Counting { sink, tally });
    tally.batch(batch);
    decoded
}

/// JSON of Health Auto Export.
fn hae<S: Read>(source: S, name: &str, again: Again<'_, S>, output: &mut Output<'_>) -> Decoded {
    let Some(again) = again else {
        let message = "JSON of Health Auto Export is read twice, which a stream cannot be: name its file";
        return unread(Error::new(ErrorKind::Usage, message));
    };
    let contents = auto_export::contents(source);
    let source = match again() {
        Ok(source) => source,
        Err(error) => return unread(error),
    };
    let (outcome, body_bytes) = auto_export::read(source, name, contents, output);
    Decoded { outcome: outcome.map(|()| Envelope::default()), body_bytes }
}

/// What was not read of a container, and why; nothing if all of it was.
fn leftover<F: Read + Seek + Clone>(container: &Container<F>, files: &Files) -> (Tally, Option<Error>) {
    let mut tally = Tally::default();
    for reason in &files.left {
        tally.skip(reason, 1);
    }
    let is_empty = files.exports.is_empty() && files.documents.is_empty() && files.archives.is_empty();
    let error = match container.cut() {
        Some(at) => {
            let message = "the archive is cut: its directory is missing; what came before was read";
            Some(Error::new(ErrorKind::Encoding, message).at(Some(at), None, None))
        }
        None if is_empty && files.failed.is_none() => {
            Some(Error::new(ErrorKind::Shape, "there is nothing in it that can be imported"))
        }
        None => files.failed.clone(),
    };
    (tally, error)
}

/// An export's files, as one upload. What can be read is, whatever is wrong with the rest.
fn read_export<F: Read + Seek + Clone>(
    container: &Container<F>,
    files: &[inputs::File],
    progress: &Progress,
    batch: &mut Box<Batch>,
    sink: &mut dyn Sink,
    tally: &mut Tally,
) -> Decoded {
    let mut reader = apple::Reader::new();
    let mut output = Output { batch, sink, tally, generation: 0 };
    let mut failed: Option<Error> = None;
    for inputs::File { place, name, format } in files {
        reader.enter(name);
        let read = container.read(*place, progress).and_then(|source| match format {
            Format::Gpx => reader.gpx(name, source, &mut output),
            Format::Ecg => reader.ecg(name, source, &mut output),
            Format::Fhir => reader.clinical(name, source, &mut output),
            _ => reader.xml(source, &mut output),
        });
        if let Err(error) = read {
            let is_fatal = matches!(error.kind(), ErrorKind::Store | ErrorKind::Busy | ErrorKind::Full);
            failed.get_or_insert(error.at(None, Some(name), None));
            if is_fatal {
                break;
            }
        }
    }
    let (envelope, body_bytes): (Envelope, u64) = reader.finish(&mut output);
    Decoded { outcome: failed.map_or(Ok(envelope), Err), body_bytes }
}
