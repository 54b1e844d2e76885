//! Every table is reachable: workouts and their routes, medications, the ledger, and what else is stored.

use std::io::Write;

use serde_json::{Value, json};

use super::{Api, PATHS};
use crate::reading::fixture::RUN;

#[test]
fn rows_of_each_table() {
    let api = Api::start();
    // The path, the list, how many rows it has, and some values of the first one.
    let check = |path: &str, list: &str, rows: usize, expected: Value| {
        let answer = api.json(&format!("/api/v1/{path}"));
        let found = answer[list].as_array().unwrap_or_else(|| panic!("{path}: {answer}"));
        assert_eq!(found.len(), rows, "{path}: {answer}");
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&found[0][name], value, "{path}: {name}");
        }
    };
    check("workouts", "workouts", 2, json!({"uuid": RUN, "activity": "running", "distance_km": 5, "has_route": true}));
    check("workouts?type=walking", "workouts", 1, json!({"has_route": false, "start": "2026-01-06T07:00:00.000Z"}));
    check("workouts?from=2026-01-06", "workouts", 1, json!({"activity": "walking"}));
    check("workouts?limit=1", "workouts", 1, json!({"activity": "running"}));
    check("workouts/days", "days", 2, json!({"day": "2026-01-05", "activity": "running", "workouts": 1}));
    check("medications", "medications", 1, json!({"medication": "Aspirin 81mg", "due": 4, "taken": 3, "percent": 75}));
    check("medications?to=2026-01-07", "medications", 1, json!({"due": 2, "taken": 2}));
    check("medications/days", "days", 4, json!({"day": "2026-01-05", "due": 1, "taken": 1}));
    check("medications/doses", "doses", 4, json!({"status": "taken", "scheduled": "2026-01-05T08:00:00.000Z"}));
    check("medications/doses?type=Nothing", "doses", 0, json!({}));
    check("characteristics", "characteristics", 1, json!({"key": "biologicalSex"}));
    check("correlations", "correlations", 1, json!({"source": "Cuff", "start": "2026-01-05T08:00:00.000Z"}));
    check("electrocardiograms", "electrocardiograms", 1, json!({"voltages": [-12.5, 3.0, 18.25], "samples": 3}));
    check("electrocardiograms?from=2026-01-06", "electrocardiograms", 0, json!({}));
    check("beats", "beats", 1, json!({"source": "Old Watch"}));
    check("rings", "rings", 1, json!({"day": "2026-01-05", "active_energy": 420, "stand_hours": 11}));
    check("rings?from=2026-01-06", "rings", 0, json!({}));
    check("uploads", "uploads", 2, json!({"id": 2, "state": "done", "origin": "import"}));
    check("uploads?limit=1", "uploads", 1, json!({"id": 2}));
    check("uploads?type=aborted", "uploads", 0, json!({}));
    check("rejects", "rejects", 0, json!({}));
    check("people", "people", 1, json!({"person": "me", "uploads": 2, "stale": false}));
    check("status", "senders", 1, json!({"origin": "import", "uploads": 2}));
    let watch = json!({"source": "Apple Watch", "value": 7000, "recorded": 7000});
    check("explain?type=steps&from=2026-01-05", "sources", 2, watch);
    let explained = api.json("/api/v1/explain?type=steps&from=2026-01-05");
    let phone = &explained["sources"][1];
    assert_eq!(
        [&phone["source"], &phone["value"], &phone["recorded"], &phone["samples"], &explained["naive"]],
        [&json!("Anna’s iPhone"), &json!(0), &json!(5000), &json!(0), &json!(12_000)],
        "the phone recorded while the watch did"
    );
    check("nights/2026-01-06", "segments", 6, json!({"stage": "inBed", "start": "2026-01-05T22:00:00.000Z"}));
    check("nights", "nights", 1, json!({"night": "2026-01-06", "asleep_min": 420, "awake_min": 15, "awakenings": 1}));
    let sources = api.json("/api/v1/sources");
    let names: Vec<&str> =
        sources["sources"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"Apple Watch") && names.contains(&"Scale"), "{names:?}");
    let types = api.json("/api/v1/types");
    let steps = types["types"].as_array().unwrap().iter().find(|row| row["type"] == "steps").unwrap();
    assert_eq!([&steps["unit"], &steps["days"], &steps["method"]], [&json!("count"), &json!(2), &json!("sum")]);
}

#[test]
fn pages_of_each_table_lead_to_its_end() {
    let api = Api::start();
    for (path, list) in [
        ("workouts", "workouts"),
        ("workouts/days", "days"),
        ("medications/days", "days"),
        ("medications/doses", "doses"),
        ("sources", "sources"),
        ("uploads", "uploads"),
    ] {
        let all = api.json(&format!("/api/v1/{path}"))[list].clone();
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = api.json(&format!("/api/v1/{path}?limit=1{cursor}"));
            let total = found.is_empty().then(|| json!(all.as_array().unwrap().len()));
            assert_eq!(page.get("total"), total.as_ref(), "{path}: only the first page has the total");
            found.extend(page[list].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(json!(found), all, "{path}");
    }
}

#[test]
fn a_workout_with_its_heart_rates_zones_and_splits() {
    let api = Api::start();
    let run = api.json(&format!("/api/v1/workouts/{}", RUN.to_lowercase()));
    assert_eq!(
        [&run["activity"], &run["distance"], &run["highest_heart_rate"]],
        [&json!("running"), &json!(5), &json!(165)]
    );
    let values: Vec<&Value> = run["heart_rate"].as_array().unwrap().iter().map(|point| &point["value"]).collect();
    assert_eq!(values, [&json!(110), &json!(120), &json!(150), &json!(165)]);
    let seconds: Vec<&Value> = run["zones"].as_array().unwrap().iter().map(|zone| &zone["seconds"]).collect();
    // 110 and 120 of 165 are two thirds and 73 %, 150 and 165 more than 90 %; the last one holds for a minute.
    assert_eq!(seconds, [&json!(0), &json!(30), &json!(30), &json!(0), &json!(90)]);
    assert_eq!(run["splits"].as_array().unwrap().len(), 23, "the fixture's route has 22.2 km: {run}");
    assert_eq!(run["splits_of"], json!("route"), "the workout states 5 km");
    let two = api.json(&format!("/api/v1/workouts/{RUN}?max_points=2"));
    assert_eq!(two["heart_rate"].as_array().unwrap().len(), 1, "{two}");
    for path in [
        "workouts/30000000-0000-4000-8000-00000000000F",
        "workouts/x",
        "workouts/x/route",
        "nights/2026-01-09",
        "nights/x",
    ] {
        assert_eq!(api.ask(&api.token, &format!("/api/v1/{path}"), &[]).status, 404, "{path}");
    }
}

/// A person who has rested for a year runs.
#[test]
fn no_zone_is_above_the_heart_rates_of_the_workout_itself() {
    let api = Api::alone();
    let change = |sql: &str| {
        rusqlite::Connection::open(api.server.database()).unwrap().execute(sql, []).unwrap();
    };
    change(
        "UPDATE days SET maximum = 99 WHERE type_id = (SELECT id FROM types WHERE name LIKE '%IdentifierHeartRate')",
    );
    let run = api.json(&format!("/api/v1/workouts/{RUN}"));
    assert_eq!([&run["highest_heart_rate"], &run["zones"][0]["from"]], [&json!(165), &json!(82.5)]);
    // Of many, one in a hundred is left out.
    let send = api.add_token("me", healthsink::store::TokenScope::Send, false);
    let sample = |number: u32| {
        let date = format!("2026-01-05T07:{:02}:{:02}.500Z", 2 + number / 60, number % 60);
        json!({
            "uuid": format!("11000000-0000-4000-8000-{number:012}"), "value": if number == 70 { 230 } else { 150 }, "unit": "count/min",
            "startDate": date, "endDate": date,
        })
    };
    let body = json!({"data": {"HKQuantityTypeIdentifierHeartRate": (0..200).map(sample).collect::<Vec<_>>()}});
    let bearer = format!("Bearer {send}");
    assert_eq!(api.server.connect().post(&[("Authorization", &bearer)], body.to_string().as_bytes()).status, 200);
    assert_eq!(api.json(&format!("/api/v1/workouts/{RUN}"))["highest_heart_rate"], json!(150));
    change(
        "UPDATE days SET maximum = 190 WHERE type_id = (SELECT id FROM types WHERE name LIKE '%IdentifierHeartRate')",
    );
    assert_eq!(
        api.json(&format!("/api/v1/workouts/{RUN}"))["highest_heart_rate"],
        json!(190),
        "that of the year is higher"
    );
}

/// The zone that a workout names counts before that of the person; what is no name is of no matter.
#[test]
fn the_zone_of_a_workout() {
    let api = Api::alone();
    let change = |sql: &str| rusqlite::Connection::open(api.server.database()).unwrap().execute_batch(sql).unwrap();
    let zones = || {
        let all = api.json("/api/v1/workouts");
        let one = api.json(&format!("/api/v1/workouts/{RUN}"))["zone"].clone();
        assert_eq!(all["workouts"][0]["zone"], one, "{all}");
        let recent = api.json("/api/v1/workouts?from=2026-01-06");
        (one, recent["workouts"][0]["zone"].clone())
    };
    assert_eq!(zones(), (json!(null), json!(null)));
    change("DELETE FROM home_zones; INSERT INTO home_zones (person_id, zone) SELECT id, 'Europe/Zurich' FROM persons");
    assert_eq!(zones(), (json!("Europe/Zurich"), json!("Europe/Zurich")));
    change(
        "INSERT OR IGNORE INTO zones (name) VALUES ('America/Lima');
        INSERT INTO zone_changes (person_id, from_ms, zone_id) SELECT w.person_id, w.start_ms + 1, z.id FROM workouts w, zones z
        WHERE z.name = 'America/Lima' AND hex(w.uuid) = '30000000000040008000000000000001'",
    );
    assert_eq!(zones(), (json!("Europe/Zurich"), json!("America/Lima")));
    change(
        "INSERT INTO zone_entries (person_id, from_ms, to_ms, zone) SELECT person_id, min(start_ms), min(start_ms) + 1, 'Asia/Tokyo' FROM workouts
        GROUP BY person_id",
    );
    assert_eq!(zones(), (json!("Asia/Tokyo"), json!("America/Lima")));
    change("UPDATE workouts SET metadata = '{\"HKTimeZone\":\"Africa/Cairo\"}'");
    assert_eq!(zones(), (json!("Africa/Cairo"), json!("Africa/Cairo")));
    change("UPDATE workouts SET metadata = '{\"HKTimeZone\":7}'");
    assert_eq!(zones(), (json!("Asia/Tokyo"), json!("America/Lima")));
    change("UPDATE workouts SET metadata = '[1]'");
    assert_eq!(zones(), (json!("Asia/Tokyo"), json!("America/Lima")));
}

#[test]
fn pauses_are_no_time_of_splits() {
    let api = Api::alone();
    let seconds = |events: &Value| {
        rusqlite::Connection::open(api.server.database())
            .unwrap()
            .execute("UPDATE workouts SET events = ?1", [events.to_string()])
            .unwrap();
        let run = api.json(&format!("/api/v1/workouts/{RUN}"));
        let splits = run["splits"].as_array().unwrap();
        assert_eq!(splits[0]["end"], json!("2026-01-05T07:00:00.090Z"), "the ends are those of the way");
        let all: f64 = splits.iter().map(|split| split["seconds"].as_f64().unwrap()).sum();
        (all * 1000.0).round() / 1000.0
    };
    let event = |kind: Value, time: &str| json!({"type": kind, "startDate": time, "endDate": time, "metadata": null});
    assert_eq!(seconds(&json!([])), 2.0);
    let pause = json!([event(json!(2), "2026-01-05T07:00:01.500Z"), event(json!(1), "2026-01-05T07:00:00.750Z")]);
    assert_eq!(seconds(&pause), 1.25);
    let named = json!([
        {"type": "HKWorkoutEventTypePause", "date": "2026-01-05T07:00:00.250Z"},
        {"type": "HKWorkoutEventTypeResume", "date": "2026-01-05T07:00:00.500Z"},
    ]);
    assert_eq!(seconds(&named), 1.75);
    let endless = json!([
        event(json!(3), "2026-01-05T07:00:00.000Z"),
        event(json!(1), "2026-01-05T07:00:01.000Z"),
        7,
        "x",
        null,
        {}
    ]);
    assert_eq!(seconds(&endless), 1.0);
    for odd in [json!("x"), json!({"type": 1}), json!([[1]]), json!([{"type": {}, "startDate": 1}])] {
        assert_eq!(seconds(&odd), 2.0, "{odd}");
    }
}

/// Locations beside the way made the route longer than the stated distance, and rows contradicted each other.
#[test]
fn splits_add_up_to_the_workout() {
    let api = Api::alone();
    let change = |sql: &str| rusqlite::Connection::open(api.server.database()).unwrap().execute_batch(sql).unwrap();
    change("UPDATE workouts SET distance = 20500, distance_unit = 'm', end_ms = start_ms + 60000, duration_s = 60");
    for (units, length_m, rows) in [("km", 1000.0, 21), ("mi", 1609.344, 13)] {
        let run = api.json(&format!("/api/v1/workouts/{RUN}?units={units}"));
        let splits = run["splits"].as_array().unwrap();
        assert_eq!((splits.len(), &run["splits_of"]), (rows, &json!("workout")), "{run}");
        let all = |field: &str| splits.iter().map(|split| split[field].as_f64().unwrap()).sum::<f64>();
        assert!((all("distance_m") - 20_500.0).abs() < 0.001 && (all("seconds") - 60.0).abs() < 0.001, "{run}");
        assert!(splits[..rows - 1].iter().all(|split| split["distance_m"].as_f64() == Some(length_m)), "{run}");
        assert_eq!([&splits[0]["start"], &splits[rows - 1]["end"]], [&run["start"], &run["end"]]);
    }
    change("DELETE FROM route_points");
    let run = api.json(&format!("/api/v1/workouts/{RUN}"));
    assert_eq!([&run["splits"], &run["splits_of"]], [&json!([]), &json!(null)]);
}

#[test]
fn routes_as_geojson_and_gpx() {
    let api = Api::start();
    let line = api.json(&format!("/api/v1/workouts/{RUN}/route"));
    assert_eq!(line["geometry"]["coordinates"], json!([[[8.5, 47.1, 450.5], [8.5, 47.2, 450.5], [8.5, 47.3, 450.5]]]));
    assert_eq!(line["properties"]["times"][0][2], json!("2026-01-05T07:00:02.000Z"));
    let short = api.json(&format!("/api/v1/workouts/{RUN}/route?max_points=2"));
    assert_eq!(short["geometry"]["coordinates"][0].as_array().unwrap().len(), 2);
    let gpx = api.text(&format!("/api/v1/workouts/{RUN}/route.gpx"), "application/gpx+xml");
    assert_eq!(gpx.matches("<trkpt ").count(), 3, "{gpx}");
}

#[test]
fn each_answer_can_be_compressed() {
    let api = Api::start();
    for path in PATHS {
        let plain = api.ask(&api.token, path, &[]);
        let packed = api.ask(&api.token, path, &[("Accept-Encoding", "gzip")]);
        assert_eq!((packed.status, packed.header("content-encoding")), (200, Some("gzip")), "{path}");
        let mut decoder = flate2::write::GzDecoder::new(Vec::new());
        decoder.write_all(&packed.body).unwrap();
        assert_eq!(decoder.finish().unwrap(), plain.body, "{path}");
        if let Some(tag) = plain.header("etag") {
            assert_ne!(packed.header("etag"), Some(tag), "{path}: other bytes");
        }
    }
}
