//! The idempotent write of one row: new, updated or unchanged, told apart without doubt.
//!
//! Three statements with the same parameters: `insert` does nothing where the identity is there, `same` finds the row if it
//! is there as it is, `update` replaces it. A re-send asks `same` first, a first send inserts first: either way most
//! rows cost one look-up.

use rusqlite::{CachedStatement, Connection, ToSql};

use crate::counts::Outcome;

/// The three statements of a table.
pub(super) struct Sql {
    pub(super) insert: &'static str,
    pub(super) same: &'static str,
    pub(super) update: &'static str,
}

/// The three statements, prepared, and what the rows before were.
pub(super) struct Upsert<'c> {
    insert: CachedStatement<'c>,
    same: CachedStatement<'c>,
    update: CachedStatement<'c>,
    expects_known: bool,
}

impl<'c> Upsert<'c> {
    pub(super) fn new(connection: &'c Connection, sql: &Sql, expects_known: bool) -> rusqlite::Result<Self> {
        Ok(Self {
            insert: connection.prepare_cached(sql.insert)?,
            same: connection.prepare_cached(sql.same)?,
            update: connection.prepare_cached(sql.update)?,
            expects_known,
        })
    }

    /// Whether the last row was known: a good guess for the next.
    pub(super) fn expects_known(&self) -> bool {
        self.expects_known
    }

    pub(super) fn write(&mut self, row: &[&dyn ToSql]) -> rusqlite::Result<Outcome> {
        if self.expects_known && self.same.exists(row)? {
            return Ok(Outcome::Unchanged);
        }
        if self.insert.execute(row)? == 1 {
            self.expects_known = false;
            return Ok(Outcome::New);
        }
        if !self.expects_known && self.same.exists(row)? {
            self.expects_known = true;
            return Ok(Outcome::Unchanged);
        }
        self.expects_known = true;
        self.update.execute(row)?;
        Ok(Outcome::Updated)
    }
}
