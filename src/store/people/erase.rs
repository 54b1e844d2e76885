//! Erases a person: all that `forget` deletes, and also what the ledger, the tokens and shared texts say of the person.
//!
//! The numbers of persons, tokens and uploads have no gaps, since `check` finds lost rows by that. So these rows stay, without content.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::alone::{LastUpload, Stage, commit, unchanged};
use super::forget::{Vacuum, forget_of};
use super::selection::Selection;
use super::traces::rows_of;
use super::{gaps, vacuum};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::record::ME;
use crate::store::clock::now_ms;
use crate::store::database::Database;
use crate::store::write::ledger::PERSON_ME;
use crate::store::{Checkpoint, Store};

/// The outcome of erasing a person.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Erased {
    /// The number that the person had.
    pub number: i64,
    /// Each table with rows of persons, and the tables of texts.
    pub tables: Vec<ErasedRows>,
    /// Whether another program reads the database, so that its WAL still has what was deleted. Always `false` for PostgreSQL.
    pub left_in_wal: bool,
}

/// The same for a table.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ErasedRows {
    /// The table.
    pub table: String,
    /// Rows that are gone.
    pub deleted: u64,
    /// Rows that stay without content.
    pub emptied: u64,
    /// Rows with content of the person: 0.
    pub left: u64,
}

/// A row of the ledger without content.
const EMPTY_UPLOADS: &str = "UPDATE uploads SET state = 'interrupted', origin = 'forget', sender = NULL, token_id = NULL, started_ms = 0,
      finished_ms = NULL, export_ms = NULL, start_ms = NULL, end_ms = NULL, sync_source = NULL, body_bytes = 0, measurements = 0,
      medications = 0, workouts = 0, other = 0, route_points = 0, new = 0, updated = 0, unchanged = 0, merged = 0, removed = 0,
      rejected = 0, error = NULL WHERE person_id = ?1";

const EMPTY_TOKENS: &str = "UPDATE tokens SET label = NULL, digest = randomblob(32), created_ms = 0, last_used_ms = NULL,
      revoked_ms = coalesce(revoked_ms, ?2), expires_ms = NULL, used_day = 0, used_bytes = 0, used_rejects = 0, bytes_per_day = NULL,
      rejects_per_day = NULL WHERE person_id = ?1";

/// Texts that rows of no person have.
const TEXTS: [(&str, &str); 2] = [
    (
        "sources",
        "DELETE FROM sources WHERE id NOT IN (SELECT source_id FROM samples WHERE source_id IS NOT NULL
           UNION SELECT source_id FROM workouts WHERE source_id IS NOT NULL
           UNION SELECT source_id FROM workout_aliases WHERE source_id IS NOT NULL
           UNION SELECT source_id FROM beat_lists WHERE source_id IS NOT NULL
           UNION SELECT source_id FROM correlations WHERE source_id IS NOT NULL
           UNION SELECT source_id FROM medication_doses WHERE source_id IS NOT NULL)",
    ),
    (
        "shared_metadata",
        "DELETE FROM shared_metadata WHERE id NOT IN (SELECT metadata_id FROM samples WHERE metadata_id IS NOT NULL)",
    ),
];

impl Database {
    /// Erases a person in one transaction, and overwrites the rows in the file. Calls `enter` with the stages. Returns `None` if uploads
    /// came since the last one that was backed up: then nothing was changed.
    ///
    /// # Errors
    ///
    /// The database is unchanged: [`ErrorKind::Usage`] if there is no such person, or why it cannot be written. Only if the file
    /// cannot be made smaller, the rows are gone.
    pub fn erase(
        &self,
        person: &str,
        smaller: Vacuum,
        backed_up: Option<LastUpload>,
        enter: &dyn Fn(Stage),
    ) -> Result<Option<Erased>> {
        let Some(mut store) = self.begin_after(backed_up).map_err(unchanged)? else { return Ok(None) };
        let mut erased = self.erase_in(&mut store, person, enter).map_err(unchanged)?;
        if smaller == Vacuum::Yes {
            vacuum::vacuum(&store).map_err(|error| {
                Error::new(error.kind(), format!("the rows are deleted, but the file is not smaller: {error}"))
            })?;
        }
        erased.left_in_wal = !store.checkpoint(Checkpoint::CutPatiently).is_ok_and(|is_cut| is_cut);
        Ok(Some(erased))
    }

    fn erase_in(&self, store: &mut Store, name: &str, enter: &dyn Fn(Stage)) -> Result<Erased> {
        let selection = Selection::Person(name.to_owned());
        let scopes = selection.scopes(&store.connection, self)?;
        let Some(scope) = scopes.first() else { return Ok(Erased::default()) };
        let number = scope.person;
        let count = |store: &Store| rows_of(&store.connection, number).map_err(|error| store.failed(&error));
        let before = count(store)?;
        let secure = store.connection.pragma_update(None, "secure_delete", true);
        secure.map_err(|error| store.failed(&error))?;
        forget_of(store, scope, &selection)?;
        let mut others = empty(&store.connection, number, name).map_err(|error| store.failed(&error))?;
        gaps::close(&store.connection).map_err(|error| store.failed(&error))?;
        let after = count(store)?;
        let mut tables = compare(before, after);
        tables.append(&mut others);
        if let Some(table) = tables.iter().find(|table| table.left > 0) {
            let message =
                format!("rows of {} would be left, so nothing was erased; see `healthsink check`", table.table);
            return Err(Error::new(ErrorKind::Store, message));
        }
        commit(store, enter)?;
        Ok(Erased { number, tables, left_in_wal: false })
    }
}

/// Compares the rows of each table before and after.
fn compare(before: Vec<(String, u64, u64)>, after: Vec<(String, u64, u64)>) -> Vec<ErasedRows> {
    let after: BTreeMap<String, (u64, u64)> =
        after.into_iter().map(|(table, all, full)| (table, (all, full))).collect();
    let compared = before.into_iter().map(|(table, all, full)| {
        let (kept, left) = after.get(&table).copied().unwrap_or_default();
        let emptied = kept.saturating_sub(left).min(full);
        // A row that the change itself has made replaces one that was there.
        ErasedRows { deleted: all.saturating_sub(kept), emptied, left, table }
    });
    compared.collect()
}

/// Empties the rows of the ledger and of tokens, and deletes what only they refer to. Returns what was erased in further tables.
fn empty(connection: &Connection, person: i64, name: &str) -> rusqlite::Result<Vec<ErasedRows>> {
    let mut erased = Vec::new();
    let mut note = |table: &str, deleted: usize, emptied: u64| {
        erased.push(ErasedRows { table: table.to_owned(), deleted: deleted as u64, emptied, left: 0 });
    };
    for table in ["sessions", "sign_in_codes"] {
        let sql = format!("DELETE FROM {table} WHERE token_id IN (SELECT id FROM tokens WHERE person_id = ?1)");
        note(table, connection.execute(&sql, [person])?, 0);
    }
    connection.execute(EMPTY_TOKENS, [person, now_ms()])?;
    connection.execute(EMPTY_UPLOADS, [person])?;
    connection.execute("UPDATE uploads SET sender = NULL WHERE origin = 'merge' AND sender = ?1", [name])?;
    note("persons", 0, u64::from(rename(connection, person, name)?));
    for (table, sql) in TEXTS {
        note(table, connection.execute(sql, [])?, 0);
    }
    Ok(erased)
}

/// Gives the person's row another name. The first person is named as in a new database. Returns whether the name has changed.
fn rename(connection: &Connection, person: i64, name: &str) -> rusqlite::Result<bool> {
    let is_free = |name: &str| -> rusqlite::Result<bool> {
        let mut select = connection.prepare_cached("SELECT 1 FROM persons WHERE name = ?1 AND id <> ?2")?;
        select.exists(params![name, person]).map(|is_taken| !is_taken)
    };
    let mut renamed = if person == PERSON_ME { ME.to_owned() } else { format!("erased {person}") };
    while !is_free(&renamed)? || renamed == name && name != ME {
        renamed.push('_');
    }
    connection.execute("UPDATE persons SET name = ?2 WHERE id = ?1", params![person, renamed])?;
    Ok(renamed != name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;
    use crate::store::version::VERSION;

    #[test]
    fn every_reference_to_a_text_is_asked_for() {
        let connection = schema::in_memory(VERSION).unwrap();
        for (texts, sql) in TEXTS {
            let mut select = connection
                .prepare(
                    "SELECT f.\"from\" || ' FROM ' || m.name FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f
                     WHERE m.type = 'table' AND f.\"table\" = ?1",
                )
                .unwrap();
            let referring: Vec<String> =
                select.query_map([texts], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            assert!(!referring.is_empty());
            referring.iter().for_each(|reference| assert!(sql.contains(reference), "{texts}: {reference}"));
            connection.execute(sql, []).unwrap();
        }
    }
}
