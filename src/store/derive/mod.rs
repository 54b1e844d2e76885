//! Days, hours and nights out of stored samples: a reader computes them with `statistics`, and the writer stores them.
//!
//! `derived_state` has the last change that the tables know. A run computes again what later changes touch, a chunk of rows at a
//! time, and notes the new state at its end: a run that is interrupted begins again. Its figures depend on stored rows only, so
//! tables that were dropped come back equal.

mod apply;
mod chunk;
mod condense;
mod days;
mod dirty;
mod explain;
mod first;
mod groups;
mod halt;
mod hours;
mod lists;
mod metadata;
mod nights;
mod owner;
mod parts;
mod people;
mod reading;
mod regroup;
mod replace;
mod run;
mod samples;
mod sender;
mod subject;
mod survey;
mod turn;
mod units;
mod verify;
mod witness;
mod workout_spans;
mod zones;

#[cfg(test)]
mod tests;

#[cfg(feature = "postgres")]
pub(in crate::store) use apply::apply;
pub(in crate::store) use chunk::Chunk;
pub(in crate::store) use explain::explain;
pub use explain::{Explanation, Mark, NightFigures, NightPeriod, SourcePart, StretchPart};
pub(in crate::store) use groups::group_key;
pub(in crate::store) use halt::Halt;
pub(in crate::store) use hours::{Hour, hours};
pub(in crate::store) use owner::Decided;
pub use owner::{Decision, SourceRow, ZoneRow};
#[cfg(feature = "postgres")]
pub(in crate::store) use owner::{Refusal, enter};
pub(in crate::store) use parts::{StoredPart, stored_parts};
pub(in crate::store) use people::{Standing, standing};
#[cfg(feature = "postgres")]
pub(in crate::store) use run::derive_supplied;
pub(in crate::store) use run::{Derived, Failure, Reader, Wishes, derive, is_current};
pub(in crate::store) use turn::Turn;
pub use verify::{LongSample, LongSamples, RingDifference, RingReport, Verification, WorkoutDifference, WorkoutReport};
#[cfg(all(test, feature = "postgres"))]
pub(in crate::store) use witness::witnesses_with;
pub(in crate::store) use zones::timeline;
