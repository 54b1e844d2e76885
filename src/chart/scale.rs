//! The vertical axis: a range with round numbers in it.

use crate::model::limits::CHART_AXIS_NUMBERS_MAX;

/// A range of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) step: f64,
}

/// Values beyond this are drawn at the edge.
const VALUE_MOST: f64 = 1e200;

impl Scale {
    /// The scale that shows these values with about so many steps. Bars begin at zero, so zero is on their scale.
    pub(super) fn around(values: impl Iterator<Item = f64>, steps: f64, has_zero: bool, step_least: f64) -> Self {
        let mut range: Option<(f64, f64)> = None;
        for value in values.filter(|value| value.is_finite()) {
            let value = value.clamp(-VALUE_MOST, VALUE_MOST);
            let (low, high) = range.unwrap_or((value, value));
            range = Some((low.min(value), high.max(value)));
        }
        let (mut low, mut high) = range.unwrap_or((0.0, 1.0));
        if has_zero {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        if high - low < 1e-9 * high.abs().max(low.abs()) || high <= low {
            let around = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
            (low, high) = (if has_zero { low } else { low - around }, high + around);
        }
        let step = round_step((high - low) / steps.max(1.0)).max(step_least);
        let (low, high) = ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step);
        Self { low, high, step }
    }

    /// The numbers of the axis.
    pub(super) fn numbers(&self) -> Vec<f64> {
        let first = (self.low / self.step).round();
        let numbers = (0..CHART_AXIS_NUMBERS_MAX).map(|at| (first + float(at)) * self.step);
        numbers.take_while(|number| *number <= self.high + self.step / 1000.0).collect()
    }

    /// Where a value is, between the bottom and the top.
    pub(super) fn place(&self, value: f64, (top, bottom): (f64, f64)) -> f64 {
        let part = (value.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        bottom - part * (bottom - top)
    }
}

/// The round number at or above a width: 1, 2 or 5 with zeros.
fn round_step(width: f64) -> f64 {
    let power = 10_f64.powf(width.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= width * 0.999).unwrap_or(10.0);
    factor * power
}

#[expect(clippy::cast_precision_loss, reason = "a number of marks")]
pub(super) fn float(count: usize) -> f64 {
    count as f64
}
