//! One workout that came from several exporters is one. The app's row goes before Apple's export, that before Health Auto
//! Export; what the others said of it is kept in `workout_aliases`.
//!
//! A match is same activity, start and end in the same seconds, and same source, which Health Auto Export does not tell: a
//! watch's workout and an app's copy of it are two in Apple's export as they are in the phone. Locations stay those of the exporter that brought them, but
//! for seconds in which another one has brought one: so half a route takes nothing from a whole one.

use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use crate::model::identity::is_derived;
use crate::model::record::Uuid;
use crate::store::write::ledger::signed;
use crate::store::write::upsert::Cell;

/// What a workout is recognized by.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Position {
    pub(in crate::store) uuid: Uuid,
    pub(in crate::store) start_ms: i64,
    pub(in crate::store) end_ms: Option<i64>,
    pub(in crate::store) activity_type: Option<i64>,
    pub(in crate::store) source: Option<i64>,
}

/// What is remembered between rows.
#[derive(Debug, Default)]
pub(in crate::store) struct Workouts {
    /// The workout of the last location, and who else has brought it.
    route: Option<(Uuid, Others)>,
    /// Locations that gave way and whose place nothing took, since they were last entered into the ledger.
    removed: usize,
}

#[derive(Debug)]
enum Others {
    Nobody,
    /// It is kept under another identity.
    KeptAs(Uuid),
    /// Others are kept under its own.
    Merged,
}

/// Keeps what an exporter says of a workout that is another's; the parameters are those of a row of `workouts`, then whose.
const ADD_ALIAS: &str = "INSERT INTO workout_aliases (person_id, derived, duration_s, energy_kcal, distance, distance_unit, statistics,
      events, activities, metadata, source_id, other, uuid)
    VALUES (?1, ?2, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
    ON CONFLICT DO UPDATE SET duration_s = ?6, energy_kcal = ?7, distance = ?8, distance_unit = ?9, statistics = ?10, events = ?11,
      activities = ?12, metadata = ?13, source_id = ?14, other = ?15
    WHERE (duration_s, energy_kcal, distance, distance_unit, statistics, events, activities, metadata, source_id, other)
      IS NOT (?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";

const MOVE_TO_ALIAS: &str = "INSERT INTO workout_aliases (person_id, derived, duration_s, energy_kcal, distance, distance_unit, statistics,
      events, activities, metadata, source_id, other, uuid)
    SELECT person_id, uuid, duration_s, energy_kcal, distance, distance_unit, statistics, events, activities, metadata, source_id,
      other, ?3
    FROM workouts WHERE person_id = ?1 AND uuid = ?2";

/// Workouts of that activity and second, which sources and exporters they come from, and whose have been merged with them.
const CANDIDATES: &str = "SELECT w.uuid, w.end_ms, coalesce(s.name = 'Health Auto Export', FALSE), s.name
    FROM workouts w LEFT JOIN sources s ON s.id = w.source_id
    WHERE w.person_id = ?1 AND w.start_ms >= ?2 AND w.start_ms < ?2 + 1000 AND w.activity_type IS ?3
      AND NOT EXISTS (
        SELECT 1 FROM workout_aliases a LEFT JOIN sources b ON b.id = a.source_id
        WHERE a.person_id = w.person_id AND a.uuid = w.uuid AND coalesce(b.name = 'Health Auto Export', FALSE) = ?4)";

/// Locations of a workout or of those merged with it, but for those of one of them, in the second of a time.
const OTHERS_IN_SECOND: &str = "SELECT 1 FROM route_points WHERE person_id = ?1
    AND workout IN (SELECT ?2 UNION ALL SELECT derived FROM workout_aliases WHERE person_id = ?1 AND uuid = ?2 AND derived <> ?3)
    AND time_ms >= ?4 AND time_ms < ?4 + 1000 LIMIT 1";

const DELETE_MERGED_IN_SECOND: &str = "DELETE FROM route_points WHERE person_id = ?1
    AND workout IN (SELECT derived FROM workout_aliases WHERE person_id = ?1 AND uuid = ?2) AND time_ms >= ?3 AND time_ms < ?3 + 1000";

/// Where both have brought locations before it was known that they are of one workout.
const DELETE_MERGED: &str = "DELETE FROM route_points AS r WHERE person_id = ?1 AND workout = ?2 AND EXISTS (
      SELECT 1 FROM route_points a WHERE a.person_id = ?1 AND a.workout = ?3
      AND a.time_ms BETWEEN r.time_ms - r.time_ms % 1000 AND r.time_ms - r.time_ms % 1000 + 999)";

impl Workouts {
    /// A workout of an import comes, as a row of `workouts`: whether another exporter's row stands for it.
    pub(in crate::store) fn is_absorbed(
        &mut self,
        connection: &Connection,
        person: i64,
        workout: &Position,
        row: &[Cell<'_>],
    ) -> rusqlite::Result<bool> {
        if !is_derived(&workout.uuid) {
            return Ok(false);
        }
        let known = alias(connection, person, &workout.uuid)?;
        let found = match known {
            Some(uuid) => Some(uuid),
            None => find(connection, person, workout, |own, other| other < own)?,
        };
        let Some(uuid) = found else {
            return Ok(false);
        };
        let row = row.iter().copied().chain([Cell::Uuid(uuid)]);
        connection.prepare_cached(ADD_ALIAS)?.execute(params_from_iter(row))?;
        if known.is_none() {
            self.join(connection, person, &workout.uuid, &uuid)?;
        }
        Ok(true)
    }

    /// A workout was not there before: does it take the place of one that another exporter has brought?
    pub(in crate::store) fn takes_place(
        &mut self,
        connection: &Connection,
        person: i64,
        workout: &Position,
    ) -> rusqlite::Result<bool> {
        let Some(other) = find(connection, person, workout, |own, other| other > own)? else {
            return Ok(false);
        };
        let keys = params![person, &other[..], &workout.uuid[..]];
        connection.prepare_cached(MOVE_TO_ALIAS)?.execute(keys)?;
        let sql = "UPDATE workout_aliases SET uuid = ?3 WHERE person_id = ?1 AND uuid = ?2";
        connection.prepare_cached(sql)?.execute(keys)?;
        let sql = "DELETE FROM workouts WHERE person_id = ?1 AND uuid = ?2";
        connection.prepare_cached(sql)?.execute(params![person, &other[..]])?;
        self.join(connection, person, &other, &workout.uuid)?;
        Ok(true)
    }

    fn join(&mut self, connection: &Connection, person: i64, one: &Uuid, kept: &Uuid) -> rusqlite::Result<()> {
        self.route = None;
        self.removed += connection.prepare_cached(DELETE_MERGED)?.execute(params![person, &one[..], &kept[..]])?;
        Ok(())
    }

    /// Enters the rows that gave way into the ledger, in the transaction that has removed them.
    pub(in crate::store) fn enter_removed(&mut self, connection: &Connection, upload: i64) -> rusqlite::Result<()> {
        let removed = std::mem::take(&mut self.removed);
        if removed > 0 {
            let mut update = connection.prepare_cached("UPDATE uploads SET removed = removed + ?2 WHERE id = ?1")?;
            update.execute(params![upload, signed(removed as u64)])?;
        }
        Ok(())
    }

    /// Whether another exporter has brought the location of an import, in that second.
    pub(in crate::store) fn is_point_absorbed(
        &mut self,
        connection: &Connection,
        person: i64,
        workout: &Uuid,
        time_ms: i64,
    ) -> rusqlite::Result<bool> {
        let Others::KeptAs(kept) = self.others(connection, person, workout)? else {
            return Ok(false);
        };
        let second = time_ms.div_euclid(1000) * 1000;
        let keys = params![person, &kept[..], &workout[..], second];
        connection.prepare_cached(OTHERS_IN_SECOND)?.exists(keys)
    }

    /// A location was not there before: does it take the place of others' in that second?
    pub(in crate::store) fn takes_point_place(
        &mut self,
        connection: &Connection,
        person: i64,
        workout: &Uuid,
        time_ms: i64,
    ) -> rusqlite::Result<bool> {
        let Others::Merged = self.others(connection, person, workout)? else {
            return Ok(false);
        };
        let second = time_ms.div_euclid(1000) * 1000;
        let deleted =
            connection.prepare_cached(DELETE_MERGED_IN_SECOND)?.execute(params![person, &workout[..], second])?;
        // The location itself takes the place of one.
        self.removed += deleted.saturating_sub(1);
        Ok(deleted > 0)
    }

    fn others(&mut self, connection: &Connection, person: i64, workout: &Uuid) -> rusqlite::Result<&Others> {
        if self.route.as_ref().is_none_or(|(last, _)| last != workout) {
            let others = match alias(connection, person, workout)? {
                Some(kept) => Others::KeptAs(kept),
                None => {
                    let sql = "SELECT 1 FROM workout_aliases WHERE person_id = ?1 AND uuid = ?2";
                    let is_merged = connection.prepare_cached(sql)?.exists(params![person, &workout[..]])?;
                    if is_merged { Others::Merged } else { Others::Nobody }
                }
            };
            self.route = Some((*workout, others));
        }
        Ok(self.route.as_ref().map_or(&Others::Nobody, |(_, others)| others))
    }
}

fn alias(connection: &Connection, person: i64, derived: &Uuid) -> rusqlite::Result<Option<Uuid>> {
    if !is_derived(derived) {
        return Ok(None);
    }
    connection
        .prepare_cached("SELECT uuid FROM workout_aliases WHERE person_id = ?1 AND derived = ?2")?
        .query_row(params![person, &derived[..]], |row| row.get(0))
        .optional()
}

/// The app's workouts go first, then those of Apple's export, then those of Health Auto Export.
fn rank(uuid: &Uuid, is_auto_export: bool) -> u8 {
    if is_derived(uuid) { 1 + u8::from(is_auto_export) } else { 0 }
}

/// A workout of another exporter, whose rank is as wanted, that is the same and has none of this exporter's yet.
fn find(
    connection: &Connection,
    person: i64,
    workout: &Position,
    is_wanted: fn(u8, u8) -> bool,
) -> rusqlite::Result<Option<Uuid>> {
    let source: Option<String> = connection
        .prepare_cached("SELECT name FROM sources WHERE id = ?1")?
        .query_row([workout.source], |row| row.get(0))
        .optional()?
        .flatten();
    let is_auto_export = source.as_deref() == Some("Health Auto Export");
    let own = rank(&workout.uuid, is_auto_export);
    let second = workout.start_ms.div_euclid(1000) * 1000;
    let end_second = workout.end_ms.map(|end| end.div_euclid(1000));
    let mut select = connection.prepare_cached(CANDIDATES)?;
    let mut rows = select.query(params![person, second, workout.activity_type, is_auto_export])?;
    while let Some(row) = rows.next()? {
        let uuid: Uuid = row.get(0)?;
        let end: Option<i64> = row.get(1)?;
        let is_other_auto_export: bool = row.get(2)?;
        let other: Option<String> = row.get(3)?;
        let is_other_source = source.is_some() && other.is_some() && source != other;
        if is_other_source && !is_auto_export && !is_other_auto_export {
            continue;
        }
        if is_wanted(own, rank(&uuid, is_other_auto_export)) && end.map(|end| end.div_euclid(1000)) == end_second {
            return Ok(Some(uuid));
        }
    }
    Ok(None)
}
