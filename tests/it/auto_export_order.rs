//! Equal figures of one document stay as many as they are, however far apart they stand, and in whatever order they come again.

use serde_json::{Value, json};

use super::auto_export::Way;
use healthsink::model::limits;

/// More points than the reader remembers.
const MANY: usize = limits::AUTO_EXPORT_POINTS_WINDOW + 50;

const NAMES: [&str; 3] = ["new", "updated", "unchanged"];

/// A point whose second is its place.
fn point(place: usize, value: usize) -> Value {
    let (hour, minute, second) = (place / 3600 % 24, place / 60 % 60, place % 60);
    json!({"date": format!("2026-05-01 {hour:02}:{minute:02}:{second:02} +0200"), "qty": value})
}

fn metric(points: &[Value]) -> Value {
    json!({"name": "blood_glucose", "units": "mg/dL", "data": points})
}

fn document(metrics: &[Value]) -> String {
    json!({"data": {"metrics": metrics}}).to_string()
}

/// How many figures have a value.
fn count(way: &Way, value: usize) -> Value {
    way.one(&format!("SELECT count(*) FROM aggregates WHERE value = {value}"))
}

#[test]
fn equal_points_far_apart_stay_several() {
    let others: Vec<Value> = (1..MANY).map(|place| point(place, 100)).collect();
    let equal = || vec![point(0, 5)];
    for way in Way::all() {
        let send = |points: &[Value]| way.send(document(&[metric(points)])).counts(&NAMES);
        let all = MANY as u64;
        // Another value of that time is another figure, wherever it stands.
        let whole = [equal(), others.clone(), vec![point(0, 6)], others.clone(), equal()].concat();
        assert_eq!(send(&whole), [2 * all + 1, 0, 0]);
        let mut again = whole.clone();
        for _ in 0..2 {
            assert_eq!(send(&again), [0, 0, 2 * all + 1]);
            again.reverse();
            again.rotate_left(MANY / 3);
        }
        assert_eq!([count(&way, 5), count(&way, 6), count(&way, 100)], [json!(2), json!(1), json!(2 * (all - 1))]);
        // A document with fewer of them, and one with more.
        assert_eq!(send(&[others.clone(), equal()].concat()), [0, 0, all]);
        assert_eq!(send(&[equal(), others.clone(), equal(), others.clone(), equal()].concat()), [1, 0, 2 * all]);
        assert_eq!(count(&way, 5), json!(3));
        // Each document is counted by itself.
        let lists = [equal(), others.clone(), equal()].concat();
        let both = format!("[{},{}]", document(&[metric(&lists)]), document(&[metric(&lists)]));
        assert_eq!(way.send(both).counts(&NAMES), [0, 0, 2 * (all + 1)]);
    }
}

#[test]
fn points_of_two_metrics_of_one_name_are_counted_together() {
    let list: Vec<Value> = (0..MANY).map(|place| point(place, place)).collect();
    for way in Way::all() {
        let body = document(&[metric(&list), metric(&list)]);
        for expected in [[2 * MANY as u64, 0, 0], [0, 0, 2 * MANY as u64]] {
            assert_eq!(way.send(&body).counts(&NAMES), expected);
        }
    }
}

#[test]
fn any_number_of_points_of_one_time_is_counted() {
    let mut list: Vec<Value> = (0..MANY).map(|value| point(0, value)).collect();
    list.extend(list.clone());
    for way in Way::all() {
        for expected in [[2 * MANY as u64, 0, 0], [0, 0, 2 * MANY as u64]] {
            assert_eq!(way.send(document(&[metric(&list)])).counts(&NAMES), expected);
            list.reverse();
        }
        list.reverse();
    }
}

/// A workout with a pulse for each of these seconds of an hour.
fn workout(name: &str, until: &str, seconds: impl Iterator<Item = usize>, pulse: usize) -> Value {
    let list: Vec<Value> = seconds.map(|second| point(10 * 3600 + second, pulse)).collect();
    json!({"name": name, "start": "2026-05-01 10:00:00 +0200", "end": format!("2026-05-01 {until} +0200"), "heartRateData": list})
}

#[test]
fn workouts_that_overlap_keep_their_own_figures() {
    let (run, ride) = (
        |pulse| workout("Outdoor Run", "10:50:00", 0..MANY, pulse),
        |pulse| workout("Outdoor Cycling", "10:59:00", 0..MANY, pulse),
    );
    let shuffled = || workout("Yoga", "11:10:00", (0..MANY).chain((0..MANY).rev()), 7);
    for way in Way::all() {
        let send = |workouts: &[Value]| way.send(json!({"data": {"workouts": workouts}}).to_string()).counts(&NAMES);
        let all = MANY as u64;
        // Equal figures of two workouts in one document.
        assert_eq!(send(&[run(120), ride(120)]), [2 * all + 2, 0, 0]);
        assert_eq!(send(&[ride(120), run(120)]), [0, 0, 2 * all + 2]);
        assert_eq!(send(&[run(120)]), [0, 0, all + 1]);
        assert_eq!(count(&way, 120), json!(2 * all));
        // Figures of one workout whose equals stand far apart.
        assert_eq!(send(&[shuffled()]), [2 * all + 1, 0, 0]);
        assert_eq!(send(&[shuffled(), run(120)]), [0, 0, 3 * all + 2]);
        // Two equal workouts without an identifier, with many points between them.
        assert_eq!(send(&[run(90), run(90)]), [2 * all + 1, 0, 1]);
        assert_eq!(send(&[run(90), run(90)]), [0, 0, 2 * all + 2]);
        assert_eq!(way.one("SELECT count(*) FROM workouts"), json!(4));
    }
}
