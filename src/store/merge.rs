//! One record that came both ways is one: from the app with HealthKit's identity, from an export with a derived one.
//!
//! The app's row stays or takes the other's place. A match is same person, type and source, start and end in the same
//! seconds, and the same value. Types that came one way only, which is the rule, cost one look into a small map.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use rusqlite::{Connection, OptionalExtension, params};

use super::conversion;
use crate::counts::Outcome;
use crate::identity::is_derived;
use crate::limits::{ABSORBED_MAX, DICTIONARY_ENTRIES_MAX};
use crate::record::{Uuid, Workout};

/// What a sample is recognized by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Twin {
    pub(super) kind: i64,
    pub(super) start_ms: i64,
    pub(super) end_ms: Option<i64>,
    pub(super) value: Option<f64>,
    pub(super) unit: Option<i64>,
    pub(super) source: Option<i64>,
}

/// Which identities a type's samples have.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Origins {
    pub(super) app: bool,
    pub(super) derived: bool,
}

/// What is remembered between rows; all of it can be read from the database again.
#[derive(Debug, Default)]
pub(super) struct Merge {
    data_version: i64,
    origins: HashMap<(i64, i64), Origins, RandomState>,
    last: Option<((i64, i64), Origins)>,
    source_names: HashMap<i64, Box<str>, RandomState>,
    unit_names: HashMap<i64, Box<str>, RandomState>,
    import: Import,
    /// The workout of the last location, and whether its locations are merged.
    route: Option<(Uuid, bool)>,
}

/// The import under way.
#[derive(Debug, Default)]
struct Import {
    upload: i64,
    /// Types that had no derived sample before it: one that is found is of this import.
    fresh: HashSet<(i64, i64), RandomState>,
    /// The app's samples that a derived one was matched with, the last ones of them: each takes one.
    absorbed: HashSet<Uuid, RandomState>,
    absorbed_before: HashSet<Uuid, RandomState>,
}

impl Merge {
    /// A transaction begins: what another process has written meanwhile must not be overlooked.
    pub(super) fn begin(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let version = connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if version != self.data_version {
            self.data_version = version;
            self.origins.clear();
            self.last = None;
            self.route = None;
        }
        Ok(())
    }

    /// An import's rows follow.
    pub(super) fn enter(&mut self, upload: i64) {
        if self.import.upload != upload {
            self.import = Import { upload, ..Import::default() };
        }
    }

    /// Notes that a type has a sample of one kind of identity; returns what it had before.
    fn note(&mut self, connection: &Connection, person: i64, kind: i64, derived: bool) -> rusqlite::Result<Origins> {
        let key = (person, kind);
        let known = match self.last {
            Some((last, origins)) if last == key => origins,
            _ => match self.origins.get(&key) {
                Some(origins) => *origins,
                None => read_origins(connection, person, kind)?,
            },
        };
        let mut now = known;
        if derived {
            now.derived = true;
        } else {
            now.app = true;
        }
        if now != known {
            connection
                .prepare_cached("INSERT INTO sample_origins VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
                .execute(params![person, kind, derived])?;
        }
        if self.last != Some((key, now)) {
            self.origins.insert(key, now);
            self.last = Some((key, now));
        }
        Ok(known)
    }

    /// A sample of the app was not there before: does it take the place of a derived one?
    pub(super) fn app_sample(
        &mut self,
        connection: &Connection,
        person: i64,
        sample: &Twin,
    ) -> rusqlite::Result<Outcome> {
        if !self.note(connection, person, sample.kind, false)?.derived {
            return Ok(Outcome::New);
        }
        let Some((start_ms, uuid)) = self.find(connection, person, sample, true)? else {
            return Ok(Outcome::New);
        };
        connection
            .prepare_cached(
                "DELETE FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4",
            )?
            .execute(params![person, sample.kind, start_ms, &uuid[..]])?;
        Ok(Outcome::Merged)
    }

    /// A derived sample comes: returns whether the app has sent samples of its type, and whether this import is the first
    /// to bring derived ones.
    pub(super) fn derived_sample(
        &mut self,
        connection: &Connection,
        person: i64,
        kind: i64,
    ) -> rusqlite::Result<(bool, bool)> {
        let known = self.note(connection, person, kind, true)?;
        if !known.derived {
            self.import.fresh.insert((person, kind));
        }
        Ok((known.app, self.import.fresh.contains(&(person, kind))))
    }

    /// Whether the app has sent this derived sample, and no other of this import was that one.
    pub(super) fn is_absorbed(
        &mut self,
        connection: &Connection,
        person: i64,
        sample: &Twin,
    ) -> rusqlite::Result<bool> {
        let Some((_, uuid)) = self.find(connection, person, sample, false)? else {
            return Ok(false);
        };
        let import = &mut self.import;
        if import.absorbed.len() >= ABSORBED_MAX {
            import.absorbed_before = std::mem::take(&mut import.absorbed);
        }
        import.absorbed.insert(uuid);
        Ok(true)
    }

    /// A sample with the other kind of identity that is the same as this one.
    fn find(
        &mut self,
        connection: &Connection,
        person: i64,
        sample: &Twin,
        wants_derived: bool,
    ) -> rusqlite::Result<Option<(i64, Uuid)>> {
        let second = sample.start_ms.div_euclid(1000);
        let end_second = sample.end_ms.map(|end| end.div_euclid(1000));
        let mut select = connection.prepare_cached(
            "SELECT start_ms, uuid, end_ms, value, unit_id, source_id FROM samples
            WHERE person_id = ?1 AND type_id = ?2 AND start_ms >= ?3 AND start_ms < ?3 + 1000",
        )?;
        let mut rows = select.query(params![person, sample.kind, second * 1000])?;
        while let Some(row) = rows.next()? {
            let uuid: Uuid = row.get(1)?;
            let end: Option<i64> = row.get(2)?;
            if is_derived(&uuid) != wants_derived || end.map(|end| end.div_euclid(1000)) != end_second {
                continue;
            }
            if self.import.absorbed.contains(&uuid) || self.import.absorbed_before.contains(&uuid) {
                continue;
            }
            let found = (row.get(3)?, row.get(4)?);
            let own = (sample.value, sample.unit);
            let (app, derived) = if wants_derived { (own, found) } else { (found, own) };
            if self.is_same_value(connection, app, derived)?
                && self.is_same_source(connection, sample.source, row.get(5)?)?
            {
                return Ok(Some((row.get(0)?, uuid)));
            }
        }
        Ok(None)
    }

    fn is_same_value(
        &mut self,
        connection: &Connection,
        app: (Option<f64>, Option<i64>),
        derived: (Option<f64>, Option<i64>),
    ) -> rusqlite::Result<bool> {
        if app.1 == derived.1 {
            return Ok(conversion::is_same(app.0, None, derived.0, None));
        }
        let sql = "SELECT name FROM units WHERE id = ?1";
        for unit in [app.1, derived.1].into_iter().flatten() {
            remember(&mut self.unit_names, connection, sql, unit)?;
        }
        let name = |unit: Option<i64>| unit.and_then(|unit| self.unit_names.get(&unit)).map(AsRef::as_ref);
        Ok(conversion::is_same(app.0, name(app.1), derived.0, name(derived.1)))
    }

    fn is_same_source(
        &mut self,
        connection: &Connection,
        one: Option<i64>,
        other: Option<i64>,
    ) -> rusqlite::Result<bool> {
        if one == other {
            return Ok(true);
        }
        let (Some(one), Some(other)) = (one, other) else {
            return Ok(false);
        };
        let sql = "SELECT coalesce(name, '') FROM sources WHERE id = ?1";
        for source in [one, other] {
            remember(&mut self.source_names, connection, sql, source)?;
        }
        Ok(self.source_names.get(&one) == self.source_names.get(&other))
    }

    /// Whether a workout of an import is one that the app has sent.
    pub(super) fn derived_workout(
        &mut self,
        connection: &Connection,
        person: i64,
        workout: &Workout,
    ) -> rusqlite::Result<bool> {
        if !is_derived(&workout.uuid) {
            return Ok(false);
        }
        if alias(connection, person, &workout.uuid)?.is_some() {
            return Ok(true);
        }
        let Some(app) = find_workout(connection, person, workout, false)? else {
            return Ok(false);
        };
        self.join_workouts(connection, person, &workout.uuid, &app)?;
        Ok(true)
    }

    /// A workout of the app was not there before: does it take the place of a derived one?
    pub(super) fn app_workout(
        &mut self,
        connection: &Connection,
        person: i64,
        workout: &Workout,
    ) -> rusqlite::Result<Outcome> {
        if is_derived(&workout.uuid) {
            return Ok(Outcome::New);
        }
        let Some(derived) = find_workout(connection, person, workout, true)? else {
            return Ok(Outcome::New);
        };
        connection
            .prepare_cached("DELETE FROM workouts WHERE person_id = ?1 AND uuid = ?2")?
            .execute(params![person, &derived[..]])?;
        self.join_workouts(connection, person, &derived, &workout.uuid)?;
        Ok(Outcome::Merged)
    }

    fn join_workouts(
        &mut self,
        connection: &Connection,
        person: i64,
        derived: &Uuid,
        app: &Uuid,
    ) -> rusqlite::Result<()> {
        connection
            .prepare_cached("INSERT INTO workout_aliases VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
            .execute(params![person, &derived[..], &app[..]])?;
        self.route = None;
        if has_points(connection, person, app)? {
            delete_points(connection, person, derived)?;
        }
        Ok(())
    }

    /// A location comes: is it of a route that the app has sent? One of the app's puts an import's route out of the way.
    pub(super) fn is_point_merged(
        &mut self,
        connection: &Connection,
        person: i64,
        workout: &Uuid,
    ) -> rusqlite::Result<bool> {
        if let Some((last, is_merged)) = self.route
            && last == *workout
        {
            return Ok(is_merged);
        }
        let mut is_merged = false;
        if is_derived(workout) {
            if let Some(app) = alias(connection, person, workout)? {
                is_merged = has_points(connection, person, &app)?;
            }
        } else {
            let mut select =
                connection.prepare_cached("SELECT derived FROM workout_aliases WHERE person_id = ?1 AND uuid = ?2")?;
            for derived in select.query_map(params![person, &workout[..]], |row| row.get::<_, Uuid>(0))? {
                delete_points(connection, person, &derived?)?;
            }
        }
        self.route = Some((*workout, is_merged));
        Ok(is_merged)
    }
}

fn read_origins(connection: &Connection, person: i64, kind: i64) -> rusqlite::Result<Origins> {
    let mut select =
        connection.prepare_cached("SELECT is_derived FROM sample_origins WHERE person_id = ?1 AND type_id = ?2")?;
    let mut origins = Origins::default();
    for is_derived in select.query_map(params![person, kind], |row| row.get(0))? {
        if is_derived? {
            origins.derived = true;
        } else {
            origins.app = true;
        }
    }
    Ok(origins)
}

/// Puts the name of an id into the map, which starts anew once it is full.
fn remember(
    names: &mut HashMap<i64, Box<str>, RandomState>,
    connection: &Connection,
    sql: &str,
    id: i64,
) -> rusqlite::Result<()> {
    if names.contains_key(&id) {
        return Ok(());
    }
    let name: String = connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
    // Two of them are compared with each other: the one that was just put in must outlast the next.
    if names.len() >= DICTIONARY_ENTRIES_MAX {
        let first = names.keys().next().copied();
        names.retain(|other, _| Some(*other) != first);
    }
    names.insert(id, name.into());
    Ok(())
}

fn alias(connection: &Connection, person: i64, derived: &Uuid) -> rusqlite::Result<Option<Uuid>> {
    connection
        .prepare_cached("SELECT uuid FROM workout_aliases WHERE person_id = ?1 AND derived = ?2")?
        .query_row(params![person, &derived[..]], |row| row.get(0))
        .optional()
}

/// A workout of the same activity, start and end with the other kind of identity, which has no counterpart yet.
fn find_workout(
    connection: &Connection,
    person: i64,
    workout: &Workout,
    wants_derived: bool,
) -> rusqlite::Result<Option<Uuid>> {
    let mut select = connection.prepare_cached(
        "SELECT uuid, end_ms FROM workouts w WHERE person_id = ?1 AND start_ms >= ?2 AND start_ms < ?2 + 1000
        AND activity_type IS ?3
        AND NOT EXISTS (SELECT 1 FROM workout_aliases a WHERE a.person_id = w.person_id AND a.uuid = w.uuid)",
    )?;
    let second = workout.start_ms.div_euclid(1000) * 1000;
    let end_second = workout.end_ms.map(|end| end.div_euclid(1000));
    let mut rows = select.query(params![person, second, workout.activity_type])?;
    while let Some(row) = rows.next()? {
        let uuid: Uuid = row.get(0)?;
        let end: Option<i64> = row.get(1)?;
        if is_derived(&uuid) == wants_derived && end.map(|end| end.div_euclid(1000)) == end_second {
            return Ok(Some(uuid));
        }
    }
    Ok(None)
}

fn has_points(connection: &Connection, person: i64, workout: &Uuid) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM route_points WHERE person_id = ?1 AND workout = ?2 LIMIT 1")?
        .exists(params![person, &workout[..]])
}

fn delete_points(connection: &Connection, person: i64, workout: &Uuid) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM route_points WHERE person_id = ?1 AND workout = ?2")?
        .execute(params![person, &workout[..]])
        .map(|_| ())
}
