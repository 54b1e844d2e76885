//! The idempotent write of one row: new, updated or unchanged.
//!
//! The three statements of a table have the same parameters. `insert` does nothing if the identity exists, `same` finds the
//! row if it is unchanged, `update` replaces it. A re-send runs `same` first, a first send `insert`, so most rows cost one
//! look-up.
//!
//! A parameter is bound only if it differs from the previous row's. Type, unit, source and person seldom do, and binding is a
//! sixth of a row's cost.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};

use super::table::Table;
use crate::model::counts::Outcome;
use crate::model::limits::GROUP_BYTES;
use crate::model::record::Uuid;

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

/// A value of a row for SQLite. Texts are the batch's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::store) enum SqlValue<'b> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'b str),
    Uuid(Uuid),
}

impl SqlValue<'_> {
    /// Whether both are certainly the same value. A batch holds each text once, so its address identifies it.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (SqlValue::Null, SqlValue::Null) => true,
            (SqlValue::Integer(a), SqlValue::Integer(b)) => a == b,
            (SqlValue::Real(a), SqlValue::Real(b)) => a.to_bits() == b.to_bits(),
            (SqlValue::Text(a), SqlValue::Text(b)) => std::ptr::eq(*a, *b),
            (SqlValue::Uuid(a), SqlValue::Uuid(b)) => a == b,
            _ => false,
        }
    }

    fn borrowed(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(match self {
            SqlValue::Null => ValueRef::Null,
            SqlValue::Integer(value) => ValueRef::Integer(*value),
            SqlValue::Real(value) => ValueRef::Real(*value),
            SqlValue::Text(text) => ValueRef::Text(text.as_bytes()),
            SqlValue::Uuid(uuid) => ValueRef::Blob(uuid),
        })
    }
}

impl ToSql for SqlValue<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.borrowed())
    }
}

impl From<i64> for SqlValue<'_> {
    fn from(value: i64) -> Self {
        SqlValue::Integer(value)
    }
}

impl From<u32> for SqlValue<'_> {
    fn from(value: u32) -> Self {
        SqlValue::Integer(i64::from(value))
    }
}

impl From<bool> for SqlValue<'_> {
    fn from(value: bool) -> Self {
        SqlValue::Integer(i64::from(value))
    }
}

impl From<f64> for SqlValue<'_> {
    fn from(value: f64) -> Self {
        SqlValue::Real(value)
    }
}

impl From<Uuid> for SqlValue<'_> {
    fn from(uuid: Uuid) -> Self {
        SqlValue::Uuid(uuid)
    }
}

impl<'b> From<&'b str> for SqlValue<'b> {
    fn from(text: &'b str) -> Self {
        SqlValue::Text(text)
    }
}

impl<'b, T: Into<SqlValue<'b>>> From<Option<T>> for SqlValue<'b> {
    fn from(value: Option<T>) -> Self {
        value.map_or(SqlValue::Null, Into::into)
    }
}

/// A row of values of different types.
macro_rules! sql_values {
    ($($value:expr),* $(,)?) => { [$($crate::store::write::upsert::SqlValue::from($value)),*] };
}
pub(in crate::store) use sql_values;

/// A statement and its bound values.
pub(super) struct Bound<'c, 'b, const N: usize> {
    statement: CachedStatement<'c>,
    row: [SqlValue<'b>; N],
    is_bound: bool,
    /// Whether SQLite has a copy of a long text.
    has_long: bool,
}

impl<'c, 'b, const N: usize> Bound<'c, 'b, N> {
    pub(super) fn new(connection: &'c Connection, sql: &str) -> rusqlite::Result<Self> {
        Ok(Self {
            statement: connection.prepare_cached(sql)?,
            row: [SqlValue::Null; N],
            is_bound: false,
            has_long: false,
        })
    }

    fn bind(&mut self, row: &[SqlValue<'b>; N]) -> rusqlite::Result<()> {
        // If a binding fails, all are bound again.
        let is_bound = std::mem::replace(&mut self.is_bound, false);
        for (index, (bound, cell)) in self.row.iter_mut().zip(row).enumerate() {
            if !(is_bound && bound.is_same(cell)) {
                self.statement.raw_bind_parameter(index + 1, cell.borrowed())?;
                self.has_long |= matches!(cell, SqlValue::Text(text) if text.len() > GROUP_BYTES);
                *bound = *cell;
            }
        }
        self.is_bound = true;
        Ok(())
    }

    /// Whether the query has a row.
    fn exists(&mut self, row: &[SqlValue<'b>; N]) -> rusqlite::Result<bool> {
        self.bind(row)?;
        let exists = self.statement.raw_query().next()?.is_some();
        self.free_long();
        Ok(exists)
    }

    /// The number in the first column of the first row, if there is a row.
    pub(super) fn number(&mut self, row: &[SqlValue<'b>; N]) -> rusqlite::Result<Option<Option<i64>>> {
        self.bind(row)?;
        let number = self.statement.raw_query().next()?.map(|row| row.get(0)).transpose();
        self.free_long();
        number
    }

    /// Returns the number of rows changed.
    pub(super) fn execute(&mut self, row: &[SqlValue<'b>; N]) -> rusqlite::Result<usize> {
        self.bind(row)?;
        let changed = self.statement.raw_execute();
        self.free_long();
        changed
    }

    /// Frees the copy of a long text: several statements would each have one.
    fn free_long(&mut self) {
        if std::mem::take(&mut self.has_long) {
            self.statement.clear_bindings();
            self.is_bound = false;
        }
    }
}
