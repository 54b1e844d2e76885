//! A sample as figures need it, and why one is left out.

use crate::model::limits::STATISTICS_SAMPLE_MS_MAX;

use super::method::Partition;
use super::rank::GroupId;
use super::timeline::INSTANTS_MS;

/// A sample of one person and one type.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Start, in milliseconds since 1970 UTC.
    pub start_ms: i64,
    /// End; `None` if it is the start.
    pub end_ms: Option<i64>,
    /// The quantity in the type's canonical unit, or the number of the category.
    pub value: Option<f64>,
    /// Its source group.
    pub group: GroupId,
    /// Which samples it is compared with.
    pub partition: Partition,
    /// When it was created, if that is known: of two samples with one start, the later one is the last.
    pub created_ms: Option<i64>,
}

impl Sample {
    /// Returns the end.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.end_ms.unwrap_or(self.start_ms)
    }

    /// Returns why it makes no figures. An event of a category needs no value.
    #[must_use]
    pub fn left_out(&self, is_category: bool) -> Option<LeftOut> {
        let end = self.end();
        if !INSTANTS_MS.contains(&self.start_ms) || !INSTANTS_MS.contains(&end) {
            Some(LeftOut::OutsideCalendar)
        } else if end < self.start_ms {
            Some(LeftOut::EndsBeforeStart)
        } else if end - self.start_ms > STATISTICS_SAMPLE_MS_MAX {
            Some(LeftOut::TooLong)
        } else if !self.value.map_or(is_category, f64::is_finite) {
            Some(LeftOut::NoValue)
        } else {
            None
        }
    }
}

/// Why a sample makes no figures. It is still stored.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum LeftOut {
    /// Its value is missing or not a finite number.
    NoValue,
    /// Its end is before its start.
    EndsBeforeStart,
    /// It is longer than [`STATISTICS_SAMPLE_MS_MAX`].
    TooLong,
    /// It begins or ends outside of the years 0 to 9999.
    OutsideCalendar,
    /// The owner ignores its source.
    Ignored,
    /// Sleep with a value that this version does not know.
    UnknownStage,
    /// Sleep without a duration.
    NoDuration,
}

impl LeftOut {
    /// All reasons.
    pub const ALL: [Self; 7] = [
        Self::NoValue,
        Self::EndsBeforeStart,
        Self::TooLong,
        Self::OutsideCalendar,
        Self::Ignored,
        Self::UnknownStage,
        Self::NoDuration,
    ];

    /// Returns the reason as text.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::NoValue => "no value",
            Self::EndsBeforeStart => "ends before it starts",
            Self::TooLong => "longer than 400 days",
            Self::OutsideCalendar => "outside of the years 0 to 9999",
            Self::Ignored => "its source is ignored",
            Self::UnknownStage => "its value is no known stage of sleep",
            Self::NoDuration => "sleep without a duration",
        }
    }
}

/// A sample started before the previous one: the reader must give them in the order of their starts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OutOfOrder;

impl std::fmt::Display for OutOfOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a sample starts before the previous one: read samples in the order of their starts")
    }
}

impl std::error::Error for OutOfOrder {}
