//! A connection to read from, and what brings rows to it before they are read, if it does not have them all.
//!
//! A database of its file has all rows, so nothing is brought.

#![cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "only a workbench brings rows"))]

use std::fmt;
use std::ops::Deref;

use rusqlite::Connection;
use rusqlite::types::Value;

/// What reads rows of persons asks it for these first.
#[derive(Clone, Copy)]
pub(in crate::store) struct Supplied<'a> {
    connection: &'a Connection,
    supply: Option<&'a dyn Supply>,
}

/// Brings rows.
pub(in crate::store) trait Supply {
    /// Brings rows to the connection, unless they are there.
    fn bring(&self, need: &Need) -> rusqlite::Result<()>;

    /// How it makes ids.
    fn ids(&self) -> ContentIds;
}

/// Makes the id of the source group of a person with a key.
pub(in crate::store) type GroupIdOf = fn(i64, &str) -> i64;

/// Ids that are made of content.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct ContentIds {
    /// Of a text of a dictionary.
    pub(in crate::store) text: fn(&str) -> i64,
    /// Of the source group of a person with a key.
    pub(in crate::store) group: GroupIdOf,
}

/// Rows of a person that are about to be read.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::store) struct Need {
    pub(in crate::store) person: i64,
    pub(in crate::store) table: &'static str,
    /// A column before `column` in the key, and its value.
    pub(in crate::store) of: Option<(&'static str, Value)>,
    /// The values of a column, both included; without it, all rows.
    pub(in crate::store) span: Option<(&'static str, Value, Value)>,
    /// If not all of them.
    pub(in crate::store) most: Option<Most>,
}

/// At most so many rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) enum Most {
    /// Those with the least values of the column.
    First(u32),
    /// Those with the greatest values.
    #[allow(dead_code, reason = "for questions")]
    Last(u32),
}

impl Need {
    /// All rows of a table.
    pub(in crate::store) fn all(person: i64, table: &'static str) -> Self {
        Self { person, table, of: None, span: None, most: None }
    }

    /// Rows that begin from a time up to another one.
    pub(in crate::store) fn starts(person: i64, table: &'static str, (from_ms, to_ms): (i64, i64)) -> Self {
        Self { span: Some(("start_ms", from_ms.into(), to_ms.into())), ..Self::all(person, table) }
    }

    /// Samples of a type that begin from a time up to another one.
    pub(in crate::store) fn samples((person, kind): (i64, i64), span: (i64, i64)) -> Self {
        Self { of: Some(("type_id", kind.into())), ..Self::starts(person, "samples", span) }
    }
}

impl<'a> Supplied<'a> {
    /// A connection that has all rows.
    pub(in crate::store) fn whole(connection: &'a Connection) -> Self {
        Self { connection, supply: None }
    }

    /// A connection to which rows are brought.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn by(connection: &'a Connection, supply: &'a dyn Supply) -> Self {
        Self { connection, supply: Some(supply) }
    }

    /// Whether it has all rows.
    pub(in crate::store) fn is_whole(&self) -> bool {
        self.supply.is_none()
    }

    /// Brings rows that are about to be read.
    pub(in crate::store) fn need(&self, need: impl FnOnce() -> Need) -> rusqlite::Result<()> {
        self.supply.map_or(Ok(()), |supply| supply.bring(&need()))
    }

    /// How ids are made of content; `None` if they count up.
    pub(in crate::store) fn ids(&self) -> Option<ContentIds> {
        self.supply.map(Supply::ids)
    }
}

impl Deref for Supplied<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl fmt::Debug for Supplied<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supplied").field("is_whole", &self.is_whole()).finish_non_exhaustive()
    }
}
