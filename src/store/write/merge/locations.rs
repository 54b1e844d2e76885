//! Locations of routes: which workout they belong to, which of several exporters' are kept, and which are out of date.
//!
//! Locations stay those of the exporter that brought them, except in seconds in which a preferred exporter also brought one:
//! half a route removes nothing from a whole one. A file that is a whole route replaces what an earlier file had of it.

use rusqlite::{Connection, OptionalExtension, params};

use super::route_under_way::{Location, LocationKey, Others, Place, Route};
use super::uploads::WorkoutUpload;
use crate::model::identity::is_derived;
use crate::model::limits::BATCH_ROWS_MAX;
use crate::model::record::Uuid;
use crate::store::write::ledger::signed;

/// What is remembered between locations.
#[derive(Debug, Default)]
pub(in crate::store) struct Locations {
    /// Locations that were deleted and not replaced, since they were last entered into the ledger.
    removed: usize,
}

/// Locations of a second: those of a workout and of all that are merged with it, except one.
const OTHERS_IN_SECOND: &str = "SELECT 1 FROM route_points WHERE person_id = ?1
    AND workout IN (SELECT ?2 UNION ALL SELECT derived FROM workout_aliases WHERE person_id = ?1 AND uuid = ?2 AND derived <> ?3)
    AND time_ms >= ?4 AND time_ms < ?4 + 1000 LIMIT 1";

const DELETE_MERGED_IN_SECOND: &str = "DELETE FROM route_points WHERE person_id = ?1
    AND workout IN (SELECT derived FROM workout_aliases WHERE person_id = ?1 AND uuid = ?2) AND time_ms >= ?3 AND time_ms < ?3 + 1000";

/// For two that both brought locations before it was known that they are one workout.
const DELETE_MERGED: &str = "DELETE FROM route_points AS r WHERE person_id = ?1 AND workout = ?2 AND EXISTS (
      SELECT 1 FROM route_points a WHERE a.person_id = ?1 AND a.workout = ?3
      AND a.time_ms BETWEEN r.time_ms - r.time_ms % 1000 AND r.time_ms - r.time_ms % 1000 + 999)";

const OF_ROUTE: &str = "SELECT time_ms, latitude, longitude, ordinal FROM route_points
    WHERE person_id = ?1 AND workout = ?2 AND route = ?3 AND (time_ms, latitude, longitude, ordinal) > (?4, ?5, ?6, ?7) LIMIT ?8";

const HAS_ROUTE: &str = "SELECT 1 FROM workout_routes WHERE person_id = ?1 AND workout = ?2
    UNION ALL SELECT 1 FROM route_points WHERE person_id = ?1 AND workout = ?2 LIMIT 1";

const MOVE_ALL: &str = "UPDATE OR IGNORE route_points
    SET workout = ?3, route = ?4, ordinal = ordinal % (1 << 32) + (?4 << 32) WHERE person_id = ?1 AND workout = ?2";

const DELETE: &str = "DELETE FROM route_points
    WHERE person_id = ?1 AND workout = ?2 AND time_ms = ?3 AND latitude = ?4 AND longitude = ?5 AND ordinal = ?6";

impl Locations {
    /// Finds out where a location is stored.
    pub(in crate::store) fn place(
        &mut self,
        connection: &Connection,
        person: i64,
        import: &mut WorkoutUpload,
        location: &Location,
    ) -> rusqlite::Result<Place> {
        let brought = (location.workout, location.route);
        if let Some(route) = &mut import.route
            && route.brought == brought
        {
            return Ok(route.next(location));
        }
        let workout = stored_as(connection, person, &location.workout)?;
        Ok(import.route.insert(Route::begin(brought, workout)).next(location))
    }

    /// Whether another exporter brought a location in the second of an import's location.
    pub(in crate::store) fn has_others(
        &mut self,
        connection: &Connection,
        person: i64,
        import: &mut WorkoutUpload,
        time_ms: i64,
    ) -> rusqlite::Result<bool> {
        let Some((workout, Others::KeptAs(kept))) = others(connection, person, import)? else {
            return Ok(false);
        };
        let second = time_ms.div_euclid(1000) * 1000;
        let keys = params![person, &kept[..], &workout[..], second];
        connection.prepare_cached(OTHERS_IN_SECOND)?.exists(keys)
    }

    /// Deletes other exporters' locations in the second of a new one. Returns whether there were any.
    pub(in crate::store) fn replace_others(
        &mut self,
        connection: &Connection,
        person: i64,
        import: &mut WorkoutUpload,
        time_ms: i64,
    ) -> rusqlite::Result<bool> {
        let Some((workout, Others::Merged)) = others(connection, person, import)? else {
            return Ok(false);
        };
        let second = time_ms.div_euclid(1000) * 1000;
        let deleted =
            connection.prepare_cached(DELETE_MERGED_IN_SECOND)?.execute(params![person, &workout[..], second])?;
        // The new location replaces one of them.
        self.removed += deleted.saturating_sub(1);
        Ok(deleted > 0)
    }

    /// Deletes locations of a derived workout in seconds in which the workout that it is has others.
    pub(in crate::store) fn join(
        &mut self,
        connection: &Connection,
        person: i64,
        derived: &Uuid,
        kept: &Uuid,
    ) -> rusqlite::Result<()> {
        let mut delete = connection.prepare_cached(DELETE_MERGED)?;
        self.removed += delete.execute(params![person, &derived[..], &kept[..]])?;
        Ok(())
    }

    /// Moves locations that came under a new identity to the identity under which the workout is stored.
    pub(super) fn rename(
        &mut self,
        connection: &Connection,
        person: i64,
        new: &Uuid,
        stored: &Uuid,
    ) -> rusqlite::Result<()> {
        self.join(connection, person, stored, new)?;
        for table in ["route_points", "route_files"] {
            let sql = format!("UPDATE {table} SET workout = ?3 WHERE person_id = ?1 AND workout = ?2");
            connection.prepare_cached(&sql)?.execute(params![person, &new[..], &stored[..]])?;
        }
        Ok(())
    }

    /// Moves all locations of a workout to a route of another one. Those that this has stay once.
    pub(super) fn move_all(
        &mut self,
        connection: &Connection,
        person: i64,
        from: &Uuid,
        (workout, number): (&Uuid, u32),
    ) -> rusqlite::Result<()> {
        let keys = params![person, &from[..], &workout[..], number];
        connection.prepare_cached(MOVE_ALL)?.execute(keys)?;
        let sql = "DELETE FROM route_points WHERE person_id = ?1 AND workout = ?2";
        self.removed += connection.prepare_cached(sql)?.execute(params![person, &from[..]])?;
        Ok(())
    }

    /// At the end of a file that is a whole route, deletes what an earlier file had of the route beyond it.
    pub(super) fn end_route(&mut self, connection: &Connection, person: i64, route: &Route) -> rusqlite::Result<()> {
        if !route.is_counted() {
            return Ok(());
        }
        let mut last = (i64::MIN, 0.0, 0.0, 0);
        loop {
            let found = of_route(connection, person, route, last)?;
            let Some(next) = found.last() else {
                return Ok(());
            };
            last = *next;
            for key in found.into_iter().filter(|key| !route.has_brought(*key)) {
                let (time_ms, latitude, longitude, ordinal) = key;
                let keys = params![person, &route.workout[..], time_ms, latitude, longitude, ordinal];
                self.removed += connection.prepare_cached(DELETE)?.execute(keys)?;
            }
        }
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
}

/// The next stored locations of a route, as many as a batch has.
fn of_route(
    connection: &Connection,
    person: i64,
    route: &Route,
    after: LocationKey,
) -> rusqlite::Result<Vec<LocationKey>> {
    let mut select = connection.prepare_cached(OF_ROUTE)?;
    let (time_ms, latitude, longitude, ordinal) = after;
    let number = route.number;
    let rows = signed(BATCH_ROWS_MAX as u64);
    let keys = params![person, &route.workout[..], number, time_ms, latitude, longitude, ordinal, rows];
    select.query_map(keys, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?.collect()
}

/// The identity under which the locations of the route under way are stored, and other exporters' rows of its workout.
fn others(
    connection: &Connection,
    person: i64,
    import: &mut WorkoutUpload,
) -> rusqlite::Result<Option<(Uuid, Others)>> {
    let Some(route) = &mut import.route else {
        return Ok(None);
    };
    if let Some(others) = route.others {
        return Ok(Some((route.workout, others)));
    }
    let others = match alias(connection, person, &route.workout)? {
        Some(kept) => Others::KeptAs(kept),
        None => {
            let sql = "SELECT 1 FROM workout_aliases WHERE person_id = ?1 AND uuid = ?2";
            let is_merged = connection.prepare_cached(sql)?.exists(params![person, &route.workout[..]])?;
            if is_merged { Others::Merged } else { Others::Nobody }
        }
    };
    route.others = Some(others);
    Ok(Some((route.workout, others)))
}

/// Whether an exporter has brought locations of a workout, also if another's are stored instead.
pub(super) fn has_route(connection: &Connection, person: i64, workout: &Uuid) -> rusqlite::Result<bool> {
    connection.prepare_cached(HAS_ROUTE)?.exists(params![person, &workout[..]])
}

/// The identity under which a derived workout is kept.
pub(super) fn alias(connection: &Connection, person: i64, derived: &Uuid) -> rusqlite::Result<Option<Uuid>> {
    if !is_derived(derived) {
        return Ok(None);
    }
    connection
        .prepare_cached("SELECT uuid FROM workout_aliases WHERE person_id = ?1 AND derived = ?2")?
        .query_row(params![person, &derived[..]], |row| row.get(0))
        .optional()
}

/// The identity that a derived workout had at its first import.
pub(super) fn stored_as(connection: &Connection, person: i64, identity: &Uuid) -> rusqlite::Result<Uuid> {
    if !is_derived(identity) {
        return Ok(*identity);
    }
    let stored = connection
        .prepare_cached("SELECT workout FROM workout_identities WHERE person_id = ?1 AND identity = ?2")?
        .query_row(params![person, &identity[..]], |row| row.get(0))
        .optional()?;
    Ok(stored.unwrap_or(*identity))
}
