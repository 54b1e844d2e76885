//! A value of a row as SQLite takes it.

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::model::limits::GROUP_BYTES;
use crate::model::record::Uuid;

/// A value of a row for SQLite. Texts are the batch's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::store) enum SqlValue<'b> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'b str),
    Uuid(Uuid),
    Blob(&'b [u8]),
}

impl SqlValue<'_> {
    /// Whether it is a text of which SQLite needs no copy.
    pub(in crate::store) fn is_long(&self) -> bool {
        matches!(self, SqlValue::Text(text) if text.len() > GROUP_BYTES)
    }

    /// The length of a text or of bytes.
    pub(super) fn text_bytes(&self) -> usize {
        match self {
            SqlValue::Text(text) => text.len(),
            SqlValue::Blob(bytes) => bytes.len(),
            _ => 0,
        }
    }

    /// Whether both are certainly the same value. A batch holds each text once, so its address identifies it.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (SqlValue::Null, SqlValue::Null) => true,
            (SqlValue::Integer(a), SqlValue::Integer(b)) => a == b,
            (SqlValue::Real(a), SqlValue::Real(b)) => a.to_bits() == b.to_bits(),
            (SqlValue::Text(a), SqlValue::Text(b)) => std::ptr::eq(*a, *b),
            (SqlValue::Uuid(a), SqlValue::Uuid(b)) => a == b,
            (SqlValue::Blob(a), SqlValue::Blob(b)) => std::ptr::eq(*a, *b),
            _ => false,
        }
    }

    pub(super) fn borrowed(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(self.value())
    }

    pub(super) fn value(&self) -> ValueRef<'_> {
        match self {
            SqlValue::Null => ValueRef::Null,
            SqlValue::Integer(value) => ValueRef::Integer(*value),
            SqlValue::Real(value) => ValueRef::Real(*value),
            SqlValue::Text(text) => ValueRef::Text(text.as_bytes()),
            SqlValue::Uuid(uuid) => ValueRef::Blob(uuid),
            SqlValue::Blob(bytes) => ValueRef::Blob(bytes),
        }
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

impl<'b> From<&'b [u8]> for SqlValue<'b> {
    fn from(bytes: &'b [u8]) -> Self {
        SqlValue::Blob(bytes)
    }
}

impl<'b, T: Into<SqlValue<'b>>> From<Option<T>> for SqlValue<'b> {
    fn from(value: Option<T>) -> Self {
        value.map_or(SqlValue::Null, Into::into)
    }
}

/// A row of values of different types.
macro_rules! sql_values {
    ($($value:expr),* $(,)?) => { [$($crate::store::write::sql_value::SqlValue::from($value)),*] };
}
pub(in crate::store) use sql_values;
