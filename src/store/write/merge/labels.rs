//! Texts of types, sources, units and shared metadata, by id: rows with different ids can have the same name.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rusqlite::{Connection, OptionalExtension};

use crate::model::identity::digest;
use crate::model::limits::{DICTIONARY_ENTRIES_MAX, DICTIONARY_TEXT_BYTES_MAX};

/// The names of a table that were read last.
#[derive(Debug)]
pub(super) struct Labels {
    select: &'static str,
    names: HashMap<i64, Option<Box<str>>, RandomState>,
}

impl Labels {
    pub(super) fn sources() -> Self {
        Self { select: "SELECT name FROM sources WHERE id = ?1", names: HashMap::default() }
    }

    pub(super) fn units() -> Self {
        Self { select: "SELECT name FROM units WHERE id = ?1", names: HashMap::default() }
    }

    pub(super) fn types() -> Self {
        Self { select: "SELECT name FROM types WHERE id = ?1", names: HashMap::default() }
    }

    pub(super) fn shared_metadata() -> Self {
        Self { select: "SELECT json FROM shared_metadata WHERE id = ?1", names: HashMap::default() }
    }

    /// The names of two ids, for a comparison; `None` if an id or a name is missing. A digest represents a long name.
    pub(super) fn pair(
        &mut self,
        connection: &Connection,
        ids: [Option<i64>; 2],
    ) -> rusqlite::Result<[Option<&str>; 2]> {
        for id in ids.into_iter().flatten() {
            if !self.names.contains_key(&id) {
                self.evict_for(ids);
                let name = self.read(connection, id)?;
                self.names.insert(id, name);
            }
        }
        Ok(ids.map(|id| self.names.get(&id?)?.as_deref()))
    }

    fn evict_for(&mut self, kept: [Option<i64>; 2]) {
        if self.names.len() >= DICTIONARY_ENTRIES_MAX
            && let Some(other) = self.names.keys().find(|other| !kept.contains(&Some(**other))).copied()
        {
            self.names.remove(&other);
        }
    }

    fn read(&self, connection: &Connection, id: i64) -> rusqlite::Result<Option<Box<str>>> {
        let mut select = connection.prepare_cached(self.select)?;
        let name: Option<Option<Box<str>>> = select.query_row([id], |row| row.get(0)).optional()?;
        let short = |name: Box<str>| {
            if name.len() <= DICTIONARY_TEXT_BYTES_MAX {
                return name;
            }
            let digest = digest(&[name.as_bytes()]);
            format!("{:032x}", u128::from_be_bytes(digest)).into()
        };
        Ok(name.flatten().map(short))
    }
}
