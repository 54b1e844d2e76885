//! A made-up household, to look at the program without a phone: ten years until today, always the same for a seed and a day.
//!
//! It writes what the app would post, some weeks at a time. All of it is invented. Older days have fewer samples, so that a small
//! board has the household in some seconds. Nothing is read or stored here.

mod clock;
mod day;
mod life;
mod night;
mod payload;
mod random;
mod workout;

use crate::model::time::DAY_MS;
use crate::statistics::LocalDay;
use clock::Clock;
pub use life::PERSON;
use life::{Day, PEOPLE, Person};
use payload::Payload;
use random::Random;

/// A household until an instant.
#[derive(Clone, Copy, Debug)]
pub struct Household {
    /// Another seed makes other people.
    pub seed: u64,
    /// For how many days it is known at most.
    pub days: u32,
    /// Now, in milliseconds since 1970 UTC.
    pub now_ms: i64,
}

/// The home zone of the household.
pub const HOME: &str = "Europe/Berlin";

/// Ten years.
pub const DAYS_DEFAULT: u32 = 3653;

/// Days of one payload, and those that come in one each: as if the phone had sent every day.
const PAYLOAD_DAYS: i32 = 90;
const SINGLE_DAYS: i32 = 7;

impl Household {
    /// What each person's phone posts, the oldest first: the person's name and a body.
    pub fn payloads(self) -> impl Iterator<Item = (&'static str, Vec<u8>)> {
        let clock = Clock::new();
        let today = clock.today(self.now_ms);
        let all = PEOPLE.iter().flat_map(move |person| {
            let days = i32::try_from(self.days).unwrap_or(i32::MAX).min(person.days);
            spans(days).map(move |span| (person, span))
        });
        all.map(move |(person, (oldest, newest))| {
            let random = Random::at(self.seed, [place_of(person), i64::from(today.days()) - i64::from(oldest), 0]);
            let mut payload = Payload::new(self.now_ms, random);
            for age in (newest..=oldest).rev() {
                self.live(person, (&clock, today), age, &mut payload);
            }
            if newest == 0 {
                end(person, self.now_ms, &mut payload);
            }
            (person.name, payload.body())
        })
    }

    fn live(self, person: &'static Person, (clock, today): (&Clock, LocalDay), age: i32, payload: &mut Payload) {
        let day = LocalDay::new(today.days().saturating_sub(age));
        let random = Random::at(self.seed, [place_of(person), i64::from(day.days()), 1]);
        let mut day = Day { person, clock, day, today, random, payload };
        let plan = workout::plan(&mut day);
        if !Clock::begins_in_flight(day.day) {
            night::sleep(&mut day);
        }
        day::live(&mut day, plan.map(|plan| plan.times));
        if let Some(plan) = plan {
            workout::work_out(&mut day, plan);
        }
    }
}

/// A number for a person.
fn place_of(person: &Person) -> i64 {
    i64::try_from(person.name.len()).unwrap_or(0)
}

/// The ages of days that come in one payload: the oldest and the newest of each.
fn spans(days: i32) -> impl Iterator<Item = (i32, i32)> {
    let mut next = days.saturating_sub(1);
    std::iter::from_fn(move || {
        let oldest = Some(next).filter(|next| *next >= 0)?;
        let newest = if oldest < SINGLE_DAYS { oldest } else { (oldest - PAYLOAD_DAYS + 1).max(SINGLE_DAYS) };
        next = newest - 1;
        Some((oldest, newest))
    })
}

/// What comes with the last payload: what medications are called, and elements that cannot be stored.
fn end(person: &Person, now_ms: i64, payload: &mut Payload) {
    if person.has_medication {
        for (name, form, _) in day::MEDICATIONS {
            payload.medication(name, form);
        }
        let yesterday = payload::iso(now_ms - DAY_MS);
        payload.element(
            "HKQuantityTypeIdentifierHeartRate",
            r#"{"uuid":"4B1D0C3E-0000-4000-8000-00000000000A","startDate":"yesterday","endDate":"yesterday","value":61,"unit":"count/min"}"#,
        );
        payload.element(
            "HKQuantityTypeIdentifierHeartRate",
            &format!(r#"{{"startDate":"{yesterday}","endDate":"{yesterday}","value":"fast","unit":"count/min"}}"#),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_comes_once() {
        for days in [0, 1, 7, 8, 97, 98, 400] {
            let mut next = days - 1;
            for (oldest, newest) in spans(days) {
                assert_eq!(oldest, next, "{days}");
                assert!(newest <= oldest && (oldest >= SINGLE_DAYS || newest == oldest));
                next = newest - 1;
            }
            assert_eq!(next, -1, "{days}");
        }
    }

    #[test]
    fn a_household_is_the_same_again_and_grows() {
        let household = Household { seed: 1, days: 20, now_ms: 1_795_730_000_000 };
        let bodies: Vec<_> = household.payloads().collect();
        assert_eq!(bodies, household.payloads().collect::<Vec<_>>());
        assert_ne!(bodies, Household { seed: 2, ..household }.payloads().collect::<Vec<_>>());
        assert_eq!(bodies.len(), 2 * (1 + usize::try_from(SINGLE_DAYS).unwrap()));
        // Tomorrow, a day of the past has the same steps.
        let later = Household { now_ms: household.now_ms + DAY_MS, ..household };
        let part = |bodies: Vec<(&str, Vec<u8>)>, day: &str| {
            let texts: Vec<String> = bodies.into_iter().map(|(_, body)| String::from_utf8(body).unwrap()).collect();
            let steps = texts.iter().filter_map(|text| text.split("StepCount\":[").nth(1)?.split(']').next());
            let values = steps.flat_map(|steps| steps.split("{\"uuid\"")).filter(|step| step.contains(day));
            values.map(|step| step.split("\"value\":").nth(1).unwrap().to_owned()).collect::<Vec<_>>()
        };
        let day = "\"startDate\":\"2026-11-20";
        let steps = part(bodies, day);
        assert!(steps.len() > 20, "{steps:?}");
        assert_eq!(steps, part(later.payloads().collect(), day));
    }

    /// The elements of a section, as text.
    fn elements(bodies: &[(&str, Vec<u8>)], section: &str) -> Vec<String> {
        let begin = format!("\"{section}\":[");
        let texts = bodies.iter().map(|(_, body)| std::str::from_utf8(body).unwrap());
        let sections = texts.filter_map(|text| text.split_once(&begin)?.1.split(']').next());
        sections.flat_map(|section| section.split("{\"uuid\"").skip(1)).map(str::to_owned).collect()
    }

    fn field<'a>(element: &'a str, name: &str) -> Option<&'a str> {
        element.split_once(&format!("\"{name}\":\""))?.1.split('"').next()
    }

    fn at_ms(element: &str, name: &str) -> i64 {
        crate::model::time::parse(field(element, name).unwrap()).unwrap()
    }

    /// In a workout, a watch measures again and again, and nothing beside that.
    #[test]
    fn a_workout_has_its_own_heart_rates_only() {
        let household = Household { seed: 1, days: 60, now_ms: 1_795_730_000_000 };
        let bodies: Vec<_> = household.payloads().filter(|(name, _)| *name == PERSON).collect();
        let rates: Vec<i64> = elements(&bodies, "HKQuantityTypeIdentifierHeartRate")
            .iter()
            .filter(|element| element.contains("Apple"))
            .map(|element| at_ms(element, "startDate"))
            .collect();
        let workouts = elements(&bodies, "workouts");
        assert!(workouts.len() > 20, "{}", workouts.len());
        for workout in workouts {
            let (from_ms, to_ms) = (at_ms(&workout, "startDate"), at_ms(&workout, "endDate"));
            let mut within: Vec<i64> = rates.iter().copied().filter(|at| (from_ms..to_ms).contains(at)).collect();
            within.sort_unstable();
            assert!(within.len() > 50, "{workout}");
            assert!(within.windows(2).all(|pair| pair[1] - pair[0] == 20_000), "{workout}");
        }
    }

    /// The night of the flight home began in Berlin while the evening in New York went on.
    #[test]
    fn a_journey_leads_there_and_back_once() {
        let household = Household { seed: 1, days: 200, now_ms: 1_795_730_000_000 };
        for person in &PEOPLE {
            let bodies: Vec<_> = household.payloads().filter(|(name, _)| *name == person.name).collect();
            let sections =
                ["HKCategoryTypeIdentifierSleepAnalysis", "HKCategoryTypeIdentifierAppleStandHour", "workouts"];
            let all = sections.iter().flat_map(|section| elements(&bodies, section));
            let mut zones: Vec<(i64, String)> = all
                .filter_map(|element| Some((at_ms(&element, "startDate"), field(&element, "HKTimeZone")?.to_owned())))
                .collect();
            zones.sort_unstable();
            zones.dedup_by(|one, other| one.1 == other.1);
            let names: Vec<&str> = zones.iter().map(|(_, zone)| zone.as_str()).collect();
            assert_eq!(names, ["Europe/Berlin", "America/New_York", "Europe/Berlin"], "{zones:?}");
        }
    }
}
