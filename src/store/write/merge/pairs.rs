//! Workouts that a route puts right. A watch's workout and an app's copy of it are equal in activity and times, so an import
//! may take the one for the other. Its route shows it: only one of them has the route.
//!
//! If a location arrives that another exporter has brought for an equal workout, while its own form of that has no route, the
//! two less preferred workouts change places. The points of the route are then stored once.

use rusqlite::{Connection, OptionalExtension, params};

use super::candidates::{aliases, of_group};
use super::locations::{alias, has_route, stored_as};
use super::route_under_way::{Location, Rival};
use super::uploads::{Group, WorkoutUpload};
use super::workouts::Workouts;
use crate::model::exporter::Exporter;
use crate::model::identity::is_derived;
use crate::model::limits::{ROUTE_COMPARED_MAX, SECOND_LOCATIONS_COMPARED_MAX};
use crate::model::record::Uuid;

/// About a meter: exporters print a place with different numbers of digits.
const SAME_PLACE_DEGREES: f64 = 0.000_01;

const GROUP: &str =
    "SELECT activity_type, start_ms / 1000, end_ms / 1000, source_id FROM workouts WHERE person_id = ?1 AND uuid = ?2";

const NOTE_ROUTE: &str = "INSERT INTO workout_routes (person_id, workout) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

const HAS_LOCATION: &str = "SELECT 1 FROM (SELECT latitude, longitude FROM route_points
      WHERE person_id = ?1 AND workout = ?2 AND time_ms >= ?3 AND time_ms < ?3 + 1000 LIMIT ?7)
    WHERE abs(latitude - ?4) < ?6 AND abs(longitude - ?5) < ?6 LIMIT 1";

const LOCATIONS: &str =
    "SELECT time_ms, latitude, longitude FROM route_points WHERE person_id = ?1 AND workout = ?2 LIMIT ?3";

const HAS_IDENTIFIER: &str = "SELECT 1 FROM (
      SELECT other FROM workouts WHERE person_id = ?1 AND uuid = ?2
      UNION ALL SELECT other FROM workout_aliases WHERE person_id = ?1 AND derived = ?2)
    WHERE length(replace(other ->> '$.id', '-', '')) = 32";

/// Makes a row of an alias, with the activity and the times of the row that takes its place.
const ALIAS_TO_ROW: &str =
    "INSERT INTO workouts (person_id, uuid, activity_type, start_ms, end_ms, duration_s, energy_kcal, distance,
      distance_unit, statistics, events, activities, metadata, source_id, creation_ms, other)
    SELECT a.person_id, a.derived, w.activity_type, w.start_ms, w.end_ms, a.duration_s, a.energy_kcal, a.distance,
      a.distance_unit, a.statistics, a.events, a.activities, a.metadata, a.source_id, a.creation_ms, a.other
    FROM workout_aliases a JOIN workouts w ON w.person_id = a.person_id AND w.uuid = ?3
    WHERE a.person_id = ?1 AND a.derived = ?2";

/// Gives the place of an alias to a row, whose details it takes.
const ROW_TO_ALIAS: &str = "UPDATE workout_aliases AS a SET derived = w.uuid, uuid = ?4, duration_s = w.duration_s,
      energy_kcal = w.energy_kcal, distance = w.distance, distance_unit = w.distance_unit, statistics = w.statistics,
      events = w.events, activities = w.activities, metadata = w.metadata, source_id = w.source_id, creation_ms = w.creation_ms,
      other = w.other
    FROM workouts w WHERE w.person_id = ?1 AND w.uuid = ?3 AND a.person_id = ?1 AND a.derived = ?2";

const HAS_IMPORTS: &str = "SELECT 1 FROM workout_aliases WHERE person_id = ?1
    UNION ALL SELECT 1 FROM workouts WHERE person_id = ?1 AND uuid >= x'6873' AND uuid < x'6874' LIMIT 1";

/// A stored workout, or what another exporter has of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) uuid: Uuid,
    pub(super) exporter: Exporter,
}

/// A row of `workouts` and its aliases, the row first.
pub(super) type Members = Vec<Member>;

impl Workouts {
    /// Looks where the route under way belongs, by its next location.
    pub(in crate::store) fn pair_by_route(
        &mut self,
        connection: &Connection,
        person: i64,
        import: &mut WorkoutUpload,
        location: &Location,
    ) -> rusqlite::Result<()> {
        loop {
            let Some(route) = &mut import.route else {
                return Ok(());
            };
            let workout = route.workout;
            if route.rivals.is_none() {
                if is_derived(&workout) {
                    connection.prepare_cached(NOTE_ROUTE)?.execute(params![person, &workout[..]])?;
                }
                route.rivals = Some(self.rivals(connection, person, &workout)?);
            }
            let Some(rivals) = route.rivals.as_mut().filter(|rivals| !rivals.is_empty()) else {
                return Ok(());
            };
            route.compared += 1;
            if route.compared > ROUTE_COMPARED_MAX {
                rivals.clear();
                return Ok(());
            }
            let place = (location.time_ms, location.latitude, location.longitude);
            let mut found = None;
            for rival in rivals.iter() {
                if found.is_none() && has_location(connection, person, &rival.found, place)? {
                    found = Some(*rival);
                }
            }
            let Some(rival) = found else {
                return Ok(());
            };
            if self.has_pair(connection, person, &workout, place)? {
                rivals.clear();
                return Ok(());
            }
            self.exchange(connection, person, import, &rival)?;
        }
    }

    /// Looks where a route belongs that came before its workout.
    pub(in crate::store) fn pair_by_stored_route(
        &mut self,
        connection: &Connection,
        person: i64,
        import: &mut WorkoutUpload,
        identity: &Uuid,
    ) -> rusqlite::Result<()> {
        let workout = stored_as(connection, person, identity)?;
        if !has_route(connection, person, &workout)? {
            return Ok(());
        }
        // There are not more exporters.
        for _ in 0..3 {
            let rivals = self.rivals(connection, person, &workout)?;
            if rivals.is_empty() {
                return Ok(());
            }
            let Some(rival) = self.rival_with_route(connection, person, &workout, &rivals)? else {
                return Ok(());
            };
            self.exchange(connection, person, import, &rival)?;
        }
        Ok(())
    }

    /// The rival that has one of the stored locations of a workout, which no other exporter has brought for that.
    fn rival_with_route(
        &mut self,
        connection: &Connection,
        person: i64,
        workout: &Uuid,
        rivals: &[Rival],
    ) -> rusqlite::Result<Option<Rival>> {
        let mut select = connection.prepare_cached(LOCATIONS)?;
        let mut rows = select.query(params![person, &workout[..], ROUTE_COMPARED_MAX])?;
        while let Some(row) = rows.next()? {
            let place = (row.get(0)?, row.get(1)?, row.get(2)?);
            for rival in rivals {
                if has_location(connection, person, &rival.found, place)? {
                    let is_paired = self.has_pair(connection, person, workout, place)?;
                    return Ok((!is_paired).then_some(*rival));
                }
            }
        }
        Ok(None)
    }

    /// Whether another exporter has brought a location for the same workout.
    fn has_pair(
        &mut self,
        connection: &Connection,
        person: i64,
        workout: &Uuid,
        place: (i64, f64, f64),
    ) -> rusqlite::Result<bool> {
        let kept = alias(connection, person, workout)?.unwrap_or(*workout);
        for other in self.members(connection, person, &kept)? {
            if other.uuid != *workout && has_location(connection, person, &other.uuid, place)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Equal workouts of other exporters that the route of a workout may belong to.
    fn rivals(&mut self, connection: &Connection, person: i64, workout: &Uuid) -> rusqlite::Result<Vec<Rival>> {
        let mut rivals = Vec::new();
        if !connection.prepare_cached(HAS_IMPORTS)?.exists([person])? {
            return Ok(rivals);
        }
        let kept = alias(connection, person, workout)?.unwrap_or(*workout);
        let group = connection.prepare_cached(GROUP)?.query_row(params![person, &kept[..]], |row| {
            let (activity_type, start_s, end_s) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Group { person, activity_type, start_s, end_s, is_derived: true })
        });
        let Some(group) = group.optional()? else {
            return Ok(rivals);
        };
        let mut rows = of_group(connection, &group, i64::MIN)?;
        rows.extend(of_group(connection, &Group { is_derived: false, ..group }, i64::MIN)?);
        if rows.iter().all(|row| row.1 == kept) {
            return Ok(rivals);
        }
        let own = self.members(connection, person, &kept)?;
        let Some(arriving) = own.iter().find(|member| member.uuid == *workout).copied() else {
            return Ok(rivals);
        };
        for row in rows.into_iter().filter(|row| row.1 != kept) {
            let others = self.members(connection, person, &row.1)?;
            for other in others.iter().filter(|other| other.exporter != arriving.exporter) {
                let ways = if other.exporter > arriving.exporter {
                    rival(connection, person, (*other, &others), (arriving, &own))?
                } else {
                    rival(connection, person, (arriving, &own), (*other, &others))?
                };
                rivals.extend(ways.map(|rival| Rival { found: other.uuid, ..rival }));
            }
        }
        Ok(rivals)
    }

    /// A stored workout and its aliases.
    pub(super) fn members(&mut self, connection: &Connection, person: i64, kept: &Uuid) -> rusqlite::Result<Members> {
        let source = connection.prepare_cached(GROUP)?.query_row(params![person, &kept[..]], |row| row.get(3));
        let row = source.optional()?.map(|source| (*kept, source));
        let mut members = Vec::new();
        for (uuid, source) in row.into_iter().chain(aliases(connection, person, kept)?) {
            let exporter = self.candidates.exporter(connection, &uuid, source)?;
            members.push(Member { uuid, exporter });
        }
        Ok(members)
    }

    /// Moves the less preferred of two workouts with one route to the other, and what was there instead to its place.
    fn exchange(
        &mut self,
        connection: &Connection,
        person: i64,
        import: &mut WorkoutUpload,
        rival: &Rival,
    ) -> rusqlite::Result<()> {
        let Rival { moved, from, to, instead, .. } = rival;
        let move_alias = |derived: &Uuid, kept: &Uuid| {
            let sql = "UPDATE workout_aliases SET uuid = ?3 WHERE person_id = ?1 AND derived = ?2";
            connection.prepare_cached(sql)?.execute(params![person, &derived[..], &kept[..]])
        };
        let claims = [import.has_claimed(from), import.has_claimed(to)];
        match instead {
            Some(instead) if moved == from => {
                connection.prepare_cached(ALIAS_TO_ROW)?.execute(params![person, &instead[..], &moved[..]])?;
                let keys = params![person, &instead[..], &moved[..], &to[..]];
                connection.prepare_cached(ROW_TO_ALIAS)?.execute(keys)?;
                let sql = "UPDATE workout_aliases SET uuid = ?2 WHERE person_id = ?1 AND uuid = ?3";
                connection.prepare_cached(sql)?.execute(params![person, &instead[..], &moved[..]])?;
                self.remove(connection, person, moved)?;
                import.move_claims([(*instead, claims[1]), (*to, claims[0])]);
            }
            _ => {
                move_alias(moved, to)?;
                if let Some(instead) = instead {
                    move_alias(instead, from)?;
                }
                import.move_claims([(*from, claims[1] && instead.is_some()), (*to, claims[0])]);
            }
        }
        self.join_members(connection, person, to, moved)?;
        self.forget_others(import);
        Ok(())
    }

    /// Keeps the locations of one exporter in each second, after a workout was given the locations or the place of one of them.
    pub(super) fn join_members(
        &mut self,
        connection: &Connection,
        person: i64,
        kept: &Uuid,
        moved: &Uuid,
    ) -> rusqlite::Result<()> {
        let members = self.members(connection, person, kept)?;
        let exporter = members.iter().find(|member| member.uuid == *moved).map(|member| member.exporter);
        for other in members.iter().filter(|member| member.uuid != *moved) {
            if Some(other.exporter) < exporter {
                self.locations.join(connection, person, moved, &other.uuid)?;
            } else {
                self.locations.join(connection, person, &other.uuid, moved)?;
            }
        }
        Ok(())
    }
}

/// How a workout would move to a preferred one: if its exporter, or the other's, has one there that has no route.
fn rival(
    connection: &Connection,
    person: i64,
    (moved, from): (Member, &Members),
    (preferred, to): (Member, &Members),
) -> rusqlite::Result<Option<Rival>> {
    let of = |members: &Members, exporter| members.iter().find(|member| member.exporter == exporter).copied();
    let (Some(from_row), Some(to_row)) = (from.first(), to.first()) else {
        return Ok(None);
    };
    let instead = of(to, moved.exporter);
    let Some(counterpart) = instead.or_else(|| of(from, preferred.exporter)) else {
        return Ok(None);
    };
    if has_route(connection, person, &counterpart.uuid)? {
        return Ok(None);
    }
    if moved.exporter == Exporter::AutoExport && !(is_derived(&from_row.uuid) && is_derived(&to_row.uuid)) {
        // An identifier decides which workout of the app it is.
        for uuid in [Some(moved.uuid), instead.map(|instead| instead.uuid)].into_iter().flatten() {
            if connection.prepare_cached(HAS_IDENTIFIER)?.exists(params![person, &uuid[..]])? {
                return Ok(None);
            }
        }
    }
    let (found, instead) = (moved.uuid, instead.map(|instead| instead.uuid));
    Ok(Some(Rival { found, moved: moved.uuid, from: from_row.uuid, to: to_row.uuid, instead }))
}

/// Whether a workout has a location in the same second at the same place.
pub(super) fn has_location(
    connection: &Connection,
    person: i64,
    workout: &Uuid,
    (time_ms, latitude, longitude): (i64, f64, f64),
) -> rusqlite::Result<bool> {
    let second = time_ms.div_euclid(1000) * 1000;
    connection.prepare_cached(HAS_LOCATION)?.exists(params![
        person,
        &workout[..],
        second,
        latitude,
        longitude,
        SAME_PLACE_DEGREES,
        SECOND_LOCATIONS_COMPARED_MAX
    ])
}
