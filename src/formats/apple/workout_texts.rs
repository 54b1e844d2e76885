//! What is in a workout, as JSON in the shape that the app sends.

use super::element::{Element, plain};
use super::kept::{METADATA, write_element, write_metadata, write_unknown};
use super::source::Source;
use crate::formats::json::{JsonArray, JsonObject, write_f64, write_integer};
use crate::model::healthkit::{activity, workout_event};
use crate::model::time;
use crate::model::units::{Dimension, factor};

/// Attributes of a workout that have a column, the source's last. `uuid` has none: Apple never wrote it, other tools may.
const KNOWN: [&str; 13] = [
    "workoutActivityType",
    "duration",
    "durationUnit",
    "totalDistance",
    "totalDistanceUnit",
    "totalEnergyBurned",
    "totalEnergyBurnedUnit",
    "creationDate",
    "startDate",
    "endDate",
    "sourceName",
    "sourceVersion",
    "device",
];

/// The element that holds a sum, a mean and the like of one type.
pub(super) const STATISTICS: &str = "WorkoutStatistics";

/// The element that refers to the file of a route.
pub(super) const ROUTE: &str = "WorkoutRoute";

const EVENT: &str = "WorkoutEvent";
const ACTIVITY: &str = "WorkoutActivity";

/// The texts of a workout; empty ones are absent.
#[derive(Debug, Default)]
pub(super) struct WorkoutTexts {
    pub(super) statistics: String,
    pub(super) events: String,
    pub(super) activities: String,
    pub(super) metadata: String,
    pub(super) other: String,
}

impl WorkoutTexts {
    /// Writes the texts of a workout with this activity.
    pub(super) fn of(element: Element<'_>, kind: &str, source: &Source) -> Self {
        let mut texts = Self::default();
        write_statistics(element, &mut texts.statistics);
        write_list(element, EVENT, &mut texts.events, write_event);
        write_list(element, ACTIVITY, &mut texts.activities, write_activity);
        write_metadata(element, &mut texts.metadata);
        write_other(element, kind, source.columns(&KNOWN), &mut texts.other);
        texts
    }
}

/// How many seconds a unit is: minutes if none is named.
pub(super) fn seconds(unit: Option<&str>) -> f64 {
    unit.and_then(|unit| factor(unit, Dimension::Time)).unwrap_or(60.0)
}

fn write_other(element: Element<'_>, kind: &str, known: &[&str], out: &mut String) {
    let is_unknown = |name: &str| ![STATISTICS, EVENT, ACTIVITY, METADATA].contains(&name);
    let has_more = element.attributes().any(|(key, _)| !known.contains(&key))
        || element.children().any(|child| is_unknown(child.name()));
    let has_unknown_activity = activity(kind).is_none();
    if !has_more && !has_unknown_activity {
        return;
    }
    let mut object = JsonObject::begin(out);
    if has_unknown_activity {
        object.string("workoutActivityType", &plain(kind));
    }
    write_unknown(element, known, is_unknown, &mut object);
    object.end();
}

/// Writes the children of a name as a list. Writes nothing if there are none.
fn write_list(element: Element<'_>, name: &str, out: &mut String, write: fn(Element<'_>, JsonObject<'_>)) {
    let mut children = element.children().filter(|child| child.name() == name).peekable();
    if children.peek().is_none() {
        return;
    }
    let mut list = JsonArray::begin(out);
    for child in children {
        write(child, list.object());
    }
    list.end();
}

/// Writes `allStatistics` of the app: for each type its quantities. Writes nothing if there are none.
fn write_statistics(element: Element<'_>, out: &mut String) {
    let statistics = element.children().filter(|child| child.name() == STATISTICS);
    let mut statistics: Vec<(&str, Element<'_>)> =
        statistics.map(|child| (child.get("type").unwrap_or_default(), child)).collect();
    if statistics.is_empty() {
        return;
    }
    statistics.sort_by_key(|(kind, _)| *kind);
    let mut object = JsonObject::begin(out);
    for (kind, child) in statistics {
        write_quantities(child, object.object(&plain(kind)));
    }
    object.end();
}

fn write_quantities(statistics: Element<'_>, mut object: JsonObject<'_>) {
    const QUANTITIES: [(&str, &str); 4] = [
        ("average", "averageQuantity"),
        ("maximum", "maximumQuantity"),
        ("minimum", "minimumQuantity"),
        ("sum", "sumQuantity"),
    ];
    for (key, value) in statistics.attributes() {
        let quantity = QUANTITIES.iter().find(|(known, _)| *known == key);
        match (quantity, value.parse::<f64>()) {
            (Some((_, name)), Ok(number)) => {
                let mut quantity = object.object(name);
                quantity.f64("quantity", number);
                quantity.string("unit", &plain(statistics.get("unit").unwrap_or_default()));
                quantity.end();
            }
            _ if key == "type" || key == "unit" => {}
            _ => write_attribute(key, value, &mut object),
        }
    }
    object.end();
}

/// Writes a date in the form that the app sends, any other text as it is.
fn write_attribute(key: &str, value: &str, object: &mut JsonObject<'_>) {
    match time::parse(value) {
        Some(ms) => object.string(key, &time::to_iso(ms)),
        None => object.string(key, &plain(value)),
    }
}

fn write_event(element: Element<'_>, mut object: JsonObject<'_>) {
    let start = element.get("date").and_then(time::parse);
    if let Some(start) = start {
        let duration = element.get("duration").and_then(|value| value.parse::<f64>().ok()).unwrap_or_default();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "an event is far shorter than the range; the cast saturates"
        )]
        let end = start.saturating_add((duration * seconds(element.get("durationUnit")) * 1000.0).round() as i64);
        object.string("endDate", &time::to_iso(end));
        object.string("startDate", &time::to_iso(start));
    }
    for (key, value) in element.attributes() {
        match key {
            "date" | "duration" | "durationUnit" if start.is_some() => {}
            "type" => match workout_event(value) {
                Some(number) => write_integer(number, object.member("type")),
                None => object.string("type", &plain(value)),
            },
            _ => write_attribute(key, value, &mut object),
        }
    }
    write_parts(element, object);
}

fn write_activity(element: Element<'_>, mut object: JsonObject<'_>) {
    for (key, value) in element.attributes() {
        match (key, value.parse::<f64>()) {
            ("duration", Ok(duration)) => {
                write_f64(duration * seconds(element.get("durationUnit")), object.member(key));
            }
            ("durationUnit", _) => {}
            _ => write_attribute(key, value, &mut object),
        }
    }
    write_parts(element, object);
}

/// Adds metadata, statistics and all other elements in a part of a workout, and ends its object.
fn write_parts(element: Element<'_>, mut object: JsonObject<'_>) {
    let mut text = String::new();
    write_metadata(element, &mut text);
    if !text.is_empty() {
        object.member("metadata").push_str(&text);
        text.clear();
    }
    write_statistics(element, &mut text);
    if !text.is_empty() {
        object.member("allStatistics").push_str(&text);
    }
    for child in element.children().filter(|child| ![METADATA, STATISTICS].contains(&child.name())) {
        write_element(child, object.member(child.name()));
    }
    object.end();
}
