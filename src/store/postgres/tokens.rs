//! Tokens and sessions: each request asks the database, so a revoked token is refused by all receivers at once.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use tokio_postgres::types::ToSql;

use super::address::Address;
use super::fault::away;
use super::ledger::person_id;
use super::link::Link;
use super::values::Time;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{SESSION_PEOPLE_MAX, SESSION_USE_RESOLUTION, TOKEN_ANSWER_WAIT, TOKEN_QUESTIONS_MAX};
use crate::model::quota::{Allowance, Quota, Usage};
use crate::model::time::to_iso_seconds;
use crate::store::QuotaChange;
use crate::store::clock::now_ms;
use crate::store::sessions::{Revocation, SessionOwner};
use crate::store::tokens::{NewToken, TokenDigest, TokenOwner, TokenRow, TokenScope};
use crate::store::write::ledger::{PERSON_ME, signed};

const FIND: &str =
    "SELECT t.id, p.name, t.revoked_at IS NOT NULL, coalesce(t.expires_at <= $2, false), t.scope, t.all_people <> 0,
      t.bytes_per_day, t.rejects_per_day, t.used_day, t.used_bytes, t.used_rejects
    FROM tokens t JOIN persons p ON p.id = t.person_id WHERE t.digest = $1";

const FIND_SESSION: &str =
    "SELECT t.id, p.name, false, false, t.scope, t.all_people <> 0, t.bytes_per_day, t.rejects_per_day, t.used_day, t.used_bytes,
      t.used_rejects, s.id, s.last_used_at, s.expires_at, t.label
    FROM sessions s JOIN tokens t ON t.id = s.token_id JOIN persons p ON p.id = t.person_id
    WHERE s.digest = $1 AND s.expires_at > $2 AND t.revoked_at IS NULL AND coalesce(t.expires_at > $2, true)
      AND t.scope IN ('read', 'admin')";

const ANY: &str = "SELECT EXISTS (SELECT FROM tokens)";

const ADD: &str =
    "INSERT INTO tokens (person_id, label, digest, created_at, expires_at, scope, all_people, bytes_per_day, rejects_per_day)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id";

const LIST: &str =
    "SELECT t.id, p.name, t.label, t.created_at, t.last_used_at, t.revoked_at, t.expires_at, t.scope, t.all_people <> 0,
      t.bytes_per_day, t.rejects_per_day, t.used_day, t.used_bytes, t.used_rejects
    FROM tokens t JOIN persons p ON p.id = t.person_id ORDER BY t.id";

/// A question, and where its answer goes.
type Question = Box<dyn FnOnce(&mut Connection) + Send>;

/// Asks on a separate thread: the threads of the server must not wait for a server that is away.
#[derive(Debug)]
pub struct TokenAsker {
    questions: SyncSender<Question>,
}

/// The connection of the thread, while there is one.
struct Connection {
    address: Arc<Address>,
    link: Option<Link>,
}

impl TokenAsker {
    /// Starts the thread. It connects with the first question, and ends with the asker.
    pub(in crate::store) fn start(address: &Address) -> Result<Self> {
        let (questions, receiver): (_, Receiver<Question>) = sync_channel(TOKEN_QUESTIONS_MAX);
        let mut connection = Connection { address: Arc::new(address.clone()), link: None };
        let work = move || receiver.into_iter().for_each(|question| question(&mut connection));
        let started = thread::Builder::new().name("tokens".to_owned()).spawn(work);
        started.map_err(|error| Error::new(ErrorKind::Io, format!("cannot start a thread: {error}")))?;
        Ok(Self { questions })
    }

    fn ask<T: Send + 'static>(&self, ask: impl Fn(&Link) -> Result<T> + Send + 'static) -> Result<T> {
        let (answer, answers) = sync_channel(1);
        let question: Question = Box::new(move |connection| {
            // The request may have given up.
            let _ = answer.try_send(connection.ask(&ask));
        });
        self.questions.try_send(question).map_err(|_| away("too many questions wait for it"))?;
        answers.recv_timeout(TOKEN_ANSWER_WAIT).unwrap_or_else(|_| Err(away("it does not answer")))
    }

    /// Returns the owner of the token with this digest, also if it is revoked or has expired.
    pub(in crate::store) fn find(&self, digest: &TokenDigest) -> Result<Option<TokenOwner>> {
        let digest = *digest;
        self.ask(move |link| {
            Ok(link.optional(FIND, &[&digest.as_bytes().as_slice(), &Time(now_ms())])?.map(|row| owner(&row)))
        })
    }

    /// Whether there is or was any token.
    pub(in crate::store) fn has_any(&self) -> Result<bool> {
        self.ask(|link| Ok(link.one(ANY, &[])?.get(0)))
    }

    /// Returns the session whose id has this digest, if it is valid.
    pub(in crate::store) fn find_session(&self, digest: &TokenDigest) -> Result<Option<SessionOwner>> {
        let digest = *digest;
        self.ask(move |link| {
            let now_ms = now_ms();
            Ok(link.optional(FIND_SESSION, &[&digest.as_bytes().as_slice(), &Time(now_ms)])?.map(|row| {
                let [used_ms, expires_ms] = [12, 13].map(|place| row.get::<_, Time>(place).0);
                let resolution_ms = SESSION_USE_RESOLUTION.as_millis();
                let is_due = u128::from(now_ms.abs_diff(used_ms)) >= resolution_ms;
                SessionOwner { session: row.get(11), owner: owner(&row), label: row.get(14), expires_ms, is_due }
            }))
        })
    }

    /// Whether there is a valid code with this digest.
    pub(in crate::store) fn has_code(&self, digest: &TokenDigest) -> Result<bool> {
        let digest = *digest;
        self.ask(move |link| {
            let sql = "SELECT EXISTS (SELECT FROM sign_in_codes WHERE digest = $1 AND expires_at > $2)";
            Ok(link.one(sql, &[&digest.as_bytes().as_slice(), &Time(now_ms())])?.get(0))
        })
    }

    /// Returns the names of all persons.
    pub(in crate::store) fn people(&self) -> Result<Vec<String>> {
        self.ask(|link| {
            let sql = format!("SELECT name FROM persons ORDER BY name LIMIT {SESSION_PEOPLE_MAX}");
            let rows = link.rows(&sql, &[])?;
            Ok(rows.iter().map(|row| row.get(0)).collect())
        })
    }
}

impl Connection {
    /// Asks, and once more on a new connection if the old one has ended.
    fn ask<T>(&mut self, ask: &impl Fn(&Link) -> Result<T>) -> Result<T> {
        if let Some(link) = self.link.take().filter(Link::is_open) {
            match ask(&link) {
                Err(error) if error.kind() == ErrorKind::Busy => {}
                answer => {
                    self.link = Some(link);
                    return answer;
                }
            }
        }
        let link = Link::open(&self.address)?;
        let answer = ask(&link);
        self.link = Some(link);
        answer
    }
}

fn owner(row: &tokio_postgres::Row) -> TokenOwner {
    TokenOwner {
        token: row.get(0),
        person: row.get(1),
        is_revoked: row.get(2),
        is_expired: row.get(3),
        scope: TokenScope::of(row.get(4)),
        is_of_all: row.get(5),
        allowance: allowance(row, 6),
    }
}

/// The allowance in the columns from a place on.
pub(super) fn allowance(row: &tokio_postgres::Row, first: usize) -> Allowance {
    let count = |place| row.get::<_, Option<i64>>(place).map(|count| count.max(0).unsigned_abs());
    let quota = Quota { bytes: count(first), rejects: count(first + 1) };
    let [bytes, rejects] = [first + 3, first + 4].map(|place| count(place).unwrap_or_default());
    Allowance { quota, usage: Usage { day: row.get::<_, Option<i64>>(first + 2).unwrap_or_default(), bytes, rejects } }
}

impl Address {
    /// Enters a token, and its person if they are new. Returns the token's number.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`] or [`ErrorKind::Store`] if the database cannot be written.
    pub fn add_token(&self, new: &NewToken<'_>) -> Result<i64> {
        let NewToken { digest, person, label, scope, is_of_all, created_ms, expires_ms, quota } = *new;
        let link = Link::open(self)?;
        let person = person_id(&link, person)?;
        let (digest, scope, all_people) = (digest.as_bytes().as_slice(), scope.name(), i64::from(is_of_all));
        let (created, expires) = (Time(created_ms), expires_ms.map(Time));
        let [bytes, rejects] = [quota.bytes, quota.rejects].map(|most| most.map(signed));
        let row: [&(dyn ToSql + Sync); 9] =
            [&person, &label, &digest, &created, &expires, &scope, &all_people, &bytes, &rejects];
        Ok(link.one(ADD, &row)?.get(0))
    }

    /// Returns all tokens, also revoked ones.
    ///
    /// # Errors
    ///
    /// As for [`Address::add_token`].
    pub fn tokens(&self) -> Result<Vec<TokenRow>> {
        let link = Link::open(self)?;
        let rows = link.rows(LIST, &[])?;
        let now_ms = now_ms();
        let tokens = rows.iter().map(|row| {
            let time = |place| row.get::<_, Option<Time>>(place).map(|Time(at_ms)| to_iso_seconds(at_ms));
            let expires: Option<Time> = row.get(6);
            let token = TokenRow {
                id: row.get(0),
                person: row.get(1),
                label: row.get(2),
                created: time(3).unwrap_or_default(),
                last_used: time(4),
                revoked: time(5),
                expires: time(6),
                is_expired: expires.is_some_and(|Time(at_ms)| at_ms <= now_ms),
                scope: row.get(7),
                all_people: row.get(8),
                bytes_per_day: None,
                rejects_per_day: None,
                bytes_today: 0,
                rejects_today: 0,
            };
            token.with_allowance(allowance(row, 9), now_ms)
        });
        Ok(tokens.collect())
    }

    /// Revokes a token, and ends its sessions. Returns `None` if no token has this number.
    ///
    /// # Errors
    ///
    /// As for [`Address::add_token`].
    pub fn revoke_token(&self, id: i64, revoked_ms: i64) -> Result<Option<Revocation>> {
        let link = Link::open(self)?;
        link.run("BEGIN")?;
        let known = "SELECT revoked_at IS NULL FROM tokens WHERE id = $1 FOR UPDATE";
        let Some(row) = link.optional(known, &[&id])? else { return Ok(None) };
        let is_new: bool = row.get(0);
        let revoke = "UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
        link.change(revoke, &[&id, &Time(revoked_ms)])?;
        let sessions = link.change("DELETE FROM sessions WHERE token_id = $1", &[&id])?;
        link.change("DELETE FROM sign_in_codes WHERE token_id = $1", &[&id])?;
        link.run("COMMIT")?;
        Ok(Some(Revocation { is_new, sessions }))
    }

    /// Changes the quota of a token, from its next upload on. Returns the new one; `None` if the token is unknown.
    ///
    /// # Errors
    ///
    /// As for [`Address::add_token`].
    pub fn change_quota(&self, id: i64, change: QuotaChange) -> Result<Option<Quota>> {
        let link = Link::open(self)?;
        link.run("BEGIN")?;
        let known = "SELECT t.bytes_per_day, t.rejects_per_day, 0::bigint, NULL::bigint, NULL::bigint FROM tokens t WHERE t.id = $1 FOR UPDATE";
        let Some(row) = link.optional(known, &[&id])? else { return Ok(None) };
        let quota = change.of(allowance(&row, 0).quota);
        let [bytes, rejects] = [quota.bytes, quota.rejects].map(|most| most.map(signed));
        link.change(
            "UPDATE tokens SET bytes_per_day = $2, rejects_per_day = $3 WHERE id = $1",
            &[&id, &bytes, &rejects],
        )?;
        link.run("COMMIT")?;
        Ok(Some(quota))
    }

    /// Whether the database has or has had tokens.
    ///
    /// # Errors
    ///
    /// As for [`Address::add_token`].
    pub fn has_tokens(&self) -> Result<bool> {
        let link = Link::open(self)?;
        Ok(link.one(ANY, &[])?.get(0))
    }

    /// Returns the name of the first person, whose uploads name nobody.
    ///
    /// # Errors
    ///
    /// As for [`Address::add_token`].
    pub fn first_person(&self) -> Result<String> {
        let link = Link::open(self)?;
        let sql = "SELECT name FROM persons WHERE id = $1";
        Ok(link.one(sql, &[&PERSON_ME])?.get(0))
    }
}
