//! The idempotent write of one row: new, updated or unchanged.
//!
//! The three statements of a table have the same parameters. `insert` does nothing if the identity exists, `same` finds the
//! row if it is unchanged, `update` replaces it. A re-send runs `same` first, a first send `insert`, so most rows cost one
//! look-up.
//!
//! A parameter is bound only if it differs from the previous row's. Type, unit, source and person seldom do, and binding is a
//! sixth of a row's cost.

use rusqlite::{CachedStatement, Connection};

use super::lent;
use super::sql_value::SqlValue;
use super::table::Table;
use crate::model::counts::Outcome;

/// A table's prepared statements, and the results of the previous rows.
pub(in crate::store) struct Upsert<'c, 'b, const N: usize> {
    insert: Bound<'c, 'b, N>,
    same: Bound<'c, 'b, N>,
    update: Bound<'c, 'b, N>,
    expects_known: bool,
}

impl<'c, 'b, const N: usize> Upsert<'c, 'b, N> {
    pub(in crate::store) fn new(
        connection: &'c Connection,
        table: &'static Table,
        expects_known: bool,
    ) -> rusqlite::Result<Self> {
        let sql = table.statements();
        Ok(Self {
            insert: Bound::new(connection, &sql.insert)?,
            same: Bound::new(connection, &sql.same)?,
            update: Bound::new(connection, &sql.update)?,
            expects_known,
        })
    }

    /// Whether the last row was already stored: a good guess for the next.
    pub(in crate::store) fn expects_known(&self) -> bool {
        self.expects_known
    }

    pub(in crate::store) fn write(&mut self, row: &[SqlValue<'b>; N]) -> rusqlite::Result<Outcome> {
        self.write_after(row, || Ok(()))
    }

    /// The same. `note` runs before a stored row is replaced.
    pub(in crate::store) fn write_after(
        &mut self,
        row: &[SqlValue<'b>; N],
        note: impl FnOnce() -> rusqlite::Result<()>,
    ) -> rusqlite::Result<Outcome> {
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
        note()?;
        self.update.execute(row)?;
        Ok(Outcome::Updated)
    }
}

/// A statement and its bound values.
pub(super) struct Bound<'c, 'b, const N: usize> {
    connection: &'c Connection,
    sql: &'static str,
    statement: CachedStatement<'c>,
    row: [SqlValue<'b>; N],
    is_bound: bool,
}

impl<'c, 'b, const N: usize> Bound<'c, 'b, N> {
    pub(super) fn new(connection: &'c Connection, sql: &'static str) -> rusqlite::Result<Self> {
        let statement = connection.prepare_cached(sql)?;
        Ok(Self { connection, sql, statement, row: [SqlValue::Null; N], is_bound: false })
    }

    /// Binds a row. Returns false if it has a long text, which is not bound.
    fn bind(&mut self, row: &[SqlValue<'b>; N]) -> rusqlite::Result<bool> {
        // If a binding fails, all are bound again.
        let is_bound = std::mem::replace(&mut self.is_bound, false);
        for (index, (bound, cell)) in self.row.iter_mut().zip(row).enumerate() {
            if !(is_bound && bound.is_same(cell)) {
                if cell.is_long() {
                    return Ok(false);
                }
                self.statement.raw_bind_parameter(index + 1, cell.borrowed())?;
                *bound = *cell;
            }
        }
        self.is_bound = true;
        Ok(true)
    }

    /// Whether the query has a row.
    fn exists(&mut self, row: &[SqlValue<'b>; N]) -> rusqlite::Result<bool> {
        if !self.bind(row)? {
            return lent::query_lent(self.connection, self.sql, row).map(|number| number.is_some());
        }
        Ok(self.statement.raw_query().next()?.is_some())
    }

    /// The number in the first column of the first row, if there is a row.
    pub(super) fn number(&mut self, row: &[SqlValue<'b>; N]) -> rusqlite::Result<Option<Option<i64>>> {
        if !self.bind(row)? {
            return lent::query_lent(self.connection, self.sql, row);
        }
        self.statement.raw_query().next()?.map(|row| row.get(0)).transpose()
    }

    /// Returns the number of rows changed.
    pub(super) fn execute(&mut self, row: &[SqlValue<'b>; N]) -> rusqlite::Result<usize> {
        if !self.bind(row)? {
            return lent::execute_lent(self.connection, self.sql, row);
        }
        self.statement.raw_execute()
    }
}
