//! Persons whose figures may be behind, and when each is computed next.
//!
//! A person waits for the end of its uploads, but not for ever, and rests after each computation: uploads that follow each other
//! without end take only a share of the processor.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::model::limits::{DERIVED_PEOPLE_MAX, DERIVED_REST_FACTOR, DERIVED_WAIT};

/// Persons whose figures may be behind.
#[derive(Debug, Default)]
pub(super) struct Behind {
    people: BTreeMap<i64, Person>,
    /// Whether somebody found no place here.
    has_left_out: bool,
}

#[derive(Debug, Default)]
struct Person {
    /// Uploads under way.
    uploads: usize,
    /// Since when its figures may be behind, if they are.
    since: Option<Instant>,
    /// When it is computed at the earliest.
    not_before: Option<Instant>,
}

impl Person {
    /// When it is to be computed.
    fn due(&self) -> Option<Instant> {
        let since = self.since?;
        let quiet = if self.uploads > 0 { since + DERIVED_WAIT } else { since };
        Some(self.not_before.map_or(quiet, |earliest| earliest.max(quiet)))
    }
}

/// The next thing to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// Compute the figures of this person.
    Person(i64),
    /// Look again at this time.
    At(Instant),
    /// Everybody is current.
    Nobody,
}

impl Behind {
    /// Notes that an upload of a person begins.
    pub(super) fn begin_upload(&mut self, person: i64, now: Instant) {
        if let Some(person) = self.place(person, now) {
            person.uploads += 1;
            person.since.get_or_insert(now);
        }
    }

    /// Notes its end.
    pub(super) fn end_upload(&mut self, person: i64, now: Instant) {
        if let Some(person) = self.place(person, now) {
            person.uploads = person.uploads.saturating_sub(1);
            // Quiet begins now.
            person.since = Some(now);
        }
    }

    /// Notes a person that is behind. Returns whether there is a place.
    pub(super) fn add(&mut self, person: i64, now: Instant) -> bool {
        self.place(person, now).map(|person| person.since.get_or_insert(now)).is_some()
    }

    fn place(&mut self, person: i64, now: Instant) -> Option<&mut Person> {
        if self.people.len() >= DERIVED_PEOPLE_MAX && !self.people.contains_key(&person) {
            self.people.retain(|_, person| {
                person.uploads > 0 || person.since.is_some() || person.not_before.is_some_and(|earliest| earliest > now)
            });
        }
        if self.people.len() >= DERIVED_PEOPLE_MAX && !self.people.contains_key(&person) {
            self.has_left_out = true;
            return None;
        }
        Some(self.people.entry(person).or_default())
    }

    /// Returns whether somebody found no place since the last call.
    pub(super) fn take_left_out(&mut self) -> bool {
        std::mem::take(&mut self.has_left_out)
    }

    /// Whether an upload is under way.
    pub(super) fn is_receiving(&self) -> bool {
        self.people.values().any(|person| person.uploads > 0)
    }

    /// Returns who is to be computed now: who waits longest. That person counts as current, unless further changes are noted.
    pub(super) fn take_next(&mut self, now: Instant) -> Next {
        let due = self.people.iter().filter_map(|(id, person)| Some((person.due()?, *id)));
        let Some((due, id)) = due.min() else { return Next::Nobody };
        if due > now {
            return Next::At(due);
        }
        if let Some(person) = self.people.get_mut(&id) {
            person.since = None;
        }
        Next::Person(id)
    }

    /// Notes that a person was computed, which took so long.
    pub(super) fn rest(&mut self, person: i64, took: Duration, now: Instant) {
        if let Some(person) = self.people.get_mut(&person) {
            person.not_before = Some(now + took * DERIVED_REST_FACTOR);
        }
    }

    /// Notes that a person could not be computed and is to be tried again.
    pub(super) fn try_again(&mut self, person: i64, at: Instant, now: Instant) {
        if let Some(person) = self.place(person, now) {
            person.since.get_or_insert(now);
            person.not_before = Some(at);
        }
    }

    /// Everybody here.
    pub(super) fn people(&self) -> Vec<i64> {
        self.people.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_waits_for_the_end_of_uploads_but_not_for_ever() {
        let (mut behind, start) = (Behind::default(), Instant::now());
        let later = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(behind.take_next(start), Next::Nobody);
        behind.begin_upload(7, start);
        assert_eq!(behind.take_next(later(1)), Next::At(start + DERIVED_WAIT));
        assert!(behind.is_receiving());
        behind.begin_upload(7, later(1));
        behind.end_upload(7, later(2));
        assert!(matches!(behind.take_next(later(2)), Next::At(_)), "another upload is under way");
        behind.end_upload(7, later(3));
        assert_eq!(behind.take_next(later(3)), Next::Person(7));
        assert_eq!(behind.take_next(later(3)), Next::Nobody);
        // One that lasts.
        behind.begin_upload(7, later(10));
        assert_eq!(behind.take_next(later(10) + DERIVED_WAIT), Next::Person(7));
        behind.end_upload(7, later(90));
        assert_eq!(behind.take_next(later(90)), Next::Person(7));
    }

    #[test]
    fn a_person_rests_and_is_tried_again_and_others_go_on() {
        let (mut behind, start) = (Behind::default(), Instant::now());
        let later = |seconds| start + Duration::from_secs(seconds);
        assert!(behind.add(1, start) && behind.add(2, later(1)));
        assert_eq!(behind.take_next(later(1)), Next::Person(1));
        behind.rest(1, Duration::from_secs(2), later(3));
        behind.add(1, later(3));
        assert_eq!(behind.take_next(later(3)), Next::Person(2));
        behind.try_again(2, later(5), later(3));
        assert_eq!(behind.take_next(later(3)), Next::At(later(5)));
        assert_eq!(behind.take_next(later(5)), Next::Person(2));
        let rested = later(3) + Duration::from_secs(2) * DERIVED_REST_FACTOR;
        assert_eq!(behind.take_next(later(6)), Next::At(rested));
        assert_eq!(behind.take_next(rested), Next::Person(1));
    }

    #[test]
    fn places_are_bounded_and_those_of_current_persons_are_used_again() {
        let (mut behind, start) = (Behind::default(), Instant::now());
        for person in 0..DERIVED_PEOPLE_MAX {
            assert!(behind.add(i64::try_from(person).unwrap(), start));
        }
        assert!(!behind.add(-1, start) && behind.take_left_out() && !behind.take_left_out());
        assert!(matches!(behind.take_next(start), Next::Person(_)));
        assert!(behind.add(-1, start));
    }
}
