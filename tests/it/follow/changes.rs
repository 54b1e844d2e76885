//! What changes in the database changes in the target: new rows, corrected ones, removed ones, persons.

use serde_json::{Value, json};

use super::Followed;
use crate::program::run;

const STEPS: &str = "HKQuantityTypeIdentifierStepCount";
const FLIGHTS: &str = "HKQuantityTypeIdentifierFlightsClimbed";

fn sample(number: u32, source: &str, start: &str, value: f64) -> Value {
    let source = json!({"source": {"name": source, "bundleIdentifier": format!("com.example.{source}")}});
    json!({
        "uuid": format!("10000000-0000-4000-8000-{number:012}"), "startDate": start, "endDate": start, "value": value,
        "unit": "count", "sourceRevision": source,
    })
}

fn values(followed: &Followed, measurement: &str) -> Vec<(i64, f64)> {
    let mut values: Vec<(i64, f64)> = followed
        .server
        .points(measurement)
        .iter()
        .map(|point| (point.at_ns % 1_000_000, point.number("value")))
        .collect();
    values.sort_by(|one, other| one.partial_cmp(other).unwrap());
    values
}

#[test]
fn two_samples_of_one_millisecond_stay_two() {
    let followed = Followed::new();
    let at = "2026-01-05T08:00:00.000Z";
    let watch = |numbers: &[u32]| {
        let samples: Vec<Value> =
            numbers.iter().map(|number| sample(*number, "Watch", at, f64::from(*number))).collect();
        json!({STEPS: samples})
    };
    followed.import(&watch(&[1, 3]));
    followed.import(&json!({STEPS: [sample(9, "Phone", at, 9.0)]}));
    followed.sync();
    assert_eq!(values(&followed, "steps"), [(0, 1.0), (0, 9.0), (1, 3.0)]);
    // One that comes late between them, by the order of their identities.
    followed.import(&watch(&[2]));
    followed.sync();
    assert_eq!(values(&followed, "steps"), [(0, 1.0), (0, 9.0), (1, 2.0), (2, 3.0)]);
    followed.check();
}

#[test]
fn only_what_has_changed_is_sent() {
    let followed = Followed::new();
    let steps = |value| {
        json!([
            sample(1, "Watch", "2026-01-05T08:00:00.000Z", value),
            sample(2, "Watch", "2026-01-20T08:00:00.000Z", 7.0)
        ])
    };
    followed.import(&json!({STEPS: steps(5.0)}));
    followed.sync();
    let (lines, _) = followed.server.taken();
    // Two samples and two days.
    assert_eq!(lines, 4);
    followed.import(&json!({FLIGHTS: [sample(3, "Watch", "2026-01-08T08:00:00.000Z", 60.0)], STEPS: steps(5.0)}));
    followed.sync();
    assert_eq!(followed.server.taken().0 - lines, 2, "a flight and its day");
    assert_eq!(followed.server.deletes(), Vec::<String>::new());
    // A corrected value removes its range, and sends it again.
    followed.import(&json!({STEPS: steps(6.0)}));
    followed.sync();
    assert_eq!(values(&followed, "steps"), [(0, 6.0), (0, 7.0)]);
    followed.check();
    assert!(followed.server.deletes().contains(&"_measurement=\"steps\" AND person=\"me\"".to_owned()));
}

#[test]
fn texts_that_a_target_makes_alike_stay_apart() {
    let followed = Followed::new();
    let at = "2026-01-05T08:00:00.000Z";
    let long = "a".repeat(300);
    let (one, other) = (format!("{long}1"), format!("{long}2"));
    let sources = ["Anna", "Anna ", "Anna\n", "Anna\nB", "Anna B", "back", "back\\", "\\", &one, &other];
    let samples: Vec<Value> = (1..).zip(sources).map(|(number, source)| sample(number, source, at, 1.0)).collect();
    followed.import(&json!({STEPS: samples}));
    followed.sync();
    followed.check();
    assert_eq!(followed.server.points("steps").len(), sources.len());
}

#[test]
fn names_that_end_in_a_backslash_are_forgotten_for_their_person_only() {
    let followed = Followed::new();
    let data = |first: u32| {
        let samples = json!([sample(first, "Watch", "2026-01-05T08:00:00.000Z", 5.0)]);
        json!({"data": {STEPS: samples, "HKQuantityTypeIdentifierOdd\\": [sample(first + 1, "Watch", "2026-01-05T09:00:00.000Z", 5.0)]}})
    };
    for (person, first) in [("anna", 1), ("anna\\", 11)] {
        followed.import_as(data(first).to_string().as_bytes(), person);
    }
    followed.sync();
    let persons = || {
        let all = followed.server.all();
        let mut persons: Vec<String> = all.iter().map(|point| point.tag("person").to_owned()).collect();
        persons.sort();
        persons.dedup();
        persons
    };
    assert_eq!(persons(), ["anna", "anna⧵"]);
    let database = followed.database.to_str().unwrap();
    for left in [&["anna"][..], &[]] {
        let person = if left.is_empty() { "anna" } else { "anna\\" };
        assert!(run(&["forget", "--yes", "--db", database, "--person", person]).status.success());
        // A deletion that fails is tried again.
        followed.server.order(400, None);
        followed.sync();
        assert_eq!(persons(), left);
    }
}

#[test]
fn another_home_sends_figures_and_no_rows() {
    let followed = Followed::new();
    let day = |number: u32| format!("2026-01-{number:02}T08:00:00.000Z");
    let samples: Vec<Value> = (1..11).map(|number| sample(number, "Watch", &day(number), 5.0)).collect();
    followed.import(&json!({STEPS: samples}));
    followed.sync();
    let (lines, _) = followed.server.taken();
    let database = followed.database.to_str().unwrap();
    let output = run(&["zones", "home", "Asia/Tokyo", "--db", database]);
    assert!(output.status.success(), "{output:?}");
    followed.sync();
    followed.check();
    assert_eq!(followed.server.taken().0 - lines, 10, "ten days");
    assert!(
        followed.server.deletes().iter().all(|predicate| predicate.contains("_daily")),
        "{:?}",
        followed.server.deletes()
    );
}

#[test]
fn what_is_forgotten_or_given_to_another_person_is_removed() {
    let followed = Followed::new();
    let data = |first: u32| {
        let at = |hour: u32| format!("2026-01-05T{hour:02}:00:00.000Z");
        json!({"data": {
            STEPS: [sample(first, "Watch", &at(8), 5.0), sample(first + 1, "Watch", &at(9), 6.0)],
            FLIGHTS: [sample(first + 2, "Watch", &at(8), 60.0)],
        }})
    };
    for (person, first) in [("me", 1), ("anna", 11), ("ben", 21)] {
        followed.import_as(data(first).to_string().as_bytes(), person);
    }
    followed.sync();
    followed.check();
    let database = followed.database.to_str().unwrap();
    let change = |words: &[&str]| {
        let output = run(&[words, &["--yes", "--db", database]].concat());
        assert!(output.status.success(), "{output:?}");
        followed.sync();
        followed.check();
    };
    let persons = |followed: &Followed| {
        let mut persons: Vec<String> =
            followed.server.points("steps").iter().map(|point| point.tag("person").to_owned()).collect();
        persons.sort();
        persons.dedup();
        persons
    };
    change(&["forget", "--person", "anna", "--type", "flights_climbed"]);
    assert_eq!(followed.server.points("flights_climbed").len(), 2);
    change(&["people", "merge", "ben", "anna"]);
    assert_eq!(persons(&followed), ["anna", "me"]);
    change(&["forget", "--person", "me"]);
    assert_eq!(persons(&followed), ["anna"]);
    let renamed = run(&["people", "rename", "anna", "Anna B", "--db", database]);
    assert!(renamed.status.success(), "{renamed:?}");
    followed.sync();
    followed.check();
    assert_eq!(persons(&followed), ["Anna B"]);
}

#[test]
fn a_database_with_another_history_is_sent_again() {
    let followed = Followed::new();
    let backup = followed.folder.path().join("backup.db");
    let steps = |numbers: std::ops::Range<u32>| {
        let day = |number: u32| format!("2026-01-{number:02}T08:00:00.000Z");
        let samples: Vec<Value> = numbers.map(|number| sample(number, "Watch", &day(number), 5.0)).collect();
        json!({STEPS: samples})
    };
    followed.import(&steps(1..3));
    let database = followed.database.to_str().unwrap();
    assert!(run(&["backup", "--db", database, backup.to_str().unwrap()]).status.success());
    followed.import(&steps(3..6));
    followed.sync();
    assert_eq!(followed.server.points("steps").len(), 5);
    let restored = run(&["restore", "--db", database, "--force", backup.to_str().unwrap()]);
    assert!(restored.status.success(), "{restored:?}");
    // As many changes again, so that numbers say nothing.
    followed.import(&steps(11..14));
    followed.sync();
    followed.check();
    assert_eq!(followed.server.points("steps").len(), 5);
}
