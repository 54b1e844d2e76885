//! What is to be done next: compares the database with the cursor, and plans the first thing that the target does not have.

use super::cursor::{Cursor, PersonCursor};
use super::plan::{Plan, Purpose, Ranges};
use super::source::{Source, Working};
use crate::model::error::Error;
use crate::model::limits::{FOLLOW_CHANGES_MAX, FOLLOWED_PEOPLE_MAX};
use crate::store::questions::{ChangeKind, Followed, RowKind, Snapshot};

/// A look at the database.
pub(super) struct Look<'w, 'd> {
    pub(super) source: &'w mut Source<'d>,
    pub(super) cursor: &'w mut Cursor,
    /// Whether the target takes rows.
    pub(super) takes_rows: bool,
    /// Whether everything is removed and sent again.
    pub(super) is_resync: bool,
}

impl Look<'_, '_> {
    /// Makes the next plan, unless one is under way. Returns whether there is one. A cursor that is new knows no change yet.
    pub(super) fn plan(&mut self, is_new: bool) -> Working<bool> {
        if self.cursor.plan.is_some() {
            return Ok(true);
        }
        let followed = self.source.read(|snapshot| snapshot.followed())?;
        if followed.people.len() > FOLLOWED_PEOPLE_MAX {
            let message = format!(
                "the database has data of more than {FOLLOWED_PEOPLE_MAX} persons, and a follower follows no more"
            );
            return Err(Error::usage(message).into());
        }
        self.compare(&followed, is_new)?;
        self.cursor.plan = match self.plan_gone(&followed) {
            Some(plan) => Some(plan),
            None => match self.plan_whole()? {
                Some(plan) => Some(plan),
                None => match self.plan_changes(&followed)? {
                    None if self.takes_rows => self.plan_figures(&followed)?,
                    plan => plan,
                },
            },
        };
        Ok(self.cursor.plan.is_some())
    }

    /// Notices another history of the database, and persons who are new.
    fn compare(&mut self, followed: &Followed, mut is_new: bool) -> Working<()> {
        let mark = self.cursor.mark;
        let is_same = match mark {
            Some(mark) => self.source.read(move |snapshot| snapshot.has_mark(mark))?,
            None => true,
        };
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
        for person in &followed.people {
            let is_known = |known: &PersonCursor| known.id == person.id && known.name == person.name;
            if !self.cursor.people.iter().any(is_known) {
                let (id, name) = (person.id, person.name.clone());
                // Persons whom a target of ranges does not know yet have nothing that it should hear of, but for another name.
                let is_renamed = !self.takes_rows && self.cursor.people.iter().any(|known| known.id == id);
                let is_doubtful = self.is_resync || is_renamed;
                let is_whole = !self.takes_rows && !is_doubtful;
                self.cursor.people.push(PersonCursor { id, name, is_whole, is_doubtful, ..PersonCursor::default() });
            }
        }
        Ok(())
    }

    /// Persons whom the database does not have any more, or under another name.
    fn plan_gone(&mut self, followed: &Followed) -> Option<Plan> {
        let mut ranges = Ranges::default();
        let mut gone = Vec::new();
        for known in &self.cursor.people {
            if !followed.people.iter().any(|person| person.id == known.id && person.name == known.name) {
                ranges.add_nobody(&known.name);
                gone.push(known.name.clone());
            }
        }
        let seen = self.cursor.seen;
        (!gone.is_empty()).then(|| Plan::new((seen, seen), Purpose::Gone(gone), ranges))
    }

    /// The first person of whom the target has not everything.
    fn plan_whole(&mut self) -> Working<Option<Plan>> {
        let Some(person) = self.cursor.people.iter_mut().find(|person| !person.is_whole) else {
            return Ok(None);
        };
        let (id, name, is_doubtful) = (person.id, person.name.clone(), person.is_doubtful);
        person.figures = None;
        let identifiers = self.source.read(move |snapshot| snapshot.identifiers(id))?;
        let mut ranges = Ranges::default();
        if is_doubtful {
            ranges.add_nobody(&name);
        }
        if self.takes_rows {
            ranges.add_all_rows(&name, &identifiers);
        }
        let seen = self.cursor.seen;
        Ok(Some(Plan::new((seen, seen), Purpose::Whole(id), ranges)))
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
            let Some(person) = followed.people.iter().find(|person| person.id == change.person) else { continue };
            if change.kind == ChangeKind::Everything {
                // Persons were merged, or something was forgotten.
                let known = self.cursor.people.iter_mut().find(|known| known.id == person.id);
                known.into_iter().for_each(PersonCursor::doubt);
                self.cursor.state.change = 0;
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
            return self.plan_whole();
        }
        Ok(Some(Plan::new((seen, until), Purpose::Changes, ranges)))
    }

    /// The figures of the first person whose figures are further than the target's.
    fn plan_figures(&mut self, followed: &Followed) -> Working<Option<Plan>> {
        for place in 0..self.cursor.people.len() {
            let known = self.cursor.people[place].clone();
            let person = followed.people.iter().find(|person| person.id == known.id);
            let Some((person, until)) = person.and_then(|person| Some((person, person.figures?))) else { continue };
            if known.figures.is_some_and(|figures| figures >= until) && known.run == person.run {
                continue;
            }
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
