//! What is usual for a type: the mean of the days before, how the last ones differ from it, and the range of most days.
//!
//! Only whole days with a figure count. With few of them nothing is usual.

use super::average::{LevelPeriod, Period};

/// Days that the mean looks back.
pub const MEAN_DAYS: i32 = 28;

/// Days that the range looks back.
pub const RANGE_DAYS: i32 = 90;

/// Days that are compared with the mean, and the fewest that any of these figures is made from.
const LAST_DAYS: usize = 7;

/// The parts of all days that are below the range, and below its end.
const RANGE: [f64; 2] = [0.05, 0.95];

/// The figure of a whole day.
#[derive(Clone, Copy, Debug)]
pub struct WholeDay {
    /// How many days ago it was: 1 is yesterday.
    pub age: i32,
    /// Its figure.
    pub value: f64,
    /// Time in which samples count.
    pub covered_ms: i64,
    /// Samples that count.
    pub samples: i64,
}

/// What is usual.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usual {
    /// The mean of the whole days among the last 28.
    pub mean: Option<f64>,
    /// How many these are.
    pub days: u32,
    /// The mean of the last seven of them as a part of that mean, less 1.
    pub change: Option<f64>,
    /// The 5th percentile of the whole days among the last 90.
    pub low: Option<f64>,
    /// The 95th percentile.
    pub high: Option<f64>,
}

impl Usual {
    /// Computes it from days, the oldest first. Levels in decibels have the mean of their energy.
    #[must_use]
    pub fn of(days: &[WholeDay], is_level: bool) -> Self {
        let since = |age: i32| &days[days.partition_point(|day| day.age > age)..];
        let (last, ranged) = (since(MEAN_DAYS), since(RANGE_DAYS));
        let mut usual = Self { days: u32::try_from(last.len()).unwrap_or(u32::MAX), ..Self::default() };
        if let Some(newest) = last.len().checked_sub(LAST_DAYS).map(|older| &last[older..]) {
            usual.mean = mean(last, is_level);
            let change = usual.mean.zip(mean(newest, is_level)).map(|(mean, newest)| newest / mean - 1.0);
            usual.change = change.filter(|change| change.is_finite());
        }
        if ranged.len() >= LAST_DAYS {
            let mut values: Vec<f64> = ranged.iter().map(|day| day.value).collect();
            values.sort_by(f64::total_cmp);
            [usual.low, usual.high] = RANGE.map(|part| Some(quantile(&values, part)));
        }
        usual
    }
}

fn mean(days: &[WholeDay], is_level: bool) -> Option<f64> {
    if is_level {
        let mut level = LevelPeriod::default();
        days.iter().for_each(|day| level.add(day.value, day.covered_ms, day.samples));
        return level.level();
    }
    let mut period = Period::default();
    days.iter().for_each(|day| period.add(Some(day.value)));
    period.daily_average()
}

/// The value that a part of sorted values is below; between two of them, by the distance to each.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "few days")]
fn quantile(values: &[f64], part: f64) -> f64 {
    let at = part * (values.len() - 1) as f64;
    let (below, above) = (values[at.floor() as usize], values[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(values: &[(i32, f64)]) -> Vec<WholeDay> {
        values.iter().map(|&(age, value)| WholeDay { age, value, covered_ms: 1000, samples: 1 }).collect()
    }

    #[test]
    fn seven_days_are_enough() {
        let six: Vec<(i32, f64)> = (1..=6).rev().map(|age| (age, 10.0)).collect();
        assert_eq!(Usual::of(&days(&six), false), Usual { days: 6, ..Usual::default() });
        let seven = [&[(28, 24.0)], six.as_slice()].concat();
        let usual = Usual::of(&days(&seven), false);
        assert_eq!((usual.days, usual.mean, usual.change), (7, Some(12.0), Some(0.0)));
        // The lowest value, and 0.7 of the way from the second highest to the highest.
        assert_eq!(usual.low, Some(10.0));
        assert!((usual.high.unwrap() - 19.8).abs() < 1e-9, "{usual:?}");
        assert_eq!(Usual::of(&[], false), Usual::default());
    }

    #[test]
    fn the_mean_and_the_range_look_back_differently_far() {
        let mut values: Vec<(i32, f64)> = (29..=90).rev().map(|age| (age, 100.0)).collect();
        values.extend((8..=28).rev().map(|age| (age, 10.0)));
        values.extend((1..=7).rev().map(|age| (age, 14.0)));
        values.insert(0, (91, 1e9));
        let usual = Usual::of(&days(&values), false);
        assert_eq!((usual.days, usual.mean), (28, Some(11.0)));
        assert!((usual.change.unwrap() - (14.0 / 11.0 - 1.0)).abs() < 1e-12);
        assert_eq!((usual.low, usual.high), (Some(10.0), Some(100.0)));
        let old = Usual::of(&days(&values[..62]), false);
        assert_eq!((old.mean, old.days, old.change, old.low), (None, 0, None, Some(100.0)));
    }

    #[test]
    fn a_mean_of_zero_has_no_change() {
        let usual = Usual::of(&days(&[(7, 0.0), (6, 0.0), (5, 0.0), (4, 0.0), (3, 0.0), (2, 0.0), (1, 0.0)]), false);
        assert_eq!((usual.mean, usual.change), (Some(0.0), None));
    }

    #[test]
    fn levels_have_the_mean_of_their_energy() {
        let mut values = vec![(8, 80.0)];
        values.extend((1..=7).rev().map(|age| (age, 60.0)));
        let usual = Usual::of(&days(&values), true);
        // A day of 80 dB has the energy of a hundred of 60 dB: (100 + 7) / 8.
        assert!((usual.mean.unwrap() - (60.0 + 10.0 * (107.0_f64 / 8.0).log10())).abs() < 1e-9, "{usual:?}");
    }
}
