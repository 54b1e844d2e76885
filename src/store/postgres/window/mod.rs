//! Reading what PostgreSQL keeps by the statements that read files: a SQLite in memory whose tables are windows.
//!
//! A window is a virtual table. It gives PostgreSQL the conditions and the order of a statement, and is handed the columns that the
//! statement reads, some rows at a time. SQLite checks all conditions again, so a window may only bring too many rows, never other ones.
//! So every statement of `read/` and `derive/` runs unchanged, and what it reads is written down once.
//!
//! All windows of a connection look at one state of the database, for the length of a page.

mod failure;
mod look;
mod open;
mod plan;
mod rows;
mod select;
mod settled;
mod table;
mod texts;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::address::Address;
use crate::model::error::{Error, Result};
use crate::model::follower::Follower;
use crate::model::identity::digest;
use crate::model::limits::FOLLOWERS_MAX;
use crate::model::lock::lock;
use crate::store::follower_state::follower_of;
use failure::failed;
use look::Look;
use settled::Settled;

/// PostgreSQL shows a lock by the halves of its number.
const FOLLOWERS: &str =
    "SELECT name, content, EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended('healthsink follower ' || name, 0))
    FROM followers ORDER BY name COLLATE \"C\"";

/// A SQLite whose tables are windows on a database in PostgreSQL.
pub(in crate::store) struct Glass {
    connection: Connection,
    look: Arc<Mutex<Look>>,
}

impl Glass {
    /// Makes the windows. It connects when the first page is read.
    pub(in crate::store) fn open(address: &Address) -> Result<Self> {
        let look = Arc::new(Mutex::new(Look::new(address.clone())?));
        let connection = open::open(&look).map_err(|error| failed(&error))?;
        Ok(Self { connection, look })
    }

    /// The same for a follower, which also asks up to which change nothing is to come.
    pub(in crate::store) fn following(self) -> Self {
        lock(&self.look).settled = Some(Settled::default());
        self
    }

    /// Up to which change nothing is to come, for a follower.
    pub(in crate::store) fn settled(&self) -> Option<i64> {
        lock(&self.look).settled.as_ref().and_then(|settled| settled.number)
    }

    pub(in crate::store) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(in crate::store) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Begins to look at the present state of the database, for at most this long.
    pub(in crate::store) fn begin(&self, time_max: Duration) -> Result<()> {
        lock(&self.look).begin(Instant::now() + time_max, time_max)
    }

    /// Ends the look at that state.
    pub(in crate::store) fn end(&self) {
        lock(&self.look).end();
    }

    /// Looks at one state of the database, for a command. `explain` makes ours of an error that PostgreSQL has not caused.
    pub(in crate::store) fn look<T, E>(
        &self,
        time_max: Duration,
        read: impl FnOnce(&Connection) -> std::result::Result<T, E>,
        explain: impl FnOnce(E) -> Error,
    ) -> Result<T> {
        self.begin(time_max)?;
        let answer = read(&self.connection).map_err(|error| self.take_error().unwrap_or_else(|| explain(error)));
        self.end();
        answer
    }

    /// Returns why the last look failed, if PostgreSQL was the cause.
    pub(in crate::store) fn take_error(&self) -> Option<Error> {
        lock(&self.look).error.take()
    }

    /// A number that differs when anything was committed in between.
    pub(in crate::store) fn version(&self) -> rusqlite::Result<i64> {
        let snapshot = lock(&self.look).text("SELECT pg_current_snapshot()::text")?;
        let [a, b, c, d, e, f, g, h, ..] = digest(&[snapshot.as_bytes()]);
        Ok(i64::from_le_bytes([a, b, c, d, e, f, g, h]))
    }

    /// Returns what followers wrote last, by their names in order. Each holds a lock while it runs.
    pub(in crate::store) fn followers(&self) -> rusqlite::Result<Vec<Follower>> {
        let rows = lock(&self.look).rows(FOLLOWERS, &[])?;
        let follower = |row: &tokio_postgres::Row| follower_of(row.get(0), row.get(1), Some(row.get(2)));
        Ok(rows.iter().filter_map(follower).take(FOLLOWERS_MAX).collect())
    }

    /// The size of the database.
    pub(in crate::store) fn bytes(&self) -> rusqlite::Result<i64> {
        let bytes = lock(&self.look).text("SELECT pg_database_size(current_database())::text")?;
        Ok(bytes.parse().unwrap_or_default())
    }
}

impl fmt::Debug for Glass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Glass").finish_non_exhaustive()
    }
}
