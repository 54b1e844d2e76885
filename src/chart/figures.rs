//! A series of figures, and where each is drawn.

use super::calendar::{Bucket, Clock, Span, date, time_of_day};
use super::frame::Plot;
use super::number::exact;
use super::scale::Scale;
use super::theme::Hue;
use crate::model::time::{DAY_MS, MINUTE_MS};

/// A series of figures in time order.
#[derive(Clone, Debug)]
pub struct Figures {
    /// What it is of.
    pub title: String,
    /// Its unit; empty if it has none.
    pub unit: String,
    /// Whether figures add up: these are bars.
    pub is_sum: bool,
    /// The time of each figure.
    pub bucket: Bucket,
    /// How places become local times.
    pub clock: Clock,
    /// The first place that was asked for, and the one behind the last; those of the points if none.
    pub span_ms: (Option<i64>, Option<i64>),
    /// Whether that leaves out a part of the first bucket, and of the last one.
    pub is_cut: (bool, bool),
    /// Whether figures are shown without their decimals, as a phone shows steps.
    pub is_counted: bool,
    /// Whether there is data, but nothing that says how to make figures of it.
    pub is_unknown: bool,
    /// Its colour.
    pub hue: Hue,
    /// The figures. A bucket without data has none.
    pub points: Vec<Point>,
}

/// A figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Where its bucket begins.
    pub start_ms: i64,
    /// Where it ends.
    pub end_ms: i64,
    /// The sum, or the average.
    pub value: f64,
    /// The least and the greatest sample.
    pub extremes: Option<(f64, f64)>,
    /// Whether the figure is not that of its whole bucket: it is not over yet, or cut.
    pub is_partial: bool,
}

/// The marks of a series.
pub(super) struct Drawing<'a> {
    pub(super) figures: &'a Figures,
    pub(super) span: Span<'a>,
    pub(super) scale: Scale,
    pub(super) plot: Plot,
}

impl Figures {
    /// All that the vertical axis shows.
    pub(super) fn values(&self) -> impl Iterator<Item = f64> + '_ {
        let all = |point: &Point| {
            // The extremes of a sum's samples are not what its bars show.
            let (low, high) = point.extremes.filter(|_| !self.is_sum).unwrap_or((point.value, point.value));
            [low, point.value, high]
        };
        self.points.iter().flat_map(all)
    }

    /// The time that was asked for; `None` if nothing says which.
    pub(super) fn asked(&self) -> Option<Span<'_>> {
        let from_ms = self.span_ms.0.or(self.points.first().map(|point| point.start_ms))?;
        let to_ms = self.span_ms.1.or(self.points.last().map(|point| point.end_ms))?;
        (from_ms < to_ms).then_some(Span { from_ms, to_ms, clock: &self.clock })
    }

    /// The range of the horizontal axis: the first and the last bucket may reach beyond the requested time.
    pub(super) fn span(&self) -> Option<Span<'_>> {
        let mut span = self.asked()?;
        span.from_ms = self.points.first().map_or(span.from_ms, |first| span.from_ms.min(first.start_ms));
        span.to_ms = self.points.last().map_or(span.to_ms, |last| span.to_ms.max(last.end_ms));
        Some(span)
    }

    /// A figure as people read it.
    #[must_use]
    pub fn shown(&self, value: f64) -> String {
        exact(if self.is_counted { value.floor() } else { value })
    }

    /// The date of a bucket: with the time if it is shorter than a day, and only the month or the year of one that is longer.
    #[must_use]
    pub fn name_of(&self, point: &Point) -> String {
        let local_ms = self.clock.local_ms(point.start_ms);
        let day = date(local_ms);
        match self.bucket {
            Bucket::Moment | Bucket::Hour => format!("{day}, {}", time_of_day(minutes(local_ms))),
            Bucket::Day | Bucket::Week => day,
            Bucket::Month => day.split_once(' ').map_or(day.clone(), |(_, month)| month.to_owned()),
            Bucket::Year => day.rsplit(' ').next().unwrap_or_default().to_owned(),
        }
    }

    /// A bucket and its figure, as a text beside the pointer.
    pub(super) fn tip(&self, point: &Point) -> String {
        let unit = if self.unit.is_empty() { String::new() } else { format!(" {}", self.unit) };
        format!("{}: {}{unit}", self.name_of(point), self.shown(point.value))
    }
}

#[expect(clippy::cast_precision_loss, reason = "minutes of a day")]
fn minutes(local_ms: i64) -> f64 {
    (local_ms.rem_euclid(DAY_MS) / MINUTE_MS) as f64
}
