//! The sharp cases of sleep, and what holds for any samples of sleep.

use crate::model::time::MINUTE_MS;
use proptest::prelude::*;

use super::super::{
    LeftOut, Night, NightOutput, Nights, Order, OutOfOrder, PeriodKind, Ranks, SleepSample, Stage, Timeline,
};
use super::{GROUPS, at, group, journey, zone};

/// Nights of a pass, and what was left out.
fn nights(timeline: &Timeline, samples: &[SleepSample]) -> (Vec<Night>, Vec<LeftOut>) {
    let ranks = Ranks::new(&GROUPS, Order::default());
    let (mut nights, mut left_out) = (Vec::new(), Vec::new());
    let mut output = |output: NightOutput<'_>| match output {
        NightOutput::Night(night) => nights.push(night.clone()),
        NightOutput::LeftOut(_, reason) => left_out.push(reason),
    };
    let mut pass = Nights::new(timeline, &ranks);
    for sample in samples {
        pass.push(sample, &mut output).unwrap();
    }
    pass.finish(&mut output);
    (nights, left_out)
}

/// Reads `W core 23:20 06:50`: times before 12:00 are of 2026-01-16, others of 2026-01-15, both in UTC.
fn samples(text: &str) -> Vec<SleepSample> {
    let time = |word: &str| match word.len() {
        5 => at(&format!("2026-01-{}T{word}:00Z", if word < "12:00" { 16 } else { 15 })),
        _ => at(word),
    };
    let stages = ["bed", "asleep", "awake", "core", "deep", "rem"];
    let mut samples: Vec<SleepSample> = text
        .split(';')
        .map(|sample| {
            let words: Vec<&str> = sample.split_whitespace().collect();
            let value = stages.iter().position(|stage| *stage == words[1]).unwrap();
            SleepSample {
                start_ms: time(words[2]),
                end_ms: Some(time(words[3])),
                value: Some(i64::try_from(value).unwrap()),
                group: group(words[0]),
                zone: None,
            }
        })
        .collect();
    samples.sort_by_key(|sample| sample.start_ms);
    samples
}

fn utc(text: &str) -> Vec<Night> {
    nights(&Timeline::default(), &samples(text)).0
}

/// Asleep in minutes, the night's date, and the periods' kinds.
fn short(nights: &[Night]) -> Vec<(String, Option<i64>, Vec<PeriodKind>)> {
    let kinds = |night: &Night| night.periods.iter().map(|period| period.kind).collect();
    nights.iter().map(|night| (night.day.to_string(), night.asleep_ms.map(|ms| ms / MINUTE_MS), kinds(night))).collect()
}

#[test]
fn case_16_a_night_is_in_the_zone_that_it_names() {
    let mut timeline_zones = super::super::Zones::default();
    let new_york = timeline_zones.add("America/New_York");
    let paris = timeline_zones.add("Europe/Paris");
    let timeline = Timeline::new(timeline_zones, new_york, &[]);
    let mut sample = samples("W core 2026-01-15T23:20:00+01:00 2026-01-16T06:50:00+01:00");
    // In New York it begins at 17:20.
    sample[0].zone = paris;
    let (nights, _) = nights(&timeline, &sample);
    assert_eq!(short(&nights), [("2026-01-16".to_owned(), Some(450), vec![PeriodKind::Main])]);
    assert_eq!(Some(nights[0].zone), paris);
    assert_eq!(nights[0].bedtime_ms, Some(at("2026-01-15T23:20:00+01:00")));
}

#[test]
fn case_17_asleep_beside_its_stages_counts_once() {
    let night = &utc("W asleep 23:00 07:00; W core 23:00 02:00; W deep 02:00 03:00; W rem 03:00 07:00")[0];
    let hours = [night.asleep_ms.unwrap(), night.core_ms, night.deep_ms, night.rem_ms, night.unspecified_ms];
    assert_eq!(hours.map(|ms| ms / 3_600_000), [8, 3, 1, 4, 0]);
    // A stage in a part of it.
    let night = &utc("W asleep 23:00 07:00; W awake 02:00 02:30; W deep 02:10 02:20")[0];
    assert_eq!([night.asleep_ms.unwrap(), night.awake_ms, night.deep_ms].map(|ms| ms / MINUTE_MS), [460, 20, 10]);
    assert_eq!(night.awakenings, 2);
}

#[test]
fn case_18_the_better_source_counts_inside_its_time() {
    let text = "A core 22:50 07:10; W core 23:20 02:00; W awake 02:00 02:10; W deep 02:10 06:50";
    let night = &utc(text)[0];
    assert_eq!([night.asleep_ms.unwrap(), night.awake_ms, night.deep_ms].map(|ms| ms / MINUTE_MS), [490, 10, 280]);
    assert_eq!(night.ranks().collect::<Vec<_>>(), [1, 3]);
    assert_eq!((night.bedtime_ms, night.wake_ms), (Some(at("22:50:00")), Some(at("2026-01-16T07:10:00Z"))));
    let stages: Vec<_> = night.segments.iter().map(|segment| (segment.stage, segment.rank)).collect();
    let expected = [(Stage::Core, 3), (Stage::Core, 1), (Stage::Awake, 1), (Stage::Deep, 1), (Stage::Core, 3)];
    assert_eq!(stages, expected);
}

#[test]
fn case_19_a_nap_is_of_its_date() {
    assert_eq!(short(&utc("W core 14:00 14:40")), [("2026-01-15".to_owned(), Some(40), vec![PeriodKind::Nap])]);
    let text = "W core 2026-01-14T23:00:00Z 2026-01-15T06:00:00Z; W core 14:00 14:40";
    let found = utc(text);
    assert_eq!(short(&found), [("2026-01-15".to_owned(), Some(460), vec![PeriodKind::Main, PeriodKind::Nap])]);
    assert_eq!((found[0].asleep_main_ms, found[0].naps()), (Some(420 * MINUTE_MS), 1));
}

#[test]
fn six_hours_in_bed_by_day_are_no_nap() {
    assert_eq!(utc("P bed 12:00 18:00")[0].periods[0].kind, PeriodKind::Main);
    assert_eq!(utc("P bed 12:00 13:00")[0].periods[0].kind, PeriodKind::Nap);
}

#[test]
fn case_20_the_larger_part_decides() {
    let check = |text: &str, expected: &str| assert_eq!(utc(text)[0].day.to_string(), expected, "{text}");
    check("W core 15:48 18:15", "2026-01-15");
    check("W core 17:48 20:15", "2026-01-16");
    check("W core 17:00 19:00", "2026-01-15");
}

#[test]
fn case_21_an_hour_separates_periods() {
    let periods = |text: &str| utc(text)[0].periods.len();
    assert_eq!(periods("W core 23:00 01:00; W core 01:59 05:00"), 1);
    assert_eq!(periods("W core 23:00 01:00; W core 02:00 05:00"), 2);
    // The other layer joins them.
    assert_eq!(periods("W core 23:00 01:00; P bed 01:00 02:00; W core 02:00 05:00"), 1);
}

#[test]
fn case_22_in_bed_is_not_asleep() {
    let night = &utc("P bed 00:40 07:45")[0];
    assert_eq!((night.asleep_ms, night.in_bed_ms, night.is_in_bed_estimated), (None, 425 * MINUTE_MS, false));
    assert_eq!((night.efficiency(), night.bedtime_ms), (None, Some(at("2026-01-16T00:40:00Z"))));
    // Without it, it lasts from the first to the last sample.
    let night = &utc("W awake 22:50 23:00; W core 23:00 06:00; W core 06:10 07:00")[0];
    assert_eq!((night.in_bed_ms, night.is_in_bed_estimated), (490 * MINUTE_MS, true));
    assert!((night.efficiency().unwrap() - 470.0 / 490.0).abs() < 1e-9);
    // Two sources in bed at once are in bed once.
    assert_eq!(utc("P bed 00:00 04:00; A bed 02:00 06:00")[0].in_bed_ms, 360 * MINUTE_MS);
}

#[test]
fn awake_opens_no_night() {
    assert!(utc("W awake 23:00 23:30").is_empty());
    let night = &utc("W core 23:00 06:00; W awake 06:00 06:30")[0];
    assert_eq!((night.awakenings, night.wake_ms), (0, Some(at("2026-01-16T06:00:00Z"))));
}

#[test]
fn changes_of_clocks_are_lived_through() {
    let timeline = zone("America/New_York");
    let text = "W core 2025-03-08T23:00:00-05:00 2025-03-09T07:00:00-04:00; \
                W core 2025-11-01T23:00:00-04:00 2025-11-02T07:00:00-05:00";
    let (found, _) = nights(&timeline, &samples(text));
    let hours: Vec<_> =
        found.iter().map(|night| (night.day.to_string(), night.asleep_ms.unwrap() / 3_600_000)).collect();
    assert_eq!(hours, [("2025-03-09".to_owned(), 7), ("2025-11-02".to_owned(), 9)]);
}

#[test]
fn a_travellers_nights_do_not_go_back() {
    let timeline = journey("Asia/Tokyo", &[("2025-05-10T08:00:00+09:00", "America/Los_Angeles")]);
    let text = "W core 2025-05-09T23:00:00+09:00 2025-05-10T06:00:00+09:00; \
                W core 2025-05-10T08:20:00+09:00 2025-05-10T09:50:00+09:00";
    let (found, _) = nights(&timeline, &samples(text));
    // The second one is at 16:20 of the day before, over there.
    assert_eq!(short(&found), [("2025-05-10".to_owned(), Some(510), vec![PeriodKind::Main, PeriodKind::Nap])]);
}

#[test]
fn hostile_sleep() {
    let year = |year: i64| at("2026-01-15T20:00:00Z") + (year - 2026) * 31_556_952_000;
    let sample = SleepSample {
        start_ms: at("23:00:00"),
        end_ms: Some(at("23:30:00")),
        value: Some(3),
        ..SleepSample::default()
    };
    let check = |sample: SleepSample, expected: Option<LeftOut>| {
        let (found, left_out) = nights(&Timeline::default(), &[sample]);
        assert_eq!((left_out.first().copied(), found.is_empty()), (expected, expected.is_some()), "{sample:?}");
    };
    check(sample, None);
    check(SleepSample { value: Some(6), ..sample }, Some(LeftOut::UnknownStage));
    check(SleepSample { value: None, ..sample }, Some(LeftOut::UnknownStage));
    check(SleepSample { end_ms: None, ..sample }, Some(LeftOut::NoDuration));
    check(SleepSample { end_ms: Some(0), ..sample }, Some(LeftOut::EndsBeforeStart));
    check(SleepSample { end_ms: Some(year(9999)), ..sample }, Some(LeftOut::TooLong));
    check(SleepSample { start_ms: i64::MIN, ..sample }, Some(LeftOut::OutsideCalendar));
    check(SleepSample { group: 77, ..sample }, Some(LeftOut::Ignored));
    // In bed for 300 days fills each night, and no more.
    let long = SleepSample { end_ms: Some(sample.start_ms + 300 * 24 * 60 * MINUTE_MS), value: Some(0), ..sample };
    let (found, _) = nights(&Timeline::default(), &[long]);
    assert!(found.iter().all(|night| night.in_bed_ms <= 48 * 60 * MINUTE_MS), "{found:?}");
    assert_eq!(found.iter().map(|night| night.in_bed_ms).sum::<i64>(), 300 * 24 * 60 * MINUTE_MS);
    // At one instant, and far apart.
    let (found, _) = nights(&Timeline::default(), &vec![sample; 100_000]);
    assert_eq!((found.len(), found[0].core_ms), (1, 30 * MINUTE_MS));
    let far = [0, 1, 1600, 9998].map(|number| {
        let start_ms = year(number);
        SleepSample { start_ms, end_ms: Some(start_ms + 60 * MINUTE_MS), ..sample }
    });
    assert_eq!(nights(&zone("Asia/Kathmandu"), &far).0.len(), 4);
}

#[test]
fn a_hundred_thousand_overlapping_samples_of_sleep() {
    // Nested: none can be dropped before its end.
    let from = at("2026-01-15T20:00:00Z");
    let nested: Vec<SleepSample> = (0..100_000)
        .map(|number| SleepSample {
            start_ms: from + number,
            end_ms: Some(from + 30_000_000 - number),
            value: Some(3 + number % 3),
            ..SleepSample::default()
        })
        .collect();
    let night = &nights(&Timeline::default(), &nested).0[0];
    assert!(night.is_approximate && night.is_cut);
    assert_eq!(night.asleep_ms, Some(30_000_000));
}

#[test]
fn sleep_must_come_in_order() {
    let (timeline, ranks) = (Timeline::default(), Ranks::new(&GROUPS, Order::default()));
    let mut pass = Nights::new(&timeline, &ranks);
    let sample =
        |start_ms| SleepSample { start_ms, end_ms: Some(start_ms + 9), value: Some(3), ..SleepSample::default() };
    assert_eq!(pass.push(&sample(5), &mut |_| {}), Ok(()));
    assert_eq!(pass.push(&sample(4), &mut |_| {}), Err(OutOfOrder));
}

fn any_samples() -> impl Strategy<Value = Vec<SleepSample>> {
    let from = at("2026-01-15T12:00:00Z");
    let sample =
        (0_i64..600, 1_i64..600, 0_i64..6, 0..5_u32).prop_map(move |(start, length, value, group)| SleepSample {
            start_ms: from + start * 10 * MINUTE_MS,
            end_ms: Some(from + (start * 10 + length) * MINUTE_MS),
            value: Some(value),
            group,
            zone: None,
        });
    prop::collection::vec(sample, 0..40).prop_map(|mut samples| {
        samples.sort_by_key(|sample| sample.start_ms);
        samples
    })
}

/// The stage of each minute by the rule itself.
fn slow_stage(samples: &[SleepSample], at_ms: i64, wants_bed: bool) -> Option<Stage> {
    let ranks = Ranks::new(&GROUPS, Order::default());
    let class = |stage: Stage| match stage {
        Stage::Core | Stage::Deep | Stage::Rem => 0,
        Stage::Awake => 1,
        _ => 2,
    };
    let active = samples.iter().filter(|sample| {
        sample.start_ms <= at_ms && at_ms < sample.end_ms.unwrap() && (sample.value == Some(0)) == wants_bed
    });
    let key = |sample: &SleepSample| {
        let stage = sample.stage().unwrap();
        (ranks.rank(sample.group), class(stage), std::cmp::Reverse((sample.start_ms, stage)))
    };
    active.min_by_key(|sample| key(sample)).and_then(SleepSample::stage)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_minute_has_the_stage_of_the_rule(samples in any_samples()) {
        let (found, _) = nights(&Timeline::default(), &samples);
        let from = at("2026-01-15T12:00:00Z");
        let mut expected = [0_i64; 6];
        for minute in 0..7000 {
            for wants_bed in [false, true] {
                if let Some(stage) = slow_stage(&samples, from + minute * MINUTE_MS, wants_bed) {
                    expected[stage as usize] += 1;
                }
            }
        }
        let sum = |figure: fn(&Night) -> i64| found.iter().map(figure).sum::<i64>() / MINUTE_MS;
        // Time awake without any sleep near is in no night.
        prop_assert!(sum(|night| night.awake_ms) <= expected[2]);
        let real_bed = |night: &Night| if night.is_in_bed_estimated { 0 } else { night.in_bed_ms };
        let sums = [sum(real_bed), sum(|night| night.unspecified_ms), sum(|night| night.core_ms), sum(|night| night.deep_ms), sum(|night| night.rem_ms)];
        prop_assert_eq!(sums, [expected[0], expected[1], expected[3], expected[4], expected[5]]);
        for night in &found {
            let segments: i64 = night.segments.iter().filter(|segment| segment.stage.is_asleep()).map(|segment| segment.to_ms - segment.from_ms).sum();
            prop_assert_eq!(segments, night.asleep_ms.unwrap_or(0));
        }
        prop_assert!(found.windows(2).all(|pair| pair[0].day < pair[1].day));
    }

    #[test]
    fn equal_starts_of_sleep_may_come_in_any_order(samples in any_samples(), keys in prop::collection::vec(any::<u32>(), 40)) {
        let mut turned: Vec<_> = samples.iter().zip(keys).collect();
        turned.sort_by_key(|(sample, key)| (sample.start_ms, *key));
        let turned: Vec<SleepSample> = turned.into_iter().map(|(sample, _)| *sample).collect();
        let [one, other] = [&samples, &turned].map(|samples| format!("{:?}", nights(&Timeline::default(), samples)));
        prop_assert_eq!(one, other);
    }

    #[test]
    fn a_night_alone_is_the_same(samples in any_samples(), has_long in any::<bool>()) {
        let mut samples = samples;
        if has_long {
            let from = at("2026-01-15T13:00:00Z");
            let end_ms = Some(from + 9 * 24 * 60 * MINUTE_MS);
            samples.insert(0, SleepSample { start_ms: from, end_ms, value: Some(0), ..SleepSample::default() });
            samples.sort_by_key(|sample| sample.start_ms);
        }
        let timeline = zone("Europe/Berlin");
        for night in nights(&timeline, &samples).0 {
            let span = Nights::read_span_ms(&timeline, night.zone, night.day);
            let near = |sample: &&SleepSample| sample.start_ms < span.end && sample.end_ms.unwrap() > span.start;
            let near: Vec<SleepSample> = samples.iter().filter(near).copied().collect();
            let alone = nights(&timeline, &near).0.into_iter().find(|alone| alone.day == night.day);
            prop_assert_eq!(format!("{:?}", Some(night)), format!("{alone:?}"));
        }
    }
}
