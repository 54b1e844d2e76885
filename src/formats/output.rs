//! Where an import's readers put their rows, and the account of what they read.
//!
//! Every element that is read becomes a row, a reject, or is skipped for a stated reason: the sums must agree.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::batch::Batch;
use crate::model::batch::Sink;
use crate::model::error::Result;
use crate::model::limits::{REJECT_RAW_BYTES_MAX, TALLY_NAMES_MAX};
use crate::model::record::Reject;

/// What was read, by type.
#[derive(Debug, Default)]
pub struct Tally {
    /// Elements that became a row, were rejected, or were skipped.
    pub read: u64,
    /// Elements that were set aside.
    pub rejected: u64,
    types: Vec<TypeTally>,
    last: usize,
    /// Elements that have no row of their own, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Elements that are kept within the row of the element around them, by name.
    pub within: BTreeMap<String, u64>,
}

/// What was read of a type.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TypeTally {
    /// Type or section.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its rows.
    pub read: u64,
    /// Start of the first one.
    pub first_ms: Option<i64>,
    /// Start of the last one.
    pub last_ms: Option<i64>,
}

impl Tally {
    /// A row of a type, and when it was.
    pub(crate) fn row(&mut self, kind: &str, start_ms: Option<i64>) {
        self.rows(kind, 1, start_ms, start_ms);
    }

    fn rows(&mut self, kind: &str, count: u64, first_ms: Option<i64>, last_ms: Option<i64>) {
        self.read += count;
        if self.types.get(self.last).is_none_or(|last| last.kind != kind) {
            let known = self.types.iter().position(|known| known.kind == kind);
            self.last = known.unwrap_or(self.types.len());
            if known.is_none() {
                let is_full = self.types.len() >= TALLY_NAMES_MAX;
                if is_full {
                    self.last = TALLY_NAMES_MAX - 1;
                } else {
                    self.types.push(TypeTally { kind: kind.to_owned(), read: 0, first_ms: None, last_ms: None });
                }
            }
        }
        let kind = &mut self.types[self.last];
        kind.read += count;
        kind.first_ms = [kind.first_ms, first_ms].into_iter().flatten().min();
        kind.last_ms = [kind.last_ms, last_ms].into_iter().flatten().max();
    }

    /// An element without a row of its own.
    pub(crate) fn skip(&mut self, reason: &str, count: u64) {
        self.read += count;
        add(&mut self.skipped, reason, count);
    }

    /// Elements that are kept within a row.
    pub(crate) fn within(&mut self, name: &str, count: u64) {
        add(&mut self.within, name, count);
    }

    /// Elements without a row of their own, for whatever reason.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped.values().sum()
    }

    /// Elements that became a row.
    #[must_use]
    pub fn readable(&self) -> u64 {
        self.read.saturating_sub(self.rejected + self.skipped())
    }

    /// The types by name.
    #[must_use]
    pub fn types(&self) -> Vec<TypeTally> {
        let mut types = self.types.clone();
        types.sort_by(|one, other| one.kind.cmp(&other.kind));
        types
    }

    pub(crate) fn add(&mut self, more: &Self) {
        for kind in &more.types {
            self.rows(&kind.kind, kind.read, kind.first_ms, kind.last_ms);
        }
        self.read += more.rejected;
        self.rejected += more.rejected;
        for (reason, count) in &more.skipped {
            self.skip(reason, *count);
        }
        for (name, count) in &more.within {
            self.within(name, *count);
        }
    }

    /// The rows of a batch that a reader without a tally of its own has filled.
    pub(crate) fn batch(&mut self, batch: &Batch) {
        let texts = &batch.texts;
        for row in &batch.rows.samples {
            self.row(texts.get(row.kind), Some(row.start_ms));
        }
        for row in &batch.rows.workouts {
            self.row("workouts", Some(row.start_ms));
        }
        for row in &batch.rows.route_points {
            self.row("workoutRoutes", Some(row.time_ms));
        }
        for row in &batch.rows.doses {
            self.row("medicationDoseEvents", Some(row.start_ms));
        }
        self.rows("medications", batch.rows.medications.len() as u64, None, None);
        for row in &batch.rows.others {
            if row.in_data {
                self.row(texts.get(row.section), None);
            } else {
                self.within(texts.get(row.section), 1);
            }
        }
        self.read += batch.rows.rejects.len() as u64;
        self.rejected += batch.rows.rejects.len() as u64;
    }
}

fn add(counts: &mut BTreeMap<String, u64>, name: &str, count: u64) {
    if let Some(known) = counts.get_mut(name) {
        *known += count;
    } else if counts.len() < TALLY_NAMES_MAX {
        counts.insert(name.to_owned(), count);
    } else if let Some(mut last) = counts.last_entry() {
        *last.get_mut() += count;
    }
}

/// Rows on their way.
pub(crate) struct Output<'a> {
    pub(crate) batch: &'a mut Box<Batch>,
    pub(crate) sink: &'a mut dyn Sink,
    pub(crate) tally: &'a mut Tally,
    /// Counts the batches: numbers of texts hold for one batch only.
    pub(crate) generation: u32,
}

/// Where an element stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// File within the import, such as `export.xml`.
    pub(crate) file: &'a str,
    pub(crate) line: u64,
    pub(crate) offset: u64,
}

impl Output<'_> {
    /// Hands on a full batch.
    pub(crate) fn make_room(&mut self) -> Result<()> {
        if self.batch.is_full() { self.hand_on() } else { Ok(()) }
    }

    /// Hands on the batch, however full it is.
    pub(crate) fn hand_on(&mut self) -> Result<()> {
        self.sink.submit(self.batch)?;
        self.generation = self.generation.wrapping_add(1);
        Ok(())
    }

    /// Sets an element aside.
    pub(crate) fn reject(&mut self, place: Place<'_>, reason: &str, raw: &[u8], raw_bytes: u64) -> Result<()> {
        self.tally.read += 1;
        self.tally.rejected += 1;
        let raw = String::from_utf8_lossy(&raw[..raw.len().min(REJECT_RAW_BYTES_MAX)]);
        let reason = format!("line {}: {reason}", place.line);
        let texts = &mut self.batch.texts;
        let (section, reason, raw) = (texts.intern(place.file), texts.intern(&reason), texts.intern(&raw));
        self.batch.rows.rejects.push(Reject { section, index: None, offset: place.offset, reason, raw, raw_bytes });
        self.make_room()
    }
}

/// Counts the rows that pass on their way to the writer.
pub(crate) struct Counting<'a> {
    pub(crate) sink: &'a mut dyn Sink,
    pub(crate) tally: &'a mut Tally,
}

impl Sink for Counting<'_> {
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        self.tally.batch(batch);
        self.sink.submit(batch)
    }
}
