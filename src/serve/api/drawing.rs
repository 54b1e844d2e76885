//! The answer to the question of a chart, as the chart itself.

use crate::chart::{Bucket, Clock, Figures, Hue, NightBar, Nights, Part, Picture, Point, Stage};
use crate::model::healthkit::short;
use crate::model::time::{DAY_MS, HOUR_MS, parse_day};
use crate::statistics::LocalDay;
use crate::store::questions::{Field, Sink, Value};

/// Takes the answer to a [`crate::store::questions::Chart`].
#[derive(Debug, Default)]
pub(in crate::serve) struct Drawing {
    identifier: String,
    title: String,
    unit: String,
    is_sum: bool,
    is_sleep: bool,
    days: (Option<LocalDay>, Option<LocalDay>),
    instants_ms: (Option<i64>, Option<i64>),
    bucket: Option<Bucket>,
    list: &'static str,
    columns: Vec<&'static str>,
    points: Vec<Point>,
    /// Of each figure what it weighs in a mean, and whether it is not over yet.
    weights: Vec<(f64, bool)>,
    /// Whether a bucket has samples, but no figure.
    has_no_figure: bool,
    /// Whether the first and the last bucket are cut by the time that was asked for.
    is_cut: (bool, bool),
    /// What clocks were ahead of UTC, from each of these instants on; if nothing says so, by the figures themselves.
    shifts: Vec<(i64, i64)>,
    has_shifts: bool,
    bars: Vec<NightBar>,
}

/// A value of a row by the name of its column.
struct Named<'a, 'b> {
    columns: &'a [&'static str],
    row: &'a [Value<'b>],
}

impl<'b> Named<'_, 'b> {
    fn value(&self, name: &str) -> Value<'b> {
        let at = self.columns.iter().position(|column| *column == name);
        at.and_then(|at| self.row.get(at)).copied().unwrap_or(Value::Null)
    }

    fn number(&self, name: &str) -> Option<f64> {
        match self.value(name) {
            Value::Real(number) => Some(number),
            #[expect(clippy::cast_precision_loss, reason = "figures are shown with fewer digits")]
            Value::Integer(number) => Some(number as f64),
            _ => None,
        }
    }

    fn day(&self, name: &str) -> Option<LocalDay> {
        match self.value(name) {
            Value::Text(text) => local_day(text),
            _ => None,
        }
    }

    fn is(&self, name: &str) -> bool {
        self.value(name) == Value::Flag(true)
    }
}

/// Reads a local date.
pub(in crate::serve) fn local_day(text: &str) -> Option<LocalDay> {
    i32::try_from(parse_day(text)?.div_euclid(DAY_MS)).ok().map(LocalDay::new)
}

fn local_ms(day: LocalDay) -> i64 {
    i64::from(day.days()) * DAY_MS
}

impl Drawing {
    /// Draws the chart.
    pub(in crate::serve) fn draw(&self, picture: Picture) -> String {
        if self.is_sleep { self.nights().draw(picture) } else { self.figures().draw(picture) }
    }

    /// Figures or bars.
    pub(super) fn rows(&self) -> usize {
        self.points.len() + self.bars.len()
    }

    /// The figures of the chart, if it is not one of sleep.
    pub(in crate::serve) fn figures(&self) -> Figures {
        let bucket = self.bucket.unwrap_or(Bucket::Day);
        let (clock, span_ms) = if bucket == Bucket::Hour {
            (Clock::Shifts(self.shifts.clone()), self.instants_ms)
        } else {
            (Clock::Local, (self.days.0.map(local_ms), self.days.1.map(local_ms)))
        };
        Figures {
            title: self.title.clone(),
            unit: self.unit.clone(),
            is_sum: self.is_sum,
            bucket,
            clock,
            span_ms,
            is_cut: self.is_cut,
            is_counted: is_counted(&self.identifier),
            is_unknown: self.points.is_empty() && self.has_no_figure,
            hue: hue(&self.identifier),
            points: self.points.clone(),
        }
    }

    /// The nights of the chart, if it is one of sleep.
    pub(in crate::serve) fn nights(&self) -> Nights {
        let bucket = self.bucket.unwrap_or(Bucket::Day);
        let (span, is_cut) = (self.days, self.is_cut);
        Nights { title: self.title.clone(), bucket, span, is_cut, bars: self.bars.clone() }
    }

    /// The mean of the figures, each weighed by its days, or by its samples if it is of an hour. What is not over yet counts only
    /// if there is nothing else.
    pub(in crate::serve) fn mean(&self) -> Option<f64> {
        let has_ended = self.weights.iter().any(|(_, is_open)| !is_open);
        let counted = self.points.iter().zip(&self.weights).filter(|(_, (_, is_open))| !(has_ended && *is_open));
        let (sum, weight) =
            counted.fold((0.0, 0.0), |(sum, all), (point, (weight, _))| (sum + point.value * weight, all + weight));
        (weight > 0.0).then(|| sum / weight)
    }

    /// Notes that the first bucket is a part.
    fn cut_first(&mut self) {
        self.is_cut.0 = true;
        self.points.first_mut().into_iter().for_each(|point| point.is_partial = true);
        self.bars.first_mut().into_iter().for_each(|bar| bar.is_partial = true);
    }

    /// Notes that the last bucket is a part. It may also be so because it is not over yet.
    fn cut_last(&mut self) {
        let point = self.points.last().map(|point| point.is_partial);
        self.is_cut.1 = !point.or(self.bars.last().map(|bar| bar.is_partial)).unwrap_or(true);
        self.points.last_mut().into_iter().for_each(|point| point.is_partial = true);
        self.bars.last_mut().into_iter().for_each(|bar| bar.is_partial = true);
    }

    fn head(&mut self, name: &str, value: Value<'_>) {
        match (name, value) {
            ("type", Value::Text(text)) => self.title = title(text),
            ("identifier", Value::Text(text)) => text.clone_into(&mut self.identifier),
            ("method", Value::Text(text)) => {
                self.is_sum = matches!(text, "sum" | "values");
                self.is_sleep = text == "nights";
            }
            ("from", Value::Text(text)) => self.days.0 = local_day(text),
            ("to", Value::Text(text)) => self.days.1 = local_day(text),
            ("start", Value::Time(at_ms)) => self.instants_ms.0 = Some(at_ms),
            ("end", Value::Time(at_ms)) => self.instants_ms.1 = Some(at_ms),
            ("first_whole", Value::Flag(false)) => self.cut_first(),
            ("last_whole", Value::Flag(false)) => self.cut_last(),
            ("unit", Value::Text(text)) => text.clone_into(&mut self.unit),
            ("bucket", Value::Text(text)) => self.bucket = Bucket::ALL.into_iter().find(|size| size.name() == text),
            _ => {}
        }
    }

    /// A figure of an hour, a day, or more.
    fn point(&self, row: &Named<'_, '_>) -> Option<(Point, Option<i64>)> {
        let day = row.day("day")?;
        // Shares are shown as percent.
        let factor = if self.unit == "%" { 100.0 } else { 1.0 };
        let value = row.number("value")? * factor;
        let extremes = row.number("minimum").zip(row.number("maximum"));
        let extremes = extremes.map(|(low, high)| (low * factor, high * factor));
        let is_partial = row.is("partial");
        let (start_ms, end_ms, shift_ms) = if let Value::Time(start_ms) = row.value("start") {
            let Value::Integer(hour) = row.value("hour") else {
                return None;
            };
            let shift_ms = local_ms(day) + hour * HOUR_MS - start_ms;
            (start_ms, start_ms + HOUR_MS, Some(shift_ms))
        } else {
            let start_ms = local_ms(day);
            let bucket = Bucket::ALL.into_iter().find(|bucket| self.list.strip_suffix('s') == Some(bucket.name()));
            (start_ms, bucket.unwrap_or(Bucket::Day).end_ms(start_ms), None)
        };
        Some((Point { start_ms, end_ms, value, extremes, is_partial }, shift_ms))
    }

    fn bar(row: &Named<'_, '_>) -> Option<NightBar> {
        let (bed_min, wake_min) = (row.number("bed_min")?, row.number("wake_min")?);
        Some(NightBar {
            day: row.day("day")?,
            end: row.day("end")?,
            bed_min,
            wake_min,
            asleep_min: row.number("asleep_min")?,
            parts: Vec::new(),
            is_partial: row.is("partial"),
        })
    }

    /// The stages of a mean of nights, one below the other, each as long as its share.
    fn shares(bar: &mut NightBar, row: &Named<'_, '_>) {
        let names = ["deep_min", "core_min", "rem_min", "unspecified_min", "awake_min"];
        let mut from_min = bar.bed_min;
        for (stage, name) in Stage::ALL.into_iter().zip(names) {
            let to_min = (from_min + row.number(name).unwrap_or(0.0)).min(bar.wake_min);
            if to_min > from_min {
                bar.parts.push(Part { from_min, to_min, stage });
            }
            from_min = to_min;
        }
    }

    fn part(&mut self, row: &Named<'_, '_>) -> Option<()> {
        let stage = match row.value("stage") {
            Value::Integer(1) => Stage::Asleep,
            Value::Integer(2) => Stage::Awake,
            Value::Integer(3) => Stage::Core,
            Value::Integer(4) => Stage::Deep,
            Value::Integer(5) => Stage::Rem,
            _ => return None,
        };
        let part = Part { from_min: row.number("from_min")?, to_min: row.number("to_min")?, stage };
        let day = row.day("day")?;
        let at = self.bars.binary_search_by_key(&day, |bar| bar.day).ok()?;
        let bar = self.bars.get_mut(at)?;
        bar.parts.push(part);
        Some(())
    }
}

impl Sink for Drawing {
    fn begin(&mut self, head: &[Field<'_>]) {
        for (name, value) in head {
            self.head(name, *value);
        }
    }

    fn list(&mut self, name: &'static str, columns: &[&'static str]) {
        self.list = name;
        columns.clone_into(&mut self.columns);
    }

    /// Charts have few rows, which are one page.
    fn row(&mut self, row: &[Value<'_>]) -> bool {
        let columns = std::mem::take(&mut self.columns);
        let row = Named { columns: &columns, row };
        match self.list {
            "shifts" => {
                if let (Value::Time(start_ms), Value::Integer(shift_ms)) = (row.value("start"), row.value("shift_ms")) {
                    self.shifts.push((start_ms, shift_ms));
                    self.has_shifts = true;
                }
            }
            "bars" => {
                if let Some(mut bar) = Self::bar(&row) {
                    if bar.end.days() > bar.day.days() + 1 {
                        Self::shares(&mut bar, &row);
                    }
                    self.bars.push(bar);
                }
            }
            "parts" => {
                self.part(&row);
            }
            _ => {
                self.has_no_figure |=
                    row.number("value").is_none() && row.number("samples").is_some_and(|all| all > 0.0);
                if let Some((point, shift_ms)) = self.point(&row) {
                    let all = if shift_ms.is_some() { row.number("samples") } else { row.number("days") };
                    self.weights.push((all.unwrap_or(1.0), row.is("partial")));
                    let guessed = shift_ms.filter(|_| !self.has_shifts);
                    if let Some(shift_ms) =
                        guessed.filter(|shift_ms| self.shifts.last().is_none_or(|(_, last_ms)| last_ms != shift_ms))
                    {
                        self.shifts.push((point.start_ms, shift_ms));
                    }
                    self.points.push(point);
                }
            }
        }
        self.columns = columns;
        true
    }

    fn end(&mut self, tail: &[Field<'_>]) {
        for (name, value) in tail {
            self.head(name, *value);
        }
    }
}

/// The name of a type as a title: `heart_rate` is Heart rate.
pub(in crate::serve) fn title(name: &str) -> String {
    let words = match name {
        "spo2" => return "Blood oxygen".to_owned(),
        "vo2_max" => return "VO₂ max".to_owned(),
        name => short(name).replace('_', " "),
    };
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Whether a phone shows a type's figures without their decimals.
pub(in crate::serve) fn is_counted(identifier: &str) -> bool {
    matches!(short(identifier), "StepCount" | "FlightsClimbed")
}

/// What a type is about.
pub(in crate::serve) fn hue(identifier: &str) -> Hue {
    let kind = short(identifier);
    if ["Heart", "BloodPressure", "AtrialFibrillation", "PeripheralPerfusion"].iter().any(|part| kind.contains(part)) {
        return Hue::Heart;
    }
    let of_activity = [
        "StepCount",
        "Distance",
        "Energy",
        "Exercise",
        "AppleStand",
        "AppleMove",
        "Flights",
        "Swimming",
        "Cycling",
        "PhysicalEffort",
        "Running",
    ];
    let is_food = kind.starts_with("Dietary");
    if !is_food && of_activity.iter().any(|part| kind.contains(part)) { Hue::Activity } else { Hue::Accent }
}
