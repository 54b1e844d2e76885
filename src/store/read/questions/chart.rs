//! The figures of a chart: first of what, of which days and by which clocks, then the figures of days or of nights.

use super::days::Days;
use super::night_bars::NightBars;
use super::period::BucketSize;
use super::range::Range;
use super::reader::{Question, Snapshot, Unanswered};
use super::types::{Kind, method_name};
use super::value::{Progress, Sink, Value};
use crate::model::limits::CHART_POINTS_MAX;
use crate::statistics::Method;

/// The figures of a chart.
#[derive(Debug)]
pub struct Chart {
    /// Whose, and when.
    pub range: Range,
    /// The type.
    pub kind: Kind,
    /// The size of a bucket; `None` picks one that makes at most `points_max`.
    pub bucket: Option<BucketSize>,
    /// Figures at most, if the size is not given.
    pub points_max: u32,
    /// The unit of values; the canonical one if none.
    pub units: Option<String>,
    figures: Option<Figures>,
}

/// The question under way.
#[derive(Debug)]
enum Figures {
    Days(Box<Days>),
    Nights(NightBars),
}

impl Chart {
    /// The question.
    #[must_use]
    pub fn new(range: Range, kind: Kind, points_max: u32) -> Self {
        Self { range, kind, bucket: None, points_max, units: None, figures: None }
    }

    /// Hands out what the chart is of, and begins with its figures.
    fn begin(&self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Figures, Unanswered> {
        let located = self.range.locate(snapshot)?;
        let (first, end) = located.days();
        let [first, end] = [first, end].map(|day| day.to_string());
        let today = located.timeline.day_of(snapshot.now_ms).to_string();
        let method = Method::of(&self.kind.identifier);
        let (has_start, has_end) = (self.range.from.is_some(), self.range.to.is_some());
        sink.begin(&[
            ("person", Value::Text(&self.range.person)),
            ("type", Value::Text(&self.kind.shown)),
            ("identifier", Value::Text(&self.kind.identifier)),
            ("method", Value::Text(method_name(method))),
            ("today", Value::Text(&today)),
            ("from", Value::text(has_start.then_some(first.as_str()))),
            ("to", Value::text(has_end.then_some(end.as_str()))),
            ("start", Value::time(has_start.then_some(located.from_ms))),
            ("end", Value::time(has_end.then_some(located.to_ms))),
        ]);
        sink.end(&[]);
        if has_start {
            // Clocks may also change where there is no data.
            let end_ms = if has_end { located.to_ms } else { snapshot.now_ms };
            sink.list("shifts", &["start", "shift_ms"]);
            for (start_ms, shift_ms) in located.timeline.shifts(located.from_ms, end_ms.max(located.from_ms)) {
                sink.row(&[Value::Time(start_ms), Value::Integer(shift_ms)]);
            }
        }
        if method == Method::Sleep {
            self.kind.id(snapshot)?;
            if self.units.is_some() {
                return Err(Unanswered::Parameter("units", "left out for sleep".to_owned()));
            }
            let (range, points_max) = (self.range.clone(), self.points_max);
            return Ok(Figures::Nights(NightBars { range, bucket: self.bucket, points_max }));
        }
        let mut days = Days::new(self.range.clone(), vec![self.kind.clone()]);
        days.bucket = self.bucket;
        days.points_max = Some(self.points_max);
        days.buckets_max = Some(CHART_POINTS_MAX);
        days.units.clone_from(&self.units);
        Ok(Figures::Days(Box::new(days)))
    }
}

impl Question for Chart {
    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        let mut figures = match self.figures.take() {
            Some(figures) => figures,
            None => self.begin(snapshot, sink)?,
        };
        let progress = match &mut figures {
            Figures::Days(days) => days.page(snapshot, sink),
            Figures::Nights(nights) => nights.page(snapshot, sink),
        };
        self.figures = Some(figures);
        progress.map_err(|unanswered| match unanswered {
            // A chart does not have that parameter.
            Unanswered::Parameter("max_points", _) => {
                Unanswered::Parameter("from", "later: there are more years than the chart has room for".to_owned())
            }
            other => other,
        })
    }
}
