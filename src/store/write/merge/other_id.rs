//! Whether Health Auto Export has given a stored workout another identity of HealthKit than a workout that arrives has.

use rusqlite::{Connection, params};

use crate::model::identity::hyphenated;
use crate::model::limits::WORKOUT_FACTS_BYTES_MAX;
use crate::model::record::Uuid;

/// A long text is not parsed, which would take as much memory again: it has another identity if it has one, and not this one.
const HAS_OTHER_ID: &str = "SELECT 1 FROM (
      SELECT other FROM workouts WHERE person_id = ?1 AND uuid = ?2
      UNION ALL SELECT other FROM workout_aliases WHERE person_id = ?1 AND uuid = ?2)
    WHERE CASE WHEN octet_length(other) <= ?4
      THEN upper(replace(other ->> '$.id', '-', '')) <> hex(?3) AND length(replace(other ->> '$.id', '-', '')) = 32
      ELSE instr(other, '\"id\":\"') > 0 AND instr(other, ?5) = 0 AND instr(other, ?6) = 0 END";

/// Whether a person's stored workout has another identity of HealthKit than the given one.
pub(super) fn has_other_id(
    connection: &Connection,
    person: i64,
    uuid: &Uuid,
    healthkit: Option<Uuid>,
) -> rusqlite::Result<bool> {
    let Some(healthkit) = healthkit else {
        return Ok(false);
    };
    let text = hyphenated(&healthkit);
    let upper = std::str::from_utf8(&text).unwrap_or_default();
    let lower = upper.to_ascii_lowercase();
    let mut select = connection.prepare_cached(HAS_OTHER_ID)?;
    select.exists(params![person, &uuid[..], &healthkit[..], WORKOUT_FACTS_BYTES_MAX, upper, lower])
}
