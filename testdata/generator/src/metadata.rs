//! The `metadata` of one sample or workout: its keys and values.

use crate::identity::{Stream, Uuid};
use crate::json::Json;
use crate::number::Decimal;
use crate::order::KeyOrder;
use crate::random::Random;
use crate::rules::Rule;

/// A value of metadata.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    Whole(i64),
    Flag(bool),
    Text(&'static str),
    Quantity(Decimal, &'static str),
    Identity(Uuid),
    Date(i64),
}

/// The longest list of rules.
const RULES_MAX: usize = 8;

/// The keys and values of one element, as drawn in the order of the rules: the same in any order of keys.
#[derive(Debug)]
pub(crate) struct Drawn {
    entries: [Option<(&'static str, Value)>; RULES_MAX],
    rules: usize,
}

impl Drawn {
    pub(crate) fn new(rules: &[Rule], mut random: Random, identity: Uuid, start_ms: i64) -> Self {
        let mut entries = [None; RULES_MAX];
        for (entry, rule) in entries.iter_mut().zip(rules) {
            *entry = rule.draw(&mut random, identity, start_ms);
        }
        Self { entries, rules: rules.len() }
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'static str, Value)> {
        self.entries.iter().flatten().copied()
    }

    pub(crate) fn write_json(mut self, keys: KeyOrder, shuffle: &mut Random, json: &mut Json) {
        keys.arrange_slice(&mut self.entries[..self.rules], shuffle);
        json.open(b'{');
        for (key, value) in self.entries() {
            json.key(key);
            value.write_json(keys, json);
        }
        json.close(b'}');
    }
}

impl Value {
    pub(crate) fn write_json(self, keys: KeyOrder, json: &mut Json) {
        match self {
            Self::Whole(number) => json.decimal(Decimal::whole(number)),
            Self::Flag(flag) => json.boolean(flag),
            Self::Text(text) => json.string(text),
            Self::Quantity(quantity, unit) => write_quantity(quantity, unit, keys, json),
            Self::Identity(uuid) => json.uuid(uuid),
            Self::Date(ms) => json.date(ms),
        }
    }
}

/// `{"unit":"degF","quantity":63}`
pub(crate) fn write_quantity(quantity: Decimal, unit: &str, keys: KeyOrder, json: &mut Json) {
    let unit_first = keys != KeyOrder::Reversed;
    json.open(b'{');
    for is_unit in [unit_first, !unit_first] {
        if is_unit {
            json.key("unit");
            json.string(unit);
        } else {
            json.key("quantity");
            json.decimal(quantity);
        }
    }
    json.close(b'}');
}

pub(crate) fn external_identity(seed: u64, kind: u8, index: u64) -> Uuid {
    Uuid::of(seed, Stream::External(kind), index)
}
