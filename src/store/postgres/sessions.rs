//! Sessions of browsers, and the codes that begin one. Each change is a short transaction; any receiver takes the next request.

use std::time::Duration;

use super::address::Address;
use super::link::Link;
use super::receiver::Postgres;
use super::values::Time;
use crate::model::error::Result;
use crate::model::limits::{CODE_TIME, CODES_PER_TOKEN_MAX, SESSION_TIME, SESSIONS_PER_TOKEN_MAX};
use crate::model::time::to_iso_seconds;
use crate::store::clock::now_ms;
use crate::store::secret;
use crate::store::sessions::{EndedSessions, SessionChange, SessionProof, SessionRow};
use crate::store::tokens::TokenDigest;

/// A token `t` that may read now, in SQL.
const MAY_READ: &str = "t.revoked_at IS NULL AND coalesce(t.expires_at > $1, true) AND t.scope IN ('read', 'admin')";

const USE_CODE: &str = "DELETE FROM sign_in_codes WHERE digest = $1 RETURNING token_id";

const LEAVE_LAST: &str = "DELETE FROM sessions WHERE token_id = $1 AND id NOT IN
    (SELECT id FROM sessions WHERE token_id = $1 ORDER BY last_used_at DESC, id DESC LIMIT $2)";

const BEGIN: &str =
    "INSERT INTO sessions (token_id, digest, created_at, last_used_at, expires_at) VALUES ($1, $2, $3, $3, $4)";

const EXTEND: &str =
    "UPDATE sessions SET last_used_at = $2, expires_at = $3 WHERE id = $1 AND expires_at > $2 RETURNING token_id";

const END: &str = "DELETE FROM sessions WHERE digest = $1 RETURNING token_id";

const LEAVE_CODES: &str = "DELETE FROM sign_in_codes WHERE token_id = $1 AND digest NOT IN
    (SELECT digest FROM sign_in_codes WHERE token_id = $1 ORDER BY expires_at DESC LIMIT $2)";

fn after(now_ms: i64, time: Duration) -> Time {
    Time(now_ms.saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)))
}

impl Postgres {
    /// Makes a change. Returns the number of the token whose session it concerns; none if there is no such session, or if nothing
    /// allows to begin one.
    pub(in crate::store) fn change_session(&self, change: &SessionChange) -> Result<Option<i64>> {
        let link = self.pool.take()?;
        // After an error the connection is dropped with its transaction.
        link.run("BEGIN")?;
        let token = changed(&link, change, now_ms())?;
        link.run("COMMIT")?;
        self.pool.give_back(link);
        Ok(token)
    }
}

fn changed(link: &Link, change: &SessionChange, now_ms: i64) -> Result<Option<i64>> {
    let number = |row: Option<tokio_postgres::Row>| row.map(|row| row.get(0));
    let end = |digest: &TokenDigest| link.optional(END, &[&digest.as_bytes().as_slice()]).map(number);
    match change {
        SessionChange::Begin { proof, digest, former } => {
            delete_outdated(link, now_ms)?;
            former.as_ref().map(end).transpose()?;
            begin(link, proof, digest, now_ms)
        }
        SessionChange::Extend(session) => {
            let values = (Time(now_ms), after(now_ms, SESSION_TIME));
            link.optional(EXTEND, &[session, &values.0, &values.1]).map(number)
        }
        SessionChange::End(digest) => end(digest),
    }
}

fn begin(link: &Link, proof: &SessionProof, digest: &TokenDigest, now_ms: i64) -> Result<Option<i64>> {
    let token: Option<i64> = match proof {
        SessionProof::Token(token) => Some(*token),
        SessionProof::Code(code) => link.optional(USE_CODE, &[&code.as_bytes().as_slice()])?.map(|row| row.get(0)),
    };
    // Also the token may have been revoked meanwhile. Of two that begin at once, the later one waits.
    let may_read = format!("SELECT t.id FROM tokens t WHERE t.id = $2 AND {MAY_READ} FOR UPDATE");
    let Some(row) = link.optional(&may_read, &[&Time(now_ms), &token])? else { return Ok(None) };
    let token: i64 = row.get(0);
    link.change(LEAVE_LAST, &[&token, &(i64::from(SESSIONS_PER_TOKEN_MAX) - 1)])?;
    link.change(BEGIN, &[&token, &digest.as_bytes().as_slice(), &Time(now_ms), &after(now_ms, SESSION_TIME)])?;
    Ok(Some(token))
}

/// Deletes what is refused anyway.
fn delete_outdated(link: &Link, now_ms: i64) -> Result<()> {
    link.change("DELETE FROM sign_in_codes WHERE expires_at <= $1", &[&Time(now_ms)])?;
    let sql = format!(
        "DELETE FROM sessions WHERE expires_at <= $1 OR token_id NOT IN (SELECT t.id FROM tokens t WHERE {MAY_READ})"
    );
    link.change(&sql, &[&Time(now_ms)]).map(|_| ())
}

impl Address {
    /// Makes a code that begins one session of a token within [`CODE_TIME`].
    ///
    /// # Errors
    ///
    /// As for [`Address::add_token`]; [`ErrorKind::Io`](crate::model::error::ErrorKind::Io) without random bytes.
    pub fn add_code(&self, token: i64) -> Result<String> {
        let code = secret::code()?;
        let digest = TokenDigest::of(code.as_bytes());
        let link = Link::open(self)?;
        let now_ms = now_ms();
        link.run("BEGIN")?;
        delete_outdated(&link, now_ms)?;
        link.change(LEAVE_CODES, &[&token, &(i64::from(CODES_PER_TOKEN_MAX) - 1)])?;
        let sql = "INSERT INTO sign_in_codes (digest, token_id, expires_at) VALUES ($1, $2, $3)";
        link.change(sql, &[&digest.as_bytes().as_slice(), &token, &after(now_ms, CODE_TIME)])?;
        link.run("COMMIT")?;
        Ok(code)
    }

    /// Returns all valid sessions.
    ///
    /// # Errors
    ///
    /// As for [`Address::add_token`].
    pub fn sessions(&self) -> Result<Vec<SessionRow>> {
        let sql = format!(
            "SELECT s.id, t.id, p.name, t.label, s.created_at, s.last_used_at, s.expires_at FROM sessions s
             JOIN tokens t ON t.id = s.token_id JOIN persons p ON p.id = t.person_id
             WHERE s.expires_at > $1 AND {MAY_READ} ORDER BY s.id"
        );
        let rows = Link::open(self)?.rows(&sql, &[&Time(now_ms())])?;
        let session = |row: &tokio_postgres::Row| {
            let [created, last_used, expires] = [4, 5, 6].map(|place| to_iso_seconds(row.get::<_, Time>(place).0));
            let (id, token, person, label) = (row.get(0), row.get(1), row.get(2), row.get(3));
            SessionRow { id, token, person, label, created, last_used, expires }
        };
        Ok(rows.iter().map(session).collect())
    }

    /// Ends the sessions with these numbers, or all of them.
    ///
    /// # Errors
    ///
    /// As for [`Address::add_token`].
    pub fn end_sessions(&self, only: Option<&[i64]>) -> Result<EndedSessions> {
        let link = Link::open(self)?;
        let rows = match only {
            Some(ids) => link.rows("DELETE FROM sessions WHERE id = ANY ($1) RETURNING id", &[&ids])?,
            None => {
                link.run("DELETE FROM sign_in_codes")?;
                link.rows("DELETE FROM sessions RETURNING id", &[])?
            }
        };
        let mut ended: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        ended.sort_unstable();
        Ok(EndedSessions { ended })
    }
}
