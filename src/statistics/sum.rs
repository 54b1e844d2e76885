//! A sum of doubles that never rounds, so neither the order nor the number of its parts matters.
//!
//! Its digits cover every bit that a double may have, and what a product with milliseconds adds. `parts` of a value are cut at
//! whole units of its last bit / 2³⁰, so all parts of one value add up to exactly that value.

/// Bits of a digit. Digits are signed and may hold more until [`ExactSum::carry`].
const DIGIT_BITS: u32 = 32;

/// Exponent of the lowest bit: below the smallest double and the part of a value.
const LOWEST_EXPONENT: i32 = -1152;

/// Digits from there to the largest double, times milliseconds, times the number of additions.
const DIGITS: usize = 74;

/// Bits that a part of a value has behind the value's last bit.
const PART_BITS: i32 = 30;

/// Bits of a number that stays within [`SHORT_DIGITS`] digits wherever it begins in the first one.
const SHORT_BITS: u32 = 96;

/// Digits of such a number.
const SHORT_DIGITS: usize = 4;

/// Additions that fit into a digit before it must be carried.
const ADDITIONS_BEFORE_CARRY: u32 = 1 << 28;

/// The exact sum of finite doubles.
#[derive(Clone, Debug)]
pub struct ExactSum {
    digits: [i64; DIGITS],
    /// The digits in use: from, and one behind.
    used: (usize, usize),
    additions: u32,
}

impl Default for ExactSum {
    fn default() -> Self {
        Self { digits: [0; DIGITS], used: (DIGITS, 0), additions: 0 }
    }
}

impl ExactSum {
    /// Makes it zero. The cost depends on the digits in use only.
    pub fn clear(&mut self) {
        let (from, to) = self.used;
        if from < to {
            self.digits[from..to].fill(0);
        }
        self.used = (DIGITS, 0);
        self.additions = 0;
    }

    /// Adds a value; ignores one that is not finite.
    pub fn add(&mut self, value: f64) {
        if let Some((mantissa, exponent)) = parts_of(value) {
            self.add_scaled(u128::from(mantissa), exponent, value < 0.0);
        }
    }

    /// Adds a value times a whole number, such as milliseconds.
    pub fn add_product(&mut self, value: f64, times: i64) {
        if let Some((mantissa, exponent)) = parts_of(value) {
            let product = u128::from(mantissa) * u128::from(times.unsigned_abs());
            self.add_scaled(product, exponent, (value < 0.0) != (times < 0));
        }
    }

    /// Adds the part of a value that falls between two times of a span, all in milliseconds from its start:
    /// `0 <= from <= to <= span`, and a span below 2³⁷. Parts that follow each other add up to the whole value exactly.
    pub fn add_part(&mut self, value: f64, span: i64, from: i64, to: i64) {
        if from == 0 && to == span {
            return self.add(value);
        }
        let Some((mantissa, exponent)) = parts_of(value) else {
            return;
        };
        let span = u128::from(span.unsigned_abs().max(1));
        let until = |time: i64| ((u128::from(mantissa) * u128::from(time.unsigned_abs())) << PART_BITS) / span;
        self.add_scaled(until(to) - until(from), exponent - PART_BITS, value < 0.0);
    }

    /// Adds another sum.
    pub fn add_sum(&mut self, other: &Self) {
        let (from, to) = other.used;
        if from >= to {
            return;
        }
        if self.additions + other.additions >= ADDITIONS_BEFORE_CARRY {
            self.carry();
        }
        for (digit, more) in self.digits[from..to].iter_mut().zip(&other.digits[from..to]) {
            *digit += more;
        }
        self.used = (self.used.0.min(from), self.used.1.max(to));
        self.additions += other.additions.max(1);
    }

    /// Returns the nearest double; infinite beyond the largest one.
    #[must_use]
    pub fn value(&self) -> f64 {
        let (digits, carry) = self.carried(1);
        if carry < 0 { -nearest(&self.carried(-1).0) } else { nearest(&digits) }
    }

    #[inline]
    fn add_scaled(&mut self, magnitude: u128, exponent: i32, is_negative: bool) {
        let position = exponent.saturating_sub(LOWEST_EXPONENT).unsigned_abs();
        let (first, shift) = ((position / DIGIT_BITS) as usize, position % DIGIT_BITS);
        match self.digits.get_mut(first..first + SHORT_DIGITS) {
            // All but products of long times.
            Some(digits) if magnitude >> SHORT_BITS == 0 => {
                let mut rest = magnitude << shift;
                for digit in digits {
                    #[expect(clippy::cast_possible_truncation, reason = "the lowest 32 bits are taken")]
                    let part = i64::from(rest as u32);
                    *digit += if is_negative { -part } else { part };
                    rest >>= DIGIT_BITS;
                }
                self.used = (self.used.0.min(first), self.used.1.max(first + SHORT_DIGITS));
            }
            _ => self.add_long(magnitude, (first, shift), is_negative),
        }
        self.additions += 1;
        if self.additions >= ADDITIONS_BEFORE_CARRY {
            self.carry();
        }
    }

    #[cold]
    fn add_long(&mut self, magnitude: u128, (first, shift): (usize, u32), is_negative: bool) {
        let (mut rest, mut place) = (magnitude, first);
        while rest != 0 && place + 1 < DIGITS {
            #[expect(clippy::cast_possible_truncation, reason = "the lowest 32 bits are taken")]
            let digit = ((rest & u128::from(u32::MAX)) as u64) << shift;
            let (low, high) = ((digit & u64::from(u32::MAX)).cast_signed(), (digit >> DIGIT_BITS).cast_signed());
            let (low, high) = if is_negative { (-low, -high) } else { (low, high) };
            self.digits[place] += low;
            self.digits[place + 1] += high;
            rest >>= DIGIT_BITS;
            place += 1;
        }
        self.used = (self.used.0.min(first), self.used.1.max(place + 1));
    }

    /// Brings each digit into its 32 bits; the sign stays in the highest digit.
    fn carry(&mut self) {
        let mut carry = 0;
        for (place, digit) in self.digits.iter_mut().enumerate().skip(self.used.0) {
            let sum = *digit + carry;
            if place + 1 == DIGITS {
                *digit = sum;
                break;
            }
            *digit = sum & i64::from(u32::MAX);
            carry = sum >> DIGIT_BITS;
        }
        self.used.1 = DIGITS;
        self.additions = 1;
    }

    /// The digits of the sum times `sign`, and what is carried out of them: negative if the result is.
    fn carried(&self, sign: i64) -> ([u32; DIGITS], i64) {
        let mut digits = [0; DIGITS];
        let mut carry = 0_i64;
        for (place, digit) in digits.iter_mut().enumerate().skip(self.used.0) {
            let sum = self.digits[place] * sign + carry;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the lowest 32 bits are taken")]
            {
                *digit = sum as u32;
            }
            carry = sum >> DIGIT_BITS;
        }
        (digits, carry)
    }
}

/// Splits a finite double other than zero into a whole number and a power of two.
fn parts_of(value: f64) -> Option<(u64, i32)> {
    if !value.is_finite() || value == 0.0 {
        return None;
    }
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let exponent = i32::from(((bits >> 52) & 0x7ff) as u16);
    Some(if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) })
}

/// Rounds digits to the nearest double, to even between two.
fn nearest(digits: &[u32; DIGITS]) -> f64 {
    let Some(top) = digits.iter().rposition(|digit| *digit != 0) else {
        return 0.0;
    };
    let lowest = top.saturating_sub(2);
    let mut high =
        digits[lowest..=top].iter().rev().fold(0_u128, |high, digit| high << DIGIT_BITS | u128::from(*digit));
    // What is below only decides between two doubles.
    high |= u128::from(digits[..lowest].iter().any(|digit| *digit != 0));
    let exponent = i32::try_from(lowest).unwrap_or(0) * 32 + LOWEST_EXPONENT;
    high as f64 * power(exponent / 2) * power(exponent - exponent / 2)
}

/// A power of two between 2⁻¹⁰²² and 2¹⁰²³.
fn power(exponent: i32) -> f64 {
    f64::from_bits(u64::from((1023 + exponent).unsigned_abs()) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(values: &[f64]) -> f64 {
        let mut sum = ExactSum::default();
        values.iter().for_each(|value| sum.add(*value));
        sum.value()
    }

    #[test]
    fn sums() {
        let check = |values: &[f64], expected: f64| assert_eq!(sum(values), expected, "{values:?}");
        check(&[], 0.0);
        check(&[0.1; 10], 1.0);
        check(&[1e300, 1.0, -1e300], 1.0);
        check(&[1e300, 1e200, 1.0, 5e-324, -1e200, -1e300, -1.0], 5e-324);
        check(&[-1.5, -2.25], -3.75);
        check(&[f64::MAX, f64::MAX], f64::INFINITY);
        check(&[-f64::MAX, -f64::MAX], f64::NEG_INFINITY);
        check(&[f64::NAN, f64::INFINITY, 2.0], 2.0);
        check(&[9_007_199_254_740_992.0, 1.0, 1.0], 9_007_199_254_740_994.0);
        check(&[5e-324, 5e-324], 1e-323);
        // Half of the last bit, and a little more.
        check(&[1.0, 2.0_f64.powi(-53)], 1.0);
        check(&[1.0, 2.0_f64.powi(-53), 2.0_f64.powi(-300)], 1.0 + f64::EPSILON);
    }

    #[test]
    fn carrying_keeps_the_sum() {
        for values in [[1.0, 2.0_f64.powi(60)], [-1.0, -2.0_f64.powi(60)], [-1.0, 2.0_f64.powi(60)]] {
            let mut sum = ExactSum::default();
            for value in values {
                (0..1000).for_each(|_| sum.add(value));
                sum.carry();
            }
            sum.add_product(values[1], -1000);
            assert_eq!(sum.value(), values[0] * 1000.0);
            sum.clear();
            sum.add(3.0);
            assert_eq!(sum.value(), 3.0);
        }
    }

    proptest! {
        #[test]
        fn the_order_does_not_matter(values in prop::collection::vec(any::<f64>().prop_filter("", |v| v.is_finite()), 0..40)) {
            let mut turned = values.clone();
            turned.reverse();
            prop_assert_eq!(sum(&values).to_bits(), sum(&turned).to_bits());
            turned.extend(values.iter().map(|value| -value));
            prop_assert_eq!(sum(&turned), 0.0);
        }

        #[test]
        fn one_value_is_itself(value in any::<f64>().prop_filter("", |v| v.is_finite())) {
            prop_assert_eq!(sum(&[value]), value);
        }

        #[test]
        fn parts_add_up_to_the_value(value in any::<f64>().prop_filter("", |v| v.is_finite()), span in 1_i64..34_560_000_000,
            cuts in prop::collection::vec(0.0..1.0, 0..20)) {
            #[expect(clippy::cast_possible_truncation, reason = "a time inside the span")]
            let mut cuts: Vec<i64> = cuts.iter().map(|cut| (cut * span as f64) as i64).chain([0, span]).collect();
            cuts.sort_unstable();
            let mut sum = ExactSum::default();
            for pair in cuts.windows(2) {
                sum.add_part(value, span, pair[0], pair[1]);
            }
            prop_assert_eq!(sum.value(), value);
        }

        #[test]
        fn products_are_exact(value in any::<f64>().prop_filter("", |v| v.abs() < 1e290), times in -100_000_i64..100_000) {
            let mut sum = ExactSum::default();
            sum.add_product(value, times);
            let expected = value * times as f64;
            prop_assert_eq!(sum.value(), expected);
        }
    }
}
