//! The value of one sample.

use crate::kind::{Kind, Values};
use crate::number::Decimal;
use crate::pace::Pace;
use crate::random::Random;
use crate::sleep;

/// One distance in this many is tiny, like a subtraction's rounding error.
const TINY_EVERY: u64 = 2000;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    Quantity(Decimal, &'static str),
    /// The value and its name in Apple's export.
    Category(i64, &'static str),
}

impl Kind {
    /// The value, and whether it was changed by correcting it.
    pub(crate) fn draw_value(&self, index: u64, correct: bool, random: &mut Random) -> (Value, bool) {
        match self.values {
            Values::Quantity { unit, low, high, places, whole_of_8 } => {
                let one = 10_i64.pow(places);
                let mut units = random.skewed(scaled(low, one), scaled(high, one));
                if random.chance(whole_of_8, 8) {
                    units -= units % one;
                }
                if unit == "km" && random.below(TINY_EVERY) == 0 {
                    units = random.between(1, one / 1_000_000 - 1);
                }
                if correct {
                    units += (one / 100).max(1);
                }
                (Value::Quantity(Decimal::new(units, places), unit), correct)
            }
            Values::Category(names) => {
                let mut position = match self.pace {
                    Pace::Nightly => sleep::stage(index, random),
                    Pace::Every { .. } => usize::try_from(random.below(names.len() as u64)).unwrap_or(0),
                };
                if correct {
                    position = (position + 1) % names.len();
                }
                let (value, name) = names[position];
                (Value::Category(value, name), correct && names.len() > 1)
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the table's bounds have at most 15 significant digits")]
fn scaled(bound: f64, one: i64) -> i64 {
    (bound * one as f64).round() as i64
}
