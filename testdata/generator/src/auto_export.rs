//! What Health Auto Export writes: aggregates of metrics, and workouts with their series and routes.
//!
//! Half of the metrics have their name and unit behind their data, as with unordered keys.

use std::fmt;
use std::io::{self, Write};

use crate::clock::{self, HOUR_MS, MINUTE_MS, SECOND_MS, START_MS_DEFAULT};
use crate::counts;
use crate::export::OFFSET_MINUTES_DEFAULT;
use crate::identity::Stream;
use crate::number::{Decimal, push_integer};
use crate::random::Random;
use crate::text::Text;

/// A JSON file of Health Auto Export, of any size, made from a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutoExport {
    /// Of the values.
    pub seed: u64,
    /// The file ends with the first element past this size.
    pub target_bytes: u64,
    /// Milliseconds since 1970 at which the data begins.
    pub start_ms: i64,
}

impl Default for AutoExport {
    /// One megabyte.
    fn default() -> Self {
        Self { seed: 1, target_bytes: 1_000_000, start_ms: START_MS_DEFAULT }
    }
}

/// What a file of Health Auto Export holds, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AutoExported {
    /// Size of the file.
    pub bytes: u64,
    /// Points of all metrics.
    pub points: u64,
    /// Workouts.
    pub workouts: u64,
    /// Points of their series.
    pub series_points: u64,
    /// Locations of their routes.
    pub route_points: u64,
}

/// Name, unit, and how many hundredths of the file are written when it ends.
const METRICS: [(&str, &str, u64); 4] = [
    ("heart_rate", "count/min", 30),
    ("step_count", "count", 55),
    ("sleep_analysis", "hr", 65),
    ("vo2_max", "ml/kg·min", 70),
];

impl AutoExport {
    /// Writes the file in chunks of about 64 KiB.
    ///
    /// # Errors
    /// As `out`.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<AutoExported> {
        let mut text = Text::default();
        let mut written = AutoExported::default();
        text.push(br#"{"data":{"metrics":["#);
        for (number, (name, unit, share)) in (0_u64..).zip(METRICS) {
            let description = format!(r#""name":"{name}","units":"{unit}""#);
            text.push(if number > 0 { b",{" } else { b"{" });
            if number % 2 == 0 {
                text.push(description.as_bytes());
                text.push(b",");
            }
            text.push(br#""data":["#);
            let end = self.target_bytes / 100 * share;
            let mut index = 0;
            while index == 0 || text.total_bytes() < end {
                comma(index, &mut text.bytes);
                self.push_point(number, index, &mut text.bytes);
                text.spill(out)?;
                index += 1;
            }
            written.points += index;
            text.push(b"]");
            if number % 2 == 1 {
                text.push(b",");
                text.push(description.as_bytes());
            }
            text.push(b"}");
        }
        text.push(br#"],"workouts":["#);
        while written.workouts == 0 || text.total_bytes() < self.target_bytes {
            comma(written.workouts, &mut text.bytes);
            let points = self.push_workout(written.workouts, &mut text.bytes);
            written.series_points += points;
            written.route_points += points;
            written.workouts += 1;
            text.spill(out)?;
        }
        text.push(b"]}}");
        written.bytes = text.total_bytes();
        text.flush(out)?;
        Ok(written)
    }

    /// The whole file in memory.
    #[must_use]
    pub fn to_vec(&self) -> (Vec<u8>, AutoExported) {
        let mut body = Vec::new();
        // A vector does not fail.
        let written = self.write_to(&mut body).unwrap_or_default();
        (body, written)
    }

    fn random(&self, number: u64, index: u64) -> Random {
        Random::at(self.seed, Stream::AutoExport, number << 40 | index)
    }

    fn push_point(&self, metric: u64, index: u64, out: &mut Vec<u8>) {
        let mut random = self.random(metric, index);
        let at = self.start_ms + index.cast_signed() * if metric < 2 { MINUTE_MS } else { HOUR_MS };
        match metric {
            0 => {
                push_date(br#"{"date":""#, at, out);
                let low = random.skewed(450, 1200);
                for (name, tenths) in [("Min", low), ("Avg", low + random.between(0, 60)), ("Max", low + 90)] {
                    push_number(name, Decimal::new(tenths, 1), out);
                }
            }
            2 => {
                push_date(br#"{"startDate":""#, at, out);
                push_date(br#","endDate":""#, at + HOUR_MS, out);
                push_number("qty", Decimal::new(random.between(1, 100), 2), out);
                let stage = random.pick(&["Core", "Deep", "REM", "Awake"]);
                out.extend_from_slice(format!(r#","value":"{stage}""#).as_bytes());
            }
            _ => {
                push_date(br#"{"date":""#, at, out);
                push_number("qty", Decimal::new(random.skewed(1, 9_999_999), 4), out);
            }
        }
        out.extend_from_slice(br#","source":"Apple Watch|iPhone"}"#);
    }

    /// A walk, and a heart rate and a location for each minute of it.
    fn push_workout(&self, index: u64, out: &mut Vec<u8>) -> u64 {
        let mut random = self.random(METRICS.len() as u64, index);
        let points = random.skewed(1, 90);
        let start = self.start_ms + index.cast_signed() * 24 * HOUR_MS;
        out.extend_from_slice(br#"{"id":""#);
        push_integer(index, out);
        push_date(br#"","name":"Outdoor Walk","start":""#, start, out);
        push_date(br#","end":""#, start + points * MINUTE_MS, out);
        out.extend_from_slice(br#","distance":{"units":"km""#);
        push_number("qty", Decimal::new(points * 95, 3), out);
        out.extend_from_slice(br#"},"activeEnergyBurned":{"units":"kJ""#);
        push_number("qty", Decimal::new(points * 173, 1), out);
        out.extend_from_slice(br#"},"heartRateData":["#);
        for point in 0..points {
            comma(point.unsigned_abs(), out);
            push_date(br#"{"date":""#, start + point * MINUTE_MS, out);
            push_number("Avg", Decimal::whole(random.between(80, 150)), out);
            out.extend_from_slice(br#","units":"bpm"}"#);
        }
        out.extend_from_slice(br#"],"route":["#);
        for point in 0..points {
            comma(point.unsigned_abs(), out);
            push_date(br#"{"timestamp":""#, start + point * MINUTE_MS + SECOND_MS, out);
            push_number("latitude", Decimal::new(47_100_000 + random.between(0, 9999), 6), out);
            push_number("longitude", Decimal::new(8_500_000 + random.between(0, 9999), 6), out);
            push_number("altitude", Decimal::new(random.between(4000, 9000), 1), out);
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
        points.unsigned_abs()
    }
}

fn comma(index: u64, out: &mut Vec<u8>) {
    if index > 0 {
        out.push(b',');
    }
}

/// Writes a text, a date behind it, and the closing quote.
fn push_date(before: &[u8], ms: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(before);
    clock::push_local(out, ms, OFFSET_MINUTES_DEFAULT);
    out.push(b'"');
}

fn push_number(name: &str, number: Decimal, out: &mut Vec<u8>) {
    out.extend_from_slice(format!(",\"{name}\":").as_bytes());
    number.push(out);
}

impl fmt::Display for AutoExported {
    /// One line of JSON.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = [
            ("bytes", self.bytes),
            ("points", self.points),
            ("workouts", self.workouts),
            ("series_points", self.series_points),
            ("route_points", self.route_points),
        ];
        counts::write_line(&line, formatter)
    }
}
