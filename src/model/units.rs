//! Units by the names that exporters give them, and conversions between them.

use std::ops::Range;

use Dimension::{
    Conductance, Count, Effort, Energy, Flow, Fraction, Frequency, GlucoseConcentration, Length, Mass, OxygenUptake,
    Power, Pressure, Speed, Temperature, Time, Volume,
};

/// The dimension of a unit. Each has a base unit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dimension {
    /// Metres.
    Length,
    /// Kilocalories.
    Energy,
    /// Kilograms.
    Mass,
    /// Litres.
    Volume,
    /// Seconds.
    Time,
    /// Degrees Celsius.
    Temperature,
    /// Per minute.
    Frequency,
    /// Metres per second.
    Speed,
    /// Milligrams of glucose per decilitre.
    GlucoseConcentration,
    /// Millimetres of mercury.
    Pressure,
    /// Percent.
    Fraction,
    /// Millilitres per minute and kilogram.
    OxygenUptake,
    /// Kilocalories per hour and kilogram.
    Effort,
    /// Pieces.
    Count,
    /// Watts.
    Power,
    /// Siemens.
    Conductance,
    /// Litres per minute.
    Flow,
}

/// A unit: `base = value * factor + offset`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub(super) dimension: Dimension,
    pub(super) factor: f64,
    pub(super) offset: f64,
}

/// Both food's and a workout's energy may be printed in either.
pub const KILOJOULES_PER_KILOCALORIE: f64 = 4.184;

impl Unit {
    pub(super) fn is_same_size(self, other: Self) -> bool {
        [self.factor, self.offset].map(f64::to_bits) == [other.factor, other.offset].map(f64::to_bits)
    }

    /// The values, in the base unit, that are printed like this one.
    pub(super) fn range(self, value: f64) -> (f64, f64) {
        let text = value.to_string();
        let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        #[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "a double has few decimals")]
        let half = 0.5 * 10_f64.powi(-(decimals as i32));
        let [one, other] = [value - half, value + half].map(|value| value * self.factor + self.offset);
        (one.min(other), one.max(other))
    }
}

/// Molar masses of glucose, as exporters print them: grams of a mole.
const GLUCOSE_MASS: Range<f64> = 180.1..180.2;

/// Zero degrees Celsius.
pub(super) const KELVIN: f64 = 273.15;

/// Whether values in a unit are converted.
#[must_use]
pub fn is_known(name: &str) -> bool {
    unit(name).is_some()
}

/// Returns what a unit measures, if it is known.
#[must_use]
pub fn dimension(name: &str) -> Option<Dimension> {
    unit(name).map(|unit| unit.dimension)
}

/// Returns a value in the base unit of its dimension; as it is if the unit is not known.
#[must_use]
pub fn in_base(value: f64, name: Option<&str>) -> f64 {
    name.and_then(unit).map_or(value, |unit| value * unit.factor + unit.offset)
}

/// How many base units of the dimension one unit is: 1000 for `km` and [`Dimension::Length`].
#[must_use]
pub fn factor(name: &str, dimension: Dimension) -> Option<f64> {
    unit(name).filter(|unit| unit.dimension == dimension).map(|unit| unit.factor)
}

/// How values of one unit become values of another: `to = value * factor + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversion {
    pub(super) factor: f64,
    offset: f64,
}

impl Conversion {
    /// Changes nothing.
    pub const NONE: Self = Self { factor: 1.0, offset: 0.0 };

    /// Returns the value in the other unit.
    #[must_use]
    pub fn apply(self, value: f64) -> f64 {
        value * self.factor + self.offset
    }
}

/// Returns the conversion between two units of one dimension. A unit that is unknown here converts only to itself.
#[must_use]
pub fn conversion(from: &str, to: &str) -> Option<Conversion> {
    if from == to {
        return Some(Conversion::NONE);
    }
    let (from, to) = (unit(from)?, unit(to)?);
    let offset = (from.offset - to.offset) / to.factor;
    (from.dimension == to.dimension).then(|| Conversion { factor: from.factor / to.factor, offset })
}

/// Returns energy in kilocalories; nothing if the unit is not one of energy.
#[must_use]
pub fn kilocalories(energy: f64, unit: &str) -> Option<f64> {
    if unit.eq_ignore_ascii_case("kJ") {
        return Some(energy / KILOJOULES_PER_KILOCALORIE);
    }
    factor(unit, Dimension::Energy).map(|factor| energy * factor)
}

/// The units that are known, some under several names.
pub(super) const NAMES: [&str; 92] = [
    "m",
    "meters",
    "km",
    "cm",
    "mm",
    "ft",
    "in",
    "yd",
    "mi",
    "kcal",
    "Cal",
    "cal",
    "kJ",
    "J",
    "kg",
    "g",
    "mg",
    "mcg",
    "ug",
    "µg",
    "lb",
    "oz",
    "st",
    "L",
    "l",
    "mL",
    "ml",
    "dL",
    "cL",
    "fl_oz_us",
    "fl_oz_imp",
    "cup_us",
    "pt_us",
    "cup_imp",
    "pt_imp",
    "s",
    "sec",
    "ms",
    "min",
    "hr",
    "h",
    "d",
    "day",
    "degC",
    "°C",
    "degF",
    "°F",
    "K",
    "count/min",
    "bpm",
    "count/s",
    "m/s",
    "km/hr",
    "km/h",
    "mi/hr",
    "mph",
    "ft/s",
    "mg/dL",
    "mmol<180.1558800000541>/L",
    "mmol<180.1558840764313>/L",
    "mmol/L",
    "mmHg",
    "cmAq",
    "kPa",
    "%",
    "mL/min·kg",
    "ml/(kg*min)",
    "mL/(kg*min)",
    "mL/kg·min",
    "kcal/hr·kg",
    "kcal/(kg*hr)",
    "kcal/kg·hr",
    "count",
    "rpm",
    "hPa",
    "mbar",
    "Pa",
    "inHg",
    "cmHg",
    "atm",
    "W",
    "kW",
    "mW",
    "S",
    "mS",
    "mcS",
    "uS",
    "µS",
    "L/min",
    "L/s",
    "mL/s",
    "mL/min",
];

pub(super) fn unit(name: &str) -> Option<Unit> {
    let of = |dimension, factor| Some(Unit { dimension, factor, offset: 0.0 });
    match name {
        "m" | "meters" => of(Length, 1.0),
        "km" => of(Length, 1000.0),
        "cm" => of(Length, 0.01),
        "mm" => of(Length, 0.001),
        "ft" => of(Length, 0.3048),
        "in" => of(Length, 0.0254),
        "yd" => of(Length, 0.9144),
        "mi" => of(Length, 1609.344),
        "kcal" | "Cal" => of(Energy, 1.0),
        "cal" => of(Energy, 0.001),
        "kJ" => of(Energy, 1.0 / KILOJOULES_PER_KILOCALORIE),
        "J" => of(Energy, 1.0 / (1000.0 * KILOJOULES_PER_KILOCALORIE)),
        "kg" => of(Mass, 1.0),
        "g" => of(Mass, 0.001),
        "mg" => of(Mass, 1e-6),
        "mcg" | "ug" | "µg" => of(Mass, 1e-9),
        "lb" => of(Mass, 0.453_592_37),
        "oz" => of(Mass, 0.028_349_523_125),
        "st" => of(Mass, 6.350_293_18),
        "L" | "l" => of(Volume, 1.0),
        "mL" | "ml" => of(Volume, 0.001),
        "dL" => of(Volume, 0.1),
        "cL" => of(Volume, 0.01),
        "fl_oz_us" => of(Volume, 0.029_573_529_562_5),
        "fl_oz_imp" => of(Volume, 0.028_413_062_5),
        "cup_us" => of(Volume, 0.236_588_236_5),
        "pt_us" => of(Volume, 0.473_176_473),
        "cup_imp" => of(Volume, 0.284_130_625),
        "pt_imp" => of(Volume, 0.568_261_25),
        "s" | "sec" => of(Time, 1.0),
        "ms" => of(Time, 0.001),
        "min" => of(Time, 60.0),
        "hr" | "h" => of(Time, 3600.0),
        "d" | "day" => of(Time, 86_400.0),
        "degC" | "°C" => of(Temperature, 1.0),
        "degF" | "°F" => Some(Unit { dimension: Temperature, factor: 5.0 / 9.0, offset: -160.0 / 9.0 }),
        "K" => Some(Unit { dimension: Temperature, factor: 1.0, offset: -KELVIN }),
        _ => compound(name),
    }
}

/// The unit of this name, if it is of a rate, of a share or of electricity.
fn compound(name: &str) -> Option<Unit> {
    let of = |dimension, factor| Some(Unit { dimension, factor, offset: 0.0 });
    match name {
        "count/min" | "bpm" | "rpm" => of(Frequency, 1.0),
        "count/s" => of(Frequency, 60.0),
        "m/s" => of(Speed, 1.0),
        "km/hr" | "km/h" => of(Speed, 1.0 / 3.6),
        "mi/hr" | "mi/h" | "mph" => of(Speed, 0.447_04),
        "ft/s" => of(Speed, 0.3048),
        "mg/dL" => of(GlucoseConcentration, 1.0),
        // HealthKit's molar mass of glucose.
        "mmol<180.1558800000541>/L" | "mmol/L" => of(GlucoseConcentration, 18.015_588),
        "mmHg" => of(Pressure, 1.0),
        "cmAq" => of(Pressure, 0.735_559),
        "kPa" => of(Pressure, 7.500_615_76),
        "hPa" | "mbar" => of(Pressure, 0.750_061_576),
        "Pa" => of(Pressure, 0.007_500_615_76),
        "inHg" => of(Pressure, 25.4),
        "cmHg" => of(Pressure, 10.0),
        "atm" => of(Pressure, 760.0),
        "%" => of(Fraction, 1.0),
        "mL/min·kg" | "ml/(kg*min)" | "mL/(kg*min)" | "mL/kg·min" => of(OxygenUptake, 1.0),
        "kcal/hr·kg" | "kcal/(kg*hr)" | "kcal/kg·hr" => of(Effort, 1.0),
        "kJ/hr·kg" | "kJ/(kg*hr)" | "kJ/kg·hr" => of(Effort, 1.0 / KILOJOULES_PER_KILOCALORIE),
        "count" => of(Count, 1.0),
        "W" => of(Power, 1.0),
        "kW" => of(Power, 1000.0),
        "mW" => of(Power, 0.001),
        "S" => of(Conductance, 1.0),
        "mS" => of(Conductance, 0.001),
        "mcS" | "uS" | "µS" => of(Conductance, 1e-6),
        "L/min" | "l/min" => of(Flow, 1.0),
        "L/s" | "l/s" => of(Flow, 60.0),
        "mL/s" | "ml/s" => of(Flow, 0.06),
        "mL/min" | "ml/min" => of(Flow, 0.001),
        _ => molar(name),
    }
}

/// The unit of this name, if it is of moles of glucose in a litre. Its name has the molar mass, with other digits in each exporter.
fn molar(name: &str) -> Option<Unit> {
    let (prefix, mass) = name.strip_suffix(">/L")?.split_once("mol<")?;
    let mass = mass.parse().ok().filter(|mass| GLUCOSE_MASS.contains(mass))?;
    let milligrams: f64 = match prefix {
        "" => 1000.0,
        "m" => 1.0,
        "u" | "mc" | "µ" => 0.001,
        _ => return None,
    };
    Some(Unit { dimension: GlucoseConcentration, factor: milligrams * mass / 10.0, offset: 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_units() {
        for (place, name) in NAMES.into_iter().enumerate() {
            assert!(is_known(name) && !NAMES[..place].contains(&name), "{name}");
        }
    }
}
