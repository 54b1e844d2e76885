//! Decimal numbers as text, the way `JSON.stringify` and Apple's export write doubles.
//!
//! A number is an integer and a count of decimal places. With at most 15 significant digits its text is also the
//! shortest one that reads back as the same double, so what is written here is what JavaScript would have written.

/// `units` / 10^`places`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) units: i64,
    pub(crate) places: u32,
}

impl Decimal {
    pub(crate) fn whole(units: i64) -> Self {
        Self { units, places: 0 }
    }

    pub(crate) fn new(units: i64, places: u32) -> Self {
        Self { units, places }
    }

    /// Without zeros at the end, with an exponent below 1e-6: JavaScript's form.
    pub(crate) fn push(self, out: &mut Vec<u8>) {
        self.push_plain_from(-6, 1, out);
    }

    /// Rounded to six significant digits, with an exponent below 1e-4: the form of `%g`, which Apple's export has.
    pub(crate) fn push_general(self, out: &mut Vec<u8>) {
        self.rounded().push_plain_from(-4, 2, out);
    }

    /// With six decimal places, halves away from zero: the form of GPX files.
    pub(crate) fn push_fixed(self, out: &mut Vec<u8>) {
        const PLACES: u32 = 6;
        let micros = if self.places > PLACES {
            let divisor = 10_i64.pow(self.places - PLACES);
            (self.units + divisor / 2 * self.units.signum()) / divisor
        } else {
            self.units * 10_i64.pow(PLACES - self.places)
        };
        if micros < 0 {
            out.push(b'-');
        }
        let mut digits = [0; 20];
        push_plain(to_digits(micros.unsigned_abs(), &mut digits), PLACES as usize, out);
    }

    /// At most six significant digits, halves away from zero.
    fn rounded(mut self) -> Self {
        while self.units.unsigned_abs() >= 1_000_000 && self.places > 0 {
            let digits = self.units.unsigned_abs().ilog10() + 1;
            let excess = digits.saturating_sub(6).min(self.places).max(1);
            let divisor = 10_i64.pow(excess);
            let half = divisor / 2 * self.units.signum();
            self.units = (self.units + half) / divisor;
            self.places -= excess;
        }
        self
    }

    fn push_plain_from(mut self, exponent_min: i64, exponent_width: usize, out: &mut Vec<u8>) {
        while self.places > 0 && self.units % 10 == 0 {
            self.units /= 10;
            self.places -= 1;
        }
        if self.units < 0 {
            out.push(b'-');
        }
        let mut digits = [0; 20];
        let digits = to_digits(self.units.unsigned_abs(), &mut digits);
        let exponent = digits.len() as i64 - 1 - i64::from(self.places);
        if self.units != 0 && exponent < exponent_min {
            push_with_exponent(digits, exponent, exponent_width, out);
        } else {
            push_plain(digits, self.places as usize, out);
        }
    }
}

/// An unsigned integer in decimal.
pub(crate) fn push_integer(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(to_digits(number, &mut [0; 20]));
}

fn push_plain(digits: &[u8], places: usize, out: &mut Vec<u8>) {
    if digits.len() > places {
        let (whole, fraction) = digits.split_at(digits.len() - places);
        out.extend_from_slice(whole);
        if places > 0 {
            out.push(b'.');
            out.extend_from_slice(fraction);
        }
    } else {
        const ZEROS: &[u8; 20] = b"0.000000000000000000";
        out.extend_from_slice(&ZEROS[..2 + places - digits.len()]);
        out.extend_from_slice(digits);
    }
}

fn push_with_exponent(digits: &[u8], exponent: i64, width: usize, out: &mut Vec<u8>) {
    out.push(digits[0]);
    if digits.len() > 1 {
        out.push(b'.');
        out.extend_from_slice(&digits[1..]);
    }
    out.extend_from_slice(b"e-");
    let mut text = [0; 20];
    let text = to_digits(exponent.unsigned_abs(), &mut text);
    out.extend(std::iter::repeat_n(b'0', width.saturating_sub(text.len())));
    out.extend_from_slice(text);
}

fn to_digits(mut number: u64, buffer: &mut [u8; 20]) -> &[u8] {
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &buffer[at..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(push: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn as_javascript_writes() {
        for (units, places, expected) in [
            (0, 0, "0"),
            (0, 5, "0"),
            (72, 0, "72"),
            (-1, 0, "-1"),
            (7200, 2, "72"),
            (8_523_871_239, 10, "0.8523871239"),
            (-1_250, 3, "-1.25"),
            (5, 3, "0.005"),
            (1, 6, "0.000001"),
            (1, 7, "1e-7"),
            (-123, 9, "-1.23e-7"),
            (471_234_567_890_123, 13, "47.1234567890123"),
            (i64::MAX, 0, "9223372036854775807"),
        ] {
            let decimal = Decimal::new(units, places);
            assert_eq!(text(|out| decimal.push(out)), expected);
            if places > 0 {
                let read: f64 = expected.parse().unwrap();
                assert_eq!(read, expected.parse::<f64>().unwrap());
            }
        }
    }

    #[test]
    fn as_gpx_has_it() {
        for (units, places, expected) in [
            (0, 0, "0.000000"),
            (-1, 0, "-1.000000"),
            (15, 1, "1.500000"),
            (-873_229_201_145, 10, "-87.322920"),
            (12_345_675, 7, "1.234568"),
            (-4, 7, "0.000000"),
        ] {
            let decimal = Decimal::new(units, places);
            assert_eq!(text(|out| decimal.push_fixed(out)), expected);
        }
    }

    #[test]
    fn as_apple_writes() {
        for (units, places, expected) in [
            (8_523_871_239, 10, "0.852387"),
            (8_523_875_239, 10, "0.852388"),
            (-8_523_875_239, 10, "-0.852388"),
            (652_029, 8, "0.00652029"),
            (288_746, 3, "288.746"),
            (9_999_999, 6, "10"),
            (99_999_951, 6, "100"),
            (1_234_567, 0, "1234567"),
            (52, 6, "5.2e-05"),
            (1, 7, "1e-07"),
        ] {
            let decimal = Decimal::new(units, places);
            assert_eq!(text(|out| decimal.push_general(out)), expected);
        }
    }
}
