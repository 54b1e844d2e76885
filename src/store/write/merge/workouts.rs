//! Workouts that several exporters bring. The app's row is preferred to Apple's export, and that to Health Auto Export;
//! `workout_aliases` keeps the others' details.
//!
//! Two workouts match if they have the same activity and source, and start and end in the same seconds. Health Auto Export
//! gives no source. A watch's workout and an app's copy of it stay two, as on the phone. Locations stay those of the exporter
//! that brought them, except in seconds in which a preferred exporter also brought one: half a route removes nothing from a
//! whole one.

use std::cmp::Ordering;

use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::labels::Labels;
use crate::model::exporter::{AUTO_EXPORT_NAME, Exporter};
use crate::model::identity::is_derived;
use crate::model::limits::MATCH_ROWS_MAX;
use crate::model::record::Uuid;
use crate::store::write::ledger::signed;
use crate::store::write::upsert::SqlValue;

/// The fields that identify a workout for a match.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct WorkoutKey {
    pub(in crate::store) uuid: Uuid,
    pub(in crate::store) start_ms: i64,
    pub(in crate::store) end_ms: Option<i64>,
    pub(in crate::store) activity_type: Option<i64>,
    pub(in crate::store) source: Option<i64>,
}

/// What is remembered between rows.
#[derive(Debug)]
pub(in crate::store) struct Workouts {
    sources: Labels,
    /// A person, and whether there are derived workouts of that person.
    has_derived: Option<(i64, bool)>,
    /// The workout of the last location, and which other exporters have brought it.
    route: Option<(Uuid, Others)>,
    /// Locations that were deleted and not replaced, since they were last entered into the ledger.
    removed: usize,
}

impl Default for Workouts {
    fn default() -> Self {
        Self { sources: Labels::sources(), has_derived: None, route: None, removed: 0 }
    }
}

/// Other exporters' rows of a workout.
#[derive(Clone, Copy, Debug)]
enum Others {
    Nobody,
    /// The workout is kept under another identity.
    KeptAs(Uuid),
    /// Other rows are kept under the workout's identity.
    Merged,
}

/// Keeps an exporter's details of a workout that is stored under another identity. The parameters are those of a row of
/// `workouts`, then that identity.
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

/// The workouts of a second.
const OF_SECOND: &str = "SELECT uuid, end_ms, activity_type, source_id FROM workouts
    WHERE person_id = ?1 AND start_ms >= ?2 AND start_ms < ?2 + 1000 LIMIT ?3";

const HAS_DERIVED: &str = "SELECT 1 FROM workouts WHERE person_id = ?1 AND uuid >= x'6873' AND uuid < x'6874' LIMIT 1";

/// The sources of workouts that are kept under another identity: at most one for each exporter.
const MERGED_SOURCES: &str = "SELECT source_id FROM workout_aliases WHERE person_id = ?1 AND uuid = ?2";

/// Locations of a second: those of a workout and of all that are merged with it, except one.
const OTHERS_IN_SECOND: &str = "SELECT 1 FROM route_points WHERE person_id = ?1
    AND workout IN (SELECT ?2 UNION ALL SELECT derived FROM workout_aliases WHERE person_id = ?1 AND uuid = ?2 AND derived <> ?3)
    AND time_ms >= ?4 AND time_ms < ?4 + 1000 LIMIT 1";

const DELETE_MERGED_IN_SECOND: &str = "DELETE FROM route_points WHERE person_id = ?1
    AND workout IN (SELECT derived FROM workout_aliases WHERE person_id = ?1 AND uuid = ?2) AND time_ms >= ?3 AND time_ms < ?3 + 1000";

/// For two exporters that both brought locations before their workouts matched.
const DELETE_MERGED: &str = "DELETE FROM route_points AS r WHERE person_id = ?1 AND workout = ?2 AND EXISTS (
      SELECT 1 FROM route_points a WHERE a.person_id = ?1 AND a.workout = ?3
      AND a.time_ms BETWEEN r.time_ms - r.time_ms % 1000 AND r.time_ms - r.time_ms % 1000 + 999)";

impl Workouts {
    /// Keeps an import's workout, given as a row of `workouts`, with another exporter's row. Returns whether there is one.
    pub(in crate::store) fn absorb(
        &mut self,
        connection: &Connection,
        person: i64,
        workout: &WorkoutKey,
        row: &[SqlValue<'_>],
    ) -> rusqlite::Result<bool> {
        if !is_derived(&workout.uuid) {
            return Ok(false);
        }
        let known = alias(connection, person, &workout.uuid)?;
        let found = match known {
            Some(uuid) => Some(uuid),
            None => self.find(connection, person, workout, Ordering::Less)?,
        };
        let Some(uuid) = found else {
            return Ok(false);
        };
        let row = row.iter().copied().chain([SqlValue::Uuid(uuid)]);
        connection.prepare_cached(ADD_ALIAS)?.execute(params_from_iter(row))?;
        if known.is_none() {
            self.join(connection, person, &workout.uuid, &uuid)?;
        }
        Ok(true)
    }

    /// Moves another exporter's row of a new workout to the aliases. Returns whether there was one.
    pub(in crate::store) fn replace_derived(
        &mut self,
        connection: &Connection,
        person: i64,
        workout: &WorkoutKey,
    ) -> rusqlite::Result<bool> {
        if is_derived(&workout.uuid) {
            self.has_derived = Some((person, true));
        } else if !self.has_derived(connection, person)? {
            return Ok(false);
        }
        let Some(other) = self.find(connection, person, workout, Ordering::Greater)? else {
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

    fn has_derived(&mut self, connection: &Connection, person: i64) -> rusqlite::Result<bool> {
        if let Some((last, has_derived)) = self.has_derived
            && last == person
        {
            return Ok(has_derived);
        }
        let has_derived = connection.prepare_cached(HAS_DERIVED)?.exists([person])?;
        self.has_derived = Some((person, has_derived));
        Ok(has_derived)
    }

    /// Returns another exporter's row of the same workout that no row of this exporter is merged with yet, if that exporter
    /// compares to this one as `other_is`. Compares at most [`MATCH_ROWS_MAX`] rows.
    fn find(
        &mut self,
        connection: &Connection,
        person: i64,
        workout: &WorkoutKey,
        other_is: Ordering,
    ) -> rusqlite::Result<Option<Uuid>> {
        let second_ms = workout.start_ms.div_euclid(1000) * 1000;
        let end_second = workout.end_ms.map(|end| end.div_euclid(1000));
        let mut select = connection.prepare_cached(OF_SECOND)?;
        let mut rows = select.query(params![person, second_ms, MATCH_ROWS_MAX])?;
        while let Some(row) = rows.next()? {
            let (end, activity): (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
            if activity != workout.activity_type || end.map(|end| end.div_euclid(1000)) != end_second {
                continue;
            }
            let (uuid, source): (Uuid, Option<i64>) = (row.get(0)?, row.get(3)?);
            let [own_name, other_name] = self.sources.pair(connection, [workout.source, source])?;
            let [is_auto_export, is_other_auto_export] =
                [own_name, other_name].map(|name| name == Some(AUTO_EXPORT_NAME));
            let is_other_source = own_name.is_some() && other_name.is_some() && own_name != other_name;
            if is_other_source && !is_auto_export && !is_other_auto_export {
                continue;
            }
            let own = Exporter::of(&workout.uuid, is_auto_export);
            if Exporter::of(&uuid, is_other_auto_export).cmp(&own) == other_is
                && !self.has_merged(connection, person, &uuid, is_auto_export)?
            {
                return Ok(Some(uuid));
            }
        }
        Ok(None)
    }

    /// Whether a workout of Health Auto Export, or of another exporter, is kept under this identity.
    fn has_merged(
        &mut self,
        connection: &Connection,
        person: i64,
        kept: &Uuid,
        is_auto_export: bool,
    ) -> rusqlite::Result<bool> {
        let mut select = connection.prepare_cached(MERGED_SOURCES)?;
        let mut rows = select.query(params![person, &kept[..]])?;
        while let Some(row) = rows.next()? {
            let [name, _] = self.sources.pair(connection, [row.get(0)?, None])?;
            if (name == Some(AUTO_EXPORT_NAME)) == is_auto_export {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn join(&mut self, connection: &Connection, person: i64, one: &Uuid, kept: &Uuid) -> rusqlite::Result<()> {
        self.route = None;
        self.removed += connection.prepare_cached(DELETE_MERGED)?.execute(params![person, &one[..], &kept[..]])?;
        Ok(())
    }

    /// Enters the number of deleted locations into the ledger, in the transaction that deleted them.
    pub(in crate::store) fn enter_removed(&mut self, connection: &Connection, upload: i64) -> rusqlite::Result<()> {
        let removed = std::mem::take(&mut self.removed);
        if removed > 0 {
            let mut update = connection.prepare_cached("UPDATE uploads SET removed = removed + ?2 WHERE id = ?1")?;
            update.execute(params![upload, signed(removed as u64)])?;
        }
        Ok(())
    }

    /// Whether another exporter brought a location in the second of an import's location.
    pub(in crate::store) fn has_others_point(
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

    /// Deletes other exporters' locations in the second of a new one. Returns whether there were any.
    pub(in crate::store) fn replace_derived_points(
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
        // The new location replaces one of them.
        self.removed += deleted.saturating_sub(1);
        Ok(deleted > 0)
    }

    fn others(&mut self, connection: &Connection, person: i64, workout: &Uuid) -> rusqlite::Result<Others> {
        if let Some((last, others)) = self.route
            && last == *workout
        {
            return Ok(others);
        }
        let others = match alias(connection, person, workout)? {
            Some(kept) => Others::KeptAs(kept),
            None => {
                let sql = "SELECT 1 FROM workout_aliases WHERE person_id = ?1 AND uuid = ?2";
                let is_merged = connection.prepare_cached(sql)?.exists(params![person, &workout[..]])?;
                if is_merged { Others::Merged } else { Others::Nobody }
            }
        };
        self.route = Some((*workout, others));
        Ok(others)
    }
}

/// The identity under which a derived workout is kept.
fn alias(connection: &Connection, person: i64, derived: &Uuid) -> rusqlite::Result<Option<Uuid>> {
    if !is_derived(derived) {
        return Ok(None);
    }
    connection
        .prepare_cached("SELECT uuid FROM workout_aliases WHERE person_id = ?1 AND derived = ?2")?
        .query_row(params![person, &derived[..]], |row| row.get(0))
        .optional()
}
