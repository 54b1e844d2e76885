//! The fields of elements, by the app's names.
//!
//! A required field that is missing, a date that cannot be read, or a known field that is given twice makes an element a
//! reject. An optional field of another type than expected is kept in `other` under its name, and so is a field that this
//! version does not know.

use uuid::Uuid;

use super::category::category_number;
use super::keys::ElementKind;
use super::quantity::Quantity;
use super::rows::Rows;
use crate::formats::flaw::{Flaw, or_flaw};
use crate::formats::tape::{Member, Value, as_bool, as_f64, as_i64, as_str, is_null, is_object, members};
use crate::model::healthkit::{activity, has_distance};
use crate::model::identity::is_derived;
use crate::model::limits::SHARED_TEXT_BYTES_MAX;
use crate::model::locale::parse_iso_of_phone;
use crate::model::record::{Dose, Medication, RoutePoint, Sample, Workout};
use crate::model::text::TextId;

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
    let uuid = or_flaw(as_str(value).and_then(uuid_of), Flaw::NotAUuid, "uuid")?;
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
    let text = as_str(member.value);
    let Some(date) = text.and_then(parse_iso_of_phone) else {
        if name == "endDate" && text == Some("") {
            // An end may be absent.
            return Ok(None);
        }
        return Err(text.map_or(Flaw::NotADate(name), |text| Flaw::not_a_date(name, text)));
    };
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

/// Fills a field. Null is absence, so it may stand beside a value.
#[inline]
fn fill<T>(field: &mut Option<T>, name: &'static str, value: Option<T>) -> Result<(), Flaw> {
    let Some(value) = value else {
        return Ok(());
    };
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(Flaw::GivenTwice(name.into())),
    }
}

/// The same for a field that is kept as JSON.
#[inline]
fn fill_json<'t, 'i>(field: &mut Member<'t, 'i>, name: &'static str, member: Member<'t, 'i>) -> Result<(), Flaw> {
    if is_null(member.value) {
        return Ok(());
    }
    let before = std::mem::replace(field, member);
    if is_null(before.value) { Ok(()) } else { Err(Flaw::GivenTwice(name.into())) }
}

/// The fields that samples, workouts and dose events have in common.
#[derive(Default)]
struct Common<'t, 'i> {
    uuid: Option<[u8; 16]>,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    metadata: Member<'t, 'i>,
    revision: Member<'t, 'i>,
    device: Member<'t, 'i>,
}

/// What they have become in a row.
struct Shared {
    uuid: [u8; 16],
    start_ms: i64,
    end_ms: Option<i64>,
    metadata: Option<TextId>,
    source: Option<TextId>,
    other: Option<TextId>,
}

impl<'t, 'i> Common<'t, 'i> {
    /// Reads these fields of an element, and all others by `read`.
    #[inline]
    fn of<'b>(
        element: Value<'t, 'i>,
        rows: &mut Rows<'b, 't, 'i>,
        mut read: impl FnMut(Member<'t, 'i>, &mut Rows<'b, 't, 'i>) -> Result<(), Flaw>,
    ) -> Result<Self, Flaw> {
        let mut common = Self::default();
        for member in members(element) {
            match member.name {
                "uuid" => fill(&mut common.uuid, "uuid", uuid_field(member.value)?)?,
                "startDate" => fill(&mut common.start_ms, "startDate", date_field("startDate", member, rows)?)?,
                "endDate" => fill(&mut common.end_ms, "endDate", date_field("endDate", member, rows)?)?,
                "metadata" => fill_json(&mut common.metadata, "metadata", member)?,
                "sourceRevision" => fill_json(&mut common.revision, "sourceRevision", member)?,
                "device" => fill_json(&mut common.device, "device", member)?,
                _ => read(member, rows)?,
            }
        }
        Ok(common)
    }

    /// Ends an element: all that it keeps in `other` is known.
    #[inline]
    fn end(self, element: Value<'t, 'i>, rows: &mut Rows<'_, 't, 'i>) -> Result<Shared, Flaw> {
        Ok(Shared {
            uuid: or_flaw(self.uuid, Flaw::Missing, "uuid")?,
            start_ms: or_flaw(self.start_ms, Flaw::Missing, "startDate")?,
            end_ms: self.end_ms,
            metadata: rows.metadata(self.metadata.value),
            source: rows.source(self.revision, self.device),
            other: rows.other(element),
        })
    }
}

fn read_sample<'t, 'i>(element: Value<'t, 'i>, rows: &mut Rows<'_, 't, 'i>) -> Result<(), Flaw> {
    let (mut value, mut unit, mut nested, mut beside) = (None, None, None, Member::default());
    let common = Common::of(element, rows, |member, rows| {
        let raw = member.value;
        match member.name {
            // NaN arrives as null, and is still a sample.
            "value" if is_null(raw) => Ok(()),
            "value" => match as_f64(raw).or_else(|| category_number(rows.kind(), raw)) {
                Some(number) => fill(&mut value, "value", Some(number)),
                None => {
                    let quantity = Quantity::of(raw).ok_or(Flaw::NotANumber("value".into()))?;
                    fill(&mut nested, "value", Some((member, quantity)))
                }
            },
            "unit" => {
                beside = member;
                fill(&mut unit, "unit", optional(as_str(raw).filter(is_shareable), member, rows))
            }
            _ => {
                rows.keep(member);
                Ok(())
            }
        }
    })?;
    if let Some((member, quantity)) = nested {
        fill(&mut value, "value", Some(quantity.number))?;
        let own = quantity.unit.filter(is_shareable);
        // Number and unit belong together: another unit beside them is kept.
        let has_other_unit = own.is_some() && unit.is_some() && unit != own;
        if !quantity.is_all || own != quantity.unit || has_other_unit {
            rows.keep(member);
        }
        if has_other_unit {
            rows.keep(beside);
        }
        unit = own.or(unit);
    }
    let kind = rows.section_text();
    let unit = unit.map(|unit| rows.text(unit));
    let Shared { uuid, start_ms, end_ms, metadata, source, other } = common.end(element, rows)?;
    let sample = Sample { kind, uuid, start_ms, end_ms, value, unit, source, metadata, other };
    rows.batch.rows.samples.push(sample);
    Ok(())
}

/// Whether a text is short enough to be stored once for all rows that refer to it.
fn is_shareable(text: &&str) -> bool {
    text.len() <= SHARED_TEXT_BYTES_MAX
}

fn read_workout<'t, 'i>(element: Value<'t, 'i>, rows: &mut Rows<'_, 't, 'i>) -> Result<(), Flaw> {
    let (mut activity_type, mut duration) = (None, None);
    let (mut energy, mut energy_unit) = (Member::default(), Member::default());
    let (mut distance, mut distance_unit) = (Member::default(), Member::default());
    let (mut statistics, mut events, mut activities) = (Member::default(), Member::default(), Member::default());
    let common = Common::of(element, rows, |member, rows| {
        let raw = member.value;
        match member.name {
            "workoutActivityType" => {
                let number = as_i64(raw).or_else(|| activity(as_str(raw)?));
                fill(&mut activity_type, "workoutActivityType", optional(number, member, rows))
            }
            "durationSeconds" => {
                let seconds = Quantity::of(raw).and_then(Quantity::into_seconds);
                fill(&mut duration, "durationSeconds", quantity(seconds, member, rows))
            }
            "totalEnergyBurned" => fill_json(&mut energy, "totalEnergyBurned", member),
            "totalEnergyBurnedUnit" => fill_json(&mut energy_unit, "totalEnergyBurnedUnit", member),
            "totalDistance" => fill_json(&mut distance, "totalDistance", member),
            "totalDistanceUnit" => fill_json(&mut distance_unit, "totalDistanceUnit", member),
            "allStatistics" => fill_json(&mut statistics, "allStatistics", member),
            "events" => fill_json(&mut events, "events", member),
            "activities" => fill_json(&mut activities, "activities", member),
            _ => {
                rows.keep(member);
                Ok(())
            }
        }
    })?;
    let energy = energy_of(energy, energy_unit, rows);
    let has_distance = has_distance(activity_type);
    let distance = quantity(Quantity::of(distance.value).filter(|_| has_distance), distance, rows);
    let distance_unit =
        if has_distance { unit_of(distance, distance_unit, rows) } else { optional(None, distance_unit, rows) };
    let distance_unit = distance_unit.map(|unit| rows.text(unit));
    let [statistics, events, activities] = [statistics, events, activities].map(|member| rows.json(member.value));
    let Shared { uuid, start_ms, end_ms, metadata, source, other } = common.end(element, rows)?;
    let workout = Workout {
        uuid,
        healthkit: None,
        activity_type,
        start_ms,
        end_ms,
        duration_s: duration.map(|duration| duration.number),
        energy_kcal: energy.map(|energy| energy.number),
        distance: distance.map(|distance| distance.number),
        distance_unit,
        statistics,
        events,
        activities,
        metadata,
        source,
        other,
        creation_ms: None,
    };
    rows.batch.rows.workouts.push(workout);
    Ok(())
}

/// Returns an energy in kilocalories. Its unit may be within it or beside it. No column has the latter, so it is kept.
fn energy_of<'t, 'i>(
    energy: Member<'t, 'i>,
    beside: Member<'t, 'i>,
    rows: &mut Rows<'_, 't, 'i>,
) -> Option<Quantity<'i>> {
    if !is_null(beside.value) {
        rows.keep(beside);
    }
    let own = Quantity::of(energy.value);
    let unit = own.and_then(|own| own.unit).or(as_str(beside.value));
    let kilocalories = own.and_then(|own| Quantity { unit, ..own }.into_kilocalories());
    quantity(kilocalories, energy, rows)
}

fn read_dose<'t, 'i>(element: Value<'t, 'i>, rows: &mut Rows<'_, 't, 'i>) -> Result<(), Flaw> {
    let (mut medication, mut nickname, mut schedule_type, mut log_status) = (None, None, None, None);
    let (mut dose, mut unit, mut scheduled_ms) = (None, Member::default(), None);
    let common = Common::of(element, rows, |member, rows| {
        let raw = member.value;
        match member.name {
            "scheduledDate" => fill(&mut scheduled_ms, "scheduledDate", optional_date(member, rows)),
            "medicationName" => fill(&mut medication, "medicationName", optional(as_str(raw), member, rows)),
            "medicationNickname" => fill(&mut nickname, "medicationNickname", optional(as_str(raw), member, rows)),
            "scheduleType" => fill(&mut schedule_type, "scheduleType", optional(as_i64(raw), member, rows)),
            "logStatus" => fill(&mut log_status, "logStatus", optional(as_i64(raw), member, rows)),
            "doseQuantity" => fill(&mut dose, "doseQuantity", quantity(Quantity::of(raw), member, rows)),
            "unit" => fill_json(&mut unit, "unit", member),
            _ => {
                rows.keep(member);
                Ok(())
            }
        }
    })?;
    let unit = unit_of(dose, unit, rows).map(|unit| rows.text(unit));
    let [medication, nickname] = [medication, nickname].map(|text| text.map(|text| rows.text(text)));
    let Shared { uuid, start_ms, end_ms, metadata, source, other } = common.end(element, rows)?;
    let dose = Dose {
        uuid,
        medication,
        nickname,
        schedule_type,
        log_status,
        quantity: dose.map(|dose| dose.number),
        unit,
        start_ms,
        end_ms,
        scheduled_ms,
        metadata,
        source,
        other,
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
            "displayText" if is_null(raw) => {}
            "displayText" => {
                let text = as_str(raw).ok_or(Flaw::NotAText("displayText"))?;
                fill(&mut display_text, "displayText", Some(text))?;
            }
            "generalForm" => fill(&mut general_form, "generalForm", optional(as_str(raw), member, rows))?,
            "nickname" => fill(&mut nickname, "nickname", optional(as_str(raw), member, rows))?,
            "isArchived" => fill(&mut is_archived, "isArchived", optional(as_bool(raw), member, rows))?,
            "hasSchedule" => fill(&mut has_schedule, "hasSchedule", optional(as_bool(raw), member, rows))?,
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
            "date" => fill(&mut time, "date", date_field("date", member, rows)?)?,
            "latitude" => fill(&mut latitude, "latitude", degrees("latitude", 90.0, raw)?)?,
            "longitude" => fill(&mut longitude, "longitude", degrees("longitude", 180.0, raw)?)?,
            "altitude" => fill(&mut altitude, "altitude", optional(as_f64(raw), member, rows))?,
            "speed" => fill(&mut speed, "speed", optional(as_f64(raw), member, rows))?,
            "course" => fill(&mut course, "course", optional(as_f64(raw), member, rows))?,
            "horizontalAccuracy" => {
                fill(&mut horizontal, "horizontalAccuracy", optional(as_f64(raw), member, rows))?;
            }
            "verticalAccuracy" => fill(&mut vertical, "verticalAccuracy", optional(as_f64(raw), member, rows))?,
            _ => rows.keep(member),
        }
    }
    let point = RoutePoint {
        workout,
        route,
        time_ms: or_flaw(time, Flaw::Missing, "date")?,
        latitude: or_flaw(latitude, Flaw::Missing, "latitude")?,
        longitude: or_flaw(longitude, Flaw::Missing, "longitude")?,
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
    let number = or_flaw(as_f64(raw), |name| Flaw::NotANumber(name.into()), name)?;
    if number.abs() <= max { Ok(Some(number)) } else { Err(Flaw::OutOfRange(name)) }
}
