//! One quantity or category sample, computed from its type and index, and its JSON.

use crate::clock::MINUTE_MS;
use crate::identity::{Stream, Uuid};
use crate::json::Json;
use crate::kind::{KINDS, Kind, KindNumber};
use crate::metadata::{Drawn, external_identity};
use crate::number::Decimal;
use crate::pace::Pace;
use crate::random::Random;
use crate::sleep;
use crate::source::{Fragments, Origin};
use crate::value::Value;
use crate::world::World;

/// A run of samples from one source: what lies between two times of taking the watch off.
const RUN_SAMPLES: u64 = 40;
/// One sample in this many gets another value in a corrected payload.
const CORRECTED_EVERY: u64 = 10;
/// One sample in this many has a `null` in place of an optional object.
const NULL_EVERY: u64 = 500;

#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) kind: &'static Kind,
    pub(crate) uuid: Uuid,
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
    pub(crate) value: Value,
    /// Position in [`crate::source::SOURCES`].
    pub(crate) source: usize,
    /// Whether the value differs from the one without [`World::corrected`].
    pub(crate) corrected: bool,
    /// When it was written to HealthKit: within minutes after its end.
    pub(crate) creation_ms: i64,
    pub(crate) number: KindNumber,
    pub(crate) index: u64,
    null: Null,
    /// Continues with the draws of the metadata.
    random: Random,
}

/// The optional field that is `null` in this sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Null {
    None,
    Metadata,
    Device,
}

impl Sample {
    pub(crate) fn at(world: &World, number: KindNumber, index: u64) -> Self {
        let kind = &KINDS[usize::from(number)];
        let mut random = Random::at(world.seed, Stream::Sample(number), index);
        let times = Stream::SampleTime(number - u8::from(kind.with_previous));
        let start_ms = kind.pace.start_ms(world.seed, times, index, world.start_ms);
        let lasts_ms = random.between(kind.lasts_ms.0, kind.lasts_ms.1);
        let (origin, end_ms) = match kind.pace {
            Pace::Every { .. } => (kind.origin, start_ms + lasts_ms),
            Pace::Nightly => {
                let end_ms = sleep::end_ms(world.seed, times, index, world.start_ms);
                let in_bed = sleep::in_bed(index);
                (if in_bed { Origin::Phone } else { kind.origin }, end_ms)
            }
        };
        let correct = world.corrected && index % CORRECTED_EVERY == CORRECTED_EVERY / 2;
        let (value, corrected) = kind.draw_value(index, correct, &mut random);
        let null = match random.below(NULL_EVERY) {
            0 => Null::Metadata,
            1 => Null::Device,
            _ => Null::None,
        };
        let run = Stream::SampleSource(number);
        let mut run = Random::at(world.seed, run, index / RUN_SAMPLES);
        Self {
            kind,
            uuid: Uuid::of(world.seed, Stream::Sample(number), index),
            start_ms,
            end_ms,
            value,
            source: origin.draw(&mut run),
            corrected,
            creation_ms: end_ms + random.skewed(0, 10 * MINUTE_MS),
            number,
            index,
            null,
            random,
        }
    }

    pub(crate) fn metadata(&self, seed: u64) -> Drawn {
        let identity = external_identity(seed, self.number, self.index);
        Drawn::new(self.kind.rules, self.random, identity, self.start_ms)
    }

    pub(crate) fn write_json(&self, world: &World, sources: &[Fragments], json: &mut Json) {
        let mut shuffle = world.shuffle(Stream::Sample(self.number), self.index);
        let fragments = &sources[self.source];
        json.element();
        json.open(b'{');
        for field in world.keys.arrange(FIELDS, &mut shuffle) {
            match field {
                Field::Uuid => {
                    json.key("uuid");
                    json.uuid(self.uuid);
                }
                Field::Value => {
                    json.key("value");
                    match self.value {
                        Value::Quantity(value, _) => json.decimal(value),
                        Value::Category(value, _) => json.decimal(Decimal::whole(value)),
                    }
                }
                Field::Unit => {
                    if let Value::Quantity(_, unit) = self.value {
                        json.key("unit");
                        json.string(unit);
                    }
                }
                Field::StartDate => {
                    json.key("startDate");
                    json.date(self.start_ms);
                }
                Field::EndDate => {
                    json.key("endDate");
                    json.date(self.end_ms);
                }
                // An app that stores no metadata: the field is absent, where Apple's own are empty.
                Field::Metadata if self.kind.rules.is_empty() && fragments.device.is_none() => {}
                Field::Metadata => {
                    json.key("metadata");
                    if self.null == Null::Metadata {
                        json.null();
                    } else {
                        self.metadata(world.seed).write_json(world.keys, &mut shuffle, json);
                    }
                }
                Field::SourceRevision => {
                    json.key("sourceRevision");
                    json.raw(&fragments.revision);
                }
                Field::Device if self.null == Null::Device => {
                    json.key("device");
                    json.null();
                }
                Field::Device => {
                    if let Some(device) = &fragments.device {
                        json.key("device");
                        json.raw(device);
                    }
                }
            }
        }
        json.close(b'}');
    }
}

#[derive(Clone, Copy)]
enum Field {
    Uuid,
    Value,
    Unit,
    StartDate,
    EndDate,
    Metadata,
    SourceRevision,
    Device,
}

const FIELDS: [Field; 8] = [
    Field::Uuid,
    Field::Value,
    Field::Unit,
    Field::StartDate,
    Field::EndDate,
    Field::Metadata,
    Field::SourceRevision,
    Field::Device,
];
