//! How many elements each section gets.
//!
//! A first pass writes the payload into nothing, in the documented order, each section up to its share of the bytes, and
//! counts. The second pass writes as many. So every order of keys and elements, and a corrected payload, have exactly the same
//! elements, and the range of dates is known before the first of them.

use std::io;

use crate::identity::Stream;
use crate::kind::{self, KINDS};
use crate::medication;
use crate::order::{KeyOrder, Order};
use crate::payload::document::Document;
use crate::payload::section::{Layout, Section, SectionLimit};
use crate::payload::{Payload, Shape};
use crate::route;
use crate::shares::{self, Limit, Share};
use crate::workout::{self, Workout};
use crate::world::World;

#[derive(Debug)]
pub(crate) struct Plan {
    counts: Vec<(Section, u64)>,
    end_ms: i64,
}

impl Plan {
    pub(crate) fn of(payload: &Payload) -> io::Result<Self> {
        let world = World { keys: KeyOrder::AsDocumented, corrected: false, ..payload.world() };
        let limits = limits(payload, world)?;
        let mut sink = io::sink();
        let mut document = Document::new(world, payload.pretty, &mut sink);
        let layout = Layout {
            end_ms: world.start_ms,
            order: Order::Ascending,
            with_characteristics: payload.shape == Shape::Mixed,
            workouts: None,
        };
        let counts = document.write(&limits, &layout)?;
        let end_ms =
            counts.iter().map(|(section, count)| section.end_ms(&world, *count)).fold(world.start_ms, i64::max);
        Ok(Self { counts, end_ms })
    }

    /// The counted elements, the sections in the payload's order of keys.
    pub(crate) fn limits(&self) -> Vec<SectionLimit> {
        self.counts.iter().map(|&(section, count)| SectionLimit { section, limit: Limit::Elements(count) }).collect()
    }

    pub(crate) fn layout(&self, payload: &Payload) -> Layout {
        let workouts =
            self.counts.iter().find_map(|(section, count)| (*section == Section::Workouts).then_some(*count));
        Layout {
            end_ms: self.end_ms,
            order: payload.order,
            with_characteristics: payload.shape == Shape::Mixed,
            workouts,
        }
    }
}

/// The share of each section, in the documented order.
fn limits(payload: &Payload, world: World) -> io::Result<Vec<SectionLimit>> {
    let sections = payload.shape.sections();
    let mut sink = io::sink();
    let mut scratch = Document::new(world, payload.pretty, &mut sink);
    let mut wanted = Vec::with_capacity(sections.len());
    for section in sections {
        let share = Share {
            element_bytes: scratch.measure_element(section)?,
            per_thousand_days: section.per_thousand_days(&world),
            least: section.least(),
        };
        wanted.push((section, share));
    }
    let of_all: Vec<Share> = wanted.iter().map(|(_, share)| *share).collect();
    if !shares::has_room(payload.target_bytes, &of_all) {
        // There are no routes then, which need workouts, and no definitions, which come all or none.
        wanted.retain(|(section, _)| !matches!(section, Section::Routes | Section::Definitions));
        for (_, share) in &mut wanted {
            share.least = 0;
        }
    }
    let (sections, shares): (Vec<Section>, Vec<Share>) = wanted.into_iter().unzip();
    let limits = shares::limits(payload.target_bytes, &shares);
    let limited = |(section, limit)| match section {
        Section::Definitions => SectionLimit { section, limit: Limit::Elements(medication::COUNT) },
        _ => SectionLimit { section, limit },
    };
    Ok(sections.into_iter().zip(limits).map(limited).collect())
}

impl Shape {
    /// In the documented order, so that those that can be left out come last.
    fn sections(self) -> Vec<Section> {
        match self {
            Self::Mixed => kind::numbers()
                .map(Section::Samples)
                .chain([Section::Workouts, Section::Doses, Section::Definitions, Section::Routes])
                .collect(),
            Self::HeartRate => vec![Section::Samples(kind::HEART_RATE)],
            Self::Steps => vec![Section::Samples(kind::STEPS)],
            Self::Sleep => vec![Section::Samples(kind::SLEEP)],
            Self::Workouts => vec![Section::Workouts],
            Self::Routes => vec![Section::Workouts, Section::Routes],
            Self::Medications => vec![Section::Doses, Section::Definitions],
        }
    }
}

impl Section {
    fn least(self) -> u64 {
        match self {
            Self::Samples(_) | Self::Routes => 1,
            Self::Workouts | Self::Doses => 3,
            Self::Definitions => medication::COUNT,
        }
    }

    fn per_thousand_days(self, world: &World) -> u64 {
        /// Enough for a mean.
        const WORKOUTS: u64 = 64;
        match self {
            Self::Samples(number) => KINDS[usize::from(number)].pace.per_thousand_days(),
            Self::Workouts => workout::PACE.per_thousand_days(),
            Self::Doses => medication::PACE.per_thousand_days(),
            Self::Definitions => 0,
            Self::Routes => {
                let points: u64 = (0..WORKOUTS)
                    .filter_map(|index| route::parts(&Workout::at(world, index)))
                    .flat_map(|parts| parts.into_iter().flatten())
                    .sum();
                // A tenth less than there are, so that the last route seldom has to be prolonged.
                points * workout::PACE.per_thousand_days() * 9 / 10 / WORKOUTS
            }
        }
    }

    /// After the last of `count` elements has begun.
    fn end_ms(self, world: &World, count: u64) -> i64 {
        let (pace, stream) = match self {
            Self::Samples(number) => {
                let pace = KINDS[usize::from(number)].pace;
                (pace, Stream::SampleTime(number))
            }
            Self::Workouts => (workout::PACE, Stream::WorkoutTime),
            Self::Doses => (medication::PACE, Stream::DoseTime),
            Self::Definitions | Self::Routes => return world.start_ms,
        };
        pace.start_ms(world.seed, stream, count, world.start_ms)
    }
}
