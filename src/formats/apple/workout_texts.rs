//! What is in a workout, as JSON in the shape that the app sends.

use super::element::{Element, plain};
use super::kept::{grouped, has_unknown, is_entry, write_inner, write_metadata, write_unknown, write_values};
use super::number::number;
use super::source::Source;
use crate::formats::json::{JsonArray, JsonObject, write_f64, write_integer, write_string};
use crate::model::healthkit::{activity, workout_event};
use crate::model::locale::{NumberStyle, of_phone, parse_date};
use crate::model::time;
use crate::model::units::{Dimension, factor};

/// Attributes of a workout that have a column, the source's last. `uuid` has none: Apple never wrote it, other tools may.
pub(super) const KNOWN: [&str; 13] = [
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
/// The element that holds a part of a workout.
pub(super) const ACTIVITY: &str = "WorkoutActivity";

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
    /// Writes the texts of a workout with this activity. `unread` are known attributes that have no column this time.
    pub(super) fn of(element: Element<'_>, kind: &str, source: &Source, unread: &[&str], style: NumberStyle) -> Self {
        let mut texts = Self::default();
        write_statistics(element, style, &mut texts.statistics);
        write_list(element, EVENT, &mut texts.events, |event, object| write_event(event, style, object));
        write_list(element, ACTIVITY, &mut texts.activities, |part, object| write_activity(part, style, object));
        write_metadata(element, &mut texts.metadata);
        let columns: Vec<&str> = source.columns(&KNOWN).iter().copied().filter(|name| !unread.contains(name)).collect();
        write_other(element, kind, &columns, &mut texts.other);
        texts
    }
}

/// How many seconds a unit is: minutes if none is named.
pub(super) fn seconds(unit: Option<&str>) -> Option<f64> {
    unit.map_or(Some(60.0), |unit| factor(unit, Dimension::Time))
}

fn write_other(element: Element<'_>, kind: &str, known: &[&str], out: &mut String) {
    let is_unknown = |child: Element<'_>| ![STATISTICS, EVENT, ACTIVITY].contains(&child.name()) && !is_entry(child);
    let has_unknown_activity = activity(kind).is_none();
    if !has_unknown_activity && !has_unknown(element, known, is_unknown) {
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
fn write_list(element: Element<'_>, name: &str, out: &mut String, write: impl Fn(Element<'_>, JsonObject<'_>)) {
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
fn write_statistics(element: Element<'_>, style: NumberStyle, out: &mut String) {
    let statistics = element.children().filter(|child| child.name() == STATISTICS);
    let mut statistics: Vec<(&str, Element<'_>)> =
        statistics.map(|child| (child.get("type").unwrap_or_default(), child)).collect();
    if statistics.is_empty() {
        return;
    }
    statistics.sort_by_key(|(kind, _)| *kind);
    let mut object = JsonObject::begin(out);
    for same in statistics.chunk_by(|one, other| one.0 == other.0) {
        let out = object.member(&plain(same[0].0));
        if let [(_, child)] = same {
            write_quantities(*child, style, JsonObject::begin(out));
            continue;
        }
        // Two of one type are both kept.
        let mut list = JsonArray::begin(out);
        for (_, child) in same {
            write_quantities(*child, style, list.object());
        }
        list.end();
    }
    object.end();
}

fn write_quantities(statistics: Element<'_>, style: NumberStyle, mut object: JsonObject<'_>) {
    const QUANTITIES: [(&str, &str); 4] = [
        ("average", "averageQuantity"),
        ("maximum", "maximumQuantity"),
        ("minimum", "minimumQuantity"),
        ("sum", "sumQuantity"),
    ];
    for (key, values) in grouped(statistics.attributes()) {
        let quantity = QUANTITIES.iter().find(|(known, _)| *known == key);
        match (quantity, &values[..]) {
            (Some((_, name)), [value]) if number(value, style).is_some() => {
                let mut quantity = object.object(name);
                quantity.f64("quantity", number(value, style).unwrap_or_default());
                quantity.string("unit", &plain(statistics.get("unit").unwrap_or_default()));
                quantity.end();
            }
            (None, [_]) if key == "type" || key == "unit" => {}
            (_, values) => write_values(values, object.member(key), write_date_or_text),
        }
    }
    write_inner(statistics, |_| true, &mut object);
    object.end();
}

/// Writes a date in the form that the app sends, any other text as it is.
fn write_date_or_text(value: &str, out: &mut String) {
    match time::parse(value).and_then(|ms| of_phone(ms, value)) {
        Some(ms) => write_string(&time::to_iso(ms), out),
        None => write_string(&plain(value), out),
    }
}

fn write_event(element: Element<'_>, style: NumberStyle, mut object: JsonObject<'_>) {
    let start = element.get("date").and_then(|date| parse_date(&plain(date)));
    let duration = match element.get("duration") {
        None => Some(0.0),
        Some(duration) => {
            number(duration, style).and_then(|duration| Some(duration * seconds(element.get("durationUnit"))?))
        }
    };
    if let (Some(start), Some(duration)) = (start, duration) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "an event is far shorter than the range; the cast saturates"
        )]
        let end = start.saturating_add((duration * 1000.0).round() as i64);
        object.string("endDate", &time::to_iso(end));
    }
    if let Some(start) = start {
        object.string("startDate", &time::to_iso(start));
    }
    for (key, values) in grouped(element.attributes()) {
        match (key, &values[..]) {
            ("date", [_]) if start.is_some() => {}
            ("duration" | "durationUnit", [_]) if start.is_some() && duration.is_some() => {}
            ("type", [value]) if workout_event(value).is_some() => {
                write_integer(workout_event(value).unwrap_or_default(), object.member("type"));
            }
            (key, values) => write_values(values, object.member(key), write_date_or_text),
        }
    }
    write_parts(element, style, object);
}

fn write_activity(element: Element<'_>, style: NumberStyle, mut object: JsonObject<'_>) {
    let duration = element.get("duration").and_then(|duration| number(duration, style));
    let duration = duration.and_then(|duration| Some(duration * seconds(element.get("durationUnit"))?));
    for (key, values) in grouped(element.attributes()) {
        match (key, &values[..], duration) {
            ("duration", [_], Some(duration)) => write_f64(duration, object.member(key)),
            ("durationUnit", [_], Some(_)) => {}
            (key, values, _) => write_values(values, object.member(key), write_date_or_text),
        }
    }
    write_parts(element, style, object);
}

/// Adds metadata, statistics and all other elements in a part of a workout, and ends its object.
fn write_parts(element: Element<'_>, style: NumberStyle, mut object: JsonObject<'_>) {
    let mut text = String::new();
    write_metadata(element, &mut text);
    if !text.is_empty() {
        object.member("metadata").push_str(&text);
        text.clear();
    }
    write_statistics(element, style, &mut text);
    if !text.is_empty() {
        object.member("allStatistics").push_str(&text);
    }
    write_inner(element, |child| child.name() != STATISTICS && !is_entry(child), &mut object);
    object.end();
}
