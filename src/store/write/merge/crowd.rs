//! An index of the groups of a crowded second, by what a search prefers: the group that fits a record best is found without
//! looking at the others.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use crate::model::limits::CROWD_TRIES_MAX;

/// What a search compares besides the content. Names of sources are hashes, as are texts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traits {
    /// A number for the second of the end and about the value; of a record there are two.
    pub(super) content: u64,
    pub(super) name: Option<u64>,
    pub(super) source: Option<i64>,
    pub(super) creation_ms: Option<i64>,
    pub(super) metadata: Option<u64>,
    pub(super) other: Option<u64>,
}

const NAME: u8 = 1;
const SOURCE: u8 = 2;
const CREATION: u8 = 4;
const METADATA: u8 = 8;
const OTHER: u8 = 16;

/// Sets of traits that a record and a row may have in common, the best first.
const LEVELS: [u8; 13] = [
    SOURCE | CREATION | METADATA | OTHER,
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

/// The levels of rows with the same name.
const NAMED: std::ops::Range<usize> = 1..9;
const OTHERS: std::ops::Range<usize> = 9..13;

/// The end of a list.
const END: u32 = u32::MAX;

#[derive(Debug, Default)]
pub(super) struct Crowd {
    /// The first group of each list.
    heads: HashMap<u64, u32, RandomState>,
    /// The next group in each of a group's lists.
    next: Vec<[u32; LEVELS.len()]>,
}

impl Crowd {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The key of the list of groups that have the traits of a level.
    fn key(&self, traits: &Traits, is_derived: bool, level: usize) -> u64 {
        let has = |bit| LEVELS[level] & bit != 0;
        self.heads.hasher().hash_one((
            (traits.content, is_derived, level),
            has(NAME).then_some(traits.name),
            has(SOURCE).then_some(traits.source),
            has(CREATION).then_some(traits.creation_ms),
            has(METADATA).then_some(traits.metadata),
            has(OTHER).then_some(traits.other),
        ))
    }

    /// How many groups are indexed.
    pub(super) fn len(&self) -> usize {
        self.next.len()
    }

    /// Adds the next group.
    pub(super) fn push(&mut self, traits: &Traits, is_derived: bool) {
        let place = u32::try_from(self.next.len()).unwrap_or(u32::MAX);
        let mut next = [END; LEVELS.len()];
        for (level, next) in next.iter_mut().enumerate() {
            *next = self.heads.insert(self.key(traits, is_derived, level), place).unwrap_or(END);
        }
        self.next.push(next);
    }

    /// Looks for the group that fits a record best. `check` says what a group is to the record.
    pub(super) fn search<T, E>(
        &mut self,
        record: &[Traits; 2],
        mut check: impl FnMut(usize, usize) -> Result<Check<T>, E>,
    ) -> Result<Option<T>, E> {
        let of = |is_derived: bool, levels: std::ops::Range<usize>| levels.map(move |level| (is_derived, level));
        // A row of the app stays as it is, which is preferred to a change.
        let order = of(true, 0..1).chain(of(false, NAMED)).chain(of(true, NAMED));
        for (is_derived, level) in order.chain(of(false, OTHERS)).chain(of(true, OTHERS)) {
            let both = if record[0].content == record[1].content { 1 } else { 2 };
            for traits in &record[..both] {
                let key = self.key(traits, is_derived, level);
                if let Some(found) = self.walk(key, level, &mut check)? {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    fn walk<T, E>(
        &mut self,
        key: u64,
        level: usize,
        check: &mut impl FnMut(usize, usize) -> Result<Check<T>, E>,
    ) -> Result<Option<T>, E> {
        let (mut before, mut place, mut tries) = (END, self.heads.get(&key).copied().unwrap_or(END), 0);
        while place != END && tries < CROWD_TRIES_MAX {
            let following = self.next[place as usize][level];
            match check(place as usize, level)? {
                Check::Fits(found) => return Ok(Some(found)),
                Check::IsOver => self.set_next(key, level, before, following),
                Check::Differs => {
                    tries += 1;
                    before = place;
                }
            }
            place = following;
        }
        Ok(None)
    }

    /// Takes the groups between two out of a list.
    fn set_next(&mut self, key: u64, level: usize, before: u32, following: u32) {
        if before != END {
            self.next[before as usize][level] = following;
        } else if following != END {
            self.heads.insert(key, following);
        } else {
            self.heads.remove(&key);
        }
    }
}

/// What a group is to a record.
#[derive(Clone, Copy, Debug)]
pub(super) enum Check<T> {
    Fits(T),
    /// Its hashes are the same, or it is not as good as the level says.
    Differs,
    /// None of its rows is free.
    IsOver,
}

/// The level at which a group fits only if nothing of it changes.
pub(super) const SETTLED: usize = 0;

#[cfg(test)]
mod tests {
    use super::*;

    fn traits(name: u64, source: i64, creation_ms: i64) -> Traits {
        Traits {
            content: 1,
            name: Some(name),
            source: Some(source),
            creation_ms: Some(creation_ms),
            metadata: None,
            other: None,
        }
    }

    #[test]
    fn the_group_that_fits_best_is_found_first() {
        let mut crowd = Crowd::default();
        // By name, source and time of creation; the last two are the app's.
        let groups = [(1, 1, 1), (1, 1, 2), (1, 2, 3), (2, 3, 3), (3, 4, 4), (1, 9, 9), (9, 9, 3)];
        for (place, (name, source, creation_ms)) in groups.into_iter().enumerate() {
            crowd.push(&traits(name, source, creation_ms), place < 5);
        }
        assert_eq!(crowd.len(), groups.len());
        let mut over = [false; 7];
        let mut check = |record: Traits, expected: &[usize]| {
            let records = [record, Traits { content: 2, ..record }];
            for expected in expected.iter().copied().map(Some).chain([None]) {
                let found = crowd.search(&records, |place, _| {
                    Ok::<_, ()>(if over[place] { Check::IsOver } else { Check::Fits(place) })
                });
                assert_eq!(found, Ok(expected), "{record:?}");
                if let Some(place) = expected {
                    over[place] = true;
                }
            }
            over = [false; 7];
        };
        check(traits(1, 1, 3), &[5, 1, 0, 2, 6, 3, 4]);
        check(Traits { content: 3, ..traits(1, 1, 3) }, &[]);
    }

    #[test]
    fn groups_that_differ_are_tried_within_a_bound() {
        let mut crowd = Crowd::default();
        for _ in 0..2 * CROWD_TRIES_MAX {
            crowd.push(&traits(1, 1, 1), true);
        }
        let mut tries = 0;
        let found: Result<Option<()>, ()> = crowd.search(&[traits(1, 1, 1); 2], |_, level| {
            tries += usize::from(level == SETTLED);
            Ok(Check::Differs)
        });
        assert_eq!((found, tries), (Ok(None), CROWD_TRIES_MAX));
    }
}
