//! `Workout` with all that stands in it, in the shape that the app sends.

use super::Reader;
use super::Route;
use super::element::{Element, member, plain};
use super::record::{Common, write_metadata, write_unknown};
use crate::formats::json::{write_f64, write_string};
use crate::formats::output::Output;
use crate::model::healthkit::{activity, workout_event};
use crate::model::identity::{derive, digest};
use crate::model::limits::ROUTE_FILES_MAX;
use crate::model::record::Workout;
use crate::model::time;
use crate::model::units::{Dimension, factor};

const KNOWN: [&str; 14] = [
    "workoutActivityType",
    "duration",
    "durationUnit",
    "totalDistance",
    "totalDistanceUnit",
    "totalEnergyBurned",
    "totalEnergyBurnedUnit",
    "sourceName",
    "sourceVersion",
    "device",
    "creationDate",
    "startDate",
    "endDate",
    "uuid",
];

const STATISTICS: &str = "WorkoutStatistics";
const EVENT: &str = "WorkoutEvent";
const ACTIVITY: &str = "WorkoutActivity";
const ROUTE: &str = "WorkoutRoute";
const METADATA: &str = "MetadataEntry";

/// Texts of a workout.
#[derive(Debug, Default)]
struct Texts {
    statistics: String,
    events: String,
    activities: String,
    metadata: String,
    other: String,
}

impl Reader<'_> {
    pub(super) fn workout(&mut self, element: Element<'_>, output: &mut Output<'_>) -> Result<(), String> {
        let common = Common::read(element)?;
        let start_ms = common.start.ok_or("no `startDate`")?;
        let kind = element.get("workoutActivityType").ok_or("no `workoutActivityType`")?;
        let number =
            |name: &str| element.get(name).and_then(|value| value.parse::<f64>().ok()).filter(|n| n.is_finite());
        let mut texts = Texts::default();
        write_texts(element, kind, &mut texts);
        let attribute = |name: &str| element.get(name).unwrap_or_default();
        let source =
            self.sources.find(attribute("sourceName"), attribute("sourceVersion"), attribute("device"), output);
        // What a later export may say more about the same workout must not make it another one.
        let times = [start_ms, common.end.unwrap_or(i64::MIN), common.creation.unwrap_or(i64::MIN)];
        let times = times.map(i64::to_le_bytes).concat();
        let content =
            derive(&digest(&[b"Workout", kind.as_bytes(), &source.digest, &times, attribute("duration").as_bytes()]));
        let uuid = self.equals.number(content);
        self.note_routes(element, uuid, output);
        let sum = |matches: fn(&str) -> bool| {
            let found = element.children().filter(|child| child.name() == STATISTICS);
            let found = found
                .filter(|child| child.get("type").is_some_and(matches))
                .find(|child| child.get("sum").is_some())?;
            Some((found.get("sum")?.parse::<f64>().ok()?, found.get("unit")))
        };
        let energy = number("totalEnergyBurned").map(|energy| (energy, element.get("totalEnergyBurnedUnit")));
        let energy = energy.or_else(|| sum(|kind| kind == "HKQuantityTypeIdentifierActiveEnergyBurned"));
        let distance = number("totalDistance").map(|distance| (distance, element.get("totalDistanceUnit")));
        let distance = distance.or_else(|| sum(|kind| kind.starts_with("HKQuantityTypeIdentifierDistance")));
        let batch_texts = &mut output.batch.texts;
        let mut text = |text: &str| (!text.is_empty()).then(|| batch_texts.intern(text));
        output.batch.rows.workouts.push(Workout {
            uuid,
            activity_type: activity(kind),
            start_ms,
            end_ms: common.end,
            duration_s: number("duration").map(|duration| duration * seconds(element.get("durationUnit"))),
            energy_kcal: energy.map(|(energy, unit)| energy * kilocalories(unit)),
            distance: distance.map(|(distance, _)| distance),
            distance_unit: distance.and_then(|(_, unit)| unit).and_then(|unit| text(&plain(unit))),
            statistics: text(&texts.statistics),
            events: text(&texts.events),
            activities: text(&texts.activities),
            metadata: text(&texts.metadata),
            source: Some(source.text),
            other: text(&texts.other),
        });
        output.tally.row("workouts", Some(start_ms));
        for child in element.children() {
            self.within.add(child);
        }
        Ok(())
    }

    /// Remembers whose the files are that a workout refers to.
    fn note_routes(&mut self, element: Element<'_>, workout: [u8; 16], output: &mut Output<'_>) {
        let mut number = 0;
        for route in element.children().filter(|child| child.name() == ROUTE) {
            for reference in route.children().filter(|child| child.name() == "FileReference") {
                if self.routes.len() >= ROUTE_FILES_MAX {
                    output.tally.within("FileReference beyond the limit of files", 1);
                    continue;
                }
                if let Some(path) = reference.get("path") {
                    let path = super::route_key(&plain(path));
                    let route = self.routes.entry(path).or_insert(Route { workout, number });
                    if route.workout != workout {
                        output.tally.within("FileReference to a route of another workout, which keeps it", 1);
                    }
                    number += 1;
                }
            }
        }
    }
}

/// How many seconds a unit is: minutes if none is named.
fn seconds(unit: Option<&str>) -> f64 {
    unit.and_then(|unit| factor(unit, Dimension::Time)).unwrap_or(60.0)
}

/// How many kilocalories a unit is: one if none is named.
fn kilocalories(unit: Option<&str>) -> f64 {
    unit.and_then(|unit| factor(unit, Dimension::Energy)).unwrap_or(1.0)
}

fn write_texts(element: Element<'_>, kind: &str, texts: &mut Texts) {
    write_statistics(element, &mut texts.statistics);
    write_list(element, EVENT, &mut texts.events, write_event);
    write_list(element, ACTIVITY, &mut texts.activities, write_activity);
    write_metadata(element, &mut texts.metadata);
    let is_unknown = |name: &str| ![STATISTICS, EVENT, ACTIVITY, METADATA].contains(&name);
    let has_more = element.attributes().any(|(key, _)| !KNOWN.contains(&key) || key == "uuid");
    if activity(kind).is_none() {
        texts.other.push_str("{\"workoutActivityType\":");
        write_string(&plain(kind), &mut texts.other);
    }
    if has_more || element.children().any(|child| is_unknown(child.name())) {
        let is_begun = !texts.other.is_empty();
        write_unknown(element, &KNOWN[..13], is_unknown, is_begun, &mut texts.other);
    } else if !texts.other.is_empty() {
        texts.other.push('}');
    }
}

/// Children of a name as a JSON list; nothing if there are none.
fn write_list(element: Element<'_>, name: &str, out: &mut String, write: fn(Element<'_>, &mut String)) {
    for child in element.children().filter(|child| child.name() == name) {
        out.push(if out.is_empty() { '[' } else { ',' });
        write(child, out);
    }
    if !out.is_empty() {
        out.push(']');
    }
}

/// `allStatistics` of the app: by type, with quantities.
fn write_statistics(element: Element<'_>, out: &mut String) {
    const QUANTITIES: [(&str, &str); 4] = [
        ("average", "averageQuantity"),
        ("maximum", "maximumQuantity"),
        ("minimum", "minimumQuantity"),
        ("sum", "sumQuantity"),
    ];
    let mut statistics: Vec<(&str, Element<'_>)> = element
        .children()
        .filter(|child| child.name() == STATISTICS)
        .map(|child| (child.get("type").unwrap_or_default(), child))
        .collect();
    if statistics.is_empty() {
        return;
    }
    statistics.sort_by_key(|(kind, _)| *kind);
    out.push('{');
    let mut is_first = true;
    for (kind, child) in statistics {
        member(&plain(kind), out, &mut is_first);
        out.push('{');
        let mut is_first = true;
        for (key, value) in child.attributes() {
            let quantity = QUANTITIES.iter().find(|(known, _)| *known == key);
            match (quantity, value.parse::<f64>()) {
                (Some((_, name)), Ok(number)) => {
                    member(name, out, &mut is_first);
                    out.push_str("{\"quantity\":");
                    write_f64(number, out);
                    out.push_str(",\"unit\":");
                    write_string(&plain(child.get("unit").unwrap_or_default()), out);
                    out.push('}');
                }
                _ if key == "type" || key == "unit" => {}
                _ => write_attribute(key, value, out, &mut is_first),
            }
        }
        out.push('}');
    }
    out.push('}');
}

/// A date in the app's form, anything else as it is.
fn write_attribute(key: &str, value: &str, out: &mut String, is_first: &mut bool) {
    member(key, out, is_first);
    match time::parse(value) {
        Some(ms) => write_string(&time::to_iso(ms), out),
        None => write_string(&plain(value), out),
    }
}

fn write_event(element: Element<'_>, out: &mut String) {
    out.push('{');
    let mut is_first = true;
    let start = element.get("date").and_then(time::parse);
    if let Some(start) = start {
        let duration = element.get("duration").and_then(|value| value.parse::<f64>().ok()).unwrap_or_default();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "an event is far shorter than the range; the cast saturates"
        )]
        let end = start.saturating_add((duration * seconds(element.get("durationUnit")) * 1000.0).round() as i64);
        member("endDate", out, &mut is_first);
        write_string(&time::to_iso(end), out);
        member("startDate", out, &mut is_first);
        write_string(&time::to_iso(start), out);
    }
    for (key, value) in element.attributes() {
        match key {
            "date" | "duration" | "durationUnit" if start.is_some() => {}
            "type" => {
                member("type", out, &mut is_first);
                match workout_event(value) {
                    Some(number) => out.push_str(itoa::Buffer::new().format(number)),
                    None => write_string(&plain(value), out),
                }
            }
            _ => write_attribute(key, value, out, &mut is_first),
        }
    }
    write_parts(element, out, &mut is_first);
    out.push('}');
}

fn write_activity(element: Element<'_>, out: &mut String) {
    out.push('{');
    let mut is_first = true;
    for (key, value) in element.attributes() {
        match (key, value.parse::<f64>()) {
            ("duration", Ok(duration)) => {
                member(key, out, &mut is_first);
                write_f64(duration * seconds(element.get("durationUnit")), out);
            }
            ("durationUnit", _) => {}
            _ => write_attribute(key, value, out, &mut is_first),
        }
    }
    write_parts(element, out, &mut is_first);
    out.push('}');
}

/// Metadata, statistics and what else stands in a part of a workout.
fn write_parts(element: Element<'_>, out: &mut String, is_first: &mut bool) {
    let mut text = String::new();
    write_metadata(element, &mut text);
    if !text.is_empty() {
        member("metadata", out, is_first);
        out.push_str(&text);
        text.clear();
    }
    write_statistics(element, &mut text);
    if !text.is_empty() {
        member("allStatistics", out, is_first);
        out.push_str(&text);
    }
    for child in element.children().filter(|child| ![METADATA, STATISTICS].contains(&child.name())) {
        member(child.name(), out, is_first);
        child.write_json(out);
    }
}
