//! One workout, computed from its index: two in three are outdoors and have a route.

use crate::activity::{ACTIVITIES, Activity};
use crate::clock::{HOUR_MS, MINUTE_MS, SECOND_MS};
use crate::identity::{Stream, Uuid};
use crate::json::Json;
use crate::metadata::{self, Drawn};
use crate::number::Decimal;
use crate::pace::Pace;
use crate::random::Random;
use crate::rules::{self, Rule};
use crate::statistics::Statistic;
use crate::world::World;

pub(crate) const PACE: Pace = Pace::Every { period_ms: 12 * HOUR_MS, gap_ms: 2 * HOUR_MS, grain_ms: SECOND_MS };
/// One workout in this many has `null` for its energy or its distance.
const NULL_EVERY: u64 = 60;

#[derive(Debug)]
pub(crate) struct Workout {
    pub(crate) uuid: Uuid,
    pub(crate) activity: &'static Activity,
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
    /// Without the pauses.
    pub(crate) duration_s: Decimal,
    pub(crate) energy_kcal: Decimal,
    /// In the unit of the activity.
    pub(crate) distance: Option<Decimal>,
    pub(crate) index: u64,
    /// Continues with statistics, events and metadata.
    pub(crate) random: Random,
    null: u64,
}

/// A pause, a lap or a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) kind: u64,
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
}

impl Workout {
    pub(crate) fn at(world: &World, index: u64) -> Self {
        let mut random = Random::at(world.seed, Stream::Workout, index);
        let start_ms = PACE.start_ms(world.seed, Stream::WorkoutTime, index, world.start_ms);
        // The first one has a route, so that small payloads also have one.
        let drawn = random.pick(&ACTIVITIES);
        let activity = if index == 0 { &ACTIVITIES[0] } else { drawn };
        let duration_us = random.between(20 * 60_000_000, 75 * 60_000_000);
        let pause_ms = random.below(4) as i64 * 47 * SECOND_MS;
        let metres = activity.metres_per_minute * (duration_us / 1_000_000) / 60;
        let places = activity.distance.map(|(_, unit)| match unit {
            "km" => 12,
            _ => 9,
        });
        let distance = places.map(|places| {
            let fraction = random.between(0, 999_999_999);
            Decimal::new(metres * 1_000_000_000 + fraction, places)
        });
        Self {
            uuid: Uuid::of(world.seed, Stream::Workout, index),
            activity,
            start_ms,
            end_ms: start_ms + duration_us / 1000 + pause_ms,
            duration_s: Decimal::new(duration_us, 6),
            energy_kcal: Decimal::new(duration_us / 60 * random.between(4_000, 13_000), 9),
            distance,
            index,
            null: random.below(NULL_EVERY),
            random,
        }
    }

    pub(crate) fn metadata(&self, seed: u64) -> Drawn {
        let identity = metadata::external_identity(seed, u8::MAX, self.index);
        let rules: &[Rule] = if self.activity.outdoors { &rules::WORKOUT_OUTDOORS } else { &rules::WORKOUT_INDOORS };
        Drawn::new(rules, self.random, identity, self.start_ms)
    }

    /// Segments that touch each other, with a pause and a resumption before the last one.
    pub(crate) fn events(&self) -> impl Iterator<Item = Event> {
        const PAUSE: u64 = 1;
        const RESUME: u64 = 2;
        const LAP: u64 = 3;
        const SEGMENT: u64 = 7;
        let mut random = self.random;
        let count = random.between(1, 9);
        let length = (self.end_ms - self.start_ms - 5 * MINUTE_MS) / count;
        let start_ms = self.start_ms;
        let kind = *random.pick(&[LAP, SEGMENT, SEGMENT]);
        let segments = (0..count).map(move |position| Event {
            kind,
            start_ms: start_ms + position * length,
            end_ms: start_ms + (position + 1) * length,
        });
        let paused = start_ms + count * length + MINUTE_MS;
        let pauses = [(PAUSE, 0), (RESUME, 47 * SECOND_MS)];
        segments.chain(pauses.map(|(kind, later_ms)| Event {
            kind,
            start_ms: paused + later_ms,
            end_ms: paused + later_ms,
        }))
    }

    pub(crate) fn write_json(&self, world: &World, json: &mut Json) {
        let mut shuffle = world.shuffle(Stream::Workout, self.index);
        let fields = [
            "uuid",
            "workoutActivityType",
            "durationSeconds",
            "startDate",
            "endDate",
            "totalEnergyBurned",
            "totalDistance",
            "totalDistanceUnit",
            "allStatistics",
            "events",
            "activities",
            "metadata",
        ];
        json.element();
        json.open(b'{');
        for field in world.keys.arrange(fields, &mut shuffle) {
            if self.distance.is_none() && field.starts_with("totalDistance") {
                continue;
            }
            json.key(field);
            match field {
                "uuid" => json.uuid(self.uuid),
                "workoutActivityType" => json.integer(self.activity.number),
                "durationSeconds" => json.decimal(self.duration_s),
                "startDate" => json.date(self.start_ms),
                "endDate" => json.date(self.end_ms),
                "totalEnergyBurned" if self.null == 0 => json.null(),
                "totalEnergyBurned" => json.decimal(self.energy_kcal),
                "totalDistance" if self.null == 1 => json.null(),
                "totalDistance" => json.decimal(self.distance.unwrap_or(Decimal::whole(0))),
                "totalDistanceUnit" => json.string(self.activity.distance.map_or("m", |(_, unit)| unit)),
                "allStatistics" => self.write_statistics(world, &mut shuffle, json),
                "events" => self.write_events(world, &mut shuffle, json),
                "activities" => self.write_activities(world, &mut shuffle, json),
                _ => self.metadata(world.seed).write_json(world.keys, &mut shuffle, json),
            }
        }
        json.close(b'}');
    }

    fn write_statistics(&self, world: &World, shuffle: &mut Random, json: &mut Json) {
        let mut statistics: Vec<Statistic> = Statistic::of(self).collect();
        world.keys.arrange_slice(&mut statistics, shuffle);
        json.open(b'{');
        for statistic in statistics {
            statistic.write_json(self.duration_s, world.keys, shuffle, json);
        }
        json.close(b'}');
    }

    fn write_events(&self, world: &World, shuffle: &mut Random, json: &mut Json) {
        json.open(b'[');
        for event in self.events() {
            json.element();
            json.open(b'{');
            for field in world.keys.arrange(["type", "startDate", "endDate"], shuffle) {
                json.key(field);
                match field {
                    "type" => json.integer(event.kind),
                    "startDate" => json.date(event.start_ms),
                    _ => json.date(event.end_ms),
                }
            }
            json.close(b'}');
        }
        json.close(b']');
    }

    /// The UUID of the one activity that the workout consists of.
    pub(crate) fn activity_uuid(&self, seed: u64) -> Uuid {
        Uuid::of(seed, Stream::Activity, self.index)
    }

    fn write_activities(&self, world: &World, shuffle: &mut Random, json: &mut Json) {
        json.open(b'[');
        json.element();
        json.open(b'{');
        let fields = ["uuid", "startDate", "endDate", "duration"];
        for field in world.keys.arrange(fields, shuffle) {
            json.key(field);
            match field {
                "uuid" => json.uuid(self.activity_uuid(world.seed)),
                "startDate" => json.date(self.start_ms),
                "endDate" => json.date(self.end_ms),
                _ => json.decimal(self.duration_s),
            }
        }
        json.close(b'}');
        json.close(b']');
    }
}
