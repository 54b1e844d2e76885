//! `healthsink import`: saved payloads through the same ingest as uploads, one after another.

mod progress;

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::config::Import;
use crate::counts::Counts;
use crate::decode::Options;
use crate::encoding::Coding;
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::{Aborted, Origin, Summary, ingest};
use crate::limits::READ_BUFFER_BYTES;
use crate::writer::{Writer, WriterHandle};
use progress::Progress;

/// Standard input, as a file's name.
const STDIN: &str = "-";

/// What an import has done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    ok: bool,
    files: Vec<FileReport>,
    /// Records of `data` that are stored.
    count: u64,
    #[serde(flatten)]
    counts: Counts,
    bytes: u64,
    seconds: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FileReport {
    file: String,
    ok: bool,
    /// Its number in the ledger; none if it could not be opened.
    upload: Option<i64>,
    count: u64,
    #[serde(flatten)]
    counts: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Ingests the files. True if all of them were ingested whole.
///
/// # Errors
///
/// Whatever keeps the database from being opened or closed; a file's own error is reported and the next goes on.
pub fn import(config: &Import) -> Result<bool> {
    let writer = Writer::start(&config.db)?;
    let started = Instant::now();
    let mut report =
        Report { ok: true, files: Vec::new(), count: 0, counts: Counts::default(), bytes: 0, seconds: 0.0 };
    for file in &config.files {
        let outcome = import_file(file, writer.handle());
        report.add(file, outcome);
    }
    writer.stop()?;
    report.seconds = started.elapsed().as_secs_f64();
    report
        .print(config.json)
        .map_err(|error| Error::new(ErrorKind::Io, format!("cannot print the summary: {error}")))?;
    Ok(report.ok)
}

fn import_file(file: &Path, writer: &WriterHandle) -> Result<Summary, Aborted> {
    let sender = file.display().to_string();
    let unread = |error| Aborted { error, summary: None };
    let (input, bytes) = open(file).map_err(unread)?;
    let progress = Progress::new(&sender, bytes);
    let mut input = BufReader::with_capacity(READ_BUFFER_BYTES, progress.watch(input));
    let coding = Coding::sniff(input.fill_buf().map_err(|error| unread(unreadable(file, &error)))?);
    let source = coding.decode(input, u64::MAX).map_err(unread)?;
    ingest(source, Origin { kind: "import", sender, person: None }, Options::default(), writer)
}

/// Opens an input; its length is known if it is a file.
fn open(file: &Path) -> Result<(Box<dyn Read>, Option<u64>)> {
    if file == Path::new(STDIN) {
        return Ok((Box::new(io::stdin()), None));
    }
    let opened = File::open(file).map_err(|error| unreadable(file, &error))?;
    let metadata = opened.metadata().map_err(|error| unreadable(file, &error))?;
    if metadata.is_dir() {
        let message = format!("{} is a folder; name the files in it", file.display());
        return Err(Error::new(ErrorKind::Usage, message));
    }
    let bytes = metadata.is_file().then_some(metadata.len());
    Ok((Box::new(opened), bytes))
}

fn unreadable(file: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot read {}: {error}", file.display()))
}

impl Report {
    fn add(&mut self, file: &Path, outcome: Result<Summary, Aborted>) {
        let (summary, error) = match outcome {
            Ok(summary) => (Some(summary), None),
            Err(Aborted { error, summary }) => (summary, Some(error)),
        };
        let file = file.display().to_string();
        let counts = summary.as_ref().map(|summary| summary.counts).unwrap_or_default();
        if let Some(error) = &error {
            self.ok = false;
            eprintln!(
                "healthsink: {file}: {error}; {} records of it are stored, mend it and import it again",
                counts.records()
            );
        }
        self.counts += counts;
        self.count += counts.records();
        self.bytes += summary.as_ref().map_or(0, |summary| summary.body_bytes);
        self.files.push(FileReport {
            file,
            ok: error.is_none(),
            upload: summary.as_ref().map(|summary| summary.upload),
            count: counts.records(),
            counts,
            error: error.map(|error| error.to_string()),
        });
    }

    fn print(&self, as_json: bool) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if as_json {
            serde_json::to_writer(&mut out, self)?;
            return writeln!(out);
        }
        let Counts { new, updated, unchanged, rejected, route_points, .. } = self.counts;
        let whole = self.files.iter().filter(|file| file.ok).count();
        #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
        let megabytes = self.bytes as f64 / 1e6;
        writeln!(
            out,
            "{whole} of {} files: {} records and {route_points} route points: {new} new, {updated} updated, {unchanged} unchanged, \
             {rejected} rejected; {megabytes:.1} MB in {:.1} s ({:.0} MB/s)",
            self.files.len(),
            self.count,
            self.seconds,
            megabytes / self.seconds.max(1e-9),
        )?;
        if rejected > 0 {
            writeln!(out, "What was rejected, and why, is in the table `rejects`.")?;
        }
        Ok(())
    }
}

/// Whether standard error is looked at by a person.
fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// How often the bar is drawn.
const REDRAW: Duration = Duration::from_millis(100);
