//! A workout: its route and its series become rows point by point, what has no column is kept as JSON.

use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::contents::{Identity, Title};
use super::fields::{LOCATION, POINT, WORKOUT, degrees, not_a_date, take_converted, take_quantity, take_time, time};
use super::item::{Item, ItemSeed};
use super::point;
use super::rows::Rows;
use super::value::{Budget, ValueVisitor, any_seed, scalars};
use crate::formats::flaw::Flaw;
use crate::model::healthkit::has_distance;
use crate::model::identity::{derive, derive_from_healthkit, digest, next};
use crate::model::interval::Interval;
use crate::model::limits::{
    AUTO_EXPORT_EQUALS_MAX, AUTO_EXPORT_OTHER_BYTES_MAX, AUTO_EXPORT_TEXT_BYTES, AUTO_EXPORT_WORKOUTS_MAX,
    REJECT_RAW_BYTES_MAX,
};
use crate::model::record::{RoutePoint, Uuid, Workout};
use crate::model::route::RouteEvent;
use crate::model::units::{Dimension, factor, kilocalories};

/// The source of every workout, as the app would send it.
const SOURCE: &str = r#"{"sourceRevision":{"source":{"name":"Health Auto Export"}}}"#;

/// Reads one workout.
pub(super) struct WorkoutSeed<'s, 'a, 'b> {
    pub(super) rows: &'s mut Rows<'a, 'b>,
    pub(super) title: Title,
    /// Its place in the document.
    pub(super) place: usize,
}

any_seed!(WorkoutSeed<'_, '_, '_>, ());

impl<'de> Visitor<'de> for WorkoutSeed<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a workout")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { rows, title, place } = self;
        let uuid = title.identity.map(|identity| match identity {
            // An identifier is of one workout, however often the file has it.
            Identity::HealthKit(healthkit) => derive_from_healthkit(&healthkit),
            Identity::Content(content) => nth_identity(content, rows.repeats.count(content)),
        });
        // Of a workout without a start, only the beginning is kept with the reason.
        let bytes_max = if uuid.is_some() { AUTO_EXPORT_OTHER_BYTES_MAX } else { REJECT_RAW_BYTES_MAX };
        let mut item = Item::of(&rows.passed, bytes_max);
        item.begin();
        let mut routes = 0;
        while let Some(key) = map.next_key::<String>()? {
            let before = item.text_bytes();
            let is_known = WORKOUT.contains(&&*key);
            let field = Field { rows, workout: place, uuid, item: &mut item, key: &key, is_known, routes: &mut routes };
            match map.next_value_seed(field)? {
                Read::Value(value) => item.add_read(key, value, before, is_known),
                Read::List(Some(list)) if list.is_empty() => {}
                Read::List(list) => item.add(key, list.map(|list| ["[", &list, "]"].concat()).as_deref()),
            }
            item.note_flaw();
            rows.passed.begin_element();
        }
        item.end();
        rows.make_room(item.len())?;
        let outcome = match (uuid, item.take_flaw()) {
            (Some(_), Some(flaw)) => Err(flaw),
            (Some(uuid), None) => {
                push(uuid, title, &mut item, rows);
                Ok(())
            }
            _ if place >= AUTO_EXPORT_WORKOUTS_MAX => Err(Flaw::TooMany("workouts", AUTO_EXPORT_WORKOUTS_MAX)),
            _ if time(item.known.get("start")).is_some() => Err(Flaw::EndsEarly),
            _ => Err(not_a_date(&item.known, &["start"], "start")),
        };
        rows.end(outcome, || format!("workout {place}"), || item.into_text())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        let value = ValueVisitor(&mut Budget::default()).visit_seq(list)?;
        self.misfit(&value)
    }

    scalars!((), |self, value| self.misfit(&value));

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.misfit(&Value::from(text))
    }
}

impl WorkoutSeed<'_, '_, '_> {
    fn misfit<E: Error>(self, value: &Value) -> Result<(), E> {
        let Self { rows, place, .. } = self;
        rows.end(Err(Flaw::Not("an object")), || format!("workout {place}"), || value.to_string())
    }
}

/// The identity of one of several workouts with the same content: the first has the content's, each further one the next.
fn nth_identity(content: Uuid, nth: u32) -> Uuid {
    if nth > AUTO_EXPORT_EQUALS_MAX {
        return derive(&digest(&[&content, &nth.to_le_bytes()]));
    }
    (1..nth).fold(content, |identity, _| next(&identity))
}

/// A member of a workout. The points of a list become rows; the rest stays in the workout.
struct Field<'s, 'a, 'b> {
    rows: &'s mut Rows<'a, 'b>,
    /// Place of the workout.
    workout: usize,
    uuid: Option<Uuid>,
    item: &'s mut Item,
    key: &'s str,
    /// Whether it has a column.
    is_known: bool,
    /// Lists of locations that the workout has had: each further one is another route.
    routes: &'s mut u32,
}

/// What a member is.
enum Read {
    /// Its value, unless that is at the end of the workout's text.
    Value(Option<Value>),
    /// The items of a list that are not points, unless they are too long.
    List(Option<String>),
}

any_seed!(Field<'_, '_, '_>, Read);

impl<'de> Visitor<'de> for Field<'_, '_, '_> {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    scalars!(Read, |self, value| Ok(Read::Value(Some(value))));

    fn visit_str<E: Error>(self, text: &str) -> Result<Read, E> {
        self.item.read_text(text, self.is_known).map(Read::Value)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Read, A::Error> {
        self.item.read_object(map).map(|()| Read::Value(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Read, A::Error> {
        // What is wrong with the list's name is not its first item's.
        self.item.note_flaw();
        let is_route = self.key == "route";
        let known: &[&str] = if is_route { &LOCATION } else { &POINT };
        let route = self.uuid.filter(|_| is_route);
        *self.routes += u32::from(is_route);
        let nth = self.routes.saturating_sub(1);
        route.inspect(|workout| self.rows.output.batch.mark_route(*workout, nth, RouteEvent::Begins(None)));
        let mut rest = Some(String::new());
        for index in 0.. {
            let room = self.item.room().saturating_sub(rest.as_ref().map_or(0, String::len));
            let mut item = Item::of(&self.rows.passed, room.max(AUTO_EXPORT_TEXT_BYTES));
            if list.next_element_seed(ItemSeed { item: &mut item, known })?.is_none() {
                break;
            }
            if let Some(item) = self.take::<A::Error>(index, item)? {
                rest = self.keep(rest, item);
            }
        }
        route.inspect(|workout| self.rows.output.batch.mark_route(*workout, nth, RouteEvent::Ends));
        Ok(Read::List(rest))
    }
}

impl Field<'_, '_, '_> {
    /// Makes a row of a point. Returns what is not a point.
    fn take<E: Error>(&mut self, index: u64, mut item: Item) -> Result<Option<Item>, E> {
        item.note_flaw();
        self.rows.passed.begin_element();
        let is_route = self.key == "route";
        let is_point = item.is_object && time(item.known.get("date")).is_some();
        let Some(uuid) = self.uuid.filter(|_| is_route || is_point) else {
            return Ok(Some(item));
        };
        let rows = &mut *self.rows;
        rows.make_room(item.len())?;
        let outcome = match item.take_flaw() {
            Some(flaw) => Err(flaw),
            None if !item.is_object => Err(Flaw::Not("an object")),
            None if is_route => push_location(&mut item, (uuid, self.routes.saturating_sub(1)), rows),
            None => {
                let metric = ["workout ", self.key].concat();
                let (unit, said, shown, style) = (None, Interval::None, None, rows.style);
                let (workout, passed) = (Some(uuid), &rows.passed);
                let are_scattered = time(item.known.get("date")).is_some_and(|ms| rows.overlaps.has(ms));
                let series =
                    point::Series { metric: &metric, unit, said, shown, workout, are_scattered, style, passed };
                point::push(series, &mut item, &mut rows.points, rows.output)
            }
        };
        let (workout, key) = (self.workout, self.key);
        rows.end(outcome, || format!("workout {workout} {key} element {index}"), || item.into_text())?;
        Ok(None)
    }

    /// Adds an item to those that stay in the workout, while there is room.
    fn keep(&mut self, rest: Option<String>, mut item: Item) -> Option<String> {
        let is_too_long = self.item.join(&mut item);
        let mut rest = rest.filter(|_| !is_too_long)?;
        let text = item.into_text();
        if rest.len() + text.len() > self.item.room() {
            return None;
        }
        if !rest.is_empty() {
            rest.push(',');
        }
        rest.push_str(&text);
        Some(rest)
    }
}

fn push(uuid: Uuid, title: Title, item: &mut Item, rows: &mut Rows<'_, '_>) {
    let workout = &mut item.known;
    let start_ms = take_time(workout, &["start"]).unwrap_or_default();
    let end_ms = take_time(workout, &["end"]);
    // Seconds and kilocalories if no unit is named.
    let seconds = |duration: f64, unit: &str| Some(duration * factor(unit, Dimension::Time)?);
    let style = rows.style;
    let duration = take_converted(workout, "duration", style, seconds);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a workout are exact")]
    let duration = duration.or_else(|| end_ms.map(|end| (end - start_ms) as f64 / 1000.0));
    let distance =
        if has_distance(title.activity.map(i64::from)) { take_quantity(workout, "distance", style) } else { None };
    let energies = ["activeEnergyBurned", "activeEnergy"];
    let energy = energies.iter().find_map(|name| take_converted(workout, name, style, kilocalories));
    let other = item.take_other(&rows.passed);
    let texts = &mut rows.output.batch.texts;
    let other = other.map(|other| texts.intern_long(other));
    let (distance, distance_unit) = distance.map_or((None, None), |(distance, unit)| (Some(distance), unit));
    let row = Workout {
        uuid,
        healthkit: match title.identity {
            Some(Identity::HealthKit(healthkit)) => Some(healthkit),
            _ => None,
        },
        activity_type: title.activity.map(i64::from),
        start_ms,
        end_ms,
        duration_s: duration,
        energy_kcal: energy,
        distance,
        distance_unit: distance_unit.map(|unit| texts.intern(&unit)),
        statistics: None,
        events: None,
        activities: None,
        metadata: None,
        source: Some(texts.intern(SOURCE)),
        other,
        creation_ms: None,
    };
    rows.output.batch.rows.workouts.push(row);
}

/// Adds a location. One with a flaw stays as it is.
fn push_location(item: &mut Item, (workout, route): (Uuid, u32), rows: &mut Rows<'_, '_>) -> Result<(), Flaw> {
    let location = &mut item.known;
    let style = rows.style;
    let within = |names: [&'static str; 2], max: f64| {
        let found = names.into_iter().find_map(|name| Some((name, degrees(location.get(name)?, style)?)));
        match found.ok_or(Flaw::Missing(names[0]))? {
            (_, degrees) if degrees.abs() > max => Err(Flaw::OutOfRange(names[0])),
            found => Ok(found),
        }
    };
    let (latitude, longitude) = (within(["latitude", "lat"], 90.0)?, within(["longitude", "lon"], 180.0)?);
    let time_ms = {
        let names = ["timestamp", "date"];
        take_time(location, &names).ok_or_else(|| not_a_date(location, &names, names[0]))?
    };
    location.remove(latitude.0);
    location.remove(longitude.0);
    let mut take = |name| take_quantity(location, name, style).map(|(number, _)| number);
    let mut point = RoutePoint {
        workout,
        route,
        time_ms,
        latitude: latitude.1,
        longitude: longitude.1,
        altitude_m: take("altitude"),
        speed_m_s: take("speed"),
        course_deg: take("course"),
        horizontal_accuracy_m: take("horizontalAccuracy"),
        vertical_accuracy_m: take("verticalAccuracy"),
        other: None,
    };
    if let Some(other) = item.take_other(&rows.passed) {
        point.other = Some(rows.output.batch.texts.intern_long(other));
    }
    rows.output.batch.rows.route_points.push(point);
    Ok(())
}
