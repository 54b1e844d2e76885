//! The seam: what a workbench needs of the database that keeps the rows.
//!
//! All of it happens in one transaction of that database, which the caller begins and ends, and which holds the person: no one
//! else changes the person's rows meanwhile. Within it, [`Remote::load`] also returns what was changed before.
//!
//! The texts of a row travel with it: neither side sees `long_texts`. Ids of dictionaries are made of their content.

use rusqlite::types::{Value, ValueRef};

use super::tables::Table;
use crate::model::error::Result;
use crate::store::supplied::Most;

/// A database that keeps rows, for the length of a transaction.
pub(in crate::store) trait Remote {
    /// Calls `add` with each row of a person that is wanted, once or more often, in any order. A row has the values of
    /// [`Table::columns`], and then its arrival if the table has that. Rows of dictionaries belong to no person.
    fn load(
        &mut self,
        person: i64,
        wanted: &[Wanted],
        add: impl FnMut(&'static Table, &[ValueRef<'_>]) -> Result<()>,
    ) -> Result<()>;

    /// Begins changes of one kind to a table. A flush begins with deletions of all tables, then puts rows, both in the order of
    /// [`super::tables::TABLES`]. No key comes twice in a flush.
    fn begin(&mut self, table: &'static Table, operation: Operation) -> Result<()>;

    /// A row that is changed, in the order of the keys.
    fn change(&mut self, row: &[ValueRef<'_>]) -> Result<()>;

    /// Ends these changes.
    fn end(&mut self) -> Result<()>;
}

/// The change of a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) enum Operation {
    /// Removes the row with a key, if it is there: `row` has only the first [`Table::keys`] values.
    Delete,
    /// Inserts a row, or replaces the one with its key: `row` is as [`Remote::load`] has it. Rows of dictionaries are only inserted, if
    /// their id is not there. The number of a row of `changes` is NULL: it gets the next one.
    Put,
}

/// Rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::store) struct Wanted {
    pub(in crate::store) table: &'static Table,
    pub(in crate::store) rows: Rows,
}

/// Which rows of a table are wanted.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::store) enum Rows {
    /// All of the person.
    All,
    /// The one that came last, by its arrival, if there is any.
    Last,
    /// Those that have, in one of the spans, a value of a column; of each span only some, if `most` says so.
    Spans { of: Option<&'static str>, column: &'static str, spans: Vec<Span>, most: Option<Most> },
}

/// Values of a column from one up to another, both included; of rows that have this value in the column `of`, if there is one.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::store) struct Span {
    pub(in crate::store) of: Option<Value>,
    pub(in crate::store) from: Value,
    pub(in crate::store) to: Value,
}
