//! `Workout` to a row, and the routes that it refers to.

use super::common::Common;
use super::element::{Element, plain};
use super::number::number;
use super::record::intern_some;
use super::routes::Route;
use super::seen::Seen;
use super::workout_quantity::{Quantity, distance, energy, total};
use super::workout_texts::{KNOWN, ROUTE, WorkoutTexts, seconds};
use crate::formats::flaw::Flaw;
use crate::formats::output::Output;
use crate::model::healthkit::activity;
use crate::model::identity::{derive, digest};
use crate::model::locale::NumberStyle;
use crate::model::record::{Uuid, Workout};
use crate::model::units::kilocalories;

/// Reads a workout.
pub(super) fn read(
    element: Element<'_>,
    style: NumberStyle,
    seen: &mut Seen,
    output: &mut Output<'_>,
) -> Result<(), Flaw> {
    let common = Common::read(element)?;
    if let Some(name) = element.repeated(&KNOWN) {
        return Err(Flaw::Repeated(name));
    }
    let start_ms = common.start_ms()?;
    let kind = element.get("workoutActivityType").ok_or(Flaw::Missing("workoutActivityType"))?;
    seen.within.early_ends += u64::from(common.ends_early());
    let source = seen.sources.find(common.source, output);
    let figures = Figures::of(element, kind, style);
    let texts = WorkoutTexts::of(element, kind, &source, &figures.unread, style);
    let duration = element.get("duration").unwrap_or_default();
    // The identity has no more: what a later export may add to the same workout must not make it another one.
    let content = [b"Workout", kind.as_bytes(), &source.digest, &common.times(), duration.as_bytes()];
    let uuid = seen.equals.count(derive(&digest(&content))).identity;
    note_routes(element, uuid, seen, output);
    let batch_texts = &mut output.batch.texts;
    output.batch.rows.workouts.push(Workout {
        uuid,
        healthkit: None,
        activity_type: activity(kind),
        start_ms,
        end_ms: common.end_ms,
        duration_s: figures.duration_s,
        energy_kcal: figures.energy_kcal,
        distance: figures.distance.map(|distance| distance.number),
        distance_unit: figures.distance.and_then(|distance| intern_some(&plain(distance.unit?), batch_texts)),
        statistics: intern_some(&texts.statistics, batch_texts),
        events: intern_some(&texts.events, batch_texts),
        activities: intern_some(&texts.activities, batch_texts),
        metadata: intern_some(&texts.metadata, batch_texts),
        source: source.text,
        other: intern_some(&texts.other, batch_texts),
        creation_ms: common.creation_ms,
    });
    for child in element.children() {
        seen.within.add(child);
    }
    Ok(())
}

/// The figures of a workout that have a column.
struct Figures<'a> {
    duration_s: Option<f64>,
    energy_kcal: Option<f64>,
    distance: Option<Quantity<'a>>,
    /// Attributes that are not in these columns: their text is not a number, or the figure is from elsewhere.
    unread: Vec<&'static str>,
}

impl<'a> Figures<'a> {
    fn of(element: Element<'a>, kind: &str, style: NumberStyle) -> Self {
        let duration_s = element
            .get("duration")
            .and_then(|duration| number(duration, style))
            .and_then(|duration| Some(duration * seconds(element.get("durationUnit"))?));
        let (energy, distance) = (energy(element, style), distance(element, kind, style));
        // Kilocalories if no unit is named.
        let energy_kcal = energy.and_then(|energy| kilocalories(energy.number, &plain(energy.unit.unwrap_or("kcal"))));
        let mut unread = Vec::new();
        let mut check = |is_read: bool, names: [&'static str; 2]| {
            if !is_read && element.get(names[0]).is_some() {
                unread.extend(names);
            }
        };
        check(duration_s.is_some(), ["duration", "durationUnit"]);
        let names = ["totalEnergyBurned", "totalEnergyBurnedUnit"];
        // A column in another unit does not replace what was converted.
        let is_kept = energy_kcal.is_some() && energy_kcal == energy.map(|energy| energy.number);
        check(is_kept && energy == total(element, names[0], names[1], style), names);
        let names = ["totalDistance", "totalDistanceUnit"];
        check(distance.is_some() && distance == total(element, names[0], names[1], style), names);
        Self { duration_s, energy_kcal, distance, unread }
    }
}

/// Remembers the files that a workout refers to.
fn note_routes(element: Element<'_>, workout: Uuid, seen: &mut Seen, output: &mut Output<'_>) {
    let routes = element.children().filter(|child| child.name() == ROUTE);
    let files = routes.flat_map(|route| route.children().filter(|child| child.name() == "FileReference"));
    for (number, path) in (0..).zip(files.filter_map(|file| file.get("path"))) {
        seen.routes.note(&plain(path), Route { workout, number }, output);
    }
}
