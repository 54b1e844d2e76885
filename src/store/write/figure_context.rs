//! What a figure came with: the period that the other times of its document showed, or the workout whose series it is of. A later state
//! comes with the same. The row has it before the states that it had.

use crate::model::interval::Interval;

/// The byte before a part of a workout's identity.
const WORKOUT: u8 = 4;

/// Fewer bytes than a state has, so that the length of all shows them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    bytes: [u8; 5],
    length: usize,
}

impl Context {
    /// The context of a figure that belongs to this workout, or whose document showed this interval.
    pub(super) fn of(workout: Option<[u8; 4]>, shown: Interval) -> Self {
        match (workout, shown) {
            (Some([a, b, c, d]), _) => Self { bytes: [WORKOUT, a, b, c, d], length: 5 },
            (None, Interval::Minute) => Self::of_period(1),
            (None, Interval::Hour) => Self::of_period(2),
            (None, Interval::Day) => Self::of_period(3),
            (None, _) => Self::default(),
        }
    }

    fn of_period(period: u8) -> Self {
        Self { bytes: [period, 0, 0, 0, 0], length: 1 }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Whether a stored figure came with the same, by what it remembers.
    pub(super) fn is_in(&self, earlier: &[u8]) -> bool {
        context_in(earlier) == self.bytes()
    }

    /// What a new row remembers.
    pub(super) fn remembered(&self) -> Option<&[u8]> {
        Some(self.bytes()).filter(|bytes| !bytes.is_empty())
    }
}

/// What a stored figure came with, by what it remembers.
pub(super) fn context_in(earlier: &[u8]) -> &[u8] {
    &earlier[..earlier.len() % size_of::<i64>()]
}

/// The period that a stored figure came with, by what it remembers.
pub(in crate::store) fn shown_of(earlier: &[u8]) -> Interval {
    match context_in(earlier) {
        [1] => Interval::Minute,
        [2] => Interval::Hour,
        [3] => Interval::Day,
        _ => Interval::None,
    }
}

/// Part of the identity of the workout that a stored figure is of, by what it remembers.
pub(in crate::store) fn workout_of(earlier: &[u8]) -> Option<[u8; 4]> {
    match context_in(earlier) {
        [WORKOUT, workout @ ..] => workout.try_into().ok(),
        _ => None,
    }
}
