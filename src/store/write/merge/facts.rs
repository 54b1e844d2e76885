//! What distinguishes workouts that have the same activity and times, and sources with different names: the source of one may
//! have been renamed, or they are of two devices. Only facts that both have can contradict each other.

use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension, params};

use super::values::has_same_values;
use crate::model::limits::WORKOUT_FACTS_BYTES_MAX;
use crate::model::measurement::is_same_rounded;
use crate::model::record::Uuid;
use crate::model::units::{Dimension, factor};
use crate::store::write::sql_value::SqlValue;

/// Of two exporters, whose texts are alike only in part, the devices are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Compared {
    Devices,
    All,
}

/// Relative distance of two totals that are one, in whatever units they were printed.
const SAME_TOTAL: f64 = 1e-4;

const OF_ROW: &str = "SELECT source_id, creation_ms, duration_s, energy_kcal, distance, distance_unit,
      iif(octet_length(metadata) <= ?3, metadata, NULL) FROM workouts
    WHERE person_id = ?1 AND uuid = ?2";

const OF_ALIAS: &str = "SELECT source_id, creation_ms, duration_s, energy_kcal, distance, distance_unit,
      iif(octet_length(metadata) <= ?3, metadata, NULL) FROM workout_aliases
    WHERE person_id = ?1 AND derived = ?2";

/// The app has the product's name in the source, an export in the device.
const DEVICE: &str = "SELECT coalesce(device_hardware_version, product_type), device_model FROM sources WHERE id = ?1";

/// Values of two objects that have one name, and differ.
const MEMBERS: &str = "SELECT a.value, b.value FROM json_each(?1) a JOIN json_each(?2) b ON a.key = b.key
    WHERE a.value IS NOT b.value";

/// Columns of a row of `workouts`.
pub(in crate::store) const WORKOUT_COLUMNS: usize = 16;

/// What is known of a workout besides its activity, its times and its source's name.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    source: Option<i64>,
    creation_ms: Option<i64>,
    duration_s: Option<f64>,
    energy_kcal: Option<f64>,
    distance: Option<f64>,
    distance_unit: Option<String>,
    metadata: Option<String>,
}

impl Facts {
    /// Those of a stored workout, or of an alias.
    fn stored(connection: &Connection, person: i64, uuid: &Uuid, is_alias: bool) -> rusqlite::Result<Option<Self>> {
        let mut select = connection.prepare_cached(if is_alias { OF_ALIAS } else { OF_ROW })?;
        let facts = select.query_row(params![person, &uuid[..], WORKOUT_FACTS_BYTES_MAX], |row| {
            Ok(Self {
                source: row.get(0)?,
                creation_ms: row.get(1)?,
                duration_s: row.get(2)?,
                energy_kcal: row.get(3)?,
                distance: row.get(4)?,
                distance_unit: row.get(5)?,
                metadata: row.get(6)?,
            })
        });
        facts.optional()
    }

    /// Those of a row that arrives.
    pub(super) fn arriving(
        source: Option<i64>,
        creation_ms: Option<i64>,
        row: &[SqlValue<'_>; WORKOUT_COLUMNS],
    ) -> Self {
        let [.., duration, energy, distance, unit, _, _, _, metadata, _, _, _] = row;
        let number = |value: &SqlValue<'_>| if let SqlValue::Real(number) = value { Some(*number) } else { None };
        let text = |value: &SqlValue<'_>| match value {
            SqlValue::Text(text) if text.len() <= WORKOUT_FACTS_BYTES_MAX as usize => Some((*text).to_owned()),
            _ => None,
        };
        Self {
            source,
            creation_ms,
            duration_s: number(duration),
            energy_kcal: number(energy),
            distance: number(distance),
            distance_unit: text(unit),
            metadata: text(metadata),
        }
    }

    /// Whether a workout is certainly not a stored one, or what the same exporter has of that as an alias.
    pub(super) fn contradict(
        &self,
        connection: &Connection,
        person: i64,
        (row, alias): (&Uuid, Option<&Uuid>),
        compared: Compared,
    ) -> rusqlite::Result<bool> {
        let Some(other) = Self::stored(connection, person, alias.unwrap_or(row), alias.is_some())? else {
            return Ok(false);
        };
        let [[hardware, model], [other_hardware, other_model]] =
            [device(connection, self.source)?, device(connection, other.source)?];
        if differ(&hardware, &other_hardware) || differ(&model, &other_model) {
            return Ok(true);
        }
        if compared == Compared::Devices {
            return Ok(false);
        }
        let totals = [
            (self.duration_s, other.duration_s),
            (self.energy_kcal, other.energy_kcal),
            (self.distance_m(), other.distance_m()),
        ];
        Ok(differ(&self.creation_ms, &other.creation_ms)
            || totals.into_iter().any(|(one, other)| !is_same_total(one, other))
            || self.has_other_metadata(connection, &other)?)
    }

    fn distance_m(&self) -> Option<f64> {
        Some(self.distance? * factor(self.distance_unit.as_deref()?, Dimension::Length)?)
    }

    fn has_other_metadata(&self, connection: &Connection, other: &Self) -> rusqlite::Result<bool> {
        let (Some(own), Some(other)) = (&self.metadata, &other.metadata) else {
            return Ok(false);
        };
        if has_same_values(own, other) {
            return Ok(false);
        }
        let mut select = connection.prepare_cached(MEMBERS)?;
        let mut members = select.query(params![own, other])?;
        while let Some(row) = members.next()? {
            let [own, other] = [text(row.get_ref(0)?), text(row.get_ref(1)?)];
            let (Some(own), Some(other)) = (own, other) else { return Ok(true) };
            if !is_same_quantity(&own, &other) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether two texts are one quantity in two units: `71.6 degF` and `22 degC`.
fn is_same_quantity(one: &str, other: &str) -> bool {
    let (Some((value, unit)), Some((number, other_unit))) = (one.split_once(' '), other.split_once(' ')) else {
        return false;
    };
    let (Ok(value), Ok(number)) = (value.parse::<f64>(), number.parse::<f64>()) else { return false };
    unit != other_unit && is_same_rounded((Some(value), Some(unit)), (Some(number), Some(other_unit)))
}

fn differ<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
    one.is_some() && other.is_some() && one != other
}

fn is_same_total(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() <= SAME_TOTAL * one.abs().max(other.abs()),
        _ => true,
    }
}

fn device(connection: &Connection, source: Option<i64>) -> rusqlite::Result<[Option<String>; 2]> {
    let Some(source) = source else {
        return Ok([None, None]);
    };
    let mut select = connection.prepare_cached(DEVICE)?;
    Ok(select
        .query_row([source], |row| Ok([text(row.get_ref(0)?), text(row.get_ref(1)?)]))
        .optional()?
        .unwrap_or_default())
}

/// A text that says something.
fn text(value: rusqlite::types::ValueRef<'_>) -> Option<String> {
    String::column_result(value).ok().filter(|text| !text.is_empty())
}
