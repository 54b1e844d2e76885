//! The stages of a night: one sample of the phone over the whole night in bed, and stages of the watch within it.
//!
//! Stages touch each other, nights begin in the evening of the phone's time zone, so a night lies on two days.

use crate::clock::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};
use crate::identity::Stream;
use crate::random::Random;

/// One sample in bed and the stages.
pub(crate) const PER_NIGHT: u64 = 24;
/// 22:30 in Chicago's winter.
const BEDTIME_UTC_MS: i64 = 4 * HOUR_MS + 30 * MINUTE_MS;
const STAGE_MS: i64 = 20 * MINUTE_MS;
const GRAIN_MS: i64 = 30 * SECOND_MS;
const LAST_STAGE_MS: i64 = 9 * MINUTE_MS;

/// The category's values by number, named as Apple's export names them.
pub(crate) static STAGES: [(i64, &str); 6] = [
    (0, "HKCategoryValueSleepAnalysisInBed"),
    (1, "HKCategoryValueSleepAnalysisAsleepUnspecified"),
    (2, "HKCategoryValueSleepAnalysisAwake"),
    (3, "HKCategoryValueSleepAnalysisAsleepCore"),
    (4, "HKCategoryValueSleepAnalysisAsleepDeep"),
    (5, "HKCategoryValueSleepAnalysisAsleepREM"),
];
/// Positions in [`STAGES`], as often as they occur.
const ASLEEP: [usize; 16] = [3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 5, 5, 5, 2, 1];

pub(crate) fn start_ms(seed: u64, stream: Stream, index: u64, origin_ms: i64) -> i64 {
    let bedtime = origin_ms.div_euclid(DAY_MS) * DAY_MS + BEDTIME_UTC_MS;
    let jitter = Random::at(seed, stream, index).between(0, STAGE_MS / GRAIN_MS - 1) * GRAIN_MS;
    bedtime
        .wrapping_add_unsigned((index / PER_NIGHT) * DAY_MS.unsigned_abs())
        .wrapping_add_unsigned((index % PER_NIGHT) * STAGE_MS.unsigned_abs())
        .wrapping_add(jitter)
}

pub(crate) fn end_ms(seed: u64, stream: Stream, index: u64, origin_ms: i64) -> i64 {
    let slot = index % PER_NIGHT;
    let last = index - slot + PER_NIGHT - 1;
    if in_bed(index) || slot == PER_NIGHT - 1 {
        start_ms(seed, stream, last, origin_ms) + LAST_STAGE_MS
    } else {
        start_ms(seed, stream, index + 1, origin_ms)
    }
}

/// Whether this is the phone's sample over the whole night.
pub(crate) fn in_bed(index: u64) -> bool {
    index.is_multiple_of(PER_NIGHT)
}

/// The position in [`STAGES`].
pub(crate) fn stage(index: u64, random: &mut Random) -> usize {
    if in_bed(index) { 0 } else { *random.pick(&ASLEEP) }
}
