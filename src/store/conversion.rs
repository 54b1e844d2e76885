//! Whether two values in two units are the same measurement: what Apple's export prints has six significant digits, and both
//! exporters write in the phone's preferred unit of that day.

/// What a unit measures, and how many of the kind's base unit one of it is: `base = value * factor + offset`.
#[derive(Clone, Copy, Debug)]
struct Scale {
    kind: u8,
    factor: f64,
    offset: f64,
}

/// Relative distance of a number from itself with six significant digits, at most.
const ROUNDING: f64 = 5.1e-6;

/// A value and its unit, if it has one.
pub(super) type Measurement<'a> = (Option<f64>, Option<&'a str>);

/// Whether `derived` is what an export prints for `one`, in its own unit; `one` may be printed by an export, too.
pub(super) fn is_same(one: Measurement<'_>, derived: Measurement<'_>, are_both_rounded: bool) -> bool {
    let (Some(value), Some(printed)) = (one.0, derived.0) else {
        return one.0.is_none() && derived.0.is_none();
    };
    let value = match (one.1, derived.1) {
        (Some(from), Some(to)) if from != to => match (scale(from), scale(to)) {
            (Some(from), Some(to)) if from.kind == to.kind => {
                (value * from.factor + from.offset - to.offset) / to.factor
            }
            _ => return false,
        },
        (None, None) | (Some(_), Some(_)) => value,
        // A category has no unit; a quantity has one either way.
        _ => return false,
    };
    let rounding = if are_both_rounded { 2.0 * ROUNDING } else { ROUNDING };
    (value - printed).abs() <= rounding * value.abs().max(printed.abs())
}

fn scale(unit: &str) -> Option<Scale> {
    let of = |kind, factor| Some(Scale { kind, factor, offset: 0.0 });
    match unit {
        "m" | "meters" => of(1, 1.0),
        "km" => of(1, 1000.0),
        "cm" => of(1, 0.01),
        "mm" => of(1, 0.001),
        "ft" => of(1, 0.3048),
        "in" => of(1, 0.0254),
        "yd" => of(1, 0.9144),
        "mi" => of(1, 1609.344),
        "kcal" | "Cal" => of(2, 1.0),
        "cal" => of(2, 0.001),
        "kJ" => of(2, 1.0 / 4.184),
        "J" => of(2, 1.0 / 4184.0),
        "kg" => of(3, 1.0),
        "g" => of(3, 0.001),
        "mg" => of(3, 1e-6),
        "mcg" | "ug" | "µg" => of(3, 1e-9),
        "lb" => of(3, 0.453_592_37),
        "oz" => of(3, 0.028_349_523_125),
        "st" => of(3, 6.350_293_18),
        "L" | "l" => of(4, 1.0),
        "mL" | "ml" => of(4, 0.001),
        "dL" => of(4, 0.1),
        "cL" => of(4, 0.01),
        "fl_oz_us" => of(4, 0.029_573_529_562_5),
        "fl_oz_imp" => of(4, 0.028_413_062_5),
        "cup_us" => of(4, 0.236_588_236_5),
        "pt_us" => of(4, 0.473_176_473),
        "s" | "sec" => of(5, 1.0),
        "ms" => of(5, 0.001),
        "min" => of(5, 60.0),
        "hr" | "h" => of(5, 3600.0),
        "d" | "day" => of(5, 86_400.0),
        "degC" => of(6, 1.0),
        "degF" => Some(Scale { kind: 6, factor: 5.0 / 9.0, offset: -160.0 / 9.0 }),
        "K" => Some(Scale { kind: 6, factor: 1.0, offset: -273.15 }),
        "count/min" => of(7, 1.0),
        "count/s" => of(7, 60.0),
        "m/s" => of(8, 1.0),
        "km/hr" | "km/h" => of(8, 1.0 / 3.6),
        "mi/hr" | "mph" => of(8, 0.447_04),
        "ft/s" => of(8, 0.3048),
        "mg/dL" => of(9, 1.0),
        // HealthKit's molar mass of glucose.
        "mmol<180.1558800000541>/L" | "mmol/L" => of(9, 18.015_588),
        "mmHg" => of(10, 1.0),
        "cmAq" => of(10, 0.735_559),
        "kPa" => of(10, 7.500_615_76),
        "%" => of(11, 1.0),
        "mL/min·kg" | "ml/(kg*min)" | "mL/(kg*min)" | "mL/kg·min" => of(12, 1.0),
        "kcal/hr·kg" | "kcal/(kg*hr)" | "kcal/kg·hr" => of(13, 1.0),
        "count" => of(14, 1.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements() {
        let check = |app: (f64, &str), derived: (f64, &str), expected| {
            assert_eq!(
                is_same((Some(app.0), Some(app.1)), (Some(derived.0), Some(derived.1)), false),
                expected,
                "{app:?} {derived:?}"
            );
        };
        check((72.0, "count/min"), (72.0, "count/min"), true);
        check((72.0, "count/min"), (73.0, "count/min"), false);
        check((1.2, "count/s"), (72.0, "count/min"), true);
        check((0.123_456_78, "km"), (0.123_457, "km"), true);
        check((0.123_456_78, "km"), (0.123_458, "km"), false);
        check((5.0, "km"), (3.10686, "mi"), true);
        check((450.5, "kcal"), (450.5, "Cal"), true);
        check((450.5, "kcal"), (1884.89, "kJ"), true);
        check((70.0, "kg"), (154.324, "lb"), true);
        check((36.6, "degC"), (97.88, "degF"), true);
        check((36.6, "degC"), (97.89, "degF"), false);
        check((100.0, "mg/dL"), (5.55075, "mmol<180.1558800000541>/L"), true);
        check((0.25, "L"), (8.45351, "fl_oz_us"), true);
        check((38.12, "ml/(kg*min)"), (38.12, "mL/min·kg"), true);
        check((1.0, "m"), (1.0, "s"), false);
        check((1.0, "x"), (1.0, "y"), false);
        assert!(is_same((Some(3.0), None), (Some(3.0), None), false));
        assert!(!is_same((Some(3.0), None), (Some(3.0), Some("count")), false));
        assert!(!is_same((Some(3.0), None), (None, None), false) && is_same((None, None), (None, None), false));
        // 1.000004 km printed as 1 km, and as 0.621373 mi.
        assert!(is_same((Some(1.0), Some("km")), (Some(0.621_374), Some("mi")), true));
        assert!(!is_same((Some(1.0), Some("km")), (Some(0.621_380), Some("mi")), true));
    }
}
