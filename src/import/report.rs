//! The account of an import: what was read, what became of it, and by type from when to when.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use crate::formats::output::{Tally, TypeTally};
use crate::model::counts::Counts;
use crate::model::error::{Error, Result};
use crate::model::healthkit::short;
use crate::store::writer::ingest::{Aborted, Summary};

/// What an import has done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) ok: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
    pub(super) files: Vec<FileReport>,
    #[serde(flatten)]
    account: Account,
    /// Elements that are kept within a record's row.
    within: BTreeMap<String, u64>,
    types: Vec<TypeTally>,
    bytes: u64,
    seconds: f64,
    #[serde(skip)]
    tally: Tally,
}

/// One upload of an import.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileReport {
    file: String,
    ok: bool,
    /// Its number in the ledger; none if it could not be opened.
    upload: Option<i64>,
    #[serde(flatten)]
    account: Account,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What became of the elements of an upload, or of all of them.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    /// Records that are stored.
    count: u64,
    /// Elements that were read: the sum of what became of them.
    read: u64,
    /// In a dry run, elements that are neither rejected nor skipped: new or known, that is not looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    readable: Option<u64>,
    #[serde(flatten)]
    counts: Counts,
    skipped: BTreeMap<String, u64>,
}

impl Account {
    fn of(tally: &Tally, counts: Counts, dry_run: bool) -> Self {
        Self {
            count: counts.records(),
            read: tally.read,
            readable: dry_run.then(|| tally.readable()),
            counts,
            skipped: tally.skipped.clone(),
        }
    }
}

impl Report {
    pub(super) fn new(dry_run: bool) -> Self {
        Self {
            ok: true,
            dry_run,
            files: Vec::new(),
            account: Account::default(),
            within: BTreeMap::new(),
            types: Vec::new(),
            bytes: 0,
            seconds: 0.0,
            tally: Tally::default(),
        }
    }

    pub(super) fn add(&mut self, name: &str, tally: &Tally, outcome: Result<Summary, Aborted>) {
        let (summary, error) = match outcome {
            Ok(summary) => (Some(summary), None),
            Err(Aborted { error, summary }) => (summary, Some(error)),
        };
        let mut counts = summary.as_ref().map(|summary| summary.counts).unwrap_or_default();
        if self.dry_run {
            counts.rejected = tally.rejected;
        }
        if let Some(error) = &error {
            self.ok = false;
            let remedy = if error.is_temporary() { "then import it again" } else { "mend it and import it again" };
            // If nobody can be told, the exit code still says it.
            let _ = writeln!(
                io::stderr(),
                "healthsink: {name}: {error}; {} records of it are stored, {remedy}",
                counts.records()
            );
        }
        self.account.counts += counts;
        self.bytes += summary.as_ref().map_or(0, |summary| summary.body_bytes);
        self.tally.add(tally);
        self.files.push(FileReport {
            file: name.to_owned(),
            ok: error.is_none(),
            upload: summary.as_ref().map(|summary| summary.upload).filter(|upload| *upload > 0),
            account: Account::of(tally, counts, self.dry_run),
            error: error.map(|error| error.to_string()),
        });
    }

    /// What was not read, and why.
    pub(super) fn leave(&mut self, name: &str, tally: &Tally, error: Option<Error>) {
        match error {
            Some(error) => self.add(name, tally, Err(Aborted { error, summary: None })),
            None if tally.read > 0 => {
                let summary = Summary { upload: 0, body_bytes: 0, counts: Counts::default() };
                self.add(name, tally, Ok(summary));
            }
            None => {}
        }
    }

    pub(super) fn finish(&mut self, elapsed: Duration) {
        self.seconds = elapsed.as_secs_f64();
        self.account = Account::of(&self.tally, self.account.counts, self.dry_run);
        self.within.clone_from(&self.tally.within);
        self.types = self.tally.types();
    }

    pub(super) fn print(&self, as_json: bool) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if as_json {
            serde_json::to_writer(&mut out, self)?;
            return writeln!(out);
        }
        self.print_types(&mut out)?;
        let Counts { new, updated, unchanged, merged, rejected, route_points, .. } = self.account.counts;
        let whole = self.files.iter().filter(|file| file.ok).count();
        let files = self.files.len();
        #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
        let (megabytes, read) = (self.bytes as f64 / 1e6, self.account.read as f64);
        let seconds = self.seconds.max(1e-9);
        let outcome = if self.dry_run {
            "a dry run, nothing was written".to_owned()
        } else {
            let records = self.account.count;
            format!(
                "{records} records and {route_points} route points: {new} new, {updated} updated, {unchanged} unchanged, {rejected} rejected"
            )
        };
        writeln!(
            out,
            "{whole} of {files} files: {outcome}; {megabytes:.1} MB in {:.1} s ({:.0} MB/s, {:.0} elements/s)",
            self.seconds,
            megabytes / seconds,
            read / seconds
        )?;
        if self.dry_run {
            writeln!(
                out,
                "read {} = {} records + {rejected} rejected + {} skipped",
                self.account.read,
                self.tally.readable(),
                self.tally.skipped()
            )?;
        } else {
            writeln!(
                out,
                "read {} = {new} new + {updated} updated + {unchanged} unchanged + {merged} merged + {rejected} rejected + {} skipped",
                self.account.read,
                self.tally.skipped()
            )?;
        }
        for (reason, count) in &self.account.skipped {
            writeln!(out, "  skipped {count}: {reason}")?;
        }
        for (name, count) in &self.within {
            writeln!(out, "  within records {count}: {name}")?;
        }
        if rejected > 0 && !self.dry_run {
            writeln!(out, "What was rejected, and why, is in the table `rejects`.")?;
        }
        Ok(())
    }

    fn print_types(&self, out: &mut impl Write) -> io::Result<()> {
        let width = self.types.iter().map(|kind| short(&kind.kind).len()).max().unwrap_or_default().max(4);
        if !self.types.is_empty() {
            writeln!(out, "{:<width$} {:>12}  {:<20}  last", "type", "read", "first")?;
        }
        for kind in self.types.iter().filter(|kind| kind.read > 0) {
            let time = |ms: Option<i64>| ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
            let time = |ms: Option<i64>| time(ms).map(|time| format!("{time:.0}")).unwrap_or_default();
            let (first, last) = (time(kind.first_ms), time(kind.last_ms));
            writeln!(out, "{:<width$} {:>12}  {first:<20}  {last}", short(&kind.kind), kind.read)?;
        }
        Ok(())
    }
}
