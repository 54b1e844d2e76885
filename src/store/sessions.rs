//! Sessions of browsers, and the codes that begin one: who has signed in with which token, and until when.
//!
//! The writer's thread makes all changes of a running server, so that two requests cannot use one code. Commands write beside it. An
//! id is 160 random bits and a code 80, so a fast hash is enough.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::clock::{ISO_SECONDS, now_ms};
use super::connection::Store;
use super::database::Database;
use super::failure::open_error;
use super::files::check_names;
use super::secret;
use super::tokens::{TokenDigest, TokenOwner, TokenReader, TokenScope};
use crate::model::error::Result;
use crate::model::limits::{
    CODE_TIME, CODES_PER_TOKEN_MAX, SESSION_PEOPLE_MAX, SESSION_TIME, SESSION_USE_RESOLUTION, SESSIONS_PER_TOKEN_MAX,
};
use crate::model::quota::Allowance;

/// A valid session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionOwner {
    /// Its number.
    pub session: i64,
    /// The token that it was begun with, which is valid.
    pub owner: TokenOwner,
    /// The label of that token.
    pub label: Option<String>,
    /// From when on it is refused unless it is used before.
    pub expires_ms: i64,
    /// Whether its use is to be noted.
    pub is_due: bool,
}

/// The start of a session.
#[derive(Clone, Copy, Debug)]
pub enum SessionProof {
    /// A token with this number, which was checked.
    Token(i64),
    /// A code with this digest.
    Code(TokenDigest),
}

/// A change that the server asks the writer for.
#[derive(Clone, Copy, Debug)]
pub enum SessionChange {
    /// Begins a session whose id has this digest, and ends the one that the browser had.
    Begin {
        /// The right behind it.
        proof: SessionProof,
        /// The digest of the new id.
        digest: TokenDigest,
        /// The digest of the former id.
        former: Option<TokenDigest>,
    },
    /// Notes the use of a session.
    Extend(i64),
    /// Ends the session whose id has this digest.
    End(TokenDigest),
}

/// A session as `sessions list` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct SessionRow {
    /// Its number.
    pub id: i64,
    /// The number of its token.
    pub token: i64,
    /// Whose that is.
    pub person: String,
    /// The token's label.
    pub label: Option<String>,
    /// When it began, UTC.
    pub created: String,
    /// When it was last used, UTC, to the hour.
    pub last_used: String,
    /// From when on it is refused unless it is used before, UTC.
    pub expires: String,
}

/// Which sessions were ended.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct EndedSessions {
    /// Their numbers.
    pub ended: Vec<i64>,
}

/// The result of revoking a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Revocation {
    /// Whether the token was not revoked before.
    pub is_new: bool,
    /// The sessions that ended with it.
    pub sessions: u64,
}

/// A token `t` that may read now, in SQL.
const MAY_READ: &str = "t.revoked_ms IS NULL AND coalesce(t.expires_ms > ?1, TRUE) AND t.scope IN ('read', 'admin')";

fn ms(time: std::time::Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

impl TokenReader {
    /// Returns the session whose id has this digest, if it is valid.
    ///
    /// # Errors
    ///
    /// As for [`TokenReader::find`].
    pub fn find_session(&self, digest: &TokenDigest) -> Result<Option<SessionOwner>> {
        let now_ms = now_ms();
        let sql = format!(
            "SELECT s.id, s.last_used_ms, s.expires_ms, t.id, p.name, t.scope, t.all_people, t.label
             FROM sessions s JOIN tokens t ON t.id = s.token_id JOIN persons p ON p.id = t.person_id
             WHERE s.digest = ?2 AND s.expires_ms > ?1 AND {MAY_READ}"
        );
        let owner = |row: &Row<'_>| {
            let used_ms: i64 = row.get(1)?;
            Ok(SessionOwner {
                session: row.get(0)?,
                expires_ms: row.get(2)?,
                owner: TokenOwner {
                    token: row.get(3)?,
                    person: row.get(4)?,
                    scope: TokenScope::of(row.get_ref(5)?.as_str()?),
                    is_of_all: row.get(6)?,
                    allowance: Allowance::default(),
                    is_revoked: false,
                    is_expired: false,
                },
                label: row.get(7)?,
                // Also if the clock was in the future.
                is_due: now_ms.abs_diff(used_ms) >= ms(SESSION_USE_RESOLUTION).unsigned_abs(),
            })
        };
        self.ask(|connection| connection.prepare_cached(&sql)?.query_row((now_ms, digest.as_bytes()), owner).optional())
    }

    /// Whether there is a valid code with this digest. Only the writer may use it.
    ///
    /// # Errors
    ///
    /// As for [`TokenReader::find`].
    pub fn has_code(&self, digest: &TokenDigest) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM sign_in_codes WHERE digest = ?1 AND expires_ms > ?2)";
        self.ask(|connection| {
            connection.prepare_cached(sql)?.query_row((digest.as_bytes(), now_ms()), |row| row.get(0))
        })
    }

    /// Returns the names of all persons.
    ///
    /// # Errors
    ///
    /// As for [`TokenReader::find`].
    pub fn people(&self) -> Result<Vec<String>> {
        self.ask(|connection| {
            let mut select = connection.prepare_cached("SELECT name FROM persons ORDER BY id LIMIT ?1")?;
            select.query_map([SESSION_PEOPLE_MAX], |row| row.get(0))?.collect()
        })
    }
}

impl Store {
    /// Makes a change in the open transaction. Returns the number of the token whose session it concerns; none if there is
    /// no such session, or if nothing allows to begin one.
    pub(super) fn change_session(&mut self, change: &SessionChange) -> Result<Option<i64>> {
        changed(&self.connection, change, now_ms()).map_err(|error| self.failed(&error))
    }
}

fn changed(connection: &Connection, change: &SessionChange, now_ms: i64) -> rusqlite::Result<Option<i64>> {
    match change {
        SessionChange::Begin { proof, digest, former } => {
            delete_outdated(connection, now_ms)?;
            if let Some(former) = former {
                end(connection, former)?;
            }
            begin(connection, proof, digest, now_ms)
        }
        SessionChange::Extend(session) => extend(connection, *session, now_ms),
        SessionChange::End(digest) => end(connection, digest),
    }
}

fn begin(
    connection: &Connection,
    proof: &SessionProof,
    digest: &TokenDigest,
    now_ms: i64,
) -> rusqlite::Result<Option<i64>> {
    let token: Option<i64> = match proof {
        SessionProof::Token(token) => Some(*token),
        SessionProof::Code(code) => connection
            .prepare_cached("DELETE FROM sign_in_codes WHERE digest = ?1 RETURNING token_id")?
            .query_row([code.as_bytes()], |row| row.get(0))
            .optional()?,
    };
    // Also the token may have been revoked meanwhile.
    let may_read = format!("SELECT t.id FROM tokens t WHERE t.id = ?2 AND {MAY_READ}");
    let token: Option<i64> = connection.query_row(&may_read, params![now_ms, token], |row| row.get(0)).optional()?;
    let Some(token) = token else { return Ok(None) };
    connection.execute(
        "DELETE FROM sessions WHERE token_id = ?1 AND id NOT IN
           (SELECT id FROM sessions WHERE token_id = ?1 ORDER BY last_used_ms DESC, id DESC LIMIT ?2)",
        (token, SESSIONS_PER_TOKEN_MAX - 1),
    )?;
    connection.execute(
        "INSERT INTO sessions (token_id, digest, created_ms, last_used_ms, expires_ms) VALUES (?1, ?2, ?3, ?3, ?4)",
        (token, digest.as_bytes(), now_ms, now_ms.saturating_add(ms(SESSION_TIME))),
    )?;
    Ok(Some(token))
}

fn extend(connection: &Connection, session: i64, now_ms: i64) -> rusqlite::Result<Option<i64>> {
    let sql =
        "UPDATE sessions SET last_used_ms = ?2, expires_ms = ?3 WHERE id = ?1 AND expires_ms > ?2 RETURNING token_id";
    let values = (session, now_ms, now_ms.saturating_add(ms(SESSION_TIME)));
    connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()
}

fn end(connection: &Connection, digest: &TokenDigest) -> rusqlite::Result<Option<i64>> {
    let sql = "DELETE FROM sessions WHERE digest = ?1 RETURNING token_id";
    connection.prepare_cached(sql)?.query_row([digest.as_bytes()], |row| row.get(0)).optional()
}

/// Deletes what is refused anyway.
fn delete_outdated(connection: &Connection, now_ms: i64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM sign_in_codes WHERE expires_ms <= ?1", [now_ms])?;
    let sql = format!(
        "DELETE FROM sessions WHERE expires_ms <= ?1 OR token_id NOT IN (SELECT t.id FROM tokens t WHERE {MAY_READ})"
    );
    connection.execute(&sql, [now_ms]).map(|_| ())
}

/// Ends the sessions and codes of a token. Returns how many sessions were valid.
fn end_all_of(connection: &Connection, token: i64, now_ms: i64) -> rusqlite::Result<u64> {
    connection.execute("DELETE FROM sign_in_codes WHERE token_id = ?1", [token])?;
    let valid: i64 = connection.query_row(
        "SELECT count(*) FROM sessions WHERE token_id = ?1 AND expires_ms > ?2",
        (token, now_ms),
        |row| row.get(0),
    )?;
    connection.execute("DELETE FROM sessions WHERE token_id = ?1", [token])?;
    Ok(valid.unsigned_abs())
}

impl Database {
    /// Revokes a token: the next request with it fails, and its sessions end. Returns `None` if it is unknown.
    ///
    /// # Errors
    ///
    /// As for [`Database::add_token`].
    pub fn revoke_token(&self, id: i64, revoked_ms: i64) -> Result<Option<Revocation>> {
        check_names(self.path())?;
        if !self.exists() {
            return Err(self.missing_error());
        }
        self.write_beside_server(|connection| {
            let sql = "UPDATE tokens SET revoked_ms = ?2 WHERE id = ?1 AND revoked_ms IS NULL";
            let is_revoked = connection.execute(sql, (id, revoked_ms))? > 0;
            let is_known = is_revoked
                || connection
                    .query_row("SELECT EXISTS (SELECT 1 FROM tokens WHERE id = ?1)", [id], |row| row.get(0))?;
            let sessions = end_all_of(connection, id, revoked_ms)?;
            Ok(is_known.then_some(Revocation { is_new: is_revoked, sessions }))
        })
    }

    /// Makes a code that begins one session of a token within [`CODE_TIME`].
    ///
    /// # Errors
    ///
    /// As for [`Database::add_token`]; [`ErrorKind::Io`](crate::model::error::ErrorKind::Io) without random bytes.
    pub fn add_code(&self, token: i64) -> Result<String> {
        let code = secret::code()?;
        let digest = TokenDigest::of(code.as_bytes());
        self.write_beside_server(|connection| {
            let now_ms = now_ms();
            delete_outdated(connection, now_ms)?;
            connection.execute(
                "DELETE FROM sign_in_codes WHERE token_id = ?1 AND digest NOT IN
                   (SELECT digest FROM sign_in_codes WHERE token_id = ?1 ORDER BY expires_ms DESC LIMIT ?2)",
                (token, CODES_PER_TOKEN_MAX - 1),
            )?;
            let expires_ms = now_ms.saturating_add(ms(CODE_TIME));
            let sql = "INSERT INTO sign_in_codes (digest, token_id, expires_ms) VALUES (?1, ?2, ?3)";
            connection.execute(sql, (digest.as_bytes(), token, expires_ms)).map(|_| code)
        })
    }

    /// Returns all valid sessions.
    ///
    /// # Errors
    ///
    /// As for [`Database::tokens`].
    pub fn sessions(&self) -> Result<Vec<SessionRow>> {
        let connection = self.open_to_read()?;
        // Before version 6 there are none.
        if connection.prepare("SELECT id FROM sessions").is_err() {
            return Ok(Vec::new());
        }
        let list = || -> rusqlite::Result<Vec<SessionRow>> {
            let time = |column: &str| format!("strftime({ISO_SECONDS}, s.{column} / 1000, 'unixepoch')");
            let mut select = connection.prepare(&format!(
                "SELECT s.id, t.id, p.name, t.label, {}, {}, {} FROM sessions s JOIN tokens t ON t.id = s.token_id
                 JOIN persons p ON p.id = t.person_id WHERE s.expires_ms > ?1 AND {MAY_READ} ORDER BY s.id",
                time("created_ms"),
                time("last_used_ms"),
                time("expires_ms")
            ))?;
            let text = |row: &Row<'_>, at: usize| row.get::<_, Option<String>>(at).map(Option::unwrap_or_default);
            let read = |row: &Row<'_>| {
                Ok(SessionRow {
                    id: row.get(0)?,
                    token: row.get(1)?,
                    person: row.get(2)?,
                    label: row.get(3)?,
                    created: text(row, 4)?,
                    last_used: text(row, 5)?,
                    expires: text(row, 6)?,
                })
            };
            select.query_map([now_ms()], read)?.collect()
        };
        list().map_err(|error| open_error(self, &error))
    }

    /// Ends the sessions with these numbers, or all of them.
    ///
    /// # Errors
    ///
    /// As for [`Database::add_token`].
    pub fn end_sessions(&self, only: Option<&[i64]>) -> Result<EndedSessions> {
        self.write_beside_server(|connection| {
            let mut ended = Vec::new();
            let mut end = |id: i64| -> rusqlite::Result<()> {
                if connection.execute("DELETE FROM sessions WHERE id = ?1", [id])? > 0 {
                    ended.push(id);
                }
                Ok(())
            };
            match only {
                Some(ids) => ids.iter().try_for_each(|id| end(*id))?,
                None => {
                    let mut select = connection.prepare("SELECT id FROM sessions ORDER BY id")?;
                    let ids: Vec<i64> = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
                    ids.into_iter().try_for_each(end)?;
                    connection.execute("DELETE FROM sign_in_codes", [])?;
                }
            }
            Ok(EndedSessions { ended })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::quota::Quota;
    use crate::store::{NewToken, schema};

    const HOUR_MS: i64 = 60 * 60 * 1000;

    fn digest(text: &str) -> TokenDigest {
        TokenDigest::of(text.as_bytes())
    }

    /// A database in memory with a token of each scope: 1 sends, 2 reads, 3 does both.
    fn fixture() -> Connection {
        let connection = schema::in_memory(crate::store::version::VERSION).unwrap();
        connection
            .execute_batch(
                "INSERT INTO tokens (person_id, digest, created_ms, scope) VALUES
                   (1, x'01', 0, 'send'), (1, x'02', 0, 'read'), (1, x'03', 0, 'admin');",
            )
            .unwrap();
        connection
    }

    fn begun(connection: &Connection, proof: SessionProof, id: &str, now_ms: i64) -> Option<i64> {
        let change = SessionChange::Begin { proof, digest: digest(id), former: None };
        changed(connection, &change, now_ms).unwrap()
    }

    fn ids(connection: &Connection) -> Vec<i64> {
        let mut select = connection.prepare("SELECT id FROM sessions ORDER BY id").unwrap();
        select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn only_tokens_that_read_begin_sessions() {
        let connection = fixture();
        let token = |id| SessionProof::Token(id);
        assert_eq!(begun(&connection, token(1), "a", 1), None);
        assert_eq!(begun(&connection, token(2), "b", 1), Some(2));
        assert_eq!(begun(&connection, token(3), "c", 1), Some(3));
        assert_eq!(begun(&connection, token(4), "d", 1), None);
        connection
            .execute_batch(
                "UPDATE tokens SET expires_ms = 5 WHERE id = 2; UPDATE tokens SET revoked_ms = 5 WHERE id = 3",
            )
            .unwrap();
        assert_eq!(begun(&connection, token(2), "e", 4), Some(2));
        assert_eq!(begun(&connection, token(2), "f", 5), None);
        assert_eq!(begun(&connection, token(3), "g", 4), None);
        assert!(ids(&connection).is_empty(), "those of the token that has expired are deleted");
    }

    #[test]
    fn a_code_is_used_once_and_in_time() {
        let connection = fixture();
        let code = |text: &str| SessionProof::Code(digest(text));
        let add = |text: &str, token: i64, expires_ms: i64| {
            let sql = "INSERT INTO sign_in_codes (digest, token_id, expires_ms) VALUES (?1, ?2, ?3)";
            connection.execute(sql, (digest(text).as_bytes(), token, expires_ms)).unwrap();
        };
        add("one", 2, 10);
        assert_eq!(begun(&connection, code("other"), "a", 9), None);
        assert_eq!(begun(&connection, code("one"), "b", 9), Some(2));
        assert_eq!(begun(&connection, code("one"), "c", 9), None);
        add("late", 2, 10);
        assert_eq!(begun(&connection, code("late"), "d", 10), None);
        add("sends", 1, 10);
        assert_eq!(begun(&connection, code("sends"), "e", 9), None);
        assert_eq!(ids(&connection).len(), 1);
    }

    #[test]
    fn sessions_are_few_and_the_unused_one_ends() {
        let connection = fixture();
        let last = i64::from(SESSIONS_PER_TOKEN_MAX);
        for number in 1..=last {
            assert_eq!(begun(&connection, SessionProof::Token(2), &number.to_string(), number), Some(2));
        }
        begun(&connection, SessionProof::Token(3), "of another token", 1);
        assert_eq!(changed(&connection, &SessionChange::Extend(1), 2 * HOUR_MS).unwrap(), Some(2));
        begun(&connection, SessionProof::Token(2), "one more", 3 * HOUR_MS);
        let ids = ids(&connection);
        assert_eq!(ids.len(), usize::try_from(last).unwrap() + 1);
        assert!(ids.contains(&1) && !ids.contains(&2), "{ids:?}");
    }

    #[test]
    fn sessions_expire_unless_they_are_used() {
        let connection = fixture();
        begun(&connection, SessionProof::Token(2), "a", 0);
        let end_ms = ms(SESSION_TIME);
        assert_eq!(changed(&connection, &SessionChange::Extend(1), end_ms - 1).unwrap(), Some(2));
        assert_eq!(changed(&connection, &SessionChange::Extend(1), 2 * end_ms - 1).unwrap(), None, "it is over");
        // Another sign-in deletes it.
        begun(&connection, SessionProof::Token(2), "b", 2 * end_ms - 1);
        assert_eq!(ids(&connection), [1], "its number is free again");
        assert_eq!(changed(&connection, &SessionChange::End(digest("a")), 0).unwrap(), None);
        assert_eq!(changed(&connection, &SessionChange::End(digest("b")), 0).unwrap(), Some(2));
        assert!(ids(&connection).is_empty());
    }

    #[test]
    fn signing_in_again_ends_the_session_of_that_browser() {
        let connection = fixture();
        begun(&connection, SessionProof::Token(2), "a", 0);
        let (proof, former) = (SessionProof::Token(3), Some(digest("a")));
        changed(&connection, &SessionChange::Begin { proof, digest: digest("b"), former }, 1).unwrap();
        let tokens: i64 = connection.query_row("SELECT sum(token_id) FROM sessions", [], |row| row.get(0)).unwrap();
        assert_eq!(tokens, 3);
    }

    #[test]
    fn a_revoked_token_ends_its_sessions() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        let new = NewToken {
            digest: &digest("token"),
            person: "me",
            label: None,
            scope: TokenScope::Read,
            is_of_all: false,
            created_ms: now_ms(),
            expires_ms: None,
            quota: Quota::default(),
        };
        let token = database.add_token(&new).unwrap();
        let mut store = Store::open(&database).unwrap();
        let mut begin = |id: &str| {
            store.begin().unwrap();
            let change = SessionChange::Begin { proof: SessionProof::Token(token), digest: digest(id), former: None };
            store.change_session(&change).unwrap();
            store.commit().unwrap();
        };
        begin("a");
        begin("b");
        let reader = TokenReader::new(database.clone());
        let found = reader.find_session(&digest("a")).unwrap().unwrap();
        assert_eq!((found.owner.token, found.owner.person.as_str(), found.is_due), (token, "me", false));
        let listed = database.sessions().unwrap();
        assert_eq!(listed.iter().map(|row| (row.id, row.token)).collect::<Vec<_>>(), [(1, token), (2, token)]);
        assert_eq!(database.end_sessions(Some(&[1, 9])).unwrap(), EndedSessions { ended: vec![1] });
        assert_eq!(reader.find_session(&digest("a")).unwrap(), None);
        let revocation = database.revoke_token(token, now_ms()).unwrap().unwrap();
        assert_eq!((revocation.is_new, revocation.sessions), (true, 1));
        assert_eq!(reader.find_session(&digest("b")).unwrap(), None);
        assert!(database.sessions().unwrap().is_empty());
    }
}
