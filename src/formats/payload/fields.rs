//! The fields of elements, by the app's names.
//!
//! A required field that is missing, or a date that cannot be read, makes an element a reject. An optional field of another
//! type than expected is kept in `other` under its name, and so is a field that this version does not know.

use uuid::Uuid;

use super::keys::ElementKind;
use super::quantity::Quantity;
use super::rows::Rows;
use crate::formats::flaw::Flaw;
use crate::formats::tape::{Member, Value, as_bool, as_f64, as_i64, as_str, is_null, is_object, members};
use crate::model::identity::is_derived;
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
    let uuid = as_str(value).and_then(uuid_of).ok_or(Flaw::NotAUuid("uuid"))?;
    if is_derived(&uuid) { Err(Flaw::ReservedUuid("`uuid`")) } else { Ok(Some(uuid)) }
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

/// Returns an optional date. Without one the record is still a record: what is not a date is kept in `other`.
fn optional_date<'t, 'i>(member: Member<'t, 'i>, rows: &mut Rows<'_, 't, 'i>) -> Option<i64> {
    let is_empty = as_str(member.value).is_some_and(str::is_empty);
    match date_field("", member, rows) {
        Ok(date) => date,
        Err(_) if is_empty => None,
        Err(_) => optional(None, member, rows),
    }
}

/// Returns an optional quantity. What number and unit do not say is kept in `other`.
fn quantity<'t, 'i>(
    value: Option<Quantity<'i>>,
    member: Member<'t, 'i>,
    rows: &mut Rows<'_, 't, 'i>,
) -> Option<Quantity<'i>> {
    optional(value.filter(|quantity| quantity.is_all), member, rows).or(value)
}

/// Returns a quantity's own unit, or the one that stands beside it. The other one of two is kept in `other`.
fn unit_of<'t, 'i>(
    quantity: Option<Quantity<'i>>,
    beside: Member<'t, 'i>,
    rows: &mut Rows<'_, 't, 'i>,
) -> Option<&'i str> {
    let own = quantity.and_then(|quantity| quantity.unit);
    let is_known = own.is_none() || own == as_str(beside.value);
    let unit = optional(as_str(beside.value).filter(|_| is_known), beside, rows);
    own.or(unit)
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
    let (mut value, mut unit, mut nested) = (None, None, None);
    for member in members(element) {
        if common.take(member, rows)? {
            continue;
        }
        let raw = member.value;
        match member.name {
            // NaN arrives as null, and is still a sample.
            "value" if is_null(raw) => value = None,
            "value" => match as_f64(raw) {
                Some(number) => value = Some(number),
                None => nested = Some((member, Quantity::of(raw).ok_or(Flaw::NotANumber("value".into()))?)),
            },
            "unit" => unit = optional(as_str(raw).filter(is_shareable), member, rows),
            _ => rows.keep(member),
        }
    }
    if let Some((member, quantity)) = nested {
        let own = quantity.unit.filter(is_shareable);
        // Number and unit belong together.
        if !quantity.is_all || own != quantity.unit || own.is_some() && unit.is_some() && unit != own {
            rows.keep(member);
        }
        (value, unit) = (Some(quantity.number), own.or(unit));
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
    let (mut activity_type, mut duration, mut energy, mut distance) = (None, None, None, None);
    let mut distance_unit = Member::default();
    let (mut statistics, mut events, mut activities): (Value<'_, '_>, Value<'_, '_>, Value<'_, '_>) = (&[], &[], &[]);
    for member in members(element) {
        if common.take(member, rows)? {
            continue;
        }
        let raw = member.value;
        match member.name {
            "workoutActivityType" => activity_type = optional(as_i64(raw), member, rows),
            "durationSeconds" => duration = quantity(Quantity::of(raw).and_then(Quantity::into_seconds), member, rows),
            "totalEnergyBurned" => {
                energy = quantity(Quantity::of(raw).and_then(Quantity::into_kilocalories), member, rows);
            }
            "totalDistance" => distance = quantity(Quantity::of(raw), member, rows),
            "totalDistanceUnit" => distance_unit = member,
            "allStatistics" => statistics = raw,
            "events" => events = raw,
            "activities" => activities = raw,
            _ => rows.keep(member),
        }
    }
    let distance_unit = unit_of(distance, distance_unit, rows);
    let workout = Workout {
        uuid: common.uuid()?,
        healthkit: None,
        activity_type,
        start_ms: common.start_ms()?,
        end_ms: common.end_ms,
        duration_s: duration.map(|duration| duration.number),
        energy_kcal: energy.map(|energy| energy.number),
        distance: distance.map(|distance| distance.number),
        distance_unit: distance_unit.map(|unit| rows.text(unit)),
        statistics: rows.json(statistics),
        events: rows.json(events),
        activities: rows.json(activities),
        metadata: rows.metadata(common.metadata),
        source: rows.source(common.revision, common.device),
        other: rows.other(element),
        creation_ms: None,
    };
    rows.batch.rows.workouts.push(workout);
    Ok(())
}

fn read_dose<'t, 'i>(element: Value<'t, 'i>, rows: &mut Rows<'_, 't, 'i>) -> Result<(), Flaw> {
    let mut common = Common::default();
    let (mut medication, mut nickname, mut schedule_type, mut log_status) = (None, None, None, None);
    let (mut dose, mut unit, mut scheduled) = (None, Member::default(), None);
    for member in members(element) {
        if common.take(member, rows)? {
            continue;
        }
        let raw = member.value;
        match member.name {
            "scheduledDate" => scheduled = optional_date(member, rows),
            "medicationName" => medication = optional(as_str(raw), member, rows),
            "medicationNickname" => nickname = optional(as_str(raw), member, rows),
            "scheduleType" => schedule_type = optional(as_i64(raw), member, rows),
            "logStatus" => log_status = optional(as_i64(raw), member, rows),
            "doseQuantity" => dose = quantity(Quantity::of(raw), member, rows),
            "unit" => unit = member,
            _ => rows.keep(member),
        }
    }
    let unit = unit_of(dose, unit, rows);
    let dose = Dose {
        uuid: common.uuid()?,
        medication: medication.map(|text| rows.text(text)),
        nickname: nickname.map(|text| rows.text(text)),
        schedule_type,
        log_status,
        quantity: dose.map(|dose| dose.number),
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
    if is_derived(&workout) {
        return Err(Flaw::ReservedUuid("the key of its route"));
    }
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
