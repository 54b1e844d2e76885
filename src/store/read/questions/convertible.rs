//! Whether samples of a type can be shown in one unit.

use rusqlite::params;

use super::range::Located;
use super::reader::{Snapshot, Unanswered};
use super::source::SourceFilter;
use crate::model::units::conversion;

const UNITS: &str = "SELECT id, name FROM units";

/// Samples behind a key, each with its source and whether it has a value whose unit is not one of a list.
pub(super) const SAMPLES: &str =
    "SELECT source_id, value IS NOT NULL AND coalesce(unit_id, 0) NOT IN (SELECT value FROM json_each(?6))
    FROM samples
    WHERE person_id = ?1 AND type_id = ?2 AND (start_ms, uuid) > (?3, ?4) AND start_ms < ?5
    ORDER BY start_ms, uuid";

/// The samples that an answer hands out.
pub(super) struct HandedOut<'a> {
    pub(super) located: &'a Located,
    pub(super) type_id: Option<i64>,
    /// The key before them.
    pub(super) behind: (i64, &'a [u8]),
    /// How many at most.
    pub(super) limit: Option<u64>,
}

/// Fails if one of these samples has a value that cannot be shown in a unit. It looks at no other samples than the answer does.
pub(super) fn check_units(
    snapshot: &Snapshot<'_>,
    HandedOut { located, type_id, behind, limit }: &HandedOut<'_>,
    wanted: &str,
    sources: &mut Option<SourceFilter>,
) -> Result<(), Unanswered> {
    let fine = fine_units(snapshot, wanted)?;
    let mut select = snapshot.connection.prepare_cached(SAMPLES)?;
    let mut rows = select.query(params![located.person, type_id, behind.0, behind.1, located.to_ms, fine])?;
    let mut left = limit.unwrap_or(u64::MAX);
    while left > 0
        && let Some(row) = rows.next()?
    {
        let is_asked_for = match sources {
            Some(sources) => sources.has(snapshot.connection, row.get(0)?)?,
            None => true,
        };
        if !is_asked_for {
            continue;
        }
        if row.get(1)? {
            return Err(not_convertible());
        }
        left -= 1;
    }
    Ok(())
}

/// The ids of units that can be converted, as JSON. 0 is that of no unit.
fn fine_units(snapshot: &Snapshot<'_>, wanted: &str) -> Result<String, Unanswered> {
    let mut fine: Vec<String> = conversion("", wanted).map(|_| "0".to_owned()).into_iter().collect();
    let mut select = snapshot.connection.prepare_cached(UNITS)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        if conversion(row.get_ref(1)?.as_str()?, wanted).is_some() {
            fine.push(row.get::<_, i64>(0)?.to_string());
        }
    }
    Ok(format!("[{}]", fine.join(",")))
}

/// The refusal of a unit.
pub(super) fn not_convertible() -> Unanswered {
    Unanswered::Parameter("units", "a unit that the samples' own can be converted to".to_owned())
}
