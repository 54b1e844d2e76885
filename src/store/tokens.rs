//! Who may send: tokens and whose they are. A token itself is never stored, only its digest.
//!
//! A token is 160 random bits, so a fast hash is enough: whoever steals the digests has 2^160 tokens to try. Slow ones, such
//! as Argon2, protect secrets that people think up; here one would only let strangers spend this machine's time. A token is
//! found by its digest: how long that takes tells of digests at most, and no token leads to a digest that is wanted.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, TransactionBehavior};
use serde::Serialize;

use super::files::check_names;
use super::write::ledger::person_id;
use super::{Store, open_error, open_filled, open_or_create, open_read_only, open_read_only_within, store_error};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{BUSY_WAIT, TOKEN_CACHE_BYTES, TOKEN_USE_RESOLUTION, TOKEN_WAIT, TOKEN_WRITE_POLL};

/// What every token begins with, so that a scanner for secrets, or a reader, knows one.
pub const TOKEN_PREFIX: &str = "hs_";

/// Letters and digits of a token behind that.
const TOKEN_LETTERS: usize = 32;

/// Whether something may be a token of ours at all: what is not need not be looked up.
#[must_use]
pub fn is_token_shaped(text: &[u8]) -> bool {
    text.strip_prefix(TOKEN_PREFIX.as_bytes()).is_some_and(|rest| {
        rest.len() == TOKEN_LETTERS && rest.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
    })
}

/// The BLAKE3 digest of a token. Two are compared in constant time.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct TokenDigest(blake3::Hash);

impl TokenDigest {
    /// The digest of a token as it is sent.
    #[must_use]
    pub fn of(token: &[u8]) -> Self {
        Self(blake3::hash(token))
    }
}

impl std::fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenDigest(..)")
    }
}

/// A token that is known, and whose it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenOwner {
    /// The token's number.
    pub token: i64,
    /// Whose rows its uploads become.
    pub person: String,
    /// Whether it is refused, whatever else it may be.
    pub is_revoked: bool,
}

/// A token as it is listed.
#[derive(Clone, Debug, Serialize)]
pub struct TokenRow {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub person: String,
    /// What it is for.
    pub label: Option<String>,
    /// When it was made, UTC.
    pub created: String,
    /// When an upload last began with it, UTC, to the minute.
    pub last_used: Option<String>,
    /// When it was revoked, UTC.
    pub revoked: Option<String>,
}

/// Enters a token, and its person at first sight. Returns its number.
///
/// # Errors
///
/// [`ErrorKind::Store`] or [`ErrorKind::Busy`] if the database cannot be written.
pub fn add_token(path: &Path, digest: &TokenDigest, person: &str, label: Option<&str>, created_ms: i64) -> Result<i64> {
    let mut connection = open_beside_server(path)?;
    let mut add = || {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let person = person_id(&transaction, person)?;
        transaction.execute(
            "INSERT INTO tokens (person_id, label, digest, created_ms) VALUES (?1, ?2, ?3, ?4)",
            (person, label, digest.0.as_bytes(), created_ms),
        )?;
        let id = transaction.last_insert_rowid();
        transaction.commit()?;
        Ok(id)
    };
    add().map_err(|error| store_error(&error))
}

/// Revokes a token: the next request with it fails. True if it was not revoked before; none if there is no such token.
///
/// # Errors
///
/// As for [`add_token`].
pub fn revoke_token(path: &Path, id: i64, revoked_ms: i64) -> Result<Option<bool>> {
    if !path.exists() {
        return Ok(None);
    }
    let connection = open_beside_server(path)?;
    let revoke = || {
        let sql = "UPDATE tokens SET revoked_ms = ?2 WHERE id = ?1 AND revoked_ms IS NULL";
        let is_revoked = connection.execute(sql, (id, revoked_ms))? > 0;
        let is_known = is_revoked
            || connection.query_row("SELECT EXISTS (SELECT 1 FROM tokens WHERE id = ?1)", [id], |row| row.get(0))?;
        Ok(is_known.then_some(is_revoked))
    };
    revoke().map_err(|error| store_error(&error))
}

fn open_beside_server(path: &Path) -> Result<Connection> {
    let (mut connection, _) = open_or_create(path)?;
    let began = Instant::now();
    let wait = move |_| {
        thread::park_timeout(TOKEN_WRITE_POLL);
        began.elapsed() < BUSY_WAIT
    };
    connection.busy_handler(Some(wait)).map_err(|error| open_error(path, &error))?;
    Ok(connection)
}

/// All tokens, revoked ones too.
///
/// # Errors
///
/// [`ErrorKind::Store`] if there is no such database or it cannot be read.
pub fn tokens(path: &Path) -> Result<Vec<TokenRow>> {
    let connection = open_read_only(path)?;
    let list = || -> rusqlite::Result<Vec<TokenRow>> {
        let mut select = connection.prepare(
            "SELECT t.id, p.name, t.label, strftime('%Y-%m-%dT%H:%M:%SZ', t.created_ms / 1000, 'unixepoch'),
               strftime('%Y-%m-%dT%H:%M:%SZ', t.last_used_ms / 1000, 'unixepoch'),
               strftime('%Y-%m-%dT%H:%M:%SZ', t.revoked_ms / 1000, 'unixepoch')
             FROM tokens t JOIN persons p ON p.id = t.person_id ORDER BY t.id",
        )?;
        let read = |row: &Row<'_>| {
            Ok(TokenRow {
                id: row.get(0)?,
                person: row.get(1)?,
                label: row.get(2)?,
                created: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
                last_used: row.get(4)?,
                revoked: row.get(5)?,
            })
        };
        select.query_map([], read)?.collect()
    };
    list().map_err(|error| open_error(path, &error))
}

/// Whether a database has or has had tokens; one that is not there has none.
///
/// # Errors
///
/// [`ErrorKind::Store`] if it cannot be read.
pub fn has_tokens(path: &Path) -> Result<bool> {
    // A server asks this before it opens the database: what a program left that was killed in its midst is undone here.
    check_names(path)?;
    let connection =
        if path.exists() { open_filled(path, OpenFlags::SQLITE_OPEN_READ_WRITE, BUSY_WAIT)? } else { None };
    let Some(connection) = connection else {
        return Ok(false);
    };
    connection.query_row(ANY_TOKEN, [], |row| row.get(0)).map_err(|error| open_error(path, &error))
}

const ANY_TOKEN: &str = "SELECT EXISTS (SELECT 1 FROM tokens)";

/// Looks tokens up beside the writer: what another process commits is seen by the next look-up. The connection is opened when
/// it is first needed, since its copy of the schema is a tenth of what the idle process holds.
#[derive(Debug)]
pub struct TokenReader {
    path: PathBuf,
    connection: Mutex<Option<Connection>>,
}

impl TokenReader {
    /// A reader of a database.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), connection: Mutex::new(None) }
    }

    /// The owner of the token with this digest, also if it is revoked.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] or [`ErrorKind::Busy`] if the database cannot be read.
    pub fn find(&self, digest: &TokenDigest) -> Result<Option<TokenOwner>> {
        let sql = "SELECT t.id, p.name, t.revoked_ms IS NOT NULL FROM tokens t JOIN persons p ON p.id = t.person_id
            WHERE t.digest = ?1";
        let owner = |row: &Row<'_>| Ok(TokenOwner { token: row.get(0)?, person: row.get(1)?, is_revoked: row.get(2)? });
        self.ask(|connection| connection.prepare_cached(sql)?.query_row([digest.0.as_bytes()], owner).optional())
    }

    /// Whether there is or was any token.
    ///
    /// # Errors
    ///
    /// As for [`TokenReader::find`].
    pub fn has_any(&self) -> Result<bool> {
        self.ask(|connection| connection.prepare_cached(ANY_TOKEN)?.query_row([], |row| row.get(0)))
    }

    fn ask<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        // A connection is as good after a panic as before: each look-up is a statement of its own.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match &mut *connection {
            Some(connection) => connection,
            closed => closed.insert(open(&self.path)?),
        };
        ask(connection).map_err(|error| read_error(&error))
    }
}

fn open(path: &Path) -> Result<Connection> {
    let connection = open_read_only_within(path, TOKEN_WAIT)?;
    let cache_kib = i64::try_from(TOKEN_CACHE_BYTES / 1024).unwrap_or(64);
    connection.pragma_update(None, "cache_size", -cache_kib).map_err(|error| open_error(path, &error))?;
    Ok(connection)
}

fn read_error(error: &rusqlite::Error) -> Error {
    match store_error(error) {
        busy if busy.kind() == ErrorKind::Busy => busy,
        _ => Error::new(ErrorKind::Store, format!("tokens could not be looked up: {error}")),
    }
}

impl Store {
    /// Notes that an upload begins with a token, once a minute at most: in the transaction that enters the upload.
    pub(super) fn note_use(&self, token: i64, now_ms: i64) -> rusqlite::Result<()> {
        let sql = "UPDATE tokens SET last_used_ms = ?2
            WHERE id = ?1 AND (last_used_ms IS NULL OR last_used_ms NOT BETWEEN ?2 - ?3 AND ?2)";
        let resolution_ms = i64::try_from(TOKEN_USE_RESOLUTION.as_millis()).unwrap_or(i64::MAX);
        self.connection.prepare_cached(sql)?.execute((token, now_ms, resolution_ms)).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It holds up every connection, so the first look-up, which opens the database, may wait no longer than others.
    #[test]
    fn the_first_look_up_waits_no_longer_than_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("health.db");
        drop(Store::open(&path).unwrap());
        let holder = Connection::open(&path).unwrap();
        holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
        let began = Instant::now();
        let error = TokenReader::new(&path).has_any().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert!(began.elapsed() < BUSY_WAIT / 2, "{:?}, where {TOKEN_WAIT:?} is meant", began.elapsed());
    }
}
