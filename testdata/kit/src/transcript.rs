//! Everything that a decoder returns for a body, as text that can be compared: a batch numbers its texts, and the numbers of
//! equal rows can differ.

use std::collections::BTreeMap;
use std::io::BufRead;

use healthsink::formats::payload::{Options, decode};
use healthsink::model::batch::{Batch, Decoded, Sink};
use healthsink::model::envelope::Envelope;
use healthsink::model::error::{Error, ErrorKind, Position, Result};
use healthsink::model::record::{
    self, Characteristic, Dose, Medication, OtherRecord, Reject, RoutePoint, Sample, Workout,
};
use healthsink::model::text::{TextId, Texts};
use serde_json::Value;

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

/// Why a body could not be read to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub kind: ErrorKind,
    pub message: String,
    pub position: Position,
    /// Whether the input is at fault, not the machine.
    pub is_input: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            kind: error.kind(),
            message: error.message().to_owned(),
            position: error.position().clone(),
            is_input: error.is_input(),
        }
    }
}

/// Everything that a decoder returned for a body.
#[derive(Clone, Debug)]
pub struct Transcript {
    pub outcome: Result<Envelope, Failure>,
    pub body_bytes: u64,
    pub samples: Vec<SampleRow>,
    /// Rows of the other kinds in their order, by the name of the kind. Each text is a whole row.
    pub others: BTreeMap<&'static str, Vec<String>>,
    /// Rows that only imports have, in the same form.
    pub imported: Vec<String>,
    pub rejects: Vec<RejectRow>,
    /// Rows that count as records: not characteristics, nor parts of other rows.
    pub records: u64,
}

impl Transcript {
    /// Decodes a body.
    pub fn of(source: impl BufRead, options: Options) -> Self {
        let (mut transcript, decoded) = Self::gather(|batch, sink| decode(source, options, batch, sink));
        transcript.end(decoded);
        transcript
    }

    /// Returns the rows that `fill` submits or leaves in the batch, and what it returns.
    pub fn gather<T>(fill: impl FnOnce(&mut Box<Batch>, &mut dyn Sink) -> T) -> (Self, T) {
        let mut batch = Box::<Batch>::default();
        let mut rows = Rows(Self {
            outcome: Ok(Envelope::default()),
            body_bytes: 0,
            samples: Vec::new(),
            others: BTreeMap::new(),
            imported: Vec::new(),
            rejects: Vec::new(),
            records: 0,
        });
        let returned = fill(&mut batch, &mut rows);
        rows.take(&batch);
        (rows.0, returned)
    }

    /// Adds how decoding ended.
    pub fn end(&mut self, decoded: Decoded) {
        self.outcome = decoded.outcome.map_err(Failure::from);
        self.body_bytes = decoded.body_bytes;
    }

    /// Returns the number of rows of a kind other than samples.
    pub fn count(&self, kind: &str) -> usize {
        self.others.get(kind).map_or(0, Vec::len)
    }

    /// Panics unless both are equal, with a message that names the part that differs.
    pub fn assert_same(&self, other: &Self) {
        self.assert_same_rows(other);
        assert_eq!(self.outcome, other.outcome);
        if self.outcome.is_ok() {
            assert_eq!(self.body_bytes, other.body_bytes);
        }
    }

    fn assert_same_rows(&self, other: &Self) {
        assert_eq!(self.samples, other.samples);
        assert_eq!(self.others, other.others);
        assert_eq!(self.imported, other.imported);
        assert_eq!(self.rejects, other.rejects);
    }

    /// The same for a body that was read in another way. The text of a rejected element may differ, for example in its
    /// blanks. So may the message and the position of a failure.
    pub fn assert_same_meaning(&self, other: &Self) {
        let without_raw = |transcript: &Self| {
            let mut transcript = transcript.clone();
            for reject in &mut transcript.rejects {
                (reject.raw, reject.raw_bytes) = (String::new(), 0);
            }
            transcript
        };
        without_raw(self).assert_same_rows(&without_raw(other));
        match (&self.outcome, &other.outcome) {
            (Ok(left), Ok(right)) => assert_eq!((left, self.body_bytes), (right, other.body_bytes)),
            (Err(left), Err(right)) => assert_eq!(left.kind, right.kind, "{left:?} / {right:?}"),
            (left, right) => panic!("{left:?} / {right:?}"),
        }
    }

    /// The same, with each rejected element's text as JSON without blanks: without the lifter, the reader writes that text
    /// with its own blanks and escapes.
    pub fn without_spelling(mut self) -> Self {
        for reject in &mut self.rejects {
            reject.raw_bytes = 0;
            reject.raw = match serde_json::from_str::<Value>(&reject.raw) {
                Ok(value) => value.to_string(),
                Err(_) => "(not for serde_json: a number that is no double, or the raw text of a date)".to_owned(),
            };
        }
        self
    }

    /// Whether `whole` begins with all rows of this one, in the same order.
    pub fn is_beginning_of(&self, whole: &Self) -> bool {
        let is_in =
            |(kind, rows): (&&str, &Vec<String>)| whole.others.get(*kind).is_some_and(|all| all.starts_with(rows));
        whole.samples.starts_with(&self.samples)
            && self.others.iter().all(is_in)
            && whole.rejects.starts_with(&self.rejects)
    }
}

/// The kind of unknown records that are in `data`.
pub const OTHERS_OF_DATA: &str = "other records of data";

struct Rows(Transcript);

impl Rows {
    fn take(&mut self, batch: &Batch) {
        let Batch { rows: from, texts, .. } = batch;
        let rows = &mut self.0;
        rows.samples.extend(from.samples.iter().map(|row| sample(row, texts)));
        let mut add = |kind, row| rows.others.entry(kind).or_default().push(row);
        from.route_points.iter().for_each(|row| add("route points", route_point(row, texts)));
        from.workouts.iter().for_each(|row| add("workouts", workout(row, texts)));
        from.doses.iter().for_each(|row| add("doses", dose(row, texts)));
        from.medications.iter().for_each(|row| add("medications", medication(row, texts)));
        from.characteristics.iter().for_each(|row| add("characteristics", characteristic(row, texts)));
        for row in &from.others {
            add(if row.in_data { OTHERS_OF_DATA } else { "other records beside data" }, other_record(row, texts));
        }
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

fn route_point(row: &RoutePoint, texts: &Texts) -> String {
    format!("{:?} {:?}", RoutePoint { other: None, ..*row }, optional(texts, row.other))
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
    let OtherRecord { section, in_data, json, content } = *row;
    format!("other {in_data} {:?} {content:?}", [section, json].map(|text| texts.get(text)))
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
        let values = [
            [row.active_energy, row.active_energy_goal],
            [row.move_min, row.move_goal_min],
            [row.exercise_min, row.exercise_goal_min],
            [row.stand_hours, row.stand_goal_hours],
        ];
        out.push(format!("day {values:?} {spelled:?}"));
    }
    for row in &rows.electrocardiograms {
        let spelled = [row.classification, row.unit, Some(row.voltages), Some(row.header)].map(or_none);
        out.push(format!("electrocardiogram {:?} {} {:?} {spelled:?}", row.uuid, row.start_ms, row.rate_hz));
    }
    for row in &rows.aggregates {
        let spelled = [Some(row.metric), Some(row.label), Some(row.source), row.unit, row.other].map(or_none);
        let values = [row.value, row.minimum, row.average, row.maximum];
        let numbers = (row.start_ms, row.end_ms, row.interval, row.nth_of_time, row.nth_of_content);
        out.push(format!("aggregate {numbers:?} {values:?} {spelled:?}"));
    }
}

fn reject(row: &Reject, texts: &Texts) -> RejectRow {
    let Reject { section, index, offset, reason, raw, raw_bytes } = *row;
    let text = |text| texts.get(text).to_owned();
    RejectRow { section: text(section), index, offset, reason: text(reason), raw: text(raw), raw_bytes }
}
