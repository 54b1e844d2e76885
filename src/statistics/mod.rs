//! Samples in the order of their starts to totals that agree with the Health app: days and nights as lived, sources counted once.
//!
//! Whole milliseconds since 1970 UTC, no input or output, no clock. A pass takes one sample at a time and returns each day as it
//! ends, in the memory of the samples under way. Rules that only third parties report are in [`rules`].
//!
//! A reader makes a [`Timeline`] of the person's zones, and [`Ranks`] of the sources for a type. It reads the type's samples in the
//! order of their starts, converts their values by [`Unit`], and pushes them into [`Days`]. Sleep goes into [`Nights`].

mod average;
mod category;
mod day;
mod days;
mod evidence;
pub mod facts;
mod groups;
mod hold;
mod instants;
mod merge;
mod method;
mod rank;
pub mod rules;
mod sample;
mod sleep;
mod source;
mod stretches;
mod sum;
mod timeline;
mod total;
mod usual;
mod zone;

pub use average::{LevelPeriod, Period, mean_minute, shown, week_of};
pub use days::{Days, Output};
pub use evidence::ZoneEvidence;
pub use method::{Method, Partition, Unit};
pub use rank::{Group, GroupId, Order, Ranks};
pub use sample::{LeftOut, OutOfOrder, Sample};
pub use sleep::{Night, NightOutput, Nights, Period as SleepPeriod, PeriodKind, Segment, SleepSample, Stage};
pub use source::{Class, Source, shortened};
pub use stretches::Stretch;
pub use sum::ExactSum;
pub use timeline::{Bucket, INSTANTS_MS, Scale, Timeline};
pub use total::{GroupPart, Total, ValuePart};
pub use usual::{MEAN_DAYS, RANGE_DAYS, Usual, WholeDay};
pub use zone::{LocalDay, ZoneId, Zones};

#[cfg(test)]
mod tests;
