//! What a made-up person did, day by day and night by night.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, Write};

/// The right figures of a life. Days are local dates; a day without anything is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LifeTruth {
    /// The figure of each day, by the short name of its type: a sum, a mean, hours or minutes.
    pub days: BTreeMap<&'static str, BTreeMap<String, f64>>,
    /// Nights by the date of their morning.
    pub nights: BTreeMap<String, LifeNight>,
    /// Workouts of each day.
    pub workouts: BTreeMap<String, f64>,
    /// Sums of values and their number, of types with a mean.
    means: BTreeMap<(&'static str, String), (i64, i64)>,
}

/// A night, in minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LifeNight {
    /// Asleep, naps included; `None` if nothing reports sleep.
    pub asleep: Option<i64>,
    /// Core sleep.
    pub core: i64,
    /// Deep sleep.
    pub deep: i64,
    /// REM sleep.
    pub rem: i64,
    /// Asleep without a stage.
    pub unspecified: i64,
    /// Awake among sleep.
    pub awake: i64,
    /// In bed.
    pub in_bed: i64,
    /// Naps.
    pub naps: i64,
}

impl LifeTruth {
    pub(super) fn add(&mut self, kind: &'static str, date: String, amount: i64) {
        *self.days.entry(kind).or_default().entry(date).or_default() += amount as f64;
    }

    pub(super) fn add_to_mean(&mut self, kind: &'static str, date: String, value: i64) {
        let (sum, count) = self.means.entry((kind, date)).or_default();
        *sum += value;
        *count += 1;
    }

    /// Makes means of what was added.
    pub(super) fn finish(mut self) -> Self {
        for ((kind, date), (sum, count)) in std::mem::take(&mut self.means) {
            self.days.entry(kind).or_default().insert(date, sum as f64 / count as f64);
        }
        self
    }
    /// Writes the figures as one line of JSON, for tests in other languages. No name or date needs an escape.
    ///
    /// # Errors
    ///
    /// If the output fails.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        let days = self.days.iter().map(|(kind, days)| (kind, object(days)));
        let nights = self.nights.iter().map(|(night, minutes)| (night, minutes.json()));
        let [days, nights, workouts] = [object(days), object(nights), object(&self.workouts)];
        writeln!(out, r#"{{"days":{days},"nights":{nights},"workouts":{workouts}}}"#)
    }
}

impl LifeNight {
    fn json(&self) -> String {
        let Self { asleep, core, deep, rem, unspecified, awake, in_bed, naps } = *self;
        let asleep = asleep.map_or_else(|| "null".to_owned(), |minutes| minutes.to_string());
        format!(
            r#"{{"asleep":{asleep},"core":{core},"deep":{deep},"rem":{rem},"unspecified":{unspecified},"awake":{awake},"in_bed":{in_bed},"naps":{naps}}}"#
        )
    }
}

fn object(fields: impl IntoIterator<Item = (impl Display, impl Display)>) -> String {
    let fields: Vec<_> = fields.into_iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
    format!("{{{}}}", fields.join(","))
}
