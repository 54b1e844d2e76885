//! The stored samples of one second: read once for all consecutive records of that second.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, Row, params};

use crate::model::identity::is_derived;
use crate::model::limits::{LONG_TEXT_BYTES, MATCH_ROWS_MAX};
use crate::model::record::Uuid;

/// A stored sample that a record may match.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Candidate {
    pub(in crate::store) start_ms: i64,
    pub(in crate::store) uuid: Uuid,
    pub(in crate::store) end_ms: Option<i64>,
    pub(in crate::store) value: Option<f64>,
    pub(in crate::store) unit: Option<i64>,
    pub(in crate::store) source: Option<i64>,
    pub(in crate::store) creation_ms: Option<i64>,
    pub(in crate::store) metadata: Metadata,
    /// The hash of `other`; 0 for a long text.
    pub(super) other: Option<u64>,
    pub(in crate::store) number: Option<i64>,
    /// It had no number when it was read, and has been matched since.
    pub(super) is_taken: bool,
}

/// A sample's metadata, enough to prefer an equal one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) enum Metadata {
    Absent,
    Shared(i64),
    /// The text's hash.
    Own(u64),
    Long,
}

impl Candidate {
    pub(in crate::store) fn is_derived(&self) -> bool {
        is_derived(&self.uuid)
    }
}

/// Person, type, and the second's first millisecond.
pub(super) type Key = (i64, i64, i64);

/// Samples of a second.
#[derive(Debug, Default)]
pub(super) struct Second {
    key: Option<Key>,
    pub(super) rows: Vec<Candidate>,
    /// Whether the derived rows after the second's first millisecond were also read.
    is_whole: bool,
    hasher: RandomState,
}

macro_rules! candidates {
    ($condition:literal) => {
        concat!(
            "SELECT start_ms, uuid, end_ms, value, unit_id, source_id, creation_ms, metadata_id, metadata, \
             long_id IS NOT NULL, import_number, other FROM samples WHERE person_id = ?1 AND type_id = ?2 AND ",
            $condition,
            " LIMIT ?4"
        )
    };
}

const OF_SECOND: &str = candidates!("start_ms >= ?3 AND start_ms < ?3 + 1000");

/// Derived samples usually begin with a second, since exports print no fractions.
const DERIVED_AT_SECOND: &str = candidates!("start_ms = ?3 AND uuid >= x'6873' AND uuid < x'6874'");

const WITHIN_SECOND: &str = candidates!("start_ms > ?3 AND start_ms < ?3 + 1000");

impl Second {
    pub(super) fn clear(&mut self) {
        self.key = None;
    }

    /// The hash of a metadata text, as in [`Metadata::Own`].
    pub(super) fn hash(&self, text: &str) -> u64 {
        self.hasher.hash_one(text.as_bytes())
    }

    /// The hash of a text of `other`, as a candidate has it.
    pub(super) fn hash_of_other(&self, text: &str) -> u64 {
        if text.len() > LONG_TEXT_BYTES { 0 } else { self.hash(text) }
    }

    /// Reads all samples of a record's second, at most [`MATCH_ROWS_MAX`].
    pub(super) fn read(&mut self, connection: &Connection, key: Key) -> rusqlite::Result<()> {
        if self.begin(key) {
            self.add(connection, OF_SECOND, |_| true)?;
        }
        Ok(())
    }

    /// Reads the derived samples that begin with the second of a sample.
    pub(super) fn read_derived(&mut self, connection: &Connection, key: Key) -> rusqlite::Result<()> {
        if self.begin(key) {
            self.add(connection, DERIVED_AT_SECOND, Candidate::is_derived)?;
        }
        Ok(())
    }

    /// Reads the derived samples among at most [`MATCH_ROWS_MAX`] later ones of the second. Returns whether there may be more
    /// rows now.
    pub(super) fn read_rest(&mut self, connection: &Connection) -> rusqlite::Result<bool> {
        if self.is_whole {
            return Ok(false);
        }
        self.is_whole = true;
        self.add(connection, WITHIN_SECOND, Candidate::is_derived)?;
        Ok(true)
    }

    /// Returns whether the rows of this second are not there yet.
    fn begin(&mut self, key: Key) -> bool {
        if self.key == Some(key) {
            return false;
        }
        self.rows.clear();
        self.is_whole = false;
        self.key = Some(key);
        true
    }

    fn add(
        &mut self,
        connection: &Connection,
        sql: &str,
        is_wanted: impl Fn(&Candidate) -> bool,
    ) -> rusqlite::Result<()> {
        let Some((person, kind, second_ms)) = self.key else {
            return Ok(());
        };
        let mut select: CachedStatement<'_> = connection.prepare_cached(sql)?;
        let mut rows = select.query(params![person, kind, second_ms, MATCH_ROWS_MAX])?;
        while let Some(row) = rows.next()? {
            let candidate = self.candidate(row)?;
            if is_wanted(&candidate) {
                self.rows.push(candidate);
            }
        }
        Ok(())
    }

    fn candidate(&self, row: &Row<'_>) -> rusqlite::Result<Candidate> {
        let metadata = match (row.get(7)?, row.get_ref(8)?) {
            (Some(shared), _) => Metadata::Shared(shared),
            (None, ValueRef::Text(text)) => Metadata::Own(self.hasher.hash_one(text)),
            _ if row.get(9)? => Metadata::Long,
            _ => Metadata::Absent,
        };
        let other = match row.get_ref(11)? {
            ValueRef::Text(b"") => Some(0),
            ValueRef::Text(text) => Some(self.hasher.hash_one(text)),
            _ => None,
        };
        Ok(Candidate {
            start_ms: row.get(0)?,
            uuid: row.get(1)?,
            end_ms: row.get(2)?,
            value: row.get(3)?,
            unit: row.get(4)?,
            source: row.get(5)?,
            creation_ms: row.get(6)?,
            metadata,
            other,
            number: row.get(10)?,
            is_taken: false,
        })
    }
}
