//! Samples that are too long for figures: they stay stored, and are listed.

use rusqlite::{Connection, params};
use serde::Serialize;

use crate::model::limits::{LONG_SAMPLES_LISTED_MAX, STATISTICS_SAMPLE_MS_MAX};
use crate::model::time::to_iso_seconds;

/// Samples that make no days, since they last longer than 400 days.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LongSamples {
    /// How many there are.
    pub count: u64,
    /// The first ones.
    pub samples: Vec<LongSample>,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LongSample {
    /// HealthKit's identifier of the type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its start, UTC.
    pub start: String,
    /// Its end.
    pub end: String,
    /// Its source.
    pub source: Option<String>,
}

const SELECT: &str = "SELECT t.name, s.start_ms, s.end_ms, o.name FROM samples s JOIN types t ON t.id = s.type_id
    LEFT JOIN sources o ON o.id = s.source_id
    WHERE s.person_id = ?1 AND s.end_ms - s.start_ms > ?2 ORDER BY s.type_id, s.start_ms";

/// Lists those of a person.
pub(super) fn list(connection: &Connection, person: i64) -> rusqlite::Result<LongSamples> {
    let mut long = LongSamples::default();
    let mut select = connection.prepare(SELECT)?;
    let mut rows = select.query(params![person, STATISTICS_SAMPLE_MS_MAX])?;
    while let Some(row) = rows.next()? {
        long.count += 1;
        if long.samples.len() < LONG_SAMPLES_LISTED_MAX {
            long.samples.push(LongSample {
                kind: row.get(0)?,
                start: to_iso_seconds(row.get(1)?),
                end: to_iso_seconds(row.get(2)?),
                source: row.get_ref(3)?.as_str_or_null().ok().flatten().map(str::to_owned),
            });
        }
    }
    Ok(long)
}
