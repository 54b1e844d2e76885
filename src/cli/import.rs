//! `healthsink import`: what apps and Apple export, into the database.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::arguments::{DatabaseArgument, Outcome, ZoneArgument, parse_name};
use super::interrupt::Interrupt;
use super::print::{Printable, ResultArgument};
use super::progress::Bar;
use super::store::StoreArgument;
use super::table::{Align, Table, counted, shown, shown_within};
use crate::import::{FileReport, Import, Mode, Observer, Report, import};
use crate::model::counts::Counts;
use crate::model::error::{ErrorKind, Result};
use crate::model::healthkit::short;
use crate::model::limits::{FILES_NAMED_MAX, MESSAGE_COLUMNS_MAX, PATH_COLUMNS_MAX};
use crate::model::time::to_iso_seconds;

#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    #[command(flatten)]
    result: ResultArgument,
    /// Person whose records they are [default: the only person of the database, or me if it is empty]
    #[arg(long, env = "HEALTHSINK_PERSON", value_name = "NAME", value_parser = parse_name)]
    person: Option<String>,
    #[command(flatten)]
    zone: ZoneArgument,
    /// Read everything and write nothing
    #[arg(long, env = "HEALTHSINK_DRY_RUN", value_parser = FalseyValueParser::new())]
    dry_run: bool,
    /// Files, folders, archives: export.zip, export.xml, JSON, also with gzip or zstd; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    files: Vec<PathBuf>,
}

impl ImportArguments {
    pub(super) fn run(self) -> Result<Outcome> {
        let mode = if self.dry_run { Mode::DryRun } else { Mode::Store };
        let store = self.store.address()?;
        let (db, files, person, home) = (self.database.db, self.files, self.person, self.zone.zone);
        let job = Import { db, store, files, person, mode, home };
        let interrupt = Interrupt::listen();
        let report = import(&job, &Terminal::new(self.result.is_quiet(), interrupt.clone()))?;
        self.result.print(&report)?;
        if report.interrupted {
            write_interruption(&report);
            return Ok(Outcome::Stopped(interrupt.exit_code()));
        }
        Ok(Outcome::done_if(report.ok))
    }
}

/// Writes how to go on after a signal.
fn write_interruption(report: &Report) {
    let stored = stored((report.account.count, report.account.counts.route_points));
    let what = if report.dry_run { "nothing was written".to_owned() } else { format!("{stored} are stored") };
    let _ = writeln!(io::stderr(), "healthsink: interrupted: {what}; run the same command again to go on");
}

/// Shows on standard error how far an import is, and what fails.
struct Terminal {
    bar: RefCell<Option<Bar>>,
    is_quiet: bool,
    interrupt: Interrupt,
}

impl Terminal {
    fn new(is_quiet: bool, interrupt: Interrupt) -> Self {
        Self { bar: RefCell::default(), is_quiet, interrupt }
    }

    fn with_bar(&self, show: impl FnOnce(&Bar)) {
        if let Some(bar) = &*self.bar.borrow() {
            show(bar);
        }
    }
}

impl Observer for Terminal {
    fn begin(&self, input: &str, bytes: Option<u64>) {
        self.bar.replace(Some(Bar::new(input, bytes, self.is_quiet)));
    }

    fn bytes_read(&self, bytes: u64) {
        self.with_bar(|bar| bar.add(bytes));
    }

    fn records_read(&self, records: u64) {
        self.with_bar(|bar| bar.show_records(records));
    }

    fn is_cancelled(&self) -> bool {
        self.interrupt.is_noted()
    }

    fn failed(&self, file: &FileReport) {
        match &*self.bar.borrow() {
            Some(bar) => bar.suspend(|| write_failure(file)),
            None => write_failure(file),
        }
    }

    fn warn(&self, message: &str) {
        tracing::warn!("{message}");
    }

    fn end(&self) {
        self.bar.replace(None);
    }
}

/// Writes a failed input to standard error. If that is closed, the report and the exit code still show it.
fn write_failure(file: &FileReport) {
    let Some(error) = &file.error else { return };
    let remedy = match error.kind() {
        // All inputs stop, and one line is about them together.
        ErrorKind::Cancelled => return,
        // The message says what to do.
        ErrorKind::Usage => String::new(),
        ErrorKind::Io if file.upload.is_none() => "; check the path".to_owned(),
        ErrorKind::Shape if file.stored == (0, 0) => String::new(),
        _ if error.is_temporary() => format!("; {} of it are stored, then import it again", stored(file.stored)),
        _ => format!("; {} of it are stored, fix the file and import it again", stored(file.stored)),
    };
    let _ = writeln!(
        io::stderr(),
        "healthsink: {}: {}{remedy}",
        shown_within(&file.file, PATH_COLUMNS_MAX),
        shown_within(&error.to_string(), MESSAGE_COLUMNS_MAX),
    );
}

/// Records, and route points if there are any.
fn stored((records, points): (u64, u64)) -> String {
    match points {
        0 => counted(records, "record"),
        _ => format!("{} and {}", counted(records, "record"), counted(points, "route point")),
    }
}

impl Printable for Report {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        // The failures are on standard error, and there is nothing else to account for.
        let skipped: u64 = self.account.skipped.values().sum();
        if self.account.read == skipped && self.files.iter().all(|file| !file.ok) {
            return Ok(());
        }
        write_types(self, out)?;
        write_speed(self, out)?;
        write_account(self, out)
    }
}

fn write_types(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let columns = [("type", Align::Left), ("read", Align::Right), ("first", Align::Left), ("last", Align::Left)];
    let mut table = Table::new(columns);
    let time = |ms: Option<i64>| ms.map(to_iso_seconds).unwrap_or_default();
    for kind in report.types.iter().filter(|kind| kind.read > 0) {
        let (first, last) = (time(kind.first_ms), time(kind.last_ms));
        table.push([short(&kind.kind), &kind.read.to_string(), &first, &last]);
    }
    if report.types.is_empty() { Ok(()) } else { table.write(out) }
}

fn write_speed(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let Counts { new, updated, unchanged, rejected, route_points, .. } = report.account.counts;
    let whole = report.files.iter().filter(|file| file.ok).count();
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let (megabytes, read) = (report.bytes as f64 / 1e6, report.account.read as f64);
    let seconds = report.seconds.max(1e-9);
    let outcome = if report.dry_run {
        "a dry run, nothing was written".to_owned()
    } else {
        let (records, points) = (counted(report.account.count, "record"), counted(route_points, "route point"));
        format!(
            "{records} and {points}: {new} new, {updated} updated, {unchanged} unchanged, \
             {rejected} rejected"
        )
    };
    if let Some(person) = &report.person {
        writeln!(out, "records of {}", shown(person))?;
    }
    writeln!(
        out,
        "{whole} of {} files: {outcome}; {megabytes:.1} MB in {:.1} s ({:.0} MB/s, {:.0} elements/s)",
        report.files.len(),
        report.seconds,
        megabytes / seconds,
        read / seconds
    )
}

fn write_account(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let Counts { new, updated, unchanged, merged, rejected, missing, .. } = report.account.counts;
    let read = report.account.read;
    let skipped: u64 = report.account.skipped.values().sum();
    match report.account.readable {
        Some(readable) => writeln!(out, "read {read} = {readable} records + {rejected} rejected + {skipped} skipped")?,
        None => {
            let undone = match report.account.undone {
                0 => String::new(),
                undone => format!(" + {undone} undone"),
            };
            writeln!(
                out,
                "read {read} = {new} new + {updated} updated + {unchanged} unchanged + {merged} merged + {rejected} rejected \
                 + {skipped} skipped{undone}"
            )?;
        }
    }
    for (reason, count) in &report.account.skipped {
        writeln!(out, "  skipped {count}: {}", shown_within(reason, MESSAGE_COLUMNS_MAX))?;
    }
    for (name, count) in &report.within {
        writeln!(out, "  within records {count}: {}", shown(name))?;
    }
    let empty = report.files.iter().filter(|file| file.ok && file.account.read == 0);
    for file in empty.take(FILES_NAMED_MAX) {
        writeln!(out, "  no records in {}", shown_within(&file.file, PATH_COLUMNS_MAX))?;
    }
    if rejected > 0 && !report.dry_run {
        writeln!(out, "The table `rejects` holds what was rejected, and why.")?;
    }
    write_missing(missing, out)
}

/// What an earlier export had, and a complete later one has not.
fn write_missing(missing: u64, out: &mut dyn Write) -> io::Result<()> {
    if missing == 0 {
        return Ok(());
    }
    writeln!(out, "This export no longer has {} of an earlier one.", counted(missing, "sample"))?;
    writeln!(out, "The table `missing_samples` has what is missing, and no figure counts it.")
}
