//! All that a decoder says of a body, in a form that can be compared: rows by kind with their texts spelled out.

use std::io::{self, BufRead, Read};

use healthsink::formats::payload::{Options, decode};
use healthsink::model::batch::Batch;
use healthsink::model::batch::Sink;
use healthsink::model::error::{Error, Result};
use healthsink::model::record::{
    self, Characteristic, Dose, Envelope, Medication, OtherRecord, Reject, RoutePoint, Sample, Workout,
};
use healthsink::model::text::{TextId, Texts};

/// A sample with its texts.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleRow {
    pub kind: String,
    pub uuid: [u8; 16],
    pub start_ms: i64,
    pub end_ms: Option<i64>,
    pub value: Option<f64>,
    pub unit: Option<String>,
    pub source: Option<String>,
    pub metadata: Option<String>,
    pub other: Option<String>,
}

/// A reject with its texts.
#[derive(Clone, Debug, PartialEq)]
pub struct RejectRow {
    pub section: String,
    pub index: Option<u64>,
    pub offset: u64,
    pub reason: String,
    pub raw: String,
    pub raw_bytes: u64,
}

/// What came of a body.
#[derive(Debug)]
pub struct Transcript {
    pub outcome: Result<Envelope>,
    pub body_bytes: u64,
    pub samples: Vec<SampleRow>,
    pub points: Vec<RoutePoint>,
    pub point_texts: Vec<Option<String>>,
    /// Rows of the rarer kinds: the kind's name, and all of the row.
    pub others: [Vec<String>; 5],
    /// Rows that only imports bring, in the same form.
    pub imported: Vec<String>,
    pub rejects: Vec<RejectRow>,
    /// Rows that are counted as records: not characteristics, nor what is a part of another row.
    pub records: u64,
}

impl Transcript {
    /// Decodes a body.
    pub fn of(source: impl BufRead, options: Options) -> Self {
        let (rows, decoded) = Self::gather(|batch, sink| decode(source, options, batch, sink));
        Self { outcome: decoded.outcome, body_bytes: decoded.body_bytes, ..rows }
    }

    /// The rows that `fill` hands on or leaves in the batch, and what it says of them.
    pub fn gather<T>(fill: impl FnOnce(&mut Box<Batch>, &mut dyn Sink) -> T) -> (Self, T) {
        let mut batch = Box::<Batch>::default();
        let mut rows = Rows(Self {
            outcome: Ok(Envelope::default()),
            body_bytes: 0,
            samples: Vec::new(),
            points: Vec::new(),
            point_texts: Vec::new(),
            others: Default::default(),
            imported: Vec::new(),
            rejects: Vec::new(),
            records: 0,
        });
        let said = fill(&mut batch, &mut rows);
        rows.take(&batch);
        (rows.0, said)
    }

    /// Records of a kind that is neither a sample nor a location: workouts, doses, medications, characteristics, others.
    pub fn count_of_others(&self) -> usize {
        self.others.iter().map(Vec::len).sum()
    }

    /// Panics unless the rows are the same in the same order. What is kept of a rejected element's text may differ where
    /// `is_raw_exact` is false: one way keeps blanks, the other does not.
    pub fn assert_same_rows(&self, other: &Self, is_raw_exact: bool) {
        assert_eq!(self.samples, other.samples);
        assert_eq!(format!("{:?}", self.points), format!("{:?}", other.points));
        assert_eq!(self.point_texts, other.point_texts);
        assert_eq!(self.others, other.others);
        assert_eq!(self.imported, other.imported);
        assert_eq!(self.rejects.len(), other.rejects.len(), "{:?} {:?}", self.rejects, other.rejects);
        for (left, right) in self.rejects.iter().zip(&other.rejects) {
            if is_raw_exact {
                assert_eq!(left, right);
            } else {
                let place = |row: &RejectRow| (row.section.clone(), row.index, row.offset, row.reason.clone());
                assert_eq!(place(left), place(right));
            }
        }
    }

    /// Panics unless both ended alike; `place` says whether at the same place.
    pub fn assert_same_outcome(&self, other: &Self, is_place_same: bool) {
        match (&self.outcome, &other.outcome) {
            (Ok(left), Ok(right)) => {
                assert_eq!(left, right);
                assert_eq!(self.body_bytes, other.body_bytes);
            }
            (Err(left), Err(right)) => {
                let kinds = |error: &Error| error.kind();
                assert_eq!(kinds(left), kinds(right), "{left} / {right}");
                if is_place_same {
                    assert_eq!(left.to_string(), right.to_string());
                }
            }
            (left, right) => panic!("{left:?} / {right:?}"),
        }
    }
}

struct Rows(Transcript);

impl Rows {
    fn take(&mut self, batch: &Batch) {
        let Batch { rows: from, texts } = batch;
        let rows = &mut self.0;
        rows.samples.extend(from.samples.iter().map(|row| sample(row, texts)));
        for point in &from.route_points {
            rows.point_texts.push(optional(texts, point.other));
            rows.points.push(RoutePoint { other: None, ..*point });
        }
        rows.others[0].extend(from.workouts.iter().map(|row| workout(row, texts)));
        rows.others[1].extend(from.doses.iter().map(|row| dose(row, texts)));
        rows.others[2].extend(from.medications.iter().map(|row| medication(row, texts)));
        rows.others[3].extend(from.characteristics.iter().map(|row| characteristic(row, texts)));
        rows.others[4].extend(from.others.iter().map(|row| other_record(row, texts)));
        rows.rejects.extend(from.rejects.iter().map(|row| reject(row, texts)));
        imported(from, texts, &mut rows.imported);
        let parts = from.characteristics.len() + from.rejects.len() + from.beat_lists.len();
        rows.records += (from.len() - parts - from.others.iter().filter(|row| !row.in_data).count()) as u64;
    }
}

impl Sink for Rows {
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        self.take(batch);
        batch.clear();
        Ok(())
    }
}

fn optional(texts: &Texts, text: Option<TextId>) -> Option<String> {
    text.map(|text| texts.get(text).to_owned())
}

fn sample(row: &Sample, texts: &Texts) -> SampleRow {
    let Sample { kind, uuid, start_ms, end_ms, value, unit, source, metadata, other } = *row;
    SampleRow {
        kind: texts.get(kind).to_owned(),
        uuid,
        start_ms,
        end_ms,
        value,
        unit: optional(texts, unit),
        source: optional(texts, source),
        metadata: optional(texts, metadata),
        other: optional(texts, other),
    }
}

fn workout(row: &Workout, texts: &Texts) -> String {
    let plain = Workout {
        distance_unit: None,
        statistics: None,
        events: None,
        activities: None,
        metadata: None,
        source: None,
        other: None,
        ..*row
    };
    let spelled = [row.distance_unit, row.statistics, row.events, row.activities, row.metadata, row.source, row.other];
    format!("workout {plain:?} {:?}", spelled.map(|text| optional(texts, text)))
}

fn dose(row: &Dose, texts: &Texts) -> String {
    let plain =
        Dose { medication: None, nickname: None, unit: None, metadata: None, source: None, other: None, ..*row };
    let spelled = [row.medication, row.nickname, row.unit, row.metadata, row.source, row.other];
    format!("dose {plain:?} {:?}", spelled.map(|text| optional(texts, text)))
}

fn medication(row: &Medication, texts: &Texts) -> String {
    let Medication { display_text, general_form, nickname, is_archived, has_schedule, other } = *row;
    let spelled = [Some(display_text), Some(general_form), nickname, other].map(|text| optional(texts, text));
    format!("medication {spelled:?} {is_archived:?} {has_schedule:?}")
}

fn characteristic(row: &Characteristic, texts: &Texts) -> String {
    let Characteristic { key, value } = *row;
    format!("characteristic {:?}", [key, value].map(|text| texts.get(text)))
}

fn other_record(row: &OtherRecord, texts: &Texts) -> String {
    let OtherRecord { section, in_data, json } = *row;
    format!("other {in_data} {:?}", [section, json].map(|text| texts.get(text)))
}

fn imported(rows: &record::Rows, texts: &Texts, out: &mut Vec<String>) {
    let text = |text| texts.get(text);
    let or_none = |text| optional(texts, text);
    for row in &rows.derived_samples {
        out.push(format!("sample {:?} {:?}", row.creation_ms, sample(&row.sample, texts)));
    }
    for row in &rows.beat_lists {
        let spelled = (or_none(row.source), text(row.beats));
        out.push(format!("beats {} {:?} {spelled:?}", row.start_ms, row.end_ms));
    }
    for row in &rows.correlations {
        let times = (row.start_ms, row.end_ms, row.creation_ms);
        let spelled = [Some(row.kind), row.source, row.metadata, Some(row.members), row.other].map(or_none);
        out.push(format!("correlation {:?} {times:?} {spelled:?}", row.uuid));
    }
    for row in &rows.activity_summaries {
        let spelled = [Some(row.day), row.energy_unit, row.other].map(or_none);
        out.push(format!("day {:?} {spelled:?}", row.values));
    }
    for row in &rows.electrocardiograms {
        let spelled = [row.classification, row.unit, Some(row.voltages), Some(row.header)].map(or_none);
        out.push(format!("electrocardiogram {:?} {} {:?} {spelled:?}", row.uuid, row.start_ms, row.rate_hz));
    }
    for row in &rows.aggregates {
        let spelled = [Some(row.metric), Some(row.label), Some(row.source), row.unit, row.other].map(or_none);
        out.push(format!("aggregate {} {:?} {:?} {spelled:?}", row.start_ms, row.end_ms, row.values));
    }
}

fn reject(row: &Reject, texts: &Texts) -> RejectRow {
    let Reject { section, index, offset, reason, raw, raw_bytes } = *row;
    let text = |text| texts.get(text).to_owned();
    RejectRow { section: text(section), index, offset, reason: text(reason), raw: text(raw), raw_bytes }
}

/// A body that comes in pieces, with an interruption before some of them.
#[derive(Debug)]
pub struct Pieces<'a, L> {
    rest: &'a [u8],
    piece: usize,
    next_len: L,
    is_interrupted: bool,
}

impl<'a, L: FnMut() -> usize> Pieces<'a, L> {
    /// `next_len` gives the length of each piece, at least 1; an odd one is preceded by an interruption.
    pub fn new(body: &'a [u8], next_len: L) -> Self {
        Self { rest: body, piece: 0, next_len, is_interrupted: false }
    }
}

impl<L: FnMut() -> usize> Read for Pieces<'_, L> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let chunk = self.fill_buf()?;
        let bytes = chunk.len().min(out.len());
        out[..bytes].copy_from_slice(&chunk[..bytes]);
        self.consume(bytes);
        Ok(bytes)
    }
}

impl<L: FnMut() -> usize> BufRead for Pieces<'_, L> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece == 0 {
            self.piece = (self.next_len)().clamp(1, self.rest.len().max(1));
            self.is_interrupted = self.piece % 2 == 1;
        }
        if std::mem::take(&mut self.is_interrupted) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        Ok(&self.rest[..self.piece.min(self.rest.len())])
    }

    fn consume(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
        self.piece -= bytes.min(self.piece);
    }
}
