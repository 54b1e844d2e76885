//! When the elements of one stream begin.
//!
//! Times are computed, not walked: element `i` begins somewhere in its own period, so any order of writing has the
//! same times, and they ascend with `i`.

use crate::clock::{DAY_MS, SECOND_MS};
use crate::identity::Stream;
use crate::random::Random;
use crate::sleep;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// One in each period, at a multiple of the grain, at least the gap apart.
    Every { period_ms: i64, gap_ms: i64, grain_ms: i64 },
    /// The stages of one night after the other.
    Nightly,
}

impl Pace {
    pub(crate) fn start_ms(self, seed: u64, stream: Stream, index: u64, origin_ms: i64) -> i64 {
        match self {
            Self::Every { period_ms, gap_ms, grain_ms } => {
                let grains = (period_ms - gap_ms) / grain_ms;
                let jitter = Random::at(seed, stream, index).between(0, grains) * grain_ms;
                let origin = origin_ms.div_euclid(grain_ms) * grain_ms;
                origin.wrapping_add_unsigned(index * period_ms.unsigned_abs()).wrapping_add(jitter)
            }
            Self::Nightly => sleep::start_ms(seed, stream, index, origin_ms),
        }
    }

    /// Elements in a thousand days: some types are measured once a week.
    pub(crate) fn per_thousand_days(self) -> u64 {
        match self {
            Self::Every { period_ms, .. } => (1000 * DAY_MS / period_ms).unsigned_abs(),
            Self::Nightly => 1000 * sleep::PER_NIGHT,
        }
    }
}

/// One in each `period` seconds, at least `gap` apart, at whole seconds or finer.
pub(crate) const fn every(period_s: i64, gap_s: i64) -> Pace {
    Pace::Every {
        period_ms: period_s * SECOND_MS,
        gap_ms: gap_s * SECOND_MS,
        grain_ms: if period_s > 3600 { SECOND_MS } else { 1 },
    }
}

/// One in this many grains, at the beginning of a grain, which it fills.
pub(crate) const fn each(grain_ms: i64, grains: i64) -> Pace {
    Pace::Every { period_ms: grain_ms * grains, gap_ms: grain_ms, grain_ms }
}
