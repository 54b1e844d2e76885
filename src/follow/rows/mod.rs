//! The rows of a range, as points: the question that reads them, and how its columns become tags and fields.
//!
//! A page is one read transaction. It ends when the target has enough for one delivery; between pages nothing is open.

mod equals;
mod samples;
mod table;
mod take;

use std::time::Duration;

use super::plan::{Job, What};
use super::target::{ChangedRange, FieldValue, INSTANTS_S, Point, Summary, Target};
use crate::model::healthkit::CATEGORY_TYPE;
use crate::statistics::INSTANTS_MS;
use crate::store::questions::{
    Days, Field, Kind, Moment, Nights, Progress, Question, QuestionReader, Range, Rows, Samples, Sink, Snapshot,
    Unanswered, Value, listings,
};
use samples::SampleShape;
use table::TableShape;

/// The rows of a range, from some instant on.
pub(super) struct Reading {
    question: Box<dyn Question>,
    shape: Shape,
    person: String,
    measurement: String,
    /// Where the last row began that was handed out. A new reading may begin there.
    pub(super) place_ms: Option<i64>,
    /// Rows that no target has, since their time has no nanoseconds.
    left_out: u64,
}

/// How rows become points.
enum Shape {
    Samples(SampleShape),
    Table(TableShape),
}

impl Reading {
    /// Rows of a range that begin at an instant or later; `None` for a range without rows.
    pub(super) fn new(job: &Job, place_ms: Option<i64>) -> Option<Self> {
        let (from_ms, to_ms) = job.span_ms.unwrap_or((INSTANTS_MS.start, INSTANTS_MS.end));
        let from_ms = place_ms.unwrap_or(from_ms).max(from_ms);
        // Both ends belong to the range.
        let range = Range {
            person: job.person.clone(),
            from: Some(Moment::Instant(from_ms)),
            to: Some(Moment::Instant(to_ms.saturating_add(1))),
            zone: None,
        };
        let table = |shape| Shape::Table(shape);
        let (question, shape): (Box<dyn Question>, Shape) = match &job.what {
            What::Nobody | What::Nothing(_) => return None,
            What::Samples(identifier) => {
                let is_category = identifier.starts_with(CATEGORY_TYPE);
                let shape = SampleShape::new(is_category, identifier);
                (Box::new(Samples::new(range, Kind::identified(identifier))), Shape::Samples(shape))
            }
            What::Days(identifier) => {
                (Box::new(Days::new(range, vec![Kind::identified(identifier)])), table(TableShape::new(table::DAYS)))
            }
            What::Nights => (Box::new(Nights::new(range)), table(TableShape::new(table::NIGHTS))),
            What::Workouts => {
                (Box::new(Rows::new(&listings::WORKOUTS, range)), table(TableShape::new(table::WORKOUTS)))
            }
            What::WorkoutDays => {
                (Box::new(Rows::new(&listings::WORKOUT_DAYS, range)), table(TableShape::new(table::WORKOUT_DAYS)))
            }
            What::Doses => (Box::new(Rows::new(&listings::DOSES, range)), table(TableShape::new(table::DOSES))),
            What::DoseDays => {
                (Box::new(Rows::new(&listings::ADHERENCE, range)), table(TableShape::new(table::DOSE_DAYS)))
            }
            What::Rings => (Box::new(Rows::new(&listings::RINGS, range)), table(TableShape::new(table::RINGS))),
        };
        let measurement = job.what.measurement()?;
        Some(Self { question, shape, person: job.person.clone(), measurement, place_ms, left_out: 0 })
    }

    /// Hands the next page to a target.
    pub(super) fn page(
        &mut self,
        reader: &QuestionReader,
        (now_ms, time_max): (i64, Duration),
        target: &mut dyn Target,
    ) -> Result<Progress, Unanswered> {
        reader.read((now_ms, time_max), |snapshot| {
            if let Shape::Table(shape) = &mut self.shape {
                shape.learn(snapshot.zones_of(&self.person)?);
            }
            let Self { question, shape, person, measurement, place_ms, left_out } = self;
            question.page(snapshot, &mut Handing { shape, person, measurement, place_ms, left_out, target })
        })
    }

    /// Returns how many rows were left out since the last call, because no target has their time.
    pub(super) fn take_left_out(&mut self) -> u64 {
        std::mem::take(&mut self.left_out)
    }
}

/// Hands the rows of an answer to a target.
struct Handing<'a> {
    shape: &'a mut Shape,
    person: &'a str,
    measurement: &'a str,
    place_ms: &'a mut Option<i64>,
    left_out: &'a mut u64,
    target: &'a mut dyn Target,
}

impl Sink for Handing<'_> {
    fn begin(&mut self, head: &[Field<'_>]) {
        if let Shape::Table(shape) = self.shape {
            shape.begin(head);
        }
    }

    fn list(&mut self, _: &'static str, _: &[&'static str]) {}

    fn row(&mut self, row: &[Value<'_>]) -> bool {
        let Self { shape, person, measurement, place_ms, left_out, target } = self;
        let mut take = |tags: &[(&'static str, &str)], fields: &[(&'static str, FieldValue<'_>)], at: (i64, u32)| {
            **place_ms = Some(at.0);
            let Some(at_ns) = nanoseconds(at) else {
                **left_out += 1;
                return true;
            };
            target.take(&Point { measurement, tags, fields, at_ns })
        };
        match shape {
            Shape::Samples(shape) => shape.point(person, row, &mut take),
            Shape::Table(shape) => shape.point(person, row, &mut take),
        }
    }

    fn end(&mut self, _: &[Field<'_>]) {}
}

/// A millisecond, and how many rows precede it there, in nanoseconds. `None` if no target has it.
fn nanoseconds((at_ms, before): (i64, u32)) -> Option<i64> {
    let is_known = (INSTANTS_S.0 * 1000..=INSTANTS_S.1 * 1000).contains(&at_ms);
    is_known.then_some(at_ms)?.checked_mul(1_000_000)?.checked_add(i64::from(before))
}

/// The range of a job, as a target sees it. The target may lose a little more than the range, which is then sent again.
pub(super) fn range_of<'a>(job: &'a Job, measurement: Option<&'a str>) -> ChangedRange<'a> {
    ChangedRange { person: &job.person, measurement, span_ms: job.span_ms, is_removed: job.is_removed, summary: None }
}

/// The local days of a range, and how many rows it has.
pub(super) fn summary(snapshot: &Snapshot<'_>, job: &Job) -> Result<Option<Summary>, Unanswered> {
    let timeline = snapshot.zones_of(&job.person)?;
    let days = job.span_ms.map(|(from_ms, to_ms)| {
        let [first, last] =
            [from_ms, to_ms].map(|at_ms| timeline.day_of(at_ms.clamp(INSTANTS_MS.start, INSTANTS_MS.end - 1)));
        (first.to_string(), last.to_string())
    });
    let (from_ms, to_ms) = job.span_ms.unwrap_or((INSTANTS_MS.start, INSTANTS_MS.end));
    let [from, to] = [from_ms, to_ms.saturating_add(1)].map(|at_ms| Some(Moment::Instant(at_ms)));
    let range = Range { person: job.person.clone(), from, to, zone: None };
    let listed = |listing| Rows::new(listing, range.clone()).paged(Some(0), None);
    let mut question: Box<dyn Question> = match &job.what {
        What::Samples(identifier) => {
            let mut samples = Samples::new(range.clone(), Kind::identified(identifier));
            samples.limit = Some(0);
            Box::new(samples)
        }
        What::Workouts => Box::new(listed(&listings::WORKOUTS)?),
        What::Doses => Box::new(listed(&listings::DOSES)?),
        What::Rings => Box::new(listed(&listings::RINGS)?),
        _ => return Ok(None),
    };
    let mut total = Total(None);
    question.page(snapshot, &mut total)?;
    Ok(Some(Summary { days, rows: total.0 }))
}

/// Takes the number of rows of an answer only.
struct Total(Option<i64>);

impl Sink for Total {
    fn begin(&mut self, head: &[Field<'_>]) {
        let total = head.iter().find(|(name, _)| *name == "total");
        if let Some((_, Value::Integer(total))) = total {
            self.0 = Some(*total);
        }
    }

    fn list(&mut self, _: &'static str, _: &[&'static str]) {}

    fn row(&mut self, _: &[Value<'_>]) -> bool {
        false
    }

    fn end(&mut self, _: &[Field<'_>]) {}
}
