//! Deletes data that its owner wants gone. The ledger keeps how many rows these were.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde::Serialize;

use super::alone::{LastUpload, Stage, commit, unchanged};
use super::selection::{Scope, Selection};
use super::tables::{DECISIONS, count_ledger_rows};
use super::{gaps, marks, renew, vacuum};
use crate::model::counts::Counts;
use crate::model::envelope::Envelope;
use crate::model::error::{Error, Result};
use crate::store::clock::now_ms;
use crate::store::database::Database;
use crate::store::failure::open_error;
use crate::store::tables::TableName;
use crate::store::tokens::valid;
use crate::store::write::ledger::signed;
use crate::store::{Checkpoint, Origin, OriginKind, Store, UploadEnd, UploadState};

/// What was forgotten, or would be.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Forgotten {
    /// Rows of all these tables.
    pub rows: u64,
    /// Rows of each table and person.
    pub tables: Vec<ForgottenRows>,
    /// Tokens that were valid, and are revoked: their phones would send all again.
    pub tokens: u64,
    /// Whether another program reads the database, so that the WAL still has what was deleted.
    pub left_in_wal: bool,
}

/// Rows of a person in a table.
#[derive(Clone, Debug, Serialize)]
pub struct ForgottenRows {
    /// Whose they are.
    pub person: String,
    /// The table.
    pub table: &'static str,
    /// Their number.
    pub rows: u64,
}

/// Whether the file is made smaller afterwards.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Vacuum {
    /// Its size stays, and later rows use the space.
    No,
    /// It is written again.
    Yes,
}

impl Database {
    /// Counts what would be forgotten.
    ///
    /// # Errors
    ///
    /// [`crate::model::error::ErrorKind::Usage`] if the selection names nothing that is there, or rows that nothing distinguishes.
    pub fn plan_forget(&self, selection: &Selection) -> Result<Forgotten> {
        let connection = self.open_to_read()?;
        let scopes = selection.scopes(&connection, self)?;
        plan(&connection, &scopes, selection).map_err(|error| open_error(self, &error))
    }

    /// Forgets it in one transaction, and overwrites it in the file. Calls `enter` with the stages. [`Database::renew_figures`] belongs
    /// behind it. Returns `None` if uploads came since the last one that was backed up: then nothing was changed.
    ///
    /// # Errors
    ///
    /// The database is unchanged: as for [`Database::plan_forget`], or why it cannot be written. Only if the file cannot be made
    /// smaller, the rows are gone.
    pub fn forget(
        &self,
        selection: &Selection,
        smaller: Vacuum,
        backed_up: Option<LastUpload>,
        enter: &dyn Fn(Stage),
    ) -> Result<Option<Forgotten>> {
        let Some(mut store) = self.begin_after(backed_up).map_err(unchanged)? else { return Ok(None) };
        let mut forgotten = self.forget_in(&mut store, selection, enter).map_err(unchanged)?;
        if smaller == Vacuum::Yes {
            vacuum::vacuum(&store).map_err(|error| {
                Error::new(error.kind(), format!("the rows are deleted, but the file is not smaller: {error}"))
            })?;
        }
        forgotten.left_in_wal = !store.checkpoint(Checkpoint::CutPatiently).is_ok_and(|is_cut| is_cut);
        Ok(Some(forgotten))
    }

    fn forget_in(&self, store: &mut Store, selection: &Selection, enter: &dyn Fn(Stage)) -> Result<Forgotten> {
        let scopes = selection.scopes(&store.connection, self)?;
        let forgotten = plan(&store.connection, &scopes, selection).map_err(|error| store.failed(&error))?;
        let secure = store.connection.pragma_update(None, "secure_delete", true);
        secure.map_err(|error| store.failed(&error))?;
        for scope in &scopes {
            forget_of(store, scope, selection)?;
        }
        gaps::close(&store.connection).map_err(|error| store.failed(&error))?;
        commit(store, enter)?;
        Ok(forgotten)
    }
}

fn plan(connection: &Connection, scopes: &[Scope], selection: &Selection) -> rusqlite::Result<Forgotten> {
    let mut forgotten = Forgotten::default();
    for Scope { person, name, parts } in scopes {
        let mut tables: BTreeMap<TableName, u64> = BTreeMap::new();
        for part in parts {
            let rows = part.table.count(connection, *person, &part.filter)?;
            // What only imports remember is not data.
            if part.table.name != TableName::SampleOrigins {
                *tables.entry(part.table.name).or_default() += rows;
                forgotten.rows += rows;
            }
        }
        let shown = tables.into_iter().filter(|(_, rows)| *rows > 0);
        forgotten.tables.extend(shown.map(|(table, rows)| ForgottenRows {
            person: name.clone(),
            table: table.text(),
            rows,
        }));
        if matches!(selection, Selection::Person(_)) {
            let sql = format!("SELECT count(*) FROM tokens t WHERE person_id = ?1 AND {}", valid(connection, now_ms()));
            forgotten.tokens += connection.query_row(&sql, [person], |row| row.get::<_, i64>(0))?.unsigned_abs();
        }
    }
    Ok(forgotten)
}

/// Deletes the rows of one person, and enters that into the ledger.
pub(super) fn forget_of(store: &mut Store, scope: &Scope, selection: &Selection) -> Result<()> {
    let Scope { person, name, parts } = scope;
    let mut is_there = false;
    for part in parts {
        let rows = part.table.count(&store.connection, *person, &part.filter);
        is_there |= rows.map_err(|error| store.failed(&error))? > 0;
    }
    if !is_there && !matches!(selection, Selection::Person(_)) {
        return Ok(());
    }
    let now_ms = now_ms();
    let origin = Origin { kind: OriginKind::Forget, sender: selection.text(), person: Some(name.clone()), token: None };
    let upload = store.start_upload(&origin, now_ms)?;
    let removed = delete(&store.connection, scope).map_err(|error| store.failed(&error))?;
    store.record_progress(upload.id, &Counts::default())?;
    let end = UploadEnd {
        state: UploadState::Done,
        finished_ms: Some(now_ms),
        body_bytes: 0,
        envelope: Envelope::default(),
        error: None,
    };
    store.finish_upload(upload.id, &end)?;
    let enter = || -> rusqlite::Result<()> {
        let sql = "UPDATE uploads SET removed = removed + ?2 WHERE id = ?1";
        store.connection.execute(sql, [upload.id, signed(removed)])?;
        renew::renew(&store.connection, *person)?;
        if matches!(selection, Selection::Person(_)) {
            for table in DECISIONS {
                table.delete_rows(&store.connection, *person, "TRUE")?;
            }
            let sql = "UPDATE tokens SET revoked_ms = ?2 WHERE person_id = ?1 AND revoked_ms IS NULL";
            store.connection.execute(sql, [*person, now_ms])?;
        }
        Ok(())
    };
    enter().map_err(|error| store.failed(&error))
}

/// Deletes the rows. Returns how many of them the ledger counts.
fn delete(connection: &Connection, Scope { person, parts, .. }: &Scope) -> rusqlite::Result<u64> {
    let before = count_ledger_rows(connection, *person)?;
    for part in parts {
        part.table.delete_rows(connection, *person, &part.filter)?;
    }
    let sql = "DELETE FROM sample_origins WHERE person_id = ?1 AND NOT EXISTS (SELECT 1 FROM samples s
        WHERE s.person_id = ?1 AND s.type_id = sample_origins.type_id)";
    connection.execute(sql, [person])?;
    marks::delete_without_sample(connection, *person)?;
    Ok(before - count_ledger_rows(connection, *person)?)
}
