//! What changes in the database changes in the target: new rows, corrected ones, removed ones, persons.

use healthsink_testdata::Payload;
use healthsink_testkit::wait::wait_until;
use serde_json::{Value, json};

use super::Followed;
use super::kills::Running;
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

/// The number of each sample of a start, by the last digits of its identity, and how long it is.
fn lengths(followed: &Followed, measurement: &str) -> Vec<(i64, String, Option<String>)> {
    let points = followed.server.points(measurement);
    let mut lengths: Vec<_> = points
        .iter()
        .map(|point| {
            let uuid = point.text("uuid");
            (point.at_ns % 1_000_000, uuid[uuid.len() - 2..].to_owned(), point.fields.get("duration_s").cloned())
        })
        .collect();
    lengths.sort();
    lengths
}

#[test]
fn a_sample_that_moves_on_takes_nothing_of_another_one() {
    let followed = Followed::new();
    let at = "2026-01-05T08:00:00.000Z";
    let long = |number: u32, end: &str| {
        let mut sample = sample(number, "Watch", at, f64::from(number));
        sample["endDate"] = json!(end);
        sample
    };
    let expected = |rows: &[(i64, &str, &str)]| -> Vec<_> {
        rows.iter().map(|(at, uuid, length)| (*at, (*uuid).to_owned(), Some((*length).to_owned()))).collect()
    };
    followed.import(&json!({STEPS: [sample(1, "Watch", at, 1.0), long(5, "2026-01-05T08:01:00.000Z")]}));
    followed.sync();
    assert_eq!(lengths(&followed, "steps"), expected(&[(0, "01", "0"), (1, "05", "60")]));
    // An instant comes between: it is where the long one was.
    followed.import(&json!({STEPS: [sample(3, "Watch", at, 3.0)]}));
    followed.sync();
    assert_eq!(lengths(&followed, "steps"), expected(&[(0, "01", "0"), (1, "03", "0"), (2, "05", "60")]));
    followed.check();
    let database = followed.database.to_str().unwrap();
    // The first one goes: the others move back.
    let connection = rusqlite::Connection::open(database).unwrap();
    connection
        .execute_batch(
            "DELETE FROM samples WHERE substr(hex(uuid), -2) = '01';
            INSERT INTO changes (person_id, kind, type_id, from_ms, to_ms, removed)
            SELECT person_id, 'samples', type_id, start_ms, start_ms, 1 FROM samples LIMIT 1",
        )
        .unwrap();
    drop(connection);
    followed.sync();
    assert_eq!(lengths(&followed, "steps"), expected(&[(0, "03", "0"), (1, "05", "60")]));
}

#[test]
fn a_workout_that_moves_on_takes_nothing_of_another_one() {
    let followed = Followed::new();
    let at = "2026-01-05T08:00:00.000Z";
    let workout = |number: u32, kcal: Option<f64>| {
        let mut workout = json!({
            "uuid": format!("20000000-0000-4000-8000-{number:012}"), "startDate": at, "durationSeconds": 600 + number,
            "endDate": format!("2026-01-05T08:10:{number:02}.000Z"), "workoutActivityType": 37,
        });
        if let Some(kcal) = kcal {
            workout["totalEnergyBurned"] = json!(kcal);
        }
        workout
    };
    let energies = || -> Vec<_> {
        let points = followed.server.points("workouts");
        points.iter().map(|point| (point.number("duration_s"), point.fields.get("energy_kcal").cloned())).collect()
    };
    followed.import(&json!({"workouts": [workout(1, None), workout(5, Some(50.0))]}));
    followed.sync();
    assert_eq!(energies(), [(601.0, None), (605.0, Some("50".to_owned()))]);
    followed.import(&json!({"workouts": [workout(3, None)]}));
    followed.sync();
    assert_eq!(energies(), [(601.0, None), (603.0, None), (605.0, Some("50".to_owned()))]);
    followed.check();
}

#[test]
fn years_that_no_target_has_are_counted() {
    let followed = Followed::new();
    followed.import(&json!({STEPS: [sample(1, "Watch", "2026-06-15T08:00:00.000Z", 5.0)]}));
    // The app sends no such dates; an export of Apple may have them.
    let connection = rusqlite::Connection::open(&followed.database).unwrap();
    for (place, year) in (2..).zip(["1500", "1676", "1678", "2261", "2263"]) {
        let at_ms = healthsink::model::time::parse(&format!("{year}-06-15T08:00:00Z")).unwrap();
        let sql = "INSERT INTO samples (person_id, type_id, start_ms, uuid, end_ms, value, unit_id, source_id)
            SELECT person_id, type_id, ?1, randomblob(16), ?1, ?2, unit_id, source_id FROM samples LIMIT 1";
        assert_eq!(connection.execute(sql, [at_ms, place]).unwrap(), 1);
    }
    drop(connection);
    let output = followed.follow();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("points outside of the years 1677 to 2262 are left out"),
        "{output:?}"
    );
    assert_eq!(followed.server.points("steps").len(), 3);
    assert_eq!(followed.status()["followers"][0]["leftOut"], 3);
    let text = run(&["status", "--db", followed.database.to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("outside of the years 1677 to 2262 left out"), "{text:?}");
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
fn somebody_new_is_sent_once() {
    let followed = Followed::generated(20_000);
    followed.sync();
    let before = followed.server.taken().0;
    let mut body = Vec::new();
    Payload { seed: 8, target_bytes: 50_000, ..Payload::default() }.write_to(&mut body).unwrap();
    followed.import_as(&body, "anna");
    followed.sync();
    let points = followed.server.all().iter().filter(|point| point.tag("person") == "anna").count();
    assert!(points > 50, "{points}");
    assert_eq!(followed.server.taken().0 - before, points as u64);
    followed.check();
    // Later data is sent also.
    followed.import_as(&body, "ben");
    followed
        .import(&json!({"HKQuantityTypeIdentifierStepCount": [sample(1, "Watch", "2026-01-05T08:00:00.000Z", 5.0)]}));
    followed.sync();
    followed.check();
}

#[test]
fn a_target_without_current_figures_has_not_everything() {
    let followed = Followed::generated(20_000);
    let change = |change: &str| {
        let connection = rusqlite::Connection::open(&followed.database).unwrap();
        connection.execute(&format!("UPDATE derived_state SET change = {change}"), []).unwrap();
    };
    // As a moment after an upload.
    change("change - 1");
    let running = Running::start(&followed, &[]);
    let rows = healthsink_testkit::database::rows(&followed.database, "SELECT 1 FROM samples").len();
    let has_rows = || followed.server.all().iter().filter(|point| point.fields.contains_key("uuid")).count() >= rows;
    wait_until("all rows", || has_rows().then_some(()));
    let follower = || followed.status()["followers"][0].clone();
    wait_until("its cursor", || follower().is_object().then_some(()));
    assert!(follower()["behind"] != 0 && follower()["lastSuccess"].is_null(), "{}", follower());
    change("(SELECT max(number) FROM changes)");
    wait_until("all of it", || (follower()["behind"] == 0).then_some(()));
    followed.check();
    drop(running);
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
fn what_others_write_is_removed_only_where_a_resync_is_asked_for() {
    let followed = Followed::new();
    let data = |first: u32| {
        let samples = json!([sample(first, "Watch", "2026-01-05T08:00:00.000Z", 5.0)]);
        json!({"data": {STEPS: samples, FLIGHTS: [sample(first + 1, "Watch", "2026-01-05T09:00:00.000Z", 5.0)]}})
    };
    let persons = ["anna", "ben", "cleo"];
    for (person, first) in persons.iter().zip([1, 11, 21]) {
        followed.import_as(data(first).to_string().as_bytes(), person);
        followed.server.write(&format!("diary,person={person} mood=3 1767600000000000000"));
    }
    followed.server.write("diary,person=dora mood=3 1767600000000000000");
    let diaries = || -> Vec<String> {
        followed.server.points("diary").iter().map(|point| point.tag("person").to_owned()).collect()
    };
    let own = |followed: &Followed| {
        let all = followed.server.all();
        super::check(
            &followed.database,
            &all.into_iter().filter(|point| point.measurement != "diary").collect::<Vec<_>>(),
        );
    };
    followed.sync();
    own(&followed);
    let database = followed.database.to_str().unwrap();
    let backup = followed.folder.path().join("backup.db");
    assert!(run(&["backup", "--db", database, backup.to_str().unwrap()]).status.success());
    followed.import_as(data(31).to_string().as_bytes(), "anna");
    for words in [
        &["forget", "--yes", "--person", "cleo", "--type", "steps"][..],
        &["people", "merge", "--yes", "ben", "anna"],
        &["people", "rename", "cleo", "emil"],
        &["restore", "--force", backup.to_str().unwrap()],
    ] {
        let output = run(&[words, &["--db", database]].concat());
        assert!(output.status.success(), "{output:?}");
        followed.sync();
        own(&followed);
        assert_eq!(diaries(), ["anna", "ben", "cleo", "dora"], "{words:?}");
    }
    assert!(followed.follow_with(&["--resync"]).status.success());
    own(&followed);
    assert_eq!(diaries(), ["dora"], "the database has nobody of this name");
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
