//! Texts that are stored once and referred to by id: types, units, sources, and metadata that repeats.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use rusqlite::{Connection, OptionalExtension, params};

use crate::model::limits::{
    DICTIONARY_ENTRIES_MAX, DICTIONARY_TEXT_BYTES_MAX, METADATA_CANDIDATES_MAX, METADATA_SHARED_BYTES_MAX,
    METADATA_SHARED_MAX,
};
use crate::store::lookup::TYPE_ID;

/// A table of texts and ids. The ids used last are kept in memory.
#[derive(Debug)]
pub(in crate::store) struct Dictionary {
    select: &'static str,
    /// Adds a text, under an id if there is one.
    insert: &'static str,
    /// Makes a new text's id of the text; without it, ids count up.
    id_of: Option<fn(&str) -> i64>,
    ids: HashMap<Box<str>, i64, RandomState>,
}

impl Dictionary {
    pub(in crate::store) fn types() -> Self {
        Self::new(TYPE_ID, "INSERT INTO types (name, id) VALUES (?1, ?2)")
    }

    pub(in crate::store) fn units() -> Self {
        Self::new("SELECT id FROM units WHERE name = ?1", "INSERT INTO units (name, id) VALUES (?1, ?2)")
    }

    pub(in crate::store) fn sources() -> Self {
        Self::new("SELECT id FROM sources WHERE json = ?1", "INSERT INTO sources (json, id) VALUES (?1, ?2)")
    }

    fn new(select: &'static str, insert: &'static str) -> Self {
        Self { select, insert, id_of: None, ids: HashMap::default() }
    }

    /// Makes ids of texts.
    #[cfg(feature = "postgres")]
    pub(super) fn with_ids(self, id_of: fn(&str) -> i64) -> Self {
        Self { id_of: Some(id_of), ..self }
    }

    /// Forgets the ids in memory.
    pub(super) fn forget(&mut self) {
        self.ids.clear();
    }

    /// The id of a text. A new text is added.
    pub(in crate::store) fn id(&mut self, connection: &Connection, text: &str) -> rusqlite::Result<i64> {
        if let Some(id) = self.ids.get(text) {
            return Ok(*id);
        }
        let found = connection.prepare_cached(self.select)?.query_row([text], |row| row.get(0)).optional()?;
        let id = match found {
            Some(id) => id,
            None => {
                connection.prepare_cached(self.insert)?.insert(params![text, self.id_of.map(|id_of| id_of(text))])?
            }
        };
        if text.len() > DICTIONARY_TEXT_BYTES_MAX {
            return Ok(id);
        }
        if self.ids.len() >= DICTIONARY_ENTRIES_MAX {
            self.ids.clear();
        }
        self.ids.insert(text.into(), id);
        Ok(id)
    }
}

/// Metadata texts that arrived at least twice, all of them in memory.
///
/// A text is shared at its second occurrence. Unique texts, such as a sync identifier, stay with their sample and cost no
/// entry.
#[derive(Debug, Default)]
pub(in crate::store) struct SharedMetadata {
    ids: HashMap<Box<str>, i64, RandomState>,
    /// Hashes of texts seen once.
    candidates: HashSet<u64, RandomState>,
    /// Whether a text is shared, and its id, if both are made of the text.
    id_of: Option<fn(&str) -> Option<i64>>,
}

impl SharedMetadata {
    pub(in crate::store) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut select = connection.prepare("SELECT json, id FROM shared_metadata LIMIT ?1")?;
        let rows = select.query_map([i64::try_from(METADATA_SHARED_MAX).unwrap_or(i64::MAX)], |row| {
            Ok((row.get::<_, Box<str>>(0)?, row.get(1)?))
        })?;
        Ok(Self { ids: rows.collect::<rusqlite::Result<_>>()?, ..Self::default() })
    }

    /// Forgets the ids in memory.
    #[cfg(feature = "postgres")]
    pub(super) fn forget(&mut self) {
        self.ids.clear();
    }

    /// Makes ids of texts, which also say whether they are shared.
    #[cfg(feature = "postgres")]
    pub(super) fn with_ids(id_of: fn(&str) -> Option<i64>) -> Self {
        Self { id_of: Some(id_of), ..Self::default() }
    }

    /// The id of a text for one more sample that has it; `None` if the sample keeps the text.
    pub(in crate::store) fn id(&mut self, connection: &Connection, text: &str) -> rusqlite::Result<Option<i64>> {
        if let Some(id) = self.ids.get(text) {
            return Ok(Some(*id));
        }
        if let Some(id_of) = self.id_of {
            return id_of(text).map(|id| self.share_as(connection, text, id)).transpose();
        }
        if text.len() > METADATA_SHARED_BYTES_MAX || self.ids.len() >= METADATA_SHARED_MAX {
            return Ok(None);
        }
        let hash = self.ids.hasher().hash_one(text);
        if !self.candidates.remove(&hash) {
            if self.candidates.len() >= METADATA_CANDIDATES_MAX {
                self.candidates.clear();
            }
            self.candidates.insert(hash);
            return Ok(None);
        }
        // Another process may have shared it since the table was read.
        connection
            .prepare_cached("INSERT INTO shared_metadata (json) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([text])?;
        let id = connection
            .prepare_cached("SELECT id FROM shared_metadata WHERE json = ?1")?
            .query_row([text], |row| row.get(0))?;
        self.ids.insert(text.into(), id);
        Ok(Some(id))
    }

    #[cold]
    fn share_as(&mut self, connection: &Connection, text: &str, id: i64) -> rusqlite::Result<i64> {
        let sql = "INSERT INTO shared_metadata (id, json) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        connection.prepare_cached(sql)?.execute(params![id, text])?;
        if self.ids.len() >= METADATA_SHARED_MAX {
            self.ids.clear();
        }
        self.ids.insert(text.into(), id);
        Ok(id)
    }
}
