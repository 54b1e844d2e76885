//! The parts of a figure, as `healthsink explain` prints them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::time::to_iso_seconds;
use crate::statistics::{Timeline, ZoneId};

/// The parts of a day's figure.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// HealthKit's identifier of the type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The local date.
    pub day: String,
    /// Its time zone.
    pub zone: Option<String>,
    /// The first instant of the day, and the one behind it, UTC.
    pub from: String,
    /// The instant behind it.
    pub to: String,
    /// The figure; `None` if the day has none. Of sleep: the minutes asleep.
    pub value: Option<f64>,
    /// Whether the parts of the sources add up to it; else each source has its own mean.
    pub adds_up: bool,
    /// Its unit.
    pub unit: String,
    /// The sum of all rows, as if no source had seen what another one has.
    pub naive: Option<f64>,
    /// The marks of the figure.
    pub marks: Vec<Mark>,
    /// Samples that count.
    pub count: u64,
    /// The parts of sources, the best one first.
    pub sources: Vec<SourcePart>,
    /// Which source counted when, in local time.
    pub stretches: Vec<StretchPart>,
    /// Samples that do not count, by reason.
    pub left_out: BTreeMap<&'static str, u64>,
    /// Of sleep: the figures of the night that ends on this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub night: Option<NightFigures>,
}

/// A mark of a figure.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Mark {
    /// The day is not over.
    Partial,
    /// More samples were under way at once than are followed.
    Approximate,
    /// A sample longer than a day counts for it.
    LongSample,
}

impl Mark {
    /// Returns what it means.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Partial => "partial: its time is not over",
            Self::Approximate => "approximate: too many samples overlap",
            Self::LongSample => "of a long sample: one of more than a day counts",
        }
    }
}

/// The figures of a night, in minutes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NightFigures {
    /// In bed.
    pub in_bed_min: f64,
    /// Whether that is the time from the first to the last sample, since no sample reports it.
    pub is_in_bed_estimated: bool,
    /// Minutes of each stage, and awake.
    pub stages: BTreeMap<&'static str, f64>,
    /// Its periods in the order of time.
    pub periods: Vec<NightPeriod>,
}

/// A period of sleep.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NightPeriod {
    /// Local time of its start.
    pub from: String,
    /// Local time of its end.
    pub to: String,
    /// main, nap or part.
    pub kind: &'static str,
    /// Minutes asleep.
    pub asleep_min: f64,
}

/// The part of one source.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SourcePart {
    /// Its name.
    pub source: String,
    /// Its key: two sources may have the same name.
    pub key: String,
    /// Its part of a sum, or its mean.
    pub value: Option<f64>,
    /// Of a sum: what it recorded, also while a better source did.
    pub recorded: Option<f64>,
    /// Its samples that count.
    pub count: u64,
    /// Minutes in which it is the source that counts.
    pub covered_min: f64,
}

/// Time in which a source counted.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StretchPart {
    /// Local time of its start.
    pub from: String,
    /// Local time of its end.
    pub to: String,
    /// The source.
    pub source: String,
    /// Its key.
    pub key: String,
    /// Of sleep: its stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<&'static str>,
}

/// Local time, such as `2026-01-31T22:15:00`.
pub(super) fn local(timeline: &Timeline, zone: ZoneId, at_ms: i64) -> String {
    to_iso_seconds(timeline.zones().local_ms(zone, at_ms)).trim_end_matches('Z').to_owned()
}

#[expect(clippy::cast_precision_loss, reason = "the milliseconds of a day")]
pub(super) fn minutes(ms: i64) -> f64 {
    ms as f64 / 60_000.0
}
