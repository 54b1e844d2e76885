//! The questions that paths of the API ask, out of their parameters.

use super::parameters::{Given, Wrong, decoded, moment};
use super::read::{Asked, Unasked};
use crate::model::units::is_known;
use crate::serve::page::word;
use crate::statistics::Method;
use crate::store::questions::{
    Agg, BucketSize, Chart, Days, Explain, Kind, LINE_POINTS, Listing, Moment, Nights, OneNight, OneWorkout, Overview,
    People, PersonStatus, Points, Question, Range, Route, Rows, Samples, Several, Types, listings,
};

type Asking = Result<Box<dyn Question>, Unasked>;

/// The figures of days.
pub(super) fn days(asked: Asked) -> Asking {
    let mut days = Days::new(asked.range(), asked.kinds()?);
    let Given { bucket, agg, source, units, max_points, .. } = asked.given;
    if matches!(bucket, Some(Some(_))) && max_points.is_some() {
        return Err(Wrong::of("max_points", "left out, or together with bucket=auto").into());
    }
    days.bucket = bucket.unwrap_or(if max_points.is_some() { None } else { Some(BucketSize::Day) });
    days.points_max = max_points;
    days.agg = agg.unwrap_or(Agg::Own);
    days.source = source;
    days.units = units;
    Ok(Box::new(days))
}

/// Today at a look. Days are those of the person's zone; `tz` is only for times.
pub(super) fn overview(asked: Asked) -> Asking {
    let range = Range { zone: None, ..asked.range() };
    let kinds = if asked.given.types.is_empty() { Vec::new() } else { asked.kinds()? };
    let units = words(asked.given.units.as_deref().unwrap_or_default());
    if !units.iter().all(|unit| is_known(unit)) {
        return Err(Wrong::of("units", "units with commas between them, such as mi,ft,lb,degF").into());
    }
    Ok(Box::new(Overview { range, kinds, units }))
}

/// Words between commas.
fn words(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

pub(super) fn nights(asked: Asked) -> Asking {
    Ok(Box::new(Nights::new(asked.range())))
}

pub(super) fn night(asked: Asked) -> Asking {
    let date = asked.names.first().and_then(|name| decoded(name));
    match date.and_then(|date| moment(&date)) {
        Some(Moment::Day(night)) => Ok(Box::new(OneNight { person: asked.person, night })),
        _ => Err(Unasked::NotFound("a night is named by the date of its morning, such as 2026-01-31")),
    }
}

/// Stored samples, or lines of them; several types are several series.
pub(super) fn samples(asked: Asked) -> Asking {
    let kinds = asked.kinds()?;
    let Given { units, cursor, limit, max_points, .. } = &asked.given;
    if max_points.is_some() && (limit.is_some() || cursor.is_some()) {
        return Err(Wrong::of("max_points", "left out where `limit` or `cursor` is given").into());
    }
    if kinds.len() > 1 && cursor.is_some() {
        return Err(Wrong::of("cursor", "left out for several types: each series has its own, for its type").into());
    }
    if kinds.len() > 1 && units.is_some() {
        return Err(Wrong::of("units", "left out for several types, whose units differ").into());
    }
    let mut series: Vec<_> = kinds.into_iter().map(|kind| samples_of(&asked, kind)).collect();
    Ok(if series.len() == 1 { series.remove(0) } else { Box::new(Several::new(series)) })
}

/// Samples of one type.
fn samples_of(asked: &Asked, kind: Kind) -> Box<dyn Question> {
    let Given { source, units, cursor, max_points, .. } = &asked.given;
    let (range, source, units) = (asked.range(), source.clone(), units.clone());
    if let Some(points_max) = *max_points {
        let mut points = Points::new(range, kind, points_max);
        (points.source, points.units) = (source, units);
        return Box::new(points);
    }
    let mut samples = Samples::new(range, kind);
    (samples.limit, samples.source, samples.units, samples.after) = (asked.limit, source, units, cursor.clone());
    Box::new(samples)
}

/// The figures of a chart, as many as it has room for.
pub(super) fn chart(asked: Asked) -> Asking {
    let kind = asked.kind()?;
    let mut range = asked.range();
    let bucket = asked.given.bucket.flatten();
    let has_bounds = range.from.is_some() || range.to.is_some();
    match asked.given.days {
        Some(_) if has_bounds => return Err(Wrong::of("days", "left out where `from` or `to` is given").into()),
        Some(None) => {}
        Some(Some(days)) => (range.from, range.to) = last_days(days),
        None if has_bounds => {}
        None => (range.from, range.to) = last_days(chart_days_default(bucket)),
    }
    let points_max = points_max(&kind.identifier, asked.given.picture().width);
    let mut chart = Chart::new(range, kind, points_max);
    chart.bucket = bucket;
    chart.units = asked.given.units;
    Ok(Box::new(chart))
}

/// The local days up to today.
fn last_days(days: i32) -> (Option<Moment>, Option<Moment>) {
    (Some(Moment::DaysAgo(days - 1)), Some(Moment::DaysAgo(-1)))
}

/// The days of a chart without bounds: enough for some buckets.
fn chart_days_default(bucket: Option<BucketSize>) -> i32 {
    match bucket {
        Some(BucketSize::Hour) => 2,
        None | Some(BucketSize::Day) => 30,
        Some(BucketSize::Week) => 182,
        Some(BucketSize::Month) => 365,
        Some(BucketSize::Year) => 3653,
    }
}

/// How many figures of a type a width has room for: bars need more of it than a line.
pub(in crate::serve) fn points_max(identifier: &str, width_px: u32) -> u32 {
    // The axis is beside them.
    let room_px = width_px.saturating_sub(60).max(60);
    match Method::of(identifier) {
        Method::Sleep => (room_px / 5).clamp(14, 180),
        // The week has seven bars, not 168.
        Method::Sum | Method::Sessions | Method::Values | Method::StandHours => (room_px / 2).clamp(31, 160),
        _ => (room_px / 2 * 3 / 2).clamp(31, 400),
    }
}

pub(super) fn types(asked: Asked) -> Asking {
    Ok(Box::new(Types::new(asked.range())))
}

pub(super) fn explain(asked: Asked) -> Asking {
    if !matches!(asked.given.from, Some(Moment::Day(_))) {
        return Err(Wrong::of("from", "the local date of the day, such as 2026-01-31").into());
    }
    Ok(Box::new(Explain { range: asked.range(), kind: asked.kind()? }))
}

pub(super) fn workout(asked: Asked) -> Asking {
    let split_m = match asked.given.units.as_deref() {
        None | Some("km") => 1000.0,
        Some("mi") => 1609.344,
        Some(_) => return Err(Wrong::of("units", "km or mi: the length of a split").into()),
    };
    let uuid = asked.uuid()?;
    Ok(Box::new(OneWorkout { uuid, person: asked.person, points_max: asked.given.max_points, split_m }))
}

pub(super) fn line(asked: Asked) -> Asking {
    let (uuid, points_max) = (asked.uuid()?, asked.given.max_points.unwrap_or(LINE_POINTS));
    Ok(Box::new(Route::new(asked.person, uuid, Some(points_max))))
}

pub(super) fn track(asked: Asked) -> Asking {
    let uuid = asked.uuid()?;
    Ok(Box::new(Route::new(asked.person, uuid, asked.given.max_points)))
}

pub(super) fn people(asked: Asked) -> Asking {
    Ok(Box::new(People::new((!asked.is_of_all).then_some(asked.person))))
}

pub(super) fn status(asked: Asked) -> Asking {
    Ok(Box::new(PersonStatus { person: asked.person, web: word() }))
}

/// Rows of a table.
fn rows(listing: &'static Listing, asked: Asked) -> Asking {
    let rows = Rows::new(listing, asked.range()).with_word(asked.word()?);
    Ok(Box::new(rows.paged(asked.limit, asked.given.cursor)?))
}

pub(super) fn workouts(asked: Asked) -> Asking {
    rows(&listings::WORKOUTS, asked)
}

pub(super) fn workout_days(asked: Asked) -> Asking {
    rows(&listings::WORKOUT_DAYS, asked)
}

pub(super) fn medications(asked: Asked) -> Asking {
    rows(&listings::MEDICATIONS, asked)
}

pub(super) fn adherence(asked: Asked) -> Asking {
    rows(&listings::ADHERENCE, asked)
}

pub(super) fn doses(asked: Asked) -> Asking {
    rows(&listings::DOSES, asked)
}

pub(super) fn characteristics(asked: Asked) -> Asking {
    rows(&listings::CHARACTERISTICS, asked)
}

pub(super) fn correlations(asked: Asked) -> Asking {
    rows(&listings::CORRELATIONS, asked)
}

pub(super) fn electrocardiograms(asked: Asked) -> Asking {
    rows(&listings::ELECTROCARDIOGRAMS, asked)
}

pub(super) fn rings(asked: Asked) -> Asking {
    rows(&listings::RINGS, asked)
}

pub(super) fn sources(asked: Asked) -> Asking {
    rows(&listings::SOURCES, asked)
}

pub(super) fn zones(asked: Asked) -> Asking {
    rows(&listings::ZONES, asked)
}

pub(super) fn uploads(asked: Asked) -> Asking {
    rows(&listings::UPLOADS, asked)
}

pub(super) fn rejects(asked: Asked) -> Asking {
    rows(&listings::REJECTS, asked)
}

pub(super) fn records(asked: Asked) -> Asking {
    rows(&listings::RECORDS, asked)
}

pub(super) fn aggregates(asked: Asked) -> Asking {
    rows(&listings::AGGREGATES, asked)
}

pub(super) fn beats(asked: Asked) -> Asking {
    rows(&listings::BEATS, asked)
}
