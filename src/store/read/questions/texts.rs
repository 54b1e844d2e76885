//! Texts that many rows share, such as the names of their sources: each is read once, not joined to every row.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rusqlite::{Connection, OptionalExtension, Params};

use crate::model::limits::SHARED_TEXTS_BYTES_MAX;

/// Texts by a key. They take a bounded number of bytes: what does not fit replaces all of them.
#[derive(Debug)]
pub(super) struct Texts {
    /// Selects the text.
    sql: &'static str,
    known: HashMap<i64, Option<String>, RandomState>,
    bytes: usize,
}

/// What an entry takes beside its text.
const ENTRY_BYTES: usize = 64;

impl Texts {
    pub(super) fn new(sql: &'static str) -> Self {
        Self { sql, known: HashMap::default(), bytes: 0 }
    }

    /// The text with an id, if there is one.
    pub(super) fn of(&mut self, connection: &Connection, id: Option<i64>) -> rusqlite::Result<Option<&str>> {
        match id {
            Some(id) => self.get(connection, id, [id]),
            None => Ok(None),
        }
    }

    /// The text of a key, which the parameters name to SQLite; `None` if the row has no key.
    pub(super) fn get(
        &mut self,
        connection: &Connection,
        key: i64,
        parameters: impl Params,
    ) -> rusqlite::Result<Option<&str>> {
        if !self.known.contains_key(&key) {
            let mut select = connection.prepare_cached(self.sql)?;
            let text: Option<String> = select.query_row(parameters, |row| row.get(0)).optional()?.flatten();
            let bytes = ENTRY_BYTES + text.as_ref().map_or(0, String::len);
            if self.bytes + bytes > SHARED_TEXTS_BYTES_MAX {
                self.known = HashMap::default();
                self.bytes = 0;
            }
            self.bytes += bytes;
            self.known.insert(key, text);
        }
        Ok(self.known.get(&key).and_then(Option::as_deref))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_once_and_bounded() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES (1, 'one'), (2, NULL)",
        )
        .unwrap();
        let mut texts = Texts::new("SELECT name FROM t WHERE id = ?1");
        for (key, expected) in [(1, Some("one")), (2, None), (3, None), (1, Some("one"))] {
            assert_eq!(texts.get(&db, key, [key]).unwrap(), expected, "{key}");
        }
        db.execute_batch("UPDATE t SET name = 'other'").unwrap();
        assert_eq!(texts.get(&db, 1, [1]).unwrap(), Some("one"), "not read again");
        let long = "x".repeat(2 * SHARED_TEXTS_BYTES_MAX);
        db.execute("INSERT INTO t VALUES (4, ?1)", [&long]).unwrap();
        assert_eq!(texts.get(&db, 4, [4]).unwrap(), Some(long.as_str()));
        assert_eq!(texts.known.len(), 1);
        assert_eq!(texts.get(&db, 1, [1]).unwrap(), Some("other"), "it was forgotten");
        assert_eq!(texts.known.len(), 1, "the long one is forgotten also");
    }
}
