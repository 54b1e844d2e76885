//! The report of an import: what was read, what became of it, and the period of each type.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::formats::account::{Tally, TypeTally};
use crate::model::counts::{Counts, is_zero};
use crate::model::error::{Error, ErrorKind, Result};
use crate::store::writer::ingest::{Aborted, Summary};

/// The result of an import.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Whether all inputs were imported whole.
    pub ok: bool,
    /// Whether nothing was written.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Whether its user stopped it: what was read by then is stored.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// Whose records they are; `None` in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The uploads.
    pub files: Vec<FileReport>,
    /// Counts of the elements of all uploads.
    #[serde(flatten)]
    pub account: Account,
    /// Elements that are stored within another record's row, by name.
    pub within: BTreeMap<String, u64>,
    /// The types, by name.
    pub types: Vec<TypeTally>,
    /// Bytes that were read, after decompression.
    pub bytes: u64,
    /// How long it took.
    pub seconds: f64,
    #[serde(skip)]
    tally: Tally,
}

/// One upload of an import.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileReport {
    /// The file, folder or member of an archive.
    pub file: String,
    /// Whether it was imported whole.
    pub ok: bool,
    /// Its number in the ledger, if it was begun.
    pub upload: Option<i64>,
    /// Counts of its elements.
    #[serde(flatten)]
    pub account: Account,
    /// Records and route points that are stored of it; of an archive or a folder, those of its uploads.
    #[serde(skip)]
    pub stored: (u64, u64),
    /// Why it was not imported whole.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub error: Option<Error>,
}

fn as_text<S: serde::Serializer>(error: &Option<Error>, serializer: S) -> Result<S::Ok, S::Error> {
    match error {
        Some(error) => serializer.collect_str(error),
        None => serializer.serialize_none(),
    }
}

/// Counts of the elements of an upload, or of all of them.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Records that are stored.
    pub count: u64,
    /// Elements that were read: the sum of what became of them.
    pub read: u64,
    /// In a dry run, elements that are neither rejected nor skipped; only the database knows which of them are new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readable: Option<u64>,
    /// Counts of the records.
    #[serde(flatten)]
    pub counts: Counts,
    /// Elements whose transaction was undone by a failure: they are not stored.
    #[serde(skip_serializing_if = "is_zero")]
    pub undone: u64,
    /// Elements without a row, by reason.
    pub skipped: BTreeMap<String, u64>,
}

impl Account {
    fn new(tally: &Tally, counts: Counts, is_dry_run: bool) -> Self {
        let Counts { new, updated, unchanged, merged, rejected, .. } = counts;
        let known = new + updated + unchanged + merged + rejected + tally.skipped();
        Self {
            count: counts.records(),
            read: tally.read,
            readable: is_dry_run.then(|| tally.readable()),
            counts,
            undone: if is_dry_run { 0 } else { tally.read.saturating_sub(known) },
            skipped: tally.skipped.clone(),
        }
    }
}

/// The result of one upload.
#[derive(Debug, Default)]
pub(super) struct FileOutcome {
    pub(super) upload: Option<i64>,
    pub(super) body_bytes: u64,
    pub(super) counts: Counts,
    pub(super) error: Option<Error>,
}

impl FileOutcome {
    /// An upload that was not begun.
    pub(super) fn failed(error: Error) -> Self {
        Self { error: Some(error), ..Self::default() }
    }
}

impl From<Result<Summary, Aborted>> for FileOutcome {
    fn from(outcome: Result<Summary, Aborted>) -> Self {
        let (summary, error) = match outcome {
            Ok(summary) => (Some(summary), None),
            Err(Aborted { error, summary }) => (summary, Some(error)),
        };
        match summary {
            Some(Summary { upload, body_bytes, counts }) => Self { upload: Some(upload), body_bytes, counts, error },
            None => Self { error, ..Self::default() },
        }
    }
}

impl Report {
    pub(super) fn new(is_dry_run: bool, person: Option<String>) -> Self {
        Self {
            ok: true,
            dry_run: is_dry_run,
            interrupted: false,
            person,
            files: Vec::new(),
            account: Account::default(),
            within: BTreeMap::new(),
            types: Vec::new(),
            bytes: 0,
            seconds: 0.0,
            tally: Tally::default(),
        }
    }

    /// Adds an upload, and returns its report.
    pub(super) fn add(&mut self, name: &str, tally: &Tally, outcome: FileOutcome) -> &FileReport {
        let FileOutcome { upload, body_bytes, mut counts, mut error } = outcome;
        if tally.rejected > 0 && tally.readable() == 0 {
            error.get_or_insert_with(|| {
                Error::new(
                    ErrorKind::Shape,
                    "all of its records were rejected; the table `rejects` holds them, and why",
                )
            });
        }
        if self.dry_run {
            counts.rejected = tally.rejected;
        }
        self.interrupted |= error.as_ref().is_some_and(|error| error.kind() == ErrorKind::Cancelled);
        self.ok &= error.is_none();
        self.account.counts += counts;
        self.bytes += body_bytes;
        self.tally.add(tally);
        let account = Account::new(tally, counts, self.dry_run);
        let stored = (counts.records(), counts.route_points);
        self.files.push(FileReport { file: name.to_owned(), ok: error.is_none(), upload, account, stored, error });
        &self.files[self.files.len() - 1]
    }

    /// Adds what became of a container as a whole, whose uploads are those from `first` on.
    pub(super) fn add_container(
        &mut self,
        name: &str,
        tally: &Tally,
        error: Option<Error>,
        first: usize,
    ) -> &FileReport {
        self.add(name, tally, FileOutcome { error, ..FileOutcome::default() });
        let uploads = self.files[first..].iter().map(|file| file.stored);
        let stored = uploads.fold((0, 0), |sum, stored| (sum.0 + stored.0, sum.1 + stored.1));
        let last = self.files.len() - 1;
        self.files[last].stored = stored;
        &self.files[last]
    }

    /// Adds up the uploads.
    pub(super) fn finish(&mut self, elapsed: Duration) {
        self.seconds = elapsed.as_secs_f64();
        self.account = Account::new(&self.tally, self.account.counts, self.dry_run);
        self.within.clone_from(&self.tally.within);
        self.types = self.tally.types();
    }
}
