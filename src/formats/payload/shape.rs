//! The shape of the payload: the only file that knows the app's key names.
//!
//! A required field that is missing, or a date that cannot be read, makes an element a reject. An optional field of another
//! type than expected, like a field that is not known at all, is kept in `other` under its own name.

use std::fmt;

use uuid::Uuid;

use super::rows::Rows;
use crate::formats::tape::{Value, as_bool, as_f64, as_i64, as_str, is_null, is_object, members};
use crate::model::record::{Dose, Medication, RoutePoint, Sample, Workout};
use crate::model::time;

/// Part that an array or object plays in the body, as far as the lifter has to know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    Body,
    Data,
    Routes,
    RouteList,
    Route,
    /// An array whose objects are elements.
    Elements,
    /// A member of the body that this version does not know: if it is an array, of elements, or an object of such arrays.
    Unknown,
    Other,
}

impl Role {
    /// The role of a value of this prospective role, once its bracket is seen.
    pub(crate) fn opened_by(self, is_object: bool) -> Self {
        let wants_object = matches!(self, Self::Body | Self::Data | Self::Routes | Self::Route | Self::Unknown);
        match self {
            Self::Unknown if !is_object => Self::Elements,
            _ if wants_object == is_object => self,
            _ => Self::Other,
        }
    }

    /// The prospective role of what stands in it, before a name is read.
    pub(crate) fn child(self) -> Self {
        if self == Self::RouteList { Self::Route } else { Self::Other }
    }

    /// The prospective role of the member with this name.
    pub(crate) fn member(self, name: &[u8]) -> Self {
        match (self, name) {
            (Self::Body, b"data") => Self::Data,
            (Self::Body, b"workoutRoutes") => Self::Routes,
            // What is read as a whole must not be lifted out of.
            (Self::Body, b"exportDate" | b"startDate" | b"endDate" | b"syncSource" | b"characteristics") => Self::Other,
            (Self::Body, _) => Self::Unknown,
            (Self::Data | Self::Unknown, _) | (Self::Route, b"locations") => Self::Elements,
            (Self::Routes, _) => Self::RouteList,
            _ => Self::Other,
        }
    }
}

/// What a member of the body is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BodyMember {
    ExportDate,
    StartDate,
    EndDate,
    SyncSource,
    Characteristics,
    Data,
    WorkoutRoutes,
    Unknown,
}

impl BodyMember {
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "exportDate" => Self::ExportDate,
            "startDate" => Self::StartDate,
            "endDate" => Self::EndDate,
            "syncSource" => Self::SyncSource,
            "characteristics" => Self::Characteristics,
            "data" => Self::Data,
            "workoutRoutes" => Self::WorkoutRoutes,
            _ => Self::Unknown,
        }
    }
}

/// The member of a route that holds its elements.
pub(crate) const LOCATIONS: &str = "locations";

/// What the elements of an array are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ElementKind {
    Sample,
    Workout,
    Dose,
    Medication,
    /// A location of a route of the workout; its key may not have been a uuid.
    Location {
        workout: Option<[u8; 16]>,
        route: u32,
    },
    /// The value of one characteristic.
    Characteristic,
    /// Kept as it is.
    Unknown {
        in_data: bool,
    },
}

impl ElementKind {
    /// What stands under this key of `data`. A HealthKit identifier of a sample need not be known: the lists grow.
    pub(crate) fn of_data_key(key: &str) -> Self {
        match key {
            "workouts" => Self::Workout,
            "medicationDoseEvents" => Self::Dose,
            "medications" => Self::Medication,
            _ if key.starts_with("HKQuantityTypeIdentifier") || key.starts_with("HKCategoryTypeIdentifier") => {
                Self::Sample
            }
            _ => Self::Unknown { in_data: true },
        }
    }
}

/// The uuid that names a workout under `workoutRoutes`.
pub(crate) fn uuid_of(text: &str) -> Option<[u8; 16]> {
    Uuid::try_parse(text).ok().map(Uuid::into_bytes)
}

/// Why an element is set aside.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Flaw {
    NoObject,
    Missing(&'static str),
    NoUuid(&'static str),
    NoDate(&'static str),
    NoNumber(&'static str),
    NoText(&'static str),
    OutOfRange(&'static str),
    RouteOfNoWorkout,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObject => f.write_str("not an object"),
            Self::Missing(field) => write!(f, "no `{field}`"),
            Self::NoUuid(field) => write!(f, "`{field}` is not a uuid"),
            Self::NoDate(field) => {
                write!(f, "`{field}` is not an ISO 8601 date with time and offset")
            }
            Self::NoNumber(field) => write!(f, "`{field}` is not a number"),
            Self::NoText(field) => write!(f, "`{field}` is not a text"),
            Self::OutOfRange(field) => write!(f, "`{field}` is out of range"),
            Self::RouteOfNoWorkout => f.write_str("the key of its route is not the uuid of a workout"),
        }
    }
}

/// Reads one element into a row.
pub(crate) fn read<'t, 'i>(kind: ElementKind, element: Value<'t, 'i>, rows: &mut Rows<'_, 't, 'i>) -> Result<(), Flaw> {
    if !is_object(element) && !matches!(kind, ElementKind::Characteristic | ElementKind::Unknown { .. }) {
        return Err(Flaw::NoObject);
    }
    rows.begin();
    match kind {
        ElementKind::Sample => read_sample(element, rows),
        ElementKind::Workout => read_workout(element, rows),
        ElementKind::Dose => read_dose(element, rows),
        ElementKind::Medication => read_medication(element, rows),
        ElementKind::Location { workout, route } => read_location(element, rows, workout, route),
        ElementKind::Characteristic => {
            rows.push_characteristic(element);
            Ok(())
        }
        ElementKind::Unknown { in_data } => {
            rows.push_other(element, in_data);
            Ok(())
        }
    }
}

fn uuid_field(value: Value<'_, '_>) -> Result<Option<[u8; 16]>, Flaw> {
    if is_null(value) {
        return Ok(None);
    }
    as_str(value).and_then(uuid_of).map(Some).ok_or(Flaw::NoUuid("uuid"))
}

/// Reads a date; a text that says more than the milliseconds is kept, too.
fn date_field(
    name: &'static str,
    value: Value<'_, '_>,
    at: usize,
    rows: &mut Rows<'_, '_, '_>,
) -> Result<Option<i64>, Flaw> {
    if is_null(value) {
        return Ok(None);
    }
    let date = as_str(value).and_then(time::parse_iso).ok_or(Flaw::NoDate(name))?;
    if !date.is_exact {
        rows.keep(at);
    }
    Ok(Some(date.ms))
}

/// An optional field: null is absence; a value of another type is kept in `other`.
fn optional<T>(value: Option<T>, raw: Value<'_, '_>, at: usize, rows: &mut Rows<'_, '_, '_>) -> Option<T> {
    if value.is_none() && !is_null(raw) {
        rows.keep(at);
    }
    value
}

/// The fields that samples, workouts and dose events have in common.
#[derive(Default)]
struct Common<'t, 'i> {
    uuid: Option<[u8; 16]>,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    metadata: Value<'t, 'i>,
    revision: Value<'t, 'i>,
    device: Value<'t, 'i>,
}

impl<'t, 'i> Common<'t, 'i> {
    /// Takes a member of the element, if it is one of these.
    #[inline]
    fn take(&mut self, at: usize, name: &str, raw: Value<'t, 'i>, rows: &mut Rows<'_, 't, 'i>) -> Result<bool, Flaw> {
        match name {
            "uuid" => self.uuid = uuid_field(raw)?,
            "startDate" => self.start_ms = date_field("startDate", raw, at, rows)?,
            "endDate" => self.end_ms = date_field("endDate", raw, at, rows)?,
            "metadata" => self.metadata = raw,
            "sourceRevision" => self.revision = raw,
            "device" => self.device = raw,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn uuid(&self) -> Result<[u8; 16], Flaw> {
        self.uuid.ok_or(Flaw::Missing("uuid"))
    }

    fn start_ms(&self) -> Result<i64, Flaw> {
        self.start_ms.ok_or(Flaw::Missing("startDate"))
    }
}

fn read_sample<'t, 'i>(element: Value<'t, 'i>, rows: &mut Rows<'_, 't, 'i>) -> Result<(), Flaw> {
    let mut common = Common::default();
    let (mut value, mut unit) = (None, None);
    for (at, name, raw) in members(element) {
        if common.take(at, name, raw, rows)? {
            continue;
        }
        match name {
            // NaN arrives as null, and is a sample all the same.
            "value" if is_null(raw) => value = None,
            "value" => value = Some(as_f64(raw).ok_or(Flaw::NoNumber("value"))?),
            "unit" => unit = optional(as_str(raw), raw, at, rows),
            _ => rows.keep(at),
        }
    }
    let sample = Sample {
        kind: rows.section_text(),
        uuid: common.uuid()?,
        start_ms: common.start_ms()?,
        end_ms: common.end_ms,
        value,
        unit: unit.map(|unit| rows.text(unit)),
        source: rows.source(common.revision, common.device),
        metadata: rows.metadata(common.metadata),
        other: rows.other(element),
    };
    rows.batch.rows.samples.push(sample);
    Ok(())
}

fn read_workout<'t, 'i>(element: Value<'t, 'i>, rows: &mut Rows<'_, 't, 'i>) -> Result<(), Flaw> {
    let mut common = Common::default();
    let (mut activity_type, mut duration, mut energy, mut distance, mut distance_unit) = (None, None, None, None, None);
    let (mut statistics, mut events, mut activities): (Value<'_, '_>, Value<'_, '_>, Value<'_, '_>) = (&[], &[], &[]);
    for (at, name, raw) in members(element) {
        if common.take(at, name, raw, rows)? {
            continue;
        }
        match name {
            "workoutActivityType" => activity_type = optional(as_i64(raw), raw, at, rows),
            "durationSeconds" => duration = optional(as_f64(raw), raw, at, rows),
            "totalEnergyBurned" => energy = optional(as_f64(raw), raw, at, rows),
            "totalDistance" => distance = optional(as_f64(raw), raw, at, rows),
            "totalDistanceUnit" => distance_unit = optional(as_str(raw), raw, at, rows),
            "allStatistics" => statistics = raw,
            "events" => events = raw,
            "activities" => activities = raw,
            _ => rows.keep(at),
        }
    }
    let workout = Workout {
        uuid: common.uuid()?,
        activity_type,
        start_ms: common.start_ms()?,
        end_ms: common.end_ms,
        duration_s: duration,
        energy_kcal: energy,
        distance,
        distance_unit: distance_unit.map(|unit| rows.text(unit)),
        statistics: rows.json(statistics),
        events: rows.json(events),
        activities: rows.json(activities),
        metadata: rows.metadata(common.metadata),
        source: rows.source(common.revision, common.device),
        other: rows.other(element),
    };
    rows.batch.rows.workouts.push(workout);
    Ok(())
}

fn read_dose<'t, 'i>(element: Value<'t, 'i>, rows: &mut Rows<'_, 't, 'i>) -> Result<(), Flaw> {
    let mut common = Common::default();
    let (mut medication, mut nickname, mut schedule_type, mut log_status) = (None, None, None, None);
    let (mut quantity, mut unit, mut scheduled) = (None, None, None);
    for (at, name, raw) in members(element) {
        if common.take(at, name, raw, rows)? {
            continue;
        }
        match name {
            "scheduledDate" => scheduled = date_field("scheduledDate", raw, at, rows)?,
            "medicationName" => medication = optional(as_str(raw), raw, at, rows),
            "medicationNickname" => nickname = optional(as_str(raw), raw, at, rows),
            "scheduleType" => schedule_type = optional(as_i64(raw), raw, at, rows),
            "logStatus" => log_status = optional(as_i64(raw), raw, at, rows),
            "doseQuantity" => quantity = optional(as_f64(raw), raw, at, rows),
            "unit" => unit = optional(as_str(raw), raw, at, rows),
            _ => rows.keep(at),
        }
    }
    let dose = Dose {
        uuid: common.uuid()?,
        medication: medication.map(|text| rows.text(text)),
        nickname: nickname.map(|text| rows.text(text)),
        schedule_type,
        log_status,
        quantity,
        unit: unit.map(|unit| rows.text(unit)),
        start_ms: common.start_ms()?,
        end_ms: common.end_ms,
        scheduled_ms: scheduled,
        metadata: rows.metadata(common.metadata),
        source: rows.source(common.revision, common.device),
        other: rows.other(element),
    };
    rows.batch.rows.doses.push(dose);
    Ok(())
}

fn read_medication<'t, 'i>(element: Value<'t, 'i>, rows: &mut Rows<'_, 't, 'i>) -> Result<(), Flaw> {
    let (mut display_text, mut general_form, mut nickname) = (None, None, None);
    let (mut is_archived, mut has_schedule) = (None, None);
    for (at, name, raw) in members(element) {
        match name {
            "displayText" if is_null(raw) => display_text = None,
            "displayText" => display_text = Some(as_str(raw).ok_or(Flaw::NoText("displayText"))?),
            "generalForm" => general_form = optional(as_str(raw), raw, at, rows),
            "nickname" => nickname = optional(as_str(raw), raw, at, rows),
            "isArchived" => is_archived = optional(as_bool(raw), raw, at, rows),
            "hasSchedule" => has_schedule = optional(as_bool(raw), raw, at, rows),
            _ => rows.keep(at),
        }
    }
    let display_text = display_text.ok_or(Flaw::Missing("displayText"))?;
    let medication = Medication {
        display_text: rows.text(display_text),
        general_form: rows.text(general_form.unwrap_or_default()),
        nickname: nickname.map(|text| rows.text(text)),
        is_archived,
        has_schedule,
        other: rows.other(element),
    };
    rows.batch.rows.medications.push(medication);
    Ok(())
}

fn read_location<'t, 'i>(
    element: Value<'t, 'i>,
    rows: &mut Rows<'_, 't, 'i>,
    workout: Option<[u8; 16]>,
    route: u32,
) -> Result<(), Flaw> {
    let workout = workout.ok_or(Flaw::RouteOfNoWorkout)?;
    let (mut time, mut latitude, mut longitude, mut altitude, mut speed) = (None, None, None, None, None);
    let (mut course, mut horizontal, mut vertical) = (None, None, None);
    for (at, name, raw) in members(element) {
        match name {
            "date" => time = date_field("date", raw, at, rows)?,
            "latitude" => latitude = degrees("latitude", 90.0, raw)?,
            "longitude" => longitude = degrees("longitude", 180.0, raw)?,
            "altitude" => altitude = optional(as_f64(raw), raw, at, rows),
            "speed" => speed = optional(as_f64(raw), raw, at, rows),
            "course" => course = optional(as_f64(raw), raw, at, rows),
            "horizontalAccuracy" => horizontal = optional(as_f64(raw), raw, at, rows),
            "verticalAccuracy" => vertical = optional(as_f64(raw), raw, at, rows),
            _ => rows.keep(at),
        }
    }
    let point = RoutePoint {
        workout,
        route,
        time_ms: time.ok_or(Flaw::Missing("date"))?,
        latitude: latitude.ok_or(Flaw::Missing("latitude"))?,
        longitude: longitude.ok_or(Flaw::Missing("longitude"))?,
        altitude_m: altitude,
        speed_m_s: speed,
        course_deg: course,
        horizontal_accuracy_m: horizontal,
        vertical_accuracy_m: vertical,
        other: rows.other(element),
    };
    rows.batch.rows.route_points.push(point);
    Ok(())
}

fn degrees(name: &'static str, max: f64, raw: Value<'_, '_>) -> Result<Option<f64>, Flaw> {
    if is_null(raw) {
        return Ok(None);
    }
    let number = as_f64(raw).ok_or(Flaw::NoNumber(name))?;
    if number.abs() <= max { Ok(Some(number)) } else { Err(Flaw::OutOfRange(name)) }
}
