//! Samples of sleep to nights: two layers (in bed; asleep or awake), periods without long gaps, and the night of each period.

mod layers;
mod night;
mod nights;
mod period;

pub use layers::Stage;
pub use night::{Night, Period, PeriodKind};
pub use nights::{NightOutput, Nights};
pub use period::Segment;

use super::rank::GroupId;
use super::sample::{LeftOut, Sample};
use super::zone::ZoneId;

/// A sample of `HKCategoryTypeIdentifierSleepAnalysis`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SleepSample {
    /// Start, in milliseconds since 1970 UTC.
    pub start_ms: i64,
    /// End; `None` if it is the start.
    pub end_ms: Option<i64>,
    /// The number of its value.
    pub value: Option<i64>,
    /// Its source group.
    pub group: GroupId,
    /// The zone in its metadata, `HKTimeZone`.
    pub zone: Option<ZoneId>,
}

impl SleepSample {
    /// Returns its stage; `None` for a value that this version does not know.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        Stage::of(self.value?)
    }

    /// Returns why it makes no night.
    #[must_use]
    pub fn left_out(&self) -> Option<LeftOut> {
        let sample = Sample { start_ms: self.start_ms, end_ms: self.end_ms, ..Sample::default() };
        if let Some(reason) = sample.left_out(true) {
            return Some(reason);
        }
        if self.stage().is_none() {
            return Some(LeftOut::UnknownStage);
        }
        (sample.end() == self.start_ms).then_some(LeftOut::NoDuration)
    }
}
