//! Categories: covered time, each millisecond once, sessions, and hours with a stand.

use crate::model::limits::CATEGORY_VALUES_MAX;

use super::sample::Sample;
use super::timeline::Timeline;
use super::total::{Extremes, Total, ValuePart};

/// Stretches that are covered by samples, in the order of their starts.
#[derive(Clone, Copy, Debug)]
struct Cover {
    /// The stretch that goes on: what is before `from_ms` is counted.
    from_ms: i64,
    to_ms: i64,
    covered_ms: i64,
    stretches: u64,
    count: u64,
}

impl Default for Cover {
    fn default() -> Self {
        Self { from_ms: i64::MIN, to_ms: i64::MIN, covered_ms: 0, stretches: 0, count: 0 }
    }
}

impl Cover {
    fn push(&mut self, start_ms: i64, end_ms: i64) {
        self.count += 1;
        // Stretches that touch are one, and so are equal instants.
        if start_ms > self.to_ms {
            self.settle();
            (self.from_ms, self.to_ms) = (start_ms, end_ms);
            self.stretches += 1;
        }
        self.to_ms = self.to_ms.max(end_ms);
    }

    fn settle(&mut self) {
        if self.to_ms > self.from_ms {
            self.covered_ms += self.to_ms - self.from_ms;
        }
        self.from_ms = self.to_ms;
    }

    /// Returns the covered time, stretches and samples of a day that ends, and begins the next one.
    fn close(&mut self, end_ms: i64) -> (i64, u64, u64) {
        let goes_on = self.to_ms > end_ms;
        if goes_on {
            self.covered_ms += end_ms - self.from_ms.min(end_ms);
            self.from_ms = end_ms;
        } else {
            self.settle();
        }
        let day = (self.covered_ms, self.stretches, self.count);
        (self.covered_ms, self.stretches, self.count) = (0, 0, 0);
        day
    }

    fn is_idle(&self) -> bool {
        self.to_ms <= self.from_ms
    }
}

/// The samples of a category.
#[derive(Clone, Debug, Default)]
pub(super) struct Categories {
    all: Cover,
    /// By value, in order; the last one may be of all further values.
    values: Vec<(Option<i64>, Cover)>,
    extremes: Extremes,
}

impl Categories {
    pub(super) fn is_idle(&self) -> bool {
        // What covers a value covers all.
        self.all.is_idle()
    }

    pub(super) fn push(&mut self, sample: &Sample) {
        let end_ms = sample.end();
        self.all.push(sample.start_ms, end_ms);
        self.extremes.add(sample);
        let place = self.place(number(sample));
        self.values[place].1.push(sample.start_ms, end_ms);
    }

    /// Writes the figures of a day that ends, and begins the next one.
    pub(super) fn close(&mut self, end_ms: i64, has_sessions: bool, total: &mut Total) {
        (total.covered_ms, total.sessions, total.count) = self.all.close(end_ms);
        self.extremes.write(total);
        self.extremes = Extremes::default();
        // Minutes of sessions; of events their number.
        total.value = Some(if has_sessions { total.covered_ms as f64 / 60_000.0 } else { total.count as f64 });
        for (value, cover) in &mut self.values {
            let (covered_ms, _, count) = cover.close(end_ms);
            if count > 0 || covered_ms > 0 {
                total.values.push(ValuePart { value: *value, count, covered_ms });
            }
        }
        self.values.retain(|(_, cover)| !cover.is_idle());
    }

    fn place(&mut self, value: Option<i64>) -> usize {
        // `None` is greater than all numbers here.
        let key = |value: Option<i64>| (value.is_none(), value);
        match self.values.binary_search_by_key(&key(value), |(known, _)| key(*known)) {
            Ok(place) => place,
            Err(_) if value.is_some() && self.values.len() + 1 >= CATEGORY_VALUES_MAX => self.place(None),
            Err(place) => {
                self.values.insert(place, (value, Cover::default()));
                place
            }
        }
    }
}

/// The number of a category's value. An event without a value has 0, as the app sends it.
fn number(sample: &Sample) -> Option<i64> {
    let value = sample.value.unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, reason = "only whole numbers in this range are converted")]
    (value.trunc() == value && value.abs() < 1e15).then_some(value as i64)
}

/// The hours with a stand: local hours in which a sample with the value 0 starts.
#[derive(Clone, Debug, Default)]
pub(super) struct StandHours {
    last_hour_ms: Option<i64>,
    hours: u64,
    count: u64,
    extremes: Extremes,
}

impl StandHours {
    pub(super) fn push(&mut self, sample: &Sample, timeline: &Timeline) {
        self.count += 1;
        self.extremes.add(sample);
        if sample.value != Some(0.0) {
            return;
        }
        let hour_ms = timeline.hour_start_ms(timeline.zone_at(sample.start_ms), sample.start_ms);
        if self.last_hour_ms != Some(hour_ms) {
            self.last_hour_ms = Some(hour_ms);
            self.hours += 1;
        }
    }

    /// Writes the figures of a day that ends, and begins the next one.
    pub(super) fn close(&mut self, total: &mut Total) {
        self.extremes.write(total);
        total.count = self.count;
        total.value = Some(self.hours as f64);
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches() {
        let check = |samples: &[(i64, i64)], expected: (i64, u64)| {
            let mut cover = Cover::default();
            samples.iter().for_each(|(start, end)| cover.push(*start, *end));
            let (covered_ms, stretches, count) = cover.close(1000);
            assert_eq!((covered_ms, stretches, count), (expected.0, expected.1, samples.len() as u64), "{samples:?}");
        };
        check(&[], (0, 0));
        check(&[(0, 10), (5, 15), (20, 30)], (25, 2));
        check(&[(0, 10), (10, 20)], (20, 1));
        check(&[(0, 10), (2, 3), (5, 5)], (10, 1));
        check(&[(3, 3), (3, 3), (4, 4)], (0, 2));
        check(&[(900, 1100)], (100, 1));
        let mut cover = Cover::default();
        cover.push(900, 1100);
        assert_eq!((cover.close(1000), cover.is_idle()), ((100, 1, 1), false));
        cover.push(1050, 1060);
        assert_eq!((cover.close(2000), cover.is_idle()), ((100, 0, 1), true));
    }
}
