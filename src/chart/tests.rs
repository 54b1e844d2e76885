//! What pictures promise: labels that have room, texts that are no markup, gaps, bounds, and figures in words.

use super::calendar::{Span, marks};
use super::scale::Scale;
use super::svg::Place;
use super::*;
use crate::model::limits::{CHART_BYTES_MAX, CHART_PARTS_MAX, CHART_POINTS_MAX};
use crate::model::time::{DAY_MS, HOUR_MS, parse_day};
use crate::statistics::LocalDay;

fn at(day: &str) -> i64 {
    parse_day(day).unwrap()
}

/// Points of equal buckets; the last one is not over. `None` is a bucket without data.
fn points(from: &str, step_ms: i64, values: &[Option<f64>]) -> Vec<Point> {
    let start_ms = at(from);
    let mut points = Vec::new();
    for (number, value) in (0..).zip(values) {
        let start_ms = start_ms + number * step_ms;
        let is_partial = number + 1 == i64::try_from(values.len()).unwrap();
        let Some(value) = *value else {
            continue;
        };
        let extremes = Some((value - 1.0, value + 2.0));
        points.push(Point { start_ms, end_ms: start_ms + step_ms, value, extremes, is_partial });
    }
    points
}

fn figures(is_sum: bool, bucket: Bucket, points: Vec<Point>) -> Figures {
    Figures {
        title: "Steps".to_owned(),
        unit: "count".to_owned(),
        is_sum,
        bucket,
        clock: Clock::Local,
        span_ms: (None, None),
        is_cut: (false, false),
        is_counted: false,
        is_unknown: false,
        hue: Hue::Activity,
        points,
    }
}

fn picture(width: u32, height: u32) -> Picture {
    Picture { width, height, theme: Theme::Light }
}

/// The texts of a picture: anchor, place, text, size.
fn texts(svg: &str) -> Vec<(String, f64, f64, String, f64)> {
    let mut texts = Vec::new();
    for part in svg.split("<text ").skip(1) {
        let (head, rest) = part.split_once('>').unwrap();
        let value = |name: &str| {
            head.split_once(&format!("{name}=\"")).map(|(_, rest)| rest.split_once('"').unwrap().0.to_owned())
        };
        let text = rest.split_once("</text>").unwrap().0.to_owned();
        let size = if value("class").unwrap() == "c-title" { text::TITLE_PX } else { text::LABEL_PX };
        let [x, y] = ["x", " y"].map(|name| value(name).unwrap().parse().unwrap());
        texts.push((value("text-anchor").unwrap_or_default(), x, y, text, size));
    }
    texts
}

/// Fails if a text leaves the picture, or touches another one.
fn check_labels(svg: &str, (width, height): (f64, f64), what: &str) {
    let mut boxes: Vec<(f64, f64, f64, f64, String)> = Vec::new();
    for (anchor, x, y, text, size) in texts(svg) {
        let wide = super::text::width(&text, size);
        let left = match anchor.as_str() {
            "middle" => x - wide / 2.0,
            "end" => x - wide,
            _ => x,
        };
        assert!(left >= -0.1 && left + wide <= width + 0.1, "{what}: {text} is at {left} to {}", left + wide);
        assert!(y - size >= 0.0 && y <= height, "{what}: {text} is at {y}");
        for (other_left, other_right, other_y, other_size, other) in &boxes {
            let is_apart = left >= *other_right
                || left + wide <= *other_left
                || (y - other_y).abs() >= size.max(*other_size) * 0.8;
            assert!(is_apart, "{what}: {text} touches {other}");
        }
        boxes.push((left, left + wide, y, size, text));
    }
}

fn night(number: i32, bed_min: f64, wake_min: f64, parts: usize) -> NightBar {
    let step = (wake_min - bed_min) / f64::from(u32::try_from(parts).unwrap().max(1));
    let part = |at: usize| {
        let from_min = bed_min + step * f64::from(u32::try_from(at).unwrap());
        Part { from_min, to_min: from_min + step, stage: Stage::ALL[at % 5] }
    };
    NightBar {
        day: LocalDay::new(20_000 + number),
        end: LocalDay::new(20_001 + number),
        bed_min,
        wake_min,
        asleep_min: 450.0,
        parts: (0..parts).map(part).collect(),
        is_partial: false,
    }
}

fn nights(bars: Vec<NightBar>) -> Nights {
    Nights { title: "Sleep".to_owned(), bucket: Bucket::Day, span: (None, None), is_cut: (false, false), bars }
}

#[test]
fn labels_have_room_in_every_size() {
    let values = |count: usize, value: fn(usize) -> f64| (0..count).map(|at| Some(value(at))).collect::<Vec<_>>();
    let plain: fn(usize) -> f64 = |at| f64::from(u32::try_from(at * 7919 % 10_007).unwrap());
    let series: [(&str, Bucket, i64, Vec<Option<f64>>); 12] = [
        ("nothing", Bucket::Day, DAY_MS, vec![]),
        ("one", Bucket::Day, DAY_MS, vec![Some(3.0)]),
        ("a week", Bucket::Day, DAY_MS, values(7, plain)),
        ("a month", Bucket::Day, DAY_MS, values(31, plain)),
        ("a year", Bucket::Day, DAY_MS, values(365, plain)),
        ("ten years of weeks", Bucket::Week, 7 * DAY_MS, values(522, plain)),
        ("years", Bucket::Year, 365 * DAY_MS, values(400, plain)),
        ("hours", Bucket::Hour, HOUR_MS, values(24, plain)),
        ("a week of hours", Bucket::Hour, HOUR_MS, values(168, plain)),
        ("equal", Bucket::Day, DAY_MS, vec![Some(97.0); 9]),
        ("below zero", Bucket::Day, DAY_MS, values(9, |at| -1e9 * f64::from(u32::try_from(at).unwrap()))),
        (
            "no number",
            Bucket::Day,
            DAY_MS,
            vec![Some(f64::NAN), Some(f64::INFINITY), Some(-1e300), Some(1e300), Some(1e-9)],
        ),
    ];
    for (width, height) in [(160, 120), (320, 200), (390, 240), (1280, 400), (2560, 1440)] {
        for (name, bucket, step_ms, values) in &series {
            for is_sum in [true, false] {
                let figures = figures(is_sum, *bucket, points("2016-02-29", *step_ms, values));
                let svg = figures.draw(picture(width, height));
                check_labels(&svg, (f64::from(width), f64::from(height)), &format!("{name} {width} {is_sum}"));
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}: {svg}");
            }
        }
        for count in [0, 1, 7, 31, 400] {
            let bars = (0..count).map(|number| night(number, -90.0, 430.0, 20)).collect();
            let svg = nights(bars).draw(picture(width, height));
            check_labels(&svg, (f64::from(width), f64::from(height)), &format!("{count} nights {width}"));
        }
    }
}

#[test]
fn long_and_foreign_names_stay_inside() {
    for title in ["N".repeat(200), "م".repeat(200), "歩".repeat(200), "a".to_owned()] {
        let mut figures = figures(true, Bucket::Day, points("2026-01-01", DAY_MS, &[Some(1.0); 7]));
        figures.unit.clone_from(&title);
        figures.title = title;
        check_labels(&figures.draw(picture(320, 200)), (320.0, 200.0), &figures.title);
    }
}

#[test]
fn texts_are_no_markup() {
    let mut figures = figures(true, Bucket::Day, points("2026-01-01", DAY_MS, &[Some(1.0), Some(2.0)]));
    figures.title = "<script>alert(1)</script>\"'&\0\u{1b}".to_owned();
    figures.unit = "</style><b onload=x>".to_owned();
    let svg = figures.draw(picture(640, 300));
    for part in ["<script", "</style><b", "<b ", "\0", "\u{1b}"] {
        assert!(!svg.contains(part), "{part}: {svg}");
    }
    assert!(
        svg.contains("<title>&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\u{fffd}\u{fffd}</title>"),
        "{svg}"
    );
}

#[test]
fn a_gap_stays_a_gap() {
    let values = [Some(5.0), Some(6.0), None, Some(7.0), Some(8.0), None, Some(9.0)];
    let svg = figures(false, Bucket::Day, points("2026-01-01", DAY_MS, &values)).draw(picture(640, 300));
    let line = svg.split_once("<path class=\"c-line-v\" d=\"").unwrap().1.split_once('"').unwrap().0;
    assert_eq!((line.matches('M').count(), line.matches('L').count()), (3, 2), "{line}");
    let bars = figures(true, Bucket::Day, points("2026-01-01", DAY_MS, &values)).draw(picture(640, 300));
    assert_eq!(bars.matches("<rect class=\"c-fill-v\"").count(), 4, "{bars}");
}

#[test]
fn an_unfinished_bucket_is_hatched() {
    let chart = |is_partial: bool| {
        let mut points = points("2026-01-01", DAY_MS, &[Some(5.0), Some(6.0)]);
        points[1].is_partial = is_partial;
        figures(true, Bucket::Day, points).draw(picture(640, 300))
    };
    assert_eq!([chart(true), chart(false)].map(|svg| svg.contains("<path class=\"c-part-v\"")), [true, false]);
    assert!(chart(true).contains("The last day is not over yet: 2 Jan 2026: 6 count."));
}

#[test]
fn the_description_has_the_figures() {
    let values = [Some(1000.0), Some(2500.5), None, Some(12.25), Some(7.0)];
    let words = figures(true, Bucket::Day, points("2026-01-30", DAY_MS, &values)).words();
    assert_eq!(
        words,
        "30 Jan – 3 Feb 2026, sum by day in count. 3 whole days with data. Their sum is 3,512.75. Their mean is 1,170.92. \
         Lowest: 2 Feb 2026: 12.25 count. Highest: 31 Jan 2026: 2,500.5 count. \
         The last day is not over yet: 3 Feb 2026: 7 count."
    );
    assert_eq!(figures(true, Bucket::Day, vec![]).words(), "No data in this time.");
    let words = nights(vec![night(0, -60.0, 420.0, 3), night(1, 30.0, 480.0, 3)]).words();
    assert!(
        words.ends_with(
            "2 whole nights with data. On average asleep for 7 h 30 min, from bed at 23:45 to waking at 07:30."
        ),
        "{words}"
    );
}

#[test]
fn buckets_have_names() {
    let start_ms = at("2026-02-01");
    for (bucket, expected) in [
        (Bucket::Hour, "1 Feb 2026, 00:00"),
        (Bucket::Day, "1 Feb 2026"),
        (Bucket::Week, "1 Feb 2026"),
        (Bucket::Month, "Feb 2026"),
        (Bucket::Year, "2026"),
    ] {
        let end_ms = bucket.end_ms(start_ms);
        let point = Point { start_ms, end_ms, value: 1.0, extremes: None, is_partial: false };
        assert_eq!(figures(true, bucket, vec![point]).name_of(&point), expected);
    }
    assert_eq!(Bucket::Month.end_ms(start_ms), at("2026-03-01"));
    assert_eq!(Bucket::Year.end_ms(at("2026-01-01")), at("2027-01-01"));
}

/// A night of three stages, and one whose clocks nobody knows.
#[test]
fn one_night_from_left_to_right() {
    let svg = nights(vec![night(0, -60.0, 420.0, 3)]).hypnogram(picture(390, 180));
    check_labels(&svg, (390.0, 180.0), "hypnogram");
    for class in ["c-deep", "c-core", "c-rem"] {
        let path = svg.split_once(&format!("<path class=\"{class}\" d=\"")).unwrap().1.split_once('"').unwrap().0;
        assert_eq!(path.matches('Z').count(), 1, "{class}: {path}");
    }
    assert!(svg.contains("Deep: 160 min.") && svg.contains(">00:00<") && !svg.contains(">Asleep<"), "{svg}");
    assert!(nights(vec![]).hypnogram(picture(390, 180)).contains("No data in this time"));
    assert!(nights(vec![night(0, 5.0, 5.0, 1)]).hypnogram(picture(390, 180)).contains("No data in this time"));
}

#[test]
fn output_is_bounded() {
    let values: Vec<Option<f64>> =
        (0..CHART_POINTS_MAX).map(|at| Some(f64::from(u32::try_from(at % 17).unwrap()))).collect();
    for is_sum in [true, false] {
        let svg = figures(is_sum, Bucket::Hour, points("2026-01-01", HOUR_MS, &values)).draw(picture(2560, 1440));
        assert!(svg.len() <= CHART_BYTES_MAX, "{}", svg.len());
    }
    let bars = (0..400).map(|number| night(number, -90.0, 500.0, 512)).collect();
    let svg = nights(bars).draw(picture(2560, 1440));
    let parts = svg.matches("Z").count();
    assert!(svg.len() <= CHART_BYTES_MAX && (400..CHART_PARTS_MAX + 800).contains(&parts), "{} {parts}", svg.len());
}

#[test]
fn axes_have_round_numbers() {
    let check = |low: f64, high: f64, has_zero: bool, expected: &[&str]| {
        let scale = Scale::around([low, high].into_iter(), 4.0, has_zero, 0.0);
        let labels: Vec<String> = scale.numbers().iter().map(|value| number::on_axis(*value, scale.step)).collect();
        assert_eq!(labels, expected, "{low} {high}");
    };
    check(0.0, 9_700.0, true, &["0", "5,000", "10,000"]);
    check(52.0, 71.0, false, &["50", "55", "60", "65", "70", "75"]);
    check(0.0, 3.4e9, true, &["0", "1 bn", "2 bn", "3 bn", "4 bn"]);
    check(-0.3, 0.4, false, &["−0.4", "−0.2", "0.0", "0.2", "0.4"]);
    check(36.4, 36.6, false, &["36.40", "36.45", "36.50", "36.55", "36.60"]);
    check(0.0, 0.0, true, &["0.0", "0.5", "1.0"]);
}

#[test]
fn numbers_as_people_read_them() {
    for (value, expected) in [
        (0.0, "0"),
        (-0.0, "0"),
        (1234.5, "1,234.5"),
        (-1_234_567.891, "−1,234,567.89"),
        (0.05, "0.05"),
        (0.000_01, "0.00001"),
        (-0.000_000_01, "0"),
        (1e300, "1.00e300"),
        (f64::NAN, "–"),
    ] {
        assert_eq!(exact(value), expected);
    }
    let places = [0.04, 0.05, -0.04, 12.0, 12.34, f64::NAN, 1e9].map(|place| Place(place).to_string());
    assert_eq!(places, ["0", "0.1", "0", "12", "12.3", "0", "0"]);
}

fn labels(clock: &Clock, (from_ms, to_ms): (i64, i64), bucket: Bucket, width: f64) -> Vec<String> {
    marks(&Span { from_ms, to_ms, clock }, bucket, (40.0, 40.0 + width)).into_iter().map(|mark| mark.label).collect()
}

#[test]
fn dates_on_axes() {
    let check = |from: &str, to: &str, bucket: Bucket, width: f64, expected: &[&str]| {
        let labels = labels(&Clock::Local, (at(from), at(to)), bucket, width);
        assert_eq!(labels, expected, "{from} {to} {width}");
    };
    check("2026-11-20", "2026-11-27", Bucket::Day, 280.0, &["Fri", "Sat", "Sun", "Mon", "Tue", "Wed", "Thu"]);
    check("2026-11-01", "2026-12-01", Bucket::Day, 280.0, &["2 Nov", "9 Nov", "16 Nov", "23 Nov"]);
    check("2025-11-10", "2026-11-10", Bucket::Week, 280.0, &["2026", "Mar", "May", "Jul", "Sep", "Nov"]);
    check("2024-01-01", "2027-01-01", Bucket::Year, 280.0, &["2024", "2025", "2026"]);
    check("2017-01-01", "2027-01-01", Bucket::Month, 200.0, &["2018", "2020", "2022", "2024", "2026"]);
    check(
        "0001-01-01",
        "9999-01-01",
        Bucket::Year,
        400.0,
        &["1000", "2000", "3000", "4000", "5000", "6000", "7000", "8000", "9000"],
    );
}

/// In Berlin, the last Sunday of March has 23 hours, and that of October has 25.
#[test]
fn hours_of_days_that_change_clocks() {
    let check = |midnight: i64, shifts: [(i64, i64); 2], (hours, width): (i64, f64), expected: &[&str]| {
        let clock = Clock::Shifts(shifts.to_vec());
        assert_eq!(labels(&clock, (midnight, midnight + hours * HOUR_MS), Bucket::Hour, width), expected);
    };
    let spring = at("2026-03-29") - HOUR_MS;
    check(
        spring,
        [(spring, HOUR_MS), (at("2026-03-29") + HOUR_MS, 2 * HOUR_MS)],
        (23, 600.0),
        &["29 Mar", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"],
    );
    let autumn = at("2026-10-25") - 2 * HOUR_MS;
    check(
        autumn,
        [(autumn, 2 * HOUR_MS), (at("2026-10-25") + HOUR_MS, HOUR_MS)],
        (25, 440.0),
        &["25 Oct", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"],
    );
}

#[test]
fn what_is_cut_or_counted_or_unknown_in_words() {
    let mut cut = figures(true, Bucket::Day, points("2026-11-01", DAY_MS, &[Some(8438.67), Some(10.5), Some(7.9)]));
    cut.points[0].is_partial = true;
    (cut.is_cut, cut.is_counted) = ((true, false), true);
    cut.span_ms = (Some(at("2026-11-01") + HOUR_MS), None);
    let words = cut.words();
    assert!(words.contains(" 1 whole day with data. Their sum is 10. Their mean is 10."), "{words}");
    assert!(words.contains(" Only a part of the first day was asked for: 1 Nov 2026: 8,438 count."), "{words}");
    assert!(words.ends_with(" The last day is not over yet: 3 Nov 2026: 7 count."), "{words}");
    let unknown = Figures { is_unknown: true, points: Vec::new(), ..cut };
    assert_eq!(unknown.nothing(), "No figure is known for this type");
    assert!(unknown.draw(picture(400, 200)).contains(">No figure is known for this type</text>"));
}

#[test]
fn each_theme_has_its_colours() {
    let svg = |theme| figures(true, Bucket::Day, vec![]).draw(Picture { width: 320, height: 200, theme });
    let check = |theme: Theme, light: bool, dark: bool| {
        let svg = svg(theme);
        assert_eq!([svg.contains("#ffffff"), svg.contains("#1a1d21")], [light, dark], "{theme:?}");
    };
    check(Theme::Light, true, false);
    check(Theme::Dark, false, true);
    check(Theme::Auto, true, true);
    check(Theme::Page, false, false);
    assert!(svg(Theme::Auto).contains("prefers-color-scheme:dark") && !svg(Theme::Page).contains("<style"));
}

#[test]
fn sparklines() {
    let values = [Some(1.0), Some(2.0), None, Some(f64::NAN), Some(3.0)];
    let line = sparkline(&values, (80, 24), Hue::Heart, false);
    assert_eq!((line.matches('M').count(), line.matches('L').count()), (2, 3), "{line}");
    let bars = sparkline(&values, (80, 24), Hue::Heart, true);
    assert_eq!(bars.matches('Z').count(), 3, "{bars}");
    assert!(!sparkline(&[], (80, 24), Hue::Accent, false).contains("path"));
}
