//! The rings of Apple's export beside the figures of the same days, with the reason where they differ.

use rusqlite::{Connection, Row, params};
use serde::Serialize;

use crate::model::units::kilocalories;
use crate::statistics::shown;
use crate::store::lookup::find_type;

/// A ring, and how its days compare.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RingReport {
    /// Such as `active energy`.
    pub ring: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// Days that both have, and are over.
    pub days: u64,
    /// Days within 1 % of the ring, or within its rounding.
    pub within: u64,
    /// All other days.
    pub differences: Vec<RingDifference>,
}

/// A day on which the ring and the figure differ.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RingDifference {
    /// The local date.
    pub day: String,
    /// What Apple's export has.
    pub ring: f64,
    /// The figure; `None` without samples.
    pub figure: Option<f64>,
    /// What is known about the difference.
    pub reason: &'static str,
}

/// A ring: its name and unit, the columns of `activity_summaries`, and the type of its samples.
struct Ring {
    name: &'static str,
    unit: &'static str,
    column: &'static str,
    unit_column: &'static str,
    kind: &'static str,
}

const RINGS: [Ring; 3] = [
    Ring {
        name: "active energy",
        unit: "kcal",
        column: "active_energy",
        unit_column: "a.energy_unit",
        kind: "HKQuantityTypeIdentifierActiveEnergyBurned",
    },
    Ring {
        name: "exercise",
        unit: "min",
        column: "exercise_min",
        unit_column: "NULL",
        kind: "HKQuantityTypeIdentifierAppleExerciseTime",
    },
    Ring {
        name: "stand",
        unit: "h",
        column: "stand_hours",
        unit_column: "NULL",
        kind: "HKCategoryTypeIdentifierAppleStandHour",
    },
];

/// How far a figure may be from the exporter's.
pub(super) const WITHIN_SHARE: f64 = 0.01;

/// The rounding of a ring as printed.
const ROUNDING: f64 = 0.5;

/// A day of a ring and of the figures.
struct Day {
    day: String,
    ring: Option<f64>,
    unit: Option<String>,
    figure: Option<f64>,
    has_several_sources: bool,
    has_zone: bool,
    is_edge: bool,
}

/// Compares all rings of a person with the figures of days that are over.
pub(super) fn verify(connection: &Connection, person: i64, now_ms: i64) -> rusqlite::Result<Vec<RingReport>> {
    RINGS.iter().map(|ring| verify_ring(connection, person, ring, now_ms)).collect()
}

fn verify_ring(connection: &Connection, person: i64, ring: &Ring, now_ms: i64) -> rusqlite::Result<RingReport> {
    let Ring { name, unit, column, unit_column, kind } = ring;
    let sql = format!(
        "SELECT a.day, a.{column}, {unit_column}, d.value, json_array_length(d.details, '$.groups') > 1, d.zone_id IS NOT NULL,
           a.day <= (SELECT min(day) FROM days WHERE person_id = ?1 AND type_id = ?2)
             OR a.day >= (SELECT max(day) FROM days WHERE person_id = ?1 AND type_id = ?2)
         FROM activity_summaries a LEFT JOIN days d ON d.person_id = a.person_id AND d.type_id = ?2 AND d.day = a.day
         WHERE a.person_id = ?1 AND coalesce(d.end_ms, 0) <= ?3 ORDER BY a.day"
    );
    let mut select = connection.prepare(&sql)?;
    let read = |row: &Row<'_>| {
        Ok(Day {
            day: row.get(0)?,
            ring: row.get(1)?,
            unit: row.get(2)?,
            figure: row.get(3)?,
            has_several_sources: row.get::<_, Option<bool>>(4)?.unwrap_or(false),
            has_zone: row.get::<_, Option<bool>>(5)?.unwrap_or(true),
            is_edge: row.get::<_, Option<bool>>(6)?.unwrap_or(true),
        })
    };
    let mut report = RingReport { ring: name, unit, days: 0, within: 0, differences: Vec::new() };
    for day in select.query_map(params![person, find_type(connection, kind)?, now_ms], read)? {
        compare(&mut report, kind, day?);
    }
    Ok(report)
}

fn compare(report: &mut RingReport, kind: &str, day: Day) {
    let ring = match (day.ring, day.unit.as_deref()) {
        (Some(energy), Some(unit)) => kilocalories(energy, unit),
        (ring, _) => ring,
    };
    // A ring of zero is also that of a day without a watch.
    let Some(ring) = ring.filter(|ring| *ring > 0.0) else {
        return;
    };
    report.days += 1;
    let is_within = |figure: f64| (shown(kind, figure) - ring).abs() <= (ring * WITHIN_SHARE).max(ROUNDING);
    if day.figure.is_some_and(is_within) {
        report.within += 1;
        return;
    }
    let reason = match day.figure {
        None => "no samples",
        Some(_) if day.is_edge => "the samples begin or end on this day",
        Some(_) if day.has_several_sources => "several sources: a ring counts the active watch only",
        Some(_) if !day.has_zone => "the time zone is unknown",
        Some(figure) if figure < ring => "fewer samples than the ring had",
        Some(_) => "the ring has less than its samples, which are all of one source",
    };
    report.differences.push(RingDifference { day: day.day, ring, figure: day.figure, reason });
}
