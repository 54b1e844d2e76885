//! The sharp cases, the properties and hostile samples.

mod cases;
mod hostile;
mod nights;
mod properties;
mod year;

use std::collections::BTreeMap;

use super::{
    Class, Days, Group, GroupId, INSTANTS_MS, LeftOut, LocalDay, Method, Order, Output, Ranks, Sample, Scale, Timeline,
    Total, Zones,
};
use crate::model::time::parse;

/// Groups of the cases, by their letters: watch, phone, app, by hand, another app.
pub(super) const GROUPS: [Group<'static>; 5] = [
    Group { key: "W", class: Class::Watch, first_ms: 0 },
    Group { key: "P", class: Class::Phone, first_ms: 0 },
    Group { key: "A", class: Class::App, first_ms: 0 },
    Group { key: "H", class: Class::Manual, first_ms: 0 },
    Group { key: "B", class: Class::App, first_ms: -1 },
];

pub(super) fn group(letter: &str) -> GroupId {
    let place = GROUPS.iter().position(|group| group.key == letter).expect("a known letter");
    GroupId::try_from(place).unwrap()
}

/// An instant: a whole date with its offset, or a time of 2026-01-15 in UTC.
pub(super) fn at(text: &str) -> i64 {
    parse(text).or_else(|| parse(&format!("2026-01-15T{text}Z"))).unwrap_or_else(|| panic!("{text}"))
}

/// Reads `W 10:00:00 10:05:00 450`.
pub(super) fn samples(text: &str) -> Vec<Sample> {
    let mut samples: Vec<Sample> = text
        .split(';')
        .map(|sample| {
            let words: Vec<&str> = sample.split_whitespace().collect();
            Sample {
                start_ms: at(words[1]),
                end_ms: Some(at(words[2])),
                value: Some(words[3].parse().unwrap()),
                group: group(words[0]),
                ..Sample::default()
            }
        })
        .collect();
    samples.sort_by_key(|sample| sample.start_ms);
    samples
}

pub(super) fn zone(name: &str) -> Timeline {
    journey(name, &[])
}

pub(super) fn journey(home: &str, changes: &[(&str, &str)]) -> Timeline {
    let mut zones = Zones::default();
    let home = zones.add(home);
    let first = home.map(|zone| (INSTANTS_MS.start, zone));
    let changes = changes.iter().map(|(from, zone)| (at(from), zones.add(zone).unwrap()));
    let changes: Vec<_> = first.into_iter().chain(changes).collect();
    Timeline::new(zones, None, &changes)
}

/// All figures of a pass, and what was left out.
#[derive(Debug, Default)]
pub(super) struct Passed {
    pub(super) totals: Vec<Total>,
    pub(super) left_out: Vec<(Sample, LeftOut)>,
}

impl Passed {
    /// The values of days by their dates.
    pub(super) fn by_day(&self) -> BTreeMap<LocalDay, f64> {
        let mut days = BTreeMap::new();
        for total in &self.totals {
            if let Some(value) = total.value {
                *days.entry(total.bucket.day).or_insert(0.0) += value;
            }
        }
        days
    }

    pub(super) fn on(&self, day: &str) -> &Total {
        let found = self.totals.iter().find(|total| total.bucket.day.to_string() == day);
        found.unwrap_or_else(|| panic!("{day} in {:?}", self.totals))
    }
}

pub(super) fn pass(method: Method, timeline: &Timeline, order: Order<'_>, scale: Scale, samples: &[Sample]) -> Passed {
    let ranks = Ranks::new(&GROUPS, order);
    let mut passed = Passed::default();
    let mut days = Days::new(method, timeline, &ranks, scale);
    let mut output = |output: Output<'_>| match output {
        Output::Total(total) => passed.totals.push(total.clone()),
        Output::LeftOut(sample, reason) => passed.left_out.push((*sample, reason)),
    };
    for sample in samples {
        days.push(sample, &mut output).unwrap();
    }
    days.finish(&mut output);
    passed
}

/// The same in days of UTC and default order.
pub(super) fn days(method: Method, samples: &[Sample]) -> Passed {
    pass(method, &Timeline::default(), Order::default(), Scale::Day, samples)
}
