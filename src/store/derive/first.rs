//! Figures of all of the time from nothing. Which source counts before which depends on samples of all types, and to read them all
//! for that would cost as much as the figures do. So figures are made with the source groups of the first samples. A pass that meets
//! another group ends; the rest of its type is surveyed, and the pass begins again. At the end, types are made again whose groups
//! have other ranks than they had.

use std::collections::{BTreeMap, BTreeSet};

use super::groups::Groups;
use super::halt::{Halt, Step};
use super::sender::Sender;
use super::subject::{Kind, Person};
use super::survey::survey_rest;
use crate::model::limits::SOURCE_GROUPS_MAX;
use crate::statistics::{GroupId, Ranks};

/// The passes over types whose source groups were not known.
#[derive(Debug)]
pub(super) struct First<'a> {
    kinds: &'a BTreeSet<i64>,
    /// By type.
    ranked: BTreeMap<i64, Ranked>,
}

/// The name of a type, and its groups in the order of the ranks that its figures were made with.
#[derive(Debug)]
struct Ranked {
    name: String,
    groups: Vec<Place>,
}

/// A group, and whether it shares the last rank with others.
type Place = (GroupId, bool);

/// Returns groups in the order of their ranks. Ignored ones are left out.
fn places(ranks: &Ranks, groups: impl IntoIterator<Item = GroupId>) -> Vec<Place> {
    let mut ranked: Vec<_> = groups.into_iter().filter_map(|group| Some((ranks.rank(group)?, group))).collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(rank, group)| (group, usize::from(rank) + 1 >= SOURCE_GROUPS_MAX)).collect()
}

impl<'a> First<'a> {
    /// For these types.
    pub(super) fn new(kinds: &'a BTreeSet<i64>) -> Self {
        Self { kinds, ranked: BTreeMap::new() }
    }

    /// Makes the figures of a type, with all groups that it has.
    pub(super) fn run(
        &mut self,
        person: &Person<'_>,
        kind: &Kind<'_>,
        groups: &mut Groups,
        sender: &mut Sender<'_>,
        mut derive: impl FnMut(&mut Groups, &mut Sender<'_>) -> Step<()>,
    ) -> Step<()> {
        if !self.kinds.contains(&kind.id) {
            return derive(groups, sender);
        }
        groups.watch(true);
        let mut ranks = groups.ranks(kind.name);
        let mut derived = derive(groups, sender);
        if let Err(Halt::Revealed(at_ms)) = derived {
            groups.end_watch();
            survey_rest(person.connection, (person.id, kind.id), at_ms, groups, sender)?;
            groups.watch(false);
            ranks = groups.ranks(kind.name);
            derived = derive(groups, sender);
        }
        let met = groups.end_watch();
        derived?;
        let groups = places(&ranks, met);
        self.ranked.insert(kind.id, Ranked { name: kind.name.to_owned(), groups });
        Ok(())
    }

    /// Returns the types whose groups have other ranks now that all samples are known.
    pub(super) fn of_other_ranks(self, groups: &Groups) -> Vec<i64> {
        let is_other = |ranked: &Ranked| {
            let met = ranked.groups.iter().map(|(group, _)| *group);
            places(&groups.ranks(&ranked.name), met) != ranked.groups
        };
        self.ranked.into_iter().filter(|(_, ranked)| is_other(ranked)).map(|(kind, _)| kind).collect()
    }
}
