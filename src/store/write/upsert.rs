//! The idempotent write of one row: new, updated or unchanged, told apart without doubt.
//!
//! Three statements with the same parameters: `insert` does nothing where the identity is there, `same` finds the row if it
//! is there as it is, `update` replaces it. A re-send asks `same` first, a first send inserts first: either way most
//! rows cost one look-up.
//!
//! A parameter is bound only where it differs from the row before: type, unit, source and person seldom do, and binding is
//! a sixth of what a row costs.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};

use crate::model::counts::Outcome;
use crate::model::record::Uuid;

/// The three statements of a table.
pub(in crate::store) struct Sql {
    pub(in crate::store) insert: &'static str,
    pub(in crate::store) same: &'static str,
    pub(in crate::store) update: &'static str,
}

/// The three statements, prepared, and what the rows before were.
pub(in crate::store) struct Upsert<'c, 'b, const N: usize> {
    insert: Bound<'c, 'b, N>,
    same: Bound<'c, 'b, N>,
    update: Bound<'c, 'b, N>,
    expects_known: bool,
}

impl<'c, 'b, const N: usize> Upsert<'c, 'b, N> {
    pub(in crate::store) fn new(connection: &'c Connection, sql: &Sql, expects_known: bool) -> rusqlite::Result<Self> {
        Ok(Self {
            insert: Bound::new(connection, sql.insert)?,
            same: Bound::new(connection, sql.same)?,
            update: Bound::new(connection, sql.update)?,
            expects_known,
        })
    }

    /// Whether the last row was known: a good guess for the next.
    pub(in crate::store) fn expects_known(&self) -> bool {
        self.expects_known
    }

    pub(in crate::store) fn write(&mut self, row: [Cell<'b>; N]) -> rusqlite::Result<Outcome> {
        if self.expects_known && self.same.exists(&row)? {
            return Ok(Outcome::Unchanged);
        }
        if self.insert.execute(&row)? == 1 {
            self.expects_known = false;
            return Ok(Outcome::New);
        }
        if !self.expects_known && self.same.exists(&row)? {
            self.expects_known = true;
            return Ok(Outcome::Unchanged);
        }
        self.expects_known = true;
        self.update.execute(&row)?;
        Ok(Outcome::Updated)
    }
}

/// A value of a row on its way to SQLite. Texts are the batch's.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Cell<'b> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'b str),
    Uuid(Uuid),
}

impl Cell<'_> {
    /// Whether both are certainly the same value. A batch has each text once, so its place tells.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Cell::Null, Cell::Null) => true,
            (Cell::Integer(a), Cell::Integer(b)) => a == b,
            (Cell::Real(a), Cell::Real(b)) => a.to_bits() == b.to_bits(),
            (Cell::Text(a), Cell::Text(b)) => std::ptr::eq(*a, *b),
            (Cell::Uuid(a), Cell::Uuid(b)) => a == b,
            _ => false,
        }
    }

    fn borrowed(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(match self {
            Cell::Null => ValueRef::Null,
            Cell::Integer(value) => ValueRef::Integer(*value),
            Cell::Real(value) => ValueRef::Real(*value),
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
            Cell::Uuid(uuid) => ValueRef::Blob(uuid),
        })
    }
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.borrowed())
    }
}

impl From<i64> for Cell<'_> {
    fn from(value: i64) -> Self {
        Cell::Integer(value)
    }
}

impl From<u32> for Cell<'_> {
    fn from(value: u32) -> Self {
        Cell::Integer(i64::from(value))
    }
}

impl From<bool> for Cell<'_> {
    fn from(value: bool) -> Self {
        Cell::Integer(i64::from(value))
    }
}

impl From<f64> for Cell<'_> {
    fn from(value: f64) -> Self {
        Cell::Real(value)
    }
}

impl From<Uuid> for Cell<'_> {
    fn from(uuid: Uuid) -> Self {
        Cell::Uuid(uuid)
    }
}

impl<'b> From<&'b str> for Cell<'b> {
    fn from(text: &'b str) -> Self {
        Cell::Text(text)
    }
}

impl<'b, T: Into<Cell<'b>>> From<Option<T>> for Cell<'b> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Null, Into::into)
    }
}

/// A row of values of different types.
macro_rules! cells {
    ($($value:expr),* $(,)?) => { [$($crate::store::write::upsert::Cell::from($value)),*] };
}
pub(in crate::store) use cells;

/// A statement and what is bound to it.
struct Bound<'c, 'b, const N: usize> {
    statement: CachedStatement<'c>,
    row: [Cell<'b>; N],
    is_bound: bool,
}

impl<'c, 'b, const N: usize> Bound<'c, 'b, N> {
    fn new(connection: &'c Connection, sql: &str) -> rusqlite::Result<Self> {
        Ok(Self { statement: connection.prepare_cached(sql)?, row: [Cell::Null; N], is_bound: false })
    }

    fn bind(&mut self, row: &[Cell<'b>; N]) -> rusqlite::Result<()> {
        // Until all are bound, none counts as bound.
        let is_bound = std::mem::replace(&mut self.is_bound, false);
        for (index, (bound, cell)) in self.row.iter_mut().zip(row).enumerate() {
            if !(is_bound && bound.is_same(cell)) {
                self.statement.raw_bind_parameter(index + 1, cell.borrowed())?;
                *bound = *cell;
            }
        }
        self.is_bound = true;
        Ok(())
    }

    /// Whether the query has a row.
    fn exists(&mut self, row: &[Cell<'b>; N]) -> rusqlite::Result<bool> {
        self.bind(row)?;
        Ok(self.statement.raw_query().next()?.is_some())
    }

    /// Returns the number of rows changed.
    fn execute(&mut self, row: &[Cell<'b>; N]) -> rusqlite::Result<usize> {
        self.bind(row)?;
        self.statement.raw_execute()
    }
}
