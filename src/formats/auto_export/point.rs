//! A point of a metric or of a workout's series, to a row of `aggregates`. What has no column is kept as JSON.

use serde_json::Value;

use super::bounded::Passed;
use super::fields::{
    ENDS, NIGHTS, STARTS, first_time, not_a_date, read_numbers, take_date_until, take_quantity, take_text, take_time,
};
use super::integers::text_of;
use super::interval::{Clock, Shown};
use super::item::Item;
use super::repeats::Repeats;
use crate::formats::flaw::Flaw;
use crate::formats::output::Output;
use crate::model::identity::digest;
use crate::model::interval::Interval;
use crate::model::locale::NumberStyle;
use crate::model::record::{Aggregate, Uuid};

/// What a point belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Series<'s> {
    pub(super) metric: &'s str,
    pub(super) unit: Option<&'s str>,
    /// The interval that the sender says.
    pub(super) said: Interval,
    /// What the document shows of its figures; nothing for a workout's, which are of one period.
    pub(super) shown: Option<Shown>,
    /// The workout that it is a series of.
    pub(super) workout: Option<Uuid>,
    /// Whether equal points may stand far apart.
    pub(super) are_scattered: bool,
    /// How its numbers are read that are texts.
    pub(super) style: NumberStyle,
    /// Where its points were read from.
    pub(super) passed: &'s Passed,
}

impl Series<'_> {
    /// How long a period may last that begins at this clock.
    fn period_ms(clock: Clock, is_night: bool, end_ms: Option<i64>) -> i64 {
        // What has an end is complete. A night begins with the sleep, at any time.
        if end_ms.is_some() {
            0
        } else if is_night {
            1
        } else {
            clock.period_ms()
        }
    }

    /// What a figure at this time begins.
    fn clock(&self, printed: &str, start_ms: i64, is_night: bool) -> Clock {
        let may_begin_at_one = !is_night && self.shown.is_some_and(|shown| shown.may_begin_at_one);
        Clock::of_figure(printed, start_ms, self.said, may_begin_at_one)
    }

    /// The period that a figure shows. A night begins with the sleep, and nothing else does.
    fn period(&self, is_night: bool) -> Interval {
        self.shown.filter(|_| !is_night).map_or(Interval::None, |shown| shown.period)
    }

    /// Whether the period of a figure may not be over.
    fn may_grow(&self, is_night: bool, has_range: bool) -> bool {
        match self.shown {
            _ if is_night => true,
            // The range of an hour's readings grows, but no reading does.
            Some(shown) => shown.period != Interval::None && (has_range || !shown.are_readings),
            None => true,
        }
    }
}

/// Adds a point. One with a flaw stays as it is.
pub(super) fn push(
    series: Series<'_>,
    item: &mut Item,
    repeats: &mut Repeats,
    output: &mut Output<'_>,
) -> Result<(), Flaw> {
    let Series { metric, unit, .. } = series;
    let point = &mut item.known;
    if first_time(point, &STARTS).is_none() {
        return Err(not_a_date(point, &STARTS, "date"));
    }
    read_numbers(point, series.style)?;
    let end_ms = first_time(point, &ENDS);
    let (start_ms, name, printed) = take_date_until(point, &STARTS, end_ms).ok_or(Flaw::EndsEarly)?;
    take_time(point, &ENDS);
    let is_night = NIGHTS.contains(&&*name);
    let clock = series.clock(printed.as_str().unwrap_or_default(), start_ms, is_night);
    let period_ms = Series::period_ms(clock, is_night, end_ms);
    let label = take_text(point, "value");
    let source = take_text(point, "source");
    let own_unit = point.get("units").and_then(Value::as_str).and_then(text_of).map(str::to_owned);
    let unit = unit.map(str::to_owned).or_else(|| own_unit.clone());
    if own_unit.is_some() && own_unit == unit {
        point.remove("units");
    }
    let mut take = |name, other| {
        let name = if point.contains_key(name) { name } else { other };
        take_quantity(point, name, series.style).map(|(number, _)| number)
    };
    let (value, minimum, average, maximum) =
        (take("qty", "qty"), take("Min", "min"), take("Avg", "avg"), take("Max", "max"));
    let other = item.take_other(series.passed);
    let place = digest(&[metric.as_bytes(), &start_ms.to_le_bytes(), label.as_bytes(), source.as_bytes()]);
    // Each workout has its own figures of a time.
    let time = series.workout.map_or(place, |workout| digest(&[&place, &workout]));
    let numbers = [value, minimum, average, maximum].map(|number| number.map_or(u64::MAX, f64::to_bits).to_le_bytes());
    let end = end_ms.unwrap_or(i64::MIN).to_le_bytes();
    let content = [place.as_slice(), numbers.as_flattened(), &end, other.as_deref().unwrap_or_default().as_bytes()];
    let content = digest(&content);
    let texts = &mut output.batch.texts;
    // First of all, so that a long one is not copied.
    let other = other.map(|other| texts.intern_long(other));
    let row = Aggregate {
        metric: texts.intern(metric),
        start_ms,
        end_ms,
        interval: clock.interval(series.said),
        shown: series.period(is_night),
        workout: series.workout.and_then(|workout| workout.last_chunk().copied()),
        grows: period_ms > 0 && series.may_grow(is_night, minimum.or(maximum).is_some()),
        period_ms,
        label: texts.intern(&label),
        source: texts.intern(&source),
        nth_of_time: repeats.count(time),
        nth_of_content: repeats.count(content),
        is_scattered: series.are_scattered,
        unit: unit.map(|unit| texts.intern(&unit)),
        value,
        minimum,
        average,
        maximum,
        other,
    };
    output.batch.rows.aggregates.push(row);
    Ok(())
}
