//! All that a body is decoded to, as text that can be compared: a batch numbers its texts in its own way.

use std::collections::BTreeMap;
use std::io::BufRead;

use healthsink::formats::payload::{Options, decode};
use healthsink::model::batch::Batch;
use healthsink::model::batch::Sink;
use healthsink::model::error::{Error, ErrorKind, Position, Result};
use healthsink::model::record::{
    Characteristic, Dose, Envelope, Medication, OtherRecord, Reject, RoutePoint, Sample, Workout,
};
use healthsink::model::text::TextId;
use serde_json::Value;

/// An element that was set aside.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rejected {
    pub(crate) section: String,
    pub(crate) index: Option<u64>,
    pub(crate) offset: u64,
    pub(crate) reason: String,
    pub(crate) raw: String,
    pub(crate) raw_bytes: u64,
}

/// Why a body could not be read to its end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    pub(crate) position: Position,
}

/// All that a body was decoded to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// The rows of each kind, in their order.
    pub(crate) rows: BTreeMap<&'static str, Vec<String>>,
    pub(crate) rejects: Vec<Rejected>,
    pub(crate) envelope: Option<Envelope>,
    pub(crate) failure: Option<Failure>,
}

impl Outcome {
    pub(crate) fn of(body: impl BufRead, lift: bool) -> Self {
        let mut outcome = Self::default();
        let mut batch = Box::<Batch>::default();
        let decoded = decode(body, Options { lift }, &mut batch, &mut outcome);
        outcome.take(&batch);
        match decoded.outcome {
            Ok(envelope) => outcome.envelope = Some(envelope),
            Err(error) => outcome.failure = Some(Failure::of(&error)),
        }
        outcome
    }

    fn take(&mut self, batch: &Batch) {
        let text = |id: TextId| batch.texts.get(id).to_owned();
        let texts = |ids: &[Option<TextId>]| ids.iter().map(|id| id.map(text)).collect::<Vec<_>>();
        let mut add = |kind, row: String| self.rows.entry(kind).or_default().push(row);
        for row in &batch.rows.samples {
            let Sample { kind, uuid, start_ms, end_ms, value, unit, source, metadata, other } = *row;
            let texts = texts(&[Some(kind), unit, source, metadata, other]);
            add("samples", format!("{:?}", (uuid, start_ms, end_ms, value, texts)));
        }
        for row in &batch.rows.workouts {
            let Workout { uuid, activity_type, start_ms, end_ms, duration_s, energy_kcal, .. } = *row;
            let Workout { distance, distance_unit, statistics, events, activities, metadata, source, other, .. } = *row;
            let texts = texts(&[distance_unit, statistics, events, activities, metadata, source, other]);
            let numbers = (activity_type, start_ms, end_ms, duration_s, energy_kcal, distance);
            add("workouts", format!("{:?}", (uuid, numbers, texts)));
        }
        for row in &batch.rows.route_points {
            let RoutePoint { workout, route, time_ms, latitude, longitude, altitude_m, .. } = *row;
            let RoutePoint { speed_m_s, course_deg, horizontal_accuracy_m, vertical_accuracy_m, other, .. } = *row;
            let place = (workout, route, time_ms, latitude, longitude, altitude_m);
            let rest = (speed_m_s, course_deg, horizontal_accuracy_m, vertical_accuracy_m);
            add("route points", format!("{:?}", (place, rest, texts(&[other]))));
        }
        for row in &batch.rows.doses {
            let Dose { uuid, medication, nickname, schedule_type, log_status, quantity, unit, .. } = *row;
            let Dose { start_ms, end_ms, scheduled_ms, metadata, source, other, .. } = *row;
            let texts = texts(&[medication, nickname, unit, metadata, source, other]);
            let numbers = (schedule_type, log_status, quantity, start_ms, end_ms, scheduled_ms);
            add("doses", format!("{:?}", (uuid, numbers, texts)));
        }
        for row in &batch.rows.medications {
            let Medication { display_text, general_form, nickname, is_archived, has_schedule, other } = *row;
            let texts = texts(&[Some(display_text), Some(general_form), nickname, other]);
            add("medications", format!("{:?}", (is_archived, has_schedule, texts)));
        }
        for Characteristic { key, value } in &batch.rows.characteristics {
            add("characteristics", format!("{:?}", (text(*key), text(*value))));
        }
        for OtherRecord { section, in_data, json } in &batch.rows.others {
            add("others", format!("{:?}", (text(*section), in_data, text(*json))));
        }
        for Reject { section, index, offset, reason, raw, raw_bytes } in &batch.rows.rejects {
            self.rejects.push(Rejected {
                section: text(*section),
                index: *index,
                offset: *offset,
                reason: text(*reason),
                raw: text(*raw),
                raw_bytes: *raw_bytes,
            });
        }
    }

    /// What must not depend on the lifter. Without it an element's text is written anew by the reader, without white
    /// space and with escapes of its own: only its meaning counts.
    pub(crate) fn without_spelling(mut self) -> Self {
        for reject in &mut self.rejects {
            reject.raw_bytes = 0;
            reject.raw = match serde_json::from_str::<Value>(&reject.raw) {
                Ok(value) => value.to_string(),
                Err(_) => "(not for serde_json: a number that is no double, or the raw text of a date)".to_owned(),
            };
        }
        self
    }

    /// Whether `whole` holds all of this, in the same order.
    pub(crate) fn is_beginning_of(&self, whole: &Self) -> bool {
        let rows = self.rows.iter().all(|(kind, rows)| whole.rows.get(kind).is_some_and(|all| all.starts_with(rows)));
        rows && whole.rejects.starts_with(&self.rejects)
    }
}

impl Failure {
    fn of(error: &Error) -> Self {
        Self { kind: error.kind(), message: error.message().to_owned(), position: error.position().clone() }
    }
}

impl Sink for Outcome {
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        self.take(batch);
        batch.clear();
        Ok(())
    }
}
