//! Long texts of samples and locations. SQLite reads a row of a table without rowid as a whole when it compares keys. So long
//! texts are kept in `long_texts`, and cost the search for a neighbour nothing.

use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::lent;
use super::sql_value::{SqlValue, sql_values};
use crate::model::limits::{LONG_TEXT_BYTES, METADATA_SHARED_BYTES_MAX};

/// Whether a row's `other` is the id of its long texts: else it begins with a bracket.
pub(super) fn is_id(other: &[u8]) -> bool {
    other.first().is_some_and(u8::is_ascii_digit)
}

/// Texts of a row that are more than [`LONG_TEXT_BYTES`] long together.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct LongTexts<'a> {
    metadata: Option<&'a str>,
    other: Option<&'a str>,
}

impl<'a> LongTexts<'a> {
    /// The texts of a row, if they are long. Metadata that may be shared is never moved: whether it is shared must not change
    /// what is equal.
    pub(in crate::store) fn of(metadata: Option<&'a str>, other: Option<&'a str>) -> Option<Self> {
        if metadata.is_none() && other.is_none() {
            return None;
        }
        let metadata = metadata.filter(|text| text.len() > METADATA_SHARED_BYTES_MAX);
        let bytes = metadata.map_or(0, str::len) + other.map_or(0, str::len);
        (bytes > LONG_TEXT_BYTES).then_some(Self { metadata, other })
    }

    /// What the row itself keeps of its metadata.
    pub(in crate::store) fn left_of(&self, metadata: Option<&'a str>) -> Option<&'a str> {
        metadata.filter(|_| self.metadata.is_none())
    }

    /// The id of the texts that a row has, if they are these. `select` returns it.
    pub(super) fn stored(
        &self,
        connection: &Connection,
        select: &str,
        key: &[SqlValue<'_>],
    ) -> rusqlite::Result<Option<i64>> {
        let mut select = connection.prepare_cached(select)?;
        let id: Option<Option<i64>> = select.query_row(params_from_iter(key), |row| row.get(0)).optional()?;
        let Some(id) = id.flatten() else {
            return Ok(None);
        };
        let sql = "SELECT 1 FROM long_texts WHERE id = ?1 AND metadata IS ?2 AND other IS ?3";
        let is_same = lent::exists(connection, sql, sql_values![id, self.metadata, self.other])?;
        Ok(is_same.then_some(id))
    }

    /// Stores the texts for a row that has none, or others. The triggers delete those. Returns the id, which is the row's `other`.
    pub(in crate::store) fn insert(&self, connection: &Connection) -> rusqlite::Result<i64> {
        let sql = "INSERT INTO long_texts (metadata, other) VALUES (?1, ?2)";
        lent::execute(connection, sql, sql_values![self.metadata, self.other])?;
        Ok(connection.last_insert_rowid())
    }

    /// The id of these texts for a row with this key.
    pub(super) fn id(&self, connection: &Connection, select: &str, key: &[SqlValue<'_>]) -> rusqlite::Result<i64> {
        match self.stored(connection, select, key)? {
            Some(id) => Ok(id),
            None => self.insert(connection),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts() {
        let check = |metadata: usize, other: usize, expected: Option<[bool; 2]>| {
            let (metadata, other) = ("m".repeat(metadata), "o".repeat(other));
            let some = |text: &'static str| (!text.is_empty()).then_some(text);
            let (metadata, other) = (some(metadata.leak()), some(other.leak()));
            let long = LongTexts::of(metadata, other);
            let moved = long.map(|long| [long.metadata.is_some(), long.other.is_some()]);
            assert_eq!(moved, expected);
            if let Some(long) = long {
                assert_eq!(long.left_of(metadata), metadata.filter(|_| !expected.unwrap()[0]));
            }
        };
        check(0, 0, None);
        check(LONG_TEXT_BYTES, 0, None);
        check(LONG_TEXT_BYTES + 1, 0, Some([true, false]));
        check(LONG_TEXT_BYTES, 1, Some([true, true]));
        check(METADATA_SHARED_BYTES_MAX, LONG_TEXT_BYTES, None);
        check(METADATA_SHARED_BYTES_MAX, LONG_TEXT_BYTES + 1, Some([false, true]));
    }
}
