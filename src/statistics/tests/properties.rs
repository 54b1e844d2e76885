//! What holds for any samples. A slow engine that looks at every slice checks the fast one.

use crate::model::time::MINUTE_MS;
use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::{GroupId, LocalDay, Method, Order, Ranks, Sample, Scale, Timeline};
use super::{GROUPS, journey, pass, zone};

const WEEK_MS: i64 = 7 * 24 * 60 * MINUTE_MS;

/// Days around a change of clocks, and a journey.
fn timeline() -> impl Strategy<Value = Timeline> {
    prop_oneof![
        Just(Timeline::default()),
        Just(zone("Europe/Berlin")),
        Just(zone("Australia/Lord_Howe")),
        Just(journey("Asia/Tokyo", &[("2025-03-29T16:00:00+09:00", "America/Los_Angeles")])),
    ]
}

fn amount() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(1.0), 0.0..5000.0, 1e-300..1e-290, 1e200..1e201]
}

fn sample() -> impl Strategy<Value = Sample> {
    let from = super::at("2025-03-28T00:00:00Z");
    let length = prop_oneof![Just(0), 0_i64..90, 0_i64..4000];
    let unit = prop_oneof![Just(MINUTE_MS), Just(30 * MINUTE_MS), Just(777)];
    (0_i64..200, length, unit, amount(), 0..5_u32).prop_map(move |(start, length, unit, value, group)| Sample {
        start_ms: from + start * 30 * MINUTE_MS,
        end_ms: Some(from + start * 30 * MINUTE_MS + length * unit),
        value: Some(value),
        group: group as GroupId,
        ..Sample::default()
    })
}

fn sorted() -> impl Strategy<Value = Vec<Sample>> {
    prop::collection::vec(sample(), 0..40).prop_map(|mut samples| {
        samples.sort_by_key(|sample| sample.start_ms);
        samples
    })
}

fn is_near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
}

/// The rule as the study has it: each slice between two borders, and each point.
fn slow(samples: &[Sample], from_ms: i64, to_ms: i64) -> f64 {
    let ranks = Ranks::new(&GROUPS, Order::default());
    let rank = |sample: &Sample| ranks.rank(sample.group).unwrap();
    let borders = samples.iter().flat_map(|sample| [sample.start_ms, sample.end()]).chain([from_ms, to_ms]);
    let borders: Vec<i64> =
        borders.map(|border| border.clamp(from_ms, to_ms)).collect::<BTreeSet<_>>().into_iter().collect();
    let mut sum = 0.0;
    for slice in borders.windows(2) {
        let active = || samples.iter().filter(|sample| sample.start_ms <= slice[0] && sample.end() >= slice[1]);
        let best = active().map(rank).min();
        for sample in active().filter(|sample| Some(rank(sample)) == best) {
            let span = (sample.end() - sample.start_ms) as f64;
            sum += sample.value.unwrap() / span * (slice[1] - slice[0]) as f64;
        }
    }
    for point in samples.iter().filter(|sample| sample.start_ms == sample.end()) {
        let at = point.start_ms;
        let hides = |other: &&Sample| {
            let is_point = other.end() == other.start_ms && other.start_ms == at;
            rank(other) < rank(point) && (is_point || other.start_ms < at && at <= other.end())
        };
        if (from_ms..to_ms).contains(&at) && !samples.iter().any(|other| hides(&other)) {
            sum += point.value.unwrap();
        }
    }
    sum
}

fn sums(timeline: &Timeline, scale: Scale, samples: &[Sample]) -> super::Passed {
    pass(Method::Sum, timeline, Order::default(), scale, samples)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_day_is_what_its_slices_are(samples in sorted(), timeline in timeline()) {
        for total in sums(&timeline, Scale::Day, &samples).totals {
            let expected = slow(&samples, total.bucket.start_ms, total.bucket.end_ms);
            prop_assert!(is_near(total.value.unwrap(), expected), "{:?} {expected}", total);
            prop_assert!(total.value <= total.naive);
            let parts: f64 = total.groups.iter().filter_map(|part| part.value).sum();
            prop_assert!(is_near(parts, expected));
            prop_assert_eq!(total.groups.iter().map(|part| part.covered_ms).sum::<i64>(), total.covered_ms);
        }
    }

    #[test]
    fn hours_add_up_to_their_day(samples in sorted(), timeline in timeline()) {
        let days = sums(&timeline, Scale::Day, &samples);
        let hours = sums(&timeline, Scale::Hour, &samples);
        for (day, sum) in hours.by_day() {
            prop_assert!(is_near(sum, days.by_day()[&day]), "{day}");
        }
        let counts = [&days, &hours].map(|passed| passed.totals.iter().map(|total| total.count).sum::<u64>());
        prop_assert_eq!(counts[0], counts[1]);
        prop_assert_eq!(days.by_day().len(), hours.by_day().len());
    }

    #[test]
    fn equal_starts_may_come_in_any_order(samples in sorted(), keys in prop::collection::vec(any::<u32>(), 40)) {
        let mut turned: Vec<_> = samples.iter().zip(keys).collect();
        turned.sort_by_key(|(sample, key)| (sample.start_ms, *key));
        let turned: Vec<Sample> = turned.into_iter().map(|(sample, _)| *sample).collect();
        for method in [Method::Sum, Method::Mean, Method::TimeWeighted, Method::Level, Method::Sessions, Method::Values] {
            let [one, other] = [&samples, &turned].map(|samples| {
                let passed = pass(method, &Timeline::default(), Order::default(), Scale::Day, samples);
                passed.totals.into_iter().map(|total| format!("{total:?}")).collect::<Vec<_>>()
            });
            prop_assert_eq!(one, other, "{:?}", method);
        }
    }

    #[test]
    fn a_sample_that_better_ones_cover_changes_nothing(samples in sorted(), value in amount()) {
        let day = |samples: &[Sample]| sums(&Timeline::default(), Scale::Day, samples).by_day();
        let from_ms = super::at("2025-03-27T00:00:00Z");
        let cover = Sample { start_ms: from_ms, end_ms: Some(from_ms + 300 * 24 * 60 * MINUTE_MS), value: Some(value), group: 3, ..Sample::default() };
        let mut covered: Vec<Sample> = samples.into_iter().filter(|sample| sample.group != 3).collect();
        let alone = day(&[cover]);
        covered.insert(0, cover);
        prop_assert_eq!(day(&covered), alone);
    }

    #[test]
    fn one_source_is_a_plain_sum(samples in sorted(), timeline in timeline()) {
        let one: Vec<Sample> = samples.into_iter().map(|sample| Sample { group: 1, ..sample }).collect();
        let mut sum = 0.0;
        for total in sums(&timeline, Scale::Day, &one).totals {
            prop_assert_eq!(total.value.map(f64::to_bits), total.naive.map(f64::to_bits));
            sum += total.value.unwrap();
        }
        prop_assert!(is_near(sum, one.iter().filter_map(|sample| sample.value).sum()));
    }

    #[test]
    fn a_day_alone_is_the_same(samples in sorted(), timeline in timeline()) {
        for method in [Method::Sum, Method::Mean, Method::TimeWeighted, Method::Level, Method::Sessions, Method::Values] {
            for total in pass(method, &timeline, Order::default(), Scale::Day, &samples).totals {
                let bucket = total.bucket;
                let longest_ms = samples.iter().map(|sample| sample.end() - sample.start_ms).max().unwrap();
                let from_ms = method.read_from_ms(bucket.start_ms, longest_ms);
                let near = |sample: &&Sample| (from_ms..bucket.end_ms).contains(&sample.start_ms);
                let near: Vec<Sample> = samples.iter().filter(near).copied().collect();
                let alone = pass(method, &timeline, Order::default(), Scale::Day, &near);
                let alone = alone.totals.iter().find(|alone| alone.bucket == bucket).unwrap();
                prop_assert_eq!(format!("{total:?}"), format!("{alone:?}"), "{:?}", method);
            }
        }
    }

    #[test]
    fn weeks_later_the_days_are_the_same(samples in sorted(), weeks in -3000_i64..3000) {
        let later: Vec<Sample> = samples.iter().map(|sample| Sample {
            start_ms: sample.start_ms + weeks * WEEK_MS,
            end_ms: sample.end_ms.map(|end_ms| end_ms + weeks * WEEK_MS),
            ..*sample
        }).collect();
        let days = i32::try_from(weeks * 7).unwrap();
        let expected: Vec<_> = sums(&Timeline::default(), Scale::Day, &samples).by_day().into_iter()
            .map(|(day, value)| (LocalDay::new(day.days() + days), value)).collect();
        prop_assert_eq!(sums(&Timeline::default(), Scale::Day, &later).by_day().into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_late_sample_changes_only_its_days(samples in sorted(), late in sample(), timeline in timeline()) {
        let mut more = samples.clone();
        more.push(late);
        more.sort_by_key(|sample| sample.start_ms);
        let longest_ms = more.iter().map(|sample| sample.end() - sample.start_ms).max().unwrap();
        for method in [Method::Sum, Method::Mean, Method::TimeWeighted, Method::Level, Method::Sessions, Method::Values] {
            let until_ms = method.changes_until_ms(late.start_ms, late.end(), longest_ms);
            let touched = timeline.days_touched(late.start_ms, until_ms);
            let [before, after] = [&samples, &more].map(|samples| {
                let totals = pass(method, &timeline, Order::default(), Scale::Day, samples).totals.into_iter();
                totals.filter(|total| !touched.contains(&total.bucket.day)).map(|total| format!("{total:?}")).collect::<Vec<_>>()
            });
            prop_assert_eq!(before, after, "{:?}", method);
        }
    }
}
