//! The fields of elements, by the app's names.
//!
//! A required field that is missing, or a date that cannot be read, makes an element a reject. An optional field of another
//! type than expected is kept in `other` under its name, and so is a field that this version does not know.

use uuid::Uuid;

use super::keys::ElementKind;
use super::rows::Rows;
use crate::formats::flaw::Flaw;
use crate::formats::tape::{Member, Value, as_bool, as_f64, as_i64, as_str, is_null, is_object, members};
use crate::model::limits::SHARED_TEXT_BYTES_MAX;
use crate::model::record::{Dose, Medication, RoutePoint, Sample, Workout};
use crate::model::time;

/// Reads a uuid, as it names elements and the workouts of routes.
pub(crate) fn uuid_of(text: &str) -> Option<[u8; 16]> {
    Uuid::try_parse(text).ok().map(Uuid::into_bytes)
}

/// Reads one element into a row.
pub(crate) fn read<'t, 'i>(kind: ElementKind, element: Value<'t, 'i>, rows: &mut Rows<'_, 't, 'i>) -> Result<(), Flaw> {
    if !is_object(element) && !matches!(kind, ElementKind::Characteristic | ElementKind::Unknown { .. }) {
        return Err(Flaw::Not("an object"));
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
    as_str(value).and_then(uuid_of).map(Some).ok_or(Flaw::NotAUuid("uuid"))
}

/// Reads a date. A text that says more than the milliseconds is also kept.
fn date_field<'t, 'i>(
    name: &'static str,
    member: Member<'t, 'i>,
    rows: &mut Rows<'_, 't, 'i>,
) -> Result<Option<i64>, Flaw> {
    if is_null(member.value) {
        return Ok(None);
    }
    let date = as_str(member.value).and_then(time::parse_iso).ok_or(Flaw::NotADate(name))?;
    if !date.is_exact {
        rows.keep(member);
    }
    Ok(Some(date.ms))
}

/// Returns an optional field: null is absence; a value of another type is kept in `other`.
fn optional<'t, 'i, T>(value: Option<T>, member: Member<'t, 'i>, rows: &mut Rows<'_, 't, 'i>) -> Option<T> {
    if value.is_none() && !is_null(member.value) {
        rows.keep(member);
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
    revision: Member<'t, 'i>,
    device: Member<'t, 'i>,
}

impl<'t, 'i> Common<'t, 'i> {
    /// Takes a member of the element. Returns false if it is not a common field.
    #[inline]
    fn take(&mut self, member: Member<'t, 'i>, rows: &mut Rows<'_, 't, 'i>) -> Result<bool, Flaw> {
        match member.name {
            "uuid" => self.uuid = uuid_field(member.value)?,
            "startDate" => self.start_ms = date_field("startDate", member, rows)?,
            "endDate" => self.end_ms = date_field("endDate", member, rows)?,
            "metadata" => self.metadata = member.value,
            "sourceRevision" => self.revision = member,
            "device" => self.device = member,
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
    for member in members(element) {
        if common.take(member, rows)? {
            continue;
        }
        let raw = member.value;
        match member.name {
            // NaN arrives as null, and is still a sample.
            "value" if is_null(raw) => value = None,
            "value" => value = Some(as_f64(raw).ok_or(Flaw::NotANumber("value".into()))?),
            "unit" => unit = optional(as_str(raw).filter(is_shareable), member, rows),
            _ => rows.keep(member),
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

/// Whether a text is short enough to be stored once for all rows that refer to it.
fn is_shareable(text: &&str) -> bool {
    text.len() <= SHARED_TEXT_BYTES_MAX
}

fn read_workout<'t, 'i>(element: Value<'t, 'i>, rows: &mut Rows<'_, 't, 'i>) -> Result<(), Flaw> {
    let mut common = Common::default();
    let (mut activity_type, mut duration, mut energy, mut distance, mut distance_unit) = (None, None, None, None, None);
    let (mut statistics, mut events, mut activities): (Value<'_, '_>, Value<'_, '_>, Value<'_, '_>) = (&[], &[], &[]);
    for member in members(element) {
        if common.take(member, rows)? {
            continue;
        }
        let raw = member.value;
        match member.name {
            "workoutActivityType" => activity_type = optional(as_i64(raw), member, rows),
            "durationSeconds" => duration = optional(as_f64(raw), member, rows),
            "totalEnergyBurned" => energy = optional(as_f64(raw), member, rows),
            "totalDistance" => distance = optional(as_f64(raw), member, rows),
            "totalDistanceUnit" => distance_unit = optional(as_str(raw), member, rows),
            "allStatistics" => statistics = raw,
            "events" => events = raw,
            "activities" => activities = raw,
            _ => rows.keep(member),
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
    for member in members(element) {
        if common.take(member, rows)? {
            continue;
        }
        let raw = member.value;
        match member.name {
            "scheduledDate" => scheduled = date_field("scheduledDate", member, rows)?,
            "medicationName" => medication = optional(as_str(raw), member, rows),
            "medicationNickname" => nickname = optional(as_str(raw), member, rows),
            "scheduleType" => schedule_type = optional(as_i64(raw), member, rows),
            "logStatus" => log_status = optional(as_i64(raw), member, rows),
            "doseQuantity" => quantity = optional(as_f64(raw), member, rows),
            "unit" => unit = optional(as_str(raw), member, rows),
            _ => rows.keep(member),
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
    for member in members(element) {
        let raw = member.value;
        match member.name {
            "displayText" if is_null(raw) => display_text = None,
            "displayText" => display_text = Some(as_str(raw).ok_or(Flaw::NotAText("displayText"))?),
            "generalForm" => general_form = optional(as_str(raw), member, rows),
            "nickname" => nickname = optional(as_str(raw), member, rows),
            "isArchived" => is_archived = optional(as_bool(raw), member, rows),
            "hasSchedule" => has_schedule = optional(as_bool(raw), member, rows),
            _ => rows.keep(member),
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
    let workout = workout.ok_or(Flaw::NoWorkout)?;
    let (mut time, mut latitude, mut longitude, mut altitude, mut speed) = (None, None, None, None, None);
    let (mut course, mut horizontal, mut vertical) = (None, None, None);
    for member in members(element) {
        let raw = member.value;
        match member.name {
            "date" => time = date_field("date", member, rows)?,
            "latitude" => latitude = degrees("latitude", 90.0, raw)?,
            "longitude" => longitude = degrees("longitude", 180.0, raw)?,
            "altitude" => altitude = optional(as_f64(raw), member, rows),
            "speed" => speed = optional(as_f64(raw), member, rows),
            "course" => course = optional(as_f64(raw), member, rows),
            "horizontalAccuracy" => horizontal = optional(as_f64(raw), member, rows),
            "verticalAccuracy" => vertical = optional(as_f64(raw), member, rows),
            _ => rows.keep(member),
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
    let number = as_f64(raw).ok_or(Flaw::NotANumber(name.into()))?;
    if number.abs() <= max { Ok(Some(number)) } else { Err(Flaw::OutOfRange(name)) }
}
