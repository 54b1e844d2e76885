//! Phones that have not sent for long.

use rusqlite::{Connection, Row};
use serde::Serialize;

use crate::model::error::Result;
use crate::model::time::to_iso_seconds;
use crate::store::clock::now_ms;
use crate::store::database::Database;
use crate::store::failure::open_error;
use crate::store::tokens::{sending, valid};

/// A valid token that sends, and when an upload of it last ended well.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SilentRow {
    /// Its person.
    pub person: String,
    /// Its number.
    pub token: i64,
    /// Its label.
    pub label: Option<String>,
    /// When it was made, UTC.
    pub created: String,
    /// When the last upload ended, UTC; `None` if none has.
    pub last_upload: Option<String>,
    /// Seconds since then, or since it was made.
    pub silent_seconds: i64,
}

impl SilentRow {
    /// A row of these times.
    pub(in crate::store) fn new(
        (person, token, label): (String, i64, Option<String>),
        created_ms: i64,
        last_ms: Option<i64>,
        now_ms: i64,
    ) -> Self {
        let silent_seconds = now_ms.saturating_sub(last_ms.unwrap_or(created_ms)) / 1000;
        let (created, last_upload) = (to_iso_seconds(created_ms), last_ms.map(to_iso_seconds));
        Self { person, token, label, created, last_upload, silent_seconds }
    }
}

impl Database {
    /// Calls `each` for every valid token that sends and of which no upload has ended well since a time, the longest silent one
    /// first. A token that was made later is not silent yet. `person` restricts them to one person's.
    ///
    /// # Errors
    ///
    /// [`crate::model::error::ErrorKind::Store`] if the database cannot be read.
    pub fn silent(&self, since_ms: i64, person: Option<&str>, each: impl FnMut(SilentRow)) -> Result<()> {
        let connection = self.open_to_read()?;
        read(&connection, since_ms, person, each).map_err(|error| open_error(self, &error))
    }
}

/// Each token is a search in the index of a person's uploads, from the last one on.
fn read(
    connection: &Connection,
    since_ms: i64,
    person: Option<&str>,
    mut each: impl FnMut(SilentRow),
) -> rusqlite::Result<()> {
    let now_ms = now_ms();
    let mut select = connection.prepare(&format!(
        "SELECT p.name, t.id, t.label, t.created_ms, (SELECT u.finished_ms FROM uploads u
             WHERE u.person_id = t.person_id AND u.origin = 'http' AND u.state = 'done' AND u.token_id = t.id
             ORDER BY u.finished_ms DESC LIMIT 1) AS last_ms
         FROM tokens t JOIN persons p ON p.id = t.person_id
         WHERE {} AND {} AND coalesce(last_ms, t.created_ms) < ?1 AND (?2 IS NULL OR p.name = ?2)
         ORDER BY coalesce(last_ms, t.created_ms), t.id",
        valid(connection, now_ms),
        sending(connection)
    ))?;
    let row =
        |row: &Row<'_>| Ok(SilentRow::new((row.get(0)?, row.get(1)?, row.get(2)?), row.get(3)?, row.get(4)?, now_ms));
    for silent in select.query_map((since_ms, person), row)? {
        each(silent?);
    }
    Ok(())
}
