//! Followers of a database in PostgreSQL: a row for what each has sent, and a lock for as long as it runs.

use super::address::Address;
use super::link::Link;
use crate::model::error::Result;

/// Its number is that of the list of followers in `window/`.
const LOCK: &str = "SELECT pg_try_advisory_lock(hashtextextended('healthsink follower ' || $1, 0))";

const READ: &str = "SELECT content FROM followers WHERE name = $1";

const WRITE: &str = "INSERT INTO followers (name, content, written_at) VALUES ($1, $2, now())
    ON CONFLICT (name) DO UPDATE SET content = excluded.content, written_at = excluded.written_at";

/// The right to be the follower of a name, until its connection ends.
#[derive(Debug)]
pub(in crate::store) struct FollowerSession {
    link: Link,
}

impl FollowerSession {
    /// Whether its connection has not ended. A question also keeps routers from forgetting it.
    pub(in crate::store) fn is_open(&self) -> bool {
        self.link.run("SELECT 1").is_ok()
    }
}

impl Address {
    /// Fails unless the database is there and has this version's tables.
    pub(in crate::store) fn check(&self) -> Result<()> {
        Link::open(self).map(|_| ())
    }

    /// Takes the lock of a follower's name. Returns `None` if another program follows under it.
    pub(in crate::store) fn lock_follower(&self, name: &str) -> Result<Option<FollowerSession>> {
        let link = Link::open(self)?;
        let is_taken: bool = link.one(LOCK, &[&name])?.get(0);
        Ok(is_taken.then_some(FollowerSession { link }))
    }

    /// Returns what a follower wrote last; empty if nothing.
    pub(in crate::store) fn read_follower(&self, name: &str) -> Result<Vec<u8>> {
        let row = Link::open(self)?.optional(READ, &[&name])?;
        Ok(row.map(|row| row.get(0)).unwrap_or_default())
    }

    /// Replaces what a follower wrote.
    pub(in crate::store) fn write_follower(&self, name: &str, bytes: &[u8]) -> Result<()> {
        Link::open(self)?.change(WRITE, &[&name, &bytes]).map(|_| ())
    }
}
