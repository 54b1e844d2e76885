//! `Workout` to a row, and the routes that it refers to.

use super::common::Common;
use super::element::{Element, plain};
use super::record::intern_some;
use super::seen::{Route, Seen};
use super::workout_texts::{ROUTE, STATISTICS, WorkoutTexts, seconds};
use crate::formats::flaw::Flaw;
use crate::formats::output::Output;
use crate::model::healthkit::activity;
use crate::model::identity::{derive, digest};
use crate::model::record::{Uuid, Workout};
use crate::model::units::{Dimension, factor};

const ENERGY: &str = "HKQuantityTypeIdentifierActiveEnergyBurned";
const DISTANCES: &str = "HKQuantityTypeIdentifierDistance";

/// A number and its unit.
type Quantity<'a> = (f64, Option<&'a str>);

/// Reads a workout.
pub(super) fn read(element: Element<'_>, seen: &mut Seen, output: &mut Output<'_>) -> Result<(), Flaw> {
    let common = Common::read(element)?;
    let start_ms = common.start_ms()?;
    let kind = element.get("workoutActivityType").ok_or(Flaw::Missing("workoutActivityType"))?;
    let source = seen.sources.find(common.source, output);
    let texts = WorkoutTexts::of(element, kind, &source);
    let duration = element.get("duration").unwrap_or_default();
    // The identity has no more: what a later export may add to the same workout must not make it another one.
    let content = [b"Workout", kind.as_bytes(), &source.digest, &common.times(), duration.as_bytes()];
    let uuid = seen.equals.count(derive(&digest(&content))).identity;
    note_routes(element, uuid, seen, output);
    let energy =
        total(element, "totalEnergyBurned", "totalEnergyBurnedUnit").or_else(|| sum(element, |kind| kind == ENERGY));
    let distance = total(element, "totalDistance", "totalDistanceUnit")
        .or_else(|| sum(element, |kind| kind.starts_with(DISTANCES)));
    let batch_texts = &mut output.batch.texts;
    output.batch.rows.workouts.push(Workout {
        uuid,
        activity_type: activity(kind),
        start_ms,
        end_ms: common.end_ms,
        duration_s: number(element, "duration").map(|duration| duration * seconds(element.get("durationUnit"))),
        energy_kcal: energy.map(|(energy, unit)| energy * kilocalories(unit)),
        distance: distance.map(|(distance, _)| distance),
        distance_unit: distance.and_then(|(_, unit)| intern_some(&plain(unit?), batch_texts)),
        statistics: intern_some(&texts.statistics, batch_texts),
        events: intern_some(&texts.events, batch_texts),
        activities: intern_some(&texts.activities, batch_texts),
        metadata: intern_some(&texts.metadata, batch_texts),
        source: source.text,
        other: intern_some(&texts.other, batch_texts),
    });
    for child in element.children() {
        seen.within.add(child);
    }
    Ok(())
}

fn number(element: Element<'_>, name: &str) -> Option<f64> {
    element.get(name)?.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// A total that exports had before there were statistics.
fn total<'a>(element: Element<'a>, name: &str, unit: &str) -> Option<Quantity<'a>> {
    Some((number(element, name)?, element.get(unit)))
}

/// The first sum in the statistics of such a type.
fn sum(workout: Element<'_>, is_wanted: fn(&str) -> bool) -> Option<Quantity<'_>> {
    let statistics = workout.children().filter(|child| child.name() == STATISTICS);
    let found =
        statistics.filter(|child| child.get("type").is_some_and(is_wanted)).find(|child| child.get("sum").is_some())?;
    Some((found.get("sum")?.parse::<f64>().ok()?, found.get("unit")))
}

/// How many kilocalories a unit is: one if none is named.
fn kilocalories(unit: Option<&str>) -> f64 {
    unit.and_then(|unit| factor(unit, Dimension::Energy)).unwrap_or(1.0)
}

/// Remembers the files that a workout refers to.
fn note_routes(element: Element<'_>, workout: Uuid, seen: &mut Seen, output: &mut Output<'_>) {
    let routes = element.children().filter(|child| child.name() == ROUTE);
    let files = routes.flat_map(|route| route.children().filter(|child| child.name() == "FileReference"));
    for (number, path) in (0..).zip(files.filter_map(|file| file.get("path"))) {
        seen.routes.note(&plain(path), Route { workout, number }, output);
    }
}
