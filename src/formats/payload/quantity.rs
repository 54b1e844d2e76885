//! A number with its unit in one value, as the app nests it: `{"unit":"kcal","quantity":230.5}`.

use crate::formats::tape::{Value, as_f64, as_str, members};
use crate::model::units::{Dimension, factor, kilocalories};

/// See the module's description.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quantity<'i> {
    pub(crate) number: f64,
    pub(crate) unit: Option<&'i str>,
    /// Whether number and unit are all of it.
    pub(crate) is_all: bool,
}

impl<'i> Quantity<'i> {
    /// Returns the quantity that a value is. A bare number has no unit.
    pub(crate) fn of(value: Value<'_, 'i>) -> Option<Self> {
        if let Some(number) = as_f64(value) {
            return Some(Self { number, unit: None, is_all: true });
        }
        let (mut number, mut unit, mut is_all) = (None, None, true);
        for member in members(value) {
            match member.name {
                "quantity" => {
                    is_all &= number.is_none();
                    number = as_f64(member.value);
                }
                "unit" => {
                    is_all &= unit.is_none();
                    unit = as_str(member.value);
                    is_all &= unit.is_some();
                }
                _ => is_all = false,
            }
        }
        Some(Self { number: number?, unit, is_all })
    }

    /// Converts to kilocalories, which it is in without a unit.
    pub(crate) fn into_kilocalories(self) -> Option<Self> {
        self.converted(kilocalories)
    }

    /// Converts to seconds, which it is in without a unit.
    pub(crate) fn into_seconds(self) -> Option<Self> {
        self.converted(|number, unit| Some(number * factor(unit, Dimension::Time)?))
    }

    /// A number that was converted is not all of it.
    fn converted(self, convert: impl Fn(f64, &str) -> Option<f64>) -> Option<Self> {
        let number = self.unit.map_or(Some(self.number), |unit| convert(self.number, unit))?;
        let is_same = number.to_bits() == self.number.to_bits();
        Some(Self { number, is_all: self.is_all && is_same, ..self })
    }
}
