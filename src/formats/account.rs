//! The account of what was read, for all formats: rows are counted as their batch passes on.
//!
//! Every element becomes a row, a reject, or is skipped for a stated reason: the sums must agree.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::batch::Batch;
use crate::model::identity::digest;
use crate::model::limits::{TALLY_NAME_BYTES_MAX, TALLY_NAMES_MAX};
use crate::model::listing::Listing;

/// Counts of elements by type.
#[derive(Debug, Default)]
pub struct Tally {
    /// Elements that became a row, were rejected, or were skipped.
    pub read: u64,
    /// Elements that were rejected.
    pub rejected: u64,
    types: Vec<TypeTally>,
    /// Place of the type that was counted last.
    last: usize,
    /// Elements without a row, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Elements that the row of the element around them keeps, by name.
    pub within: BTreeMap<String, u64>,
}

/// Counts of one type.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(into = "ShownTally")]
pub struct TypeTally {
    /// Type or section; a long one is shortened.
    pub kind: String,
    /// Its rows.
    pub read: u64,
    /// Start of the earliest one.
    pub first_ms: Option<i64>,
    /// Start of the latest one.
    pub last_ms: Option<i64>,
}

/// The same in JSON. The last two are the old names, which stay for one version.
#[derive(Serialize)]
struct ShownTally {
    #[serde(rename = "type")]
    kind: String,
    read: u64,
    #[serde(rename = "firstMs")]
    first: Option<i64>,
    #[serde(rename = "lastMs")]
    last: Option<i64>,
    first_ms: Option<i64>,
    last_ms: Option<i64>,
}

impl From<TypeTally> for ShownTally {
    fn from(TypeTally { kind, read, first_ms, last_ms }: TypeTally) -> Self {
        Self { kind, read, first: first_ms, last: last_ms, first_ms, last_ms }
    }
}

impl Tally {
    /// Counts the rows and rejects of a batch.
    pub(crate) fn count(&mut self, batch: &Batch) {
        batch.rows.each_listing(&batch.texts, |listing| match listing {
            Listing::Record(kind, start_ms) => self.row(kind, start_ms),
            Listing::Within(name) => self.within(name, 1),
            Listing::Rejected => {
                self.read += 1;
                self.rejected += 1;
            }
            Listing::Nothing => {}
        });
    }

    fn row(&mut self, kind: &str, start_ms: Option<i64>) {
        self.rows(kind, 1, start_ms, start_ms);
    }

    fn rows(&mut self, kind: &str, count: u64, first_ms: Option<i64>, last_ms: Option<i64>) {
        if count == 0 {
            return;
        }
        self.read += count;
        if self.types.get(self.last).is_none_or(|last| last.kind != kind) {
            self.last = self.place(&shortened(kind));
        }
        let kind = &mut self.types[self.last];
        kind.read += count;
        kind.first_ms = [kind.first_ms, first_ms].into_iter().flatten().min();
        kind.last_ms = [kind.last_ms, last_ms].into_iter().flatten().max();
    }

    /// The place of a type. Types beyond [`TALLY_NAMES_MAX`] share the last one.
    fn place(&mut self, kind: &str) -> usize {
        if let Some(known) = self.types.iter().position(|known| known.kind == kind) {
            return known;
        }
        if self.types.len() >= TALLY_NAMES_MAX {
            return TALLY_NAMES_MAX - 1;
        }
        self.types.push(TypeTally { kind: kind.to_owned(), read: 0, first_ms: None, last_ms: None });
        self.types.len() - 1
    }

    /// Counts elements without a row.
    pub(crate) fn skip(&mut self, reason: &str, count: u64) {
        self.read += count;
        add(&mut self.skipped, reason, count);
    }

    /// Counts elements that a row keeps.
    pub(crate) fn within(&mut self, name: &str, count: u64) {
        add(&mut self.within, name, count);
    }

    /// Elements without a row, whatever the reason.
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
}

/// Names beyond [`TALLY_NAMES_MAX`] are counted with the last one.
fn add(counts: &mut BTreeMap<String, u64>, name: &str, count: u64) {
    let name = shortened(name);
    if let Some(known) = counts.get_mut(&*name) {
        *known += count;
    } else if counts.len() < TALLY_NAMES_MAX {
        counts.insert(name.into_owned(), count);
    } else if let Some(mut last) = counts.last_entry() {
        *last.get_mut() += count;
    }
}

/// A name as the account remembers it. A long name is cut and ends in a digest, which distinguishes it from others.
fn shortened(name: &str) -> Cow<'_, str> {
    /// `…` and eight digits.
    const END_BYTES: usize = 11;
    if name.len() <= TALLY_NAME_BYTES_MAX {
        return Cow::Borrowed(name);
    }
    let [first, second, third, fourth, ..] = digest(&[name.as_bytes()]);
    let start = &name[..name.floor_char_boundary(TALLY_NAME_BYTES_MAX - END_BYTES)];
    Cow::Owned(format!("{start}…{first:02x}{second:02x}{third:02x}{fourth:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_shortened_and_distinguished() {
        let long = "ü".repeat(500_000);
        let (one, other) = (shortened(&long).into_owned(), shortened(&long[2..]).into_owned());
        assert!(one.len() <= TALLY_NAME_BYTES_MAX && one.starts_with("üü") && one.contains('…'), "{one}");
        assert_ne!(one, other);
        assert_eq!(shortened(&one), one, "a shortened name stays as it is");
        assert_eq!(shortened("HeartRate"), "HeartRate");
    }

    #[test]
    fn names_beyond_the_limit_are_counted_with_the_last() {
        let mut tally = Tally::default();
        for number in 0..TALLY_NAMES_MAX + 10 {
            tally.row(&number.to_string(), Some(1));
            tally.skip(&number.to_string(), 1);
            tally.within(&number.to_string(), 1);
        }
        assert_eq!(
            (tally.types().len(), tally.skipped.len(), tally.within.len()),
            (TALLY_NAMES_MAX, TALLY_NAMES_MAX, TALLY_NAMES_MAX)
        );
        let rows: u64 = tally.types().iter().map(|kind| kind.read).sum();
        let all = TALLY_NAMES_MAX as u64 + 10;
        assert_eq!((rows, tally.readable(), tally.skipped()), (all, all, all));
    }
}
