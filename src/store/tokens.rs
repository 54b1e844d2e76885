//! Tokens: who may send and read, and whose rows these are. A token itself is never stored, only its digest.
//!
//! A token is 160 random bits, so a fast hash is enough: a thief of the digests has 2^160 tokens to try. Slow hashes such as
//! Argon2 protect secrets that people invent; here one would only let strangers use up this machine's time. The server finds
//! a token by its digest. The time that takes can reveal digests only, and nobody can choose a token for a wanted digest.

use std::sync::Mutex;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};
use serde::Serialize;

use super::clock::{ISO_SECONDS, now_ms};
use super::connection::Store;
use super::database::Database;
use super::failure::{open_error, store_error};
use super::files::check_names;
use super::open::set_page_cache;
use super::write::ledger::{person_id, signed};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{BUSY_WAIT, TOKEN_CACHE_BYTES, TOKEN_USE_RESOLUTION, TOKEN_WAIT};
use crate::model::lock::lock;
use crate::model::quota::{Allowance, Quota, Usage, day_of};

/// Starts each token, so that people and scanners for secrets recognize one.
pub const TOKEN_PREFIX: &str = "hs_";

/// Letters and digits of a token after the prefix.
const TOKEN_LETTERS: usize = 32;

/// Whether a text has the form of a token. Other texts need no look-up.
#[must_use]
pub fn is_token_shaped(text: &[u8]) -> bool {
    text.strip_prefix(TOKEN_PREFIX.as_bytes()).is_some_and(|rest| {
        rest.len() == TOKEN_LETTERS && rest.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
    })
}

/// The BLAKE3 digest of a token, or of another secret. Comparing two takes constant time.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct TokenDigest(blake3::Hash);

impl TokenDigest {
    /// The digest of a token as it is sent.
    #[must_use]
    pub fn of(token: &[u8]) -> Self {
        Self(blake3::hash(token))
    }

    /// As it is stored.
    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenDigest(..)")
    }
}

/// The scope of a token.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TokenScope {
    /// To upload.
    #[default]
    Send,
    /// To read.
    Read,
    /// Both.
    Admin,
}

impl TokenScope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Send, Self::Read, Self::Admin];

    /// Its name in flags and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }

    /// Whether uploads may use it.
    #[must_use]
    pub fn may_send(self) -> bool {
        matches!(self, Self::Send | Self::Admin)
    }

    /// Whether reads may use it.
    #[must_use]
    pub fn may_read(self) -> bool {
        matches!(self, Self::Read | Self::Admin)
    }

    /// The scope with a name. A name that this program does not know allows nothing.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// A known token and its person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenOwner {
    /// The token's number.
    pub token: i64,
    /// Whose rows its uploads become, and whose it reads.
    pub person: String,
    /// Its scope; `None` for a scope that this program does not know.
    pub scope: Option<TokenScope>,
    /// Whether it reads the data of all persons.
    pub is_of_all: bool,
    /// The limits of its uploads on a day, and their use.
    pub allowance: Allowance,
    /// Whether it is refused because it was revoked.
    pub is_revoked: bool,
    /// Whether it is refused because its time is over.
    pub is_expired: bool,
}

/// A token as `token list` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct TokenRow {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub person: String,
    /// Its label.
    pub label: Option<String>,
    /// Its scope: send, read or admin.
    pub scope: String,
    /// Whether it reads the data of all persons.
    pub all_people: bool,
    /// When it was made, UTC.
    pub created: String,
    /// When an upload last began with it, UTC, to the minute.
    pub last_used: Option<String>,
    /// When it was revoked, UTC.
    pub revoked: Option<String>,
    /// From when on it is refused, UTC.
    pub expires: Option<String>,
    /// Whether that time has come.
    pub is_expired: bool,
    /// Bytes of bodies that its uploads may have on a day (UTC).
    pub bytes_per_day: Option<u64>,
    /// Rejects that they may have.
    pub rejects_per_day: Option<u64>,
    /// Bytes of bodies that uploads had which ended today.
    pub bytes_today: u64,
    /// Rejects that they had.
    pub rejects_today: u64,
}

/// A token that is to be entered.
#[derive(Clone, Copy, Debug)]
pub struct NewToken<'a> {
    /// Its digest.
    pub digest: &'a TokenDigest,
    /// Whose it is.
    pub person: &'a str,
    /// Its label.
    pub label: Option<&'a str>,
    /// Its scope.
    pub scope: TokenScope,
    /// Whether it reads the data of all persons.
    pub is_of_all: bool,
    /// The present time.
    pub created_ms: i64,
    /// From when on it is refused.
    pub expires_ms: Option<i64>,
    /// The limits of its uploads on a day.
    pub quota: Quota,
}

impl TokenRow {
    /// The same with a quota, and what of it is used today.
    pub(super) fn with_allowance(self, Allowance { quota, usage }: Allowance, now_ms: i64) -> Self {
        let today = usage.on(day_of(now_ms));
        Self {
            bytes_per_day: quota.bytes,
            rejects_per_day: quota.rejects,
            bytes_today: today.bytes,
            rejects_today: today.rejects,
            ..self
        }
    }
}

/// The columns of a token `t` with its quota and its use, in SQL.
macro_rules! allowance_columns {
    () => {
        "t.bytes_per_day, t.rejects_per_day, t.used_day, t.used_bytes, t.used_rejects"
    };
}

/// The same, also of a database from before version 7, in which no token has a quota.
pub(super) fn allowed(connection: &Connection) -> &'static str {
    let has_quota = connection.prepare("SELECT used_day FROM tokens").is_ok();
    if has_quota { allowance_columns!() } else { "NULL, NULL, 0, 0, 0" }
}

/// The allowance of a row that has these columns from a place on. SQLite's integers are signed.
pub(super) fn allowance(row: &Row<'_>, first: usize) -> rusqlite::Result<Allowance> {
    let count = |place| row.get::<_, Option<i64>>(place).map(|count| count.map(|count| count.max(0).unsigned_abs()));
    let quota = Quota { bytes: count(first)?, rejects: count(first + 1)? };
    let [bytes, rejects] = [count(first + 3)?, count(first + 4)?].map(Option::unwrap_or_default);
    // Uploads without a token have no day.
    let day = row.get::<_, Option<i64>>(first + 2)?.unwrap_or_default();
    Ok(Allowance { quota, usage: Usage { day, bytes, rejects } })
}

impl Database {
    /// Enters a token, and its person if they are new. Returns the token's number.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] or [`ErrorKind::Busy`] if the database cannot be written.
    pub fn add_token(&self, new: &NewToken<'_>) -> Result<i64> {
        self.write_beside_server(|connection| enter(connection, new))
    }

    /// Returns all tokens, also revoked ones.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] if the database is missing or cannot be read.
    pub fn tokens(&self) -> Result<Vec<TokenRow>> {
        let connection = self.open_to_read()?;
        let list = || -> rusqlite::Result<Vec<TokenRow>> {
            let expires = expiry(&connection);
            // Before version 5 every token is for uploads.
            let has_scope = connection.prepare("SELECT scope FROM tokens").is_ok();
            let scope = if has_scope { "t.scope, t.all_people" } else { "'send', FALSE" };
            let allowed = allowed(&connection);
            let now_ms = now_ms();
            let mut select = connection.prepare(&format!(
                "SELECT t.id, p.name, t.label, strftime({ISO_SECONDS}, t.created_ms / 1000, 'unixepoch'),
                   strftime({ISO_SECONDS}, t.last_used_ms / 1000, 'unixepoch'),
                   strftime({ISO_SECONDS}, t.revoked_ms / 1000, 'unixepoch'),
                   strftime({ISO_SECONDS}, {expires} / 1000, 'unixepoch'), coalesce({expires} <= ?1, FALSE), {scope}, {allowed}
                 FROM tokens t JOIN persons p ON p.id = t.person_id ORDER BY t.id"
            ))?;
            let read = |row: &Row<'_>| {
                let token = TokenRow {
                    id: row.get(0)?,
                    person: row.get(1)?,
                    label: row.get(2)?,
                    created: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
                    last_used: row.get(4)?,
                    revoked: row.get(5)?,
                    expires: row.get(6)?,
                    is_expired: row.get(7)?,
                    scope: row.get(8)?,
                    all_people: row.get(9)?,
                    bytes_per_day: None,
                    rejects_per_day: None,
                    bytes_today: 0,
                    rejects_today: 0,
                };
                Ok(token.with_allowance(allowance(row, 10)?, now_ms))
            };
            select.query_map([now_ms], read)?.collect()
        };
        list().map_err(|error| open_error(self, &error))
    }

    /// Whether the database has or has had tokens. A missing database has none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] if it cannot be read.
    pub fn has_tokens(&self) -> Result<bool> {
        check_names(self.path())?;
        if !self.exists() {
            return Ok(false);
        }
        // A server asks this before it opens the database. Opening it for writing undoes what a killed program left.
        let Some(connection) = self.open_filled(OpenFlags::SQLITE_OPEN_READ_WRITE, BUSY_WAIT)? else {
            return Ok(false);
        };
        connection.query_row(ANY_TOKEN, [], |row| row.get(0)).map_err(|error| open_error(self, &error))
    }
}

/// Enters a token, and its person if they are new. Returns its number.
pub(super) fn enter(connection: &Connection, new: &NewToken<'_>) -> rusqlite::Result<i64> {
    let NewToken { digest, person, label, scope, is_of_all, created_ms, expires_ms, quota } = *new;
    let person = person_id(connection, person)?;
    let sql = "INSERT INTO tokens (person_id, label, digest, created_ms, expires_ms, scope, all_people, bytes_per_day, rejects_per_day)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let [bytes, rejects] = [quota.bytes, quota.rejects].map(|most| most.map(signed));
    let row = (person, label, digest.0.as_bytes(), created_ms, expires_ms, scope.name(), is_of_all, bytes, rejects);
    connection.prepare_cached(sql)?.insert(row)
}

/// The time at which a token `t` expires, in SQL. Before version 4 no token expires.
pub(super) fn expiry(connection: &Connection) -> &'static str {
    if connection.prepare("SELECT expires_ms FROM tokens").is_ok() { "t.expires_ms" } else { "NULL" }
}

/// Whether a token `t` is valid, in SQL: neither revoked nor expired.
pub(super) fn valid(connection: &Connection, now_ms: i64) -> String {
    format!("t.revoked_ms IS NULL AND coalesce({} > {now_ms}, TRUE)", expiry(connection))
}

/// Whether a token may send, in SQL. Before version 5 each may.
pub(super) fn sending(connection: &Connection) -> &'static str {
    if connection.prepare("SELECT scope FROM tokens").is_ok() { "scope <> 'read'" } else { "TRUE" }
}

const ANY_TOKEN: &str = "SELECT EXISTS (SELECT 1 FROM tokens)";

/// Looks tokens up beside the writer. Each look-up sees what other processes have committed. The first one opens the
/// connection, since its copy of the schema is a tenth of what the idle process holds.
#[derive(Debug)]
pub struct TokenReader {
    database: Database,
    connection: Mutex<Option<Connection>>,
}

impl TokenReader {
    /// A reader that has nothing open yet.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database, connection: Mutex::new(None) }
    }

    /// Returns the owner of the token with this digest, also if it is revoked or has expired.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] or [`ErrorKind::Busy`] if the database cannot be read.
    pub fn find(&self, digest: &TokenDigest) -> Result<Option<TokenOwner>> {
        let sql = concat!(
            "SELECT t.id, p.name, t.revoked_ms IS NOT NULL, coalesce(t.expires_ms <= ?2, FALSE), t.scope, t.all_people, ",
            allowance_columns!(),
            " FROM tokens t JOIN persons p ON p.id = t.person_id WHERE t.digest = ?1"
        );
        let owner = |row: &Row<'_>| {
            Ok(TokenOwner {
                token: row.get(0)?,
                person: row.get(1)?,
                is_revoked: row.get(2)?,
                is_expired: row.get(3)?,
                scope: TokenScope::of(row.get_ref(4)?.as_str()?),
                is_of_all: row.get(5)?,
                allowance: allowance(row, 6)?,
            })
        };
        let values = (digest.0.as_bytes(), now_ms());
        self.ask(|connection| connection.prepare_cached(sql)?.query_row(values, owner).optional())
    }

    /// Whether there is or was any token.
    ///
    /// # Errors
    ///
    /// As for [`TokenReader::find`].
    pub fn has_any(&self) -> Result<bool> {
        self.ask(|connection| connection.prepare_cached(ANY_TOKEN)?.query_row([], |row| row.get(0)))
    }

    pub(super) fn ask<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        // A panic leaves the connection usable, since each look-up is one statement.
        let mut connection = lock(&self.connection);
        let connection = match &mut *connection {
            Some(connection) => connection,
            closed => closed.insert(open(&self.database)?),
        };
        ask(connection).map_err(|error| read_error(&error))
    }
}

fn open(database: &Database) -> Result<Connection> {
    let connection = database.open_beside_writer(TOKEN_WAIT)?;
    set_page_cache(&connection, TOKEN_CACHE_BYTES).map_err(|error| open_error(database, &error))?;
    Ok(connection)
}

fn read_error(error: &rusqlite::Error) -> Error {
    match store_error(error) {
        busy if busy.kind() == ErrorKind::Busy => busy,
        _ => Error::new(ErrorKind::Store, format!("tokens could not be looked up: {error}")),
    }
}

impl Store {
    /// Records that an upload begins with a token, at most once a minute, in the transaction that enters the upload.
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
    use std::time::Instant;

    /// A look-up blocks every connection, so also the first one, which opens the database, must not wait longer.
    #[test]
    fn the_first_look_up_waits_no_longer_than_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("health.db");
        drop(Store::open(&Database::new(&path)).unwrap());
        let holder = Connection::open(&path).unwrap();
        holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
        let began = Instant::now();
        let error = TokenReader::new(Database::new(&path)).has_any().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        // Strangers read the answer.
        assert!(error.message().contains("health.db") && !error.message_for_clients().contains("health.db"), "{error}");
        assert!(began.elapsed() < BUSY_WAIT / 2, "{:?}, expected about {TOKEN_WAIT:?}", began.elapsed());
    }
}
