//! What holds for each reader of the import, whatever it reads:
//!
//! - No bytes make it panic, or hold more memory than some elements of the largest size.
//! - Any split of the input into reads gives the same rows, rejects, account and error.
//! - The account holds: every element that was read is a record, a reject, or skipped for a stated reason.
//! - What is kept as JSON is JSON, and no two records have the same identity.

use std::collections::{BTreeMap, HashSet};
use std::io::{BufRead, BufReader};

use healthsink::batch::{Batch, TextId};
use healthsink::decode::Sink;
use healthsink::error::Result;
use healthsink::import::{Format, Tally, TypeTally, read_file};
use healthsink::limits::{IMPORT_ELEMENT_BYTES_MAX, ingest_bytes};
use serde::de::IgnoredAny;

use crate::chunking::{lengths, seed_of};
use crate::memory;
use crate::transcript::{Pieces, Transcript};

/// Longest body that a recipe makes: one element may be too long.
pub const BODY_BYTES_MAX: usize = IMPORT_ELEMENT_BYTES_MAX + IMPORT_ELEMENT_BYTES_MAX / 2;

/// Longer ones are split less finely, so that a run stays short.
const FINE_BYTES_MAX: usize = 1 << 16;

/// What one element may take many times over while it is read: the buffer that doubles, its text, its parts, its row.
const ELEMENTS_HELD_MAX: usize = 16;

/// The account, in a form that can be compared.
#[derive(Debug, PartialEq)]
pub struct Account {
    read: u64,
    rejected: u64,
    skipped: BTreeMap<String, u64>,
    within: BTreeMap<String, u64>,
    types: Vec<TypeTally>,
}

impl Account {
    pub fn of(tally: &Tally) -> Self {
        Self {
            read: tally.read,
            rejected: tally.rejected,
            skipped: tally.skipped.clone(),
            within: tally.within.clone(),
            types: tally.types(),
        }
    }

    /// Rows and rejects that it speaks of.
    pub fn rows(&self) -> (u64, u64) {
        let rows = self.types.iter().map(|kind| kind.read).sum();
        assert_eq!(self.read, rows + self.rejected + self.skipped.values().sum::<u64>(), "{self:?}");
        (rows, self.rejected)
    }
}

/// Asserts the properties of one file.
pub fn check(format: Format, body: &[u8]) {
    let (sound, peak) = memory::peak_of(|| {
        let mut sound = Sound::default();
        let mut batch = Box::<Batch>::default();
        read_file(format, "file", body, Some(&mut || Ok(body)), &mut batch, &mut sound, &mut Tally::default());
        sound.take(&batch);
        sound
    });
    drop(sound);
    let most = ingest_bytes() + ELEMENTS_HELD_MAX * IMPORT_ELEMENT_BYTES_MAX;
    assert!(peak <= most, "{peak} bytes held by a body of {}, where {most} are allowed", body.len());

    let whole = Read::of(format, || body);
    let rejects = whole.transcript.rejects.len() as u64;
    assert_eq!(whole.account.rows(), (whole.transcript.records, rejects), "{:?}", whole.account);
    let bytes = whole.transcript.body_bytes;
    match &whole.transcript.outcome {
        Ok(_) => assert!(bytes <= body.len() as u64, "{bytes} bytes of {}", body.len()),
        Err(error) => {
            assert!(error.is_input(), "{error:?}");
            assert!(error.position().offset.is_none_or(|offset| offset <= body.len() as u64), "{error:?}");
        }
    }
    let seed = seed_of(body);
    if body.len() <= FINE_BYTES_MAX {
        whole.assert_same(&Read::of(format, || Pieces::new(body, || 1)));
        whole.assert_same(&Read::of(format, || Pieces::new(body, lengths(seed, 7))));
        whole.assert_same(&Read::of(format, || BufReader::with_capacity(64, Pieces::new(body, lengths(seed, 200)))));
    }
    whole.assert_same(&Read::of(format, || Pieces::new(body, lengths(seed, 100_000))));
}

/// What came of a file.
struct Read {
    transcript: Transcript,
    account: Account,
}

impl Read {
    fn of<S: BufRead>(format: Format, open: impl Fn() -> S) -> Self {
        let mut tally = Tally::default();
        let (transcript, decoded) = Transcript::gather(|batch, sink| {
            read_file(format, "file", open(), Some(&mut || Ok(open())), batch, sink, &mut tally)
        });
        let transcript = Transcript { outcome: decoded.outcome, body_bytes: decoded.body_bytes, ..transcript };
        Self { transcript, account: Account::of(&tally) }
    }

    fn assert_same(&self, other: &Self) {
        self.transcript.assert_same_rows(&other.transcript, true);
        self.transcript.assert_same_outcome(&other.transcript, true);
        assert_eq!(self.transcript.body_bytes, other.transcript.body_bytes);
        assert_eq!(self.account, other.account);
    }
}

/// Looks at each row, and keeps nothing but identities.
#[derive(Debug, Default)]
pub struct Sound {
    samples: HashSet<(String, i64, [u8; 16])>,
    others: HashSet<[u8; 16]>,
}

impl Sound {
    /// Asserts that JSON is JSON, and identities are told apart.
    pub fn take(&mut self, batch: &Batch) {
        let Batch { samples, workouts, route_points, characteristics: _, others, imported, texts, .. } = batch;
        let json = |text: Option<TextId>| {
            let Some(text) = text.map(|text| texts.get(text)) else {
                return;
            };
            if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
                panic!("{error}: {text}");
            }
        };
        for sample in samples.iter().chain(imported.samples.iter().map(|row| &row.sample)) {
            [sample.source, sample.metadata, sample.other].into_iter().for_each(json);
        }
        for row in &imported.samples {
            let key = (texts.get(row.sample.kind).to_owned(), row.sample.start_ms, row.sample.uuid);
            assert!(self.samples.insert(key), "two records are taken for one: {row:?}");
        }
        for row in workouts {
            [row.statistics, row.events, row.activities, row.metadata, row.source, row.other]
                .into_iter()
                .for_each(json);
        }
        route_points.iter().for_each(|row| json(row.other));
        others.iter().for_each(|row| json(Some(row.json)));
        imported.beat_lists.iter().for_each(|row| json(Some(row.beats)));
        imported.activity_summaries.iter().for_each(|row| json(row.other));
        imported.aggregates.iter().for_each(|row| json(row.other));
        for row in &imported.correlations {
            [row.source, row.metadata, Some(row.members), row.other].into_iter().for_each(json);
            assert!(self.others.insert(row.uuid), "two correlations are taken for one: {row:?}");
        }
        for row in &imported.electrocardiograms {
            [row.voltages, row.header].into_iter().for_each(|text| json(Some(text)));
        }
    }
}

impl Sink for Sound {
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        self.take(batch);
        batch.clear();
        Ok(())
    }
}
