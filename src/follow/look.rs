//! What is to be done next: compares the database with the cursor, and plans the first thing that the target does not have.

use std::time::Instant;

use super::cursor::{Cursor, PersonCursor};
use super::plan::{Plan, Purpose, Ranges};
use super::source::{Source, Working};
use crate::model::limits::{FOLLOW_CHANGES_MAX, FOLLOW_LOOK, FOLLOWED_PAGE, FOLLOWED_PEOPLE_MAX};
use crate::model::line_limit::LineLimit;
use crate::store::questions::{ChangeKind, Followed, FollowedPerson, RowKind, Snapshot};

/// A look at the database.
pub(super) struct Look<'w, 'd> {
    pub(super) source: &'w mut Source<'d>,
    pub(super) cursor: &'w mut Cursor,
    /// Whether the target takes rows.
    pub(super) takes_rows: bool,
    /// Whether everything is removed and sent again.
    pub(super) is_resync: bool,
    /// The last look, and when it was.
    pub(super) recent: &'w mut Option<(Instant, Followed)>,
    /// When it was last logged that there are too many persons.
    pub(super) crowds: &'w mut LineLimit,
}

/// The next thing to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// A plan.
    Plan,
    /// Figures that the database does not have yet.
    Figures,
    /// Nothing: the target has everything.
    Nothing,
}

/// How much of somebody is removed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Removal {
    /// Its points in measurements that the follower has written.
    Own,
    /// All points, also those of other programs: somebody has asked for that.
    All,
}

/// Those of a person's number: two after a rename.
fn known_as(people: &[PersonCursor], id: i64) -> &[PersonCursor] {
    let from = people.partition_point(|person| person.id < id);
    &people[from..from + people[from..].partition_point(|person| person.id == id)]
}

fn person_of(people: &[FollowedPerson], id: i64) -> Option<&FollowedPerson> {
    people.binary_search_by_key(&id, |person| person.id).ok().map(|place| &people[place])
}

impl Look<'_, '_> {
    /// Makes the next plan, unless one is under way. A cursor that is new knows no change yet.
    pub(super) fn plan(&mut self, is_new: bool) -> Working<Next> {
        if self.cursor.plan.is_some() {
            return Ok(Next::Plan);
        }
        // Of many persons each one's plan needs no further look.
        let recent = self.recent.take().filter(|(at, _)| !is_new && at.elapsed() < FOLLOW_LOOK);
        if let Some((at, followed)) = recent {
            self.cursor.plan = self.next_of(&followed, is_new)?;
            if self.cursor.plan.is_some() {
                *self.recent = Some((at, followed));
                return Ok(Next::Plan);
            }
        }
        let (at, followed) = (Instant::now(), self.everybody()?);
        self.cursor.plan = self.next_of(&followed, is_new)?;
        if self.cursor.plan.is_some() {
            *self.recent = Some((at, followed));
            return Ok(Next::Plan);
        }
        let are_figures_due =
            self.takes_rows && followed.people.iter().any(|person| person.figures != Some(followed.newest));
        Ok(if are_figures_due { Next::Figures } else { Next::Nothing })
    }

    fn next_of(&mut self, followed: &Followed, is_new: bool) -> Working<Option<Plan>> {
        self.compare(followed, is_new)?;
        if let Some(plan) = self.plan_gone(followed) {
            return Ok(Some(plan));
        }
        if let Some(plan) = self.plan_whole(followed)? {
            return Ok(Some(plan));
        }
        match self.plan_changes(followed)? {
            None if self.takes_rows => self.plan_figures(followed),
            plan => Ok(plan),
        }
    }

    /// Reads everybody with data, a page at a time. The first page has the state of the database: what changes meanwhile comes next.
    fn everybody(&mut self) -> Working<Followed> {
        let mut followed = self.source.read(|snapshot| snapshot.followed(0))?;
        let mut is_last = followed.people.len() < FOLLOWED_PAGE;
        while !is_last && followed.people.len() <= FOLLOWED_PEOPLE_MAX {
            let last = followed.people.last().map_or(0, |person| person.id);
            let further = self.source.read(move |snapshot| snapshot.followed(last))?.people;
            is_last = further.len() < FOLLOWED_PAGE;
            followed.people.extend(further);
        }
        if followed.people.len() > FOLLOWED_PEOPLE_MAX {
            followed.people.truncate(FOLLOWED_PEOPLE_MAX);
            if let Some(left_out) = self.crowds.count(Instant::now()) {
                tracing::warn!(
                    left_out,
                    "only the first {FOLLOWED_PEOPLE_MAX} persons are followed: a follower knows no more"
                );
            }
        }
        Ok(followed)
    }

    /// Notices another history of the database, and persons who are new.
    fn compare(&mut self, followed: &Followed, mut is_new: bool) -> Working<()> {
        let mark = self.cursor.mark;
        let is_same = match mark {
            Some(mark) => self.source.read(move |snapshot| snapshot.has_mark(mark))?,
            None => true,
        };
        if self.cursor.names.is_empty() && self.cursor.state.sent > 0 {
            // A cursor of an earlier version has none.
            let identifiers = self.source.read(|snapshot| snapshot.all_identifiers())?;
            self.cursor.names.add_possible(&identifiers);
        }
        if !is_same || followed.newest < self.cursor.seen {
            tracing::warn!("the database was replaced by another copy: everything is sent again");
            self.cursor.people.iter_mut().for_each(PersonCursor::doubt);
            self.cursor.state.change = 0;
            is_new = true;
        }
        self.cursor.mark = followed.mark;
        if is_new {
            self.cursor.seen = followed.newest;
        }
        // Earlier versions wrote them as they came.
        self.cursor.people.sort_by_key(|person| person.id);
        let mut found = Vec::new();
        for FollowedPerson { id, name, .. } in &followed.people {
            let known = known_as(&self.cursor.people, *id);
            if known.iter().any(|known| known.name == *name) {
                continue;
            }
            // Persons whom a target of ranges does not know yet have nothing that it should hear of, but for another name.
            let is_renamed = !self.takes_rows && !known.is_empty();
            let is_doubtful = self.is_resync || is_renamed;
            found.push(PersonCursor {
                id: *id,
                name: name.clone(),
                is_whole: !self.takes_rows && !is_doubtful,
                is_doubtful,
                is_resynced: self.is_resync,
                ..PersonCursor::default()
            });
        }
        if !found.is_empty() {
            self.cursor.people.extend(found);
            self.cursor.people.sort_by_key(|person| person.id);
        }
        Ok(())
    }

    /// Somebody whom the database does not have any more, or under another name.
    fn plan_gone(&mut self, followed: &Followed) -> Option<Plan> {
        let is_there = |known: &PersonCursor| {
            person_of(&followed.people, known.id).is_some_and(|person| person.name == known.name)
        };
        let name = self.cursor.people.iter().find(|known| !is_there(known))?.name.clone();
        let mut ranges = Ranges::default();
        self.add_removal(&name, Removal::Own, &mut ranges);
        let seen = self.cursor.seen;
        Some(Plan::new((seen, seen), Purpose::Gone(name), ranges))
    }

    /// Adds the removal of what the target has of somebody. A target of ranges only learns that anything may have changed.
    fn add_removal(&self, name: &str, removal: Removal, ranges: &mut Ranges) {
        if removal == Removal::All || !self.takes_rows {
            ranges.add_nobody(name);
        } else {
            self.cursor.names.iter().for_each(|measurement| ranges.add_nothing(name, measurement));
        }
    }

    /// The first person of whom the target has not everything.
    fn plan_whole(&mut self, followed: &Followed) -> Working<Option<Plan>> {
        let Some(person) = self.cursor.people.iter_mut().find(|person| !person.is_whole) else {
            return Ok(None);
        };
        let (id, name, is_doubtful) = (person.id, person.name.clone(), person.is_doubtful);
        let removal = if person.is_resynced { Removal::All } else { Removal::Own };
        person.figures = None;
        let identifiers = self.source.read(move |snapshot| snapshot.identifiers(id))?;
        let mut ranges = Ranges::default();
        if is_doubtful {
            self.add_removal(&name, removal, &mut ranges);
        }
        if self.takes_rows {
            ranges.add_all_rows(&name, &identifiers);
        }
        // Rows are read from now on, so they have what has changed until now.
        let seen = self.cursor.seen;
        let until = if self.takes_rows { followed.newest.max(seen) } else { seen };
        Ok(Some(Plan::new((seen, until), Purpose::Whole(id), ranges)))
    }

    /// The rows of the next changes.
    fn plan_changes(&mut self, followed: &Followed) -> Working<Option<Plan>> {
        let seen = self.cursor.seen;
        if followed.newest <= seen {
            return Ok(None);
        }
        let newest = followed.newest;
        let changes = self.source.read(move |snapshot| snapshot.changes((seen, newest), None, FOLLOW_CHANGES_MAX))?;
        let until =
            if changes.len() < FOLLOW_CHANGES_MAX { newest } else { changes.last().map_or(newest, |last| last.number) };
        let mut ranges = Ranges::default();
        for change in &changes {
            let Some(person) = person_of(&followed.people, change.person) else { continue };
            if change.kind == ChangeKind::Everything {
                // Persons were merged, or something was forgotten.
                let known = self.cursor.people.iter_mut().find(|known| known.id == person.id);
                known.into_iter().for_each(PersonCursor::doubt);
                self.cursor.state.change = 0;
                continue;
            }
            let is_sent = |known: &PersonCursor| known.name == person.name && known.since >= change.number;
            if known_as(&self.cursor.people, person.id).iter().any(is_sent) {
                continue;
            }
            let is_of_all = change.kind == ChangeKind::Rows(RowKind::Samples) && change.identifier.is_none();
            let id = person.id;
            let identifiers =
                if is_of_all { self.source.read(move |snapshot| snapshot.identifiers(id))? } else { Vec::new() };
            ranges.add_rows(&person.name, change, &identifiers);
        }
        if ranges.is_empty() {
            // Of figures only, or of somebody who is sent as a whole.
            self.cursor.seen = until;
            return self.plan_whole(followed);
        }
        Ok(Some(Plan::new((seen, until), Purpose::Changes, ranges)))
    }

    /// The figures of the first person whose figures are further than the target's.
    fn plan_figures(&mut self, followed: &Followed) -> Working<Option<Plan>> {
        for place in 0..self.cursor.people.len() {
            let known = &self.cursor.people[place];
            let person = person_of(&followed.people, known.id);
            let Some((person, until)) = person.and_then(|person| Some((person, person.figures?))) else { continue };
            if known.figures.is_some_and(|figures| figures >= until) && known.run == person.run {
                continue;
            }
            let known = known.clone();
            let (id, behind) = (person.id, known.figures.unwrap_or(0));
            let read = move |snapshot: &Snapshot<'_>| {
                let changes = snapshot.changes((behind, until), Some(id), FOLLOW_CHANGES_MAX)?;
                Ok((snapshot.figure_rules(id)?, snapshot.identifiers(id)?, changes))
            };
            let (rules, identifiers, changes) = self.source.read(read)?;
            let mut ranges = Ranges::default();
            let mut until = until;
            if known.figures.is_none() {
                ranges.add_all_figures(&person.name, &identifiers, false);
            } else if !rules.agree_with(&known.rules) {
                ranges.add_all_figures(&person.name, &identifiers, true);
            } else {
                changes.iter().for_each(|change| ranges.add_figures(&person.name, change, &identifiers));
                if changes.len() == FOLLOW_CHANGES_MAX {
                    until = changes.last().map_or(until, |last| last.number);
                }
            }
            if ranges.is_empty() {
                let known = &mut self.cursor.people[place];
                (known.figures, known.run, known.rules) = (Some(until), person.run, rules);
                continue;
            }
            let purpose = Purpose::Figures { id, run: person.run, rules };
            return Ok(Some(Plan::new((behind, until), purpose, ranges)));
        }
        Ok(None)
    }
}
