//! Properties of each reader of the import, whatever it reads:
//!
//! - No bytes make it panic, or hold more memory than some elements of the largest size.
//! - Any split of the input into reads gives the same rows, rejects, account and error.
//! - The account holds: every element that was read is a record, a reject, or skipped for a stated reason.
//! - What is kept as JSON is JSON, and no two records have the same identity.

use std::collections::{BTreeMap, HashSet};
use std::io::{BufRead, BufReader};

use healthsink::import::{Format, Output, Tally, TypeTally, read_file};
use healthsink::model::batch::Batch;
use healthsink::model::batch::Sink;
use healthsink::model::error::Result;
use healthsink::model::limits::{
    AUTO_EXPORT_OTHER_BYTES_MAX, CLINICAL_FILE_BYTES_MAX, IMPORT_ELEMENT_BYTES_MAX, READ_BUFFER_BYTES,
};
use healthsink::model::memory::ingest_bytes;
use healthsink::model::text::TextId;
use serde::de::IgnoredAny;

use crate::memory;
use crate::pieces::{Pieces, lengths, seed_of};
use crate::transcript::Transcript;

/// Longest body that a recipe makes: larger than every buffer. A test covers elements over the limit, since a fuzzer would
/// spend all its time on them.
pub const BODY_BYTES_MAX: usize = 4 * READ_BUFFER_BYTES;

/// Longer bodies are split less finely, so that a run stays short.
const FINE_BYTES_MAX: usize = 16 << 10;

/// Multiples of an element that reading it may take: the buffer that doubles, its text, its parts, its row.
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

    /// The number of rows and rejects that it counts.
    pub fn rows(&self) -> (u64, u64) {
        let rows = self.types.iter().map(|kind| kind.read).sum();
        assert_eq!(self.read, rows + self.rejected + self.skipped.values().sum::<u64>(), "{self:?}");
        (rows, self.rejected)
    }
}

fn element_bytes_max(format: Format) -> usize {
    match format {
        Format::Ecg | Format::Fhir => CLINICAL_FILE_BYTES_MAX,
        Format::AutoExport => AUTO_EXPORT_OTHER_BYTES_MAX,
        _ => IMPORT_ELEMENT_BYTES_MAX,
    }
}

/// Asserts the properties of one file.
pub fn check(format: Format, body: &[u8]) {
    let (sound, peak) = memory::peak_of(|| {
        let mut sound = Sound::default();
        let mut batch = Box::<Batch>::default();
        let mut tally = Tally::default();
        let mut output = Output::new(&mut batch, &mut sound, Some(&mut tally));
        read_file(format, "file", body, Some(&mut || Ok(body)), &mut output);
        output.finish();
        sound.take(&batch);
        sound
    });
    drop(sound);
    let most = ingest_bytes() + ELEMENTS_HELD_MAX * element_bytes_max(format);
    assert!(peak <= most, "{peak} bytes held by a body of {}, where {most} are allowed", body.len());

    let whole = Read::of(format, || body);
    whole.assert_sound(body);
    let seed = seed_of(body);
    if body.len() > FINE_BYTES_MAX {
        return whole.assert_same(&Read::of(format, || Pieces::new(body, lengths(seed, 100_000))));
    }
    whole.assert_same(&Read::of(format, || Pieces::new(body, single_bytes(seed, body.len()))));
    // A reader allocates much more at each read, so their number is limited.
    let longest = (body.len() as u64 / 8).max(7);
    whole.assert_same(&Read::of(format, || BufReader::with_capacity(64, Pieces::new(body, lengths(seed, longest)))));
}

/// Single bytes somewhere in a body, with the bytes before and behind them.
fn single_bytes(seed: u64, bytes: usize) -> impl FnMut() -> usize {
    let before = usize::try_from(seed % (bytes as u64 + 1)).unwrap_or(0);
    let mut lengths = std::iter::once(before).chain(std::iter::repeat_n(1, 24)).chain(std::iter::repeat(bytes));
    move || lengths.next().unwrap_or(bytes)
}

/// The result of reading a file.
#[derive(Debug)]
pub struct Read {
    pub transcript: Transcript,
    account: Account,
}

impl Read {
    /// Reads what `open` opens, twice if the reader needs that.
    pub fn of<S: BufRead>(format: Format, open: impl Fn() -> S) -> Self {
        let mut tally = Tally::default();
        let (mut transcript, decoded) = Transcript::gather(|batch, sink| {
            let mut output = Output::new(batch, sink, Some(&mut tally));
            let decoded = read_file(format, "file", open(), Some(&mut || Ok(open())), &mut output);
            output.finish();
            decoded
        });
        transcript.end(decoded);
        Self { transcript, account: Account::of(&tally) }
    }

    /// Panics unless the account holds, and everything reported about the file is possible.
    fn assert_sound(&self, body: &[u8]) {
        let rejects = self.transcript.rejects.len() as u64;
        assert_eq!(self.account.rows(), (self.transcript.records, rejects), "{:?}", self.account);
        let bytes = self.transcript.body_bytes;
        assert!(bytes <= body.len() as u64, "{bytes} bytes of {}", body.len());
        if let Err(error) = &self.transcript.outcome {
            assert!(error.is_input, "{error:?}");
            assert!(error.position.offset.is_none_or(|offset| offset <= body.len() as u64), "{error:?}");
        }
    }

    /// Panics unless both are equal.
    pub fn assert_same(&self, other: &Self) {
        self.transcript.assert_same(&other.transcript);
        assert_eq!(self.transcript.body_bytes, other.transcript.body_bytes);
        assert_eq!(self.account, other.account);
    }
}

/// Checks each row, and keeps only identities.
#[derive(Debug, Default)]
pub struct Sound {
    samples: HashSet<(String, i64, [u8; 16])>,
    others: HashSet<[u8; 16]>,
}

impl Sound {
    /// Asserts that JSON is valid, and that identities differ in each document.
    pub fn take(&mut self, batch: &Batch) {
        let Batch { rows, texts, .. } = batch;
        if batch.begins_document {
            // Its records are the same as those before if they are equal.
            self.samples.clear();
        }
        let json = |text: Option<TextId>| {
            let Some(text) = text.map(|text| texts.get(text)) else {
                return;
            };
            if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
                panic!("{error}: {text}");
            }
        };
        for sample in rows.samples.iter().chain(rows.derived_samples.iter().map(|row| &row.sample)) {
            [sample.source, sample.metadata, sample.other].into_iter().for_each(json);
        }
        for row in &rows.derived_samples {
            let key = (texts.get(row.sample.kind).to_owned(), row.sample.start_ms, row.sample.uuid);
            assert!(self.samples.insert(key), "two records are taken for one: {row:?}");
        }
        for row in &rows.workouts {
            [row.statistics, row.events, row.activities, row.metadata, row.source, row.other]
                .into_iter()
                .for_each(json);
        }
        rows.route_points.iter().for_each(|row| json(row.other));
        rows.others.iter().for_each(|row| json(Some(row.json)));
        rows.beat_lists.iter().for_each(|row| json(Some(row.beats)));
        rows.activity_summaries.iter().for_each(|row| json(row.other));
        rows.aggregates.iter().for_each(|row| json(row.other));
        for row in &rows.correlations {
            [row.source, row.metadata, Some(row.members), row.other].into_iter().for_each(json);
            assert!(self.others.insert(row.uuid), "two correlations are taken for one: {row:?}");
        }
        for row in &rows.electrocardiograms {
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
