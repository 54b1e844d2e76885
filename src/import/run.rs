//! Runs an import: one input after another, each upload through the writer or, in a dry run, to nowhere.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::container::Container;
use super::inputs::{Inputs, Job};
use super::observer::Observer;
use super::read::account_for_rest;
use super::report::{FileOutcome, Report};
use crate::formats::account::Tally;
use crate::formats::output::Output;
use crate::model::batch::{Batch, Decoded, Overflow, Sink};
use crate::model::error::{Error, ErrorKind, Result};
use crate::store::writer::Writer;
use crate::store::writer::ingest::ingest_with;
use crate::store::{Address, Database, Origin, OriginKind};

/// An import.
#[derive(Clone, Debug)]
pub struct Import {
    /// The database.
    pub db: PathBuf,
    /// The database in PostgreSQL that is used instead.
    pub store: Option<Address>,
    /// The inputs; `-` is standard input.
    pub files: Vec<PathBuf>,
    /// Person whose records they are. If none: the only person of the database, or `me` if it has nobody yet.
    pub person: Option<String>,
    /// Whether they are stored.
    pub mode: Mode,
    /// The home zone of persons without one.
    pub home: Option<String>,
}

/// What becomes of the records.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// They are stored.
    Store,
    /// They are read only, and the database stays untouched.
    DryRun,
}

/// Imports the inputs. An input that fails is part of the report, and the import goes on with the next.
///
/// # Errors
///
/// Why the database cannot be opened or closed.
pub fn import(import: &Import, observer: &dyn Observer) -> Result<Report> {
    let database = Database::new(&import.db);
    let writer = match import.mode {
        // Between two files, no person gets another name, or is gone.
        Mode::Store => Some(import.store.as_ref().map_or_else(|| Writer::for_several(&database), Writer::to_postgres)?),
        Mode::DryRun => None,
    };
    let person = match &writer {
        Some(_) => whose(import, &database),
        None => Ok(None),
    };
    let person = match person {
        Ok(person) => person,
        Err(error) => return writer.map_or(Ok(()), Writer::stop).and(Err(error)),
    };
    let started = Instant::now();
    let mut report = Report::new(writer.is_none(), person.clone());
    if writer.is_some() && report.person.is_none() {
        // A new database gives them to its first person.
        report.person = database.first_person().ok();
    }
    let mut importer = Importer { person, database, writer: writer.as_ref(), observer, report };
    for path in &import.files {
        importer.path(path);
    }
    let mut report = importer.report;
    // Every record is stored; figures that are missing are computed by the next import or the server. After a failure that the
    // report names, its consequence is not another one.
    let derives = |_: &&Writer| !report.interrupted;
    let derived = writer.as_ref().filter(derives).map(|writer| writer.derive(import.home.clone()));
    if let Some(Err(error)) = derived
        && report.ok
    {
        let cause = error.message();
        observer.warn(&format!(
            "all records are stored, but days and nights are not computed: {cause}; then import again, or start the server"
        ));
    }
    let stopped = writer.map_or(Ok(()), Writer::stop);
    match stopped {
        // All of it is stored: it is in the WAL, and the next start or the server beside it moves it.
        Err(error) if error.kind() == ErrorKind::Full => observer.warn(error.message()),
        // After a failure that the report names, its consequence is not another one.
        Err(error) if report.ok => return Err(error),
        _ => {}
    }
    report.finish(started.elapsed());
    Ok(report)
}

/// Returns whose records the inputs are: those of the person who was named, or of the only person with data or a token.
fn whose(import: &Import, database: &Database) -> Result<Option<String>> {
    if import.person.is_some() {
        return Ok(import.person.clone());
    }
    if import.store.is_some() {
        return Err(Error::usage("add --person NAME to say whose this is: a database in PostgreSQL may have many"));
    }
    database.only_person()
}

struct Importer<'a> {
    person: Option<String>,
    database: Database,
    writer: Option<&'a Writer>,
    observer: &'a dyn Observer,
    report: Report,
}

impl Importer<'_> {
    /// Imports what a path names, then the archives of a folder.
    fn path(&mut self, path: &Path) {
        if self.note_cancelled() {
            return;
        }
        let name = path.display().to_string();
        let container = match Container::open(path, &self.database) {
            Ok(container) => container,
            Err(error) => return self.add(&name, &Tally::default(), FileOutcome::failed(error)),
        };
        self.observer.begin(&name, container.bytes());
        if matches!(container, Container::Stdin | Container::File(_)) {
            self.job(&name, Job::Single, &container);
            return self.observer.end();
        }
        let (inputs, first) = (Inputs::sort(&container), self.report.files.len());
        for (name, job) in inputs.jobs(&name) {
            self.job(&name, job, &container);
        }
        self.observer.end();
        for file in &inputs.archives {
            if let Some(path) = container.path(*file) {
                self.path(path);
            }
        }
        // What was not read is not skipped.
        if self.report.interrupted {
            return;
        }
        let (tally, error) = account_for_rest(&container, &inputs);
        if tally.read > 0 || error.is_some() {
            let file = self.report.add_container(&name, &tally, error, first);
            if file.error.is_some() {
                self.observer.failed(file);
            }
        }
    }

    /// Imports a job as one upload.
    fn job(&mut self, name: &str, job: Job<'_>, container: &Container) {
        if self.note_cancelled() {
            return;
        }
        let (observer, mut tally) = (self.observer, Tally::default());
        let outcome = match self.writer {
            Some(writer) => {
                let person = self.person.clone();
                let origin = Origin { kind: OriginKind::Import, sender: name.to_owned(), person, token: None };
                FileOutcome::from(ingest_with(origin, writer.handle(), |batch, sink| {
                    let mut passage = Passage { writer: Some(sink), observer, records: 0 };
                    read(job, name, container, observer, Output::new(batch, &mut passage, Some(&mut tally)))
                }))
            }
            None => {
                let mut passage = Passage { writer: None, observer, records: 0 };
                let mut batch = Box::default();
                let output = Output::new(&mut batch, &mut passage, Some(&mut tally));
                let Decoded { outcome, body_bytes } = read(job, name, container, observer, output);
                FileOutcome { body_bytes, error: outcome.err(), ..FileOutcome::default() }
            }
        };
        self.add(name, &tally, outcome);
    }

    /// Notes in the report whether the import is cancelled: then no further upload may begin.
    fn note_cancelled(&mut self) -> bool {
        if self.observer.is_cancelled() {
            // What was not begun is not imported.
            self.report.interrupted = true;
            self.report.ok = false;
        }
        self.report.interrupted
    }

    fn add(&mut self, name: &str, tally: &Tally, outcome: FileOutcome) {
        let file = self.report.add(name, tally, outcome);
        if file.error.is_some() {
            self.observer.failed(file);
        }
    }
}

/// Reads a job, and counts what it leaves in the batch.
fn read(job: Job<'_>, name: &str, container: &Container, observer: &dyn Observer, mut output: Output<'_>) -> Decoded {
    let decoded = job.read(name, container, observer, &mut output);
    output.finish();
    decoded
}

/// Passes batches on to the writer, or only empties them, and shows the observer how many records they hold.
struct Passage<'a> {
    writer: Option<&'a mut dyn Sink>,
    observer: &'a dyn Observer,
    records: u64,
}

impl Sink for Passage<'_> {
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        self.records += batch.rows.len() as u64;
        self.observer.records_read(self.records);
        match &mut self.writer {
            Some(writer) => writer.submit(batch),
            None => {
                batch.clear();
                batch.trim();
                Ok(())
            }
        }
    }

    fn begin_large(&mut self) {
        self.writer.iter_mut().for_each(|writer| writer.begin_large());
    }

    fn end_large(&mut self) {
        self.writer.iter_mut().for_each(|writer| writer.end_large());
    }

    fn overflow(&mut self) -> Box<dyn Overflow> {
        match &mut self.writer {
            Some(writer) => writer.overflow(),
            None => Box::new(Vec::new()),
        }
    }
}
