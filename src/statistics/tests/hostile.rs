//! Samples that no phone has: they cost bounded memory and steps, and never a panic.

use crate::model::limits::STATISTICS_ACTIVE_MAX;

use super::super::day::Day;
use super::super::merge::{Measure, Merge};
use super::super::total::Total;
use super::super::{Days, LeftOut, Method, OutOfOrder, Ranks, Sample, Scale, Timeline, Zones};
use super::{GROUPS, Order, at, days, pass, samples};

const METHODS: [Method; 9] = [
    Method::Sum,
    Method::Mean,
    Method::TimeWeighted,
    Method::Level,
    Method::StandHours,
    Method::Sessions,
    Method::Values,
    Method::Sleep,
    Method::Unknown,
];

#[test]
fn years_0_to_9999() {
    let text = "W 0000-01-01T12:00:00Z 0000-01-01T13:00:00Z 1; W 1583-01-01T12:00:00Z 1583-01-01T13:00:00Z 2; \
                P 9999-12-20T12:00:00Z 9999-12-20T13:00:00Z 3; W 9999-12-30T21:59:00Z 9999-12-30T21:59:00Z 4";
    for method in METHODS {
        for zone in ["UTC", "Pacific/Kiritimati", "Pacific/Midway", "Europe/Berlin"] {
            let samples = samples(text);
            let passed = pass(method, &super::zone(zone), Order::default(), Scale::Day, &samples);
            assert_eq!(passed.totals.len() + passed.left_out.len(), 4, "{method:?} {zone} {passed:?}");
            assert!(passed.left_out.iter().all(|(_, reason)| *reason == LeftOut::OutsideCalendar));
        }
    }
    assert_eq!(days(Method::Sum, &samples(text)).totals[0].bucket.day.to_string(), "0000-01-01");
}

#[test]
fn samples_without_figures_are_listed() {
    let sample =
        Sample { start_ms: at("10:00:00"), end_ms: Some(at("10:10:00")), value: Some(1.0), ..Sample::default() };
    let days_ms = |days: i64| Some(sample.start_ms + days * 24 * 60 * 60 * 1000);
    let check = |sample: Sample, expected: Option<LeftOut>| {
        let passed =
            pass(Method::Sum, &Timeline::default(), Order { ignored: &["H"], listed: &[] }, Scale::Day, &[sample]);
        assert_eq!(passed.left_out.first().map(|(_, reason)| *reason), expected, "{sample:?}");
        assert_eq!(passed.totals.is_empty(), expected.is_some());
    };
    check(sample, None);
    check(Sample { end_ms: None, ..sample }, None);
    check(Sample { value: None, ..sample }, Some(LeftOut::NoValue));
    check(Sample { value: Some(f64::NAN), ..sample }, Some(LeftOut::NoValue));
    check(Sample { value: Some(f64::INFINITY), ..sample }, Some(LeftOut::NoValue));
    check(Sample { end_ms: Some(sample.start_ms - 1), ..sample }, Some(LeftOut::EndsBeforeStart));
    check(Sample { end_ms: days_ms(400), ..sample }, None);
    check(Sample { end_ms: days_ms(401), ..sample }, Some(LeftOut::TooLong));
    check(Sample { end_ms: Some(i64::MAX), ..sample }, Some(LeftOut::OutsideCalendar));
    check(Sample { start_ms: i64::MIN, ..sample }, Some(LeftOut::OutsideCalendar));
    check(Sample { group: 3, ..sample }, Some(LeftOut::Ignored));
    check(Sample { group: u32::MAX, ..sample }, Some(LeftOut::Ignored));
    // An event needs no value, but not any value is one.
    assert!(days(Method::Values, &[Sample { value: Some(f64::NAN), ..sample }]).totals.is_empty());
    assert_eq!(days(Method::Values, &[Sample { value: None, ..sample }]).totals[0].values[0].value, Some(0));
}

#[test]
fn samples_must_come_in_order() {
    let (timeline, ranks) = (Timeline::default(), Ranks::new(&GROUPS, Order::default()));
    for method in METHODS {
        let mut days = Days::new(method, &timeline, &ranks, Scale::Day);
        let sample = |start_ms| Sample { start_ms, value: Some(1.0), ..Sample::default() };
        assert_eq!(days.push(&sample(5), &mut |_| {}), Ok(()));
        assert_eq!(days.push(&sample(4), &mut |_| {}), Err(OutOfOrder));
        assert_eq!(days.push(&sample(5), &mut |_| {}), Ok(()));
    }
}

#[test]
fn a_hundred_thousand_samples_at_one_instant() {
    for (method, expected) in [(Method::Sum, 100_000.0), (Method::Mean, 1.0), (Method::TimeWeighted, 1.0)] {
        let sample = Sample { start_ms: at("10:00:00"), value: Some(1.0), group: 1, ..Sample::default() };
        let mut rows = vec![sample; 100_000];
        rows.push(Sample { group: 2, ..sample });
        let total = &days(method, &rows).totals[0];
        assert_eq!((total.value, total.count, total.is_approximate), (Some(expected), 100_000, false), "{method:?}");
    }
}

#[test]
fn a_hundred_thousand_heart_rates_that_hold_at_once() {
    let sample = |number| Sample { start_ms: at("10:00:00") + number, value: Some(60.0), ..Sample::default() };
    let rows: Vec<Sample> = (0..100_000).map(sample).collect();
    let total = &days(Method::TimeWeighted, &rows).totals[0];
    // Each takes over from the one before, so that only one is followed.
    assert_eq!((total.time_weighted, total.covered_ms, total.is_approximate), (Some(60.0), 699_999, false));
}

/// Steps and memory, not seconds: each sample is looked at once for each day that it is in, and once when it ends.
#[test]
fn a_hundred_thousand_overlapping_samples() {
    let (from, day_ms) = (at("2026-01-15T00:00:00Z"), 24 * 60 * 60 * 1000);
    let run = |count: i64| {
        let ranks = Ranks::new(&GROUPS, Order::default());
        let mut merge = Merge::new(Measure::Amount, &ranks, true);
        merge.open(from);
        for number in 0..count {
            let start_ms = from + number;
            let sample =
                Sample { start_ms, end_ms: Some(start_ms + day_ms / 2), value: Some(1.0), ..Sample::default() };
            merge.push(&sample, u16::try_from(number % 5).unwrap());
        }
        let bucket = Timeline::default().bucket_at(from, Scale::Day);
        let (mut day, mut total) = (Day::default(), Total::new(bucket));
        merge.close(from + day_ms, &ranks, &mut day, &mut total, 0);
        (merge.steps, merge.active_most, day.sum.value(), total)
    };
    let (steps, active_most, sum, total) = run(50_000);
    assert_eq!((steps, active_most, total.is_approximate), (50_000, 50_000, false));
    assert!((9_999.0..10_100.0).contains(&sum), "{sum}");
    let (steps, active_most, _, total) = run(100_000);
    assert_eq!((steps, active_most, total.is_approximate), (100_000, STATISTICS_ACTIVE_MAX, true));
}

#[test]
fn overlapping_samples_of_one_source_add_up_also_when_closed_early() {
    let from = at("00:00:00");
    let rows: Vec<Sample> = (0..100_000)
        .map(|number| Sample {
            start_ms: from + number,
            end_ms: Some(from + number + 40_000_000),
            value: Some(1.0),
            ..Sample::default()
        })
        .collect();
    let total = &days(Method::Sum, &rows).totals[0];
    assert!(total.is_approximate);
    assert_eq!((total.value, total.naive), (Some(100_000.0), Some(100_000.0)));
}

#[test]
fn zones_that_do_not_exist() {
    let mut zones = Zones::default();
    assert_eq!(
        ["", "Mars/Olympus", "Europe/Berlin\0", "../../etc/localtime", "Europe"].map(|name| zones.add(name)),
        [None; 5]
    );
    assert!(!Timeline::new(zones, None, &[]).is_known());
}

#[test]
fn a_figure_beyond_the_largest_double_is_none() {
    let day = |method, text: &str| {
        let passed = days(method, &samples(text));
        let total = &passed.totals[0];
        assert!(total.groups.iter().all(|part| part.value.is_none_or(f64::is_finite)), "{total:?}");
        (total.value, total.naive, total.time_weighted)
    };
    let most = "W 10:00:00 10:10:00 1.7e308; W 11:00:00 11:10:00 1.7e308";
    assert_eq!(day(Method::Sum, most), (None, None, None));
    assert_eq!(day(Method::TimeWeighted, most), (None, None, None));
    assert_eq!(day(Method::Level, "W 10:00:00 11:00:00 -5000"), (None, None, None));
    assert_eq!(day(Method::Level, "W 10:00:00 11:00:00 3070"), (None, None, None));
    let parts = "W 10:00:00 10:10:00 1.7e308; W 11:00:00 11:10:00 -1.7e308; P 12:00:00 12:10:00 3";
    assert_eq!(day(Method::Sum, parts), (Some(3.0), Some(3.0), None));
}
