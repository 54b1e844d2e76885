//! Rows of a second, or correlations of a time, that are more than are compared one by one. They are in lists by what a search
//! prefers, so the row that fits a record best is found without looking at the others.
//!
//! The lists are in the database of what waits (`write::waiting`), so any number takes little memory. They are made for each
//! turn, of rows that are free then. Whether a row still is, its present state says.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash};
use std::ops::Range;

use foldhash::fast::RandomState;
use rusqlite::{Connection, OptionalExtension, params};

use crate::model::limits::{CROWD_REMEMBERED_MAX, CROWD_TRIES_MAX, FIGURES_LISTED_MAX};
use crate::model::record::Uuid;

/// Which rows a record of an import may take. The records of a second take turns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) enum Turn {
    /// Those of its source that stay as they are.
    Settled,
    /// Those of its source.
    Named,
    /// Those that the other records of its second leave.
    Rest,
}

impl Turn {
    pub(in crate::store) const ALL: [Self; 3] = [Self::Settled, Self::Named, Self::Rest];

    pub(in crate::store) fn next(self) -> Option<Self> {
        match self {
            Self::Settled => Some(Self::Named),
            Self::Named => Some(Self::Rest),
            Self::Rest => None,
        }
    }
}

/// What a search compares. Texts are hashes.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Traits {
    /// A number for what must be equal, such as the second of the end.
    pub(in crate::store) content: u64,
    pub(in crate::store) unit: Option<i64>,
    /// The value in this unit: almost the same one may be the same measurement.
    pub(in crate::store) size: Option<f64>,
    /// A number for start, end, value and unit.
    pub(in crate::store) exact: u64,
    /// The name of the source.
    pub(in crate::store) name: Option<u64>,
    pub(in crate::store) source: Option<i64>,
    pub(in crate::store) creation_ms: Option<i64>,
    pub(in crate::store) metadata: Option<u64>,
    pub(in crate::store) other: Option<u64>,
}

/// The rows of a unit that may be the same measurement as a record: those of these sizes.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Window {
    pub(in crate::store) unit: Option<i64>,
    pub(in crate::store) sizes: (f64, f64),
}

const NAME: u8 = 1;
const SOURCE: u8 = 2;
const CREATION: u8 = 4;
const METADATA: u8 = 8;
const ALL: u8 = 16;

/// Sets of traits that a record and a row may have in common, the best first.
const LEVELS: [u8; 13] = [
    SOURCE | CREATION | METADATA | ALL,
    SOURCE | CREATION | METADATA,
    SOURCE | CREATION,
    SOURCE | METADATA,
    SOURCE,
    NAME | CREATION | METADATA,
    NAME | CREATION,
    NAME | METADATA,
    NAME,
    CREATION | METADATA,
    CREATION,
    METADATA,
    0,
];

const SAME: Range<usize> = 0..1;
const NAMED: Range<usize> = 1..9;
const OTHERS: Range<usize> = 9..13;

/// The levels of a turn, and whether they are of derived rows. A row of the app stays as it is, which is preferred to a change.
fn levels(turn: Turn) -> impl Iterator<Item = (bool, usize)> {
    let both = match turn {
        Turn::Settled => [(true, SAME), (false, NAMED)],
        Turn::Named => [(true, NAMED), (false, 0..0)],
        Turn::Rest => [(false, OTHERS), (true, OTHERS)],
    };
    both.into_iter().flat_map(|(is_derived, levels)| levels.map(move |level| (is_derived, level)))
}

const ADD: &str =
    "INSERT INTO lists (list, size, content, start_ms, uuid) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";

/// The least of the sizes comes first. Records come in the order of their sizes, so that as many as possible find a row.
const FIRST: &str = "SELECT size, content, start_ms, uuid FROM lists
    WHERE list = ?1 AND (size, content) > (?2, ?3) AND size <= ?4 ORDER BY size, content, start_ms, uuid LIMIT 1";

const REMOVE: &str = "DELETE FROM lists WHERE list = ?1 AND size = ?2 AND content = ?3 AND start_ms = ?4 AND uuid = ?5";

/// Start and identity of a row.
pub(in crate::store) type RowPlace = (i64, Uuid);

/// What a row is to a record.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Check<T> {
    Fits(T),
    /// It is not the same measurement: its value is almost the same.
    Differs,
    /// It is not free any more.
    IsOver,
}

#[derive(Debug, Default)]
pub(in crate::store) struct Crowd {
    place: [u8; 16],
    /// The turn for which rows of the place are in the lists.
    listed: Option<Turn>,
    /// Whether they have rows of the app, and derived ones.
    has: [bool; 2],
    /// Lists that have had rows.
    lists: Remembered<i64>,
    /// Units of rows that are known, so that values in them are converted.
    units: Vec<i64>,
    /// Names of the place's records: in the second turn other rows match none of them.
    names: Remembered<Option<u64>>,
    /// Rows of figures that were listed, less those that were earned.
    spent: u32,
    /// Places of correlations that are crowds.
    known: Remembered<[u8; 16]>,
    hasher: RandomState,
}

/// Things that were seen, unless they are many.
#[derive(Debug)]
struct Remembered<T> {
    seen: HashSet<T, RandomState>,
    is_full: bool,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self { seen: HashSet::default(), is_full: false }
    }
}

impl<T: Eq + Hash> Remembered<T> {
    fn add(&mut self, thing: T) {
        if self.seen.len() < CROWD_REMEMBERED_MAX {
            self.seen.insert(thing);
        } else {
            self.is_full |= !self.seen.contains(&thing);
        }
    }

    fn clear(&mut self) {
        self.seen.clear();
        self.is_full = false;
    }
}

impl Crowd {
    /// Forgets what another connection may have changed.
    pub(in crate::store) fn forget(&mut self) {
        self.listed = None;
        self.names.is_full = true;
    }

    /// Whether a place is known to be a crowd.
    pub(in crate::store) fn is_known(&self, place: &[u8; 16]) -> bool {
        self.known.seen.contains(place)
    }

    /// Notes that a place is a crowd, so that its rows are not read again.
    pub(in crate::store) fn note(&mut self, place: [u8; 16]) {
        self.known.add(place);
    }

    /// The hash of parts of a row's content.
    pub(in crate::store) fn hash(&self, content: impl Hash) -> u64 {
        self.hasher.hash_one(content)
    }

    /// Begins a turn of the records of a place. Returns whether its rows must be added.
    pub(in crate::store) fn begin(
        &mut self,
        scratch: &Connection,
        place: &[u8; 16],
        turn: Turn,
    ) -> rusqlite::Result<bool> {
        if self.place != *place {
            (self.place, self.listed) = (*place, None);
            self.names.clear();
        }
        if self.listed == Some(turn) {
            return Ok(false);
        }
        scratch.prepare_cached("DELETE FROM lists")?.execute([])?;
        self.listed = Some(turn);
        self.has = [false; 2];
        self.lists.clear();
        self.units.clear();
        Ok(true)
    }

    /// Allows so many further rows of figures to be listed: figures of several times may come in turns, and each time is listed
    /// again.
    pub(in crate::store) fn earn(&mut self, rows: u32) {
        self.spent = self.spent.saturating_sub(rows);
    }

    /// Returns whether a further row may be listed.
    pub(in crate::store) fn spend(&mut self) -> bool {
        let may_list = self.spent < FIGURES_LISTED_MAX;
        self.spent += u32::from(may_list);
        may_list
    }

    /// Notes that rows have a unit which is known: there are some fifty.
    pub(super) fn note_unit(&mut self, unit: i64) {
        if !self.units.contains(&unit) {
            self.units.push(unit);
        }
    }

    pub(super) fn units(&self) -> &[i64] {
        &self.units
    }

    /// Adds a row.
    pub(in crate::store) fn add(
        &mut self,
        scratch: &Connection,
        turn: Turn,
        traits: &Traits,
        is_derived: bool,
        (start_ms, uuid): RowPlace,
    ) -> rusqlite::Result<()> {
        let Remembered { seen: names, is_full } = &self.names;
        // Without rows in the first turn, no names are known.
        if turn == Turn::Named && !is_full && !names.is_empty() && !names.contains(&traits.name) {
            return Ok(());
        }
        self.has[usize::from(is_derived)] = true;
        let mut insert = scratch.prepare_cached(ADD)?;
        for (_, level) in levels(turn).filter(|(derived, _)| *derived == is_derived) {
            let list = self.list(traits, is_derived, level);
            self.lists.add(list);
            let size = traits.size.unwrap_or_default();
            insert.execute(params![list, size, traits.exact.cast_signed(), start_ms, &uuid[..]])?;
        }
        Ok(())
    }

    /// The number of the list of rows that have the traits of a level.
    fn list(&self, traits: &Traits, is_derived: bool, level: usize) -> i64 {
        let has = |bit| LEVELS[level] & bit != 0;
        let list = (
            (traits.content, traits.unit, traits.size.is_none(), is_derived, level),
            has(NAME).then_some(traits.name),
            has(SOURCE).then_some(traits.source),
            has(CREATION).then_some(traits.creation_ms),
            has(METADATA).then_some(traits.metadata),
            has(ALL).then_some((traits.other, traits.exact)),
        );
        self.hash(list).cast_signed()
    }

    /// Whether no row is listed for this turn.
    pub(in crate::store) fn is_empty(&self) -> bool {
        self.has == [false; 2]
    }

    /// Looks for the row that fits a record best in this turn, and takes it out of the list. The first window has only the
    /// record's value. `check` says what a row is to the record.
    pub(in crate::store) fn search<T>(
        &mut self,
        scratch: &Connection,
        turn: Turn,
        record: &Traits,
        windows: &[Window],
        mut check: impl FnMut(RowPlace) -> rusqlite::Result<Check<T>>,
    ) -> rusqlite::Result<Option<T>> {
        if turn == Turn::Settled {
            self.names.add(record.name);
        }
        for (is_derived, level) in levels(turn) {
            if !self.has[usize::from(is_derived)] {
                continue;
            }
            let windows = if SAME.contains(&level) { windows.get(..1).unwrap_or_default() } else { windows };
            for Window { unit, sizes } in windows {
                let list = self.list(&Traits { unit: *unit, ..*record }, is_derived, level);
                if !self.lists.is_full && !self.lists.seen.contains(&list) {
                    continue;
                }
                if let Some(found) = walk(scratch, list, *sizes, &mut check)? {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }
}

fn walk<T>(
    scratch: &Connection,
    list: i64,
    (least, greatest): (f64, f64),
    check: &mut impl FnMut(RowPlace) -> rusqlite::Result<Check<T>>,
) -> rusqlite::Result<Option<T>> {
    let (mut first, mut remove) = (scratch.prepare_cached(FIRST)?, scratch.prepare_cached(REMOVE)?);
    let (mut after, mut tries) = ((least, i64::MIN), 0);
    while tries < CROWD_TRIES_MAX {
        let keys = params![list, after.0, after.1, greatest];
        let next = first.query_row(keys, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).optional()?;
        let Some((size, content, start_ms, uuid)): Option<(f64, i64, i64, Uuid)> = next else {
            return Ok(None);
        };
        let checked = check((start_ms, uuid))?;
        if let Check::Differs = checked {
            (after, tries) = ((size, content), tries + 1);
            continue;
        }
        remove.execute(params![list, size, content, start_ms, &uuid[..]])?;
        if let Check::Fits(found) = checked {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Database;
    use crate::store::write::waiting::Waiting;

    fn traits(name: u64, source: i64, creation_ms: i64) -> Traits {
        Traits {
            content: 1,
            unit: None,
            size: Some(1.0),
            exact: 1,
            name: Some(name),
            source: Some(source),
            creation_ms: Some(creation_ms),
            metadata: None,
            other: None,
        }
    }

    /// Runs with empty lists.
    fn with_lists(test: impl FnOnce(&Connection)) {
        let folder = tempfile::tempdir().unwrap();
        let mut waiting = Waiting::of(&Database::new(folder.path().join("health.db")));
        waiting.begin().unwrap();
        test(waiting.scratch().unwrap());
    }

    #[test]
    fn the_row_that_fits_best_is_found_first() {
        // By name, source and time of creation; the last two are the app's.
        let rows = [(1, 1, 1), (1, 1, 2), (1, 2, 3), (2, 3, 3), (3, 4, 4), (1, 9, 9), (9, 9, 3)];
        let check = |record: Traits, expected: &[usize]| {
            with_lists(|scratch| {
                let mut crowd = Crowd::default();
                let windows = [Window { unit: None, sizes: (1.0, 1.0) }];
                let (mut over, mut found) = ([false; 7], Vec::new());
                for turn in Turn::ALL {
                    assert!(crowd.begin(scratch, &[0; 16], turn).unwrap());
                    assert!(!crowd.begin(scratch, &[0; 16], turn).unwrap());
                    for (place, (name, source, creation_ms)) in rows.into_iter().enumerate() {
                        let row = traits(name, source, creation_ms);
                        let place = i64::try_from(place).unwrap();
                        crowd.add(scratch, turn, &row, place < 5, (place, [0; 16])).unwrap();
                    }
                    let mut next = |over: &[bool; 7]| {
                        let check = |(place, _): RowPlace| {
                            let place = usize::try_from(place).unwrap();
                            Ok(if over[place] { Check::IsOver } else { Check::Fits(place) })
                        };
                        crowd.search(scratch, turn, &record, &windows, check).unwrap()
                    };
                    while let Some(place) = next(&over) {
                        over[place] = true;
                        found.push(place);
                    }
                }
                assert_eq!(found, expected, "{record:?}");
            });
        };
        check(traits(1, 1, 3), &[5, 0, 1, 2, 6, 3, 4]);
        check(traits(1, 1, 2), &[1, 5, 0, 2, 6, 3, 4]);
        check(Traits { content: 3, ..traits(1, 1, 3) }, &[]);
    }

    #[test]
    fn rows_that_differ_are_tried_once_for_each_content() {
        with_lists(|scratch| {
            let mut crowd = Crowd::default();
            crowd.begin(scratch, &[0; 16], Turn::Rest).unwrap();
            let add = |crowd: &mut Crowd, exact: u64, row: usize| {
                let row = (i64::try_from(row).unwrap(), [0; 16]);
                crowd.add(scratch, Turn::Rest, &Traits { exact, ..traits(1, 1, 1) }, true, row).unwrap();
            };
            (0..4 * CROWD_TRIES_MAX).for_each(|row| add(&mut crowd, 1, row));
            let search = |crowd: &mut Crowd, fits: bool| {
                let mut tries = 0;
                let check = |(row, _): RowPlace| {
                    tries += 1;
                    Ok(if fits && row >= 1 << 20 { Check::Fits(row) } else { Check::Differs })
                };
                let windows = [Window { unit: None, sizes: (0.5, 1.0) }];
                let found = crowd.search(scratch, Turn::Rest, &traits(1, 1, 1), &windows, check).unwrap();
                (found.is_some(), tries)
            };
            assert_eq!(search(&mut crowd, true), (false, 4));
            add(&mut crowd, 2, 1 << 20);
            assert_eq!(search(&mut crowd, true), (true, 2));
            for exact in 3..3 * CROWD_TRIES_MAX as u64 {
                add(&mut crowd, exact, 7);
            }
            assert_eq!(search(&mut crowd, false), (false, 4 * CROWD_TRIES_MAX));
        });
    }
}
