//! Rules that only third parties report, and choices of ours: each has a name here, and one measurement on a phone may change it.
//!
//! What Apple documents, and what was measured on published exports, is not here.

use crate::model::time::{HOUR_MS, MINUTE_MS};

/// Version of all rules together. Derived figures of another version are out of date.
pub const RULES_VERSION: u32 = 3;

/// Discrete samples of several sources that start this close to each other are one measurement: the best-ranked source counts.
pub const SAME_START_MS: i64 = 10;

/// How long a heart rate without a duration holds, unless the next one follows earlier.
pub const HOLD_MS: i64 = 10 * MINUTE_MS;

/// What a sound level without a duration weighs.
pub const POINT_LEVEL_MS: i64 = 1000;

/// Two parts of sleep with such a gap between them are two periods.
pub const PERIOD_GAP_MS: i64 = HOUR_MS;

/// A period that has lasted this long ends at the next border between two nights, so that a source that always reports sleep
/// fills no more than its nights.
pub const PERIOD_LONGEST_MS: i64 = 24 * HOUR_MS;

/// Local hour at which a night begins and the previous one ends. A night has the date of its morning.
pub const NIGHT_STARTS_HOUR: i64 = 18;

/// A period with less sleep than this, which starts in [`NAP_HOURS`], is a nap.
pub const NAP_ASLEEP_MS: i64 = 3 * HOUR_MS;

/// Local hours in which naps start.
pub const NAP_HOURS: std::ops::Range<i64> = 9..20;

/// Shortest sample that may be a condensed series of others.
pub const CONDENSED_MS: i64 = MINUTE_MS;

/// Fewest samples that a condensed series stands for.
pub const CONDENSED_SAMPLES: u64 = 2;

/// How far the sum of a condensed series may be from the sum of its samples.
pub const CONDENSED_SUM_TOLERANCE: f64 = 0.005;

/// How far the mean of a condensed series may be from the mean of its samples.
pub const CONDENSED_MEAN_TOLERANCE: f64 = 0.02;

/// Rows with the zone of a person that must agree before the timeline follows them. One row of Apple's is enough.
pub const ZONE_AGREEING_ROWS: u32 = 2;

/// A rule as documents and explanations of a figure name it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub text: &'static str,
}

/// The rules that have no number above. The file in brackets is the only place of each.
pub const RULES: [Rule; 12] = [
    Rule {
        name: "device-version",
        text: "in Apple's export a sample with its device's version is the device's, with another one an app's (source.rs)",
    },
    Rule {
        name: "class-order",
        text: "by default entries by hand count before gym equipment, watch, phone, apps, others (source.rs)",
    },
    Rule { name: "newest-device", text: "of two watches or phones, the one whose data began last counts (rank.rs)" },
    Rule { name: "newest-app", text: "of two apps, the one seen first at the latest time counts (rank.rs)" },
    Rule { name: "same-source-adds", text: "overlapping samples of one source add up (merge.rs)" },
    Rule {
        name: "point-whole",
        text: "a sample without duration counts whole, unless a better source covers its instant (merge.rs)",
    },
    Rule { name: "point-takes-nothing", text: "a sample without duration takes no time from other sources (merge.rs)" },
    Rule { name: "discrete-by-start", text: "a discrete sample belongs whole to the day of its start (instants.rs)" },
    Rule { name: "latest-holds", text: "of overlapping heart rates, the one that started last holds (hold.rs)" },
    Rule {
        name: "stage-first",
        text: "within a source a sleep stage counts before awake, awake before asleep without a stage (sleep/layers.rs)",
    },
    Rule {
        name: "larger-part",
        text: "a period of sleep belongs to the night that holds most of it (sleep/period.rs)",
    },
    Rule { name: "awake-is-no-night", text: "being awake opens no night (sleep/night.rs)" },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_where_they_are_named() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/statistics");
        for rule in RULES {
            let (_, place) = rule.text.split_once('(').unwrap();
            assert!(folder.join(place.trim_end_matches(')')).is_file(), "{rule:?}");
        }
    }
}
