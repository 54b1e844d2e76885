//! Reads files and jobs with the readers of `formats`, into batches. Nothing here needs a database.

use std::io::{BufRead, Read, Seek};

use super::container::Container;
use super::inputs::{InputFile, Inputs, Job};
use super::observer::{Again, Observer, Unobserved};
use crate::formats::account::Tally;
use crate::formats::output::Output;
use crate::formats::payload::{self, Options};
use crate::formats::sniff::{Format, peek, sniff, sniff_on};
use crate::formats::zip::Archive;
use crate::formats::{apple, auto_export};
use crate::model::batch::{Batch, Decoded, Sink};
use crate::model::envelope::Envelope;
use crate::model::error::{Error, ErrorKind, Result, from_io};
use crate::model::interval::Interval;
use crate::model::limits::SNIFF_BYTES;

/// Reads one file of a known format. The last rows stay in the output's batch.
///
/// `reopen` opens the file once more: JSON of Health Auto Export is read twice.
pub fn read_file<S: BufRead>(
    format: Format,
    name: &str,
    source: S,
    reopen: Option<&mut dyn FnMut() -> Result<S>>,
    output: &mut Output<'_>,
) -> Decoded {
    match format {
        Format::Payload => payload::read(source, Options::default(), output),
        Format::AutoExport => match reopen.map(|reopen| reopen()) {
            Some(Ok(ahead)) => auto_export::read(ahead, source, name, Interval::None, output),
            Some(Err(error)) => unread(error),
            None => unread(Error::usage(
                "JSON of Health Auto Export is read twice, which a stream does not allow: name its file",
            )),
        },
        _ => {
            let mut export = apple::Reader::default();
            let outcome = read_part(&mut export, format, name, source, output);
            let (envelope, body_bytes) = export.finish(output);
            Decoded { outcome: outcome.and(envelope), body_bytes }
        }
    }
}

/// Reads an archive, wherever it is stored, and sends all rows to `sink`. Returns the name, the account and the outcome of each
/// upload; the last one accounts for the skipped files.
///
/// `source` is read at many positions in turn; its clones may share one position.
///
/// # Errors
///
/// Why the archive cannot be opened.
pub fn read_archive<F: Read + Seek + Clone>(source: F, sink: &mut dyn Sink) -> Result<Vec<(String, Tally, Decoded)>> {
    let archive = Archive::open(&source)?;
    let container = Container::Archive(source, archive);
    let inputs = Inputs::sort(&container);
    let (mut uploads, mut batch) = (Vec::new(), Box::<Batch>::default());
    for (name, job) in inputs.jobs("archive") {
        let mut tally = Tally::default();
        let mut output = Output::new(&mut batch, sink, Some(&mut tally));
        let mut decoded = job.read(&name, &container, &Unobserved, &mut output);
        output.finish();
        if let Err(error) = sink.submit(&mut batch) {
            decoded.outcome = Err(error);
        }
        uploads.push((name, tally, decoded));
    }
    let (tally, error) = account_for_rest(&container, &inputs);
    if tally.read > 0 || error.is_some() {
        let outcome = error.map_or_else(|| Ok(Envelope::default()), Err);
        uploads.push(("archive".to_owned(), tally, Decoded { outcome, body_bytes: 0 }));
    }
    Ok(uploads)
}

/// Accounts for the files of a container that are in no job, and returns what is wrong with the container.
pub(super) fn account_for_rest<F: Read + Seek + Clone>(
    container: &Container<F>,
    inputs: &Inputs,
) -> (Tally, Option<Error>) {
    let mut tally = Tally::default();
    for (reason, count) in inputs.skipped.reasons() {
        tally.skip(&reason, count);
    }
    let error = match container.truncated_at() {
        Some(at) => {
            let message = "the archive is cut: its directory is missing; the files before that were read";
            Some(Error::new(ErrorKind::Encoding, message).at(Some(at), None, None))
        }
        None if inputs.is_empty() && inputs.failed.is_none() => Some(Error::new(ErrorKind::Shape, nothing_in(&tally))),
        None => inputs.failed.clone(),
    };
    (tally, error)
}

/// Why a container has nothing to import.
fn nothing_in(tally: &Tally) -> String {
    let reasons = tally.skipped.iter().map(|(reason, count)| {
        let reason = reason.strip_prefix("file: ").unwrap_or(reason);
        if *count == 1 { format!("a file, {reason}") } else { format!("{count} files, {reason}") }
    });
    let reasons: Vec<String> = reasons.collect();
    if reasons.is_empty() {
        return format!("nothing in it can be imported: it has no files; {ACCEPTED}");
    }
    format!("nothing in it can be imported; it has {}; {ACCEPTED}", reasons.join("; "))
}

/// Kinds of inputs.
const ACCEPTED: &str = "import takes export.zip or export.xml of Apple Health, and JSON of Health Export Pro or Health Auto \
    Export, also compressed";

impl Job<'_> {
    /// Reads the files of the job.
    pub(super) fn read<F: Read + Seek + Clone>(
        &self,
        name: &str,
        container: &Container<F>,
        observer: &dyn Observer,
        output: &mut Output<'_>,
    ) -> Decoded {
        match self {
            Self::Single => read_single(name, container, observer, output).unwrap_or_else(unread),
            Self::Document(file) => {
                let again = Again(observer);
                let mut reopen = || container.read(file.position, &again);
                match container.read(file.position, observer) {
                    Ok(source) => read_file(file.format, name, source, Some(&mut reopen), output),
                    Err(error) => unread(error),
                }
            }
            Self::Export(files) => read_export(files, container, observer, output),
        }
    }
}

/// Reads the only file of a container, whose format its first bytes show.
fn read_single<F: Read + Seek + Clone>(
    name: &str,
    container: &Container<F>,
    observer: &dyn Observer,
    output: &mut Output<'_>,
) -> Result<Decoded> {
    let (head, source) = peek(container.read(0, observer)?, SNIFF_BYTES).map_err(from_io)?;
    if head.is_empty() {
        return Err(Error::new(ErrorKind::Shape, "it is empty"));
    }
    let again = Again(observer);
    let mut reopen = || container.read(0, &again);
    if !container.can_be_read_twice() {
        return Ok(read_file(sniff(&head), name, source, None, output));
    }
    let format = sniff_on(&head, reopen)?;
    Ok(read_file(format, name, source, Some(&mut reopen), output))
}

/// Reads an export's files as one upload. A file with an error does not keep the others from being read.
fn read_export<F: Read + Seek + Clone>(
    files: &[InputFile],
    container: &Container<F>,
    observer: &dyn Observer,
    output: &mut Output<'_>,
) -> Decoded {
    let mut export = apple::Reader::default();
    let mut failed: Option<Error> = None;
    let routes = files.iter().filter(|file| file.format == Format::Gpx);
    let routes = routes.map(|file| (file.name.as_str(), file.is_name_guessed));
    let clinical = files.iter().filter(|file| file.format == Format::Fhir).map(|file| file.name.as_str());
    export.expect(routes, clinical);
    for InputFile { position, name, format, .. } in files {
        let source = container.read(*position, observer);
        let read = source.and_then(|source| read_part(&mut export, *format, name, source, output));
        if let Err(error) = read {
            let kind = error.kind();
            if kind == ErrorKind::Cancelled {
                failed = Some(error);
                break;
            }
            failed.get_or_insert(error.at(None, Some(name), None));
            if matches!(kind, ErrorKind::Store | ErrorKind::Busy | ErrorKind::Full) {
                break;
            }
        }
    }
    let (envelope, body_bytes) = export.finish(output);
    Decoded { outcome: failed.map_or(envelope, Err), body_bytes }
}

/// Reads a file of Apple's export.
fn read_part(
    export: &mut apple::Reader,
    format: Format,
    name: &str,
    source: impl BufRead,
    output: &mut Output<'_>,
) -> Result<()> {
    match format {
        Format::AppleXml => export.xml(name, source, output),
        Format::Gpx => export.gpx(name, source, output),
        Format::Ecg => export.ecg(name, source, output),
        Format::Fhir => export.clinical(name, source, output),
        Format::AppleCda => {
            Err(Error::new(ErrorKind::Shape, "it is a copy of some of export.xml: import export.xml instead"))
        }
        Format::Zip => Err(Error::usage(
            "an archive cannot be read from standard input or from within another: unpack it, or name its file",
        )),
        Format::Payload | Format::AutoExport | Format::Unknown => {
            let message = format!("it is neither JSON nor a file of a known export; {ACCEPTED}");
            Err(Error::new(ErrorKind::Shape, message))
        }
    }
}

/// The outcome of an input that could not be opened.
fn unread(error: Error) -> Decoded {
    Decoded { outcome: Err(error), body_bytes: 0 }
}
