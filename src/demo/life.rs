//! Who lives in the household, and one day of a person.

use super::clock::Clock;
use super::payload::Payload;
use super::random::Random;
use crate::statistics::LocalDay;

/// The first person of the household.
pub const PERSON: &str = "anna";

/// Somebody of the household.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) name: &'static str,
    /// For how many days at most.
    pub(super) days: i32,
    pub(super) steps: f64,
    pub(super) resting_heart_rate: f64,
    pub(super) weight_kg: f64,
    pub(super) is_sporty: bool,
    pub(super) has_stages: bool,
    pub(super) has_medication: bool,
}

pub(super) static PEOPLE: [Person; 2] = [
    Person {
        name: PERSON,
        days: i32::MAX,
        steps: 9200.0,
        resting_heart_rate: 54.0,
        weight_kg: 66.0,
        is_sporty: true,
        has_stages: true,
        has_medication: true,
    },
    Person {
        name: "ben",
        days: 800,
        steps: 6100.0,
        resting_heart_rate: 63.0,
        weight_kg: 84.0,
        is_sporty: false,
        has_stages: false,
        has_medication: false,
    },
];

impl Person {
    /// A slow wave over the years.
    pub(super) fn variability(&self, age: i32) -> f64 {
        (f64::from(age) / 180.0 + self.weight_kg).sin()
    }
}

/// How many samples a day has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Detail {
    New,
    Newer,
    Old,
}

/// A day of a person, with what is written of it.
#[derive(Debug)]
pub(super) struct Day<'a> {
    pub(super) person: &'static Person,
    pub(super) clock: &'a Clock,
    pub(super) day: LocalDay,
    pub(super) today: LocalDay,
    pub(super) random: Random,
    pub(super) payload: &'a mut Payload,
}

impl Day<'_> {
    /// How many days ago it was.
    pub(super) fn age(&self) -> i32 {
        self.today.days() - self.day.days()
    }

    pub(super) fn detail(&self) -> Detail {
        match self.age() {
            ..=30 => Detail::New,
            31..=400 => Detail::Newer,
            _ => Detail::Old,
        }
    }

    /// 0 is Monday.
    pub(super) fn weekday(&self) -> u8 {
        self.day.weekday()
    }

    pub(super) fn zone(&self) -> &'static str {
        Clock::zone(self.day)
    }

    /// The instant at some minutes of local clocks.
    pub(super) fn at(&self, minutes: i64) -> i64 {
        self.clock.at(self.day, minutes)
    }

    /// A value around one.
    pub(super) fn vary(&mut self, middle: f64, by: f64) -> f64 {
        middle + by * self.random.around()
    }

    /// Minutes around 0.
    pub(super) fn minutes(&mut self, by: f64) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "a few minutes")]
        let minutes = self.vary(0.0, by) as i64;
        minutes
    }
}
