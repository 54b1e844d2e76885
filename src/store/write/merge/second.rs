//! The stored samples of one second: read once for all consecutive records of that second, unless they are many. Then its records
//! wait until the end of their document: see `crowd`.

use std::collections::HashSet;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Rows, params};

use super::earlier::{Earlier, earlier_values};
use super::values::hash_of_values;
use super::words::word_in;
use crate::model::identity::is_derived;
use crate::model::limits::{CROWD_REMEMBERED_MAX, LONG_TEXT_BYTES, MATCH_ROWS_MAX};
use crate::model::record::Uuid;
use crate::store::write::long_texts::is_id;

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
    /// What stands for the value, if only a word does.
    pub(super) word: Option<u64>,
    pub(in crate::store) number: Option<i64>,
    /// Whether end, value and unit are those that the app has corrected since.
    pub(super) is_earlier: bool,
}

impl Candidate {
    /// The row as it was.
    pub(super) fn before(&self, earlier: &Earlier) -> Self {
        let &Earlier { end_ms, value, unit, .. } = earlier;
        Self { end_ms, value, unit, is_earlier: true, ..*self }
    }
}

/// A sample's metadata, enough to prefer an equal one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(in crate::store) enum Metadata {
    Absent,
    Shared(i64),
    /// The hash of its values.
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
    /// Rows that may be free.
    pub(super) rows: Vec<Candidate>,
    /// Whether it has more rows than are compared one by one.
    is_crowded: bool,
    /// Whether the derived rows after the second's first millisecond were also read.
    is_whole: bool,
    /// Whether the earlier values of the app's rows were also read.
    has_earlier: bool,
    /// Seconds that were crowded, so that they are not read again.
    crowds: HashSet<Key, RandomState>,
    hasher: RandomState,
}

macro_rules! candidates {
    ($condition:literal) => {
        concat!(
            "SELECT start_ms, uuid, end_ms, value, unit_id, source_id, creation_ms, metadata_id, metadata, \
             import_number, other FROM samples WHERE person_id = ?1 AND type_id = ?2 AND ",
            $condition
        )
    };
}

/// Rows from a time on, at most so many.
const FROM: &str = candidates!("start_ms >= ?3 AND start_ms < ?4 LIMIT ?5");

/// Derived rows of a time, at most so many: exports print no fractions.
const DERIVED: &str = candidates!("start_ms = ?3 AND uuid >= x'6873' AND uuid < x'6874' LIMIT ?4");

const ONE: &str = candidates!("start_ms = ?3 AND uuid = ?4");

/// More rows are a crowd.
const ROWS: u32 = MATCH_ROWS_MAX + 1;

impl Second {
    /// Forgets the rows.
    pub(super) fn clear(&mut self) {
        self.key = None;
        self.rows.clear();
    }

    /// Forgets which seconds were crowded.
    pub(super) fn forget_crowds(&mut self) {
        self.clear();
        self.crowds.clear();
    }

    /// The hash of a text.
    pub(super) fn hash(&self, text: &str) -> u64 {
        self.hasher.hash_one(text.as_bytes())
    }

    /// The hash of the values of a metadata text, as in [`Metadata::Own`].
    pub(super) fn hash_of_metadata(&self, text: &str) -> u64 {
        hash_of_values(&self.hasher, text)
    }

    /// The hash of a text of `other`, as a candidate has it.
    pub(super) fn hash_of_other(&self, text: &str) -> u64 {
        if text.len() > LONG_TEXT_BYTES { 0 } else { self.hash(text) }
    }

    /// Reads the rows of a record's second, unless they are there. Returns whether they are a crowd, of which none is held.
    pub(super) fn read(&mut self, connection: &Connection, key: Key) -> rusqlite::Result<bool> {
        if self.begin(key) {
            let (person, kind, second_ms) = key;
            let mut select = connection.prepare_cached(FROM)?;
            self.add(select.query(params![person, kind, second_ms, second_ms + 1000, ROWS])?, |_| true)?;
        }
        Ok(self.is_crowded)
    }

    /// Reads the derived rows of the first millisecond of a second of the app, unless they are there. Returns whether they are a
    /// crowd.
    pub(super) fn read_derived(&mut self, connection: &Connection, key: Key) -> rusqlite::Result<bool> {
        if self.begin(key) {
            let mut select = connection.prepare_cached(DERIVED)?;
            // HealthKit's identities, of version 4, may also begin like this.
            self.add(select.query(params![key.0, key.1, key.2, ROWS])?, Candidate::is_derived)?;
        }
        Ok(self.is_crowded)
    }

    /// Reads the derived rows of its other milliseconds. Returns whether there may be more rows now, or a crowd.
    pub(super) fn read_rest(&mut self, connection: &Connection) -> rusqlite::Result<bool> {
        let Some((person, kind, second_ms)) = self.key.filter(|_| !self.is_whole) else {
            return Ok(false);
        };
        self.is_whole = true;
        let mut select = connection.prepare_cached(FROM)?;
        self.add(select.query(params![person, kind, second_ms + 1, second_ms + 1000, ROWS])?, Candidate::is_derived)?;
        Ok(true)
    }

    /// Adds the app's rows as they were before it corrected them. Returns whether there are any.
    pub(super) fn read_earlier(&mut self, connection: &Connection) -> rusqlite::Result<bool> {
        let has_app = || self.rows.iter().any(|row| !row.is_derived());
        let Some(key) = self.key.filter(|_| !self.has_earlier && has_app()) else {
            return Ok(false);
        };
        self.has_earlier = true;
        let count = self.rows.len();
        for earlier in earlier_values(connection, key, 1000)? {
            let mut rows = self.rows[..count].iter();
            if let Some(row) = rows.find(|row| (row.start_ms, row.uuid) == (earlier.start_ms, earlier.uuid)) {
                self.rows.push(row.before(&earlier));
            }
        }
        Ok(self.rows.len() > count)
    }

    /// Begins another second. Returns whether it is to be read.
    fn begin(&mut self, key: Key) -> bool {
        if self.key == Some(key) {
            return false;
        }
        self.key = Some(key);
        self.rows.clear();
        (self.is_whole, self.has_earlier) = (false, false);
        self.is_crowded = !self.crowds.is_empty() && self.crowds.contains(&key);
        !self.is_crowded
    }

    fn add(&mut self, mut rows: Rows<'_>, is_wanted: impl Fn(&Candidate) -> bool) -> rusqlite::Result<()> {
        let mut count = 0;
        while let Some(row) = rows.next()? {
            let candidate = self.candidate(row)?;
            count += 1;
            if is_wanted(&candidate) {
                self.rows.push(candidate);
            }
        }
        if count >= ROWS {
            self.is_crowded = true;
            self.rows.clear();
            if self.crowds.len() >= CROWD_REMEMBERED_MAX {
                self.crowds.clear();
            }
            self.crowds.extend(self.key);
        }
        Ok(())
    }

    pub(super) fn is_crowded(&self) -> bool {
        self.is_crowded
    }

    /// The present state of a row.
    pub(super) fn one(
        &self,
        connection: &Connection,
        (person, kind, _): Key,
        (start_ms, uuid): (i64, Uuid),
    ) -> rusqlite::Result<Option<Candidate>> {
        let mut select = connection.prepare_cached(ONE)?;
        let mut rows = select.query(params![person, kind, start_ms, &uuid[..]])?;
        rows.next()?.map(|row| self.candidate(row)).transpose()
    }

    /// Notes that a record has matched a row which had no number before.
    pub(super) fn note_taken(&mut self, uuid: &Uuid) {
        self.rows.retain(|row| row.uuid != *uuid);
    }

    fn candidate(&self, row: &Row<'_>) -> rusqlite::Result<Candidate> {
        let (is_long, other) = match row.get_ref(10)? {
            ValueRef::Text(text) if is_id(text) => (true, Some(0)),
            ValueRef::Text(text) => (false, Some(self.hasher.hash_one(text))),
            _ => (false, None),
        };
        let value: Option<f64> = row.get(3)?;
        let has_word = value.is_none() && !is_long;
        let word = if has_word { word_in(row.get_ref(10)?.as_str_or_null()?) } else { None };
        let metadata = match (row.get(7)?, row.get_ref(8)?.as_str_or_null()?) {
            (Some(shared), _) => Metadata::Shared(shared),
            (None, Some(text)) => Metadata::Own(self.hash_of_metadata(text)),
            _ if is_long => Metadata::Long,
            _ => Metadata::Absent,
        };
        Ok(Candidate {
            start_ms: row.get(0)?,
            uuid: row.get(1)?,
            end_ms: row.get(2)?,
            value,
            unit: row.get(4)?,
            source: row.get(5)?,
            creation_ms: row.get(6)?,
            metadata,
            other,
            word,
            number: row.get(9)?,
            is_earlier: false,
        })
    }
}
