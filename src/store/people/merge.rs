//! Gives all that one person has to another: rows, tokens, uploads.

use serde::Serialize;

use super::alone::{LastUpload, Stage, commit, unchanged};
use super::tables::{self, DECISIONS, TABLES, count_ledger_rows};
use super::transfer::Transfer;
use super::{figures, gaps, named, renew, samples, workouts};
use crate::model::counts::Counts;
use crate::model::envelope::Envelope;
use crate::model::error::{Error, ErrorKind, Result};
use crate::store::clock::now_ms;
use crate::store::database::Database;
use crate::store::failure::open_error;
use crate::store::tables::TableName;
use crate::store::write::ledger::{UploadKey, signed};
use crate::store::{Checkpoint, Origin, OriginKind, Store, UploadEnd, UploadState};

/// What a merge has done, or would do.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Merged {
    /// Rows of the first person that the ledger counts.
    pub rows: u64,
    /// Those that the other person had not.
    pub new: u64,
    /// Those that changed a row of the other person: later states of figures and days.
    pub updated: u64,
    /// Those that the other person had, from the same or from another exporter.
    pub equal: u64,
    /// Tokens that are the other person's now.
    pub tokens: u64,
    /// Uploads that are the other person's now.
    pub uploads: u64,
}

/// Tables of which `samples`, `workouts` and `figures` take care, and the rejects, which follow their uploads.
const MOVED_APART: [TableName; 12] = [
    TableName::Samples,
    TableName::MergedSamples,
    TableName::SampleOrigins,
    TableName::Workouts,
    TableName::WorkoutAliases,
    TableName::WorkoutIdentities,
    TableName::WorkoutRoutes,
    TableName::RouteFiles,
    TableName::RoutePoints,
    TableName::Aggregates,
    TableName::ActivitySummaries,
    TableName::Rejects,
];

/// Which of a person's decisions become another one's. An order of sources moves as a whole, if that person has none of the type. A
/// stay moves if that person has no other at the time.
const DECISIONS_KEPT: [(TableName, &str); 3] = [
    (TableName::SourceOrders, "type NOT IN (SELECT type FROM source_orders WHERE person_id = {into})"),
    (
        TableName::ZoneEntries,
        "NOT EXISTS (SELECT 1 FROM zone_entries e WHERE e.person_id = {into}
           AND e.from_ms < coalesce(zone_entries.to_ms, e.from_ms + 1) AND coalesce(e.to_ms, zone_entries.from_ms + 1) > zone_entries.from_ms)",
    ),
    (TableName::HomeZones, "TRUE"),
];

impl Database {
    /// Counts what a merge would take from a person: rows, tokens and uploads.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`] if one of the persons is unknown, or both are the same.
    pub fn plan_merge(&self, from: &str, into: &str) -> Result<Merged> {
        let connection = self.open_to_read()?;
        let [from, _] = both(&connection, self, from, into)?;
        let count = || -> rusqlite::Result<Merged> {
            let rows = count_ledger_rows(&connection, from)?;
            let number =
                |sql: &str| connection.query_row(sql, [from], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
            let tokens = number("SELECT count(*) FROM tokens WHERE person_id = ?1")?;
            let uploads = number("SELECT count(*) FROM uploads WHERE person_id = ?1")?;
            Ok(Merged { rows, new: 0, updated: 0, equal: 0, tokens, uploads })
        };
        count().map_err(|error| open_error(self, &error))
    }

    /// Gives all that `from` has to `into`, in one transaction. Calls `watch` with the rows done and all rows, and `enter` with the
    /// stages. [`Database::renew_figures`] belongs behind it. Returns `None` if uploads came since the last one that was backed up:
    /// then nothing was changed.
    ///
    /// # Errors
    ///
    /// The database is unchanged in each case: as for [`Database::plan_merge`], or why it cannot be written.
    pub fn merge_persons(
        &self,
        (from, into): (&str, &str),
        backed_up: Option<LastUpload>,
        watch: &mut dyn FnMut(u64, u64),
        enter: &dyn Fn(Stage),
    ) -> Result<Option<Merged>> {
        let Some(store) = self.begin_after(backed_up).map_err(unchanged)? else { return Ok(None) };
        self.merge_in(store, (from, into), watch, enter).map(Some).map_err(unchanged)
    }

    fn merge_in(
        &self,
        mut store: Store,
        (from, into): (&str, &str),
        watch: &mut dyn FnMut(u64, u64),
        enter: &dyn Fn(Stage),
    ) -> Result<Merged> {
        let [from_id, into_id] = both(&store.connection, self, from, into)?;
        let now_ms = now_ms();
        let before = count_ledger_rows(&store.connection, from_id).map_err(|error| store.failed(&error))?;
        let person = Some(into.to_owned());
        let origin = Origin { kind: OriginKind::Merge, sender: from.to_owned(), person, token: None };
        let upload = store.start_upload(&origin, now_ms)?;
        let counts = Counts::default();
        let mut transfer = Transfer { store: &mut store, upload, from: from_id, now_ms, counts, watch, whole: before };
        for table in TABLES.iter().filter(|table| !MOVED_APART.contains(&table.name)) {
            transfer.move_rows(*table)?;
        }
        figures::give(&mut transfer)?;
        workouts::give(&mut transfer)?;
        samples::give(&mut transfer)?;
        let counts = transfer.counts;
        let (tokens, uploads) = give_ledger(&store, from_id, into_id).map_err(|error| store.failed(&error))?;
        finish(&mut store, upload, counts, before)?;
        check_nothing_is_left(&store, from_id)?;
        commit(&mut store, enter)?;
        let _ = store.checkpoint(Checkpoint::Cut);
        let Counts { new, updated, .. } = counts;
        Ok(Merged { rows: before, new, updated, equal: before.saturating_sub(new + updated), tokens, uploads })
    }
}

/// The ids of two different persons.
fn both(connection: &rusqlite::Connection, database: &Database, from: &str, into: &str) -> Result<[i64; 2]> {
    let ids = [named::find(connection, database, from)?, named::find(connection, database, into)?];
    if ids[0] == ids[1] {
        return Err(Error::usage("both persons are the same; name two"));
    }
    Ok(ids)
}

/// Gives the tokens, the uploads and what these have rejected.
fn give_ledger(store: &Store, from: i64, into: i64) -> rusqlite::Result<(u64, u64)> {
    let give = |table: &str| {
        let sql = format!("UPDATE {table} SET person_id = ?2 WHERE person_id = ?1");
        store.connection.execute(&sql, [from, into]).map(|rows| rows as u64)
    };
    give("rejects")?;
    for table in DECISIONS {
        let kept = DECISIONS_KEPT.iter().find(|(name, _)| *name == table.name).map_or("TRUE", |(_, kept)| kept);
        table.move_rows(&store.connection, (from, into), &kept.replace("{into}", &into.to_string()))?;
        table.delete_rows(&store.connection, from, "TRUE")?;
    }
    // The numbers of changes must not be used again, so none is deleted.
    give("changes")?;
    renew::delete(&store.connection, from)?;
    renew::renew(&store.connection, into)?;
    Ok((give("tokens")?, give("uploads")?))
}

/// Ends the merge in the ledger. The rows that were counted before, and are now counted again, count as removed.
fn finish(store: &mut Store, upload: UploadKey, counts: Counts, before: u64) -> Result<()> {
    store.record_progress(upload.id, &counts)?;
    let end = UploadEnd {
        state: UploadState::Done,
        finished_ms: Some(now_ms()),
        body_bytes: 0,
        envelope: Envelope::default(),
        error: None,
    };
    store.finish_upload(upload.id, &end)?;
    // A merge of nobody's data changes no row. Its number is the last one, so no gap is left.
    let sql = if before == 0 {
        "DELETE FROM uploads WHERE id = ?1 AND ?2 = 0"
    } else {
        "UPDATE uploads SET removed = removed + ?2 WHERE id = ?1"
    };
    let entered =
        store.connection.execute(sql, [upload.id, signed(before)]).and_then(|_| gaps::close(&store.connection));
    entered.map_err(|error| store.failed(&error))
}

/// Fails if a row of the first person is left: then nothing is changed.
fn check_nothing_is_left(store: &Store, person: i64) -> Result<()> {
    for table in TABLES {
        if tables::has_rows(&store.connection, table.name, person).map_err(|error| store.failed(&error))? {
            let message =
                format!("rows of {} do not belong together, so nothing was merged; see `healthsink check`", table.name);
            return Err(Error::new(ErrorKind::Store, message));
        }
    }
    Ok(())
}
