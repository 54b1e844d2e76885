//! Workouts that several exporters bring, or several exports. The app's row is preferred to Apple's export, and that to Health
//! Auto Export; `workout_aliases` keeps the others' details.
//!
//! An identifier decides, where Health Auto Export has HealthKit's. Otherwise two workouts match if they start and end in the
//! same seconds and have the same activity; one without an activity may be any. Each stored row matches one workout of an upload. So a watch's workout
//! and an app's copy of it stay two, and a renamed source makes no new row. Of several rows, the order of preference is that
//! of the passes.

use std::cmp::Ordering;

use rusqlite::{Connection, OptionalExtension, params};

use super::candidates::{Arrival, Candidate, Candidates, Wanted, aliases, is_free, named_row};
use super::locations::{Locations, stored_as};
use super::uploads::{WorkoutUpload, WorkoutUploads};
use crate::model::identity::other;
use crate::model::record::Uuid;
use crate::store::write::lent;
use crate::store::write::sql_value::SqlValue;

/// Passes over a batch's workouts. Each requires less of a match, so the best match is taken first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) enum Pass {
    /// By HealthKit's identity, or by the derived one with the same content.
    Identity,
    /// By the content.
    Content,
    /// By the derived identity.
    Texts,
    /// By the source and the time of creation.
    SourceAndCreation,
    /// By the source.
    Source,
    /// By the time of creation.
    Creation,
    /// By times and activity.
    Rest,
}

impl Pass {
    pub(in crate::store) const ALL: [Self; 7] =
        [Self::Identity, Self::Content, Self::Texts, Self::SourceAndCreation, Self::Source, Self::Creation, Self::Rest];
}

/// What a pass found for a workout of an import.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum WorkoutFound {
    /// A later pass decides.
    Later,
    /// The row with this identity is an earlier form of the workout.
    Stored(Uuid),
    /// A preferred exporter's row has been given the workout's details.
    Absorbed,
    /// The workout is new, under this identity. It replaces another exporter's row, if there is one.
    New(Uuid, Option<Uuid>),
}

/// What a pass found for a new workout of the app.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) enum Met {
    Later,
    /// An import's row, which is replaced.
    Other,
    Nobody,
}

/// What is remembered between rows.
#[derive(Debug, Default)]
pub(in crate::store) struct Workouts {
    pub(super) candidates: Candidates,
    /// A person, and whether there are derived workouts of that person.
    has_derived: Option<(i64, bool)>,
    pub(super) imports: WorkoutUploads,
    pub(in crate::store) locations: Locations,
    /// Start and end of rows that were removed or replaced, until they are noted as changes.
    replaced: Vec<(i64, Option<i64>)>,
}

/// Keeps an exporter's details of a workout that is stored under another identity. The parameters are those of a row of
/// `workouts`, then that identity.
const ADD_ALIAS: &str = "INSERT INTO workout_aliases (person_id, derived, duration_s, energy_kcal, distance, distance_unit, statistics,
      events, activities, metadata, source_id, creation_ms, other, uuid)
    VALUES (?1, ?2, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
    ON CONFLICT DO UPDATE SET duration_s = ?6, energy_kcal = ?7, distance = ?8, distance_unit = ?9, statistics = ?10, events = ?11,
      activities = ?12, metadata = ?13, source_id = ?14, creation_ms = coalesce(creation_ms, ?15), other = ?16";

const MOVE_TO_ALIAS: &str = "INSERT INTO workout_aliases (person_id, derived, duration_s, energy_kcal, distance, distance_unit, statistics,
      events, activities, metadata, source_id, creation_ms, other, uuid)
    SELECT person_id, uuid, duration_s, energy_kcal, distance, distance_unit, statistics, events, activities, metadata, source_id,
      creation_ms, other, ?3
    FROM workouts WHERE person_id = ?1 AND uuid = ?2";

const HAS_DERIVED: &str = "SELECT 1 FROM workouts WHERE person_id = ?1 AND uuid >= x'6873' AND uuid < x'6874' LIMIT 1";

impl Workouts {
    /// Forgets what another connection may have changed.
    pub(super) fn forget(&mut self) {
        self.has_derived = None;
        self.imports.forget_others();
    }

    /// What holds after a transaction was undone: uploads with rows in it end, others go on.
    pub(in crate::store) fn after_rollback(mut self) -> Self {
        self.imports.forget_others();
        Self { imports: self.imports, ..Self::default() }
    }

    /// Takes what an upload remembers. [`Workouts::put_import`] brings it back.
    pub(in crate::store) fn take_import(&mut self, upload: i64) -> WorkoutUpload {
        self.imports.take(upload)
    }

    pub(in crate::store) fn put_import(&mut self, import: WorkoutUpload) {
        self.imports.put(import);
    }

    pub(in crate::store) fn end_import(&mut self, upload: i64) {
        self.imports.end(upload);
    }

    /// The identity under which the locations of an upload's route under way are stored.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn route_under_way(&self, upload: i64) -> Option<Uuid> {
        self.imports.route_under_way(upload)
    }

    /// Finds the stored workout that a workout of an import is.
    pub(in crate::store) fn find(
        &mut self,
        arrival: &Arrival<'_, '_>,
        import: &mut WorkoutUpload,
        pass: Pass,
    ) -> rusqlite::Result<WorkoutFound> {
        let found = match pass {
            Pass::Identity => match self.candidates.named(arrival, import)? {
                Some(named) => Some(named),
                None => match self.candidates.known(arrival, import)? {
                    Some(known) => arrival.is_same(&known)?.then_some(known),
                    None if self.candidates.unclaimed(arrival, import, Wanted::Any)?.is_none() => {
                        return self.begin(arrival, import, None);
                    }
                    None => None,
                },
            },
            Pass::Content => self.candidates.unclaimed(arrival, import, Wanted::Same)?,
            Pass::Texts => self.candidates.known(arrival, import)?,
            Pass::SourceAndCreation => self.candidates.unclaimed(arrival, import, Wanted::SourceAndCreation)?,
            Pass::Source => self.candidates.unclaimed(arrival, import, Wanted::Source)?,
            Pass::Creation => self.candidates.unclaimed(arrival, import, Wanted::Creation)?,
            Pass::Rest => match self.candidates.unclaimed(arrival, import, Wanted::Rest)? {
                Some(candidate) => Some(candidate),
                // An earlier workout of the file may have had the same identifier.
                None => match self.candidates.known(arrival, import)? {
                    Some(known) => Some(known),
                    None => return self.begin(arrival, import, None),
                },
            },
        };
        match found {
            Some(candidate) => self.settle(arrival, import, &candidate),
            None => Ok(WorkoutFound::Later),
        }
    }

    /// Joins a workout of an import with a stored row.
    fn settle(
        &mut self,
        arrival: &Arrival<'_, '_>,
        import: &mut WorkoutUpload,
        candidate: &Candidate,
    ) -> rusqlite::Result<WorkoutFound> {
        let Arrival { connection, upload, .. } = *arrival;
        match candidate.exporter.cmp(&self.candidates.exporter_of(arrival)?) {
            Ordering::Greater => self.begin(arrival, import, Some(candidate.uuid)),
            Ordering::Equal => {
                import.claim(&candidate.uuid);
                self.note_identity(arrival, import, &candidate.uuid)?;
                Ok(WorkoutFound::Stored(candidate.uuid))
            }
            Ordering::Less => {
                let derived = match candidate.alias {
                    Some(alias) => alias,
                    None => free_identity(arrival, import)?,
                };
                // In one statement, the stored text would be in memory besides.
                if candidate.alias.is_none() || !arrival.is_same(candidate)? {
                    let row = arrival.row_as(derived).into_iter().chain([SqlValue::Uuid(candidate.uuid)]);
                    lent::execute(connection, ADD_ALIAS, row)?;
                }
                import.claim(&candidate.uuid);
                self.note_identity(arrival, import, &derived)?;
                if candidate.alias.is_none() {
                    self.locations.join(connection, upload.person, &derived, &candidate.uuid)?;
                    self.forget_others(import);
                }
                Ok(WorkoutFound::Absorbed)
            }
        }
    }

    /// Begins a new row for a workout of an import.
    fn begin(
        &mut self,
        arrival: &Arrival<'_, '_>,
        import: &mut WorkoutUpload,
        replaced: Option<Uuid>,
    ) -> rusqlite::Result<WorkoutFound> {
        let identity = free_identity(arrival, import)?;
        import.claim(&identity);
        self.has_derived = Some((arrival.upload.person, true));
        Ok(WorkoutFound::New(identity, replaced))
    }

    /// Joins a new row of the app with an import's row of the same workout.
    pub(in crate::store) fn meet(
        &mut self,
        arrival: &Arrival<'_, '_>,
        import: &mut WorkoutUpload,
        pass: Pass,
    ) -> rusqlite::Result<Met> {
        let Arrival { connection, upload, key, .. } = arrival;
        if !self.has_derived(connection, upload.person)? {
            return Ok(Met::Nobody);
        }
        let found = match pass {
            Pass::Identity => match named_row(connection, upload.person, &key.uuid)? {
                Some(uuid) => Some(uuid),
                None => {
                    let candidates = self.candidates.of_imports(arrival, import)?;
                    if candidates.is_empty() {
                        return Ok(Met::Nobody);
                    }
                    self.candidates.of_source(arrival, candidates)?.map(|candidate| candidate.uuid)
                }
            },
            Pass::Rest => match self.candidates.of_imports(arrival, import)?.first() {
                Some(candidate) => Some(candidate.uuid),
                None => return Ok(Met::Nobody),
            },
            _ => None,
        };
        match found {
            Some(other) => {
                self.replace(connection, upload.person, import, &other, &key.uuid)?;
                Ok(Met::Other)
            }
            None => Ok(Met::Later),
        }
    }

    /// Moves another exporter's row of a workout to the aliases.
    pub(in crate::store) fn replace(
        &mut self,
        connection: &Connection,
        person: i64,
        import: &mut WorkoutUpload,
        other: &Uuid,
        kept: &Uuid,
    ) -> rusqlite::Result<()> {
        let keys = params![person, &other[..], &kept[..]];
        connection.prepare_cached(MOVE_TO_ALIAS)?.execute(keys)?;
        let sql = "UPDATE workout_aliases SET uuid = ?3 WHERE person_id = ?1 AND uuid = ?2";
        connection.prepare_cached(sql)?.execute(keys)?;
        self.remove(connection, person, other)?;
        for (derived, _) in aliases(connection, person, kept)? {
            self.locations.join(connection, person, &derived, kept)?;
        }
        self.forget_others(import);
        Ok(())
    }

    /// Removes a row, and remembers its time.
    pub(super) fn remove(&mut self, connection: &Connection, person: i64, uuid: &Uuid) -> rusqlite::Result<()> {
        self.note_replaced(connection, person, uuid)?;
        let sql = "DELETE FROM workouts WHERE person_id = ?1 AND uuid = ?2";
        connection.prepare_cached(sql)?.execute(params![person, &uuid[..]])?;
        Ok(())
    }

    /// Remembers the time of a row that is about to change: figures of that time are made again.
    pub(in crate::store) fn note_replaced(
        &mut self,
        connection: &Connection,
        person: i64,
        uuid: &Uuid,
    ) -> rusqlite::Result<()> {
        let sql = "SELECT start_ms, end_ms FROM workouts WHERE person_id = ?1 AND uuid = ?2";
        let mut select = connection.prepare_cached(sql)?;
        let time = select.query_row(params![person, &uuid[..]], |row| Ok((row.get(0)?, row.get(1)?)));
        self.replaced.extend(time.optional()?);
        Ok(())
    }

    /// Returns the times of rows that were removed or replaced.
    pub(in crate::store) fn take_replaced(&mut self) -> Vec<(i64, Option<i64>)> {
        std::mem::take(&mut self.replaced)
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

    /// Forgets which exporters have brought the routes under way.
    pub(super) fn forget_others(&mut self, import: &mut WorkoutUpload) {
        import.forget_others();
        self.imports.forget_others();
    }

    /// Notes that an import's identity leads to a stored one, and moves locations that came before there.
    fn note_identity(
        &mut self,
        arrival: &Arrival<'_, '_>,
        import: &mut WorkoutUpload,
        stored: &Uuid,
    ) -> rusqlite::Result<()> {
        let (connection, person, identity) = (arrival.connection, arrival.upload.person, &arrival.key.uuid);
        if identity == stored || stored_as(connection, person, identity)? == *stored {
            return Ok(());
        }
        let sql = "INSERT INTO workout_identities (person_id, identity, workout) VALUES (?1, ?2, ?3)
            ON CONFLICT DO UPDATE SET workout = excluded.workout";
        connection.prepare_cached(sql)?.execute(params![person, &identity[..], &stored[..]])?;
        if is_free(connection, person, identity)? {
            self.locations.rename(connection, person, identity, stored)?;
        }
        import.route = None;
        Ok(())
    }
}

/// The identity of a workout of an import, or another one if that is taken.
fn free_identity(arrival: &Arrival<'_, '_>, import: &WorkoutUpload) -> rusqlite::Result<Uuid> {
    let Arrival { connection, upload, key, .. } = arrival;
    if is_free(connection, upload.person, &key.uuid)? {
        return Ok(key.uuid);
    }
    Ok(other(&key.uuid, upload.id, import.claims() as u64))
}
