//! Workouts by their identities: one may be known by several.

use rusqlite::{OptionalExtension, params};

use super::reader::{Snapshot, Unanswered};
use crate::model::limits::WORKOUT_ALIASES_READ_MAX;
use crate::model::record::Uuid;

pub(super) const NOT_FOUND: Unanswered =
    Unanswered::NotFound("there is no workout with this uuid; /api/v1/workouts lists them");

/// The row of a workout, by its identity or by one that an import has for it.
pub(super) fn resolve(snapshot: &Snapshot<'_>, person: i64, uuid: Uuid) -> Result<Uuid, Unanswered> {
    let sql = "SELECT uuid FROM workouts WHERE person_id = ?1 AND uuid = ?2
        UNION ALL SELECT uuid FROM workout_aliases WHERE person_id = ?1 AND derived = ?2 LIMIT 1";
    let mut select = snapshot.connection.prepare_cached(sql)?;
    select.query_row(params![person, uuid], |row| row.get(0)).optional()?.ok_or(NOT_FOUND)
}

/// The identities under which a workout's locations may be stored.
pub(super) fn identities(snapshot: &Snapshot<'_>, person: i64, uuid: Uuid) -> Result<Vec<Uuid>, Unanswered> {
    let sql = "SELECT derived FROM workout_aliases WHERE person_id = ?1 AND uuid = ?2 LIMIT ?3";
    let mut select = snapshot.connection.prepare_cached(sql)?;
    let aliases = select.query_map(params![person, uuid, WORKOUT_ALIASES_READ_MAX], |row| row.get(0))?;
    let aliases: Vec<Uuid> = aliases.collect::<rusqlite::Result<_>>()?;
    Ok([uuid].into_iter().chain(aliases).collect())
}
