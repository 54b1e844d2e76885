//! Numbers in attributes. Apple writes decimal points; programs that change exports write the phone's separators.
//!
//! `1.234` has two readings. All numbers of a file show which is meant, wherever they are in it, so an element with such a number
//! waits. The usual file has decimal points only: once as many elements as may wait have shown that, the rest is read at once.

use super::element::{Element, plain};
use crate::model::healthkit::{QUANTITY_TYPE, category_value};
use crate::model::limits::{WAITING_BYTES_MAX, WAITING_BYTES_USUAL};
use crate::model::locale::{NumberStyle, Unreadable};

/// Attributes that are numbers, of elements that have such.
const NUMBERS: [&str; 7] = ["duration", "totalDistance", "totalEnergyBurned", "sum", "average", "minimum", "maximum"];

/// Knowledge about the numbers of a file.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    style: NumberStyle,
    /// Whether elements are read by this style instead of waiting.
    is_settled: bool,
    /// Whether numbers with a point are read with decimals: the usual case, which must be quick.
    reads_points: bool,
    /// Line of the first contradicting number, and how `1.234` was read before it.
    contradicted: Option<(u64, &'static str)>,
}

impl Numbers {
    /// How numbers are read.
    pub(super) fn style(&self) -> NumberStyle {
        self.style
    }

    /// Whether the points of all numbers begin decimals.
    pub(super) fn reads_points(&self) -> bool {
        self.reads_points
    }

    /// Lets nothing wait any longer, because too much does or because the file has ended.
    pub(super) fn settle(&mut self) {
        self.is_settled = true;
        self.style = self.style.of_whole_file();
        self.reads_points = self.style.decimal_point() == Some(true);
    }

    /// Bytes of elements that may wait: fewer once the file has decimal points only, as usual.
    pub(super) fn waiting_bytes_max(&self) -> usize {
        if self.style.decimal_point() == Some(true) { WAITING_BYTES_USUAL } else { WAITING_BYTES_MAX }
    }

    /// Returns the line of the first contradicting number, and how `1.234` was read before it.
    pub(super) fn contradicted(&self) -> Option<(u64, &'static str)> {
        self.contradicted
    }

    /// Learns from a number, and returns whether its element must wait.
    pub(super) fn learn_from(&mut self, text: &str, line: u64) -> bool {
        if finite(text).is_some() { self.learn_from_plain(text, line) } else { self.learn_from_local(text, line) }
    }

    /// The same for a number in the form of programs. Most numbers pass without a further look.
    pub(super) fn learn_from_plain(&mut self, text: &str, line: u64) -> bool {
        let shows_nothing = |text: &str| !text.contains('.') || self.style.has_point();
        if self.reads_points || (!may_be_grouped(text) && shows_nothing(text)) {
            return false;
        }
        self.learn_from_local(text, line)
    }

    fn learn_from_local(&mut self, text: &str, line: u64) -> bool {
        let before = self.style.decimal_point();
        let has_two_readings = self.style.learn(&plain(text));
        if self.is_settled {
            let after = self.style.decimal_point();
            if let Some(is_point) = before
                && before != after
            {
                self.contradicted.get_or_insert((line, if is_point { "1.234" } else { "1234" }));
            }
            self.reads_points = after == Some(true);
        }
        has_two_readings && !self.is_settled
    }

    /// The same for all numbers of a workout, a correlation or a summary.
    pub(super) fn look_within(&mut self, element: Element<'_>, names: &[&str], line: u64) -> bool {
        let mut waits = false;
        for (name, value) in element.attributes() {
            if names.contains(&name) {
                waits |= self.learn_from(value, line);
            }
        }
        for child in element.children() {
            waits |= self.look_within(child, names, line);
        }
        waits
    }

    /// The same for a workout and its parts.
    pub(super) fn look_at_workout(&mut self, workout: Element<'_>, line: u64) -> bool {
        self.look_within(workout, &NUMBERS, line)
    }

    /// The same for the records of a correlation.
    pub(super) fn look_at_members(&mut self, correlation: Element<'_>, line: u64) -> bool {
        let mut waits = false;
        for member in correlation.children() {
            let value = member.get("value").filter(|value| is_quantity(member, value));
            waits |= value.is_some_and(|value| self.learn_from(value, line));
        }
        waits
    }
}

/// Whether the value of a record is a number, and not the name of a category's value.
fn is_quantity(record: Element<'_>, value: &str) -> bool {
    let kind = record.get("type").unwrap_or_default();
    (record.get("unit").is_some() || kind.starts_with(QUANTITY_TYPE)) && category_value(value).is_none()
}

/// The finite number that a text is.
pub(super) fn number(text: &str, style: NumberStyle) -> Option<f64> {
    read(text, style).ok()
}

/// The finite number that a text is, or why it is not read.
pub(super) fn read(text: &str, style: NumberStyle) -> Result<f64, Unreadable> {
    match finite(text) {
        Some(number) if style.decimal_point() == Some(true) || !may_be_grouped(text) => Ok(number),
        _ => style.read(&plain(text)),
    }
}

/// The finite number that a text in the form of programs is.
pub(super) fn finite(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}

/// Whether the point of a number may separate thousands: three digits follow it, and no zero begins it.
pub(super) fn may_be_grouped(text: &str) -> bool {
    let Some((whole, [b'.', ..])) = text.as_bytes().trim_ascii().split_last_chunk::<4>() else {
        return false;
    };
    !matches!(whole, [b'0', ..] | [b'-' | b'+', b'0', ..]) && whole.len() <= 4
}
