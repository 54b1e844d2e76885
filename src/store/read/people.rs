//! Whose data a database holds, whose phones send, and when each sent last.

use std::fmt::Display;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};
use serde::Serialize;

use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{BUSY_WAIT, PERSONS_NAMED_MAX, PHONES_LISTED_MAX};
use crate::model::quota::{Allowance, day_of};
use crate::model::record::ME;
use crate::store::clock::{ISO_SECONDS, now_ms};
use crate::store::database::Database;
use crate::store::failure::open_error;
use crate::store::files::check_names;
use crate::store::tables::TableName;
use crate::store::tokens::{allowance, allowed, expiry, sending, valid};
use crate::store::write::ledger::PERSON_ME;
use crate::store::write::{Kind, rare_kinds};

impl Database {
    /// Returns the persons with data or with a token that is valid, but not more than `limit`. A missing database has none.
    ///
    /// # Errors
    ///
    /// [`crate::model::error::ErrorKind::Store`] if the database cannot be read.
    pub fn persons_in_use(&self, limit: usize) -> Result<Vec<String>> {
        let Some(connection) = self.open_for_names()? else { return Ok(Vec::new()) };
        read_in_use(&connection, limit).map_err(|error| open_error(self, &error))
    }

    /// Returns the only person with data or with a token that is valid; `None` if nobody has any.
    ///
    /// # Errors
    ///
    /// [`crate::model::error::ErrorKind::Usage`] if there are several, else as for [`Database::persons_in_use`].
    pub fn only_person(&self) -> Result<Option<String>> {
        only(self.persons_in_use(PERSONS_NAMED_MAX + 1)?, &self.path().display())
    }

    /// Returns the name of the first person, whose uploads name nobody: `me` unless another name was given.
    ///
    /// # Errors
    ///
    /// As for [`Database::persons_in_use`].
    pub fn first_person(&self) -> Result<String> {
        let Some(connection) = self.open_for_names()? else { return Ok(ME.to_owned()) };
        let name =
            connection.query_row("SELECT name FROM persons WHERE id = ?1", [PERSON_ME], |row| row.get(0)).optional();
        name.map(|name| name.unwrap_or_else(|| ME.to_owned())).map_err(|error| open_error(self, &error))
    }

    /// Opens it to read names, if it has any. A command that writes opens it next. To open it for writing undoes what a killed
    /// program left; where that is not allowed, it is only read.
    fn open_for_names(&self) -> Result<Option<Connection>> {
        check_names(self.path())?;
        if !self.exists() {
            return Ok(None);
        }
        match self.open_filled(OpenFlags::SQLITE_OPEN_READ_WRITE, BUSY_WAIT) {
            Err(error) if error.kind() == ErrorKind::Store => {
                self.open_filled(OpenFlags::SQLITE_OPEN_READ_ONLY, BUSY_WAIT)
            }
            opened => opened,
        }
    }
}

/// Returns the only one of persons, of whom one more than is named was asked for.
///
/// # Errors
///
/// [`ErrorKind::Usage`] if there are several: the command would guess.
pub(in crate::store) fn only(mut persons: Vec<String>, kept: &dyn Display) -> Result<Option<String>> {
    if persons.len() <= 1 {
        return Ok(persons.pop());
    }
    let more = if persons.len() > PERSONS_NAMED_MAX { " and others" } else { "" };
    persons.truncate(PERSONS_NAMED_MAX);
    let persons = persons.join(", ");
    Err(Error::usage(format!("{kept} has data or tokens of {persons}{more}: add --person NAME to say whose this is")))
}

/// Every table of records begins its keys with the person, so each question is one look-up.
fn read_in_use(connection: &Connection, limit: usize) -> rusqlite::Result<Vec<String>> {
    let has_rows = |table| format!("EXISTS (SELECT 1 FROM {table} t WHERE t.person_id = p.id)");
    let tables = rare_kinds().map(Kind::table).filter(|table| *table != TableName::Rejects).chain([TableName::Samples]);
    let has_data = tables.map(has_rows).collect::<Vec<_>>().join(" OR ");
    let sql = format!(
        "SELECT name FROM persons p WHERE {has_data}
           OR EXISTS (SELECT 1 FROM tokens t WHERE t.person_id = p.id AND {valid})
         ORDER BY id LIMIT ?1",
        valid = valid(connection, now_ms())
    );
    let mut select = connection.prepare(&sql)?;
    select.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| row.get(0))?.collect()
}

/// A phone with its token, or another way by which a person's records come.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PhoneRow {
    /// Whose records they are.
    pub person: String,
    /// `http` or `import`.
    pub origin: String,
    /// The token's number; `None` for imports, and for uploads without a token of the database.
    pub token: Option<i64>,
    /// The token's label.
    pub label: Option<String>,
    /// Whether the token is refused because it was revoked.
    pub is_revoked: bool,
    /// From when on the token is refused, UTC.
    pub expires: Option<String>,
    /// Whether that time has come.
    pub is_expired: bool,
    /// Its uploads that ended well.
    pub uploads: i64,
    /// When the last of them ended, UTC.
    pub last_upload: Option<String>,
    /// Seconds since then; below 0 if the clock was set back.
    pub last_upload_seconds_ago: Option<i64>,
    /// Bytes of bodies that its uploads may have on a day (UTC).
    pub bytes_per_day: Option<u64>,
    /// Rejects that they may have.
    pub rejects_per_day: Option<u64>,
    /// Bytes of bodies that uploads had which ended today.
    pub bytes_today: u64,
    /// Rejects that they had.
    pub rejects_today: u64,
}

impl PhoneRow {
    /// The same with the quota of its token, and what of it is used today.
    pub(in crate::store) fn with_allowance(self, Allowance { quota, usage }: Allowance, now_ms: i64) -> Self {
        let today = usage.on(day_of(now_ms));
        let (bytes_per_day, rejects_per_day) = (quota.bytes, quota.rejects);
        Self { bytes_per_day, rejects_per_day, bytes_today: today.bytes, rejects_today: today.rejects, ..self }
    }
}

/// Reads the ways of each person, the one that sent last first. Tokens that wait for their first upload are listed also. It reads
/// the ledger once. `person` restricts them to one person's.
pub(super) fn read(connection: &Connection, person: Option<&str>) -> rusqlite::Result<Vec<PhoneRow>> {
    let (expires, sending, allowed) = (expiry(connection), sending(connection), allowed(connection));
    let mut select = connection.prepare(&format!(
        "SELECT p.name, u.origin, t.id, t.label, t.revoked_ms IS NOT NULL, u.uploads, u.last_ms,
           strftime({ISO_SECONDS}, u.last_ms / 1000, 'unixepoch'),
           strftime({ISO_SECONDS}, {expires} / 1000, 'unixepoch'), coalesce({expires} <= ?2, FALSE), {allowed}
         FROM (SELECT person_id, origin, token_id, count(*) AS uploads, max(finished_ms) AS last_ms FROM uploads
             WHERE state = 'done' AND origin IN ('http', 'import')
             GROUP BY person_id, origin, token_id
           UNION ALL SELECT person_id, 'http', id, 0, NULL FROM tokens WHERE revoked_ms IS NULL AND {sending}
             AND id NOT IN (SELECT token_id FROM uploads WHERE state = 'done' AND token_id IS NOT NULL)) u
         JOIN persons p ON p.id = u.person_id
         LEFT JOIN tokens t ON t.id = u.token_id
         WHERE ?3 IS NULL OR p.name = ?3
         ORDER BY u.person_id, u.last_ms DESC, t.id LIMIT ?1"
    ))?;
    let now_ms = now_ms();
    let read = |row: &Row<'_>| {
        let last_ms: Option<i64> = row.get(6)?;
        let phone = PhoneRow {
            person: row.get(0)?,
            origin: row.get(1)?,
            token: row.get(2)?,
            label: row.get(3)?,
            is_revoked: row.get(4)?,
            uploads: row.get(5)?,
            last_upload: row.get(7)?,
            expires: row.get(8)?,
            is_expired: row.get(9)?,
            last_upload_seconds_ago: last_ms.map(|last_ms| now_ms.saturating_sub(last_ms) / 1000),
            bytes_per_day: None,
            rejects_per_day: None,
            bytes_today: 0,
            rejects_today: 0,
        };
        Ok(phone.with_allowance(allowance(row, 10)?, now_ms))
    };
    select.query_map((PHONES_LISTED_MAX, now_ms, person), read)?.collect()
}
