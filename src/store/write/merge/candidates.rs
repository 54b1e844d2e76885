//! Stored workouts that may be the same as one that arrives.

use rusqlite::{Connection, OptionalExtension, params};

use super::facts::{Compared, Facts, WORKOUT_COLUMNS};
use super::labels::Labels;
use super::locations::{alias, has_route, stored_as};
use super::other_id::has_other_id;
use super::uploads::{Group, WorkoutUpload};
use crate::model::exporter::{AUTO_EXPORT_NAME, Exporter};
use crate::model::identity::{derive_from_healthkit, is_derived};
use crate::model::limits::{MATCH_ROWS_MAX, WORKOUT_ACTIVITIES_MAX, WORKOUT_MATCHES_MAX};
use crate::model::record::Uuid;
use crate::store::write::ledger::{UploadKey, signed};
use crate::store::write::lent;
use crate::store::write::sql_value::SqlValue;

/// The fields that identify a workout for a match.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct WorkoutKey {
    pub(in crate::store) uuid: Uuid,
    pub(in crate::store) healthkit: Option<Uuid>,
    pub(in crate::store) start_ms: i64,
    pub(in crate::store) end_ms: Option<i64>,
    pub(in crate::store) activity_type: Option<i64>,
    pub(in crate::store) source: Option<i64>,
    pub(in crate::store) creation_ms: Option<i64>,
}

/// A workout that an upload brings.
pub(in crate::store) struct Arrival<'a, 'b> {
    pub(in crate::store) connection: &'a Connection,
    pub(in crate::store) upload: UploadKey,
    pub(in crate::store) key: WorkoutKey,
    pub(in crate::store) row: [SqlValue<'b>; WORKOUT_COLUMNS],
    /// Whether Apple's export refers to a route of it.
    pub(in crate::store) has_route: bool,
    /// Selects a row with these values.
    pub(in crate::store) same_row: &'a str,
}

/// A stored workout that may be the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) uuid: Uuid,
    pub(super) source: Option<i64>,
    pub(super) creation_ms: Option<i64>,
    pub(super) exporter: Exporter,
    /// The identity under which the import's exporter has brought it before, if the row is another exporter's.
    pub(super) alias: Option<Uuid>,
}

/// Which candidates a search is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wanted {
    /// Whether there is any.
    Any,
    /// One with the same content.
    Same,
    SourceAndCreation,
    Source,
    Creation,
    /// Any, but the best one.
    Rest,
}

/// Finds candidates.
#[derive(Debug)]
pub(super) struct Candidates {
    sources: Labels,
}

impl Default for Candidates {
    fn default() -> Self {
        Self { sources: Labels::sources() }
    }
}

const SAME_ALIAS: &str = "SELECT 1 FROM workout_aliases WHERE person_id = ?1 AND derived = ?2
    AND (duration_s, energy_kcal, distance, distance_unit, statistics, events, activities, metadata, source_id, other)
      IS (?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?16)";

/// The index `workouts_match` has these terms.
const OF_GROUP: &str = "SELECT rowid, uuid, source_id, creation_ms FROM workouts
    WHERE person_id = ?1 AND activity_type IS ?2 AND start_ms / 1000 = ?3 AND end_ms / 1000 IS ?4
    AND (substr(uuid, 1, 2) = x'6873' AND substr(uuid, 7, 1) >= x'80' AND substr(uuid, 7, 1) < x'90') = ?5 AND rowid > ?6 ORDER BY rowid LIMIT ?7";

/// The next activity of workouts that start and end in the same seconds.
const NEXT_ACTIVITY: &str = "SELECT min(activity_type) FROM workouts
    WHERE person_id = ?1 AND start_ms / 1000 = ?2 AND end_ms / 1000 IS ?3 AND (substr(uuid, 1, 2) = x'6873' AND substr(uuid, 7, 1) >= x'80' AND substr(uuid, 7, 1) < x'90') = ?4
    AND activity_type > ?5";

const ACTIVITY: &str = "SELECT activity_type FROM workouts WHERE person_id = ?1 AND uuid = ?2";

const ONE: &str = "SELECT rowid, uuid, source_id, creation_ms FROM workouts WHERE person_id = ?1 AND uuid = ?2";

/// Identities and sources of workouts that are kept under another identity: one for each exporter.
const ALIASES: &str = "SELECT derived, source_id FROM workout_aliases WHERE person_id = ?1 AND uuid = ?2 LIMIT ?3";

impl Candidates {
    /// The exporter of a row.
    pub(super) fn exporter(
        &mut self,
        connection: &Connection,
        uuid: &Uuid,
        source: Option<i64>,
    ) -> rusqlite::Result<Exporter> {
        let [name, _] = self.sources.pair(connection, [source, None])?;
        Ok(Exporter::of(uuid, name == Some(AUTO_EXPORT_NAME)))
    }

    /// The exporter of a workout that arrives.
    pub(super) fn exporter_of(&mut self, arrival: &Arrival<'_, '_>) -> rusqlite::Result<Exporter> {
        self.exporter(arrival.connection, &arrival.key.uuid, arrival.key.source)
    }

    /// The row of the app that Health Auto Export names, unless it is claimed.
    pub(super) fn named(
        &mut self,
        arrival: &Arrival<'_, '_>,
        import: &WorkoutUpload,
    ) -> rusqlite::Result<Option<Candidate>> {
        match &arrival.key.healthkit {
            Some(healthkit) => self.one(arrival, import, healthkit),
            None => Ok(None),
        }
    }

    /// The stored workout to which the identity of an import's workout leads, unless it is claimed.
    pub(super) fn known(
        &mut self,
        arrival: &Arrival<'_, '_>,
        import: &WorkoutUpload,
    ) -> rusqlite::Result<Option<Candidate>> {
        let (connection, person) = (arrival.connection, arrival.upload.person);
        let stored = stored_as(connection, person, &arrival.key.uuid)?;
        if let Some(candidate) = self.one(arrival, import, &stored)? {
            return Ok(Some(candidate));
        }
        let Some(kept) = alias(connection, person, &stored)? else {
            return Ok(None);
        };
        let candidate = self.one(arrival, import, &kept)?;
        Ok(candidate.map(|candidate| Candidate { alias: Some(stored), ..candidate }))
    }

    /// The row with an identity, unless it is claimed.
    fn one(
        &mut self,
        arrival: &Arrival<'_, '_>,
        import: &WorkoutUpload,
        uuid: &Uuid,
    ) -> rusqlite::Result<Option<Candidate>> {
        if !arrival.may_claim(import, uuid) {
            return Ok(None);
        }
        let mut select = arrival.connection.prepare_cached(ONE)?;
        let row = select.query_row(params![arrival.upload.person, &uuid[..]], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        });
        match row.optional()? {
            Some(row) => self.candidate(arrival, import, row),
            None => Ok(None),
        }
    }

    /// A row as a candidate. Nothing if it is claimed under the identity that the arrival's exporter has given it.
    fn candidate(
        &mut self,
        arrival: &Arrival<'_, '_>,
        import: &WorkoutUpload,
        (_, uuid, source, creation_ms): Row,
    ) -> rusqlite::Result<Option<Candidate>> {
        let (connection, person) = (arrival.connection, arrival.upload.person);
        let (exporter, own) = (self.exporter(connection, &uuid, source)?, self.exporter_of(arrival)?);
        let candidate = Candidate { uuid, source, creation_ms, exporter, alias: None };
        if exporter < own {
            for (derived, source) in aliases(connection, person, &uuid)? {
                if self.exporter(connection, &derived, source)? == own {
                    let candidate = Candidate { alias: Some(derived), ..candidate };
                    return Ok(arrival.may_claim(import, &derived).then_some(candidate));
                }
            }
        }
        Ok(Some(candidate))
    }

    /// The first unclaimed workout that matches one of an import, of [`WORKOUT_MATCHES_MAX`] of imports and as many of the app.
    pub(super) fn unclaimed(
        &mut self,
        arrival: &Arrival<'_, '_>,
        import: &mut WorkoutUpload,
        wanted: Wanted,
    ) -> rusqlite::Result<Option<Candidate>> {
        let (mut other, mut unwanted) = (None, Vec::new());
        for is_derived in [true, false] {
            // The app's row of a workout with an identifier has that identifier.
            if import.is_full() || !(is_derived || arrival.key.healthkit.is_none()) {
                continue;
            }
            for group in arrival.groups(is_derived)? {
                let found = self.unclaimed_of(arrival, import, group, wanted, &mut unwanted)?;
                match found {
                    Some((candidate, true)) => return Ok(Some(candidate)),
                    Some((candidate, false)) => _ = other.get_or_insert(candidate),
                    None => {}
                }
            }
        }
        if other.is_some() && wanted != Wanted::Rest {
            // Names and times of creation say less than the route.
            for candidate in unwanted {
                if self.agrees_on_route(arrival, &candidate)? {
                    return Ok(None);
                }
            }
        }
        Ok(other)
    }

    /// The first workout of a group, and whether it agrees on the route: one that does is preferred. Adds others to `unwanted`.
    fn unclaimed_of(
        &mut self,
        arrival: &Arrival<'_, '_>,
        import: &mut WorkoutUpload,
        group: Group,
        wanted: Wanted,
        unwanted: &mut Vec<Candidate>,
    ) -> rusqlite::Result<Option<(Candidate, bool)>> {
        let (mut after, mut compared) = (import.passed(&group), 0);
        let (mut is_passed, mut searched, mut other) = (true, 0, None);
        while compared < WORKOUT_MATCHES_MAX && searched < MATCH_ROWS_MAX {
            let rows = of_group(arrival.connection, &group, after)?;
            let (is_last, last) = (rows.len() < WORKOUT_MATCHES_MAX, rows.last().map(|row| row.0));
            is_passed &= rows.iter().all(|(_, uuid, ..)| import.has_claimed(uuid));
            if is_passed && !is_last {
                // Rows that were passed cost nothing from now on.
                last.inspect(|rowid| import.pass(&group, *rowid));
            } else {
                searched += u32::try_from(rows.len()).unwrap_or(u32::MAX);
            }
            after = last.unwrap_or(after);
            for row in rows {
                let healthkit = arrival.key.healthkit;
                if import.has_claimed(&row.1)
                    || has_other_id(arrival.connection, arrival.upload.person, &row.1, healthkit)?
                {
                    continue;
                }
                let Some(candidate) = self.candidate(arrival, import, row)? else {
                    continue;
                };
                compared += 1;
                if self.is_wanted(arrival, &candidate, wanted)? {
                    if matches!(wanted, Wanted::Any | Wanted::Same) || self.agrees_on_route(arrival, &candidate)? {
                        return Ok(Some((candidate, true)));
                    }
                    other.get_or_insert((candidate, false));
                } else {
                    unwanted.push(candidate);
                }
            }
            if is_last {
                break;
            }
        }
        Ok(other)
    }

    /// Workouts of imports that match a new one of the app.
    pub(super) fn of_imports(
        &mut self,
        arrival: &Arrival<'_, '_>,
        import: &WorkoutUpload,
    ) -> rusqlite::Result<Vec<Candidate>> {
        let mut found = Vec::new();
        for group in arrival.groups(true)? {
            for row in of_group(arrival.connection, &group, i64::MIN)? {
                if is_derived(&row.1)
                    && !has_other_id(arrival.connection, arrival.upload.person, &row.1, Some(arrival.key.uuid))?
                {
                    let candidate = self.candidate(arrival, import, row)?;
                    if let Some(candidate) = candidate
                        && !self.contradicts(arrival, &candidate)?
                    {
                        found.push(candidate);
                    }
                }
            }
        }
        Ok(found)
    }

    fn is_wanted(
        &mut self,
        arrival: &Arrival<'_, '_>,
        candidate: &Candidate,
        wanted: Wanted,
    ) -> rusqlite::Result<bool> {
        let creation_ms = arrival.key.creation_ms;
        let is_of_creation = creation_ms.is_some() && creation_ms == candidate.creation_ms;
        Ok(match wanted {
            Wanted::Any => true,
            Wanted::Same => arrival.is_same(candidate)?,
            Wanted::SourceAndCreation => is_of_creation && self.is_of_source(arrival, candidate)?,
            Wanted::Source => self.is_of_source(arrival, candidate)?,
            Wanted::Creation => is_of_creation && !self.contradicts(arrival, candidate)?,
            Wanted::Rest => !self.contradicts(arrival, candidate)?,
        })
    }

    /// Whether a stored workout is certainly another one, whose source was not renamed.
    fn contradicts(&mut self, arrival: &Arrival<'_, '_>, candidate: &Candidate) -> rusqlite::Result<bool> {
        if self.is_of_source(arrival, candidate)? {
            return Ok(false);
        }
        let is_alike = candidate.alias.is_some() || candidate.exporter == self.exporter_of(arrival)?;
        let compared = if is_alike { Compared::All } else { Compared::Devices };
        let own = Facts::arriving(arrival.key.source, arrival.key.creation_ms, &arrival.row);
        own.contradict(arrival.connection, arrival.upload.person, (&candidate.uuid, candidate.alias.as_ref()), compared)
    }

    /// Whether a stored workout has a route exactly if the one that arrives has one, as far as its file says.
    fn agrees_on_route(&mut self, arrival: &Arrival<'_, '_>, candidate: &Candidate) -> rusqlite::Result<bool> {
        if self.exporter_of(arrival)? != Exporter::AppleExport {
            return Ok(true);
        }
        let stored = candidate.alias.unwrap_or(candidate.uuid);
        Ok(has_route(arrival.connection, arrival.upload.person, &stored)? == arrival.has_route)
    }

    fn is_of_source(&mut self, arrival: &Arrival<'_, '_>, candidate: &Candidate) -> rusqlite::Result<bool> {
        let names = self.sources.pair(arrival.connection, [arrival.key.source, candidate.source])?;
        let [own, other] = names;
        Ok(own == other || (own == Some(AUTO_EXPORT_NAME) && candidate.alias.is_some()))
    }

    /// The first candidate with the source of a workout.
    pub(super) fn of_source(
        &mut self,
        arrival: &Arrival<'_, '_>,
        candidates: Vec<Candidate>,
    ) -> rusqlite::Result<Option<Candidate>> {
        for candidate in candidates {
            if self.is_of_source(arrival, &candidate)? {
                return Ok(Some(candidate));
            }
        }
        Ok(None)
    }
}

impl Arrival<'_, '_> {
    /// The groups of workouts that may be this one: those of its activity, then those without one. A workout without an
    /// activity may be of any, of [`WORKOUT_ACTIVITIES_MAX`] at most.
    fn groups(&self, is_derived: bool) -> rusqlite::Result<Vec<Group>> {
        let WorkoutKey { start_ms, end_ms, activity_type, .. } = self.key;
        let person = self.upload.person;
        // As SQLite divides.
        let (start_s, end_s) = (start_ms / 1000, end_ms.map(|end| end / 1000));
        let own = Group { person, activity_type, start_s, end_s, is_derived };
        let mut groups = vec![own];
        if activity_type.is_some() {
            groups.push(Group { activity_type: None, ..own });
            return Ok(groups);
        }
        let mut last = i64::MIN;
        let mut select = self.connection.prepare_cached(NEXT_ACTIVITY)?;
        while groups.len() <= WORKOUT_ACTIVITIES_MAX {
            let keys = params![person, start_s, end_s, is_derived, last];
            let Some(next) = select.query_row(keys, |row| row.get(0))? else {
                break;
            };
            last = next;
            groups.push(Group { activity_type: Some(next), ..own });
        }
        Ok(groups)
    }

    /// The activity of the stored row that a workout without one is.
    pub(in crate::store) fn known_activity(&self, uuid: &Uuid) -> rusqlite::Result<Option<i64>> {
        let mut select = self.connection.prepare_cached(ACTIVITY)?;
        select.query_row(params![self.upload.person, &uuid[..]], |row| row.get(0)).optional().map(Option::flatten)
    }

    /// Whether a stored workout may be this one. With an identifier it may also come twice.
    fn may_claim(&self, import: &WorkoutUpload, uuid: &Uuid) -> bool {
        self.key.healthkit.is_some() || !import.has_claimed(uuid)
    }

    /// Whether a stored workout has the content of this one.
    pub(super) fn is_same(&self, candidate: &Candidate) -> rusqlite::Result<bool> {
        let (sql, uuid) = match candidate.alias {
            Some(alias) => (SAME_ALIAS, alias),
            None => (self.same_row, candidate.uuid),
        };
        lent::exists(self.connection, sql, self.row_as(uuid))
    }

    /// The row under another identity.
    pub(super) fn row_as(&self, uuid: Uuid) -> [SqlValue<'_>; WORKOUT_COLUMNS] {
        let mut row = self.row;
        row[1] = SqlValue::Uuid(uuid);
        row
    }
}

/// Rowid, identity, source and time of creation of a stored workout.
pub(super) type Row = (i64, Uuid, Option<i64>, Option<i64>);

/// The next workouts of a group.
pub(super) fn of_group(connection: &Connection, group: &Group, after: i64) -> rusqlite::Result<Vec<Row>> {
    let Group { person, activity_type, start_s, end_s, is_derived } = *group;
    let mut select = connection.prepare_cached(OF_GROUP)?;
    let keys = params![person, activity_type, start_s, end_s, is_derived, after, signed(WORKOUT_MATCHES_MAX as u64)];
    select.query_map(keys, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?.collect()
}

/// The workouts that are kept under an identity.
pub(super) fn aliases(connection: &Connection, person: i64, kept: &Uuid) -> rusqlite::Result<Vec<(Uuid, Option<i64>)>> {
    let mut select = connection.prepare_cached(ALIASES)?;
    let keys = params![person, &kept[..], signed(WORKOUT_MATCHES_MAX as u64)];
    select.query_map(keys, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// The import's row of the workout that Health Auto Export has under HealthKit's identity.
pub(super) fn named_row(connection: &Connection, person: i64, healthkit: &Uuid) -> rusqlite::Result<Option<Uuid>> {
    let stored = stored_as(connection, person, &derive_from_healthkit(healthkit))?;
    let kept = alias(connection, person, &stored)?.unwrap_or(stored);
    Ok((is_derived(&kept) && has_row(connection, person, &kept)?).then_some(kept))
}

/// Whether no row has an identity, and none is kept that had it.
pub(super) fn is_free(connection: &Connection, person: i64, identity: &Uuid) -> rusqlite::Result<bool> {
    Ok(!has_row(connection, person, identity)? && alias(connection, person, identity)?.is_none())
}

fn has_row(connection: &Connection, person: i64, uuid: &Uuid) -> rusqlite::Result<bool> {
    connection.prepare_cached(ONE)?.exists(params![person, &uuid[..]])
}
