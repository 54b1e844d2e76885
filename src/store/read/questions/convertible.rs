//! Whether all samples of a type can be shown in one unit.

use rusqlite::params;

use super::range::Located;
use super::reader::{Snapshot, Unanswered};
use super::source::SourceFilter;
use crate::model::units::conversion;

const UNITS: &str = "SELECT id, name FROM units";

/// The sources of samples whose unit is not one of a list.
const SOURCES: &str = "SELECT source_id FROM samples
    WHERE person_id = ?1 AND type_id = ?2 AND start_ms >= ?3 AND start_ms < ?4 AND value IS NOT NULL
      AND coalesce(unit_id, 0) NOT IN (SELECT value FROM json_each(?5))";

/// Fails if one of these samples has a value that cannot be shown in a unit. It looks at each of them.
pub(super) fn check_units(
    snapshot: &Snapshot<'_>,
    located: &Located,
    type_id: Option<i64>,
    wanted: &str,
    sources: &mut Option<SourceFilter>,
) -> Result<(), Unanswered> {
    let mut fine: Vec<String> = conversion("", wanted).map(|_| "0".to_owned()).into_iter().collect();
    let mut select = snapshot.connection.prepare_cached(UNITS)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        if conversion(row.get_ref(1)?.as_str()?, wanted).is_some() {
            fine.push(row.get::<_, i64>(0)?.to_string());
        }
    }
    let fine = format!("[{}]", fine.join(","));
    let mut select = snapshot.connection.prepare_cached(SOURCES)?;
    let mut rows = select.query(params![located.person, type_id, located.from_ms, located.to_ms, fine])?;
    while let Some(row) = rows.next()? {
        let is_asked_for = match sources {
            Some(sources) => sources.has(snapshot.connection, row.get(0)?)?,
            None => true,
        };
        if is_asked_for {
            return Err(not_convertible());
        }
    }
    Ok(())
}

/// The refusal of a unit.
pub(super) fn not_convertible() -> Unanswered {
    Unanswered::Parameter("units", "a unit that the samples' own can be converted to".to_owned())
}
