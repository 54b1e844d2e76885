//! The stored samples of one second: read once for all consecutive records of that second.
//!
//! Of many rows, those that differ only in their identities are one group. So any number of equal rows is searched at the cost
//! of one, and takes little memory. Reading costs credit, which each record brings, so the time is linear in the records.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};

use super::crowd::Crowd;
use crate::model::identity::is_derived;
use crate::model::limits::{
    LONG_TEXT_BYTES, MATCH_CREDIT, MATCH_ROWS_MAX, SECOND_GROUPS_MAX, SECOND_ROWS_APART, SECOND_ROWS_MAX,
};
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
    pub(in crate::store) number: Option<i64>,
}

/// A sample's metadata, enough to prefer an equal one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
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

    /// All that a search compares.
    fn content(&self) -> impl Eq + std::hash::Hash {
        let times = (self.start_ms, self.end_ms, self.creation_ms);
        let value = (self.value.map(f64::to_bits), self.unit);
        (self.is_derived(), times, value, self.source, self.metadata, self.other)
    }
}

/// Person, type, and the second's first millisecond.
pub(super) type Key = (i64, i64, i64);

/// Rows with one content. `row` is the first that is free, unless all are taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub(super) row: Candidate,
    is_over: bool,
    /// The place of the next row.
    next: Option<u32>,
}

/// A further row of a group.
#[derive(Clone, Copy, Debug)]
struct Further {
    uuid: Uuid,
    number: Option<i64>,
    next: Option<u32>,
}

/// Start and identity: the rows of a second are read between two.
type Place = (i64, Uuid);

const NO_UUID: Uuid = [0; 16];

/// Derived identities are greater.
const BEFORE_DERIVED: Uuid = [0x68, 0x73, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Which rows of a second are read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Rows {
    All,
    /// Those that begin with the second: exports print no fractions.
    Derived,
}

/// Samples of a second.
#[derive(Debug)]
pub(super) struct Second {
    wanted: Rows,
    key: Option<Key>,
    pub(super) groups: Vec<Group>,
    further: Vec<Further>,
    /// Places of groups by the hash of their content, without the first [`SECOND_ROWS_APART`].
    places: HashMap<u64, u32, RandomState>,
    pub(super) crowd: Crowd,
    /// How many rows and groups are known to be taken.
    gone: [usize; 2],
    /// Rows that had no number when they were read, and have been matched since.
    taken: HashSet<Uuid, RandomState>,
    /// The row behind which rows are unread.
    unread: Option<Place>,
    /// Whether rows were dropped, so that unread ones fit.
    has_dropped: bool,
    /// Whether the derived rows after the second's first millisecond were also read.
    is_whole: bool,
    /// Rows that may be read.
    credit: usize,
    hasher: RandomState,
}

macro_rules! candidates {
    ($condition:literal) => {
        concat!(
            "SELECT start_ms, uuid, end_ms, value, unit_id, source_id, creation_ms, metadata_id, metadata, \
             import_number, other FROM samples WHERE person_id = ?1 AND type_id = ?2 AND ",
            $condition,
            " LIMIT ?6"
        )
    };
}

// Their parameters are a place behind which rows are read, the first millisecond that is not, and a number of rows.
const FROM_TIME: &str = candidates!("start_ms >= ?3 AND start_ms < ?5");
const BEHIND_ROW: &str = candidates!("(start_ms, uuid) > (?3, ?4) AND start_ms < ?5");
const DERIVED: &str = candidates!("start_ms = ?3 AND uuid > ?4 AND uuid < x'6874'");

impl Second {
    pub(super) fn new(wanted: Rows) -> Self {
        Self {
            wanted,
            key: None,
            groups: Vec::new(),
            further: Vec::new(),
            places: HashMap::default(),
            crowd: Crowd::default(),
            gone: [0; 2],
            taken: HashSet::default(),
            unread: None,
            has_dropped: false,
            is_whole: false,
            credit: SECOND_ROWS_MAX,
            hasher: RandomState::default(),
        }
    }

    /// Forgets the rows.
    pub(super) fn clear(&mut self) {
        self.key = None;
        self.drop_rows();
    }

    /// Adds the credit of records that may be searched.
    pub(super) fn add_credit(&mut self, records: usize) {
        self.credit = self.credit.saturating_add(records.saturating_mul(MATCH_CREDIT));
    }

    /// The hash of a metadata text, as in [`Metadata::Own`].
    pub(super) fn hash(&self, text: &str) -> u64 {
        self.hasher.hash_one(text.as_bytes())
    }

    /// The hash of a text of `other`, as a candidate has it.
    pub(super) fn hash_of_other(&self, text: &str) -> u64 {
        if text.len() > LONG_TEXT_BYTES { 0 } else { self.hash(text) }
    }

    /// Reads the samples of a record's second that are free, unless they are there.
    pub(super) fn read(
        &mut self,
        connection: &Connection,
        key: Key,
        is_claimed: impl Fn(&Candidate) -> bool,
    ) -> rusqlite::Result<()> {
        if self.key == Some(key) {
            return Ok(());
        }
        self.key = Some(key);
        self.taken.clear();
        self.is_whole = false;
        self.has_dropped = false;
        self.drop_rows();
        let allowed = self.credit.clamp(MATCH_ROWS_MAX as usize, SECOND_ROWS_MAX);
        self.read_behind(connection, self.first(key), allowed, is_claimed)
    }

    /// Reads further samples of the second. With `needs_others`, the ones that are there are dropped if they are many, and
    /// dropped ones are read again, once for each search. Returns whether there are other rows now.
    pub(super) fn read_on(
        &mut self,
        connection: &Connection,
        needs_others: bool,
        has_restarted: &mut bool,
        is_claimed: impl Fn(&Candidate) -> bool + Copy,
    ) -> rusqlite::Result<bool> {
        let Some(key) = self.key.filter(|_| self.credit >= MATCH_ROWS_MAX as usize) else {
            return Ok(false);
        };
        let place = match self.unread {
            Some(place) => place,
            None if needs_others && self.has_dropped && !*has_restarted => {
                (self.has_dropped, *has_restarted) = (false, true);
                self.drop_rows();
                self.first(key)
            }
            None => return Ok(false),
        };
        let [has_rows, has_groups] = self.is_half_full();
        if has_groups || has_rows && !needs_others {
            return Ok(false);
        }
        if has_rows {
            self.has_dropped = true;
            self.drop_rows();
        } else {
            self.drop_taken(is_claimed);
        }
        self.read_behind(connection, place, self.credit.min(SECOND_ROWS_MAX), is_claimed)?;
        Ok(true)
    }

    /// Reads the derived samples among at most [`MATCH_ROWS_MAX`] later ones of the second. Returns whether there may be more
    /// rows now.
    pub(super) fn read_rest(&mut self, connection: &Connection) -> rusqlite::Result<bool> {
        let Some((_, _, second_ms)) = self.key.filter(|_| !self.is_whole) else {
            return Ok(false);
        };
        self.is_whole = true;
        self.add(connection, FROM_TIME, (second_ms + 1, NO_UUID), MATCH_ROWS_MAX as usize, |row| !row.is_derived())?;
        Ok(true)
    }

    /// Notes that a record has matched a row which had no number before.
    pub(super) fn note_taken(&mut self, uuid: &Uuid) {
        if self.taken.len() >= SECOND_GROUPS_MAX {
            // When they are read again, they have their numbers.
            self.clear();
            self.taken.clear();
        } else {
            self.taken.insert(*uuid);
        }
    }

    /// A number for the second of the end and a range of values.
    pub(super) fn hash_of_content(&self, end_s: Option<i64>, range: i64) -> u64 {
        self.hasher.hash_one((end_s, range))
    }

    /// The first free row of a group, if there is one.
    pub(super) fn free(&mut self, place: usize, is_claimed: impl Fn(&Candidate) -> bool) -> Option<&Candidate> {
        while !self.groups[place].is_over && self.is_taken(&self.groups[place].row, &is_claimed) {
            self.take(place);
        }
        let group = &self.groups[place];
        (!group.is_over).then_some(&group.row)
    }

    fn is_taken(&self, row: &Candidate, is_claimed: impl Fn(&Candidate) -> bool) -> bool {
        is_claimed(row) || row.number.is_none() && self.taken.contains(&row.uuid)
    }

    /// Takes the first row of a group.
    pub(super) fn take(&mut self, place: usize) -> Candidate {
        let group = &mut self.groups[place];
        let row = group.row;
        self.gone[0] += 1;
        match group.next.and_then(|next| self.further.get(next as usize)) {
            Some(further) => {
                (group.row.uuid, group.row.number, group.next) = (further.uuid, further.number, further.next);
            }
            None => {
                group.is_over = true;
                self.gone[1] += 1;
            }
        }
        row
    }

    /// The place in front of the rows of a second.
    fn first(&self, (_, _, second_ms): Key) -> Place {
        (second_ms, if self.wanted == Rows::All { NO_UUID } else { BEFORE_DERIVED })
    }

    fn read_behind(
        &mut self,
        connection: &Connection,
        place: Place,
        allowed: usize,
        is_claimed: impl Fn(&Candidate) -> bool,
    ) -> rusqlite::Result<()> {
        let is_derived = self.wanted == Rows::Derived;
        let sql = match self.wanted {
            Rows::Derived => DERIVED,
            Rows::All if place.1 == NO_UUID => FROM_TIME,
            Rows::All => BEHIND_ROW,
        };
        self.unread =
            self.add(connection, sql, place, allowed, |row| is_derived && !row.is_derived() || is_claimed(row))?;
        Ok(())
    }

    /// Adds rows behind a place that are not left out. Returns the last row's place if there may be further rows.
    fn add(
        &mut self,
        connection: &Connection,
        sql: &str,
        place: Place,
        allowed: usize,
        is_left_out: impl Fn(&Candidate) -> bool,
    ) -> rusqlite::Result<Option<Place>> {
        let Some((person, kind, second_ms)) = self.key else {
            return Ok(None);
        };
        let mut select = connection.prepare_cached(sql)?;
        let limit = i64::try_from(allowed).unwrap_or(i64::MAX);
        let mut rows = select.query(params![person, kind, place.0, &place.1[..], second_ms + 1000, limit])?;
        let (mut last, mut count, mut is_cut) = (place, 0, false);
        while let Some(row) = rows.next()? {
            if self.is_full() {
                is_cut = true;
                break;
            }
            let candidate = self.candidate(row)?;
            last = (candidate.start_ms, candidate.uuid);
            count += 1;
            if !is_left_out(&candidate) {
                self.push(candidate);
            }
        }
        self.credit -= self.credit.min(count);
        Ok((is_cut || count == allowed).then_some(last))
    }

    fn is_full(&self) -> bool {
        self.groups.len() >= SECOND_GROUPS_MAX || self.groups.len() + self.further.len() >= SECOND_ROWS_MAX
    }

    /// Whether half of the bounds for rows and groups is reached by those that may be free.
    fn is_half_full(&self) -> [bool; 2] {
        let [rows, groups] = self.gone;
        let (rows, groups) = (self.groups.len() + self.further.len() - rows, self.groups.len() - groups);
        [rows >= SECOND_ROWS_MAX / 2, groups >= SECOND_GROUPS_MAX / 2]
    }

    fn push(&mut self, row: Candidate) {
        let place = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        if self.groups.len() >= SECOND_ROWS_APART {
            let hash = self.hasher.hash_one(row.content());
            let known = *self.places.entry(hash).or_insert(place);
            if let Some(group) = self.groups.get_mut(known as usize)
                && group.row.content() == row.content()
            {
                let next = group.next.replace(u32::try_from(self.further.len()).unwrap_or(u32::MAX));
                self.further.push(Further { uuid: row.uuid, number: row.number, next });
                return;
            }
        }
        self.groups.push(Group { row, is_over: false, next: None });
    }

    fn drop_rows(&mut self) {
        self.groups.clear();
        if !self.places.is_empty() {
            // A crowded second must not take memory for good.
            self.groups = Vec::new();
            self.further = Vec::new();
            self.places = HashMap::default();
        }
        self.crowd.clear();
        self.gone = [0; 2];
        self.unread = None;
    }

    /// Drops the rows that are taken.
    fn drop_taken(&mut self, is_claimed: impl Fn(&Candidate) -> bool + Copy) {
        let (groups, further) = (std::mem::take(&mut self.groups), std::mem::take(&mut self.further));
        self.places.clear();
        self.crowd.clear();
        self.gone = [0; 2];
        for Group { mut row, is_over, mut next } in groups {
            let mut is_left = !is_over;
            while is_left {
                if !self.is_taken(&row, is_claimed) {
                    self.push(row);
                }
                let following = next.and_then(|next| further.get(next as usize));
                is_left = following.is_some();
                if let Some(following) = following {
                    (row.uuid, row.number, next) = (following.uuid, following.number, following.next);
                }
            }
        }
    }

    fn candidate(&self, row: &Row<'_>) -> rusqlite::Result<Candidate> {
        let (is_long, other) = match row.get_ref(10)? {
            ValueRef::Text(text) if is_id(text) => (true, Some(0)),
            ValueRef::Text(text) => (false, Some(self.hasher.hash_one(text))),
            _ => (false, None),
        };
        let metadata = match (row.get(7)?, row.get_ref(8)?) {
            (Some(shared), _) => Metadata::Shared(shared),
            (None, ValueRef::Text(text)) => Metadata::Own(self.hasher.hash_one(text)),
            _ if is_long => Metadata::Long,
            _ => Metadata::Absent,
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
            number: row.get(9)?,
        })
    }
}
