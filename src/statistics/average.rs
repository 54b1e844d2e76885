//! Averages of days, and how figures are shown.

use crate::model::healthkit::short;

use super::merge::level;
use super::rules::POINT_LEVEL_MS;
use super::sum::ExactSum;
use super::zone::LocalDay;

/// The sum of several days, and the average of those that have data.
#[derive(Clone, Debug, Default)]
pub struct Period {
    sum: ExactSum,
    days_with_data: u32,
}

impl Period {
    /// Adds the figure of a day; `None` if it has no data. One that is not finite counts as no data.
    pub fn add(&mut self, day: Option<f64>) {
        if let Some(value) = day.filter(|value| value.is_finite()) {
            self.sum.add(value);
            self.days_with_data += 1;
        }
    }

    /// Returns the sum of all days.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum.value()
    }

    /// Returns how many days have data.
    #[must_use]
    pub fn days_with_data(&self) -> u32 {
        self.days_with_data
    }

    /// Returns the average of the days that have data: what the Health app calls the daily average.
    #[must_use]
    pub fn daily_average(&self) -> Option<f64> {
        (self.days_with_data > 0).then(|| self.sum() / f64::from(self.days_with_data))
    }
}

/// The level of the sound energy of several days, each of which weighs as much as the time that it covers.
#[derive(Clone, Debug, Default)]
pub struct LevelPeriod {
    energy: ExactSum,
    weight_ms: i64,
}

impl LevelPeriod {
    /// Adds the level of a day in decibels. A day whose samples have no duration weighs as much as they do.
    pub fn add(&mut self, day: f64, covered_ms: i64, samples: i64) {
        let points_ms = samples.max(1).saturating_mul(POINT_LEVEL_MS);
        let weight_ms = if covered_ms > 0 { covered_ms } else { points_ms };
        self.energy.add_product(10_f64.powf(day / 10.0), weight_ms);
        self.weight_ms = self.weight_ms.saturating_add(weight_ms);
    }

    /// Returns the level; `None` without days.
    #[must_use]
    pub fn level(&self) -> Option<f64> {
        level(&self.energy, self.weight_ms)
    }
}

/// Returns the first day of the week that a day is in. `first_weekday` is 0 for Monday, as in ISO 8601, and 6 for Sunday.
#[must_use]
pub fn week_of(day: LocalDay, first_weekday: u8) -> LocalDay {
    let behind = (7 + day.weekday() - first_weekday % 7) % 7;
    LocalDay::new(day.days().saturating_sub(i32::from(behind)))
}

/// Returns a sum as the Health app shows it: steps and flights rounded down, energy and minutes to the nearest whole number. Stored
/// figures keep all digits.
#[must_use]
pub fn shown(kind: &str, sum: f64) -> f64 {
    match short(kind) {
        "StepCount" | "FlightsClimbed" => sum.floor(),
        "ActiveEnergyBurned" | "BasalEnergyBurned" | "AppleExerciseTime" | "AppleStandTime" | "AppleMoveTime" => {
            sum.round()
        }
        _ => sum,
    }
}

/// Returns the mean of times of day in minutes, on the circle of a day: 23:50 and 00:10 make 00:00. `None` if there are none, or if
/// they have no direction.
#[must_use]
pub fn mean_minute(minutes: impl IntoIterator<Item = f64>) -> Option<f64> {
    const DAY: f64 = 24.0 * 60.0;
    let angle = |minute: f64| minute / DAY * std::f64::consts::TAU;
    let (mut x, mut y, mut count) = (0.0, 0.0, 0.0);
    for minute in minutes {
        x += angle(minute).cos();
        y += angle(minute).sin();
        count += 1.0;
    }
    let has_direction = f64::hypot(x, y) > 1e-6 * count;
    let mean = (f64::atan2(y, x) / std::f64::consts::TAU * DAY).rem_euclid(DAY);
    // A tiny negative one is rounded up to a whole day.
    has_direction.then_some(if mean < DAY { mean } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::parse_day;

    #[test]
    fn case_32_a_week_with_a_day_without_data() {
        let mut week = Period::default();
        [Some(1000.0), Some(1000.0), None, Some(1000.0), Some(1000.0), Some(1000.0), Some(1000.0)]
            .into_iter()
            .for_each(|day| week.add(day));
        assert_eq!((week.daily_average(), week.days_with_data(), week.sum()), (Some(1000.0), 6, 6000.0));
        assert_eq!(Period::default().daily_average(), None);
    }

    #[test]
    fn an_infinite_day_has_no_data() {
        let mut days = Period::default();
        [Some(f64::INFINITY), Some(5.0), Some(f64::NAN)].into_iter().for_each(|day| days.add(day));
        assert_eq!((days.daily_average(), days.days_with_data()), (Some(5.0), 1));
    }

    #[test]
    fn levels_of_several_days() {
        const HOUR_MS: i64 = 3_600_000;
        let check = |days: &[(f64, i64, i64)], expected: f64| {
            let mut period = LevelPeriod::default();
            days.iter().for_each(|(day, covered_ms, samples)| period.add(*day, *covered_ms, *samples));
            assert!((period.level().unwrap() - expected).abs() < 0.001, "{days:?} {:?}", period.level());
        };
        check(&[(60.0, HOUR_MS, 1), (90.0, HOUR_MS, 1)], 86.994);
        check(&[(60.0, 3 * HOUR_MS, 1), (90.0, HOUR_MS, 1)], 83.992);
        check(&[(70.0, 0, 5)], 70.0);
        // Four seconds of points beside four seconds.
        check(&[(60.0, 0, 4), (90.0, 4000, 1)], 86.994);
        assert_eq!(LevelPeriod::default().level(), None);
    }

    #[test]
    fn weeks() {
        let check = |day: &str, first_weekday, expected: &str| {
            let day = LocalDay::of_local_ms(parse_day(day).unwrap());
            assert_eq!(week_of(day, first_weekday).to_string(), expected, "{day}");
        };
        check("2026-01-15", 0, "2026-01-12");
        check("2026-01-12", 0, "2026-01-12");
        check("2026-01-18", 0, "2026-01-12");
        check("2026-01-18", 6, "2026-01-18");
        check("2026-01-17", 6, "2026-01-11");
    }

    #[test]
    fn shown_figures() {
        let check = |kind: &str, sum: f64, expected: f64| assert_eq!(shown(kind, sum), expected, "{kind}");
        check("HKQuantityTypeIdentifierStepCount", 949.9, 949.0);
        check("HKQuantityTypeIdentifierAppleExerciseTime", 113.63, 114.0);
        check("HKQuantityTypeIdentifierDistanceCycling", 10.25, 10.25);
    }

    #[test]
    fn times_of_day() {
        let check = |minutes: &[f64], expected: Option<f64>| {
            let mean = mean_minute(minutes.iter().copied());
            let distance = |one: f64, other: f64| (one - other).abs().min(1440.0 - (one - other).abs());
            let is_near = mean.zip(expected).map(|(mean, expected)| distance(mean, expected) < 1e-6);
            assert!(is_near.unwrap_or(mean == expected), "{minutes:?} {mean:?}");
        };
        check(&[23.0 * 60.0 + 40.0, 20.0], Some(0.0));
        check(&[22.0 * 60.0, 23.0 * 60.0], Some(22.5 * 60.0));
        check(&[0.0, 720.0], None);
        check(&[], None);
    }
}
