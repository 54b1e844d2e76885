//! The sharp cases, by their numbers: what a day must have.

use super::super::facts::{Condensed, Fact, shadowed};
use super::super::{Days, Method, Order, Output, Partition, Ranks, Sample, Scale, Stretch, Timeline, Unit, shown};
use crate::model::measurement::is_same;

use super::{GROUPS, at, days, group, journey, pass, samples, zone};

fn near(value: Option<f64>, expected: f64) -> bool {
    value.is_some_and(|value| (value - expected).abs() < 0.005)
}

/// Amounts of one day: samples, the sum, and the owner's order.
const SUMS: [(&str, &str, f64, &[&str]); 10] = [
    ("1", "P 10:00:00 10:10:00 1000; W 10:00:00 10:05:00 450", 950.0, &[]),
    ("2", "P 10:00:00 10:10:00 1000; W 10:00:00 10:10:00 900", 900.0, &[]),
    ("3", "W 10:00:00 10:10:00 100; W 10:05:00 10:15:00 100", 200.0, &[]),
    ("4", "A 10:00:00 10:10:00 100; W 10:05:00 10:05:00 7", 107.0, &[]),
    ("5", "W 10:00:00 10:10:00 100; A 10:05:00 10:05:00 7", 100.0, &[]),
    ("6", "H 10:00:00 10:30:00 5000; P 10:00:00 11:00:00 60", 5030.0, &[]),
    ("7", "P 10:00:00 10:10:00 1000; W 10:00:00 10:10:00 900", 1000.0, &["P", "W"]),
    // A point where a better sample starts counts, where one ends it does not.
    ("5 at the start", "W 10:00:00 10:10:00 100; A 10:00:00 10:00:00 7", 107.0, &[]),
    ("5 at the end", "W 10:00:00 10:10:00 100; A 10:10:00 10:10:00 7", 100.0, &[]),
    ("points of two sources", "A 10:00:00 10:00:00 7; H 10:00:00 10:00:00 5; H 10:00:00 10:00:00 1", 6.0, &[]),
];

#[test]
fn cases_1_to_7_slices_and_ranks() {
    for (case, text, expected, listed) in SUMS {
        let order = Order { listed, ignored: &[] };
        let passed = pass(Method::Sum, &Timeline::default(), order, Scale::Day, &samples(text));
        assert_eq!((passed.totals.len(), passed.totals[0].value), (1, Some(expected)), "{case}");
    }
    let total = &days(Method::Sum, &samples(SUMS[0].1)).totals[0];
    assert_eq!((total.count, total.covered_ms, total.naive), (2, 600_000, Some(1450.0)));
    let parts: Vec<_> = total.groups.iter().map(|part| (part.group, part.value, part.covered_ms)).collect();
    assert_eq!(parts, [(0, Some(450.0), 300_000), (1, Some(500.0), 300_000)]);
}

#[test]
fn case_6b_a_point_at_the_end_of_a_day_stays_there() {
    // Printed in the export's offset of +0200 it is the next day.
    let sample = samples("A 2021-01-10T00:59:59+02:00 2021-01-10T00:59:59+02:00 5000");
    let passed = pass(Method::Sum, &zone("Europe/Berlin"), Order::default(), Scale::Day, &sample);
    assert_eq!(passed.on("2021-01-09").value, Some(5000.0));
}

#[test]
fn case_8_hours_divide_a_sample() {
    let sample = samples("P 13:57:00 14:02:00 100");
    let passed = pass(Method::Sum, &Timeline::default(), Order::default(), Scale::Hour, &sample);
    let hours: Vec<_> = passed.totals.iter().map(|total| (total.bucket.start_ms, total.value, total.count)).collect();
    assert_eq!(hours, [(at("13:00:00"), Some(60.0), 1), (at("14:00:00"), Some(40.0), 0)]);
}

#[test]
fn case_9_midnight_divides_an_exercise_minute() {
    let mut text = String::new();
    // The minutes of the two days beside the one at midnight.
    for minute in 0..46 {
        text += &format!("W 2020-09-19T10:{minute:02}:00+09:00 2020-09-19T10:{:02}:00+09:00 1;", minute + 1);
    }
    for minute in 0..113 {
        let (hour, end) = (10 + minute / 60, minute + 1);
        let end = format!("2020-09-20T{:02}:{:02}:00+09:00", 10 + end / 60, end % 60);
        text += &format!("W 2020-09-20T{hour:02}:{:02}:00+09:00 {end} 1;", minute % 60);
    }
    text += "W 2020-09-19T23:59:38+09:00 2020-09-20T00:00:38+09:00 1";
    let passed = pass(Method::Sum, &zone("Asia/Seoul"), Order::default(), Scale::Day, &samples(&text));
    assert!(near(passed.on("2020-09-19").value, 46.37) && near(passed.on("2020-09-20").value, 113.63));
    let kind = "HKQuantityTypeIdentifierAppleExerciseTime";
    let shown = ["2020-09-19", "2020-09-20"].map(|day| passed.on(day).value.map(|value| shown(kind, value)));
    assert_eq!(shown, [Some(46.0), Some(114.0)]);
}

#[test]
fn case_10_a_sample_of_25_days_adds_up() {
    let sample = samples("W 2021-01-11T08:00:00Z 2021-02-05T08:00:00Z 0.068");
    let passed = days(Method::Sum, &sample);
    assert_eq!(passed.totals.len(), 26);
    assert!(near(Some(passed.by_day().values().sum()), 0.068));
    assert!(passed.totals.iter().all(|total| total.value.unwrap() < 0.003 && total.has_long));
    assert_eq!(passed.totals.iter().map(|total| total.count).sum::<u64>(), 1);
}

#[test]
fn case_11_two_thousand_samples_of_a_day_lose_nothing() {
    // A running sum of doubles would not end with these digits.
    let thousandths: Vec<i64> = (0..2000).map(|n| 462 + n % 2).chain([-168]).collect();
    let total: i64 = thousandths.iter().sum();
    let samples: Vec<Sample> = (0..)
        .zip(&thousandths)
        .map(|(n, value)| Sample {
            start_ms: at("00:00:00") + n * 43_000,
            end_ms: Some(at("00:00:00") + (n + 1) * 43_000),
            value: Some(*value as f64 / 1000.0),
            ..Sample::default()
        })
        .collect();
    assert_eq!((total, days(Method::Sum, &samples).totals[0].value), (924_832, Some(924.832)));
}

#[test]
fn case_12_an_apps_workout_inside_the_watchs_time_adds_nothing() {
    let text = "W 09:00:00 10:00:00 600; W 10:00:00 11:00:00 719.92; A 09:30:00 10:30:00 530";
    let total = &days(Method::Sum, &samples(text)).totals[0];
    assert_eq!((total.value, total.naive), (Some(1319.92), Some(1849.92)));
}

/// The sum without ranks has of each day what samples have there, whether they count or are hidden.
#[test]
fn midnight_divides_a_hidden_sample_of_the_naive_sum() {
    let check = |text: &str, expected: [[f64; 2]; 2]| {
        let passed = days(Method::Sum, &samples(text));
        for (day, expected) in ["2026-01-15", "2026-01-16"].into_iter().zip(expected) {
            let total = passed.on(day);
            assert_eq!([total.value, total.naive], expected.map(Some), "{text} on {day}");
        }
    };
    const HIDDEN: &str = "P 23:30:00 2026-01-16T00:30:00Z 60";
    let beside = |better: &str, expected| check(&format!("{HIDDEN}; {better}"), expected);
    beside("W 23:00:00 2026-01-16T01:00:00Z 200", [[100.0, 130.0], [100.0, 130.0]]);
    // Hidden on one of the days.
    beside("W 23:00:00 2026-01-16T00:00:00Z 100", [[100.0, 130.0], [30.0, 30.0]]);
    beside("W 2026-01-16T00:00:00Z 2026-01-16T01:00:00Z 100", [[30.0, 30.0], [100.0, 130.0]]);
    // In a part of each day.
    beside("W 23:50:00 2026-01-16T00:20:00Z 9", [[23.0, 33.0], [16.0, 36.0]]);
    // Hidden by two that follow each other.
    beside(
        "W 23:30:00 2026-01-16T00:00:00Z 1; W 2026-01-16T00:00:00Z 2026-01-16T00:30:00Z 2",
        [[1.0, 31.0], [2.0, 32.0]],
    );
    // A point at midnight, which the watch hides.
    check(
        "W 23:30:00 2026-01-16T00:30:00Z 10; P 2026-01-16T00:00:00Z 2026-01-16T00:00:00Z 7",
        [[5.0, 5.0], [5.0, 12.0]],
    );
}

#[test]
fn case_13_the_day_is_the_local_one_not_the_printed_one() {
    let sample = samples("P 2021-07-01T23:30:00-06:00 2021-07-01T23:40:00-06:00 10");
    let passed = pass(Method::Sum, &zone("America/Mexico_City"), Order::default(), Scale::Day, &sample);
    assert_eq!(passed.on("2021-07-02").value, Some(10.0));
}

#[test]
fn case_14_days_of_23_and_25_hours() {
    let from = at("2025-03-01T00:00:00Z");
    let minutes = (at("2025-11-10T00:00:00Z") - from) / 60_000;
    let steps: Vec<Sample> = (0..minutes)
        .map(|minute| Sample {
            start_ms: from + minute * 60_000,
            end_ms: Some(from + (minute + 1) * 60_000),
            value: Some(1.0),
            ..Sample::default()
        })
        .collect();
    let passed = pass(Method::Sum, &zone("America/New_York"), Order::default(), Scale::Day, &steps);
    for (day, expected) in
        [("2025-03-08", 1440.0), ("2025-03-09", 1380.0), ("2025-11-02", 1500.0), ("2025-11-03", 1440.0)]
    {
        assert_eq!(passed.on(day).value, Some(expected), "{day}");
    }
    let hours = pass(Method::Sum, &zone("America/New_York"), Order::default(), Scale::Hour, &steps);
    let count = hours.totals.iter().filter(|total| total.bucket.day.to_string() == "2025-11-02").count();
    assert_eq!(count, 25);
    // A day of 24.5 hours: its hours still follow each other.
    let hours = pass(Method::Sum, &zone("Australia/Lord_Howe"), Order::default(), Scale::Hour, &steps);
    let on_day = hours.totals.iter().filter(|total| total.bucket.day.to_string() == "2025-04-06");
    assert_eq!(on_day.filter_map(|total| total.value).sum::<f64>(), 1470.0);
    assert!(hours.totals.windows(2).all(|pair| pair[0].bucket.end_ms == pair[1].bucket.start_ms));
}

#[test]
fn case_15_a_flight_makes_one_long_day() {
    let timeline = journey("Asia/Tokyo", &[("2025-05-10T16:00:00+09:00", "America/Los_Angeles")]);
    let from = at("2025-05-08T15:00:00Z");
    let hours: Vec<Sample> = (0..100)
        .map(|hour| Sample { start_ms: from + hour * 3_600_000, value: Some(1.0), ..Sample::default() })
        .collect();
    let passed = pass(Method::Sum, &timeline, Order::default(), Scale::Day, &hours);
    for (day, expected) in [("2025-05-09", 24.0), ("2025-05-10", 40.0), ("2025-05-11", 24.0)] {
        assert_eq!(passed.on(day).value, Some(expected), "{day}");
    }
}

#[test]
fn cases_23_and_24_heart_rates_of_two_sources() {
    let total = &days(Method::TimeWeighted, &samples("W 10:00:00 10:00:00 60; A 10:00:07 10:00:07 100")).totals[0];
    assert_eq!((total.value, total.minimum, total.maximum, total.count), (Some(80.0), Some(60.0), Some(100.0), 2));
    assert_eq!((total.last, total.last_ms), (Some(100.0), Some(at("10:00:07"))));
    // 7 seconds at 60 and 10 minutes at 100.
    assert!(near(total.time_weighted, (7.0 * 60.0 + 600.0 * 100.0) / 607.0));
    for text in
        ["W 10:00:00 10:00:00 60; A 10:00:00 10:00:00 100", "A 10:00:00 10:00:00 100; W 10:00:00.010 10:00:00.010 60"]
    {
        let total = &days(Method::TimeWeighted, &samples(text)).totals[0];
        assert_eq!((total.value, total.maximum, total.count), (Some(60.0), Some(60.0), 1), "{text}");
    }
}

#[test]
fn case_25_sound_levels_are_means_of_energy() {
    let total = &days(Method::Level, &samples("W 10:00:00 11:00:00 80; W 11:00:00 12:00:00 60")).totals[0];
    assert!(near(total.value, 77.03), "{total:?}");
    // A better source hides the louder one; a level without duration weighs a second.
    let total = &days(Method::Level, &samples("W 10:00:00 11:00:00 60; A 10:00:00 11:00:00 90")).totals[0];
    assert!(near(total.value, 60.0), "{total:?}");
    let total = &days(Method::Level, &samples("W 10:00:00 10:00:01 80; W 11:00:00 11:00:00 60")).totals[0];
    assert!(near(total.value, 77.03), "{total:?}");
}

#[test]
fn case_27_a_condensed_workout_is_marked_and_counts_once() {
    let fine: Vec<String> = (0..60).map(|n| format!("W 10:{n:02}:00 10:{n:02}:30 0.5")).collect();
    let rows = samples(&[fine.join(";"), "W 10:00:00 10:59:30 30".to_owned()].join(";"));
    let facts: Vec<Fact> = rows
        .iter()
        .map(|row| Fact {
            start_ms: row.start_ms,
            end_ms: row.end(),
            value: row.value.unwrap(),
            group: row.group,
            created_ms: None,
        })
        .collect();
    let shadows = shadowed(Condensed::Sum, &facts);
    let kept: Vec<Sample> =
        rows.iter().zip(shadows).filter(|(_, shadow)| shadow.is_none()).map(|(row, _)| *row).collect();
    assert_eq!(kept.len(), 60);
    assert_eq!(
        [days(Method::Sum, &rows), days(Method::Sum, &kept)].map(|passed| passed.totals[0].value),
        [Some(60.0), Some(30.0)]
    );
}

/// The store merges such rows when they arrive; this is what it compares them by.
#[test]
fn case_26_an_export_prints_six_digits() {
    let unit = Some("kcal");
    assert!(is_same((Some(0.196_123_45), unit), (Some(0.196_123), unit)));
    assert!(!is_same((Some(0.196_123_45), unit), (Some(0.196_13), unit)));
}

#[test]
fn case_28_a_late_sample_changes_its_day_only() {
    let timeline = zone("Europe/Berlin");
    let late = samples("W 2026-01-05T22:30:00Z 2026-01-05T23:30:00Z 50");
    let touched = timeline.days_touched(late[0].start_ms, late[0].end());
    assert_eq!([touched.start().to_string(), touched.end().to_string()], ["2026-01-05", "2026-01-06"]);
    let week: Vec<Sample> = (0..7)
        .map(|day| {
            let start_ms = at("2026-01-03T12:00:00Z") + day * 86_400_000;
            Sample { start_ms, end_ms: Some(start_ms + 60_000), value: Some(100.0), ..Sample::default() }
        })
        .collect();
    let mut with_late = [week.clone(), late].concat();
    with_late.sort_by_key(|sample| sample.start_ms);
    let [before, after] =
        [week, with_late].map(|samples| pass(Method::Sum, &timeline, Order::default(), Scale::Day, &samples).by_day());
    let changed: Vec<_> =
        after.iter().filter(|(day, value)| before.get(day) != Some(value)).map(|(day, _)| *day).collect();
    assert!(changed.iter().all(|day| touched.contains(day)) && changed.len() == 2, "{changed:?}");
}

#[test]
fn case_29_glucose_in_either_unit() {
    let mut unit = Unit::of("HKQuantityTypeIdentifierBloodGlucose");
    let conversion = unit.conversion_from("mmol<180.1558800000541>/L").unwrap();
    assert!((conversion.apply(5.5) - 99.0857).abs() < 5e-5);
    assert_eq!(unit.name(), "mg/dL");
}

#[test]
fn case_30_stand_hours_are_not_stand_minutes() {
    let mut rows = Vec::new();
    for hour in 6..20 {
        let value = if hour < 15 { 0 } else { 1 };
        rows.push(format!("W {hour:02}:00:00 {:02}:00:00 {value}", hour + 1));
    }
    // The same hour from another source counts once.
    rows.push("P 06:30:00 06:40:00 0".to_owned());
    let total = &days(Method::StandHours, &samples(&rows.join(";"))).totals[0];
    assert_eq!((total.value, total.count), (Some(9.0), 15));
    let minutes = &days(Method::Sum, &samples("W 06:00:00 12:00:00 100; W 12:00:00 20:00:00 47")).totals[0];
    assert_eq!(minutes.value, Some(147.0));
    let kinds = ["HKCategoryTypeIdentifierAppleStandHour", "HKQuantityTypeIdentifierAppleStandTime"];
    assert_eq!(kinds.map(Method::of), [Method::StandHours, Method::Sum]);
}

#[test]
fn case_31_kilometres_and_miles_of_one_day() {
    let mut unit = Unit::of("HKQuantityTypeIdentifierDistanceWalkingRunning");
    let mut rows = samples("W 10:00:00 11:00:00 3; W 12:00:00 13:00:00 2");
    for (row, name) in rows.iter_mut().zip(["km", "mi"]) {
        let conversion = unit.conversion_from(name).unwrap();
        row.value = row.value.map(|value| conversion.apply(value));
    }
    assert_eq!(days(Method::Sum, &rows).totals[0].value, Some(6218.688));
}

#[test]
fn insulin_is_merged_by_its_reason() {
    let mut rows = samples("W 10:00:00 11:00:00 2; A 10:00:00 11:00:00 1; A 10:30:00 10:30:00 4");
    rows[0].partition = Partition::of_insulin(Some(1));
    rows[1].partition = Partition::of_insulin(Some(2));
    rows[2].partition = Partition::of_insulin(Some(2));
    let total = &days(Method::Sum, &rows).totals[0];
    assert_eq!((total.value, total.partitions), (Some(7.0), [None, Some(2.0), Some(5.0)]));
    assert_eq!(total.groups.iter().map(|part| part.value).collect::<Vec<_>>(), [Some(2.0), Some(5.0)]);
}

#[test]
fn sessions_cover_each_minute_once() {
    let text = "A 10:00:00 10:10:00 0; B 10:05:00 10:15:00 0; A 12:00:00 12:01:00 0; A 23:59:00 2026-01-16T00:02:00Z 0";
    let passed = days(Method::Sessions, &samples(text));
    let figures = |day: &str| {
        let total = passed.on(day);
        (total.value, total.sessions, total.count)
    };
    assert_eq!(figures("2026-01-15"), (Some(17.0), 3, 4));
    assert_eq!(figures("2026-01-16"), (Some(2.0), 0, 0));
}

#[test]
fn categories_list_their_values() {
    let total = &days(Method::Values, &samples("A 10:00:00 11:00:00 2; A 10:30:00 12:00:00 2; B 10:00:00 10:00:00 4"))
        .totals[0];
    let values: Vec<_> = total.values.iter().map(|part| (part.value, part.count, part.covered_ms)).collect();
    assert_eq!(values, [(Some(2), 2, 7_200_000), (Some(4), 1, 0)]);
    assert_eq!(total.value, Some(3.0));
}

#[test]
fn unknown_types_have_no_mean() {
    let total = &days(Method::Unknown, &samples("A 10:00:00 10:00:00 2; A 11:00:00 11:00:00 -4")).totals[0];
    assert_eq!(
        (total.value, total.minimum, total.maximum, total.last, total.count),
        (None, Some(-4.0), Some(2.0), Some(-4.0), 2)
    );
}

#[test]
fn stretches_explain_a_sum() {
    let text = "P 10:00:00 10:10:00 1000; W 10:02:00 10:04:00 9; W 10:04:00 10:05:00 9; A 10:00:00 10:20:00 1; \
                P 23:59:00 2026-01-16T00:01:00Z 5";
    let (timeline, ranks) = (Timeline::default(), Ranks::new(&GROUPS, Order::default()));
    let mut days = Days::new(Method::Sum, &timeline, &ranks, Scale::Day).with_stretches();
    let mut found = Vec::new();
    let mut output = |output: Output<'_>| {
        if let Output::Total(total) = output {
            found.push(total.stretches.clone());
        }
    };
    samples(text).iter().for_each(|sample| days.push(sample, &mut output).unwrap());
    days.finish(&mut output);
    let stretch =
        |from: &str, to: &str, letter: &str| Stretch { from_ms: at(from), to_ms: at(to), group: group(letter) };
    let first = vec![
        stretch("10:00:00", "10:02:00", "P"),
        stretch("10:02:00", "10:05:00", "W"),
        stretch("10:05:00", "10:10:00", "P"),
        stretch("10:10:00", "10:20:00", "A"),
        stretch("23:59:00", "2026-01-16T00:00:00Z", "P"),
    ];
    let second = vec![stretch("2026-01-16T00:00:00Z", "2026-01-16T00:01:00Z", "P")];
    assert_eq!(found, [first, second]);
}
