//! Routes that come without their workouts: a file of a route by itself, in another part of an export, or beside an `export.xml`
//! that does not refer to it.
//!
//! Such a route has a derived identity by itself. It becomes a workout's route once a workout refers to a file with its name. It
//! also does once another exporter's route of a workout has a location in common. The order in which they come does not count.

use rusqlite::{Connection, OptionalExtension, params};

use super::locations::{alias, stored_as};
use super::pairs::has_location;
use super::route_under_way::{Form, Location, Route};
use super::uploads::WorkoutUpload;
use super::workouts::Workouts;
use crate::model::exporter::Exporter;
use crate::model::identity::{derive, digest, is_derived};
use crate::model::limits::{ROUTE_COMPARED_MAX, WORKOUT_MATCHES_MAX};
use crate::model::record::Uuid;
use crate::model::route::{FileName, RouteEvent, RouteMark};
use crate::store::write::ledger::signed;

/// How far the first locations of two files with one name may be apart, if they are one route. Also how far from its workout a
/// route may begin.
const APART_S: i64 = 15 * 60;

/// How long before a location its workout may have begun.
const WORKOUT_S: i64 = 24 * 60 * 60;

/// How long before or behind a route, or its workout, a file of its name may begin that replaces it.
const NEAR_S: i64 = 60;

/// The files of this name, the one whose first location is the nearest first.
const KNOWN: &str = "SELECT start_s, workout, route FROM route_files
    WHERE person_id = ?1 AND file = ?2 AND start_s BETWEEN ?3 AND ?4 ORDER BY abs(start_s - ?5) LIMIT ?6";

/// The seconds of the first and the last location of a route.
const RANGE: &str = "SELECT min(time_ms) / 1000, max(time_ms) / 1000 FROM route_points
    WHERE person_id = ?1 AND workout = ?2 AND route = ?3";

const ADD: &str = "INSERT INTO route_files (person_id, file, start_s, workout, route) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO UPDATE SET workout = excluded.workout, route = excluded.route";

/// Routes without a workout that begin within a time.
const LONE: &str = "SELECT workout FROM route_files f WHERE person_id = ?1 AND start_s BETWEEN ?2 AND ?3
    AND NOT EXISTS (SELECT 1 FROM workouts w WHERE w.person_id = f.person_id AND w.uuid = f.workout)
    AND NOT EXISTS (SELECT 1 FROM workout_aliases a WHERE a.person_id = f.person_id AND a.derived = f.workout)
    ORDER BY start_s LIMIT ?4";

/// Workouts with locations that had begun at a time and had not ended, the last one first.
const AROUND: &str = "SELECT uuid FROM (SELECT uuid, start_ms, end_ms FROM workouts
      WHERE person_id = ?1 AND start_ms < (?2 + ?3) * 1000 AND start_ms >= (?2 - ?4) * 1000 ORDER BY start_ms DESC LIMIT ?5) w
    WHERE coalesce(end_ms, start_ms) >= (?2 - ?3) * 1000 AND (
      EXISTS (SELECT 1 FROM route_points r WHERE r.person_id = ?1 AND r.workout = w.uuid)
      OR EXISTS (SELECT 1 FROM workout_aliases a JOIN route_points r ON r.person_id = ?1 AND r.workout = a.derived
        WHERE a.person_id = ?1 AND a.uuid = w.uuid))";

const TIMES: &str =
    "SELECT start_ms / 1000, coalesce(end_ms, start_ms) / 1000 FROM workouts WHERE person_id = ?1 AND uuid = ?2";

const LOCATIONS: &str =
    "SELECT time_ms, latitude, longitude FROM route_points WHERE person_id = ?1 AND workout = ?2 LIMIT ?3";

/// The number of the route that has a location, or else one that no route of the workout has.
const NUMBER: &str = "SELECT coalesce(
      (SELECT route FROM route_points WHERE person_id = ?1 AND workout = ?2 AND time_ms >= ?3 AND time_ms < ?3 + 1000
       ORDER BY abs(latitude - ?4) + abs(longitude - ?5) LIMIT 1),
      (SELECT max(route) + 1 FROM route_points WHERE person_id = ?1 AND workout = ?2), 0)";

/// Lets two routes of a workout change their numbers.
const EXCHANGE_FILES: &str =
    "UPDATE route_files SET route = ?3 + ?4 - route WHERE person_id = ?1 AND workout = ?2 AND route IN (?3, ?4)";

const EXCHANGE_POINTS: &str = "UPDATE OR IGNORE route_points SET route = ?3 + ?4 - route,
      ordinal = ordinal % (1 << 32) + ((?3 + ?4 - route) << 32)
    WHERE person_id = ?1 AND workout = ?2 AND route IN (?3, ?4)";

/// A file that was brought before, or referred to.
#[derive(Clone, Copy)]
struct Known {
    start_s: i64,
    workout: Uuid,
    number: u32,
}

impl Workouts {
    /// Begins or ends a file that is a whole route, or notes that a workout refers to one that is missing.
    pub(in crate::store) fn mark_route(
        &mut self,
        connection: &Connection,
        person: i64,
        import: &mut WorkoutUpload,
        mark: &RouteMark,
    ) -> rusqlite::Result<()> {
        let brought = (mark.workout, mark.route);
        let workout = || stored_as(connection, person, &mark.workout);
        match mark.event {
            RouteEvent::Begins(file) => import.route = Some(Route::begin_whole(brought, workout()?, file)),
            RouteEvent::Continues => {
                if let Some(route) = import.route.as_mut().filter(|route| route.brought == brought) {
                    route.begin_track();
                }
            }
            RouteEvent::Ends => {
                if let Some(route) = import.route.take_if(|route| route.brought == brought) {
                    self.locations.end_route(connection, person, &route)?;
                }
            }
            RouteEvent::Refers(file) => {
                let workout = workout()?;
                if let Some((start_s, end_s)) = times(connection, person, &workout)? {
                    let within = (start_s - APART_S, end_s + APART_S);
                    let known = known(connection, person, &file, within, start_s)?.first().copied();
                    self.refer(connection, person, import, (&file, start_s), known, (workout, mark.route))?;
                }
            }
        }
        Ok(())
    }

    /// Finds out which route the next location belongs to: it is begun before its first location.
    pub(in crate::store) fn find_route(
        &mut self,
        connection: &Connection,
        person: i64,
        import: &mut WorkoutUpload,
        location: &Location,
    ) -> rusqlite::Result<()> {
        let brought = (location.workout, location.route);
        if import.route.as_ref().is_none_or(|route| route.brought != brought) {
            let workout = stored_as(connection, person, &location.workout)?;
            import.route = Some(Route::begin(brought, workout));
        }
        let Some(route) = &mut import.route else {
            return Ok(());
        };
        if let Some(file) = route.file.take() {
            let start_s = location.time_ms.div_euclid(1000);
            let target = (route.workout, route.number);
            let known = known_by_start(connection, person, &file.name, start_s)?;
            if file.has_workout {
                self.refer(connection, person, import, (&file.name, start_s), known, target)?;
            } else if let Some(known) = known {
                route.move_to(known.workout, known.number);
            } else {
                let lone = derive(&digest(&[b"route", &file.name, &start_s.to_le_bytes()]));
                add(connection, person, (&file.name, start_s), (&lone, 0))?;
                route.move_to(lone, 0);
            }
        }
        self.compare_forms(connection, person, import, location)
    }

    /// Notes that a file is a route of a workout, and moves there what it brought without one.
    fn refer(
        &mut self,
        connection: &Connection,
        person: i64,
        import: &mut WorkoutUpload,
        (file, start_s): (&FileName, i64),
        known: Option<Known>,
        (workout, number): (Uuid, u32),
    ) -> rusqlite::Result<()> {
        match known {
            Some(known) if known.workout == workout => {
                if known.number != number {
                    let keys = params![person, &workout[..], known.number, number];
                    connection.prepare_cached(EXCHANGE_POINTS)?.execute(keys)?;
                    connection.prepare_cached(EXCHANGE_FILES)?.execute(keys)?;
                }
                Ok(())
            }
            Some(known) if is_lone(connection, person, &known.workout)? => {
                self.adopt(connection, person, import, &known.workout, (workout, number))
            }
            // Another workout keeps its file of this name.
            _ => add(connection, person, (file, start_s), (&workout, number)),
        }
    }

    /// Compares the next location of the route under way with what may be the same route.
    fn compare_forms(
        &mut self,
        connection: &Connection,
        person: i64,
        import: &mut WorkoutUpload,
        location: &Location,
    ) -> rusqlite::Result<()> {
        let Some(route) = &mut import.route else {
            return Ok(());
        };
        let forms = match &mut route.forms {
            Some(forms) if forms.is_empty() => return Ok(()),
            Some(forms) => forms,
            None => route.forms.insert(forms(connection, person, &route.workout, location.time_ms.div_euclid(1000))?),
        };
        route.compared_forms += 1;
        if route.compared_forms > ROUTE_COMPARED_MAX {
            forms.clear();
        }
        let (forms, workout, number) = (forms.clone(), route.workout, route.number);
        let place = (location.time_ms, location.latitude, location.longitude);
        let is_lone = !forms.is_empty() && is_lone(connection, person, &workout)?;
        for form in forms {
            let is_same = match form {
                Form::Lone(lone) if is_lone => {
                    has_location(connection, person, &lone, place)?
                        && self.adopt(connection, person, import, &workout, (lone, 0)).map(|()| true)?
                }
                Form::Lone(lone) => {
                    has_location(connection, person, &lone, place)?
                        && self
                            .give(connection, person, import, &lone, (&workout, Some(number)), place)
                            .map(|()| true)?
                }
                Form::Around(kept) => {
                    self.has_member(connection, person, &kept, place)?
                        && self.give(connection, person, import, &workout, (&kept, None), place).map(|()| true)?
                }
            };
            if is_same {
                if let Some(route) = &mut import.route {
                    route.forms = Some(Vec::new());
                }
                return Ok(());
            }
        }
        Ok(())
    }

    /// Finds stored routes without a workout that are a workout's, of which another exporter brought the locations before.
    pub(in crate::store) fn find_lone_routes(
        &mut self,
        connection: &Connection,
        person: i64,
        import: &mut WorkoutUpload,
        identity: &Uuid,
    ) -> rusqlite::Result<()> {
        let workout = stored_as(connection, person, identity)?;
        let Some((start_s, end_s)) = times(connection, person, &workout)? else {
            return Ok(());
        };
        for lone in lone_within(connection, person, start_s - APART_S, end_s + APART_S)? {
            let mut select = connection.prepare_cached(LOCATIONS)?;
            let mut rows = select.query(params![person, &lone[..], ROUTE_COMPARED_MAX])?;
            while let Some(row) = rows.next()? {
                let place = (row.get(0)?, row.get(1)?, row.get(2)?);
                let kept = alias(connection, person, &workout)?.unwrap_or(workout);
                if self.has_member(connection, person, &kept, place)? {
                    drop(rows);
                    self.give(connection, person, import, &lone, (&workout, None), place)?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether an exporter has brought a location for a stored workout.
    fn has_member(
        &mut self,
        connection: &Connection,
        person: i64,
        kept: &Uuid,
        place: (i64, f64, f64),
    ) -> rusqlite::Result<bool> {
        for member in self.members(connection, person, kept)? {
            if has_location(connection, person, &member.uuid, place)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Gives a route without a workout to a workout with which it has a location in common. Apple's export is the only exporter
    /// with files of routes: the route goes to its form of the workout, or becomes that.
    fn give(
        &mut self,
        connection: &Connection,
        person: i64,
        import: &mut WorkoutUpload,
        lone: &Uuid,
        (workout, number): (&Uuid, Option<u32>),
        (time_ms, latitude, longitude): (i64, f64, f64),
    ) -> rusqlite::Result<()> {
        let kept = alias(connection, person, workout)?.unwrap_or(*workout);
        let members = self.members(connection, person, &kept)?;
        let Some(apple) = members.iter().find(|member| member.exporter == Exporter::AppleExport) else {
            let sql = "INSERT INTO workout_aliases (person_id, derived, uuid) VALUES (?1, ?2, ?3)";
            connection.prepare_cached(sql)?.execute(params![person, &lone[..], &kept[..]])?;
            self.join_members(connection, person, &kept, lone)?;
            self.forget_others(import);
            return Ok(());
        };
        let number = match number.filter(|_| apple.uuid == *workout) {
            Some(number) => number,
            None => {
                let second = time_ms.div_euclid(1000) * 1000;
                let keys = params![person, &apple.uuid[..], second, latitude, longitude];
                connection.prepare_cached(NUMBER)?.query_row(keys, |row| row.get(0))?
            }
        };
        self.adopt(connection, person, import, lone, (apple.uuid, number))
    }

    /// Makes a route without a workout the route of one, or of another route without one.
    fn adopt(
        &mut self,
        connection: &Connection,
        person: i64,
        import: &mut WorkoutUpload,
        lone: &Uuid,
        (workout, number): (Uuid, u32),
    ) -> rusqlite::Result<()> {
        self.locations.move_all(connection, person, lone, (&workout, number))?;
        let sql = "UPDATE route_files SET workout = ?3, route = ?4 WHERE person_id = ?1 AND workout = ?2";
        connection.prepare_cached(sql)?.execute(params![person, &lone[..], &workout[..], number])?;
        let sql = "UPDATE OR REPLACE workout_routes SET workout = ?3 WHERE person_id = ?1 AND workout = ?2";
        connection.prepare_cached(sql)?.execute(params![person, &lone[..], &workout[..]])?;
        let kept = alias(connection, person, &workout)?.unwrap_or(workout);
        self.join_members(connection, person, &kept, &workout)?;
        import.move_route(lone, (workout, number));
        self.imports.move_routes(lone, (workout, number));
        self.forget_others(import);
        Ok(())
    }
}

/// What may be the route of a workout, or a route without one, whose next location is of a second.
fn forms(connection: &Connection, person: i64, workout: &Uuid, second: i64) -> rusqlite::Result<Vec<Form>> {
    if !is_lone(connection, person, workout)? {
        let Some((start_s, end_s)) = times(connection, person, workout)? else {
            return Ok(Vec::new());
        };
        let lone = lone_within(connection, person, start_s - APART_S, end_s + APART_S)?;
        return Ok(lone.into_iter().map(Form::Lone).collect());
    }
    let lone = lone_within(connection, person, second, second)?;
    let mut forms: Vec<Form> = lone.into_iter().filter(|lone| lone != workout).map(Form::Lone).collect();
    let mut select = connection.prepare_cached(AROUND)?;
    let keys = params![person, second, APART_S, WORKOUT_S, signed(WORKOUT_MATCHES_MAX as u64)];
    let around: rusqlite::Result<Vec<Uuid>> = select.query_map(keys, |row| row.get(0))?.collect();
    forms.extend(around?.into_iter().map(Form::Around));
    Ok(forms)
}

/// The seconds in which the row of a workout starts and ends.
fn times(connection: &Connection, person: i64, workout: &Uuid) -> rusqlite::Result<Option<(i64, i64)>> {
    let kept = alias(connection, person, workout)?.unwrap_or(*workout);
    let mut select = connection.prepare_cached(TIMES)?;
    select.query_row(params![person, &kept[..]], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

fn lone_within(connection: &Connection, person: i64, from_s: i64, to_s: i64) -> rusqlite::Result<Vec<Uuid>> {
    let mut select = connection.prepare_cached(LONE)?;
    let keys = params![person, from_s, to_s, signed(WORKOUT_MATCHES_MAX as u64)];
    select.query_map(keys, |row| row.get(0))?.collect()
}

/// Whether an identity is that of a route without a workout.
fn is_lone(connection: &Connection, person: i64, workout: &Uuid) -> rusqlite::Result<bool> {
    Ok(is_derived(workout) && times(connection, person, workout)?.is_none())
}

/// The file with a name that is the one which begins in this second.
fn known_by_start(
    connection: &Connection,
    person: i64,
    file: &FileName,
    start_s: i64,
) -> rusqlite::Result<Option<Known>> {
    for nearest in known(connection, person, file, (start_s - APART_S, start_s + APART_S), start_s)? {
        if may_begin_at(connection, person, &nearest, start_s)? {
            return Ok(Some(nearest));
        }
    }
    // A workout that refers to it may have begun long before.
    for known in known(connection, person, file, (start_s - WORKOUT_S, start_s - APART_S - 1), start_s)? {
        let times = times(connection, person, &known.workout)?;
        if times.is_some_and(|(_, end_s)| start_s <= end_s + APART_S)
            && may_begin_at(connection, person, &known, start_s)?
        {
            return Ok(Some(known));
        }
    }
    Ok(None)
}

/// Whether a known file may be the one that begins in a second. Names come again, so one that does not begin around the
/// locations that are stored, or while its workout lasts, is another file.
fn may_begin_at(connection: &Connection, person: i64, known: &Known, second: i64) -> rusqlite::Result<bool> {
    if known.start_s == second {
        return Ok(true);
    }
    let mut select = connection.prepare_cached(RANGE)?;
    let keys = params![person, &known.workout[..], known.number];
    let range: (Option<i64>, Option<i64>) = select.query_row(keys, |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (Some(first), Some(last)) = range else {
        // Its file is awaited, or another exporter's locations are stored instead.
        return Ok(true);
    };
    let is_within = |(from_s, to_s)| (from_s - NEAR_S..=to_s + NEAR_S).contains(&second);
    Ok(is_within((first, last)) || times(connection, person, &known.workout)?.is_some_and(is_within))
}

/// The files with a name and a first location within these seconds, the nearest to a second first.
fn known(
    connection: &Connection,
    person: i64,
    file: &FileName,
    (from_s, to_s): (i64, i64),
    second: i64,
) -> rusqlite::Result<Vec<Known>> {
    let mut select = connection.prepare_cached(KNOWN)?;
    let keys = params![person, &file[..], from_s, to_s, second, signed(WORKOUT_MATCHES_MAX as u64)];
    let found: rusqlite::Result<Vec<Known>> = select
        .query_map(keys, |row| Ok(Known { start_s: row.get(0)?, workout: row.get(1)?, number: row.get(2)? }))?
        .collect();
    let stored = |known: Known| Ok(Known { workout: stored_as(connection, person, &known.workout)?, ..known });
    found?.into_iter().map(stored).collect()
}

fn add(
    connection: &Connection,
    person: i64,
    (file, start_s): (&FileName, i64),
    (workout, number): (&Uuid, u32),
) -> rusqlite::Result<()> {
    let keys = params![person, &file[..], start_s, &workout[..], number];
    connection.prepare_cached(ADD)?.execute(keys).map(|_| ())
}
