//! Gives the workouts of one person to another, with their routes. Each is written again, as an upload or an import would: a workout
//! that both exporters brought becomes one.

use rusqlite::{Row, params};

use super::tables::{self, Changed, ROUTE_POINTS, WORKOUTS};
use super::transfer::Transfer;
use crate::model::batch::Batch;
use crate::model::error::Result;
use crate::model::identity::is_derived;
use crate::model::record::{Uuid, Workout};
use crate::store::tables::TableName;

/// Workouts, and whether the other person has the same one of the app. Those of the app come first.
const SELECT: &str =
    "SELECT w.uuid, w.activity_type, w.start_ms, w.end_ms, w.duration_s, w.energy_kcal, w.distance, w.distance_unit,
      w.statistics, w.events, w.activities, w.metadata, o.json, w.other, w.creation_ms,
      EXISTS (SELECT 1 FROM workouts i WHERE i.person_id = ?2 AND i.uuid = w.uuid)
    FROM workouts w LEFT JOIN sources o ON o.id = w.source_id WHERE w.person_id = ?1 ORDER BY
      (substr(w.uuid, 1, 2) = x'6873' AND substr(w.uuid, 7, 1) >= x'80' AND substr(w.uuid, 7, 1) < x'90'), w.uuid";

/// Where a workout of an import is stored after it was written: in its own row, with another exporter's, or under the identity of
/// an earlier import.
const STORED_AS: &str = "iif(EXISTS (SELECT 1 FROM workouts w WHERE w.person_id = ?2 AND w.uuid = {workout}), {workout},
    coalesce((SELECT a.uuid FROM workout_aliases a WHERE a.person_id = ?2 AND a.derived = {workout}),
      (SELECT coalesce((SELECT a.uuid FROM workout_aliases a WHERE a.person_id = ?2 AND a.derived = i.workout), i.workout)
       FROM workout_identities i WHERE i.person_id = ?2 AND i.identity = {workout})))";

/// Gives all workouts to the other person, and their locations.
pub(super) fn give(transfer: &mut Transfer<'_>) -> Result<()> {
    transfer.move_rows(ROUTE_POINTS)?;
    for table in [TableName::WorkoutRoutes, TableName::RouteFiles] {
        transfer.move_rows(tables::named(table))?;
    }
    loop {
        let (mut batch, read, known) = transfer.sql(read)?;
        if read.is_empty() {
            break;
        }
        transfer.note(WORKOUTS.ledger, Changed { moved: 0, deleted: known });
        transfer.write(&mut batch)?;
        transfer.sql(|connection, from, into| {
            let later = stored_as("workout_aliases.uuid");
            // Details of other exporters follow their workout, unless the other person has them as a workout.
            let sql = format!(
                "UPDATE OR IGNORE workout_aliases SET person_id = ?2, uuid = {later} WHERE person_id = ?1 AND uuid = ?3
                   AND {later} IS NOT NULL AND {later} <> derived
                   AND NOT EXISTS (SELECT 1 FROM workouts w WHERE w.person_id = ?2 AND w.uuid = workout_aliases.derived)"
            );
            for uuid in &read {
                connection.prepare_cached(&sql)?.execute(params![from, into, &uuid[..]])?;
                for table in ["workout_aliases", "workouts"] {
                    let sql = format!("DELETE FROM {table} WHERE person_id = ?1 AND uuid = ?2");
                    connection.prepare_cached(&sql)?.execute(params![from, &uuid[..]])?;
                }
            }
            Ok(())
        })?;
    }
    give_identities(transfer)?;
    join_routes(transfer)
}

fn stored_as(workout: &str) -> String {
    STORED_AS.replace("{workout}", workout)
}

fn read(connection: &rusqlite::Connection, from: i64, into: i64) -> rusqlite::Result<(Batch, Vec<Uuid>, u64)> {
    let (mut batch, mut read, mut known) = (Batch::default(), Vec::new(), 0);
    let mut select = connection.prepare_cached(SELECT)?;
    let mut rows = select.query([from, into])?;
    while !batch.is_full()
        && let Some(row) = rows.next()?
    {
        let uuid: Uuid = row.get(0)?;
        // A workout of an import is matched with those that the app's have become.
        let begins_imported = is_derived(&uuid) && read.last().is_some_and(|last| !is_derived(last));
        if begins_imported {
            break;
        }
        read.push(uuid);
        if !is_derived(&uuid) && row.get(15)? {
            known += 1;
        } else {
            let workout = workout(row, uuid, &mut batch)?;
            batch.rows.workouts.push(workout);
        }
    }
    Ok((batch, read, known))
}

fn workout(row: &Row<'_>, uuid: Uuid, batch: &mut Batch) -> rusqlite::Result<Workout> {
    let mut text = |column: usize| -> rusqlite::Result<_> {
        Ok(row.get_ref(column)?.as_str_or_null()?.map(|text| batch.texts.intern(text)))
    };
    Ok(Workout {
        uuid,
        healthkit: None,
        activity_type: row.get(1)?,
        start_ms: row.get(2)?,
        end_ms: row.get(3)?,
        duration_s: row.get(4)?,
        energy_kcal: row.get(5)?,
        distance: row.get(6)?,
        distance_unit: text(7)?,
        statistics: text(8)?,
        events: text(9)?,
        activities: text(10)?,
        metadata: text(11)?,
        source: text(12)?,
        other: text(13)?,
        creation_ms: row.get(14)?,
    })
}

/// Gives the further identities of workouts, as far as these are stored.
fn give_identities(transfer: &mut Transfer<'_>) -> Result<()> {
    transfer.sql(|connection, from, into| {
        let is_stored = "EXISTS (SELECT 1 FROM workouts w WHERE w.person_id = ?2 AND w.uuid = i.workout)
            OR EXISTS (SELECT 1 FROM workout_aliases a WHERE a.person_id = ?2 AND a.derived = i.workout)";
        // The identity at the first import of the other person leads further.
        let sql = format!(
            "UPDATE OR IGNORE workout_identities AS i SET person_id = ?2, workout = iif({is_stored}, workout,
               (SELECT o.workout FROM workout_identities o WHERE o.person_id = ?2 AND o.identity = i.workout))
             WHERE person_id = ?1 AND (({is_stored})
               OR EXISTS (SELECT 1 FROM workout_identities o WHERE o.person_id = ?2 AND o.identity = i.workout))"
        );
        connection.execute(&sql, [from, into])?;
        connection.execute("DELETE FROM workout_identities WHERE person_id = ?1", [from])
    })?;
    Ok(())
}

/// Locations of one workout that two exporters brought to different persons stay once.
fn join_routes(transfer: &mut Transfer<'_>) -> Result<()> {
    let pairs = transfer.sql(|connection, _, into| {
        let mut select = connection.prepare("SELECT derived, uuid FROM workout_aliases WHERE person_id = ?1")?;
        let pairs = select.query_map([into], |row| Ok((row.get(0)?, row.get(1)?)))?;
        pairs.collect::<rusqlite::Result<Vec<(Uuid, Uuid)>>>()
    })?;
    let (upload, store) = (transfer.upload, &mut *transfer.store);
    let locations = &mut store.ids.merge.workouts.locations;
    let joined = pairs
        .iter()
        .try_for_each(|(derived, kept)| locations.join(&store.connection, upload.person, derived, kept))
        .and_then(|()| locations.enter_removed(&store.connection, upload.id));
    joined.map_err(|error| store.failed(&error))
}
